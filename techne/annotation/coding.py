"""Answers as numbers: labels, sets of labels, abstentions and failures, and the panel that they make up.

Where they come from, models or a file, is the part of `panel_builder` and `recorded`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from techne.annotation.labels import LabelSet
from techne.annotation.panel import Panel, Problem
from techne.annotation.summary import ModelRun
from techne.annotation.votes import BINARY, BoolArray, FloatArray, Gold, IntArray, Votes

ABSTAINED = -1
"""Code of an abstention. Failures have the codes below it, one per kind."""


class AnswerCodes:
    """Numbers the different answers that one label set allows.

    For a single or ordinal label set a label's code is its index; for multi every combination of labels that
    was given has one, in the order of meeting them.
    """

    def __init__(self, label_set: LabelSet) -> None:
        self._label_set = label_set
        self._label_index = {name: index for index, name in enumerate(label_set.names)}
        self._combinations: dict[tuple[int, ...], int] = {}
        self._failures: dict[str, int] = {}

    def labelled(self, labels: Sequence[str]) -> int:
        """Code of an answer, 0 or more.

        Raises:
            KeyError: A label is not in the set; its argument is the label.
            ValueError: There are several labels or none where one is wanted.
        """
        indices = sorted({self._label_index[label] for label in labels})
        if self._label_set.kind == "multi":
            return self._combinations.setdefault(tuple(indices), len(self._combinations))
        if len(indices) != 1:
            raise ValueError(f"one label is wanted, not {len(indices)}")
        return indices[0]

    def failed(self, kind: str) -> int:
        """Code of a failure of that kind, below `ABSTAINED`."""
        return ABSTAINED - 1 - self._failures.setdefault(kind, len(self._failures))

    @property
    def membership(self) -> BoolArray:
        """Shape (codes, labels): which labels each answer consists of."""
        labels = len(self._label_set.labels)
        if self._label_set.kind != "multi":
            return np.eye(labels, dtype=np.bool_)
        membership = np.zeros((len(self._combinations), labels), dtype=np.bool_)
        for indices, code in self._combinations.items():
            membership[code, list(indices)] = True
        return membership

    def split(self, code: IntArray) -> list[IntArray]:
        """Label indices per problem of a panel, for codes of any shape; what is no answer stays below 0."""
        if self._label_set.kind != "multi":
            return [np.maximum(code, ABSTAINED)]
        given = np.vstack([self.membership, np.zeros((1, len(self._label_set.labels)), dtype=np.bool_)])
        return [
            np.where(code >= 0, given[np.maximum(code, -1), label], ABSTAINED).astype(np.int32)
            for label in range(given.shape[1])
        ]

    def panel(
        self,
        tasks: Sequence[str],
        workers: Sequence[str],
        task_index: IntArray,
        worker_index: IntArray,
        code: IntArray,
        *,
        confidence: FloatArray | None = None,
        gold: Sequence[Gold] | None = None,
    ) -> Panel:
        """The panel of these answers; one entry each in the arrays, in order of task and worker.

        Abstentions and failures are left out, since they are no votes.
        """
        voted = code >= 0
        task_index, worker_index = task_index[voted], worker_index[voted]
        confidence = None if confidence is None else confidence[voted]
        multi = self._label_set.kind == "multi"
        problems = []
        for place, label_index in enumerate(self.split(code[voted])):
            votes = Votes(
                tasks,
                tuple(workers),
                BINARY if multi else self._label_set.names,
                task_index,
                worker_index,
                label_index,
                confidence,
            )
            name = self._label_set.names[place] if multi else ""
            problems.append(Problem(name, votes, None if gold is None else gold[place]))
        return Panel(self._label_set.kind, self._label_set.names, tuple(problems))

    def model_runs(
        self, workers: Sequence[str], items: int, worker_index: IntArray, code: IntArray
    ) -> tuple[ModelRun, ...]:
        """How often each worker labelled, abstained and failed; what it was not asked is the rest.

        Args:
            workers: Their names.
            items: How many texts there are.
            worker_index: Worker of each answer, one per task at most.
            code: Code of each answer.
        """
        lowest = ABSTAINED - len(self._failures)
        codes = max(len(self.membership), 1) - lowest
        flat = worker_index.astype(np.int64) * codes + (code.astype(np.int64) - lowest)
        counts = np.bincount(flat, minlength=len(workers) * codes).reshape(len(workers), codes)
        by_label = counts[:, ABSTAINED + 1 - lowest :][:, : len(self.membership)] @ self.membership.astype(
            int
        )
        runs = []
        for worker, name in enumerate(workers):
            failures = {
                kind: int(counts[worker, ABSTAINED - 1 - place - lowest])
                for kind, place in self._failures.items()
            }
            abstained = int(counts[worker, ABSTAINED - lowest])
            answered = int(counts[worker].sum())
            runs.append(
                ModelRun(
                    name=name,
                    items=items,
                    labelled=answered - abstained - sum(failures.values()),
                    abstained=abstained,
                    failed=sum(failures.values()),
                    not_asked=items - answered,
                    failures={kind: count for kind, count in failures.items() if count},
                    distribution=dict(zip(self._label_set.names, by_label[worker].tolist(), strict=True)),
                )
            )
        return tuple(runs)
