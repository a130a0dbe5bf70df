"""Bootstrap intervals hold what they should as often as they should, and cost kinds of items, not items."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from techne.annotation import bootstrap
from techne.annotation.bootstrap import interval, kinds_of_items, resample_means, resample_totals


def test_alike_items_are_one_kind() -> None:
    first, counts = kinds_of_items([np.array([1, 0, 1, 1]), np.array([0.5, 0.0, 0.5, 0.25])])
    kinds = {(at, size) for at, size in zip(first.tolist(), counts.tolist(), strict=True)}
    assert kinds == {(0, 2), (1, 1), (3, 1)}


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.integers(-1, 3), st.integers(0, 2), st.floats(0, 1)), min_size=1, max_size=30))
def test_kinds_are_the_distinct_rows(rows: list[tuple[int, int, float]]) -> None:
    first, counts = kinds_of_items([np.array(column) for column in zip(*rows, strict=True)])
    assert {rows[at]: size for at, size in zip(first.tolist(), counts.tolist(), strict=True)} == {
        row: rows.count(row) for row in rows
    }


def test_a_mean_varies_as_theory_says() -> None:
    scores = np.random.default_rng(2).random((400, 2))
    means = resample_means(scores, samples=4000)
    assert means.mean(axis=0) == pytest.approx(scores.mean(axis=0), abs=0.002)
    assert means.std(axis=0) == pytest.approx(scores.std(axis=0) / 20, rel=0.05)


def test_columns_are_resampled_together() -> None:
    scores = np.random.default_rng(3).random((50, 1))
    means = resample_means(np.hstack([scores, 1 - scores]), samples=200)
    assert means.sum(axis=1) == pytest.approx(np.ones(200))


def test_parts_draw_as_many_samples_as_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "_WEIGHTS_AT_ONCE", 7)
    totals = resample_totals(np.array([3, 5]), np.eye(2), samples=10)
    assert totals.shape == (10, 2)
    assert totals.sum(axis=1).tolist() == [8] * 10


def test_the_interval_covers_the_truth_nineteen_times_in_twenty() -> None:
    chance = np.random.default_rng(11)
    accuracy, items, trials = 0.8, 200, 400
    covered = 0
    for trial in range(trials):
        right = (chance.random((items, 1)) < accuracy).astype(np.float64)
        found = interval(right.mean(), resample_means(right, seed=trial)[:, 0])
        covered += found.low <= accuracy <= found.high
    assert covered / trials == pytest.approx(0.95, abs=0.025)


def test_an_interval_holds_its_value_though_the_samples_are_biased() -> None:
    found = interval(0.9, np.linspace(0.2, 0.4, 50))
    assert (found.value, found.high) == (0.9, 0.9)
    assert found.low == pytest.approx(0.205)


def test_samples_without_the_figure_are_left_out() -> None:
    found = interval(0.5, np.array([np.nan, 0.4, 0.6, np.nan]))
    assert 0.4 <= found.low < found.high <= 0.6
    nowhere = interval(0.5, np.array([np.nan, np.nan]))
    assert (nowhere.low, nowhere.high) == (0.5, 0.5)


def test_memory_does_not_grow_with_items_times_samples() -> None:
    right = np.random.default_rng(0).random((200_000, 1))  # as many kinds as items: the worst there is
    tracemalloc.start()
    resample_means(right, samples=20)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 80_000_000
