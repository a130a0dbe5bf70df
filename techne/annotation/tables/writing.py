"""A table written row by row as CSV and Parquet at once, in memory that doesn't grow with it."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, NamedTuple, Self

from techne.annotation.cells import clean, neutralised

Cell = str | int | float | bool | None
_ROW_GROUP_ROWS = 10_000
_ROW_GROUP_CHARACTERS = 16 * 1024 * 1024


class Column(NamedTuple):
    """A column and what it holds.

    Text is made safe for spreadsheets in CSV (`techne.annotation.cells`) and stays as it is in Parquet;
    numbers are never touched.
    """

    name: str
    kind: Literal["text", "integer", "number", "boolean"] = "text"


class TableWriter:
    """Writes `stem`.csv (RFC 4180, UTF-8, no byte order mark) and, if wanted, `stem`.parquet into a folder.

    A context manager; the files are whole once it is left.

    Args:
        folder: Where to; made if it isn't there.
        stem: Name of both files.
        columns: Their columns, with different names.
        parquet: Whether to write Parquet too.
    """

    def __init__(self, folder: Path, stem: str, columns: Sequence[Column], *, parquet: bool = True) -> None:
        if len({column.name for column in columns}) < len(columns):
            raise ValueError("two columns have the same name")
        self._columns = tuple(columns)
        self._text = [place for place, column in enumerate(columns) if column.kind == "text"]
        self._truth = [place for place, column in enumerate(columns) if column.kind == "boolean"]
        self._csv_path = folder / f"{stem}.csv"
        self._parquet_path = folder / f"{stem}.parquet" if parquet else None
        self._buffer: list[list[Cell]] = []
        self._characters = 0
        self._parquet: Any = None
        self._open = ExitStack()
        self.rows_written = 0

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files, CSV first."""
        return (self._csv_path,) if self._parquet_path is None else (self._csv_path, self._parquet_path)

    def write(self, row: Sequence[Cell]) -> None:
        """Add a row, with a cell per column; None is an empty cell, and null in Parquet."""
        if len(row) != len(self._columns):
            raise ValueError(f"{len(row)} cells for {len(self._columns)} columns")
        cells, csv_cells = list(row), list(row)
        for place in self._text:
            cell = cells[place]
            if cell:  # most columns of most rows are empty
                cells[place] = text = clean(str(cell))
                csv_cells[place] = neutralised(text)
        for place in self._truth:
            cell = cells[place]
            csv_cells[place] = None if cell is None else str(bool(cell)).lower()
        self._csv.writerow(csv_cells)
        self.rows_written += 1
        if self._parquet is not None:
            self._buffer.append(cells)
            self._characters += sum([len(cell) for cell in cells if type(cell) is str])
            if len(self._buffer) >= _ROW_GROUP_ROWS or self._characters >= _ROW_GROUP_CHARACTERS:
                self._flush()

    def __enter__(self) -> Self:
        self._csv_path.parent.mkdir(parents=True, exist_ok=True)
        file = self._open.enter_context(self._csv_path.open("w", encoding="utf-8", newline=""))
        self._csv = csv.writer(file)
        self._csv.writerow([neutralised(clean(column.name)) for column in self._columns])
        if self._parquet_path is not None:
            import pyarrow as pa
            import pyarrow.parquet as pq

            types = {
                "text": pa.string(),
                "integer": pa.int64(),
                "number": pa.float64(),
                "boolean": pa.bool_(),
            }
            schema = pa.schema([(clean(column.name), types[column.kind]) for column in self._columns])
            self._parquet = self._open.enter_context(
                pq.ParquetWriter(self._parquet_path, schema, compression="zstd")
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._open:
            if kind is None and self._parquet is not None:
                self._flush()

    def _flush(self) -> None:
        if not self._buffer:
            return
        import pyarrow as pa

        schema = self._parquet.schema
        arrays = [
            pa.array(cells, type=field.type)
            for cells, field in zip(zip(*self._buffer, strict=True), schema, strict=True)
        ]
        self._parquet.write_batch(pa.record_batch(arrays, schema=schema))
        self._buffer.clear()
        self._characters = 0
