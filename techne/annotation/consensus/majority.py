"""Majority vote: every worker counts the same."""

from __future__ import annotations

from typing import Self

import numpy as np

from techne.annotation.consensus.method import ConsensusMethod, require_votes
from techne.annotation.votes import FloatArray, Gold, Votes


class MajorityVote(ConsensusMethod):
    """The label with most votes.

    The posterior of a label is its share of the task's votes. Nothing is learned: `fit` only checks that
    there are votes. Labels with equally many votes tie.
    """

    name = "majority"
    title = "Majority vote"
    needs_gold = False
    ordinal_only = False

    def fit(self, votes: Votes, gold: Gold | None = None) -> Self:  # noqa: D102
        require_votes(self.name, votes)
        return self

    def predict_proba(self, votes: Votes) -> FloatArray:  # noqa: D102
        return vote_shares(votes)


def vote_shares(votes: Votes) -> FloatArray:
    """Each label's share of a task's votes, shape (tasks, labels); NaN rows for tasks without votes."""
    counts = votes.counts
    sizes = counts.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(counts, sizes, out=np.full_like(counts, np.nan), where=sizes > 0))
