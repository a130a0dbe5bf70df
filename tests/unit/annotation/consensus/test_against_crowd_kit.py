"""Our methods say what crowd-kit's say, where crowd-kit is deterministic and right."""

from __future__ import annotations

import numpy as np
import pytest
from crowdkit import aggregation

from techne.annotation.consensus.crowd_kit import GLAD, MACE, in_order_of_first_use
from techne.annotation.consensus.dawid_skene import DawidSkene
from techne.annotation.consensus.majority import MajorityVote
from techne.annotation.consensus.one_coin import OneCoin
from techne.annotation.votes import Votes
from tests.unit.annotation.consensus.crowds import Crowd, crowd_kit_posterior, external, recorded, simulated

ITERATIONS = 5
"""Both stop after as many: crowd-kit measures convergence by another figure."""


def equal_to_crowd_kit(crowd: Crowd) -> None:
    votes = crowd.votes
    for ours, theirs in (
        (MajorityVote(), aggregation.MajorityVote()),
        (
            DawidSkene(tolerance=-np.inf, max_iterations=ITERATIONS),
            aggregation.DawidSkene(n_iter=ITERATIONS, tol=-np.inf),
        ),
        (
            OneCoin(tolerance=-np.inf, max_iterations=ITERATIONS),
            aggregation.OneCoinDawidSkene(n_iter=ITERATIONS, tol=-np.inf),
        ),
    ):
        posterior = ours.fit(votes).predict_proba(votes)
        np.testing.assert_allclose(
            posterior, crowd_kit_posterior(theirs, votes), atol=1e-6, err_msg=ours.name
        )


@pytest.mark.parametrize("labels", [2, 3, 4, 5])
def test_posteriors_equal_crowd_kits_on_simulated_crowds(labels: int) -> None:
    equal_to_crowd_kit(simulated(labels, tasks=120, workers=7, labels=labels, answered=0.7))


@external
def test_posteriors_equal_crowd_kits_on_a_recorded_crowd() -> None:
    equal_to_crowd_kit(recorded("rte"))


def test_mace_has_crowd_kits_posterior_when_workers_and_labels_are_numbered_by_first_use() -> None:
    votes = by_first_use(simulated(3, tasks=60, workers=5, labels=3).votes)
    ours = MACE(max_iterations=10).fit(votes).predict_proba(votes)
    theirs = crowd_kit_posterior(aggregation.MACE(n_restarts=1, n_iter=10), votes)
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_glad_has_the_posterior_that_crowd_kit_comes_to_next() -> None:
    votes = simulated(5, tasks=12, workers=5, labels=2).votes
    ours = GLAD(max_iterations=1).fit(votes).predict_proba(votes)
    # crowd-kit reports the posterior of before its last M-step, so one more brings it to ours.
    theirs = crowd_kit_posterior(aggregation.GLAD(n_iter=2, tol=-np.inf), votes)
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


def by_first_use(votes: Votes) -> Votes:
    _, worker = in_order_of_first_use(votes.worker_index)
    _, label = in_order_of_first_use(votes.label_index)
    order = np.lexsort((worker, votes.task_index))
    return Votes(
        votes.tasks, votes.workers, votes.labels, votes.task_index[order], worker[order], label[order]
    )
