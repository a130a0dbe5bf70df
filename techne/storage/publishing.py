"""Publishing an execution's outputs so that readers see all of them, verified, or none.

Files go to `<destination>/attempts/<n>/` first and are verified by reading them back. Then they are
written to `<destination>/`, verified again, and `manifest.json` last, with their hashes: readers trust
only what it lists. The attempt's folder is removed in either case.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from techne.errors import InputError, LeaseLostError, ObjectNotFoundError, OutputError, TechneError
from techne.storage.store import ObjectStore, StoredObject, content_type_of
from techne.storage.uri import ObjectURI

MANIFEST_NAME = "manifest.json"
ATTEMPTS_NAME = "attempts"
MAX_MANIFEST_BYTES = 64 * 1024 * 1024

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OutputFile:
    """A file to be published; None guesses the content type from its name."""

    data: bytes
    content_type: str | None = None


class PublishedFile(BaseModel):
    """A file of a manifest."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="Path below the destination.")
    uri: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(ge=0, description="Bytes.")
    content_type: str


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


def _utc_now() -> datetime:
    return datetime.now(UTC)


def publish(
    files: Mapping[str, OutputFile],
    destination: ObjectURI,
    *,
    store: ObjectStore,
    attempt: int,
    details: Mapping[str, JsonValue] | None = None,
    before_manifest: Callable[[], object] | None = None,
    clock: Callable[[], datetime] = _utc_now,
) -> PublishedOutputs:
    """Publish the files of an attempt, all or none.

    What was published there before is put back if publishing fails half-way.

    Args:
        files: Contents by name; a name may hold slashes.
        destination: Folder that readers look in.
        store: The store of `destination`.
        attempt: Number of the attempt, from 1; names its staging folder.
        details: What the manifest says beyond the files; JSON.
        before_manifest: Called before the first published file is touched and again before the manifest
            is written. It raises, usually LeaseLostError, if this worker must not publish any more.
        clock: Gives the manifest's time.

    Raises:
        OutputError: A file could not be written, or did not read back as it was written.
    """
    _check_names(files)
    check = before_manifest or _nothing
    staging = destination / f"{ATTEMPTS_NAME}/{attempt}"
    try:
        for name, file in files.items():
            _write_verified(store, staging / name, file)
        check()
        published = _replace_published(files, destination, store, attempt, details or {}, check, clock)
    finally:
        _clean_up(store, destination, staging)
    return published


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
            stored = store.read(destination / file.name, file.size)
        except InputError as error:
            raise OutputError(
                f"{file.name} is listed in {destination / MANIFEST_NAME}, but: {error}",
                cure="Publish again with force.",
            ) from error
        _check_same(stored, file.size, file.sha256)
    return manifest


def _replace_published(
    files: Mapping[str, OutputFile],
    destination: ObjectURI,
    store: ObjectStore,
    attempt: int,
    details: Mapping[str, JsonValue],
    check: Callable[[], object],
    clock: Callable[[], datetime],
) -> PublishedOutputs:
    before = _published_before(destination, store)
    manifest_uri = destination / MANIFEST_NAME
    touched: list[str] = []
    try:
        entries = []
        for name, file in files.items():
            touched.append(name)
            entries.append(_write_verified(store, destination / name, file, name=name))
        check()
        manifest = Manifest(created_at=clock(), attempt=attempt, files=tuple(entries), details=dict(details))
        touched.append(MANIFEST_NAME)
        _write_verified(
            store,
            manifest_uri,
            OutputFile(f"{manifest.model_dump_json(indent=2)}\n".encode(), "application/json"),
        )
    except LeaseLostError:
        # What lies there now may be the new holder's: it will publish all of it anyway.
        raise
    except BaseException:
        _put_back(store, destination, before, touched)
        raise
    for name in before.keys() - files.keys() - {MANIFEST_NAME}:
        _try(store.delete, destination / name)
    return PublishedOutputs(manifest_uri=str(manifest_uri), manifest=manifest)


def _published_before(destination: ObjectURI, store: ObjectStore) -> dict[str, OutputFile]:
    """The files that the present manifest lists, and itself; empty if there is no sound publication."""
    try:
        manifest = read_manifest(destination, store=store)
        names = [*(file.name for file in manifest.files), MANIFEST_NAME]
        _check_names(dict.fromkeys(names[:-1]))
        stored = {name: store.read(destination / name, MAX_MANIFEST_BYTES) for name in names}
    except ObjectNotFoundError:
        return {}
    except OutputError as error:
        _logger.warning("What was published at %s before can't be kept: %s", destination, error)
        return {}
    return {name: OutputFile(found.data, found.info.content_type) for name, found in stored.items()}


def _put_back(
    store: ObjectStore, destination: ObjectURI, before: Mapping[str, OutputFile], touched: list[str]
) -> None:
    """Undo, the manifest first if it must go, so that no reader trusts what is being undone."""
    for name in reversed(touched):
        if name not in before:
            _try(store.delete, destination / name)
    for name in touched:
        if name in before:
            _try(store.write, destination / name, before[name].data, before[name].content_type)


def _write_verified(
    store: ObjectStore, uri: ObjectURI, file: OutputFile, *, name: str | None = None
) -> PublishedFile:
    content_type = file.content_type or content_type_of(uri.name)
    store.write(uri, file.data, content_type)
    digest = hashlib.sha256(file.data).hexdigest()
    try:
        stored = store.read(uri, len(file.data))
    except InputError as error:
        raise OutputError(f"{uri} was written but does not read back: {error}") from error
    _check_same(stored, len(file.data), digest)
    return PublishedFile(
        name=name or uri.name, uri=str(uri), sha256=digest, size=len(file.data), content_type=content_type
    )


def _check_same(stored: StoredObject, size: int, sha256: str) -> None:
    if len(stored.data) != size or stored.sha256 != sha256:
        raise OutputError(
            f"{stored.info.uri} is not what was published: {len(stored.data):,} bytes instead of {size:,}"
            f" with hash {sha256[:12]}….",
            cure="Publish again with force.",
        )


def _clean_up(store: ObjectStore, destination: ObjectURI, staging: ObjectURI) -> None:
    attempts = destination / ATTEMPTS_NAME
    _try(store.delete_folder, staging)
    _try(lambda: None if store.list(attempts) else store.delete_folder(attempts))


def _try(action: Callable[..., object], *arguments: object) -> None:
    """Tidying must not hide the error that made it necessary, nor fail what has been published."""
    try:
        action(*arguments)
    except TechneError as error:
        _logger.warning("Could not tidy up: %s", error)


def _check_names(files: Mapping[str, object]) -> None:
    for name in files:
        if name == MANIFEST_NAME or name.split("/")[0] == ATTEMPTS_NAME:
            raise OutputError(f"A published file can't be called {name!r}; that name is the store's own.")


def _nothing() -> None:
    return
