"""Each caution comes when it should, with figures and what to do, and only then."""

from __future__ import annotations

import numpy as np
import pytest

from techne.annotation.analysis import analyse
from techne.annotation.cautions import Circumstances
from techne.annotation.panel import Panel
from techne.annotation.summary import Caution, ModelRun
from tests.unit.annotation.analysis.simulation import echoing_panel, independent_panel, with_gold
from tests.unit.annotation.panels import panel_of, simulated


def cautions(panel: Panel, circumstances: Circumstances | None = None) -> dict[str, Caution]:
    found = analyse(panel, samples=200, circumstances=circumstances).cautions
    return {caution.code: caution for caution in found}


def test_a_panel_that_echoes_is_called_worse_than_its_best_model_loudly() -> None:
    caution = cautions(echoing_panel())["panel_below_best_model"]
    assert caution.level == "loud"
    for part in ("On the same 400 gold items", "worker 0", "p < 0.001", "Recommended instead: "):
        assert part in caution.message
    for method in ("majority", "dawid-skene", "one-coin"):
        assert f"{method} by " in caution.message


def test_a_panel_that_errs_independently_is_not() -> None:
    assert "panel_below_best_model" not in cautions(independent_panel())


def test_loud_ones_come_first() -> None:
    levels = [caution.level for caution in analyse(echoing_panel(), samples=100).cautions]
    assert levels[0] == "loud"
    assert "note" in levels
    assert levels == sorted(levels)


def test_with_little_gold_the_panel_is_doubted_but_not_shouted_down() -> None:
    for seed in range(20):
        found = cautions(with_gold(echoing_panel(seed=seed), 8)).get("panel_below_best_model")
        if found is not None:
            assert found.level == "note"
            assert "With so little gold it is not sure" in found.message
            break
    else:
        pytest.fail("no seed of twenty in which the best model leads")


def test_a_crowd_worker_with_twenty_lucky_answers_does_not_beat_the_crowd() -> None:
    """Eighty workers, twenty of 400 texts each, right on .85: some are right on all of theirs."""
    answers, truth = simulated(tasks=400, accuracies=[0.85] * 80)
    answers[(np.arange(400)[:, None] // 20 - np.arange(80)) % 20 != 0] = -1
    panel = panel_of(answers, truth)
    wrong = (answers >= 0) & (answers != truth[:, None])
    assert not wrong.any(axis=0).all()
    found = analyse(panel, samples=100)
    assert found.best_model is None
    assert "panel_below_best_model" not in {caution.code for caution in found.cautions}
    first_batch = analyse(with_gold(panel, 20), samples=100)
    assert first_batch.best_model is None, "those of the first batch answered all gold, and little else"


def test_the_luckiest_of_many_equals_does_not_beat_the_panel() -> None:
    """Seventeen guessers and thirty items: one is right on 22, and was chosen for that."""
    fired = 0
    for seed in range(20):
        answers, truth = simulated(tasks=30, accuracies=[0.5] * 17, seed=seed)
        caution = cautions(panel_of(answers, truth)).get("panel_below_best_model")
        fired += caution is not None and caution.level == "loud"
    assert fired <= 2


def test_models_that_err_together_are_counted_as_the_few_that_they_are() -> None:
    caution = cautions(echoing_panel())["few_effective_models"]
    assert "5 answers to a text are worth 1." in caution.message
    assert "few_effective_models" not in cautions(independent_panel())


def test_without_gold_nothing_is_known_and_it_says_what_to_label() -> None:
    found = cautions(with_gold(independent_panel(), 0))
    assert "Label 50 to 100 texts by hand, drawn at random" in found["no_gold"].message
    assert not {"little_gold", "panel_below_best_model", "few_effective_models"} & set(found)


@pytest.mark.parametrize(("items", "said"), [(1, "1 gold item is little"), (49, "49 gold items are little")])
def test_little_gold_is_called_little(items: int, said: str) -> None:
    found = cautions(with_gold(independent_panel(), items))
    assert said in found["little_gold"].message
    assert f"Label {50 - items} more texts" in found["little_gold"].message


def test_fifty_are_not_little() -> None:
    assert "little_gold" not in cautions(with_gold(independent_panel(), 50))


def test_labels_without_gold_and_without_votes_are_named() -> None:
    answers = np.zeros((60, 3), dtype=int)
    found = [
        caution.message
        for caution in analyse(panel_of(answers, np.zeros(60), labels=3), samples=50).cautions
        if caution.code == "missing_class"
    ]
    assert len(found) == 2
    assert all("label 1 and label 2" in message for message in found)
    assert any("No model ever answered" in message for message in found)
    assert any("No gold item is" in message for message in found)


def test_many_ties_are_counted() -> None:
    answers = np.tile([0, 1], (30, 1))
    assert "can't decide 30 of 30 texts (100.0%)" in cautions(panel_of(answers))["many_ties"].message


def test_what_the_caller_knows_is_passed_on() -> None:
    run = ModelRun(
        name="m", items=110, labelled=70, failed=30, not_asked=10, failures={"throttled": 25, "x": 5}
    )
    found = cautions(
        independent_panel(),
        Circumstances(models=(run,), duplicates=1, unmatched_gold=3, fallback_answers=2, unasked=7),
    )
    assert "m failed on 30 of 100 texts (30.0%; 25 throttled and 5 x)" in found["many_failures"].message
    assert found["many_failures"].level == "loud"
    assert "1 vote was left out" in found["duplicates"].message
    assert "3 gold answers are left out" in found["unmatched_gold"].message
    assert "2 answers are from a fallback" in found["fallback_answers"].message
    assert "7 calls were not made" in found["budget_exhausted"].message


def test_a_clean_run_of_a_good_panel_has_no_caution() -> None:
    run = ModelRun(name="m", items=100, labelled=98, failed=2)
    assert cautions(independent_panel(), Circumstances(models=(run,))) == {}
