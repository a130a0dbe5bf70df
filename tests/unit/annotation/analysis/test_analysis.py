"""Votes and gold in, everything that they tell out: S0-6, S0-8 and S0-16."""

from __future__ import annotations

import numpy as np
import pytest

from techne.annotation.analysis import analyse, default_consensus
from techne.errors import ConsensusError
from tests.unit.annotation.analysis.simulation import echoing_panel, independent_panel, with_gold
from tests.unit.annotation.panels import multi_panel_of, panel_of, simulated

NAMES = ("majority", "dawid-skene", "one-coin")


def test_independent_models_are_best_together() -> None:
    found = analyse(independent_panel(), samples=200)
    assert found.recommendation is not None
    assert found.recommendation.kind == "consensus"
    assert found.chosen == found.recommendation.use
    assert found.best_model is not None


def test_among_echoes_the_good_model_or_the_vote_that_knows_it_is_recommended() -> None:
    found = analyse(echoing_panel(), samples=200)
    assert found.best_model == "worker 0"
    assert found.recommendation is not None
    assert found.recommendation.use in {"worker 0", "gold-weighted"}
    assert found.chosen == "gold-weighted"
    assert found.evaluations[0].name == "worker 0"


def test_every_method_is_evaluated_on_all_gold_and_says_whether_it_was_cross_fitted() -> None:
    found = analyse(with_gold(independent_panel(), 60), samples=100)
    of = {run.name: run.evaluation for run in found.runs}
    assert set(of) == set(found.consensus) == {*NAMES, "gold-weighted"}
    for name, evaluation in of.items():
        assert evaluation is not None
        assert evaluation.items == 60
        assert evaluation.cross_fitted is (name == "gold-weighted")


def test_the_best_model_is_tested_against_everything_else_and_first_against_second() -> None:
    found = analyse(independent_panel(), samples=100)
    pairs = {(test.first, test.second) for test in found.paired_tests}
    assert found.recommendation is not None
    assert len(pairs) == len(found.paired_tests)
    assert {(found.best_model, name) for name in (*NAMES, "gold-weighted")} <= pairs
    assert {found.recommendation.use, found.recommendation.runner_up} in [set(pair) for pair in pairs]


def test_no_gold_still_gives_a_consensus_and_says_why_that_one() -> None:
    found = analyse(with_gold(independent_panel(), 0))
    assert found.recommendation is None
    assert found.best_model is None
    assert found.evaluations == ()
    assert found.paired_tests == ()
    assert found.chosen == "majority"
    assert "models that err alike" in found.chosen_reason
    assert all(run.accuracy is None for run in found.runs)


def test_one_gold_item_judges_but_does_not_choose() -> None:
    found = analyse(with_gold(echoing_panel(), 1), samples=50)
    assert "gold-weighted" not in found.consensus
    assert found.chosen == "majority"
    assert found.recommendation is not None
    assert found.recommendation.gold_items == 1
    assert found.recommendation.stability is None


def test_what_learns_from_one_gold_item_is_applied_and_not_judged() -> None:
    found = analyse(with_gold(independent_panel(), 1), methods=("gold-weighted", "majority"), samples=50)
    judged = {run.name: run.evaluation is not None for run in found.runs}
    assert judged == {"gold-weighted": False, "majority": True}


def test_gold_of_one_label_is_enough_to_go_on() -> None:
    answers, _ = simulated(tasks=60, accuracies=[0.8] * 3)
    found = analyse(panel_of(answers, np.zeros(60)), samples=50)
    assert "missing_class" in {caution.code for caution in found.cautions}
    assert found.recommendation is not None


def test_ties_everywhere_are_no_decisions() -> None:
    found = analyse(panel_of(np.tile([0, 1], (40, 1)), np.arange(40) % 2), methods=("majority",), samples=50)
    (run,) = found.runs
    assert (run.decided, run.ties, run.no_votes, run.mean_margin) == (0, 40, 0, 0.0)
    assert run.accuracy == 0.5
    assert found.disputed[:3].tolist() == [0, 1, 2]


def test_texts_without_votes_are_counted_and_most_disputed() -> None:
    answers, truth = simulated(tasks=50, accuracies=[0.9] * 3)
    answers[7] = -1
    found = analyse(panel_of(answers, truth), samples=50)
    assert {run.no_votes for run in found.runs} == {1}
    assert found.disputed[0] == 7


def test_a_method_that_is_asked_for_is_chosen() -> None:
    found = analyse(echoing_panel(), methods=("majority",), chosen="one-coin", samples=50)
    assert tuple(found.consensus) == ("majority", "one-coin")
    assert (found.chosen, found.chosen_reason) == ("one-coin", "It was asked for.")


def test_an_unknown_method_and_gold_that_is_not_there_are_refused() -> None:
    panel = with_gold(independent_panel(20), 0)
    with pytest.raises(ConsensusError, match="no-such"):
        analyse(panel, methods=("no-such",))
    with pytest.raises(ConsensusError, match="gold"):
        analyse(panel, methods=("gold-weighted",))


def test_no_votes_at_all_are_refused() -> None:
    with pytest.raises(ConsensusError):
        analyse(panel_of(np.full((5, 2), -1)))


def test_a_multi_label_panel_is_judged_by_whole_sets() -> None:
    (first, truth), (second, other) = (
        simulated(tasks=120, accuracies=[0.85] * 5, seed=seed) for seed in (1, 2)
    )
    found = analyse(multi_panel_of([first, second], [truth, other]), samples=100)
    for run in found.runs:
        assert len(found.consensus[run.name]) == 2
        assert run.evaluation is not None
        assert run.accuracy is not None
        assert run.evaluation.label_accuracy is not None
        assert run.accuracy < run.evaluation.label_accuracy
        assert set(run.distribution) == {"label 0", "label 1"}
    assert found.recommendation is not None


def test_a_multi_label_panel_with_gold_for_one_label_only_has_no_gold_for_whole_texts() -> None:
    answers, truth = simulated(tasks=30, accuracies=[0.8] * 3)
    found = analyse(multi_panel_of([answers, answers], [truth, np.full(30, -1)]))
    assert found.recommendation is None
    assert "no_gold" in {caution.code for caution in found.cautions}


def test_an_ordinal_panel_has_its_median() -> None:
    answers, truth = simulated(tasks=100, accuracies=[0.7] * 3, labels=4)
    panel = panel_of(answers, truth, labels=4, kind="ordinal")
    found = analyse(panel, samples=50)
    assert "median" in found.consensus
    assert found.agreement.krippendorff_ordinal is not None
    assert analyse(with_gold(panel, 0)).chosen == "median"


def test_a_crowd_is_left_to_dawid_and_skene_without_gold() -> None:
    answers, _ = simulated(tasks=200, accuracies=[0.8] * 40, missing=0.8)
    assert default_consensus(panel_of(answers), NAMES)[0] == "dawid-skene"
    assert default_consensus(panel_of(answers[:, :5]), NAMES)[0] == "majority"
    assert default_consensus(panel_of(answers), ("glad",))[0] == "glad"


def test_of_a_crowd_only_the_busiest_are_evaluated() -> None:
    answers, truth = simulated(tasks=100, accuracies=[0.8] * 60, missing=0.5)
    found = analyse(panel_of(answers, truth), samples=20)
    assert len(found.evaluations) == 20
    assert len(found.paired_tests) < 40


def test_cheaper_models_are_preferred_at_equal_accuracy() -> None:
    answers, truth = simulated(tasks=60, accuracies=[0.8])
    panel = panel_of(np.repeat(answers, 3, axis=1), truth)
    found = analyse(panel, samples=50, cost_per_call={"worker 0": 3.0, "worker 1": 1.0, "worker 2": 2.0})
    assert found.recommendation is not None
    assert (found.recommendation.use, found.recommendation.runner_up) == ("worker 1", "worker 2")


def test_the_same_input_gives_the_same_output() -> None:
    first, second = (analyse(echoing_panel(), samples=100, seed=3) for _ in range(2))
    assert first.runs == second.runs
    assert first.recommendation == second.recommendation
    assert first.cautions == second.cautions
    assert first.paired_tests == second.paired_tests
