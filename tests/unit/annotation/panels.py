"""Small panels to measure: of given answers, and simulated."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from techne.annotation.answers import Answers, answers_of_consensus
from techne.annotation.consensus.method import decide
from techne.annotation.labels import LabelKind
from techne.annotation.panel import Panel, Problem
from techne.annotation.votes import BINARY, Gold, IntArray, Votes


def votes_of(matrix: ArrayLike, labels: int) -> Votes:
    """Votes of a (tasks, workers) matrix of label indices, -1 for none."""
    answers = np.asarray(matrix, dtype=np.int32)
    return Votes.from_matrix(
        answers,
        tasks=[f"task {number}" for number in range(answers.shape[0])],
        workers=[f"worker {number}" for number in range(answers.shape[1])],
        labels=[f"label {number}" for number in range(labels)],
    )


def panel_of(
    matrix: ArrayLike, gold: ArrayLike | None = None, *, labels: int = 2, kind: LabelKind = "single"
) -> Panel:
    """A panel with one problem."""
    votes = votes_of(matrix, labels)
    known = None if gold is None else Gold(np.asarray(gold, dtype=np.int32))
    return Panel(kind, votes.labels, (Problem("", votes, known),))


def multi_panel_of(matrices: Sequence[ArrayLike], golds: Sequence[ArrayLike] | None = None) -> Panel:
    """A multi-label panel: one (tasks, workers) matrix of 0, 1 and -1 per label."""
    problems = []
    for number, matrix in enumerate(matrices):
        plain = votes_of(matrix, 2)
        votes = Votes(
            plain.tasks,
            plain.workers,
            BINARY,
            plain.task_index,
            plain.worker_index,
            plain.label_index,
        )
        gold = None if golds is None else Gold(np.asarray(golds[number], dtype=np.int32))
        problems.append(Problem(f"label {number}", votes, gold))
    return Panel("multi", tuple(problem.name for problem in problems), tuple(problems))


def simulated(
    *, tasks: int, accuracies: Sequence[float], labels: int = 2, missing: float = 0.0, seed: int = 0
) -> tuple[IntArray, IntArray]:
    """Answers of workers who err independently, shape (tasks, workers), and the truth, shape (tasks,)."""
    chance = np.random.default_rng(seed)
    truth = chance.integers(0, labels, tasks)
    wrong = (truth[:, None] + chance.integers(1, labels, (tasks, len(accuracies)))) % labels
    right = chance.random(wrong.shape) < np.asarray(accuracies)
    answers = np.where(right, truth[:, None], wrong)
    answers[chance.random(answers.shape) < missing] = -1
    return answers.astype(np.int32), truth.astype(np.int32)


def majority(panel: Panel) -> Answers:
    """Shares of the votes as posteriors: a consensus that ties."""
    decided = []
    for problem in panel:
        counts = problem.votes.counts
        votes = counts.sum(axis=1, keepdims=True)
        posterior = np.divide(counts, votes, out=np.full(counts.shape, np.nan), where=votes > 0)
        decided.append(decide("majority", posterior))
    return answers_of_consensus(decided)
