"""Reading an object, wherever it is, as a stream: into memory, into a file, or only to hash it.

A store says how an object is opened; the limits on what is read, and what becomes of it, are here.
"""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from techne.storage.files import replace_file
from techne.storage.store import SIZE_SETTING, Digest, ObjectInfo, StoredObject, check_size
from techne.storage.uri import ObjectURI


@dataclass(frozen=True, slots=True)
class ObjectStream:
    """An object that is open: what it is, and its content, which can be taken once.

    The chunks raise nothing but typed errors.
    """

    info: ObjectInfo
    chunks: Iterator[bytes]

    def limited(self, limit: int | None, setting: str | None) -> Iterator[bytes]:
        """The content, unless it is, or while it is read turns out to be, over a limit."""
        if limit is None:
            yield from self.chunks
            return
        check_size(self.info.uri, self.info.size, limit, setting)
        size = 0
        for chunk in self.chunks:
            size += len(chunk)
            check_size(self.info.uri, size, limit, setting)
            yield chunk


class StreamedStore(ABC):
    """What reads in an `ObjectStore`, for stores that can open an object as a stream."""

    def __init__(self, *, max_bytes: int) -> None:
        self._max_bytes = max_bytes

    @abstractmethod
    def _opened(self, uri: ObjectURI) -> AbstractContextManager[ObjectStream]:
        """Open an object; none of its content needs to be fetched before the first chunk is asked for."""

    def read(self, uri: ObjectURI, max_bytes: int | None = None) -> StoredObject:
        """Read an object whole."""
        limit = self._max_bytes if max_bytes is None else max_bytes
        content = io.BytesIO()
        with self._opened(uri) as stream:
            for chunk in stream.limited(limit, SIZE_SETTING):
                content.write(chunk)
        return StoredObject(stream.info, content.getvalue())

    def download(
        self, uri: ObjectURI, path: Path, max_bytes: int | None = None, *, size_setting: str = SIZE_SETTING
    ) -> ObjectInfo:
        """Copy an object into a local file."""
        limit = self._max_bytes if max_bytes is None else max_bytes
        with self._opened(uri) as stream:
            replace_file(path, stream.limited(limit, size_setting))
        return stream.info

    def digest(self, uri: ObjectURI, max_bytes: int | None = None) -> Digest:
        """Hash an object."""
        with self._opened(uri) as stream:
            return Digest.of(stream.limited(max_bytes, None))
