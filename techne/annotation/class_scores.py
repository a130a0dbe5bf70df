"""Precision, recall and F1 of each label, and their mean.

Everything is a function of three totals per label, items that carry it, items that were given it, and both;
so what holds for the gold items holds for every bootstrap sample of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from techne.annotation.bootstrap import interval
from techne.annotation.panel import Panel
from techne.annotation.summary import ClassScore, Interval
from techne.annotation.votes import BINARY, BoolArray, FloatArray, IntArray

_YES = BINARY.index("yes")


@dataclass(frozen=True, slots=True)
class Scores:
    """Of each sample and label, all of shape (samples, labels) but the mean, of shape (samples,).

    Args:
        support: Items that carry the label.
        precision: NaN where no item was given the label.
        recall: NaN where no item carries it.
        f1: NaN where no item carries it; 0 if none was given it.
        macro_f1: Mean of those F1 that are defined; NaN if none is.
    """

    support: FloatArray
    precision: FloatArray
    recall: FloatArray
    f1: FloatArray
    macro_f1: FloatArray


def statistics(gold: IntArray, answer: IntArray, panel: Panel) -> FloatArray:
    """What each item adds to the totals of `score`.

    Args:
        gold: Shape (items, problems).
        answer: Shape (items, problems); `NO_LABEL` for none.
        panel: Says whether the labels are answers to one problem or problems themselves.

    Returns:
        Shape (items, 3 x labels): for each label whether both have it, whether the answer does, whether gold
        does.
    """
    carried, given = _labels_of(gold, panel), _labels_of(answer, panel)
    return np.hstack([carried & given, given, carried]).astype(np.float64)


def _labels_of(label_index: IntArray, panel: Panel) -> BoolArray:
    if panel.kind == "multi":
        return np.asarray(label_index == _YES)
    return np.asarray(label_index == np.arange(len(panel.labels)))


def score(totals: FloatArray) -> Scores:
    """Scores from totals of `statistics`, of shape (samples, 3 x labels)."""
    both, given, carried = np.split(totals, 3, axis=1)
    f1 = _ratio(2 * both, np.where(carried > 0, carried + given, 0))
    defined = ~np.isnan(f1)
    return Scores(
        support=carried,
        precision=_ratio(both, given),
        recall=_ratio(both, carried),
        f1=f1,
        macro_f1=_ratio(np.where(defined, f1, 0).sum(axis=1), defined.sum(axis=1)),
    )


def _ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    return np.asarray(np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0))


def intervals(labels: tuple[str, ...], found: Scores, resampled: Scores) -> tuple[ClassScore, ...]:
    """The scores of each label with their intervals.

    Args:
        labels: Names.
        found: Of the items themselves: one sample.
        resampled: Of bootstrap samples of them.
    """
    return tuple(
        ClassScore(
            label=label,
            support=int(found.support[0, number]),
            precision=_interval(found.precision[0, number], resampled.precision[:, number]),
            recall=_interval(found.recall[0, number], resampled.recall[:, number]),
            f1=_interval(found.f1[0, number], resampled.f1[:, number]),
        )
        for number, label in enumerate(labels)
    )


def _interval(value: float, resampled: FloatArray) -> Interval | None:
    return None if np.isnan(value) else interval(float(value), resampled)
