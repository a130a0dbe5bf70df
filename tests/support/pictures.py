"""PNG pictures made by code (W3C, Portable Network Graphics, third edition)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_EIGHT_BITS, _RGB, _METRE = 8, 2, 1


def encoded(rows: Sequence[bytes], *, dots_per_metre: int | None = None) -> bytes:
    """A picture.

    Args:
        rows: From the top, each with red, green and blue of its pixels from the left, a byte each.
        dots_per_metre: Its density; None says none.
    """
    header = struct.pack(">IIBBBBB", len(rows[0]) // 3, len(rows), _EIGHT_BITS, _RGB, 0, 0, 0)
    chunks = [(b"IHDR", header)]
    if dots_per_metre is not None:
        chunks.append((b"pHYs", struct.pack(">IIB", dots_per_metre, dots_per_metre, _METRE)))
    chunks += [(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows), 9)), (b"IEND", b"")]
    return _SIGNATURE + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def png(width: int, height: int, colour: tuple[int, int, int] = (31, 78, 121)) -> bytes:
    """A picture of one colour, so many pixels wide and high."""
    return encoded([bytes(colour) * width] * height)
