"""How far a panel is of one mind, and how many independent models it is worth.

To agree is not to be right: models that err together agree. So with gold there is the correlation of errors
too, and what it leaves of the panel.
"""

from __future__ import annotations

import numpy as np

from techne.annotation.pairs import Pairs, busiest_workers, mean_pairs, measure_pairs
from techne.annotation.panel import Panel
from techne.annotation.reliability import measure_reliability
from techne.annotation.summary import Agreement, PairAgreement
from techne.annotation.votes import FloatArray

MAX_PAIRS = 500
"""Pairs that are listed, those with most common tasks first: all of a panel of 32."""
MIN_COMMON_TASKS = 10
"""Pairs with fewer say little one by one, and are left out of the means."""


def measure_agreement(panel: Panel) -> Agreement:
    """Measure agreement in pairs and of all, and with gold how far errors are correlated.

    Means over pairs weigh each by its common tasks (those with gold, for errors) and leave out pairs with
    fewer than `MIN_COMMON_TASKS`. They are over all pairs, also over those that are not listed; of a crowd
    larger than `pairs.MAX_WORKERS`, over all pairs of those with most votes.

    The K of n_eff is the most votes that a task has: the number of models, unless each task was shown to
    some of a crowd only. Independent errors don't help one another, so a negative rho, which is chance or
    an accident of the panel, counts as 0.

    For multi every figure is the mean over the labels for which it is defined.
    """
    ordinal = panel.kind == "ordinal"
    workers = busiest_workers(panel.problems[0].votes)
    pairs = mean_pairs(measure_pairs(problem, workers, ordinal=ordinal) for problem in panel)
    of_all = [measure_reliability(problem.votes) for problem in panel]
    correlation = _weighted_mean(pairs.error_correlation, pairs.gold_items)
    return Agreement(
        pairs=_listed(pairs, panel.workers),
        mean_kappa=_weighted_mean(pairs.kappa, pairs.items),
        fleiss_kappa=_mean([figures.fleiss for figures in of_all]),
        krippendorff_nominal=_mean([figures.nominal for figures in of_all]),
        krippendorff_ordinal=_mean([figures.ordinal for figures in of_all]) if ordinal else None,
        mean_error_correlation=correlation,
        effective_models=_effective_models(_panel_size(panel), correlation),
        models=len(panel.workers),
    )


def _weighted_mean(values: FloatArray, items: FloatArray) -> float | None:
    used = (items >= MIN_COMMON_TASKS) & ~np.isnan(values)
    return float(np.average(values[used], weights=items[used])) if used.any() else None


def _mean(values: list[float]) -> float | None:
    defined = [value for value in values if not np.isnan(value)]
    return float(np.mean(defined)) if defined else None


def _panel_size(panel: Panel) -> int:
    return max(int(np.bincount(problem.votes.task_index).max(initial=0)) for problem in panel)


def _effective_models(models: int, error_correlation: float | None) -> float | None:
    if error_correlation is None:
        return None
    return models / (1 + (models - 1) * max(error_correlation, 0.0))


def _listed(pairs: Pairs, workers: tuple[str, ...]) -> tuple[PairAgreement, ...]:
    most_common_first = np.argsort(-pairs.items, kind="stable")[:MAX_PAIRS]
    return tuple(
        PairAgreement(
            first=workers[pairs.first[pair]],
            second=workers[pairs.second[pair]],
            items=int(pairs.items[pair]),
            observed=_defined(pairs.observed[pair]),
            kappa=_defined(pairs.kappa[pair]),
            error_correlation=_defined(pairs.error_correlation[pair]),
        )
        for pair in most_common_first
        if pairs.items[pair]
    )


def _defined(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
