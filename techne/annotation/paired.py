"""Whether one of two is better than the other, on the same gold items."""

from __future__ import annotations

import numpy as np

from techne.annotation.answers import Answers
from techne.annotation.bootstrap import SAMPLES, interval, resample_means
from techne.annotation.correctness import correctness
from techne.annotation.panel import Panel
from techne.annotation.summary import PairedTest
from techne.annotation.votes import BoolArray
from techne.errors import ConsensusError


def paired_test(
    first: Answers,
    second: Answers,
    panel: Panel,
    *,
    judged: BoolArray | None = None,
    samples: int = SAMPLES,
    seed: int = 0,
) -> PairedTest:
    """Compare two on the gold items that both are judged on; having no answer is being wrong.

    A tie counts 1/k in the difference, as in `Evaluation.accuracy`. The exact test counts items that one has
    right and the other wrong: those where either is right by the luck of a tie are left out, while a tie
    without the right label is wrong however it is broken.

    Args:
        first: Answers of a model or a consensus.
        second: Answers of another.
        panel: Gives the gold.
        judged: Shape (tasks,): gold items to use; default all.
        samples: Of the bootstrap over items.
        seed: Of the bootstrap.

    Raises:
        ConsensusError: There is no gold among the items.
    """
    items = panel.gold_known if judged is None else panel.gold_known & judged
    if not items.any():
        raise ConsensusError(
            f"{first.name!r} and {second.name!r} can't be compared: no item of theirs has gold.",
            cure="Give gold for tasks that both were asked.",
        )
    right, other = correctness(first, panel)[items], correctness(second, panel)[items]
    difference = right - other
    means = resample_means(difference[:, None], samples=samples, seed=seed)[:, 0]
    wins, losses = int(np.count_nonzero(difference == 1)), int(np.count_nonzero(difference == -1))
    return PairedTest(
        first=first.name,
        second=second.name,
        items=len(difference),
        first_only_right=wins,
        second_only_right=losses,
        difference=interval(float(difference.mean()), means),
        p_value=mcnemar(wins, losses),
    )


def mcnemar(first_only_right: int, second_only_right: int) -> float:
    """P-value of McNemar's exact test, two-sided: a fair coin decides each item that only one has right."""
    decisive = first_only_right + second_only_right
    fewer = np.arange(min(first_only_right, second_only_right))
    steps = np.log((decisive - fewer) / (fewer + 1.0))  # from log C(n, k) to log C(n, k + 1)
    binomials = np.concatenate(([0.0], np.cumsum(steps))) - decisive * np.log(2.0)
    return min(1.0, 2.0 * float(np.exp(binomials).sum()))
