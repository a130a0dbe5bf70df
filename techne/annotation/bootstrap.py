"""How far figures about gold items would vary with other gold: the bootstrap over items (Efron 1979).

Items that are alike in everything that a figure counts need no weight each: how often each kind of item is
drawn is multinomial, which makes a thousand samples of 200,000 items cost what their few kinds cost.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from techne.annotation.summary import Interval
from techne.annotation.votes import FloatArray

SAMPLES = 1000
PERCENTILES = (2.5, 97.5)
"""Ends of a 95 % interval."""
_WEIGHTS_AT_ONCE = 2_000_000
"""Of 8 bytes; more samples are drawn in parts, so that memory doesn't grow with items x samples."""


def kinds_of_items(columns: Iterable[NDArray[Any]]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Group the items that are alike.

    Args:
        columns: Each of shape (items,), without NaN.

    Returns:
        Of each kind an item that is of it, and how many are.
    """
    kind: NDArray[Any] = np.zeros(1, dtype=np.intp)
    first = counts = np.zeros(0, dtype=np.intp)
    for column in columns:
        _, value = np.unique(column, return_inverse=True)
        _, first, kind, counts = np.unique(
            kind * (int(value.max(initial=0)) + 1) + value,
            return_index=True,
            return_inverse=True,
            return_counts=True,
        )
    return first, counts


def resample_totals(
    counts: NDArray[np.intp], statistics: FloatArray, *, samples: int = SAMPLES, seed: int = 0
) -> FloatArray:
    """Totals of per-item statistics over samples of the items, drawn with replacement.

    Args:
        counts: Shape (kinds,): items of each kind.
        statistics: Shape (kinds, statistics): what an item of the kind adds to each total.
        samples: How many samples of all items are drawn.
        seed: The same seed and counts give the same samples.

    Returns:
        Shape (samples, statistics).
    """
    chance = np.random.default_rng(seed)
    items = int(counts.sum())
    totals = np.empty((samples, statistics.shape[1]))
    at_once = max(1, _WEIGHTS_AT_ONCE // len(counts))
    for start in range(0, samples, at_once):
        part = totals[start : start + at_once]
        part[:] = chance.multinomial(items, counts / items, size=len(part)) @ statistics
    return totals


def resample_means(scores: FloatArray, *, samples: int = SAMPLES, seed: int = 0) -> FloatArray:
    """Means of each column over samples of the rows, the same rows for all columns.

    Args:
        scores: Shape (items, columns), without NaN; as how right each model is about each gold item.
        samples: How many samples of all items are drawn.
        seed: The same seed and scores give the same samples.

    Returns:
        Shape (samples, columns).
    """
    first, counts = kinds_of_items(scores.T)
    return resample_totals(counts, scores[first], samples=samples, seed=seed) / len(scores)


def interval(value: float, resampled: FloatArray) -> Interval:
    """The percentile interval: the middle 95 % of what the samples gave, NaN apart, and the value itself.

    Few items, or a figure at its limit such as every answer right, make it too narrow: no sample shows an
    error that no item shows.

    Args:
        value: The figure on the items themselves. The interval is widened where it would miss it.
        resampled: Shape (samples,): the same figure on each sample; NaN where it is not defined.
    """
    defined = resampled[~np.isnan(resampled)]
    if not len(defined):
        return Interval(value=value, low=value, high=value)
    low, high = np.percentile(defined, PERCENTILES)
    return Interval(value=value, low=min(float(low), value), high=max(float(high), value))
