"""Asking some models first, and the others only where that leaves doubt.

A policy says in which order models are asked, and when the answers so far suffice. Which policy to follow is
`techne.annotation.cascade_planning`'s part, what one would have saved `techne.annotation.cascade_replay`'s;
the calls are made elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from techne.annotation.consensus import registry
from techne.annotation.consensus.method import Consensus, decide
from techne.annotation.panel import Panel, Problem
from techne.annotation.votes import NO_LABEL, BoolArray, FloatArray, Votes

AGREEMENT = "agreement"
"""The rule without gold: every model is taken to be right as often as `ASSUMED_ACCURACY`."""
WEIGHTED = "gold-weighted"
"""The rule with gold: every model counts as much as gold shows."""
ASSUMED_ACCURACY = 0.75
STATED_THRESHOLD = 0.85
"""Without gold. One answer is not enough (.75); two that agree are (at least .9)."""


@dataclass(frozen=True, slots=True)
class CascadePolicy:
    """In which order models are asked, and when their answers suffice.

    Args:
        waves: Names of the models asked at once, in order; a model that is in no wave is asked only about
            gold items.
        threshold: Posterior of the best label from which a text needs no further wave.
        method: `WEIGHTED` or `AGREEMENT`: what the posterior is.
        threshold_source: Whether gold chose the threshold.
    """

    waves: tuple[tuple[str, ...], ...]
    threshold: float
    method: str
    threshold_source: Literal["gold", "stated"]

    def decide(self, panel: Panel, asked: int) -> tuple[Consensus, ...]:
        """What the models asked so far decide, one `Consensus` per problem.

        Args:
            panel: All votes so far; for `WEIGHTED` with gold and everybody's votes about its items.
            asked: How many waves have been asked; votes of models of later ones are left out.

        Raises:
            ConsensusError: The method needs gold, and there is none with votes.
        """
        workers = {worker for wave in self.waves[:asked] for worker in wave}
        so_far = panel_of_workers(panel, [n for n, worker in enumerate(panel.workers) if worker in workers])
        if self.method == AGREEMENT:
            return tuple(decide(AGREEMENT, agreement_posterior(problem.votes)) for problem in so_far)
        return tuple(
            registry.build(self.method).fit(problem.votes, problem.gold).predict(problem.votes)
            for problem in so_far
        )

    def unsure(self, panel: Panel, asked: int) -> BoolArray:
        """Which tasks the answers so far don't suffice for: unanswered, tied, or below the threshold.

        A task that sufficed once is not asked about again, so a run goes on with those that were unsure after
        every wave. Arguments and errors are those of `decide`.

        Returns:
            Shape (tasks,).
        """
        if asked == 0:
            return np.ones(len(panel.tasks), dtype=np.bool_)
        return ~suffices(certainty(self.decide(panel, asked)), self.threshold)


def suffices(certainty: FloatArray, threshold: float) -> BoolArray:
    """Whether so much certainty is enough; none never is."""
    return np.asarray((certainty >= threshold) & (certainty > 0))


def certainty(consensus: Sequence[Consensus]) -> FloatArray:
    """Posterior of what was decided, of the least certain problem; 0 for ties and tasks without votes."""
    best = [np.where(one.label_index != NO_LABEL, one.posterior.max(axis=1), 0.0) for one in consensus]
    return np.asarray(np.min(best, axis=0))


def agreement_posterior(votes: Votes, accuracy: float = ASSUMED_ACCURACY) -> FloatArray:
    """Posterior if every worker were right with this probability, and errors fell evenly on other labels.

    Returns:
        Shape (tasks, labels); NaN rows for tasks without votes.
    """
    odds = accuracy / ((1 - accuracy) / (len(votes.labels) - 1))
    lead = votes.counts - votes.counts.max(axis=1, keepdims=True)
    share = odds**lead
    share[votes.counts.sum(axis=1) == 0] = np.nan
    return np.asarray(share / share.sum(axis=1, keepdims=True))


def panel_of_workers(panel: Panel, workers: Sequence[int]) -> Panel:
    """The same tasks and workers, with the votes of these workers only."""
    problems = (Problem(p.name, p.votes.of_workers(workers), p.gold) for p in panel)
    return Panel(panel.kind, panel.labels, tuple(problems))


def stated_cascade(
    workers: Sequence[str],
    *,
    cost_per_call: Mapping[str, float] | None = None,
    threshold: float = STATED_THRESHOLD,
) -> CascadePolicy:
    """A policy without gold: the cheapest model first, one a wave, until enough of them agree."""
    costs = call_costs(workers, cost_per_call)
    order = sorted(workers, key=lambda worker: costs[worker])
    return CascadePolicy(tuple((worker,) for worker in order), threshold, AGREEMENT, "stated")


def call_costs(workers: Sequence[str], cost_per_call: Mapping[str, float] | None) -> dict[str, float]:
    """Cost of a call to each; every call counts 1 unless all prices are known and some aren't 0."""
    known = cost_per_call or {}
    if all(worker in known for worker in workers) and any(known[worker] > 0 for worker in workers):
        return {worker: known[worker] for worker in workers}
    return dict.fromkeys(workers, 1.0)
