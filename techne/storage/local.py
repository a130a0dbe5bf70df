"""Objects as local files: opened without waiting, written atomically, every refusal typed."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from techne.errors import AccessDeniedError, ObjectNotFoundError, TechneError
from techne.storage.files import (
    CHUNK_BYTES,
    TEMPORARY_PREFIX,
    file_chunks,
    replace_file,
    temporary_name,
    writing,
)
from techne.storage.store import ObjectInfo, content_type_of
from techne.storage.streaming import ObjectStream, StreamedStore
from techne.storage.uri import ObjectURI


class LocalStore(StreamedStore):
    """The `ObjectStore` of `file://` URIs."""

    @contextmanager
    def _opened(self, uri: ObjectURI) -> Iterator[ObjectStream]:
        """Open a file; folders, pipes and devices are refused."""
        with ExitStack() as stack:
            with _reading(uri):
                file = stack.enter_context(open(uri.path, "rb", opener=_open_without_waiting))
                # Of the open file, not of its name, which may be given to another file in between.
                info = _info(uri, os.fstat(file.fileno()))
            yield ObjectStream(info, _chunks(uri, file))

    def stat(self, uri: ObjectURI) -> ObjectInfo:
        """What the file system knows of a file."""
        with _reading(uri):
            return _info(uri, uri.path.stat())

    def exists(self, uri: ObjectURI) -> bool:
        """Whether there is such a file."""
        try:
            self.stat(uri)
        except ObjectNotFoundError:
            return False
        return True

    def write(self, uri: ObjectURI, data: bytes, content_type: str | None = None) -> None:
        """Write a file by renaming a temporary one; folders are made. A file keeps no content type."""
        replace_file(uri.path, [data], shown=uri)

    def upload(self, path: Path, uri: ObjectURI, content_type: str | None = None) -> None:
        """Copy a file to its place, by renaming a temporary one."""
        replace_file(uri.path, file_chunks(path), shown=uri)

    def copy(self, source: ObjectURI, target: ObjectURI) -> None:
        """Copy a file, by renaming a temporary one."""
        with self._opened(source) as stream:
            replace_file(target.path, stream.chunks, shown=target)

    def delete(self, uri: ObjectURI) -> None:
        """Delete a file, if it is there."""
        with writing(uri), suppress(FileNotFoundError):
            uri.path.unlink()

    def delete_folder(self, folder: ObjectURI) -> None:
        """Delete the files below a folder and the folders that are then empty."""
        with writing(folder):
            for directory, folders, files in os.walk(folder.path, topdown=False):
                for name in files:
                    Path(directory, name).unlink(missing_ok=True)
                for name in folders:
                    if Path(directory, name).is_symlink():
                        Path(directory, name).unlink(missing_ok=True)
                _remove_if_empty(Path(directory))

    def delete_empty_folders(self, folder: ObjectURI) -> None:
        """Delete the empty folders from `folder` down; a file that is just being written keeps its own."""
        with writing(folder):
            for directory, _, _ in os.walk(folder.path, topdown=False):
                _remove_if_empty(Path(directory))

    def list(self, folder: ObjectURI) -> tuple[ObjectInfo, ...]:
        """The regular files below a folder, by name."""
        found = []
        with _reading(folder):
            for directory, _, files in os.walk(folder.path):
                for name in files:
                    path = Path(directory, name)
                    if name.startswith(TEMPORARY_PREFIX):
                        continue
                    # A file may go while we look, and what is not a regular file is no object.
                    with suppress(FileNotFoundError, ObjectNotFoundError):
                        found.append(_info(ObjectURI("file", "", str(path)), path.stat()))
        return tuple(sorted(found, key=lambda info: info.uri.key))

    def check_writable(self, folder: ObjectURI) -> None:
        """Write a file into the folder, or its nearest existing parent, and delete it."""
        existing = folder.path
        while not existing.exists() and existing != existing.parent:
            existing = existing.parent
        with writing(folder):
            if not existing.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, "not a folder", str(existing))
            probe = existing / temporary_name()
            # Writing tells more than permission bits do: read-only file systems, quotas, root.
            probe.touch(exist_ok=False)
            probe.unlink()


def _open_without_waiting(path: str, flags: int) -> int:
    """Open a file; a named pipe would otherwise block until somebody writes to it."""
    return os.open(path, flags | os.O_NONBLOCK)


def _chunks(uri: ObjectURI, file: BinaryIO) -> Iterator[bytes]:
    with _reading(uri):
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError as error:
        if error.errno not in {errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT}:
            raise


def _info(uri: ObjectURI, status: os.stat_result) -> ObjectInfo:
    if stat.S_ISDIR(status.st_mode):
        raise _is_a_folder(uri)
    if not stat.S_ISREG(status.st_mode):
        raise ObjectNotFoundError(
            f"{uri} is a device or a pipe, not a file.", cure="Save it as a file first."
        )
    return ObjectInfo(
        uri=uri,
        size=status.st_size,
        version=f"{status.st_size}-{status.st_mtime_ns}",
        content_type=content_type_of(uri.name),
        last_modified=datetime.fromtimestamp(status.st_mtime, UTC),
    )


def _is_a_folder(uri: ObjectURI) -> ObjectNotFoundError:
    return ObjectNotFoundError(f"{uri} is a folder, not a file.", cure="Name the file inside it.")


@contextmanager
def _reading(uri: ObjectURI) -> Iterator[None]:
    try:
        yield
    except TechneError:
        raise
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ObjectNotFoundError(f"There is no file {uri}.", cure="Check the path.") from error
    except IsADirectoryError as error:
        raise _is_a_folder(uri) from error
    except PermissionError as error:
        raise AccessDeniedError(
            f"{uri} can't be read: permission denied.",
            cure="Let this user read the file and enter its folders.",
        ) from error
    except OSError as error:
        if error.errno == errno.ENXIO:  # a socket, or a pipe that nobody reads
            raise ObjectNotFoundError(f"{uri} is not a regular file.") from error
        raise ObjectNotFoundError(
            f"{uri} can't be read: {error.strerror}.", cure="Check the path."
        ) from error
