"""What to use, and how much gold would change it, on counts that can be checked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from techne.annotation.recommendation import (
    Candidate,
    more_gold_to_flip,
    more_gold_to_settle,
    rank,
    recommend,
)
from techne.annotation.summary import Recommendation


def candidate(name: str, right: list[float], *, model: bool = True, cost: float = 1.0) -> Candidate:
    return Candidate(name, "model" if model else "consensus", np.array(right, dtype=float), cost)


def counted(both: int, first: int, second: int, neither: int = 0) -> tuple[list[float], list[float]]:
    """How right two are: items that both, only the first, only the second and neither got."""
    return (
        [1.0] * both + [1.0] * first + [0.0] * second + [0.0] * neither,
        [1.0] * both + [0.0] * first + [1.0] * second + [0.0] * neither,
    )


def recommended(first: list[float], second: list[float], *, model: bool = True) -> Recommendation:
    found = recommend([candidate("b", second), candidate("a", first, model=model)])
    assert found is not None
    return found


def test_the_most_accurate_is_recommended_with_its_figures() -> None:
    found = recommended(*counted(both=60, first=25, second=5, neither=10))
    assert (found.use, found.kind, found.runner_up, found.gold_items) == ("a", "model", "b", 100)
    assert "85.0% of 100 gold items, 20.0 points more than b; the difference is significant" in found.reason
    assert found.stability is not None
    assert found.stability > 0.99
    assert found.more_gold_to_settle == 0
    assert found.more_gold_to_flip == 21


def test_a_small_lead_is_called_one() -> None:
    found = recommended(*counted(both=80, first=4, second=3, neither=13))
    assert "not significant" in found.reason
    assert found.stability is not None
    assert 0.4 < found.stability < 0.8
    assert found.more_gold_to_flip == 2


def test_at_equality_a_model_alone_comes_before_a_vote() -> None:
    right, _ = counted(both=5, first=0, second=0, neither=5)
    ranked = rank(
        [
            candidate("dawid-skene", right, model=False, cost=5),
            candidate("majority", right, model=False, cost=5),
            candidate("dear", right, cost=3),
            candidate("cheap", right, cost=2),
            candidate("of another project", right, model=False, cost=5),
        ]
    )
    assert [one.name for one in ranked] == ["cheap", "dear", "majority", "dawid-skene", "of another project"]


def test_equals_never_settle_and_the_reason_says_so() -> None:
    found = recommended(*counted(both=30, first=5, second=5))
    assert found.more_gold_to_settle is None
    assert "of equals the simpler and cheaper is preferred" in found.reason


def test_two_that_never_differ_never_settle() -> None:
    assert more_gold_to_settle(np.zeros(50)) is None


@pytest.mark.parametrize(
    ("lead", "tie_flips", "items"),
    [(3, False, 4), (3, True, 3), (0, False, 1), (2.5, False, 3), (2.5, True, 3)],
)
def test_as_many_items_flip_it_as_the_lead_takes(lead: float, tie_flips: bool, items: int) -> None:
    difference = np.array([1.0] * int(lead) + [lead % 1] + [0.0] * 10)
    assert more_gold_to_flip(difference, tie_flips=tie_flips) == items


def test_flipping_is_what_it_says() -> None:
    """One item fewer than the figure, each won by the runner-up alone, leaves the recommendation."""
    first, second = counted(both=20, first=9, second=4)
    more = recommended(first, second).more_gold_to_flip
    assert more is not None
    assert recommended(first + [0.0] * (more - 1), second + [1.0] * (more - 1)).use == "a"
    assert recommended(first + [0.0] * more, second + [1.0] * more).use == "b"


@pytest.mark.parametrize(("first", "second", "items"), [(12, 6, 100), (3, 2, 40), (30, 25, 400), (1, 0, 3)])
def test_settling_is_what_it_says(first: int, second: int, items: int) -> None:
    """At the same rates the interval includes 0 with one item fewer, and no more with that many."""
    difference = np.array([1.0] * first + [-1.0] * second + [0.0] * (items - first - second))
    more = more_gold_to_settle(difference)
    assert more is not None
    assert more > 0
    mean, square = difference.mean(), np.square(difference).mean()

    def lower_end(total: int) -> float:
        """Bonett and Price 2012: Wald's interval with one more item won by each."""
        ahead = ((mean + square) / 2 * total + 1) / (total + 2)
        behind = ((square - mean) / 2 * total + 1) / (total + 2)
        error = np.sqrt((ahead + behind - (ahead - behind) ** 2) / (total + 2))
        return float(ahead - behind - 1.959964 * error)

    assert lower_end(items + more - 1) <= 0 < lower_end(items + more)


def test_one_item_settles_nothing() -> None:
    found = recommended([1.0], [0.0])
    assert found.more_gold_to_settle
    assert found.stability is None
    assert "of 1 gold item," in found.reason


def test_a_cheaper_model_that_comes_close_is_mentioned() -> None:
    first, second = counted(both=95, first=2, second=1, neither=2)
    found = recommend([candidate("majority", first, model=False, cost=10), candidate("one", second, cost=2)])
    assert found is not None
    assert found.use == "majority"
    assert "one alone comes close (96.0%) at 20% of the cost" in found.reason


def test_a_cheaper_model_that_is_far_off_is_not() -> None:
    first, second = counted(both=5, first=3, second=0, neither=2)
    found = recommend([candidate("majority", first, model=False, cost=10), candidate("one", second, cost=2)])
    assert found is not None
    assert "alone" not in found.reason


def test_without_anybody_or_any_gold_there_is_none() -> None:
    assert recommend([]) is None
    assert recommend([candidate("a", [])]) is None


def test_the_only_one_is_recommended_without_a_runner_up() -> None:
    found = recommend([candidate("a", [1.0] * 12)])
    assert found is not None
    assert (found.runner_up, found.stability, found.more_gold_to_flip) == (None, 1.0, None)
