"""How every two workers agree on the tasks that both answered, and whether they err together.

Everything comes from products of sparse tasks x workers matrices: for every two workers a sum over their
common tasks. Memory grows with votes and with pairs of workers, not with tasks x workers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from techne.annotation.panel import Problem
from techne.annotation.votes import NO_LABEL, FloatArray, Gold, Votes

MAX_WORKERS = 1000
"""Of a larger crowd only those with most votes are compared: half a million pairs."""
_CELLS_AT_ONCE = 4_000_000
"""Of labels x workers x workers, 8 bytes each."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Every two workers, once. All of shape (pairs,); NaN where a figure is not defined.

    Args:
        first: Worker index.
        second: Worker index, the greater of the two.
        items: Tasks that both answered.
        gold_items: Those of them with gold.
        observed: Part of `items` with the same label.
        kappa: Cohen 1960, or with quadratic weights Cohen 1968; not defined where both always say the same
            one label.
        error_correlation: Pearson's, of being wrong on `gold_items`; not defined where one of the two is
            always or never wrong.
    """

    first: NDArray[np.intp]
    second: NDArray[np.intp]
    items: FloatArray
    gold_items: FloatArray
    observed: FloatArray
    kappa: FloatArray
    error_correlation: FloatArray


def busiest_workers(votes: Votes) -> NDArray[np.intp]:
    """Indices, in order, of the `MAX_WORKERS` with most votes."""
    given = np.bincount(votes.worker_index, minlength=len(votes.workers))
    return np.sort(np.argsort(-given, kind="stable")[:MAX_WORKERS])


def measure_pairs(problem: Problem, workers: NDArray[np.intp], *, ordinal: bool) -> Pairs:
    """Compare every two of these workers.

    Args:
        problem: Votes, and gold for the errors.
        workers: Worker indices, in order.
        ordinal: Whether kappa weighs a disagreement by the square of its steps.
    """
    table = _Table.of(problem.votes, workers)
    common, same = table.common(), table.same_label()
    kappa = table.quadratic_kappa() if ordinal else table.kappa(common, same)
    gold_common, correlation = table.errors(problem.gold)
    first, second = np.triu_indices(len(workers), k=1)
    return Pairs(
        first=workers[first],
        second=workers[second],
        items=common[first, second],
        gold_items=gold_common[first, second],
        observed=_ratio(same, common)[first, second],
        kappa=kappa[first, second],
        error_correlation=correlation[first, second],
    )


@dataclass(frozen=True, slots=True)
class _Table:
    """Votes of the workers that are compared. Every method gives matrices of shape (workers, workers).

    Args:
        votes: Of these workers only.
        column: Shape (votes,): each vote's place among the workers.
        workers: How many they are.
    """

    votes: Votes
    column: NDArray[np.intp]
    workers: int

    @classmethod
    def of(cls, votes: Votes, workers: NDArray[np.intp]) -> Self:
        chosen = np.isin(votes.worker_index, workers)
        votes = votes if chosen.all() else votes.select(chosen)
        return cls(votes, np.searchsorted(workers, votes.worker_index), len(workers))

    def common(self) -> FloatArray:
        """Tasks that both answered."""
        answered = self._by_task()
        return _sums(answered, answered)

    def same_label(self) -> FloatArray:
        """Tasks that both gave the same label."""
        answer = self.votes.task_index * np.int64(len(self.votes.labels)) + self.votes.label_index
        answers, row = np.unique(answer, return_inverse=True)
        given = _sparse(row, self.column, (len(answers), self.workers))
        return _sums(given, given)

    def kappa(self, common: FloatArray, same: FloatArray) -> FloatArray:
        """Of two who, by chance, would draw from their own answers to the common tasks."""
        answered = self._by_task()
        by_chance = np.zeros_like(common)
        at_once = min(max(1, _CELLS_AT_ONCE // max(common.size, 1)), len(self.votes.labels))
        for start in range(0, len(self.votes.labels), at_once):
            label = self.votes.label_index - start
            wanted = (label >= 0) & (label < at_once)
            row, worker = self.votes.task_index[wanted], self.column[wanted]
            shape = (answered.shape[0], at_once * self.workers)
            one_hot = _sparse(row, label[wanted] * self.workers + worker, shape)
            said = _sums(one_hot, answered).reshape(at_once, self.workers, self.workers)
            by_chance += (said * said.transpose(0, 2, 1)).sum(axis=0)
        return _ratio(same * common - by_chance, common**2 - by_chance)

    def quadratic_kappa(self) -> FloatArray:
        """1 less observed over expected squared distance, from the first two moments of the answers."""
        label = self.votes.label_index.astype(np.float64)
        answered, labels = self._by_task(), self._by_task(label)
        common, total = _sums(answered, answered), _sums(labels, answered)
        squares = _sums(self._by_task(label**2), answered)
        observed = squares + squares.T - 2 * _sums(labels, labels)
        expected = common * (squares + squares.T) - 2 * total * total.T
        return 1 - _ratio(common * observed, expected)

    def errors(self, gold: Gold | None) -> tuple[FloatArray, FloatArray]:
        """Common tasks with gold, and Pearson's correlation (phi) of being wrong on them."""
        truth = (
            np.full(len(self.votes), NO_LABEL) if gold is None else gold.label_index[self.votes.task_index]
        )
        answered = self._by_task((truth != NO_LABEL).astype(np.float64))
        is_wrong = (truth != NO_LABEL) & (truth != self.votes.label_index)
        wrong = self._by_task(is_wrong.astype(np.float64))
        common, errors, both = _sums(answered, answered), _sums(wrong, answered), _sums(wrong, wrong)
        spread = np.sqrt(errors * (common - errors))
        return common, np.clip(_ratio(common * both - errors * errors.T, spread * spread.T), -1.0, 1.0)

    def _by_task(self, values: FloatArray | None = None) -> Any:
        shape = (len(self.votes.tasks), self.workers)
        return _sparse(self.votes.task_index, self.column, shape, values)


def _sparse(
    row: NDArray[Any], column: NDArray[Any], shape: tuple[int, int], values: FloatArray | None = None
) -> Any:
    """Sparse matrix of these values, 1 where none are given."""
    from scipy import sparse  # with scikit-learn

    values = np.ones(len(row)) if values is None else values
    matrix = sparse.coo_array((values, (row, column)), shape=shape).tocsr()
    matrix.eliminate_zeros()
    return matrix


def _sums(first: Any, second: Any) -> FloatArray:
    """For each column of the first (a row here) and of the second the sum of products over their rows."""
    return np.asarray((first.T @ second).toarray(), dtype=np.float64)


def _ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    return np.asarray(np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0))


def mean_pairs(parts: Iterator[Pairs]) -> Pairs:
    """The mean over problems with the same workers and tasks, of each pair where its figures are defined."""
    one = next(parts)
    sums = [_Mean(values) for values in (one.observed, one.kappa, one.error_correlation)]
    for part in parts:
        for mean, values in zip(sums, (part.observed, part.kappa, part.error_correlation), strict=True):
            mean.add(values)
    observed, kappa, error_correlation = (mean.value for mean in sums)
    return replace(one, observed=observed, kappa=kappa, error_correlation=error_correlation)


class _Mean:
    """Mean of arrays one after another, NaN apart."""

    def __init__(self, values: FloatArray) -> None:
        self._total = np.zeros_like(values)
        self._count = np.zeros_like(values)
        self.add(values)

    def add(self, values: FloatArray) -> None:
        self._total += np.nan_to_num(values)
        self._count += ~np.isnan(values)

    @property
    def value(self) -> FloatArray:
        return _ratio(self._total, self._count)
