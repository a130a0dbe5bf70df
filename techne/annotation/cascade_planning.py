"""Which models to ask first, and how sure to be: a cascade's policy, from gold.

Many policies are replayed on the gold items, each item without its own gold; the cheapest that is as
accurate as the full panel is taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from techne.annotation.answers import Answers, answers_of_consensus, answers_of_worker
from techne.annotation.cascade import (
    STATED_THRESHOLD,
    WEIGHTED,
    CascadePolicy,
    call_costs,
    certainty,
    panel_of_workers,
    stated_cascade,
    suffices,
)
from techne.annotation.consensus import registry
from techne.annotation.consensus.method import TIE_TOLERANCE
from techne.annotation.correctness import correctness
from techne.annotation.cross_fitting import can_be_cross_fitted, consensus_of
from techne.annotation.panel import Panel, Problem
from techne.annotation.recommendation import preference
from techne.annotation.votes import BoolArray, FloatArray, Gold, Votes

FEWEST_GOLD = 20
"""Gold items without which a policy can't be chosen by them."""
TOLERANCE = 0.005
"""Accuracy that a cascade may lose against the full panel, on the gold that it is planned with."""
THRESHOLDS = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.925, 0.95, 0.97, 0.98, 0.99, 0.995, 0.999, 1.0)
"""Those that a plan chooses among; at 1 the next model is nearly always asked."""
MOST_MODELS = 16
"""The most accurate models that a plan looks at, as its work grows with their square."""
MOST_GOLD = 1000
"""Gold items that a plan looks at: they give an accuracy to about two points."""
FOLDS = 5
"""Fewer than where a method is judged: a plan fits many times over."""
_CHEAP = 1e-3
"""Of the dearest call: what a free one counts as beside it, so that a gain for nothing is not infinite."""
_LEAST = 1e-9
"""Of a probability, so that one certain error doesn't outweigh all else."""


def plan_cascade(
    panel: Panel,
    *,
    cost_per_call: Mapping[str, float] | None = None,
    threshold: float | None = None,
    tolerance: float = TOLERANCE,
    seed: int = 0,
) -> CascadePolicy:
    """The cheapest policy that is as accurate on gold as the full panel's best method.

    The orders tried are: the cheapest model first; the most accurate first; and whichever adds most to the
    likelihood of gold for its cost first, which leaves out models that add nothing. Models that answered
    fewer than `FEWEST_GOLD` gold items are in none. If no order is accurate enough, everybody is asked at
    once. With fewer than `FEWEST_GOLD` gold items it is a `stated_cascade`.

    Args:
        panel: Everybody's votes about the gold items; other tasks are not looked at.
        cost_per_call: By worker, in any unit. Default: every call costs the same.
        threshold: If stated, the most accurate order with it is taken; default: the cheapest order and
            threshold that are accurate enough.
        tolerance: Accuracy that may be lost.
        seed: Of the folds.

    Raises:
        ConsensusError: Nobody answered the gold items.
    """
    if np.count_nonzero(panel.gold_known) < FEWEST_GOLD:
        stated = STATED_THRESHOLD if threshold is None else threshold
        return stated_cascade(panel.workers, cost_per_call=cost_per_call, threshold=stated)
    panel = restricted(panel, _sample(panel.gold_known, seed))
    costs = call_costs(panel.workers, cost_per_call)
    cost = np.array([costs[worker] for worker in panel.workers])
    _, accuracy = best_of(full_panel(panel, seed=seed), panel)
    trials = list(_tried(panel, cost, THRESHOLDS if threshold is None else (threshold,), seed))
    if threshold is None:
        trials = [trial for trial in trials if trial.accuracy >= accuracy - tolerance - TIE_TOLERANCE]
        trials.sort(key=lambda trial: (trial.cost, trial.threshold, -trial.accuracy))
    else:
        trials.sort(key=lambda trial: (-trial.accuracy, trial.cost))
    source: Literal["gold", "stated"] = "gold" if threshold is None else "stated"
    if not trials:
        return CascadePolicy((panel.workers,), 1.0 if threshold is None else threshold, WEIGHTED, source)
    waves = tuple((panel.workers[worker],) for worker in trials[0].order)
    return CascadePolicy(waves, trials[0].threshold, WEIGHTED, source)


def _sample(known: BoolArray, seed: int) -> BoolArray:
    if np.count_nonzero(known) <= MOST_GOLD:
        return known
    sampled = np.zeros_like(known)
    sampled[np.random.default_rng(seed).choice(np.flatnonzero(known), MOST_GOLD, replace=False)] = True
    return sampled


def full_panel(panel: Panel, *, seed: int = 0) -> dict[str, Answers]:
    """What each default method makes of all votes, gold items without their own gold; by name."""
    methods = registry.default_methods(panel.kind, with_gold=can_be_cross_fitted(panel))
    return {method: answers_of_consensus(consensus_of(panel, method, seed=seed)) for method in methods}


def best_of(answers: Mapping[str, Answers], panel: Panel) -> tuple[str, float]:
    """The method with the highest accuracy on the panel's gold, and that; at equality the simplest.

    Without gold the simplest, at 0.
    """
    known = panel.gold_known
    accuracy = {
        name: float(correctness(answers[name], panel)[known].mean()) if known.any() else 0.0
        for name in sorted(answers, key=preference)
    }
    best = max(accuracy, key=lambda name: round(accuracy[name], 9))
    return best, accuracy[best]


def restricted(panel: Panel, wanted: BoolArray) -> Panel:
    """A panel of these tasks alone, numbered anew."""
    kept = np.flatnonzero(wanted)
    number = np.cumsum(wanted, dtype=np.int32) - 1
    tasks = [panel.tasks[int(task)] for task in kept]
    problems = []
    for problem in panel:
        votes = problem.votes.of_tasks(wanted)
        gold = None if problem.gold is None else Gold(problem.gold.label_index[kept])
        renumbered = Votes(
            tasks,
            votes.workers,
            votes.labels,
            number[votes.task_index].astype(np.int32),
            votes.worker_index,
            votes.label_index,
            votes.confidence,
        )
        problems.append(Problem(problem.name, renumbered, gold))
    return Panel(panel.kind, panel.labels, tuple(problems))


@dataclass(frozen=True, slots=True)
class _Trial:
    """A policy as it did on gold.

    Args:
        order: Worker indices.
        threshold: As in `CascadePolicy`.
        cost: Mean over the gold items.
        accuracy: Of answers that did not see the item's gold.
    """

    order: tuple[int, ...]
    threshold: float
    cost: float
    accuracy: float


def _tried(panel: Panel, cost: FloatArray, thresholds: Sequence[float], seed: int) -> Iterator[_Trial]:
    """Every order at every threshold."""
    gold = _GoldReplay(panel, seed)
    items = np.arange(len(panel.tasks))
    for order in _orders(panel, cost, gold):
        after = [gold.after(order[: asked + 1]) for asked in range(len(order))]
        right = np.stack([answered.right for answered in after])
        sure = np.stack([answered.certainty for answered in after])
        spent = np.cumsum(cost[list(order)])
        for threshold in thresholds:
            stops = suffices(sure, threshold)
            stops[-1] = True  # nobody is left to ask
            last = stops.argmax(axis=0)
            yield _Trial(order, threshold, float(spent[last].mean()), float(right[last, items].mean()))


def _orders(panel: Panel, cost: FloatArray, gold: _GoldReplay) -> list[tuple[int, ...]]:
    right = {
        worker: float(correctness(answers_of_worker(panel, worker), panel).mean())
        for worker in range(len(panel.workers))
        if all(np.count_nonzero(p.votes.worker_index == worker) >= FEWEST_GOLD for p in panel)
    }
    accurate = sorted(right, key=lambda worker: (-right[worker], cost[worker]))[:MOST_MODELS]
    cheap = sorted(accurate, key=lambda worker: float(cost[worker]))
    orders = [tuple(cheap), tuple(accurate), _greedy(accurate, cost, gold)]
    return [order for order in dict.fromkeys(orders) if order]


def _greedy(workers: Sequence[int], cost: FloatArray, gold: _GoldReplay) -> tuple[int, ...]:
    """Next always the model that adds most to the likelihood of gold for its cost, while any adds to it."""
    order: tuple[int, ...] = ()
    reached = gold.guessed
    while True:
        gains = {
            worker: gold.after((*order, worker)).log_likelihood - reached
            for worker in workers
            if worker not in order
        }
        helpful = [worker for worker, gain in gains.items() if gain > 0]
        if not helpful:
            return order
        best = max(helpful, key=lambda worker: gains[worker] / max(cost[worker], _CHEAP * cost.max()))
        order, reached = (*order, best), reached + gains[best]


@dataclass(frozen=True, slots=True)
class _Answered:
    """Where the votes of some models leave the gold items.

    Args:
        right: Shape (items,): how right.
        certainty: Shape (items,): as a policy compares it with its threshold.
        log_likelihood: Of gold, summed.
    """

    right: FloatArray
    certainty: FloatArray
    log_likelihood: float


class _GoldReplay:
    """What any of the models would have answered about the gold items, each without its own gold."""

    def __init__(self, panel: Panel, seed: int) -> None:
        self._panel = panel
        self._seed = seed
        self._answered: dict[frozenset[int], _Answered] = {}
        self.guessed = -len(panel.tasks) * sum(float(np.log(len(p.votes.labels))) for p in panel)
        """Log likelihood of gold if every label is as likely as the others."""

    def after(self, workers: tuple[int, ...]) -> _Answered:
        """Votes of these have come in, in any order."""
        asked = frozenset(workers)
        if asked not in self._answered:
            self._answered[asked] = self._after(workers)
        return self._answered[asked]

    def _after(self, workers: tuple[int, ...]) -> _Answered:
        panel = panel_of_workers(self._panel, workers)
        consensus = consensus_of(panel, WEIGHTED, folds=FOLDS, seed=self._seed)
        log_likelihood = 0.0
        for problem, decided in zip(panel, consensus, strict=True):
            even = 1 / len(problem.votes.labels)
            posterior = np.where(np.isnan(decided.posterior), even, decided.posterior)
            gold = problem.gold.label_index if problem.gold is not None else np.empty(0, dtype=np.int32)
            log_likelihood += float(np.log(posterior[np.arange(len(gold)), gold].clip(_LEAST)).sum())
        return _Answered(
            correctness(answers_of_consensus(consensus), panel), certainty(consensus), log_likelihood
        )
