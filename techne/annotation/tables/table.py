"""What all tables have in common: named columns, rows with a place, and errors that name both.

How bytes become rows is the part of the formats beside this.
"""

from __future__ import annotations

import difflib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar, NamedTuple

from techne.errors import DatasetError

MAX_RECORD_BYTES = 64 * 1024 * 1024
"""Longest row that is read; what is longer is a quote that was never closed, or no table."""
_MAX_COLUMNS_NAMED = 20


class Mark(NamedTuple):
    """Where reading can begin in the middle of a file.

    Args:
        number: Number of the row that stands there, from 1; a header doesn't count.
        line: Line that it begins on, from 1; 0 in Parquet.
        offset: Byte that it begins at; in Parquet the row group it is in, of which it is the first row.
    """

    number: int
    line: int
    offset: int


class Row(NamedTuple):
    """A row's cells in the order asked for, and its place as in `Mark`.

    A row whose `offset` differs from that of the row before can be read from: its first three fields are
    a `Mark`.
    """

    number: int
    line: int
    offset: int
    cells: Sequence[str]

    @property
    def mark(self) -> Mark:
        """Where reading can begin with this row."""
        return Mark(self.number, self.line, self.offset)

    @property
    def place(self) -> str:
        """As messages name it."""
        return f"row {self.number} (line {self.line})" if self.line else f"row {self.number}"


class Table(ABC):
    """A file of rows.

    Args:
        path: The file.
        source: How messages name it.
    """

    format: ClassVar[str]
    columns: tuple[str, ...]

    def __init__(self, path: Path, source: str) -> None:
        self.path = path
        self.source = source

    @abstractmethod
    def rows(self, columns: Sequence[str], start: Mark | None = None) -> Iterator[Row]:
        """Read rows one after another; a null is an empty cell, a number its digits.

        Args:
            columns: Which cells, in which order.
            start: Where to begin; a mark of an earlier row of this file.

        Raises:
            DatasetError: A column isn't there, or a row can't be read; the message names the place.
        """

    def error(self, message: str, cure: str | None = None) -> DatasetError:
        """An error about this file."""
        return DatasetError(f"{self.source}: {message}", cure=cure)

    def missing(self, wanted: Sequence[str]) -> DatasetError:
        """The error that none of these columns is there, with those that are."""
        there = ", ".join(repr(name[:60]) for name in self.columns[:_MAX_COLUMNS_NAMED])
        more = len(self.columns) - _MAX_COLUMNS_NAMED
        names = " or ".join(repr(name) for name in wanted)
        near = nearest(wanted[0], self.columns)
        return self.error(
            f"there is no column {names}; there are {there}{f' and {more} more' if more > 0 else ''}.",
            f"Did you mean {near!r}?" if near else "Name the column that holds it.",
        )

    def find(self, *names: str) -> str | None:
        """The first of these columns that is there.

        Raises:
            DatasetError: It is there twice.
        """
        found = next((name for name in names if name in self.columns), None)
        if found is not None and self.columns.count(found) > 1:
            raise self.error(f"the column {found!r} is there twice.", "Rename one of the two.")
        return found

    def need(self, *names: str) -> str:
        """The first of these columns that is there.

        Raises:
            DatasetError: None is, or it is there twice.
        """
        found = self.find(*names)
        if found is None:
            raise self.missing(names)
        return found


def nearest(wanted: str, names: Sequence[str]) -> str | None:
    """The name that is most like the wanted one, if any is."""
    folded = {name.strip().casefold(): name for name in reversed(names)}
    close = difflib.get_close_matches(wanted.strip().casefold()[:200], folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else None
