"""The others are asked only where the first leave doubt."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from techne.annotation.cascade import (
    AGREEMENT,
    STATED_THRESHOLD,
    WEIGHTED,
    CascadePolicy,
    agreement_posterior,
    certainty,
    stated_cascade,
)
from techne.annotation.cascade_planning import FEWEST_GOLD, THRESHOLDS, plan_cascade, restricted
from techne.annotation.cascade_replay import judge_run, replay_cascade
from techne.annotation.panel import Panel
from techne.errors import ConsensusError
from tests.unit.annotation.analysis.simulation import echoing_panel, independent_panel, with_gold
from tests.unit.annotation.panels import multi_panel_of, panel_of, simulated, votes_of


def first(panel: Panel, items: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.asarray(np.arange(len(panel.tasks)) < items)


def test_without_gold_one_answer_is_not_enough_and_two_that_agree_are() -> None:
    panel = panel_of([[0, -1, -1], [0, 0, -1], [0, 1, -1], [0, 1, 1], [-1, -1, -1]])
    policy = stated_cascade(panel.workers)
    assert policy.unsure(panel, 3).tolist() == [True, False, True, True, True]
    assert certainty(policy.decide(panel, 3))[3] == pytest.approx(0.75)


def test_only_the_waves_that_were_asked_count() -> None:
    panel = panel_of([[0, 0], [0, 1]])
    policy = stated_cascade(panel.workers)
    assert policy.unsure(panel, 0).tolist() == [True, True]
    assert policy.unsure(panel, 1).tolist() == [True, True]
    assert policy.unsure(panel, 2).tolist() == [False, True]


def test_agreement_is_bayes_rule_with_one_accuracy() -> None:
    votes = votes_of([[0, 0, 1], [2, -1, -1]], 3)
    right, wrong = 0.8, 0.1
    odds = np.array([right * right * wrong, wrong * wrong * right, wrong**3])
    np.testing.assert_allclose(agreement_posterior(votes, 0.8), [odds / odds.sum(), [0.1, 0.1, 0.8]])


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(st.integers(-1, 2), min_size=4, max_size=4), min_size=1, max_size=12))
def test_a_stricter_threshold_never_asks_less(rows: list[list[int]]) -> None:
    panel = panel_of(rows, labels=3)
    policies = [stated_cascade(panel.workers, threshold=threshold) for threshold in (0.0, *THRESHOLDS)]
    asked = [policy.unsure(panel, 4) for policy in policies]
    for lax, strict in pairwise(asked):
        assert not np.any(lax & ~strict)
    unvoted = ~(np.array(rows) >= 0).any(axis=1)
    assert np.all(asked[0] >= unvoted)


def test_the_cheapest_is_asked_first_without_gold() -> None:
    policy = stated_cascade(["a", "b", "c"], cost_per_call={"a": 3.0, "b": 1.0, "c": 2.0})
    assert policy.waves == (("b",), ("c",), ("a",))
    assert (policy.threshold, policy.threshold_source, policy.method) == (
        STATED_THRESHOLD,
        "stated",
        AGREEMENT,
    )


def test_prices_that_are_not_all_known_are_not_used() -> None:
    assert stated_cascade(["a", "b"], cost_per_call={"b": 1.0}).waves == (("a",), ("b",))


@pytest.mark.parametrize("items", [0, 1, FEWEST_GOLD - 1])
def test_with_too_little_gold_the_stated_rule_is_followed(items: int) -> None:
    policy = plan_cascade(with_gold(echoing_panel(100), items), threshold=0.8)
    assert (policy.method, policy.threshold, policy.threshold_source) == (AGREEMENT, 0.8, "stated")


def test_gold_finds_the_one_model_that_is_worth_asking() -> None:
    panel = echoing_panel(600)
    replay = replay_cascade(panel, gold_for_planning=first(panel, 100), samples=50)
    run = replay.run
    assert run.method == WEIGHTED
    assert run.threshold_source == "gold"
    assert run.waves[0] == ("worker 0",)
    assert run.calls < 0.5 * run.calls_full_panel
    assert run.accuracy is not None
    assert run.accuracy_full_panel is not None
    assert run.accuracy.value >= run.accuracy_full_panel.value - 0.02
    assert run.items_judged == 500


def test_calls_are_those_about_gold_and_those_in_doubt() -> None:
    panel = echoing_panel(300)
    run = replay_cascade(panel, gold_for_planning=first(panel, 60), samples=10).run
    asked = sum(len(wave) * reached for wave, reached in zip(run.waves, run.items_per_wave, strict=True))
    assert run.calls == 60 * 5 + asked
    assert run.calls_full_panel == 300 * 5
    assert run.items_per_wave[0] == 240
    assert sorted(run.items_per_wave, reverse=True) == list(run.items_per_wave)


def test_independent_models_are_asked_for_more_than_one_opinion() -> None:
    panel = independent_panel(600)
    replay = replay_cascade(panel, gold_for_planning=first(panel, 300), samples=50)
    assert replay.run.accuracy is not None
    assert replay.run.accuracy_full_panel is not None
    assert replay.run.accuracy.value > 0.8, "better than any of them"
    assert replay.run.accuracy.value >= replay.run.accuracy_full_panel.value - 0.03
    assert replay.run.calls < replay.run.calls_full_panel


def test_a_price_decides_between_equals() -> None:
    answers, truth = simulated(tasks=200, accuracies=[0.9])
    panel = panel_of(np.repeat(answers, 2, axis=1), truth)
    replay = replay_cascade(
        panel,
        gold_for_planning=first(panel, 50),
        cost_per_call={"worker 0": 0.02, "worker 1": 0.001},
        samples=10,
    )
    assert replay.run.waves[0] == ("worker 1",)
    assert replay.run.cost_full_panel_usd == pytest.approx(200 * 0.021)
    assert replay.run.cost_usd is not None
    assert replay.run.cost_usd < 0.5 * 200 * 0.021


@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_every_stated_threshold_can_be_followed(threshold: float) -> None:
    panel = echoing_panel(120)
    run = replay_cascade(panel, gold_for_planning=first(panel, 40), threshold=threshold, samples=10).run
    assert (run.threshold, run.threshold_source) == (threshold, "stated")
    assert 120 + 40 * 4 <= run.calls <= run.calls_full_panel


@pytest.mark.parametrize("threshold", [None, 0.9])
def test_where_no_cascade_can_be_planned_everybody_is_asked(threshold: float | None) -> None:
    """All answered fewer than twenty gold items, so that there is nobody to begin with."""
    answers, truth = simulated(tasks=200, accuracies=[0.8] * 12, missing=0.7)
    panel = panel_of(answers, truth)
    policy = plan_cascade(panel.gold_only(first(panel, 40)), threshold=threshold)
    assert policy.waves == (panel.workers,)
    run = replay_cascade(panel, gold_for_planning=first(panel, 40), threshold=threshold, samples=10).run
    assert run.calls == run.calls_full_panel


def test_gold_that_nobody_was_asked_about_cannot_plan() -> None:
    answers, truth = simulated(tasks=60, accuracies=[0.8] * 3)
    answers[:30] = -1
    panel = panel_of(answers, truth)
    with pytest.raises(ConsensusError):
        plan_cascade(panel.gold_only(first(panel, 30)))


def test_planning_looks_at_gold_items_only() -> None:
    panel = echoing_panel(200).gold_only(np.arange(200) < 50)
    assert plan_cascade(panel) == plan_cascade(restricted(panel, first(panel, 50)))


def test_a_text_of_several_labels_is_in_doubt_while_one_of_them_is() -> None:
    panel = multi_panel_of([[[0, 0], [0, 0]], [[1, 1], [0, 1]]])
    assert stated_cascade(panel.workers).unsure(panel, 2).tolist() == [False, True]


def test_a_multi_label_cascade_counts_a_call_once() -> None:
    (one, truth), (two, other) = (
        simulated(tasks=150, accuracies=[0.9, 0.7, 0.6], seed=seed) for seed in (1, 2)
    )
    panel = multi_panel_of([one, two], [truth, other])
    run = replay_cascade(panel, gold_for_planning=first(panel, 60), samples=10).run
    assert run.calls_full_panel == 450
    assert 60 * 3 <= run.calls <= 450
    assert run.accuracy is not None


def test_an_ordinal_cascade_runs() -> None:
    answers, truth = simulated(tasks=150, accuracies=[0.95, 0.6, 0.6], labels=4)
    panel = panel_of(answers, truth, labels=4, kind="ordinal")
    run = replay_cascade(panel, gold_for_planning=first(panel, 60), samples=10).run
    assert run.accuracy is not None
    assert run.calls < run.calls_full_panel


def test_gold_of_one_label_is_enough_to_plan() -> None:
    answers, _ = simulated(tasks=60, accuracies=[0.9] * 3)
    assert plan_cascade(panel_of(answers, np.zeros(60))).method == WEIGHTED


def test_ties_everywhere_ask_everybody() -> None:
    panel = panel_of(np.tile([0, 1], (30, 1)))
    replay = replay_cascade(panel)
    assert replay.run.calls == 60
    assert replay.run.accuracy is None
    assert replay.best_in_hindsight is None


def test_a_weighted_policy_without_gold_is_refused() -> None:
    panel = with_gold(echoing_panel(20), 0)
    with pytest.raises(ConsensusError, match="gold"):
        CascadePolicy((("worker 0",),), 0.9, WEIGHTED, "stated").unsure(panel, 1)


def test_a_real_run_is_judged_on_folds_that_did_not_plan_it() -> None:
    panel = echoing_panel(120)
    run = replay_cascade(panel, gold_for_planning=first(panel, 120), samples=10).run
    assert run.accuracy is None
    judged = judge_run(run, panel, samples=50)
    assert judged.items_judged == 120
    assert judged.accuracy is not None
    assert judged.accuracy_full_panel is not None
    assert 0.8 < judged.accuracy.value <= 1
    assert judge_run(run, with_gold(panel, FEWEST_GOLD), samples=50) == run


def test_random_gold_does_not_make_a_cascade_look_good() -> None:
    """Planned and fitted on what judges it, a panel of coins would be right well over half the time."""
    seen = []
    for seed in range(4):
        answers, truth = simulated(tasks=60, accuracies=[0.5] * 3, seed=seed)
        panel = panel_of(answers, truth)
        run = replay_cascade(panel, samples=1).run
        judged = judge_run(run, panel, samples=1, seed=seed)
        assert judged.accuracy is not None
        seen.append(judged.accuracy.value)
    assert 0.4 < np.mean(seen) < 0.58
