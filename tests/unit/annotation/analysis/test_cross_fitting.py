"""Nothing that learns from gold is judged on gold that it has seen."""

from __future__ import annotations

import numpy as np
import pytest

from techne.annotation.answers import answers_of_consensus, answers_of_worker
from techne.annotation.consensus import registry
from techne.annotation.correctness import correctness
from techne.annotation.cross_fitting import (
    assign_folds,
    best_model_of,
    can_be_judged,
    consensus_of,
    gold_pattern,
)
from techne.annotation.votes import Gold
from techne.errors import ConsensusError
from tests.unit.annotation.analysis.simulation import echoing_panel, independent_panel, truth_of, with_gold
from tests.unit.annotation.panels import multi_panel_of, panel_of, simulated


def test_folds_are_equal_parts_with_equal_shares_of_every_label() -> None:
    labels = np.array([0] * 50 + [1] * 30 + [2] * 20 + [-1] * 7, dtype=np.int32)
    fold = assign_folds(Gold(labels), folds=10)
    assert set(fold[labels == -1]) == {-1}
    for label, share in ((0, 5), (1, 3), (2, 2)):
        assert set(np.bincount(fold[labels == label], minlength=10)) == {share}


def test_folds_are_the_same_every_time_and_others_with_another_seed() -> None:
    gold = Gold(np.arange(60, dtype=np.int32) % 2)
    assert np.array_equal(assign_folds(gold), assign_folds(gold))
    assert not np.array_equal(assign_folds(gold), assign_folds(gold, seed=1))


def test_fewer_items_than_folds_are_left_out_one_by_one() -> None:
    fold = assign_folds(Gold(np.array([0, 1, -1, 1], dtype=np.int32)), folds=10)
    assert sorted(fold[fold >= 0]) == [0, 1, 2]


@pytest.mark.parametrize("known", [0, 1])
def test_with_less_than_two_items_there_is_no_fold(known: int) -> None:
    gold = np.full(5, -1, dtype=np.int32)
    gold[:known] = 1
    assert set(assign_folds(Gold(gold))) == {-1}


def test_gold_at_random_teaches_nothing_about_itself() -> None:
    """Eight models, 40 items, labels by chance: whoever is fitted on its own gold seems to know them."""
    seen, unseen = [], []
    for seed in range(30):
        answers, _ = simulated(tasks=40, accuracies=[0.5] * 8, seed=seed)
        gold = np.random.default_rng(100 + seed).permutation(np.arange(40) % 2).astype(np.int32)
        panel = panel_of(answers, gold)
        problem = panel.problems[0]
        fitted = registry.build("gold-weighted").fit(problem.votes, problem.gold).predict(problem.votes)
        seen.append(correctness(answers_of_consensus([fitted]), panel).mean())
        honest = answers_of_consensus(consensus_of(panel, "gold-weighted", seed=seed))
        unseen.append(correctness(honest, panel).mean())
    assert np.mean(seen) > 0.6
    assert 0.42 < np.mean(unseen) < 0.54


def test_an_items_own_gold_does_not_change_its_answer() -> None:
    panel = with_gold(echoing_panel(60), 30)
    turned = truth_of(panel).copy()
    turned[7] = 1 - turned[7]
    before, after = (
        consensus_of(panel.with_gold([Gold(gold)]), "gold-weighted", folds=30)[0].posterior
        for gold in (truth_of(panel), turned)
    )
    np.testing.assert_array_equal(after[7], before[7])
    assert not np.allclose(after[8], before[8])


def test_tasks_without_gold_are_answered_with_all_gold() -> None:
    panel = with_gold(echoing_panel(60), 30)
    problem = panel.problems[0]
    fitted = registry.build("gold-weighted").fit(problem.votes, problem.gold).predict(problem.votes)
    crossed = consensus_of(panel, "gold-weighted")[0]
    np.testing.assert_array_equal(crossed.posterior[30:], fitted.posterior[30:])


@pytest.mark.parametrize("method", ["majority", "dawid-skene", "one-coin"])
def test_what_does_not_learn_from_gold_is_not_given_any(method: str) -> None:
    panel = independent_panel(80)
    without = consensus_of(with_gold(panel, 0), method)[0]
    np.testing.assert_array_equal(consensus_of(panel, method)[0].posterior, without.posterior)


def test_gold_about_texts_that_nobody_answered_is_not_learned_from() -> None:
    answers, truth = simulated(tasks=6, accuracies=[0.9] * 3)
    answers[:4] = -1
    panel = panel_of(answers, truth).gold_only(np.array([True, True, True, True, True, False]))
    decided = consensus_of(panel, "gold-weighted")[0]
    assert np.isnan(decided.posterior[:4]).all()
    assert not can_be_judged(panel, "gold-weighted")
    assert can_be_judged(panel, "majority")


def test_a_method_that_needs_gold_says_so() -> None:
    with pytest.raises(ConsensusError, match="gold"):
        consensus_of(with_gold(independent_panel(20), 0), "gold-weighted")


@pytest.mark.parametrize(("items", "judged"), [(0, False), (1, False), (2, True)])
def test_two_gold_items_are_the_fewest_that_can_judge_what_learns_from_them(items: int, judged: bool) -> None:
    assert can_be_judged(with_gold(independent_panel(20), items), "gold-weighted") is judged


def test_the_best_of_many_guessers_is_no_better_than_chance_once_others_choose_it() -> None:
    """Thirty coins, twenty items: the luckiest is right on about 16, and on new items on 10."""
    lucky, honest = [], []
    for seed in range(20):
        answers, truth = simulated(tasks=20, accuracies=[0.5] * 30, seed=seed)
        panel = panel_of(answers, truth)
        models = [answers_of_worker(panel, worker) for worker in range(30)]
        lucky.append(max(correctness(model, panel).mean() for model in models))
        best = best_model_of(models, panel, seed=seed)
        assert best is not None
        honest.append(correctness(best, panel).mean())
    assert np.mean(lucky) > 0.7
    assert np.mean(honest) < 0.6


def test_a_model_that_is_far_better_is_chosen_in_every_fold() -> None:
    panel = echoing_panel(200)
    models = [answers_of_worker(panel, worker) for worker in range(5)]
    best = best_model_of(models, panel)
    assert best is not None
    np.testing.assert_array_equal(best.problems[0].label_index, models[0].problems[0].label_index)


@pytest.mark.parametrize("items", [0, 1])
def test_no_best_model_is_chosen_by_the_gold_that_would_judge_it(items: int) -> None:
    panel = with_gold(echoing_panel(20), items)
    assert best_model_of([answers_of_worker(panel, 0)], panel) is None


def test_sets_of_labels_are_told_apart() -> None:
    gold = [[0, 1, 0, 1, -1], [0, 0, 0, 1, 1]]
    panel = multi_panel_of([np.zeros((5, 1)), np.zeros((5, 1))], gold)
    pattern = gold_pattern(panel).label_index
    assert pattern[0] == pattern[2]
    assert len(set(pattern[:4])) == 3
    assert pattern[4] == -1


def test_a_whole_set_is_right_or_not_and_ties_count_their_chance() -> None:
    first = np.array([[0, 0], [0, 1], [0, 1], [1, 1]])
    second = np.array([[1, 1], [1, 1], [0, 1], [0, 0]])
    panel = multi_panel_of([first, second], [[0, 0, 0, 0], [1, 1, 1, -1]])
    right = correctness(answers_of_consensus(consensus_of(panel, "majority")), panel)
    np.testing.assert_array_equal(right, [1.0, 0.5, 0.25, np.nan])
