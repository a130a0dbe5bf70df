"""How far stated certainty is to be believed: expected calibration error and Brier score."""

from __future__ import annotations

import numpy as np

from techne.annotation.summary import Calibration, CalibrationBin
from techne.annotation.votes import FloatArray, IntArray

BINS = 10
"""Of equal width, as in Naeini et al. 2015."""


def calibrate(confidence: FloatArray, right: FloatArray, *, brier: float | None = None) -> Calibration | None:
    """Compare stated certainty with how often the answer is right (Naeini, Cooper and Hauskrecht 2015).

    Args:
        confidence: Shape (answers,), 0 to 1: a model's word, or a consensus' highest posterior. NaN where
            nothing was stated; those answers don't count.
        right: Shape (answers,): 1 right, 0 wrong, 1/k for a tie of k labels with the right one.
        brier: From whole posteriors, see `brier_score`.

    Returns:
        Bins without answers are left out. None if no certainty was stated at all.
    """
    stated = ~np.isnan(confidence)
    if not stated.any():
        return None
    sure, correct = confidence[stated], right[stated]
    place = np.clip((sure * BINS).astype(np.int64), 0, BINS - 1)
    items = np.bincount(place, minlength=BINS)
    used = items > 0
    mean_confidence = np.bincount(place, weights=sure, minlength=BINS)[used] / items[used]
    accuracy = np.bincount(place, weights=correct, minlength=BINS)[used] / items[used]
    error = float(items[used] @ np.abs(accuracy - mean_confidence)) / len(sure)
    return Calibration(
        expected_calibration_error=min(error, 1.0),
        brier=brier,
        bins=tuple(
            CalibrationBin(
                low=number / BINS,
                high=(number + 1) / BINS,
                items=int(items[number]),
                mean_confidence=float(certainty),
                accuracy=float(share),
            )
            for number, certainty, share in zip(np.flatnonzero(used), mean_confidence, accuracy, strict=True)
        ),
    )


def brier_score(posterior: FloatArray, gold: IntArray) -> float | None:
    """Squared distance of posterior and truth, summed over labels: 0 is best, 2 worst (Brier 1950).

    Args:
        posterior: Shape (items, labels); NaN rows, of items without votes, don't count.
        gold: Shape (items,): the label that is right.

    Returns:
        None if no row has a posterior.
    """
    voted = ~np.isnan(posterior).any(axis=1)
    if not voted.any():
        return None
    distance = posterior[voted]
    distance[np.arange(len(distance)), gold[voted]] -= 1.0
    return min(2.0, float((distance**2).sum(axis=1).mean()))
