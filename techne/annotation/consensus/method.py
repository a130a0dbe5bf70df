"""What a consensus method is, and how posteriors become decisions. Each method is a file beside this."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol, Self

import numpy as np

from techne.annotation.votes import NO_LABEL, BoolArray, FloatArray, Gold, IntArray, Votes
from techne.errors import ConsensusError

TIE_TOLERANCE = 1e-9
"""Posteriors that are nearer to each other than this are equal."""


@dataclass(frozen=True, slots=True)
class Consensus:
    """One method's answers. Rows are tasks, columns labels, in the order of the `Votes`.

    Args:
        method: The method's name.
        posterior: Shape (tasks, labels); a row sums to 1, or is NaN where nobody voted.
        label_index: Shape (tasks,); `NO_LABEL` where nobody voted, or the best labels tie.
        tied: Shape (tasks,); whether two or more labels share the first place.
        margin: Shape (tasks,); the best posterior less the second best; 0 for a tie, NaN without votes.
    """

    method: str
    posterior: FloatArray
    label_index: IntArray
    tied: BoolArray
    margin: FloatArray


class ConsensusMethod(Protocol):
    """A rule that makes one answer of many.

    `fit` learns about the workers, from the votes and, where the method can use it, from gold; what is
    learned ends in an underscore. `predict_proba` applies it to any votes of the same workers and labels,
    those of `fit` or others.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    """As a report calls it."""
    needs_gold: ClassVar[bool]
    ordinal_only: ClassVar[bool]

    def fit(self, votes: Votes, gold: Gold | None = None) -> Self:
        """Learn from votes; returns itself.

        Raises:
            ConsensusError: There is nothing to learn from, as no gold where it is needed.
        """
        ...

    def predict_proba(self, votes: Votes) -> FloatArray:
        """Posterior of each label, shape (tasks, labels); NaN rows for tasks without votes."""
        ...

    def predict(self, votes: Votes) -> Consensus:
        """Decisions with their posteriors, margins and ties."""
        return decide(self.name, self.predict_proba(votes))


def decide(method: str, posterior: FloatArray) -> Consensus:
    """Take the best label of each row, unless the best ones tie."""
    voted: BoolArray = np.asarray(~np.isnan(posterior).any(axis=1))
    filled = np.where(voted[:, None], posterior, 0.0)
    best = filled.argmax(axis=1)
    if posterior.shape[1] > 1:
        two = np.partition(filled, -2, axis=1)[:, -2:]
        margin = two[:, 1] - two[:, 0]
    else:
        margin = filled[:, 0].copy()
    tied = voted & (margin < TIE_TOLERANCE)
    return Consensus(
        method=method,
        posterior=posterior,
        label_index=np.where(voted & ~tied, best, NO_LABEL).astype(np.int32),
        tied=tied,
        margin=np.where(voted, np.where(tied, 0.0, margin), np.nan),
    )


def require_votes(method: str, votes: Votes) -> None:
    """Refuse to learn from nothing.

    Raises:
        ConsensusError: There is no vote.
    """
    if not len(votes):
        raise ConsensusError(
            f"The consensus method {method!r} got no vote on any of {len(votes.tasks)} tasks.",
            cure="Give it at least one answer; abstentions and failures don't count.",
        )
