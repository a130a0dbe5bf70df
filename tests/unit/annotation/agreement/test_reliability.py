"""Fleiss' kappa and Krippendorff's alpha agree with published tables and with other implementations."""

from __future__ import annotations

import krippendorff
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from techne.annotation.reliability import measure_reliability
from tests.unit.annotation.panels import votes_of

FLEISS_1971 = (
    (0, 0, 0, 6, 0),
    (0, 3, 0, 0, 3),
    (0, 1, 4, 0, 1),
    (0, 0, 0, 0, 6),
    (0, 3, 0, 3, 0),
    (2, 0, 4, 0, 0),
    (0, 0, 4, 0, 2),
    (2, 0, 3, 1, 0),
    (2, 0, 0, 4, 0),
    (0, 0, 0, 0, 6),
    (1, 0, 0, 5, 0),
    (1, 1, 0, 4, 0),
    (0, 3, 3, 0, 0),
    (1, 0, 0, 5, 0),
    (0, 2, 0, 3, 1),
    (0, 0, 5, 0, 1),
    (3, 0, 0, 1, 2),
    (5, 1, 0, 0, 0),
    (0, 2, 0, 4, 0),
    (1, 0, 2, 0, 3),
    (0, 0, 0, 0, 6),
    (0, 1, 0, 5, 0),
    (0, 2, 0, 1, 3),
    (2, 0, 0, 4, 0),
    (1, 0, 0, 4, 1),
    (0, 5, 0, 1, 0),
    (4, 0, 0, 0, 2),
    (0, 2, 0, 4, 0),
    (1, 0, 5, 0, 0),
    (0, 0, 0, 0, 6),
)
"""Thirty patients, six psychiatrists, five diagnoses."""


def _answers(most_tasks: int = 12, workers: int = 4, labels: int = 3) -> st.SearchStrategy[np.ndarray]:
    shapes = st.tuples(st.integers(1, most_tasks), st.just(workers))
    return arrays(np.int32, shapes, elements=st.integers(-1, labels - 1))


def test_fleiss_table_has_its_published_kappa() -> None:
    matrix = [[label for label, votes in enumerate(row) for _ in range(votes)] for row in FLEISS_1971]
    assert measure_reliability(votes_of(matrix, 5)).fleiss == pytest.approx(0.430, abs=5e-4)


def test_fleiss_kappa_of_uneven_votes_by_hand() -> None:
    votes = votes_of([[0, 0, -1], [0, 1, 1], [1, 1, 1], [0, -1, -1]], 2)
    observed = (1 + 1 / 3 + 1) / 3
    share = (1 + 1 / 3 + 0) / 3
    expected = share**2 + (1 - share) ** 2
    assert measure_reliability(votes).fleiss == pytest.approx((observed - expected) / (1 - expected))


@settings(deadline=None, max_examples=100)
@given(_answers())
def test_alpha_is_that_of_the_reference(answers: np.ndarray) -> None:
    found = measure_reliability(votes_of(answers, 3))
    counts = votes_of(answers, 3).counts.astype(int)
    paired = counts[counts.sum(axis=1) > 1]
    if np.count_nonzero(paired.sum(axis=0)) < 2:
        assert np.isnan([found.nominal, found.ordinal, found.fleiss]).all()
        return
    nominal = krippendorff.alpha(value_counts=counts, level_of_measurement="nominal")
    ordinal = krippendorff.alpha(value_counts=counts, level_of_measurement="ordinal")
    assert (found.nominal, found.ordinal) == pytest.approx((nominal, ordinal), abs=1e-9)


@settings(deadline=None, max_examples=100)
@given(_answers(), st.randoms(use_true_random=False))
def test_who_voted_and_in_which_order_makes_no_difference(answers: np.ndarray, chance: object) -> None:
    shuffled = np.random.default_rng(chance.randrange(2**32)).permuted(answers, axis=1)  # type: ignore[attr-defined]
    one, other = measure_reliability(votes_of(answers, 3)), measure_reliability(votes_of(shuffled[::-1], 3))
    for name in ("fleiss", "nominal", "ordinal"):
        assert getattr(one, name) == pytest.approx(getattr(other, name), abs=1e-9, nan_ok=True)


def test_full_agreement_is_one() -> None:
    found = measure_reliability(votes_of([[0, 0, 0], [1, 1, 1], [2, 2, -1]], 3))
    assert (found.fleiss, found.nominal, found.ordinal) == pytest.approx((1, 1, 1))


def test_a_scale_forgives_near_misses_only_if_it_is_ordinal() -> None:
    near = measure_reliability(votes_of([[0, 0], [1, 2], [2, 1], [3, 3], [0, 1], [3, 2]], 4))
    assert near.ordinal > near.nominal + 0.3


def test_tasks_with_one_vote_say_nothing() -> None:
    lonely = measure_reliability(votes_of([[0, -1], [-1, 1]], 2))
    assert np.isnan([lonely.fleiss, lonely.nominal, lonely.ordinal]).all()
