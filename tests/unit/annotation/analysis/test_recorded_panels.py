"""Recorded panels are told what FINDINGS of the field say; their folder is named by TECHNE_EXTERNAL_DATA."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from benchmarks.cascade import LOSS_AIM, figures, replayed
from benchmarks.recorded_panels import recorded_panel
from techne.annotation.analysis import analyse

FOLDER = os.environ.get("TECHNE_EXTERNAL_DATA", "")
pytestmark = [
    pytest.mark.external,
    pytest.mark.skipif(not FOLDER, reason="TECHNE_EXTERNAL_DATA names no folder of real files"),
]


@pytest.mark.parametrize(
    ("name", "best"), [("llmbar_vanilla", "GPT-4/Vanilla/swap"), ("babe_llm_8shot", "gpt_4")]
)
def test_panels_of_language_models_are_called_worse_than_their_best(name: str, best: str) -> None:
    found = analyse(recorded_panel(Path(FOLDER), name))
    assert found.best_model == best
    assert found.recommendation is not None
    assert found.recommendation.use == best
    (caution,) = [caution for caution in found.cautions if caution.code == "panel_below_best_model"]
    assert caution.level == "loud"
    for method in ("majority", "dawid-skene", "one-coin"):
        assert f"{method} by " in caution.message


def test_a_human_crowd_is_not() -> None:
    found = analyse(recorded_panel(Path(FOLDER), "rte"))
    assert "panel_below_best_model" not in {caution.code for caution in found.cautions}
    accuracy = {run.name: run.accuracy for run in found.runs}
    assert accuracy["dawid-skene"] == pytest.approx(0.9275, abs=0.005)
    assert found.recommendation is not None
    assert found.recommendation.kind == "consensus"


def test_fifty_gold_items_make_a_good_vote_of_a_bad_panel() -> None:
    panel = recorded_panel(Path(FOLDER), "llmbar_vanilla")
    accuracy = []
    for seed in range(5):
        gold = np.zeros(len(panel.tasks), dtype=np.bool_)
        gold[np.random.default_rng(seed).choice(len(gold), 50, replace=False)] = True
        found = analyse(panel.gold_only(gold), methods=("gold-weighted",), samples=20)
        truth = panel.problems[0].gold
        assert truth is not None
        decided = found.consensus["gold-weighted"][0].label_index
        accuracy.append(float(np.mean(decided[~gold] == truth.label_index[~gold])))
    assert np.mean(accuracy) >= 0.80


@pytest.mark.parametrize("name", ["llmbar_vanilla", "babe_llm_8shot"])
def test_a_cascade_saves_calls_and_loses_nothing_to_speak_of(name: str) -> None:
    panel = recorded_panel(Path(FOLDER), name)
    accuracy, full, _, saved, _ = np.mean(
        [figures(panel, replayed(panel, 100, seed), 100) for seed in range(5)], axis=0
    )
    assert accuracy >= full - LOSS_AIM
    assert saved > 0.5
