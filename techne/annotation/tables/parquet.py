"""Parquet, by way of pyarrow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from techne.annotation.tables.table import Mark, Row, Table
from techne.errors import ConfigurationError

_MAX_BATCH_ROWS = 1024
_BATCH_BYTES = 16 * 1024 * 1024
_BUFFER_BYTES = 1024 * 1024


class ParquetTable(Table):
    """A Parquet file; cells are cast to text, nulls to empty text.

    Reading can begin at a row group. A file that is one large group is decoded from its beginning, without
    making Python objects of the rows before.
    """

    format = "parquet"

    def __init__(self, path: Path, source: str) -> None:
        super().__init__(path, source)
        with self._opened() as file:
            self.columns = tuple(file.schema_arrow.names)

    def rows(self, columns: Sequence[str], start: Mark | None = None) -> Iterator[Row]:
        """See `Table.rows`."""
        for name in columns:
            self.need(name)
        first_group, skip = (start.offset, start.number) if start else (0, 1)
        with self._opened() as file:
            number = 1 + sum(file.metadata.row_group(group).num_rows for group in range(first_group))
            for group in range(first_group, file.metadata.num_row_groups):
                for batch in file.iter_batches(
                    _batch_rows(file.metadata.row_group(group), columns),
                    row_groups=[group],
                    columns=list(columns),
                ):
                    if number + len(batch) > skip:
                        for cells in zip(*(self._texts(batch, name) for name in columns), strict=True):
                            if number >= skip:
                                yield Row(number, 0, group, cells)
                            number += 1
                    else:
                        number += len(batch)

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        """The open file; what pyarrow says against it is an error of ours."""
        try:
            import pyarrow as pa
            import pyarrow.parquet as pq
        except ImportError:
            raise ConfigurationError(
                "Parquet needs pyarrow.", cure="Install the extra: techne[annotation]."
            ) from None
        try:
            # With a buffer, pages are read as they are needed, and not a whole column of a row group.
            with pq.ParquetFile(self.path, buffer_size=_BUFFER_BYTES) as file:
                yield file
        except (pa.ArrowException, OSError) as error:
            reason = str(error).splitlines()[0][:200]
            raise self.error(
                f"it can't be read as Parquet: {reason}", "Write the file again; it may be cut off."
            ) from None

    def _texts(self, batch: Any, name: str) -> list[str]:
        import pyarrow as pa
        import pyarrow.compute as pc

        column = batch.column(name)
        try:
            texts = pc.cast(column, pa.large_string())
        except pa.ArrowInvalid:
            raise self.error(f"the column {name!r} has bytes that are not UTF-8.") from None
        except pa.ArrowNotImplementedError:
            raise self.error(f"the column {name!r} holds {column.type}; text is wanted.") from None
        filled: list[str] = pc.fill_null(texts, "").to_pylist()
        return filled


def _batch_rows(group: Any, columns: Sequence[str]) -> int:
    """How many rows are decoded at once: fewer where texts are long."""
    chunks = (group.column(index) for index in range(group.num_columns))
    size: int = sum(
        chunk.total_uncompressed_size for chunk in chunks if chunk.path_in_schema.split(".")[0] in columns
    )
    rows: int = group.num_rows
    return max(1, min(_MAX_BATCH_ROWS, _BATCH_BYTES * rows // max(size, 1)))
