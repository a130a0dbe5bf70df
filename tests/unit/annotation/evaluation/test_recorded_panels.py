"""Recorded crowds and panels have their known figures; their folder is named by TECHNE_EXTERNAL_DATA."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest

from techne.annotation.agreement import measure_agreement
from techne.annotation.answers import answers_of_worker
from techne.annotation.evaluation import evaluate
from techne.annotation.paired import paired_test
from techne.annotation.panel import Panel, Problem
from techne.annotation.votes import NO_LABEL, Gold, Votes
from tests.unit.annotation.panels import majority

FOLDER = os.environ.get("TECHNE_EXTERNAL_DATA", "")
pytestmark = [
    pytest.mark.external,
    pytest.mark.skipif(not FOLDER, reason="TECHNE_EXTERNAL_DATA names no folder of real files"),
]


def _rows(name: str) -> list[dict[str, str]]:
    with (Path(FOLDER) / "consensus" / name).open(newline="") as file:
        return list(csv.DictReader(file))


def _panel(name: str) -> Panel:
    rows = _rows(f"{name}_crowd.csv")
    tasks, workers = (list(dict.fromkeys(row[column] for row in rows)) for column in ("task", "worker"))
    labels = tuple(sorted({row["label"] for row in rows}))
    matrix = np.full((len(tasks), len(workers)), NO_LABEL, dtype=np.int32)
    task_of, worker_of = ({name: at for at, name in enumerate(names)} for names in (tasks, workers))
    for row in rows:
        matrix[task_of[row["task"]], worker_of[row["worker"]]] = labels.index(row["label"])
    gold = np.full(len(tasks), NO_LABEL, dtype=np.int32)
    for row in _rows(f"{name}_gold.csv"):
        gold[task_of[row["task"]]] = labels.index(row["label"])
    votes = Votes.from_matrix(matrix, tasks=tasks, workers=workers, labels=labels)
    return Panel("single", labels, (Problem("", votes, Gold(gold)),))


@pytest.mark.parametrize(
    ("name", "ties_first", "by_chance", "ties"),
    [
        ("rte", 0.875, 0.8969, 65),
        ("llmbar_vanilla", 0.5895, 0.6026, 41),
        ("babe_llm_8shot", 0.8216, 0.8196, 78),
    ],
)
def test_majority_has_its_known_accuracy(name: str, ties_first: float, by_chance: float, ties: int) -> None:
    panel = _panel(name)
    found = evaluate(majority(panel), panel)
    assert found.accuracy_ties_first == pytest.approx(ties_first, abs=5e-5)
    assert found.accuracy.value == pytest.approx(by_chance, abs=5e-5)
    assert found.ties == ties


@pytest.mark.parametrize(
    ("name", "best", "accuracy"),
    [("llmbar_vanilla", "GPT-4/Vanilla/swap", 0.8616), ("babe_llm_8shot", "gpt_4", 0.8503)],
)
def test_the_best_model_beats_the_majority(name: str, best: str, accuracy: float) -> None:
    panel = _panel(name)
    models = [answers_of_worker(panel, worker) for worker in range(len(panel.workers))]
    judged = [evaluate(model, panel, samples=10) for model in models]
    place = max(range(len(judged)), key=lambda at: judged[at].accuracy.value)
    assert judged[place].name == best
    assert judged[place].accuracy_of_answered == pytest.approx(accuracy, abs=5e-5)
    test = paired_test(models[place], majority(panel), panel)
    assert test.difference.low > 0
    assert test.p_value < 0.001


@pytest.mark.parametrize(
    ("name", "effective", "votes"),
    [("rte", 5.7, 10), ("llmbar_vanilla", 3.0, 12), ("babe_llm_8shot", 2.3, 10)],
)
def test_a_panel_is_worth_fewer_models_than_it_has(name: str, effective: float, votes: int) -> None:
    panel = _panel(name)
    found = measure_agreement(panel)
    assert found.effective_models == pytest.approx(effective, abs=0.05)
    assert panel.problems[0].votes.counts.sum(axis=1).max() == votes
