"""Lines of a text file as bytes, with their numbers and offsets, and their text in UTF-8."""

from __future__ import annotations

from typing import BinaryIO

from techne.annotation.tables.table import MAX_RECORD_BYTES, Mark, Table


class Lines:
    """Reads lines one after another, and knows where it is.

    Args:
        file: An open file.
        table: The table it is, for messages.
        start: Where to begin.
        max_bytes: Longest line.

    Attributes:
        line: Number of the line that was read last.
        offset: Byte that the next line begins at.
    """

    def __init__(self, file: BinaryIO, table: Table, start: Mark, max_bytes: int = MAX_RECORD_BYTES) -> None:
        self._file, self._table, self.max_bytes = file, table, max_bytes
        self.line, self.offset = start.line - 1, start.offset
        file.seek(start.offset)

    def next(self) -> bytes:
        """The next line with its line end, or nothing at the end of the file.

        Raises:
            DatasetError: The line is too long, or has a NUL byte.
        """
        raw = self._file.readline(self.max_bytes + 1)
        self.line += 1
        self.offset += len(raw)
        if len(raw) > self.max_bytes:
            raise self._table.error(
                f"line {self.line} is longer than {self.max_bytes} bytes.",
                "Shorten its texts, or check that it is a text file.",
            )
        if b"\0" in raw:
            byte = self.offset - len(raw) + raw.index(b"\0")
            raise self._table.error(
                f"there is a NUL byte in line {self.line} (byte {byte}).",
                "Save it as UTF-8 text: this is UTF-16, a binary file, or damaged.",
            )
        return raw

    def text(self, raw: bytes, line: int, what: str = "") -> str:
        """Decode UTF-8.

        Args:
            raw: What to decode.
            line: Where it stands.
            what: Which part of the line it is, for messages.

        Raises:
            DatasetError: It is in another encoding; the message names the place and the likely one.
        """
        try:
            return raw.decode()
        except UnicodeDecodeError as error:
            encoding = likely_encoding(raw)
            raise self._table.error(
                f"line {line}{what and ', '}{what} is not UTF-8: "
                f"byte 0x{raw[error.start]:02X} after {raw[: error.start].decode()[-20:]!r}.",
                f"It looks like {encoding}; convert it: iconv -f {encoding} -t UTF-8.",
            ) from None


def likely_encoding(raw: bytes) -> str:
    """Which 8-bit encoding bytes that are not UTF-8 probably are in.

    Windows-1252 has letters and quotes from 0x80 to 0x9F, where ISO 8859-1 has controls that no text uses.
    """
    return "WINDOWS-1252" if any(0x80 <= byte <= 0x9F for byte in raw[:100_000]) else "ISO-8859-1"
