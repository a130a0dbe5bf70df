"""Median of ordinal votes: labels that have an order, and answers that may be a step off."""

from __future__ import annotations

from typing import Self

import numpy as np

from techne.annotation.consensus.method import ConsensusMethod, require_votes
from techne.annotation.votes import FloatArray, Gold, Votes


class OrdinalMedian(ConsensusMethod):
    """The middle vote, labels in their order; one careless answer at the far end can't move it.

    The posterior is the depth of each label among the task's votes, made to sum to 1. The depth of a label is
    the smaller of two shares: the votes at it or below, and the votes at it or above. So

    * with an odd number of votes the median is the one deepest label;
    * with an even number, all labels from the lower to the upper middle vote are equally deep: each is a
      median, and they tie;
    * a unanimous task has all its weight at one label, and with two labels depth is the share of the votes.

    Depth ranks labels well, but it is no probability in the sense of a model of the workers.

    J. W. Tukey. Mathematics and the picturing of data. Proceedings of the International Congress of
    Mathematicians, 1975 (depth; the deepest point is the median).
    """

    name = "median"
    title = "Ordinal median"
    needs_gold = False
    ordinal_only = True

    def fit(self, votes: Votes, gold: Gold | None = None) -> Self:  # noqa: D102
        require_votes(self.name, votes)
        return self

    def predict_proba(self, votes: Votes) -> FloatArray:  # noqa: D102
        at_or_below = votes.counts.cumsum(axis=1)
        at_or_above = at_or_below[:, -1:] - at_or_below + votes.counts
        depth = np.minimum(at_or_below, at_or_above)
        total = depth.sum(axis=1, keepdims=True)
        return np.asarray(np.divide(depth, total, out=np.full_like(depth, np.nan), where=total > 0))
