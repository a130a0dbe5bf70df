"""The manifest of a publication: the files that readers may trust, and checking that they are unchanged.

How files come to be published is `techne.storage.publishing`'s matter.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from techne.errors import InputError, OutputError
from techne.storage.store import Digest, ObjectStore
from techne.storage.uri import ObjectURI

MANIFEST_NAME = "manifest.json"
ATTEMPTS_NAME = "attempts"
MAX_MANIFEST_BYTES = 64 * 1024 * 1024


class PublishedFile(BaseModel):
    """A file of a manifest."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="Path below the destination.")
    uri: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(ge=0, description="Bytes.")
    content_type: str

    @property
    def digest(self) -> Digest:
        """What its content is known again by."""
        return Digest(self.sha256, self.size)


class Manifest(BaseModel):
    """What was published: trust the files that it lists, with these hashes, and no others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = Field(1, description="Version of this format.")
    created_at: datetime
    attempt: int = Field(ge=1, description="Attempt of the execution that made it.")
    files: tuple[PublishedFile, ...]
    details: dict[str, JsonValue] = Field(default_factory=dict, description="What the flow says of them.")

    def file(self, name: str) -> PublishedFile:
        """The file of that name; raises OutputError if the manifest lists none."""
        for file in self.files:
            if file.name == name:
                return file
        raise OutputError(f"The manifest of attempt {self.attempt} lists no file {name!r}.")


class PublishedOutputs(BaseModel):
    """Where the outputs are."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    manifest_uri: str
    manifest: Manifest

    def uri_of(self, name: str) -> str:
        """The URI of a published file."""
        return self.manifest.file(name).uri


def read_manifest(destination: ObjectURI, *, store: ObjectStore) -> Manifest:
    """The manifest of a folder.

    Raises:
        ObjectNotFoundError: Nothing has been published there.
        OutputError: It is not a manifest.
    """
    uri = destination / MANIFEST_NAME
    data = store.read(uri, MAX_MANIFEST_BYTES).data
    try:
        return Manifest.model_validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        raise OutputError(
            f"{uri} is not a manifest: {first['msg']} at {'.'.join(map(str, first['loc'])) or 'the top'}.",
            cure="Publish again with force.",
        ) from error


def verify_manifest(destination: ObjectURI, *, store: ObjectStore) -> Manifest:
    """The manifest of a folder, after hashing every file that it lists.

    Files are looked up by name below `destination`, so a folder that was copied elsewhere verifies too.

    Raises:
        ObjectNotFoundError: Nothing has been published there.
        OutputError: A file is missing or differs; the message names it.
    """
    manifest = read_manifest(destination, store=store)
    for file in manifest.files:
        try:
            check_content(destination / file.name, file.digest, store=store)
        except InputError as error:
            raise OutputError(
                f"{file.name} is listed in {destination / MANIFEST_NAME}, but: {error.message}",
                cure="Publish again with force.",
            ) from error
    return manifest


def check_content(uri: ObjectURI, expected: Digest, *, store: ObjectStore) -> None:
    """Raise OutputError unless an object, read back, has the expected content.

    Raises:
        InputError: It can't be read back, or is larger than expected.
    """
    found = store.digest(uri, expected.size)
    if found != expected:
        raise OutputError(
            f"{uri} is not what was published: {found.size:,} bytes with hash {found.sha256[:12]}… instead of"
            f" {expected.size:,} with {expected.sha256[:12]}….",
            cure="Publish again with force.",
        )


def check_names(names: Iterable[str]) -> None:
    """Raise OutputError if a file would take a name that publishing itself needs."""
    for name in names:
        if name == MANIFEST_NAME or name.split("/")[0] == ATTEMPTS_NAME:
            raise OutputError(f"A published file can't be called {name!r}; that name is the store's own.")
