"""Which texts the panel is least certain about: what a person should look at first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from techne.annotation.consensus.method import Consensus
from techne.annotation.votes import BoolArray, FloatArray, IntArray

_PRECISION = 9
"""Decimals to which margins are compared, so that rounding doesn't order what is equal."""


def most_disputed(consensus: Sequence[Consensus], most: int, *, without: BoolArray | None = None) -> IntArray:
    """The least certain tasks, the least certain first.

    Tasks without votes come first, then ties, then small margins; among equal ones those with the higher
    entropy, then in order of the dataset.

    Args:
        consensus: One per problem of a panel; for several the least certain label counts.
        most: How many at most.
        without: Shape (tasks,): tasks to leave out, as those whose answer is known.

    Returns:
        Task indices, shape (at most `most`,).
    """
    margin = np.min([_margin(decided) for decided in consensus], axis=0)
    asked = np.arange(len(margin)) if without is None else np.flatnonzero(~without)
    most = max(0, min(most, len(asked)))
    if most == 0:
        return np.empty(0, dtype=np.int32)
    if most < len(asked):
        cut = np.partition(margin[asked], most - 1)[most - 1]
        asked = asked[margin[asked] <= cut]
    uncertainty = np.max([_entropy(decided.posterior[asked]) for decided in consensus], axis=0)
    order = np.lexsort((-np.round(uncertainty, _PRECISION), margin[asked]))
    return asked[order[:most]].astype(np.int32)


def _margin(decided: Consensus) -> FloatArray:
    """Margins, -1 where nobody voted."""
    return np.where(np.isnan(decided.margin), -1.0, np.round(decided.margin, _PRECISION))


def _entropy(posterior: FloatArray) -> FloatArray:
    """Shannon entropy by row, in nats; 0 for rows of NaN, which their margin orders already."""
    safe = np.where(posterior > 0, posterior, 1.0)
    return np.asarray(-(safe * np.log(safe)).sum(axis=1))
