"""Agreement of all voters at once, chance apart: Fleiss' kappa and Krippendorff's alpha.

Both are of votes by task and label alone, so who gave them makes no difference, and nobody has to have
answered every task. Tasks with fewer than two votes say nothing about agreement and are left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from techne.annotation.votes import FloatArray, Votes


@dataclass(frozen=True, slots=True)
class Reliability:
    """NaN where there is nothing to agree about: no task has two votes, or all votes are for one label.

    Args:
        fleiss: Fleiss 1971. Tasks with different numbers of votes weigh the same (Gwet 2014).
        nominal: Krippendorff's alpha (2011); every vote weighs the same.
        ordinal: The same with ranks as distances, for an ordinal scale.
    """

    fleiss: float
    nominal: float
    ordinal: float


def measure_reliability(votes: Votes) -> Reliability:
    """Measure agreement in a pass over the votes; memory grows with votes, not with tasks x labels."""
    from scipy import sparse  # with scikit-learn

    shape = (len(votes.tasks), len(votes.labels))
    given = np.ones(len(votes))
    counts = sparse.coo_array((given, (votes.task_index, votes.label_index)), shape=shape).tocsr()
    votes_of_task = counts.sum(axis=1)
    counts, per_task = counts[votes_of_task > 1], votes_of_task[votes_of_task > 1]
    if not len(per_task):
        return Reliability(np.nan, np.nan, np.nan)
    agreeing = (counts.multiply(counts).sum(axis=1) - per_task) / (per_task * (per_task - 1))
    shares = (counts.T @ (1 / per_task)) / len(per_task)
    pairs = sparse.diags_array(1 / (per_task - 1))
    coincidence = (counts.T @ pairs @ counts).toarray() - np.diag(counts.T @ (1 / (per_task - 1)))
    return Reliability(
        fleiss=_fleiss(float(agreeing.mean()), shares),
        nominal=_alpha(coincidence, 1.0 - np.eye(shape[1])),
        ordinal=_alpha(coincidence, _ordinal_distances(coincidence.sum(axis=0))),
    )


def _fleiss(observed: float, shares: FloatArray) -> float:
    if np.count_nonzero(shares) < 2:
        return np.nan
    expected = float(shares @ shares)
    return (observed - expected) / (1 - expected)


def _alpha(coincidence: FloatArray, distances: FloatArray) -> float:
    """1 less observed disagreement over expected; both matrices of shape (labels, labels)."""
    totals = coincidence.sum(axis=0)
    expected = float(totals @ distances @ totals)
    if expected <= 0:
        return np.nan
    return 1 - float((totals.sum() - 1) * (coincidence * distances).sum()) / expected


def _ordinal_distances(totals: FloatArray) -> FloatArray:
    """Squared number of votes between two labels, half of their own included (Krippendorff 2011)."""
    middles = np.cumsum(totals) - totals / 2
    return np.asarray((middles[:, None] - middles[None, :]) ** 2)
