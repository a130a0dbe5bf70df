"""CSV after RFC 4180, delimited by comma, semicolon or tab.

The standard library's reader is not used: its limit for the length of a cell is global to the process, and
it can't say at which byte a row begins, which a shard needs that starts in the middle of a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from techne.annotation.tables.lines import Lines
from techne.annotation.tables.table import MAX_RECORD_BYTES, Mark, Row, Table

_BOM = b"\xef\xbb\xbf"
_DELIMITERS = (b",", b";", b"\t")
# Possessive: a cell of millions of doubled quotes needs no memory for ways back.
_QUOTED = re.compile(rb'[^"]*+(?:""[^"]*+)*+')
_LINE_ENDS = (b"", b"\n", b"\r\n")


class DelimitedTable(Table):
    """A CSV file in UTF-8, with or without a byte order mark, with a header; blank lines are passed over."""

    format = "csv"

    def __init__(self, path: Path, source: str, max_record_bytes: int = MAX_RECORD_BYTES) -> None:
        super().__init__(path, source)
        self._max_bytes = max_record_bytes
        with path.open("rb") as file:
            mark = file.read(len(_BOM)) == _BOM
            lines = Lines(file, self, Mark(1, 1, len(_BOM) if mark else 0), max_record_bytes)
            first = lines.next()
            bare = re.sub(rb'"[^"]*+"', b"", first)
            self._delimiter = max(_DELIMITERS, key=bare.count)
            header = [lines.text(cell, 1, "the header").strip() for cell in self._cells(first, lines)]
            if not any(header):
                raise self.error("the first line is no header.", "It must name the columns.")
            self.columns = tuple(header)
            self._first = Mark(1, lines.line + 1, lines.offset)

    def rows(self, columns: Sequence[str], start: Mark | None = None) -> Iterator[Row]:
        """See `Table.rows`."""
        picks = [self.columns.index(self.need(name)) for name in columns]
        width = len(self.columns)
        number, _, _ = mark = start or self._first
        with self.path.open("rb") as file:
            lines = Lines(file, self, mark, self._max_bytes)
            while True:
                offset = lines.offset
                raw = lines.next()
                if not raw:
                    return
                if raw in _LINE_ENDS:
                    continue
                line = lines.line
                cells = self._cells(raw, lines)
                if len(cells) != width:
                    raise self.error(
                        f"row {number} (line {line}) has {len(cells)} cells, the header has {width}.",
                        f"Quote cells that contain {self._delimiter.decode()!r} or line breaks.",
                    )
                try:
                    picked = [cells[pick].decode() for pick in picks]
                except UnicodeDecodeError:
                    picked = [
                        lines.text(cells[pick], line, f"column {self.columns[pick]!r},") for pick in picks
                    ]
                yield Row(number, line, offset, picked)
                number += 1

    def _cells(self, raw: bytes, lines: Lines) -> list[bytes]:
        """The cells of the record that begins with this line; reads on while a quoted cell is open."""
        if b'"' not in raw:
            bare = _without_line_end(raw)
            if b"\r" in bare:
                raise self._stray_return(lines.line)
            return bare.split(self._delimiter)
        cells: list[bytes] = []
        at = 0
        while True:
            if raw[at : at + 1] == b'"':
                cell, raw, at = self._quoted_cell(raw, at + 1, lines)
                cells.append(cell)
                if raw.startswith(self._delimiter, at):
                    at += 1
                elif len(raw) - at <= 2 and raw[at:] in _LINE_ENDS:
                    return cells
                else:
                    raise self.error(
                        f"in line {lines.line}, cell {len(cells)}, something follows the closing quote.",
                        'Double the quotes inside of a quoted cell: "She said ""no""."',
                    )
            else:
                end = raw.find(self._delimiter, at)
                cells.append(_without_line_end(raw[at:]) if end < 0 else raw[at:end])
                if b"\r" in cells[-1]:
                    raise self._stray_return(lines.line)
                if end < 0:
                    return cells
                at = end + 1

    def _quoted_cell(self, raw: bytes, at: int, lines: Lines) -> tuple[bytes, bytes, int]:
        """The cell whose text begins there, the line on which it ends, and the place after its quote."""
        opened = lines.line
        parts: list[bytes] = []
        size = 0
        while True:
            match = _QUOTED.match(raw, at)
            assert match is not None  # noqa: S101 - it matches nothing at least
            parts.append(match[0])
            size += len(match[0])
            if match.end() < len(raw):
                text = parts[0] if len(parts) == 1 else b"".join(parts)
                return text.replace(b'""', b'"'), raw, match.end() + 1
            raw, at = lines.next(), 0
            if not raw or size > lines.max_bytes:
                raise self.error(
                    f"a quote that is opened in line {opened} is not closed "
                    + (f"within {lines.max_bytes} bytes." if raw else "until the file ends."),
                    'Close it, or double it if it is part of the text: "".',
                )

    def _stray_return(self, line: int) -> Exception:
        return self.error(
            f"in line {line} there is a carriage return that ends no line.",
            "End lines with LF or CRLF, and quote cells with line breaks.",
        )


def _without_line_end(raw: bytes) -> bytes:
    return raw.removesuffix(b"\n").removesuffix(b"\r")
