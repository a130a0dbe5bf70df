"""The gold-weighted vote measures workers, holds back where gold is scarce, and knows how sure to be."""

from __future__ import annotations

import numpy as np
import pytest

from techne.annotation.consensus.gold_weighted import GoldWeightedVote
from techne.annotation.consensus.majority import MajorityVote
from techne.annotation.consensus.temperature import fit_temperature
from techne.annotation.votes import NO_LABEL, Gold
from techne.errors import ConsensusError
from tests.unit.annotation.consensus.crowds import simulated, votes_of


@pytest.mark.parametrize("labels", [2, 3, 5])
def test_much_gold_recovers_confusion_matrices(labels: int) -> None:
    crowd = simulated(21, tasks=6000, workers=6, labels=labels)
    method = GoldWeightedVote().fit(crowd.votes, crowd.gold)
    assert np.abs(method.confusion_ - crowd.confusion).max() < 0.06
    np.testing.assert_allclose(method.accuracy_, crowd.confusion.diagonal(axis1=1, axis2=2)[:, 0], atol=0.03)
    assert method.gold_votes_.sum() == len(crowd.votes)


@pytest.mark.parametrize("gold_items", [1, 2, 5])
@pytest.mark.parametrize("labels", [2, 4])
def test_a_handful_of_gold_does_little_harm(labels: int, gold_items: int) -> None:
    differences = []
    for seed in range(20):
        crowd = simulated(seed, tasks=200, workers=9, labels=labels)
        gold, unseen = crowd.split(gold_items, seed)
        truth = crowd.truth[unseen]
        weighted, plain = (
            method.fit(crowd.votes, gold).predict(crowd.votes).label_index[unseen]
            for method in (GoldWeightedVote(), MajorityVote())
        )
        differences.append(np.mean(weighted == truth) - np.mean(plain == truth))
    assert np.mean(differences) > -0.02


def test_a_worker_who_is_always_wrong_is_turned_around() -> None:
    truth = np.arange(200, dtype=np.int32) % 2
    matrix = np.stack([truth, 1 - truth, 1 - truth], axis=1).astype(np.int32)
    gold = Gold(np.where(np.arange(200) < 40, truth, NO_LABEL).astype(np.int32))
    consensus = GoldWeightedVote().fit(votes_of(matrix, 2), gold).predict(votes_of(matrix, 2))
    np.testing.assert_array_equal(consensus.label_index, truth)


def test_a_worker_without_gold_counts_for_what_it_votes() -> None:
    matrix = np.array([[0, 1, NO_LABEL]] * 3 + [[NO_LABEL, NO_LABEL, 1]], dtype=np.int32)
    wrong_so_far = Gold(np.array([1, 0, NO_LABEL, NO_LABEL], dtype=np.int32))
    method = GoldWeightedVote().fit(votes_of(matrix, 2), wrong_so_far)
    assert method.gold_votes_.tolist() == [2, 2, 0]
    assert method.predict(votes_of(matrix, 2)).label_index[3] == 1


def test_workers_who_copy_each_other_make_it_no_surer() -> None:
    crowd = simulated(22, tasks=2000, workers=3, answered=1.0, accuracy=(0.65, 0.75))
    copied = votes_of(np.repeat(crowd.votes.matrix, 5, axis=1), 2)
    gold, unseen = crowd.split(300, seed=1)
    alone = GoldWeightedVote().fit(crowd.votes, gold)
    crowded = GoldWeightedVote().fit(copied, gold)
    assert alone.temperature_ < 1.5
    assert crowded.temperature_ == pytest.approx(5 * alone.temperature_, rel=0.35)
    consensus = crowded.predict(copied)
    sure = consensus.posterior[unseen].max(axis=1).mean()
    right = np.mean(consensus.label_index[unseen] == crowd.truth[unseen])
    assert sure == pytest.approx(right, abs=0.05)


def test_a_temperature_changes_no_decision() -> None:
    crowd = simulated(23, tasks=300, workers=9, labels=3, accuracy=(0.3, 0.6))
    gold, _ = crowd.split(20, seed=0)
    method = GoldWeightedVote().fit(crowd.votes, gold)
    warm = method.predict(crowd.votes).label_index
    method.temperature_ = 1.0
    np.testing.assert_array_equal(method.predict(crowd.votes).label_index, warm)


def test_the_temperature_of_an_honest_posterior_is_one() -> None:
    random = np.random.default_rng(0)
    posterior = random.dirichlet([0.5, 0.5, 0.5], 20_000)
    truth = (random.random((20_000, 1)) > posterior.cumsum(axis=1)[:, :-1]).sum(axis=1).astype(np.int32)
    assert fit_temperature(np.log(posterior), truth) == pytest.approx(1.0, abs=0.06)
    assert fit_temperature(3 * np.log(posterior), truth) == pytest.approx(3.0, abs=0.2)


@pytest.mark.parametrize(
    ("gold", "message"),
    [
        (None, "no answer is known"),
        ([NO_LABEL] * 4, "no answer is known"),
        ([0, 1], "Gold is of 2 tasks and the votes of 4"),
        ([0, 1, 2, 0], "the label index 2, and there are 2 labels"),
        ([NO_LABEL, NO_LABEL, NO_LABEL, 1], "None of the 1 tasks with gold has a vote"),
    ],
)
def test_gold_that_does_not_fit_is_refused(gold: list[int] | None, message: str) -> None:
    votes = votes_of(np.array([[0, 1], [1, 1], [0, 0], [NO_LABEL, NO_LABEL]], dtype=np.int32), 2)
    with pytest.raises(ConsensusError, match=message):
        GoldWeightedVote().fit(votes, None if gold is None else Gold(np.array(gold, dtype=np.int32)))
