"""How right an answer is about each gold item: accuracies and paired differences are means of it."""

from __future__ import annotations

import numpy as np

from techne.annotation.answers import Answers
from techne.annotation.panel import Panel
from techne.annotation.votes import FloatArray


def correctness(answers: Answers, panel: Panel) -> FloatArray:
    """1 for a right answer, 0 for a wrong one or none, 1/k for a tie of k labels with the right one.

    For multi the product over the labels: the whole set is right.

    Returns:
        Shape (tasks,); NaN where gold isn't known.
    """
    right = np.where(panel.gold_known, 1.0, np.nan)
    known = np.flatnonzero(panel.gold_known)
    for problem, answered in zip(panel, answers.problems, strict=True):
        if problem.gold is None:
            return right
        gold = problem.gold.label_index[known]
        if answered.candidates is None:
            right[known] *= answered.label_index[known] == gold
        else:
            candidates = answered.candidates[known]
            share = candidates[np.arange(len(known)), gold] / np.maximum(candidates.sum(axis=1), 1)
            right[known] *= share
    return right
