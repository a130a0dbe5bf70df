"""Local files piece by piece: read in chunks, and replaced whole or not at all.

Which object a file stands for is the stores' matter.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from techne.errors import OutputError

CHUNK_BYTES = 1024 * 1024
"""What is held of a content that is streamed."""

TEMPORARY_PREFIX = ".techne-"


def file_chunks(path: Path) -> Iterator[bytes]:
    """The content of a file of ours, to be uploaded.

    Raises:
        OutputError: It can't be read.
    """
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk
    except OSError as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: OSError) -> OutputError:
    """What is wrong with a file of ours that was to be uploaded."""
    return OutputError(
        f"{path} can't be read, so it can't be uploaded: {error.strerror or error}.",
        cure="Check that it was written, and that nothing has removed it since.",
    )


def replace_file(path: Path, chunks: Iterable[bytes], *, shown: object = None) -> None:
    """Write a file by renaming a temporary one beside it; folders are made.

    Args:
        path: The file.
        chunks: Its content. What they raise leaves the file as it was.
        shown: What the file is called in an error; its path if None.

    Raises:
        OutputError: It can't be written.
    """
    with writing(path if shown is None else shown):
        temporary = path.parent / temporary_name()
        file = _create(temporary)
        try:
            with file:
                for chunk in chunks:
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)


@contextmanager
def writing(shown: object) -> Iterator[None]:
    """Raise what the file system refuses as an OutputError that names `shown`."""
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"{shown} can't be written: {error.strerror or error}.",
            cure="Choose an output folder that this user may write, with room on its disk.",
        ) from error


def temporary_name() -> str:
    """A name that no other file has; listings leave such files out."""
    return f"{TEMPORARY_PREFIX}{uuid.uuid4().hex}.tmp"


def _create(path: Path) -> BinaryIO:
    # With the process's umask; tempfile would make it unreadable to everyone else.
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return path.open("xb")
    except FileNotFoundError:
        # Whoever cleans an attempt up may remove the empty folder between our mkdir and our open.
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("xb")


def _sync_folder(folder: Path) -> None:
    """Make a rename last; some file systems can't, and lose nothing but the guarantee."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
