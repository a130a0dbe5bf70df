"""Crowds for tests: simulated ones whose truth is known, recorded ones, and crowd-kit's opinion of them."""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from techne.annotation.votes import NO_LABEL, FloatArray, Gold, IntArray, Votes

FOLDER = os.environ.get("TECHNE_EXTERNAL_DATA", "")
RECORDED = ("rte", "llmbar_vanilla", "babe_llm_8shot")


def external(test: Any) -> Any:
    """Mark a test that needs the recorded crowds."""
    missing = pytest.mark.skipif(not FOLDER, reason="TECHNE_EXTERNAL_DATA names no folder of real files")
    return pytest.mark.external(missing(test))


@dataclass(frozen=True, slots=True)
class Crowd:
    """Votes and the truth; for a simulated crowd the workers' confusion matrices as well."""

    votes: Votes
    gold: Gold
    confusion: FloatArray

    @property
    def truth(self) -> IntArray:
        return self.gold.label_index

    def accuracy(self, label_index: IntArray) -> float:
        known = self.gold.known
        return float((label_index == self.truth)[known].mean())

    def split(self, gold_items: int, seed: int) -> tuple[Gold, IntArray]:
        """Gold of so many tasks drawn by chance, and the other tasks with a known answer."""
        order = np.random.default_rng(seed).permutation(np.flatnonzero(self.gold.known))
        wanted = np.zeros(len(self.votes.tasks), dtype=np.bool_)
        wanted[order[:gold_items]] = True
        return self.gold.only(wanted), order[gold_items:].astype(np.int32)


def votes_of(matrix: IntArray, labels: int) -> Votes:
    tasks, workers = matrix.shape
    return Votes.from_matrix(
        matrix,
        tasks=[f"task {number}" for number in range(tasks)],
        workers=[f"worker {number}" for number in range(workers)],
        labels=[f"label {number}" for number in range(labels)],
    )


def simulated(
    seed: int,
    *,
    tasks: int = 300,
    workers: int = 8,
    labels: int = 2,
    answered: float = 0.8,
    systematic: bool = True,
    accuracy: tuple[float, float] = (0.5, 0.9),
) -> Crowd:
    """Workers of different accuracy, who answer a part of the tasks; errors systematic, or spread evenly."""
    random = np.random.default_rng(seed)
    right = random.uniform(*accuracy, size=workers)
    confusion = np.empty((workers, labels, labels))
    for truth in range(labels):
        even = np.full((workers, labels - 1), 1 / (labels - 1))
        errors = random.dirichlet(np.full(labels - 1, 0.7), workers) if systematic else even
        confusion[:, truth] = np.insert(errors * (1 - right)[:, None], truth, right, axis=1)
    truth_index = random.choice(labels, tasks, p=random.dirichlet(np.full(labels, 8.0))).astype(np.int32)
    sums = confusion.cumsum(axis=2)[:, truth_index].swapaxes(0, 1)
    matrix = (random.random((tasks, workers, 1)) > sums[..., :-1]).sum(axis=2).astype(np.int32)
    matrix[random.random((tasks, workers)) > answered] = NO_LABEL
    return Crowd(votes_of(matrix, labels), Gold(truth_index), confusion)


def recorded(name: str) -> Crowd:
    """A recorded crowd; labels in order of their first use in the file, as tools that break ties see them."""
    folder = Path(FOLDER) / "consensus"
    with (folder / f"{name}_crowd.csv").open(encoding="utf-8", newline="") as file:
        rows = [(row["task"], row["worker"], row["label"]) for row in csv.DictReader(file)]
    with (folder / f"{name}_gold.csv").open(encoding="utf-8", newline="") as file:
        gold = {row["task"]: row["label"] for row in csv.DictReader(file)}
    tasks, workers, labels = (list(dict.fromkeys(column)) for column in zip(*rows, strict=True))
    matrix = np.full((len(tasks), len(workers)), NO_LABEL, dtype=np.int32)
    at_task, at_worker, at_label = (
        {name: place for place, name in enumerate(names)} for names in (tasks, workers, labels)
    )
    for task, worker, label in rows:
        matrix[at_task[task], at_worker[worker]] = at_label[label]
    truth = np.array([at_label[gold[task]] if task in gold else NO_LABEL for task in tasks], dtype=np.int32)
    votes = Votes.from_matrix(matrix, tasks=tasks, workers=workers, labels=labels)
    return Crowd(votes, Gold(truth), np.empty((0, 0, 0)))


def crowd_kit_posterior(model: Any, votes: Votes) -> FloatArray:
    """Posterior of one of crowd-kit's models, as an array of ours."""
    import pandas as pd

    frame = pd.DataFrame({"task": votes.task_index, "worker": votes.worker_index, "label": votes.label_index})
    proba = model.fit_predict_proba(frame)
    table = proba.reindex(index=range(len(votes.tasks)), columns=range(len(votes.labels)))
    known = table.notna().any(axis=1)
    table.loc[known] = table.loc[known].fillna(0.0)
    return np.asarray(table.to_numpy(dtype=np.float64))
