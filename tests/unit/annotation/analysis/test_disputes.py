"""The least certain texts come first."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from techne.annotation.consensus.method import decide
from techne.annotation.disputes import most_disputed

NAN = float("nan")


def test_unvoted_come_first_then_ties_then_small_margins() -> None:
    decided = decide("m", np.array([[0.9, 0.1], [0.5, 0.5], [0.6, 0.4], [NAN, NAN], [0.45, 0.55]]))
    assert most_disputed([decided], 5).tolist() == [3, 1, 4, 2, 0]


def test_of_equal_margins_the_more_even_posterior_comes_first() -> None:
    decided = decide("m", np.array([[0.6, 0.4, 0.0], [0.5, 0.3, 0.2], [0.6, 0.4, 0.0]]))
    assert most_disputed([decided], 3).tolist() == [1, 0, 2]


def test_margins_that_differ_by_rounding_are_equal() -> None:
    decided = decide("m", np.array([[0.6 + 1e-15, 0.4, 0.0], [0.5, 0.3, 0.2]]))
    assert most_disputed([decided], 1).tolist() == [1]


def test_of_several_labels_the_least_certain_counts() -> None:
    first = decide("m", np.array([[0.9, 0.1], [0.7, 0.3]]))
    second = decide("m", np.array([[0.55, 0.45], [0.7, 0.3]]))
    assert most_disputed([first, second], 2).tolist() == [0, 1]


def test_no_more_are_given_than_asked_for_and_those_left_out_never() -> None:
    decided = decide("m", np.full((6, 2), 0.5))
    assert most_disputed([decided], 2).tolist() == [0, 1]
    assert most_disputed([decided], 2, without=np.arange(6) < 3).tolist() == [3, 4]
    assert most_disputed([decided], 9, without=np.arange(6) < 5).tolist() == [5]
    assert most_disputed([decided], 0).tolist() == []
    assert most_disputed([decided], 3, without=np.ones(6, dtype=bool)).tolist() == []


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([0.5, 0.6, 0.75, 0.9, NAN]), min_size=1, max_size=40), st.integers(0, 45))
def test_a_few_are_the_beginning_of_all(best: list[float], most: int) -> None:
    decided = decide("m", np.array([[value, 1 - value] for value in best]))
    every = most_disputed([decided], len(best)).tolist()
    assert sorted(every) == list(range(len(best)))
    assert most_disputed([decided], most).tolist() == every[:most]
