"""Publishing an execution's outputs so that readers see all of them, verified, or none.

Files go to `<destination>/attempts/<n>/new/` first and are verified by reading them back. What was
published before is copied to `<destination>/attempts/<n>/previous/`. Then the new files are copied to
`<destination>/`, verified again, and `manifest.json` is written last, with their hashes: readers trust only
what it lists. The attempt's folder is removed in either case. Local files and previous ones are never
held in memory.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import JsonValue

from techne.errors import (
    InputError,
    LeaseLostError,
    ObjectNotFoundError,
    OutputError,
    TechneError,
    UnsafeURIError,
)
from techne.storage.files import file_chunks
from techne.storage.manifest import (
    ATTEMPTS_NAME,
    MANIFEST_NAME,
    Manifest,
    PublishedFile,
    PublishedOutputs,
    check_content,
    check_names,
    read_manifest,
)
from techne.storage.store import Digest, ObjectStore, content_type_of
from techne.storage.uri import ObjectURI

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OutputFile:
    """A file to be published.

    Attributes:
        data: Its content, or the local file that holds it: streamed, and left where it is.
        content_type: None guesses it from the name that it is published under.
    """

    data: bytes | Path
    content_type: str | None = None

    def digest(self) -> Digest:
        """The digest of the content; raises OutputError if the local file can't be read."""
        return Digest.of(file_chunks(self.data) if isinstance(self.data, Path) else [self.data])


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
        attempt: Number of the attempt, from 1; names its folder below `attempts/`.
        details: What the manifest says beyond the files; JSON.
        before_manifest: Called before the first published file is touched and again before the manifest
            is written. It raises, usually LeaseLostError, if this worker must not publish any more.
        clock: Gives the manifest's time.

    Raises:
        OutputError: A file could not be written, or did not read back as it was written.
    """
    check_names(files)
    check = before_manifest or _nothing
    attempts = destination / ATTEMPTS_NAME
    staging = attempts / f"{attempt}/new"
    previous = _Previous(destination, attempts / f"{attempt}/previous", store)
    touched: list[str] = []
    try:
        published = [_stage(store, staging, destination, name, file) for name, file in files.items()]
        check()
        previous.keep()
        for file in published:
            touched.append(file.name)
            store.copy(staging / file.name, destination / file.name)
            _verify(store, destination / file.name, file.digest)
        check()
        manifest = Manifest(
            created_at=clock(), attempt=attempt, files=tuple(published), details=dict(details or {})
        )
        touched.append(MANIFEST_NAME)
        _write_manifest(store, destination / MANIFEST_NAME, manifest)
    except LeaseLostError:
        # What lies there now may be the new holder's: it will publish all of it anyway.
        raise
    except BaseException:
        previous.put_back(touched)
        raise
    finally:
        _try(store.delete_folder, staging)
        previous.discard_copies()
        _try(store.delete_empty_folders, attempts)
    previous.delete_all_but(files)
    return PublishedOutputs(manifest_uri=str(destination / MANIFEST_NAME), manifest=manifest)


@dataclass(slots=True)
class _Previous:
    """What was published before, copied aside within the store until the new files are in its place."""

    destination: ObjectURI
    aside: ObjectURI
    store: ObjectStore
    names: tuple[str, ...] = ()
    copies_needed: bool = False

    def keep(self) -> None:
        """Copy the present manifest and the files that it lists, unless they are no sound publication."""
        try:
            manifest = read_manifest(self.destination, store=self.store)
            names = (*(file.name for file in manifest.files), MANIFEST_NAME)
            check_names(names[:-1])
            copies = [(self.destination / name, self.aside / name) for name in names]
        except ObjectNotFoundError:
            return
        except (OutputError, UnsafeURIError) as error:
            self._warn_unsound(error)
            return
        try:
            for source, target in copies:
                self.store.copy(source, target)
        except ObjectNotFoundError as error:
            self._warn_unsound(error)
            return
        self.names = names

    def put_back(self, touched: Sequence[str]) -> None:
        """Undo, the manifest first if it must go, so that no reader trusts what is being undone."""
        kept = [name for name in touched if name in self.names]
        self.copies_needed = bool(kept)
        for name in reversed(touched):
            if name not in self.names:
                _try(self.store.delete, self.destination / name)
        back = [_try(self.store.copy, self.aside / name, self.destination / name) for name in kept]
        self.copies_needed = not all(back)

    def delete_all_but(self, names: Container[str]) -> None:
        """Delete what was published before under other names."""
        for name in self.names[:-1]:
            if name not in names:
                _try(self.store.delete, self.destination / name)

    def discard_copies(self) -> None:
        """Delete the copies, unless they could not be put back."""
        if self.copies_needed:
            _logger.error(
                "What was published at %s before could not be put back; copy it from %s.",
                self.destination,
                self.aside,
            )
        else:
            _try(self.store.delete_folder, self.aside)

    def _warn_unsound(self, error: TechneError) -> None:
        _logger.warning("What was published at %s before can't be kept: %s", self.destination, error)


def _stage(
    store: ObjectStore, staging: ObjectURI, destination: ObjectURI, name: str, file: OutputFile
) -> PublishedFile:
    uri = staging / name
    digest = file.digest()
    content_type = file.content_type or content_type_of(name)
    if isinstance(file.data, Path):
        store.upload(file.data, uri, content_type)
    else:
        store.write(uri, file.data, content_type)
    _verify(store, uri, digest)
    return PublishedFile(
        name=name,
        uri=str(destination / name),
        sha256=digest.sha256,
        size=digest.size,
        content_type=content_type,
    )


def _write_manifest(store: ObjectStore, uri: ObjectURI, manifest: Manifest) -> None:
    data = f"{manifest.model_dump_json(indent=2)}\n".encode()
    store.write(uri, data, "application/json")
    _verify(store, uri, Digest.of([data]))


def _verify(store: ObjectStore, uri: ObjectURI, digest: Digest) -> None:
    try:
        check_content(uri, digest, store=store)
    except InputError as error:
        raise OutputError(f"{uri} was written but does not read back: {error.message}") from error


def _try(action: Callable[..., object], *arguments: object) -> bool:
    """Tidying must not hide the error that made it necessary, nor fail what has been published."""
    try:
        action(*arguments)
    except TechneError as error:
        _logger.warning("Could not tidy up: %s", error)
        return False
    return True


def _nothing() -> None:
    return
