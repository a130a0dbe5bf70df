"""What one model or one consensus says about every task: the thing that is evaluated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from techne.annotation.consensus.method import TIE_TOLERANCE, Consensus
from techne.annotation.panel import Panel
from techne.annotation.votes import NO_LABEL, BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class ProblemAnswers:
    """Answers to one problem of a panel, in the order of its tasks.

    Args:
        label_index: Shape (tasks,); `NO_LABEL` where there is no answer, or a tie.
        candidates: Shape (tasks, labels), for a consensus: labels that share the first place.
        posterior: Shape (tasks, labels), for a consensus; NaN rows without votes.
        confidence: Shape (tasks,), for a model that says how certain it is; NaN where it doesn't.
    """

    label_index: IntArray
    candidates: BoolArray | None = None
    posterior: FloatArray | None = None
    confidence: FloatArray | None = None


@dataclass(frozen=True)
class Answers:
    """Everything that one of them says.

    Args:
        name: The model's or the method's.
        kind: Which of the two.
        problems: One per problem of the panel, in its order.
    """

    name: str
    kind: Literal["model", "consensus"]
    problems: tuple[ProblemAnswers, ...]


def answers_of_worker(panel: Panel, worker: int) -> Answers:
    """What the worker of that index voted."""
    problems = []
    for problem in panel:
        votes = problem.votes
        mine = votes.worker_index == worker
        label_index = np.full(len(votes.tasks), NO_LABEL, dtype=np.int32)
        label_index[votes.task_index[mine]] = votes.label_index[mine]
        confidence = None
        if votes.confidence is not None:
            confidence = np.full(len(votes.tasks), np.nan)
            confidence[votes.task_index[mine]] = votes.confidence[mine]
        problems.append(ProblemAnswers(label_index, confidence=confidence))
    return Answers(panel.workers[worker], "model", tuple(problems))


def answers_of_consensus(consensus: Sequence[Consensus]) -> Answers:
    """What a method decided, one `Consensus` per problem of the panel."""
    problems = []
    for decided in consensus:
        filled = np.where(np.isnan(decided.posterior), -1.0, decided.posterior)
        best = filled.max(axis=1, keepdims=True)
        candidates = (filled >= best - TIE_TOLERANCE) & (best >= 0)
        problems.append(
            ProblemAnswers(decided.label_index, candidates=candidates, posterior=decided.posterior)
        )
    return Answers(consensus[0].method, "consensus", tuple(problems))
