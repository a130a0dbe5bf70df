"""Dawid-Skene and one-coin find the workers' parameters, and say how the search went."""

from __future__ import annotations

import numpy as np
import pytest

from techne.annotation.consensus.dawid_skene import DawidSkene
from techne.annotation.consensus.majority import MajorityVote
from techne.annotation.consensus.one_coin import OneCoin
from techne.annotation.votes import NO_LABEL, Gold
from techne.errors import ConsensusError
from tests.unit.annotation.consensus.crowds import simulated


@pytest.mark.parametrize("labels", [2, 3, 5])
def test_dawid_skene_recovers_confusion_matrices(labels: int) -> None:
    crowd = simulated(11, tasks=4000, workers=9, labels=labels, accuracy=(0.6, 0.9))
    method = DawidSkene().fit(crowd.votes)
    assert np.abs(method.confusion_ - crowd.confusion).max() < 0.1
    np.testing.assert_allclose(method.prior_, np.bincount(crowd.truth) / 4000, atol=0.02)
    consensus, majority = (each.fit(crowd.votes).predict(crowd.votes) for each in (method, MajorityVote()))
    assert crowd.accuracy(consensus.label_index) > crowd.accuracy(majority.label_index)


def test_one_coin_recovers_accuracies() -> None:
    crowd = simulated(12, tasks=4000, workers=9, labels=4, systematic=False)
    method = OneCoin().fit(crowd.votes)
    np.testing.assert_allclose(method.accuracy_, crowd.confusion[:, 0, 0], atol=0.03)


@pytest.mark.parametrize("kind", [DawidSkene, OneCoin])
def test_the_likelihood_never_falls_and_its_rest_is_convergence(kind: type[DawidSkene | OneCoin]) -> None:
    crowd = simulated(13, labels=3)
    method = kind().fit(crowd.votes)
    assert method.converged_
    assert len(method.log_likelihood_) == method.iterations_ > 2
    assert np.diff(method.log_likelihood_).min() > -1e-6
    hasty = kind(max_iterations=2).fit(crowd.votes)
    assert (hasty.iterations_, hasty.converged_) == (2, False)
    assert hasty.log_likelihood_ == pytest.approx(method.log_likelihood_[:2])


def test_the_likelihood_is_that_of_the_votes() -> None:
    crowd = simulated(14, tasks=5, workers=3, labels=2, answered=1.0)
    method = DawidSkene(max_iterations=3).fit(crowd.votes)
    by_hand = 0.0
    for answers in crowd.votes.matrix:
        joint = method.prior_.copy()
        for worker, label in enumerate(answers):
            joint *= method.confusion_[worker, :, label]
        by_hand += np.log(joint.sum())
    assert method.log_likelihood_[-1] == pytest.approx(by_hand)


def test_gold_counts_only_where_it_is_asked_for() -> None:
    crowd = simulated(15)
    plain = DawidSkene().fit(crowd.votes).confusion_
    np.testing.assert_array_equal(DawidSkene().fit(crowd.votes, crowd.gold).confusion_, plain)
    with pytest.raises(ConsensusError, match="no answer is known"):
        DawidSkene(use_gold=True).fit(crowd.votes)


def test_gold_turns_a_crowd_that_is_mostly_wrong() -> None:
    crowd = simulated(16, tasks=600, workers=7, accuracy=(0.2, 0.45))
    known = np.arange(600) < 200
    without = DawidSkene().fit(crowd.votes).predict(crowd.votes)
    method = DawidSkene(use_gold=True).fit(crowd.votes, crowd.gold.only(known))
    unseen = Gold(np.where(known, NO_LABEL, crowd.truth).astype(np.int32)).known
    right = method.predict(crowd.votes).label_index == crowd.truth
    assert np.mean(right[unseen]) > 0.7 > 0.5 > crowd.accuracy(without.label_index)
    assert np.diff(method.log_likelihood_).min() > -1e-6


def test_a_worker_without_votes_is_neither_believed_nor_doubted() -> None:
    crowd = simulated(17, workers=5, labels=3)
    votes = crowd.votes.of_workers([0, 1, 2, 3])
    np.testing.assert_allclose(DawidSkene().fit(votes).confusion_[4], 1 / 3)
    assert OneCoin().fit(votes).accuracy_[4] == pytest.approx(1 / 3)


def test_no_iteration_is_no_method() -> None:
    with pytest.raises(ConsensusError, match="at least one iteration"):
        OneCoin(max_iterations=0)
