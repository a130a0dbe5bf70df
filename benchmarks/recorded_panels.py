"""Recorded answers of crowds and models with gold: the folder `consensus` of the external data."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from techne.annotation.panel import Panel, Problem
from techne.annotation.votes import NO_LABEL, Gold, Votes


def recorded_panel(folder: Path, name: str) -> Panel:
    """The panel of `{name}_crowd.csv` (task, worker, label) and `{name}_gold.csv` (task, label).

    Args:
        folder: Of the external data.
        name: As `rte`, `llmbar_vanilla` or `babe_llm_8shot`.
    """
    rows = _rows(folder, f"{name}_crowd.csv")
    tasks, workers, labels = (sorted({row[column] for row in rows}) for column in ("task", "worker", "label"))
    task_of, worker_of, label_of = (
        {each: at for at, each in enumerate(of)} for of in (tasks, workers, labels)
    )
    answers = np.full((len(tasks), len(workers)), NO_LABEL, dtype=np.int32)
    for row in rows:
        answers[task_of[row["task"]], worker_of[row["worker"]]] = label_of[row["label"]]
    gold = np.full(len(tasks), NO_LABEL, dtype=np.int32)
    for row in _rows(folder, f"{name}_gold.csv"):
        gold[task_of[row["task"]]] = label_of[row["label"]]
    votes = Votes.from_matrix(answers, tasks=tasks, workers=workers, labels=labels)
    return Panel("single", tuple(labels), (Problem("", votes, Gold(gold)),))


def _rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "consensus" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
