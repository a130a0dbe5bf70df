"""Calibration error and Brier score by hand, and of what is calibrated by construction."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from techne.annotation.calibration import BINS, brier_score, calibrate


def test_error_is_the_mean_gap_of_the_bins() -> None:
    found = calibrate(np.array([0.95, 0.95, 0.55, 0.05]), np.array([1.0, 0.0, 1.0, 0.0]))
    assert found is not None
    assert found.expected_calibration_error == pytest.approx((2 * 0.45 + 0.45 + 0.05) / 4)
    assert [(each.low, each.items, each.accuracy) for each in found.bins] == [
        (0.0, 1, 0.0),
        (0.5, 1, 1.0),
        (0.9, 2, 0.5),
    ]


def test_full_certainty_belongs_to_the_last_bin() -> None:
    found = calibrate(np.array([1.0, 0.0]), np.array([1.0, 0.0]))
    assert found is not None
    assert [(each.low, each.high) for each in found.bins] == [(0.0, 0.1), (0.9, 1.0)]
    assert found.expected_calibration_error == 0


def test_who_is_right_as_often_as_it_says_is_calibrated() -> None:
    chance = np.random.default_rng(7)
    confidence = chance.random(20_000)
    found = calibrate(confidence, (chance.random(20_000) < confidence).astype(np.float64))
    assert found is not None
    assert found.expected_calibration_error < 0.02


def test_nothing_stated_is_no_calibration() -> None:
    assert calibrate(np.array([np.nan, np.nan]), np.array([1.0, 0.0])) is None


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(st.floats(0, 1) | st.just(np.nan), st.sampled_from([0.0, 0.5, 1.0])), max_size=40))
def test_every_stated_answer_is_in_the_bin_of_its_confidence(answers: list[tuple[float, float]]) -> None:
    confidence = np.array([sure for sure, _ in answers])
    found = calibrate(confidence, np.array([right for _, right in answers]))
    stated = np.count_nonzero(~np.isnan(confidence))
    assert sum(each.items for each in found.bins) == stated if found else stated == 0
    for each in found.bins if found else ():
        assert each.low - 1e-9 <= each.mean_confidence <= each.high + 1e-9
        assert each.high - each.low == pytest.approx(1 / BINS)


def test_brier_score_spans_nought_to_two() -> None:
    gold = np.array([0, 1], dtype=np.int32)
    assert brier_score(np.array([[1.0, 0.0], [0.0, 1.0]]), gold) == 0
    assert brier_score(np.array([[0.0, 1.0], [1.0, 0.0]]), gold) == 2
    assert brier_score(np.array([[0.5, 0.5], [np.nan, np.nan]]), gold) == 0.5
    assert brier_score(np.full((2, 2), np.nan), gold) is None


def test_brier_score_leaves_its_input_alone() -> None:
    posterior = np.array([[0.7, 0.3]])
    brier_score(posterior, np.array([0], dtype=np.int32))
    assert posterior.tolist() == [[0.7, 0.3]]
