"""Votes as arrays: who gave which task which label. The one input of consensus, agreement and evaluation.

A multi-label problem is one `Votes` per label, with the labels `("no", "yes")`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int32]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

NO_LABEL = -1
"""Label index of what has no label: an unanswered task, a tie, a task without gold."""
BINARY = ("no", "yes")


@dataclass(frozen=True)
class Votes:
    """Votes in order of task, then worker; at most one of each (task, worker).

    The three index arrays have the same length, one entry per vote. Abstentions and failures are no votes.

    Args:
        tasks: Ids; `tasks[i]` is task index `i`. A task may have no vote at all.
        workers: Names of models or people; `workers[i]` is worker index `i`.
        labels: Names; `labels[i]` is label index `i`; in order of size if the scale is ordinal.
        task_index: Task of each vote.
        worker_index: Worker of each vote.
        label_index: Label of each vote.
        confidence: What the worker said of its certainty, 0 to 1, NaN where nothing; None if nobody did.
    """

    tasks: Sequence[str]
    workers: tuple[str, ...]
    labels: tuple[str, ...]
    task_index: IntArray
    worker_index: IntArray
    label_index: IntArray
    confidence: FloatArray | None = None

    def __post_init__(self) -> None:
        """Hold the order and the uniqueness that everybody relies on."""
        if not (len(self.task_index) == len(self.worker_index) == len(self.label_index)):
            raise ValueError("the index arrays differ in length")
        pair = self.task_index.astype(np.int64) * max(len(self.workers), 1) + self.worker_index
        if np.any(np.diff(pair) <= 0):
            raise ValueError("votes must be sorted by task and worker, each pair once")
        for index, size in (
            (self.task_index, len(self.tasks)),
            (self.worker_index, len(self.workers)),
            (self.label_index, len(self.labels)),
        ):
            if len(index) and (index.min() < 0 or index.max() >= size):
                raise ValueError("an index is outside its names")

    def __len__(self) -> int:
        return len(self.task_index)

    @cached_property
    def counts(self) -> FloatArray:
        """Votes by task and label, shape (tasks, labels)."""
        flat = self.task_index.astype(np.int64) * len(self.labels) + self.label_index
        counts = np.bincount(flat, minlength=len(self.tasks) * len(self.labels))
        return counts.reshape(len(self.tasks), len(self.labels)).astype(np.float64)

    @cached_property
    def matrix(self) -> IntArray:
        """Label index by task and worker, shape (tasks, workers), `NO_LABEL` where there is no vote.

        For panels of models; a crowd of thousands of workers should stay with the index arrays.
        """
        matrix = np.full((len(self.tasks), len(self.workers)), NO_LABEL, dtype=np.int32)
        matrix[self.task_index, self.worker_index] = self.label_index
        return matrix

    def select(self, keep: BoolArray) -> Votes:
        """The votes where `keep`, of shape (votes,), is true; tasks, workers and labels stay as they are."""
        return Votes(
            self.tasks,
            self.workers,
            self.labels,
            self.task_index[keep],
            self.worker_index[keep],
            self.label_index[keep],
            None if self.confidence is None else self.confidence[keep],
        )

    def of_tasks(self, wanted: BoolArray) -> Votes:
        """The votes of the tasks where `wanted`, of shape (tasks,), is true."""
        return self.select(wanted[self.task_index])

    def of_workers(self, workers: Sequence[int]) -> Votes:
        """The votes of these workers, by worker index."""
        return self.select(np.isin(self.worker_index, np.asarray(workers, dtype=np.int32)))

    @classmethod
    def from_matrix(
        cls,
        matrix: IntArray,
        *,
        tasks: Sequence[str],
        workers: Sequence[str],
        labels: Sequence[str],
        confidence: FloatArray | None = None,
    ) -> Votes:
        """Votes of a (tasks, workers) matrix of label indices, `NO_LABEL` where there is none.

        `confidence` has the matrix' shape.
        """
        task_index, worker_index = np.nonzero(matrix != NO_LABEL)
        return cls(
            tasks,
            tuple(workers),
            tuple(labels),
            task_index.astype(np.int32),
            worker_index.astype(np.int32),
            matrix[task_index, worker_index].astype(np.int32),
            None if confidence is None else confidence[task_index, worker_index].astype(np.float64),
        )


@dataclass(frozen=True)
class Gold:
    """Known answers, in the order of a `Votes`' tasks.

    Args:
        label_index: Shape (tasks,); `NO_LABEL` where the answer is not known.
    """

    label_index: IntArray

    def __len__(self) -> int:
        """How many answers are known."""
        return int(np.count_nonzero(self.known))

    @cached_property
    def known(self) -> BoolArray:
        """Shape (tasks,): whether the answer is known."""
        return np.asarray(self.label_index != NO_LABEL)

    def only(self, wanted: BoolArray) -> Gold:
        """The same, known only where `wanted`, of shape (tasks,), is true; as for a fold."""
        return Gold(np.where(wanted, self.label_index, NO_LABEL).astype(np.int32))
