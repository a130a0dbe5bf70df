"""How right a model or a consensus is on gold: accuracy, scores per label, confusion, ties, with intervals.

A tie, an abstention and a failure are no answer. For accuracy a tie of k labels with the right one counts
1/k; for precision, recall, F1 and confusion no answer is a miss of the right label and a claim of none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from techne.annotation import class_scores
from techne.annotation.answers import Answers, ProblemAnswers
from techne.annotation.bootstrap import SAMPLES, interval, kinds_of_items, resample_totals
from techne.annotation.calibration import brier_score, calibrate
from techne.annotation.correctness import correctness
from techne.annotation.panel import Panel
from techne.annotation.summary import Calibration, Confusion, Evaluation
from techne.annotation.votes import NO_LABEL, BoolArray, FloatArray, IntArray, Votes
from techne.errors import ConsensusError


@dataclass(frozen=True, slots=True)
class _Judged:
    """Answers about gold items only.

    Args:
        task: Shape (items,): task index.
        gold: Shape (items, problems).
        answer: Shape (items, problems); `NO_LABEL` for none and for ties.
        tied: Shape (items, problems).
        right: Shape (items,): 1, 0, or the part that a tie is worth.
    """

    task: NDArray[np.intp]
    gold: IntArray
    answer: IntArray
    tied: BoolArray
    right: FloatArray

    def __len__(self) -> int:
        return len(self.task)


def evaluate(
    answers: Answers,
    panel: Panel,
    *,
    cross_fitted: bool = False,
    judged: BoolArray | None = None,
    samples: int = SAMPLES,
    seed: int = 0,
) -> Evaluation:
    """Judge answers by gold, as the fields of `Evaluation` say.

    Macro F1 is the mean over the labels that occur in gold; for multi, over those that any gold item
    carries, and 0 if none does. Mean absolute error leaves out items without an answer. Where ties go to the
    label named first, that is the one whose first vote comes first among all votes.

    Args:
        answers: Of a model or a consensus, in the order of the panel's tasks.
        panel: Gives the gold, and the votes that decide which label is named first.
        cross_fitted: Whether whatever answers learns from gold, but not from the gold of the item at hand.
        judged: Shape (tasks,): gold items to judge; default all.
        samples: Of the bootstrap over items.
        seed: Of the bootstrap.

    Raises:
        ConsensusError: There is no gold among the items.
    """
    items = _judge(answers, panel, judged)
    kind, counts = kinds_of_items([*items.gold.T, *items.answer.T, items.right])
    scored = np.column_stack(
        [items.right[kind], class_scores.statistics(items.gold[kind], items.answer[kind], panel)]
    )
    totals = counts @ scored
    resampled = resample_totals(counts, scored, samples=samples, seed=seed)
    by_label = class_scores.score(totals[None, 1:])
    by_label_resampled = class_scores.score(resampled[:, 1:])
    answered = (items.answer != NO_LABEL).all(axis=1)
    of_consensus = answers.kind == "consensus"
    return Evaluation(
        name=answers.name,
        kind=answers.kind,
        items=len(items),
        answered=int(np.count_nonzero(answered)),
        cross_fitted=cross_fitted,
        accuracy=interval(totals[0] / len(items), resampled[:, 0] / len(items)),
        accuracy_of_answered=float(items.right[answered].mean()) if answered.any() else None,
        macro_f1=interval(float(np.nan_to_num(by_label.macro_f1[0])), by_label_resampled.macro_f1),
        classes=class_scores.intervals(panel.labels, by_label, by_label_resampled),
        confusions=tuple(
            _confusion(panel, number, items.gold[:, number], items.answer[:, number])
            for number in range(len(panel.problems))
        ),
        calibration=_calibration(answers, items),
        ties=int(np.count_nonzero(items.tied.any(axis=1))),
        accuracy_ties_wrong=_accuracy_ties_wrong(items) if of_consensus else None,
        accuracy_ties_first=_accuracy_ties_first(answers, panel, items) if of_consensus else None,
        mean_absolute_error=_mean_absolute_error(items) if panel.kind == "ordinal" else None,
        label_accuracy=_label_accuracy(answers, panel, items) if panel.kind == "multi" else None,
    )


def _judge(answers: Answers, panel: Panel, judged: BoolArray | None) -> _Judged:
    task = np.flatnonzero(panel.gold_known if judged is None else panel.gold_known & judged)
    if not len(task):
        raise ConsensusError(
            f"{answers.name!r} can't be judged: none of the items has gold.",
            cure="Give gold for some of the tasks.",
        )
    gold = [problem.gold.label_index[task] for problem in panel if problem.gold is not None]
    return _Judged(
        task=task,
        gold=np.stack(gold, axis=1),
        answer=np.stack([problem.label_index[task] for problem in answers.problems], axis=1),
        tied=np.stack([_tied(problem, task) for problem in answers.problems], axis=1),
        right=correctness(answers, panel)[task],
    )


def _tied(answered: ProblemAnswers, task: NDArray[np.intp]) -> BoolArray:
    if answered.candidates is None:
        return np.zeros(len(task), dtype=np.bool_)
    several = answered.candidates[task].sum(axis=1) > 1
    return np.asarray(several & (answered.label_index[task] == NO_LABEL))


def _confusion(panel: Panel, number: int, gold: IntArray, answer: IntArray) -> Confusion:
    problem = panel.problems[number]
    labels = problem.votes.labels
    columns = len(labels) + 1
    column = np.where(answer == NO_LABEL, len(labels), answer)
    counts = np.bincount(gold.astype(np.int64) * columns + column, minlength=len(labels) * columns)
    return Confusion(
        label=problem.name,
        labels=labels,
        counts=tuple(tuple(row) for row in counts.reshape(len(labels), columns).tolist()),
    )


def _calibration(answers: Answers, items: _Judged) -> Calibration | None:
    """Of each decision's posterior; where there is none, of the whole answer's stated confidence."""
    posteriors = [p.posterior[items.task] for p in answers.problems if p.posterior is not None]
    if posteriors:
        gold = items.gold.T.reshape(-1)
        posterior = np.concatenate(posteriors)
        candidates = np.concatenate(
            [p.candidates[items.task] for p in answers.problems if p.candidates is not None]
        )
        right = candidates[np.arange(len(gold)), gold] / np.maximum(candidates.sum(axis=1), 1)
        return calibrate(posterior.max(axis=1), right, brier=brier_score(posterior, gold))
    stated = [p.confidence[items.task] for p in answers.problems if p.confidence is not None]
    if not stated:
        return None
    return calibrate(np.mean(stated, axis=0), items.right)


def _accuracy_ties_wrong(items: _Judged) -> float:
    return float(np.mean((items.answer == items.gold).all(axis=1)))


def _accuracy_ties_first(answers: Answers, panel: Panel, items: _Judged) -> float:
    right = np.ones(len(items), dtype=np.bool_)
    for number, (problem, answered) in enumerate(zip(panel, answers.problems, strict=True)):
        answer, tied = items.answer[:, number], items.tied[:, number]
        if answered.candidates is not None and tied.any():
            place = np.where(answered.candidates[items.task], _order_of_naming(problem.votes), np.inf)
            answer = np.where(tied, place.argmin(axis=1), answer)
        right &= answer == items.gold[:, number]
    return float(right.mean())


def _order_of_naming(votes: Votes) -> FloatArray:
    """Of each label, the place of its first vote."""
    order = np.full(len(votes.labels), float(len(votes)))
    named, first = np.unique(votes.label_index, return_index=True)
    order[named] = first
    return order


def _mean_absolute_error(items: _Judged) -> float | None:
    answered = items.answer[:, 0] != NO_LABEL
    if not answered.any():
        return None
    return float(np.abs(items.answer[answered, 0] - items.gold[answered, 0]).mean())


def _label_accuracy(answers: Answers, panel: Panel, items: _Judged) -> float:
    """Mean over the labels, each judged as a question of its own."""
    each = []
    for problem, answered in zip(panel, answers.problems, strict=True):
        alone = Panel("single", problem.votes.labels, (problem,))
        right = correctness(Answers(answers.name, answers.kind, (answered,)), alone)
        each.append(right[items.task].mean())
    return float(np.mean(each))
