"""McNemar's exact test equals the binomial one, and ties have a part in the difference only."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from techne.annotation.answers import answers_of_worker
from techne.annotation.paired import mcnemar, paired_test
from techne.errors import ConsensusError
from tests.unit.annotation.panels import majority, multi_panel_of, panel_of, simulated


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 3000), st.integers(0, 3000))
def test_p_value_is_the_binomial_tests(wins: int, losses: int) -> None:
    expected = binomtest(wins, wins + losses).pvalue if wins + losses else 1.0
    assert mcnemar(wins, losses) == pytest.approx(expected, rel=1e-9, abs=1e-300)


def test_many_items_take_no_overflow() -> None:
    assert mcnemar(100_000, 100_000) == pytest.approx(1)
    assert mcnemar(200_000, 0) == 0
    assert mcnemar(50_100, 49_900) == pytest.approx(binomtest(50_100, 100_000).pvalue)


def test_items_that_one_alone_has_right_decide() -> None:
    panel = panel_of([[0, 0], [0, 1], [0, 1], [1, 0], [0, -1], [1, 1]], [0] * 6)
    found = paired_test(answers_of_worker(panel, 0), answers_of_worker(panel, 1), panel)
    assert (found.items, found.first_only_right, found.second_only_right) == (6, 3, 1)
    assert found.difference.value == pytest.approx(2 / 6)
    assert found.p_value == pytest.approx(0.625)
    assert (found.first, found.second) == ("worker 0", "worker 1")


def test_turning_the_two_round_turns_the_difference_round() -> None:
    answers, truth = simulated(tasks=150, accuracies=[0.9, 0.7])
    panel = panel_of(answers, truth)
    better, worse = answers_of_worker(panel, 0), answers_of_worker(panel, 1)
    one, other = paired_test(better, worse, panel), paired_test(worse, better, panel)
    assert one.p_value == other.p_value < 0.01
    assert one.difference.low > 0
    assert other.difference.value == -one.difference.value
    assert other.difference.high == pytest.approx(-one.difference.low, abs=0.03)


def test_a_tie_is_a_part_of_the_difference_but_decides_nothing() -> None:
    panel = panel_of([[0, 1], [0, 1], [1, 2]], [0, 1, 0], labels=3)
    found = paired_test(answers_of_worker(panel, 0), majority(panel), panel)
    assert found.difference.value == pytest.approx((0.5 - 0.5 + 0) / 3)
    assert (found.first_only_right, found.second_only_right, found.p_value) == (0, 0, 1)


def test_a_tie_without_the_right_label_is_wrong_for_certain() -> None:
    panel = panel_of([[0, 1, 2, 2, 1]], [0], labels=3)
    found = paired_test(answers_of_worker(panel, 0), majority(panel), panel)
    assert found.first_only_right == 1


def test_for_multi_the_whole_set_counts() -> None:
    panel = multi_panel_of([[[1, 1]], [[0, 1]]], [[1], [0]])
    found = paired_test(answers_of_worker(panel, 0), answers_of_worker(panel, 1), panel)
    assert (found.first_only_right, found.second_only_right) == (1, 0)


def test_only_judged_items_with_gold_are_compared() -> None:
    panel = panel_of([[0, 1], [0, 1], [0, 1]], [0, -1, 1])
    first, second = answers_of_worker(panel, 0), answers_of_worker(panel, 1)
    assert paired_test(first, second, panel, judged=np.array([True, True, False])).items == 1
    with pytest.raises(ConsensusError, match="'worker 0' and 'worker 1'"):
        paired_test(first, second, panel, judged=np.array([False, True, False]))


def test_a_real_difference_is_found_and_chance_seldom_is() -> None:
    found = 0
    for seed in range(100):
        answers, truth = simulated(tasks=100, accuracies=[0.8, 0.8], seed=seed)
        panel = panel_of(answers, truth)
        test = paired_test(answers_of_worker(panel, 0), answers_of_worker(panel, 1), panel, samples=10)
        found += test.p_value < 0.05
    assert found <= 8
