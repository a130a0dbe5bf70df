"""Kappa and error correlation of every two workers equal those of one pair at a time."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import cohen_kappa_score

from techne.annotation import pairs as pairs_module
from techne.annotation.pairs import Pairs, busiest_workers, mean_pairs, measure_pairs
from techne.annotation.panel import Problem
from techne.annotation.votes import Gold
from tests.unit.annotation.panels import panel_of, simulated, votes_of

LABELS = 4


def _answers() -> st.SearchStrategy[np.ndarray]:
    shapes = st.tuples(st.integers(1, 15), st.integers(2, 5))
    return arrays(np.int32, shapes, elements=st.integers(-1, LABELS - 1))


def _measure(answers: np.ndarray, gold: np.ndarray | None = None, *, ordinal: bool = False) -> Pairs:
    votes = votes_of(answers, LABELS)
    problem = Problem("", votes, None if gold is None else Gold(gold))
    return measure_pairs(problem, busiest_workers(votes), ordinal=ordinal)


@pytest.mark.parametrize("ordinal", [False, True])
@settings(deadline=None, max_examples=30)
@given(answers=_answers())
def test_kappa_is_scikit_learns(ordinal: bool, answers: np.ndarray) -> None:
    found = _measure(answers, ordinal=ordinal)
    for at, (first, second) in enumerate(zip(found.first, found.second, strict=True)):
        both = (answers[:, first] >= 0) & (answers[:, second] >= 0)
        assert found.items[at] == both.sum()
        one, other = answers[both, first], answers[both, second]
        if not both.any():
            assert np.isnan(found.kappa[at])
            assert np.isnan(found.observed[at])
            continue
        assert found.observed[at] == pytest.approx(np.mean(one == other))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it divides by zero where kappa is not defined
            reference = cohen_kappa_score(
                one, other, labels=list(range(LABELS)), weights="quadratic" if ordinal else None
            )
        assert found.kappa[at] == pytest.approx(reference, abs=1e-9, nan_ok=True)


@settings(deadline=None, max_examples=30)
@given(answers=_answers(), chance=st.integers(0, 2**32 - 1))
def test_error_correlation_is_pearsons(answers: np.ndarray, chance: int) -> None:
    gold = np.random.default_rng(chance).integers(-1, LABELS, len(answers)).astype(np.int32)
    found = _measure(answers, gold)
    for at, (first, second) in enumerate(zip(found.first, found.second, strict=True)):
        both = (answers[:, first] >= 0) & (answers[:, second] >= 0) & (gold >= 0)
        one, other = (answers[both, worker] != gold[both] for worker in (first, second))
        assert found.gold_items[at] == both.sum()
        if both.any() and 0 < one.sum() < both.sum() and 0 < other.sum() < both.sum():
            assert found.error_correlation[at] == pytest.approx(np.corrcoef(one, other)[0, 1], abs=1e-9)
        else:
            assert np.isnan(found.error_correlation[at])


def test_labels_in_parts_give_the_same_kappas(monkeypatch: pytest.MonkeyPatch) -> None:
    answers, _ = simulated(tasks=60, accuracies=[0.6] * 5, labels=LABELS, missing=0.2)
    at_once = _measure(answers)
    monkeypatch.setattr(pairs_module, "_CELLS_AT_ONCE", 30)
    np.testing.assert_array_equal(_measure(answers).kappa, at_once.kappa)


def test_of_a_crowd_the_busiest_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs_module, "MAX_WORKERS", 3)
    answers = np.array([[0, -1, 1, 0, -1], [0, -1, 1, 1, 0], [1, 1, 1, -1, -1]], dtype=np.int32)
    found = _measure(answers)
    assert sorted(zip(found.first.tolist(), found.second.tolist(), strict=True)) == [(0, 2), (0, 3), (2, 3)]
    assert found.items.tolist() == [3, 2, 2]


def test_a_mean_over_problems_skips_what_is_not_defined() -> None:
    agreeing = _measure(np.array([[0, 0], [1, 1]], dtype=np.int32))
    constant = _measure(np.array([[0, 0], [0, 0]], dtype=np.int32))
    mean = mean_pairs(iter([agreeing, constant]))
    assert (mean.kappa[0], mean.observed[0]) == (1.0, 1.0)
    assert np.isnan(mean.error_correlation[0])


def test_nobody_voted() -> None:
    panel = panel_of(np.full((3, 2), -1), [0, 1, 0])
    found = measure_pairs(panel.problems[0], busiest_workers(panel.problems[0].votes), ordinal=False)
    assert found.items.tolist() == [0]
    assert np.isnan([found.kappa[0], found.observed[0], found.error_correlation[0]]).all()
