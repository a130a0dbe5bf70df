"""Agreement of models, and of their errors, as heat tables of half a square."""

from __future__ import annotations

from collections.abc import Callable

from techne.annotation.report.formats import decimal, plain, plural
from techne.annotation.report.heatmap import Cell, HeatRow, HeatTable, shade
from techne.annotation.summary import PairAgreement, Summary

MAX_MODELS = 12


def kappa_table(summary: Summary) -> HeatTable | None:
    """Cohen's kappa of each pair; None if no pair has any."""
    return _table(summary, "Cohen’s kappa of each pair", lambda pair: pair.kappa, "cool")


def error_table(summary: Summary) -> HeatTable | None:
    """Correlation of errors of each pair; None without gold."""
    return _table(summary, "Correlation of errors of each pair", lambda pair: pair.error_correlation, "warm")


def _table(
    summary: Summary, caption: str, value: Callable[[PairAgreement], float | None], tone: str
) -> HeatTable | None:
    pairs = {}
    for pair in summary.agreement.pairs:
        if (found := value(pair)) is not None:
            pairs[pair.first, pair.second] = pairs[pair.second, pair.first] = found
    names = _best_connected(summary, pairs)
    if len(names) < 2:
        return None
    keys = tuple(str(at + 1) for at in range(len(names)))
    rows = []
    for at, name in enumerate(names):
        cells = []
        for to, other in enumerate(names[:-1]):
            known = pairs.get((name, other)) if to < at else None
            missing = "·" if to < at else ""
            cells.append(Cell(missing) if known is None else Cell(decimal(known), shade(known, tone)))
        rows.append(HeatRow(plain(name, 40), tuple(cells), key=keys[at]))
    left_out = summary.agreement.models - len(names)
    note = (
        f"{plural(left_out, 'model')} left out: those with fewest answers in common." if left_out > 0 else ""
    )
    columns = tuple(plain(name, 40) for name in names[:-1])
    return HeatTable(caption, "model", columns, tuple(rows), keys=keys[:-1], left_out=note)


def _best_connected(summary: Summary, pairs: dict[tuple[str, str], float]) -> list[str]:
    """The models in the panel's order; of very many those in most pairs."""
    degree: dict[str, int] = {}
    for first, _ in pairs:
        degree[first] = degree.get(first, 0) + 1
    order = {model.name: at for at, model in enumerate(summary.models)}
    known = sorted(degree, key=lambda name: (order.get(name, len(order)), name))
    if len(known) <= MAX_MODELS:
        return known
    kept = set(sorted(known, key=lambda name: -degree[name])[:MAX_MODELS])
    return [name for name in known if name in kept]
