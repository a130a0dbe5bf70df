"""What a store of objects does, wherever the objects are, and how to open the right one."""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from techne.errors import ObjectTooLargeError
from techne.settings import Settings
from techne.storage.uri import ObjectURI, check_allowed, parse_uri

SIZE_SETTING = "TECHNE_MAX_TRANSCRIPT_BYTES"
"""The setting behind a store's own limit."""

_CONTENT_TYPES = {
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".md": "text/markdown; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".jsonl": "application/x-ndjson",
    ".parquet": "application/vnd.apache.parquet",
    ".vtt": "text/vtt",
    ".srt": "application/x-subrip",
}


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What a store knows of an object without reading it.

    Attributes:
        version: Changes when the content does: the ETag in S3, size and time of change for a file.
    """

    uri: ObjectURI
    size: int
    version: str
    content_type: str
    last_modified: datetime


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object that was read."""

    info: ObjectInfo
    data: bytes

    @property
    def sha256(self) -> str:
        """Hash of the content, in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True)
class Digest:
    """What a content is known again by: its SHA-256 in hexadecimal, and its size in bytes."""

    sha256: str
    size: int

    @classmethod
    def of(cls, chunks: Iterable[bytes]) -> Digest:
        """The digest of a content that comes in pieces."""
        sha256, size = hashlib.sha256(), 0
        for chunk in chunks:
            sha256.update(chunk)
            size += len(chunk)
        return cls(sha256.hexdigest(), size)


class ObjectStore(Protocol):
    """Objects by URI. Safe to use from several threads.

    Every method raises `AccessDeniedError` when the store refuses us, `ServiceUnavailableError` when it
    can't be reached, and `ObjectNotFoundError` when the object, or its bucket, does not exist.
    """

    def read(self, uri: ObjectURI, max_bytes: int | None = None) -> StoredObject:
        """Read an object whole.

        Args:
            uri: The object.
            max_bytes: Largest size that is read; None takes TECHNE_MAX_TRANSCRIPT_BYTES.

        Raises:
            ObjectTooLargeError: It is larger; found before its content is read.
        """
        ...

    def download(
        self, uri: ObjectURI, path: Path, max_bytes: int | None = None, *, size_setting: str = SIZE_SETTING
    ) -> ObjectInfo:
        """Copy an object into a local file, whole or not at all, without holding it in memory.

        Args:
            uri: The object.
            path: The file; one that is there is replaced.
            max_bytes: Largest size that is fetched; None takes TECHNE_MAX_TRANSCRIPT_BYTES.
            size_setting: The setting that `max_bytes` comes from, which the error says to raise.

        Raises:
            ObjectTooLargeError: It is larger; found before its content is fetched, or as it grows.
            OutputError: The file can't be written.
        """
        ...

    def digest(self, uri: ObjectURI, max_bytes: int | None = None) -> Digest:
        """Hash an object without holding it in memory.

        Args:
            uri: The object.
            max_bytes: Largest size that is fetched; None fetches any.

        Raises:
            ObjectTooLargeError: It is larger.
        """
        ...

    def stat(self, uri: ObjectURI) -> ObjectInfo:
        """What is known of an object without reading it."""
        ...

    def exists(self, uri: ObjectURI) -> bool:
        """Whether there is such an object; a missing bucket counts as no."""
        ...

    def write(self, uri: ObjectURI, data: bytes, content_type: str | None = None) -> None:
        """Write an object whole, or not at all; None guesses the content type from the name."""
        ...

    def upload(self, path: Path, uri: ObjectURI, content_type: str | None = None) -> None:
        """Write an object from a local file, whole or not at all, without holding it in memory.

        Args:
            path: The file; it must not change meanwhile.
            uri: The object.
            content_type: None guesses it from the object's name.

        Raises:
            OutputError: The file can't be read.
        """
        ...

    def copy(self, source: ObjectURI, target: ObjectURI) -> None:
        """Copy an object within the store, content type included, whole or not at all."""
        ...

    def delete(self, uri: ObjectURI) -> None:
        """Delete an object; one that is not there is no error."""
        ...

    def delete_folder(self, folder: ObjectURI) -> None:
        """Delete every object below a folder, and the empty folders that are left."""
        ...

    def delete_empty_folders(self, folder: ObjectURI) -> None:
        """Delete the folder and those below it as far as they hold nothing; never an object."""
        ...

    def list(self, folder: ObjectURI) -> tuple[ObjectInfo, ...]:
        """The objects below a folder, in order of their names; none if it does not exist."""
        ...

    def check_writable(self, folder: ObjectURI) -> None:
        """Raise unless objects can be written below the folder. Leaves nothing behind."""
        ...


def open_store(uri: ObjectURI | str, settings: Settings) -> ObjectStore:
    """The store that holds `uri`, which must be in an allowed place.

    Raises:
        UnsafeURIError: TECHNE_ALLOWED_URIS does not allow it.
    """
    if isinstance(uri, str):
        uri = parse_uri(uri, folder=True)
    check_allowed(uri, settings.techne_allowed_uris)
    if uri.scheme == "file":
        from techne.storage.local import LocalStore

        return LocalStore(max_bytes=settings.techne_max_transcript_bytes)
    from techne.storage.s3 import S3Store

    return S3Store(region=settings.aws_region, max_bytes=settings.techne_max_transcript_bytes)


def content_type_of(name: str) -> str:
    """The content type that a file name stands for."""
    for suffix, content_type in _CONTENT_TYPES.items():
        if name.lower().endswith(suffix):
            return content_type
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def check_size(uri: ObjectURI, size: int, limit: int, setting: str | None = SIZE_SETTING) -> None:
    """Raise ObjectTooLargeError if `size` exceeds the limit, which `setting` sets if anything does."""
    if size > limit:
        raise ObjectTooLargeError(
            f"{uri} has {size:,} bytes, over the limit of {limit:,}.",
            cure=f"Split it, or raise {setting}." if setting else None,
        )
