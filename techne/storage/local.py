"""Objects as local files: written atomically, read within a limit."""

from __future__ import annotations

import errno
import os
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from techne.errors import AccessDeniedError, ObjectNotFoundError, OutputError, TechneError
from techne.storage.store import ObjectInfo, StoredObject, check_size, content_type_of
from techne.storage.uri import ObjectURI

_TEMPORARY_PREFIX = ".techne-"


class LocalStore:
    """The `ObjectStore` of `file://` URIs."""

    def __init__(self, *, max_bytes: int) -> None:
        self._max_bytes = max_bytes

    def read(self, uri: ObjectURI, max_bytes: int | None = None) -> StoredObject:
        """Read a file; folders, pipes and devices are refused."""
        limit = self._max_bytes if max_bytes is None else max_bytes
        with _reading(uri), open(uri.path, "rb", opener=_open_without_waiting) as file:
            # Of the open file, not of its name, which may be given to another file in between.
            info = _info(uri, os.fstat(file.fileno()))
            check_size(uri, info.size, limit)
            data = file.read(info.size + 1)
            if len(data) > info.size:  # it is still growing
                data += file.read(limit)
        check_size(uri, len(data), limit)
        return StoredObject(info, data)

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
        with _writing(uri):
            try:
                _replace(uri.path, data)
            except FileNotFoundError:
                # Whoever cleans an attempt up may remove the empty folder between our mkdir and our open.
                _replace(uri.path, data)

    def delete(self, uri: ObjectURI) -> None:
        """Delete a file, if it is there."""
        with _writing(uri), suppress(FileNotFoundError):
            uri.path.unlink()

    def delete_folder(self, folder: ObjectURI) -> None:
        """Delete the files below a folder and the folders that are then empty."""
        with _writing(folder):
            for directory, folders, files in os.walk(folder.path, topdown=False):
                for name in files:
                    Path(directory, name).unlink(missing_ok=True)
                for name in folders:
                    if Path(directory, name).is_symlink():
                        Path(directory, name).unlink(missing_ok=True)
                _remove_if_empty(Path(directory))

    def list(self, folder: ObjectURI) -> tuple[ObjectInfo, ...]:
        """The regular files below a folder, by name."""
        found = []
        with _reading(folder):
            for directory, _, files in os.walk(folder.path):
                for name in files:
                    path = Path(directory, name)
                    if name.startswith(_TEMPORARY_PREFIX):
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
        with _writing(folder):
            if not existing.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, "not a folder", str(existing))
            probe = existing / _temporary_name()
            # Writing tells more than permission bits do: read-only file systems, quotas, root.
            probe.touch(exist_ok=False)
            probe.unlink()


def _open_without_waiting(path: str, flags: int) -> int:
    """Open a file; a named pipe would otherwise block until somebody writes to it."""
    return os.open(path, flags | os.O_NONBLOCK)


def _replace(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.parent / _temporary_name()
    try:
        # Opened with the process's umask; tempfile would make it unreadable to everyone else.
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make a rename last; some file systems can't, and lose nothing but the guarantee."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError as error:
        if error.errno not in {errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT}:
            raise


def _temporary_name() -> str:
    return f"{_TEMPORARY_PREFIX}{uuid.uuid4().hex}.tmp"


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


@contextmanager
def _writing(uri: ObjectURI) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"{uri} can't be written: {error.strerror or error}.",
            cure="Choose an output folder that this user may write, with room on its disk.",
        ) from error
