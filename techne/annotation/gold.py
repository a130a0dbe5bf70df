"""Known answers, read from a file and brought into the order of a panel's tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from techne.annotation.cells import neutralised, restored, split_labels
from techne.annotation.coding import ABSTAINED, AnswerCodes
from techne.annotation.labels import LabelSet
from techne.annotation.tables import Row, Table, open_table
from techne.annotation.tables.table import nearest
from techne.annotation.votes import Gold
from techne.errors import DatasetError

TASK_COLUMNS = ("task", "item_id", "id")
GOLD_COLUMNS = ("gold", "label", "labels")
_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class KnownAnswers:
    """What a gold file says about a panel's tasks.

    Args:
        problems: One per problem of the panel: one, or for multi one per label.
        items: Tasks whose answer is known.
        unmatched: Ids in the file that no task has.
        unmatched_examples: Some of them.
        repeated: Rows that say again what another says.
        blank: Rows without an answer, as of a file that is still being filled in. For multi there are none:
            no label is an answer.
        distribution: Known answers by label.
    """

    problems: tuple[Gold, ...]
    items: int
    unmatched: int
    unmatched_examples: tuple[str, ...]
    repeated: int
    blank: int
    distribution: dict[str, int]


def read_gold(
    path: Path,
    tasks: Sequence[str],
    label_set: LabelSet,
    *,
    source: str | None = None,
    max_bytes: int | None = None,
) -> KnownAnswers:
    """Read a gold file: a column task, item_id or id, and a column gold, label or labels.

    Args:
        path: A local CSV, JSON Lines or Parquet file.
        tasks: Ids of the tasks, in the order of the votes.
        label_set: What can be answered. For multi a cell has any number of labels, joined by `|`.
        source: How messages name the file. Default: its name.
        max_bytes: Largest file.

    Raises:
        DatasetError: It can't be read, has no rows or no answer, a label is unknown, a task has two
            different answers, or no task is one of the dataset's.
    """
    table = open_table(path, source, max_bytes=max_bytes)
    codes = AnswerCodes(label_set)
    known: dict[str, tuple[int, Row]] = {}
    repeated = blank = rows = 0
    for row in table.rows([table.need(*TASK_COLUMNS), table.need(*GOLD_COLUMNS)]):
        rows += 1
        task = row.cells[0].strip()
        if not task:
            raise table.error(f"in {row.place}, the id is empty.", "Say which text it is about.")
        code = _code(row, table, codes, label_set)
        if code == ABSTAINED:
            blank += 1
            continue
        before, first = known.setdefault(task, (code, row))
        if before != code:
            raise table.error(
                f"{task[:100]!r} has two answers: {first.cells[1][:100]!r} in {first.place} and "
                f"{row.cells[1][:100]!r} in {row.place}.",
                "Keep the right one.",
            )
        repeated += first is not row
    if not known:
        reason = f"none of its {rows} rows has an answer" if rows else "there are no rows"
        raise table.error(f"{reason}.", "Leave gold out if there is none.")
    return _matched(known, tasks, codes, label_set, table, repeated, blank)


def _code(row: Row, table: Table, codes: AnswerCodes, label_set: LabelSet) -> int:
    """Code of the row's second cell, `ABSTAINED` if it has no answer."""
    cell = row.cells[1].strip()
    multi = label_set.kind == "multi"
    if not cell and not multi:
        return ABSTAINED
    for text in (cell, restored(cell)):
        try:
            return codes.labelled(split_labels(text) if multi else (text,))
        except KeyError as error:
            unknown = error.args[0]
    raise unknown_label(table, row.place, unknown, label_set)


def unknown_label(table: Table, place: str, label: str, label_set: LabelSet) -> DatasetError:
    """The error that a label is not in the set."""
    near = nearest(label, label_set.names)
    names = ", ".join(repr(name[:60]) for name in label_set.names[:20])
    return table.error(
        f"in {place}, the label {label[:100]!r} is unknown; there are {names}.",
        f"Did you mean {near!r}?" if near else "Correct it, or give a label set that has it.",
    )


def _matched(
    known: dict[str, tuple[int, Row]],
    tasks: Sequence[str],
    codes: AnswerCodes,
    label_set: LabelSet,
    table: Table,
    repeated: int,
    blank: int,
) -> KnownAnswers:
    code = np.full(len(tasks), ABSTAINED, dtype=np.int32)
    matched = set()
    for index, task in enumerate(tasks):
        # Files of our own writing have an apostrophe before what a spreadsheet would compute.
        name = task if task in known else neutralised(task)
        if name in known:
            code[index] = known[name][0]
            matched.add(name)
    unmatched = [task for task in known if task not in matched]
    if not matched:
        some = tasks[0][:100] if len(tasks) else ""
        raise table.error(
            f"none of its {len(known)} ids is a task's: it has {unmatched[0][:100]!r}, a task is {some!r}.",
            "Check which column holds the ids.",
        )
    by_label = codes.membership[code[code >= 0]].sum(axis=0)
    return KnownAnswers(
        problems=tuple(Gold(label_index) for label_index in codes.split(code)),
        items=len(matched),
        unmatched=len(unmatched),
        unmatched_examples=tuple(unmatched[:_EXAMPLES]),
        repeated=repeated,
        blank=blank,
        distribution=dict(zip(label_set.names, by_label.tolist(), strict=True)),
    )
