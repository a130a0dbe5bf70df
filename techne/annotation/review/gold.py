"""Gold with its provenance: what was known, what people have answered since, and where the two contradict.

A `gold.csv` has the columns id, label and source; several labels in a cell are joined by `|`. The experiment
reads it as it reads any gold.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from techne.annotation.cells import join_labels, restored, split_labels
from techne.annotation.gold import GOLD_COLUMNS, TASK_COLUMNS
from techne.annotation.labels import LabelSet
from techne.annotation.review.answers import Labels, in_order, problem_with
from techne.annotation.tables import Column, Row, Table, TableWriter, open_table
from techne.errors import DatasetError, LabelSetError

Source = Literal["gold", "review"]
FILE_COLUMNS = (Column("id"), Column("label"), Column("source"))
STEM = "gold"


@dataclass(frozen=True, slots=True)
class GoldAnswer:
    """A known answer, and whether it was known before or comes from a review."""

    labels: Labels
    source: Source = "gold"


@dataclass(frozen=True, slots=True)
class Conflict:
    """An answer that contradicts what is known already; what was known stays."""

    id: str
    gold: Labels
    answer: Labels


@dataclass(frozen=True, slots=True)
class FoldedGold:
    """Gold with answers folded in.

    Args:
        gold: By item id: first what was known, in its order, then what is new.
        added: How many answers are new.
        confirmed: How many say what was known.
        conflicts: Those that contradict it.
    """

    gold: dict[str, GoldAnswer]
    added: int
    confirmed: int
    conflicts: tuple[Conflict, ...]


def fold(
    gold: Mapping[str, GoldAnswer], answers: Mapping[str, Labels], label_set: LabelSet, items: Collection[str]
) -> FoldedGold:
    """Fold a review's answers into gold. What was known is never changed.

    Args:
        gold: Known answers by item id.
        answers: The review's.
        label_set: What can be answered.
        items: Ids that could be asked about.

    Raises:
        DatasetError: An answer is about an unknown item.
        LabelSetError: An answer is not one of the label set.
    """
    folded = dict(gold)
    conflicts = []
    added = confirmed = 0
    for item, labels in answers.items():
        if item not in items:
            raise DatasetError(
                f"There is an answer about {item[:100]!r}, which is no item of this review.",
                cure="Give the answers and the experiment that belong together.",
            )
        problem = problem_with(labels, label_set)
        if problem:
            raise LabelSetError(f"In the answer about {item[:100]!r}, {problem}.")
        answer = in_order(labels, label_set)
        known = folded.get(item)
        if known is None:
            folded[item] = GoldAnswer(answer, "review")
            added += 1
        elif known.labels == answer:
            confirmed += 1
        else:
            conflicts.append(Conflict(item, known.labels, answer))
    return FoldedGold(folded, added, confirmed, tuple(conflicts))


def write_gold(folder: Path, gold: Mapping[str, GoldAnswer], label_set: LabelSet) -> tuple[Path, ...]:
    """Write gold.csv and gold.parquet, and return their paths."""
    with TableWriter(folder, STEM, FILE_COLUMNS) as writer:
        for item, answer in gold.items():
            cell = join_labels(answer.labels) if label_set.kind == "multi" else "".join(answer.labels)
            writer.write((item, cell, answer.source))
    return writer.paths


def read_gold_file(
    path: Path, label_set: LabelSet, *, source: str | None = None, max_bytes: int | None = None
) -> dict[str, GoldAnswer]:
    """Read a table with an item and an answer a row: gold, or a review's answers that somebody wrote down.

    Rows without an answer are passed over; for multi, that is an answer: no label fits.

    Args:
        path: A local CSV, JSON Lines or Parquet file, with a column task, item_id or id, and a column gold,
            label or labels; `source`, if there is one, says gold or review.
        label_set: What can be answered.
        source: How messages name the file. Default: its name.
        max_bytes: Largest file.

    Raises:
        DatasetError: It can't be read, a label is unknown, or an item has two different answers; the message
            names the row.
    """
    table = open_table(path, source, max_bytes=max_bytes)
    columns = [table.need(*TASK_COLUMNS), table.need(*GOLD_COLUMNS)]
    provenance = table.find("source")
    own = table.columns == tuple(column.name for column in FILE_COLUMNS) and table.format == "csv"
    answers: dict[str, GoldAnswer] = {}
    for row in table.rows([*columns, *([provenance] if provenance else [])]):
        item, cell, *said = [(restored(each) if own else each).strip() for each in row.cells]
        if not item:
            raise table.error(f"in {row.place}, the id is empty.", "Say which text it is about.")
        if not cell and label_set.kind != "multi":
            continue
        answer = GoldAnswer(_labels(cell, row, table, label_set), "review" if said == ["review"] else "gold")
        if answers.setdefault(item, answer).labels != answer.labels:
            raise table.error(
                f"{item[:100]!r} has two answers, the second in {row.place}.", "Keep the right one."
            )
    return answers


def _labels(cell: str, row: Row, table: Table, label_set: LabelSet) -> Labels:
    labels = in_order(split_labels(cell) if label_set.kind == "multi" else (cell,), label_set)
    problem = problem_with(labels, label_set)
    if problem:
        raise table.error(f"in {row.place}, {problem}.", "Correct it, or give a label set that has it.")
    return labels
