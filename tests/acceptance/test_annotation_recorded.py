"""Existing labels through the command line: recorded panels have their known figures (S0-6, S0-16)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from flows.annotation import annotation
from flows.annotation_command import main
from techne.annotation.summary import ConsensusRun, Summary
from tests.acceptance.runs import Place

FOLDER = os.environ.get("TECHNE_EXTERNAL_DATA", "")
pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.external,
    pytest.mark.skipif(not FOLDER, reason="TECHNE_EXTERNAL_DATA names no folder of real files"),
]


def concluded(place: Place, name: str) -> Summary:
    """The summary of one of the recorded panels."""
    votes, gold = (Path(FOLDER) / "consensus" / f"{name}_{part}.csv" for part in ("crowd", "gold"))
    flags = ["--annotations", str(votes), "--gold", str(gold), "--output", str(place.output)]
    assert main([*flags, "--experiment-id", name], annotation) == 0
    return Summary.model_validate_json((place.output / name / "summary.json").read_bytes())


def method(summary: Summary, name: str) -> ConsensusRun:
    return next(run for run in summary.consensus if run.name == name)


def loud(summary: Summary) -> list[str]:
    return [caution.code for caution in summary.warnings if caution.level == "loud"]


def test_a_human_crowd_is_worth_more_than_its_members(place: Place) -> None:
    summary = concluded(place, "rte")
    assert method(summary, "dawid-skene").accuracy == pytest.approx(0.9275, abs=0.005)
    assert method(summary, "one-coin").accuracy == pytest.approx(0.925, abs=0.005)
    majority = method(summary, "majority")
    assert majority.accuracy_ties_first == pytest.approx(0.875, abs=0.0005)
    assert majority.accuracy == pytest.approx(0.8969, abs=0.0005)
    assert majority.ties == 65
    assert loud(summary) == []
    assert summary.recommendation is not None
    assert summary.recommendation.kind == "consensus"


@pytest.mark.parametrize(
    ("name", "best", "best_accuracy", "majority_first", "dawid_skene"),
    [
        ("llmbar_vanilla", "GPT-4/Vanilla/swap", 0.8616, 0.5895, 0.4749),
        ("babe_llm_8shot", "gpt_4", 0.8497, 0.8216, 0.8209),
    ],
)
def test_models_that_err_together_are_worth_less_than_the_best_of_them(
    place: Place, name: str, best: str, best_accuracy: float, majority_first: float, dawid_skene: float
) -> None:
    summary = concluded(place, name)
    assert method(summary, "majority").accuracy_ties_first == pytest.approx(majority_first, abs=0.0005)
    assert method(summary, "dawid-skene").accuracy == pytest.approx(dawid_skene, abs=0.002)
    assert summary.best_model == best
    by_name = {evaluation.name: evaluation.accuracy.value for evaluation in summary.evaluations}
    assert by_name[best] == pytest.approx(best_accuracy, abs=0.0005)
    assert loud(summary) == ["panel_below_best_model"]
    assert summary.recommendation is not None
    assert summary.recommendation.use == best
    gold_weighted = method(summary, "gold-weighted")
    assert gold_weighted.evaluation is not None
    assert gold_weighted.evaluation.cross_fitted
    assert (gold_weighted.accuracy or 0) > (method(summary, "majority").accuracy or 0)
