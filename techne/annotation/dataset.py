"""The texts to be annotated: a file that is checked once, before anything is paid, and then read in shards.

Where the file comes from is not known here: paths are local.
"""

from __future__ import annotations

import hashlib
import random
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import overload

import numpy as np

from techne.annotation.model import DatasetItem
from techne.annotation.tables import Mark, Row, Table, open_table
from techne.annotation.votes import BoolArray

ROWS_BETWEEN_MARKS = 500
"""So many rows are read in vain, at most, to begin in the middle of a text file."""


class Ids(Sequence[str]):
    """Ids in one block of memory: for 200,000 of them a few MB instead of tens.

    Args:
        block: The ids in UTF-8, one after another.
        ends: Byte at which each ends.
    """

    __slots__ = ("_block", "_ends")

    def __init__(self, block: bytes, ends: array[int]) -> None:
        self._block, self._ends = block, ends

    def __len__(self) -> int:
        return len(self._ends)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[str, ...]: ...
    def __getitem__(self, index: int | slice) -> str | tuple[str, ...]:
        if isinstance(index, slice):
            return tuple(self[place] for place in range(*index.indices(len(self))))
        place = range(len(self))[index]
        return self._block[self._ends[place - 1] if place else 0 : self._ends[place]].decode()

    def __iter__(self) -> Iterator[str]:
        start = 0
        for end in self._ends:
            yield self._block[start:end].decode()
            start = end

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Ids):
            return NotImplemented
        return self._block == other._block and self._ends == other._ends

    def __hash__(self) -> int:
        return hash(self._block)


@dataclass(frozen=True, slots=True)
class DatasetShard:
    """Some rows of a dataset as plain data: what another process needs to read them.

    Args:
        path: The file.
        source: How messages name it.
        id_column: The column of ids; None for row numbers.
        text_column: The column of texts.
        max_text_characters: Longest text.
        file_bytes: Size of the file as it was checked.
        start: Index of its first item.
        stop: Index after its last item.
        marks: Where in the file reading can begin, from the last place before `start` on.
    """

    path: Path
    source: str
    id_column: str | None
    text_column: str
    max_text_characters: int
    file_bytes: int
    start: int
    stop: int
    marks: tuple[Mark, ...]

    def __len__(self) -> int:
        return self.stop - self.start

    def at(self, path: Path) -> DatasetShard:
        """The same rows of a copy of the file."""
        return replace(self, path=path)

    def items(self, only: BoolArray | None = None) -> Iterator[DatasetItem]:
        """Read its items in order.

        Args:
            only: Shape (items of the dataset,); which ones. Stretches without any are not read.

        Raises:
            DatasetError: The file is not the one that was checked.
        """
        table = open_table(self.path, self.source)
        if self.path.stat().st_size != self.file_bytes:
            raise table.error("the file has changed since it was checked.", "Begin again with this file.")
        for mark, start, stop in self._stretches(only):
            rows = _texts(table, self.id_column, self.text_column, self.max_text_characters, mark)
            for row, item_id, text in islice(rows, start - mark.number + 1, stop - mark.number + 1):
                index = row.number - 1
                if only is None or only[index]:
                    yield DatasetItem.model_construct(index=index, id=item_id, text=text)

    def _stretches(self, only: BoolArray | None) -> Iterator[tuple[Mark, int, int]]:
        """Where to begin, and the first and the last but one item, of what is read in one go."""
        if only is None:
            if self.start < self.stop:
                yield self.marks[0], self.start, self.stop
            return
        for place, mark in enumerate(self.marks):
            first = max(mark.number - 1, self.start)
            after = self.marks[place + 1].number - 1 if place + 1 < len(self.marks) else self.stop
            wanted = np.flatnonzero(only[first : min(after, self.stop)])
            if len(wanted):
                yield mark, first + int(wanted[0]), first + int(wanted[-1]) + 1


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset that was checked; made by `Dataset.open`. It can be read any number of times, and pickled.

    Args:
        whole: All of it, as the one shard.
        ids: Its ids; `ids[i]` is the id of item `i`.
        sha256: Hash of all ids and texts in order, whatever the format of the file.
    """

    whole: DatasetShard
    ids: Ids
    sha256: str

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        id_column: str | None = "id",
        text_column: str = "text",
        max_text_characters: int,
        max_bytes: int | None = None,
        source: str | None = None,
    ) -> Dataset:
        """Read the whole file once, and check every row of it.

        Args:
            path: A local CSV, JSON Lines or Parquet file.
            id_column: Column of ids, which are taken as text; None numbers the rows from 1.
            text_column: Column of texts.
            max_text_characters: Longest text.
            max_bytes: Largest file.
            source: How messages name it. Default: the file's name.

        Raises:
            DatasetError: It can't be read, has no rows, an id is there twice, or an id or text is empty or
                too long.
        """
        table = open_table(path, source, max_bytes=max_bytes)
        content = hashlib.sha256()
        block = bytearray()
        ends, hashes = array("Q"), array("q")
        marks: list[Mark] = []
        for row, item_id, text in _texts(table, id_column, text_column, max_text_characters):
            id_bytes, text_bytes = item_id.encode(), text.encode()
            content.update(b"%d %d\n" % (len(id_bytes), len(text_bytes)))
            content.update(id_bytes)
            content.update(text_bytes)
            block += id_bytes
            ends.append(len(block))
            hashes.append(hash(item_id))
            if not marks or (
                row.number - marks[-1].number >= ROWS_BETWEEN_MARKS and row.offset != marks[-1].offset
            ):
                marks.append(row.mark)
        if not ends:
            raise table.error("there are no rows.", "It needs a text to be annotated, at least.")
        ids = Ids(bytes(block), ends)
        whole = DatasetShard(
            path=path,
            source=table.source,
            id_column=id_column,
            text_column=text_column,
            max_text_characters=max_text_characters,
            file_bytes=path.stat().st_size,
            start=0,
            stop=len(ids),
            marks=tuple(marks),
        )
        dataset = cls(whole, ids, content.hexdigest())
        dataset._refuse_duplicates(table, hashes)
        return dataset

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def source(self) -> str:
        """How messages name it."""
        return self.whole.source

    def items(
        self, start: int = 0, stop: int | None = None, only: BoolArray | None = None
    ) -> Iterator[DatasetItem]:
        """Read items in order; beginning in the middle doesn't read what is before.

        Args:
            start: Index of the first.
            stop: Index after the last. Default: to the end.
            only: Shape (items,); which ones of these.
        """
        return self.shard(start, len(self) if stop is None else stop).items(only)

    def shard(self, start: int, stop: int) -> DatasetShard:
        """The items from `start` to before `stop`, for another process to read."""
        start, stop, _ = slice(start, stop).indices(len(self))
        stop = max(start, stop)
        begins = [mark.number - 1 for mark in self.whole.marks]
        marks = self.whole.marks[bisect_right(begins, start) - 1 : bisect_left(begins, stop)]
        return replace(self.whole, start=start, stop=stop, marks=marks)

    def sample(self, size: int, seed: int) -> list[DatasetItem]:
        """Items drawn at random without replacement, in order; all of them if there are fewer."""
        only = np.zeros(len(self), dtype=np.bool_)
        only[random.Random(seed).sample(range(len(self)), min(size, len(self)))] = True  # noqa: S311 - no secret
        return list(self.items(only=only))

    def _refuse_duplicates(self, table: Table, hashes: array[int]) -> None:
        """Compare ids whose hashes are equal: a set of all ids would take ten times the memory."""
        values = np.frombuffer(hashes, dtype=np.int64)
        order = np.argsort(values, kind="stable")
        same = np.flatnonzero(np.diff(values[order]) == 0)
        for second, first in sorted(zip(order[same + 1].tolist(), order[same].tolist(), strict=True)):
            if self.ids[first] == self.ids[second]:
                places = " and ".join(self._row(table, index).place for index in (first, second))
                raise table.error(
                    f"the id {self.ids[first][:100]!r} is there twice: {places}.", "Ids must differ."
                )

    def _row(self, table: Table, index: int) -> Row:
        shard = self.shard(index, index + 1)
        rows = table.rows([shard.text_column], shard.marks[0])
        return next(row for row in rows if row.number == index + 1)


def _texts(
    table: Table, id_column: str | None, text_column: str, max_characters: int, start: Mark | None = None
) -> Iterator[tuple[Row, str, str]]:
    """Rows with their id and their text, checked."""
    columns = [text_column] if id_column is None else [text_column, id_column]
    for row in table.rows(columns, start):
        text = row.cells[0]
        item_id = row.cells[1].strip() if id_column is not None else str(row.number)
        if not item_id:
            raise table.error(f"in {row.place}, {id_column!r} is empty.", "Every text needs an id.")
        if len(text) > max_characters:
            raise table.error(
                f"in {row.place}, the text of {item_id[:100]!r} has {len(text)} characters, "
                f"at most {max_characters} are sent to a model.",
                "Shorten it, or raise TECHNE_MAX_TEXT_CHARACTERS.",
            )
        if not text or text.isspace():
            raise table.error(
                f"in {row.place}, the text of {item_id[:100]!r} is empty.", "Leave the row out."
            )
        yield row, item_id, text
