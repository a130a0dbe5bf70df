"""Majority and median: posteriors that can be counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from techne.annotation.consensus.majority import MajorityVote
from techne.annotation.consensus.median import OrdinalMedian
from techne.annotation.consensus.method import Consensus
from techne.annotation.votes import NO_LABEL
from tests.unit.annotation.consensus.crowds import simulated, votes_of


def median_of(*answers: int) -> Consensus:
    votes = votes_of(np.array([answers], dtype=np.int32), labels=5)
    return OrdinalMedian().fit(votes).predict(votes)


def test_a_majority_has_its_share_of_the_votes() -> None:
    votes = votes_of(np.array([[0, 0, 2], [1, 2, NO_LABEL], [NO_LABEL] * 3], dtype=np.int32), labels=3)
    consensus = MajorityVote().fit(votes).predict(votes)
    np.testing.assert_allclose(consensus.posterior[:2], [[2 / 3, 0, 1 / 3], [0, 0.5, 0.5]])
    assert consensus.label_index.tolist() == [0, NO_LABEL, NO_LABEL]
    assert consensus.tied.tolist() == [False, True, False]
    np.testing.assert_allclose(consensus.margin, [1 / 3, 0, np.nan])


def test_the_median_resists_one_far_answer() -> None:
    assert median_of(1, 1, 2, 2, 4).label_index.tolist() == [2]
    assert median_of(0, 0, 4, 0, 4).label_index.tolist() == [0]


def test_two_middle_votes_tie_and_so_do_all_labels_between_them() -> None:
    consensus = median_of(0, 1, 3, 4)
    assert consensus.tied.tolist() == [True]
    np.testing.assert_allclose(consensus.posterior, [[0.125, 0.25, 0.25, 0.25, 0.125]])
    assert median_of(2, 2, 3, 1).label_index.tolist() == [2]


def test_depth_tells_a_narrow_decision_from_a_clear_one() -> None:
    assert median_of(3, 3, 3).posterior.tolist() == [[0, 0, 0, 1, 0]]
    assert median_of(1, 1, 2).margin[0] == pytest.approx(1 / 3)
    assert median_of(1, 1, 1, 1, 2).margin[0] == pytest.approx(3 / 5)


def test_the_deepest_label_is_the_middle_vote() -> None:
    votes = simulated(31, tasks=200, workers=7, labels=5, answered=1.0, accuracy=(0.2, 0.5)).votes
    consensus = OrdinalMedian().fit(votes).predict(votes)
    np.testing.assert_array_equal(consensus.label_index, np.median(votes.matrix, axis=1))
