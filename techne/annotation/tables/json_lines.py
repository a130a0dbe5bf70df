"""JSON Lines: one object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from techne.annotation.tables.lines import Lines
from techne.annotation.tables.table import MAX_RECORD_BYTES, Mark, Row, Table

_START = Mark(1, 1, 0)


class JsonLinesTable(Table):
    """A file of JSON objects, one a line, in UTF-8; blank lines are passed over.

    Its columns are the keys of the first object. A key that a later object lacks is an empty cell there.
    """

    format = "jsonl"

    def __init__(self, path: Path, source: str, max_record_bytes: int = MAX_RECORD_BYTES) -> None:
        super().__init__(path, source)
        self._max_bytes = max_record_bytes
        _, first = next(self._objects(_START), (_START, {}))
        if not first:
            raise self.error("the first line names no columns.", 'Lines are objects: {"id": "1", "text": …}.')
        self.columns = tuple(first)

    def rows(self, columns: Sequence[str], start: Mark | None = None) -> Iterator[Row]:
        """See `Table.rows`."""
        for name in columns:
            self.need(name)
        for mark, record in self._objects(start or _START):
            cells = [
                value if type(value := record.get(name)) is str else self._cell(value, name, mark)
                for name in columns
            ]
            if not all(map(str.isascii, cells)):
                self._refuse_surrogates(columns, cells, mark)
            yield Row(*mark, cells)

    def _objects(self, start: Mark) -> Iterator[tuple[Mark, dict[str, Any]]]:
        number = start.number
        with self.path.open("rb") as file:
            lines = Lines(file, self, start, self._max_bytes)
            while True:
                offset = lines.offset
                raw = lines.next()
                if not raw:
                    return
                if raw.isspace():
                    continue
                yield Mark(number, lines.line, offset), self._object(raw, lines)
                number += 1

    def _object(self, raw: bytes, lines: Lines) -> dict[str, Any]:
        text = lines.text(raw.removeprefix(b"\xef\xbb\xbf") if lines.line == 1 else raw, lines.line)
        try:
            # Numbers stay as they are written: 007 is no JSON, but 1.0 and 10000000000000000000001 are ids.
            record = json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
        except json.JSONDecodeError as error:
            raise self.error(
                f"line {lines.line} is not JSON: {error.msg} at column {error.colno}.",
                "Each line is one whole object.",
            ) from None
        except RecursionError:
            raise self.error(f"line {lines.line} is nested too deeply.") from None
        if not isinstance(record, dict):
            kind = "an array" if isinstance(record, list) else "no object"
            raise self.error(f"line {lines.line} is {kind}.", "JSON Lines are wanted: one object a line.")
        return record

    def _cell(self, value: object, name: str, mark: Mark) -> str:
        if value is None:
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str):
            return value
        kind = "a list" if isinstance(value, list) else "an object"
        raise self.error(f"in line {mark.line}, {name!r} is {kind}; text is wanted.")

    def _refuse_surrogates(self, columns: Sequence[str], cells: Sequence[str], mark: Mark) -> None:
        for name, cell in zip(columns, cells, strict=True):
            try:
                cell.encode()
            except UnicodeEncodeError as error:
                raise self.error(
                    f"in line {mark.line}, {name!r} has half of a surrogate pair at character {error.start}.",
                    "It is no Unicode text; the text was cut in the middle of a character.",
                ) from None
