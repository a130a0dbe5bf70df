"""Labels that exist already, from models or people, as a panel: nobody is asked again.

Any table with the columns task, worker (or model) and label will do, and the annotations file that
`annotation_file` writes.
"""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from techne.annotation.annotation_file import ANNOTATION_COLUMNS
from techne.annotation.cells import restored, split_labels
from techne.annotation.coding import ABSTAINED, AnswerCodes
from techne.annotation.gold import TASK_COLUMNS, KnownAnswers, read_gold, unknown_label
from techne.annotation.labels import ABSTAIN, MAX_LABELS, LabelKind, LabelSet
from techne.annotation.panel import Panel
from techne.annotation.summary import ModelRun
from techne.annotation.tables import Row, Table, open_table
from techne.annotation.votes import FloatArray, IntArray

WORKER_COLUMNS = ("worker", "model")
LABEL_COLUMNS = ("label", "labels")
_EXAMPLES = 5
_MAX_ANSWERS = 100_000
"""Different answers of a multi-label file; more are a column of something else."""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A second answer of the same worker about the same task. The first one counts.

    Args:
        task: The task.
        worker: The worker.
        kept: The first answer, as the file has it.
        left_out: The other.
        row: Row of the other, from 1 without the header.
    """

    task: str
    worker: str
    kept: str
    left_out: str
    row: int


@dataclass(frozen=True, slots=True)
class RecordedLabels:
    """What the files say.

    Args:
        label_set: The one given, or the one of the labels found.
        panel: Votes and gold.
        models: How much each worker answered; items are all tasks of the file.
        known: What is known from gold; None without a gold file.
        duplicates: Answers left out because the worker had answered the task before.
        conflicting: Those of them that differ from the first answer.
        examples: Some of them, conflicting ones first.
    """

    label_set: LabelSet
    panel: Panel
    models: tuple[ModelRun, ...]
    known: KnownAnswers | None
    duplicates: int
    conflicting: int
    examples: tuple[Duplicate, ...]


def read_recorded(
    annotations: Path,
    gold: Path | None = None,
    *,
    label_set: LabelSet | None = None,
    kind: LabelKind = "single",
    source: str | None = None,
    gold_source: str | None = None,
    max_bytes: int | None = None,
) -> RecordedLabels:
    """Read existing labels, and gold if there is any.

    An empty label, or ABSTAIN, is an abstention; for multi an empty one is the answer that no label fits. A
    column `status`, if there is one, says labelled, abstained or failed; `confidence` is from 0 to 1.

    Args:
        annotations: A local CSV, JSON Lines or Parquet file.
        gold: The same, for `read_gold`.
        label_set: What could be answered. Default: the labels found, by size if all are numbers, else sorted.
        kind: The kind of the label set, where none is given.
        source: How messages name the annotations. Default: the file's name.
        gold_source: How messages name the gold. Default: the file's name.
        max_bytes: Largest file.

    Raises:
        DatasetError: A file can't be read, has no rows, or a label that is not in the set.
    """
    table = open_table(annotations, source, max_bytes=max_bytes)
    read = _Reading(table, multi=(label_set.kind if label_set else kind) == "multi")
    read.all_rows()
    label_set = label_set or _labels_found(read, table, kind)
    codes = AnswerCodes(label_set)
    code = read.codes(codes, label_set)
    keep, left_out = _first_of_each(read.task_index, read.worker_index, code, len(read.workers))
    tasks, workers = list(read.tasks), list(read.workers)
    known = None
    if gold is not None:
        known = read_gold(gold, tasks, label_set, source=gold_source, max_bytes=max_bytes)
    confidence = read.confidence
    panel = codes.panel(
        tasks,
        workers,
        read.task_index[keep],
        read.worker_index[keep],
        code[keep],
        confidence=None if confidence is None else confidence[keep],
        gold=None if known is None else known.problems,
    )
    conflicting = [(first, other) for first, other in left_out if code[first] != code[other]]
    same = [(first, other) for first, other in left_out[:_EXAMPLES] if code[first] == code[other]]
    return RecordedLabels(
        label_set=label_set,
        panel=panel,
        models=codes.model_runs(workers, len(tasks), read.worker_index[keep], code[keep]),
        known=known,
        duplicates=len(left_out),
        conflicting=len(conflicting),
        examples=tuple(
            Duplicate(
                task=tasks[read.task_index[other]],
                worker=workers[read.worker_index[other]],
                kept=read.answer(first),
                left_out=read.answer(other),
                row=other + 1,
            )
            for first, other in (conflicting + same)[:_EXAMPLES]
        ),
    )


class _Reading:
    """The rows of a file as numbers: every different cell is kept once."""

    def __init__(self, table: Table, *, multi: bool) -> None:
        self._table, self._multi = table, multi
        self._columns = [table.need(*TASK_COLUMNS), table.need(*WORKER_COLUMNS), table.need(*LABEL_COLUMNS)]
        self._optional = [name for name in ("status", "failure", "confidence") if table.find(name)]
        own = table.columns == tuple(column.name for column in ANNOTATION_COLUMNS)
        self._text = restored if own and table.format == "csv" else str
        self._tasks, self._workers, self._answers = array("i"), array("i"), array("i")
        self._confidences = array("d")
        self.tasks: dict[str, int] = {}
        self.workers: dict[str, int] = {}
        # By cells of label, status and failure: its number, and the place where it was seen first.
        self.answers: dict[tuple[str, ...], tuple[int, str]] = {}

    def all_rows(self) -> None:
        """Read them."""
        tasks: dict[str, int] = {}
        workers: dict[str, int] = {}
        with_confidence = "confidence" in self._optional
        for row in self._table.rows(self._columns + self._optional):
            task_cell, worker_cell, *answer = row.cells
            if with_confidence:
                self._confidences.append(self._number(answer.pop(), row))
            task = tasks.get(task_cell)
            if task is None:
                task = tasks[task_cell] = self._named(self.tasks, task_cell, self._columns[0], row)
            worker = workers.get(worker_cell)
            if worker is None:
                worker = workers[worker_cell] = self._named(self.workers, worker_cell, self._columns[1], row)
            key = tuple(answer)
            seen = self.answers.get(key)
            if seen is None:
                seen = self.answers[key] = self._new_answer(row)
            self._tasks.append(task)
            self._workers.append(worker)
            self._answers.append(seen[0])
        if not self._tasks:
            raise self._table.error("there are no rows.", "It needs a label, at least.")
        self.task_index: IntArray = np.frombuffer(self._tasks, dtype=np.int32)
        self.worker_index: IntArray = np.frombuffer(self._workers, dtype=np.int32)

    @property
    def confidence(self) -> FloatArray | None:
        """Per row; None if nobody said anything."""
        confidence = np.frombuffer(self._confidences, dtype=np.float64)
        return confidence if len(confidence) and not np.isnan(confidence).all() else None

    def labels(self, answer: tuple[str, ...]) -> tuple[str, ...] | None:
        """The labels of an answer; None if it is an abstention or a failure."""
        label = self._text(answer[0]).strip()
        if self._status(answer) != "labelled" or label == ABSTAIN or (not label and not self._multi):
            return None
        return split_labels(label) if self._multi else (label,)

    def codes(self, codes: AnswerCodes, label_set: LabelSet) -> IntArray:
        """Code of each row's answer."""
        by_answer = np.empty(len(self.answers), dtype=np.int32)
        for answer, (number, place) in self.answers.items():
            labels = self.labels(answer)
            try:
                if labels is not None:
                    by_answer[number] = codes.labelled(labels)
                elif self._status(answer) == "failed":
                    by_answer[number] = codes.failed(self._cell(answer, "failure") or "unknown")
                else:
                    by_answer[number] = ABSTAINED
            except KeyError as error:
                raise unknown_label(self._table, place, error.args[0], label_set) from None
        return by_answer[np.frombuffer(self._answers, dtype=np.int32)]

    def answer(self, row: int) -> str:
        """What the row says, for messages."""
        answer = next(key for key, (number, _) in self.answers.items() if number == self._answers[row])
        return self._text(answer[0]).strip() or self._status(answer)

    def _cell(self, answer: tuple[str, ...], name: str) -> str:
        return answer[1 + self._optional.index(name)].strip() if name in self._optional else ""

    def _status(self, answer: tuple[str, ...]) -> str:
        return self._cell(answer, "status") or (
            "labelled" if answer[0].strip() or self._multi else "abstained"
        )

    def _named(self, names: dict[str, int], cell: str, column: str, row: Row) -> int:
        name = self._text(cell).strip()
        if not name:
            raise self._table.error(
                f"in {row.place}, {column!r} is empty.", "Every label has a task and a worker."
            )
        return names.setdefault(name, len(names))

    def _new_answer(self, row: Row) -> tuple[int, str]:
        if len(self.answers) >= _MAX_ANSWERS or len(row.cells[2]) > MAX_LABELS * 256:
            raise self._table.error(
                f"up to {row.place} there are {len(self.answers)} different answers.",
                f"Is {self._columns[2]!r} the column of labels?",
            )
        status = self._cell(tuple(row.cells[2:]), "status")
        if status not in ("", "labelled", "abstained", "failed"):
            raise self._table.error(
                f"in {row.place}, the status {status[:60]!r} is unknown.",
                "It is labelled, abstained or failed.",
            )
        return len(self.answers), row.place

    def _number(self, cell: str, row: Row) -> float:
        if not cell.strip():
            return math.nan
        try:
            number = float(cell)
        except ValueError:
            number = math.nan
        if not 0 <= number <= 1:
            raise self._table.error(
                f"in {row.place}, the confidence {cell[:60]!r} is no number from 0 to 1.",
                "Leave it empty where there is none.",
            )
        return number


def _labels_found(read: _Reading, table: Table, kind: LabelKind) -> LabelSet:
    """The labels of all answers: by size if they are numbers, else in the order of the alphabet."""
    names = list({name: None for answer in read.answers for name in read.labels(answer) or ()})
    try:
        names.sort(key=float)
    except ValueError:
        names.sort()
    if len(names) > MAX_LABELS:
        raise table.error(
            f"there are {len(names)} different labels, at most {MAX_LABELS} are possible.",
            "Check which column holds the labels.",
        )
    if len(names) < 2:
        found = f"only the label {names[0][:100]!r} is found" if names else "no label is found"
        raise table.error(f"{found}.", "Give a label set that names all that were possible.")
    try:
        return LabelSet.of_names(names, kind)
    except ValidationError as error:
        reason = error.errors(include_url=False, include_input=False)[0]["msg"]
        raise table.error(f"its labels are no label set: {reason}.", "Give a label set.") from None


def _first_of_each(
    task_index: IntArray, worker_index: IntArray, code: IntArray, workers: int
) -> tuple[IntArray, list[tuple[int, int]]]:
    """Rows that count, in order of task and worker; and pairs of such a row and one left out because of it.

    An answer takes the place of a failure; a failure beside an answer, or another failure, is passed over.
    """
    pair = task_index.astype(np.int64) * workers + worker_index
    failed = code < ABSTAINED
    order = np.lexsort((failed, pair))
    starts = np.concatenate([[True], np.diff(pair[order]) != 0])
    keep = order[starts]
    first = keep[np.cumsum(starts) - 1]
    others = np.flatnonzero(~starts & ~failed[order])
    left_out = sorted(
        zip(first[others].tolist(), order[others].tolist(), strict=True), key=lambda both: both[1]
    )
    return keep.astype(np.int32), left_out
