"""Confusion matrices as heat tables."""

from __future__ import annotations

from techne.annotation.report.formats import count, percent, plain, plural
from techne.annotation.report.heatmap import Cell, HeatRow, HeatTable, shade
from techne.annotation.report.standings import Standing
from techne.annotation.summary import Confusion

MAX_LABELS = 12
MAX_MATRICES = 12
"""For multi there is one matrix a label."""
_LABEL_CHARACTERS = 28


def confusion_tables(standing: Standing) -> tuple[HeatTable, ...]:
    """The matrices of one model or method; for multi those of the labels that gold has most often."""
    by_weight = sorted(standing.evaluation.confusions, key=lambda each: -_yes(each))
    return tuple(_table(each, standing.title) for each in by_weight[:MAX_MATRICES])


def _yes(confusion: Confusion) -> int:
    return sum(confusion.counts[-1]) if confusion.label and confusion.counts else 0


def _table(confusion: Confusion, name: str) -> HeatTable:
    labels, counts = _folded(confusion)
    rows = []
    for at, (label, row) in enumerate(zip(labels, counts, strict=True)):
        total = sum(row)
        cells = [_cell(value, total, to == at) for to, value in enumerate(row)]
        rows.append(HeatRow(label, (*cells, Cell(count(total)))))
    folded = len(confusion.labels) - MAX_LABELS
    left_out = (
        f"{plural(folded, 'rarer label')} of gold taken together as “other labels”." if folded > 0 else ""
    )
    about = f", label {plain(confusion.label, _LABEL_CHARACTERS)}" if confusion.label else ""
    return HeatTable(
        f"{name}{about}",
        "gold \\ answer",
        (*labels, "no answer", "gold items"),
        tuple(rows),
        left_out=left_out,
    )


def _cell(value: int, total: int, right: bool) -> Cell:
    if not value or not total:
        return Cell(count(value), marked=right)
    part = value / total
    return Cell(count(value), shade(part, "cool" if right else "warm"), percent(part, 0), marked=right)


def _folded(confusion: Confusion) -> tuple[list[str], list[list[int]]]:
    """The matrix with no more than `MAX_LABELS` labels, and one for all others; sums stay."""
    size = len(confusion.labels)
    names = [plain(label, _LABEL_CHARACTERS) for label in confusion.labels]
    if size <= MAX_LABELS:
        return names, [list(row) for row in confusion.counts]
    kept = sorted(sorted(range(size), key=lambda at: -sum(confusion.counts[at]))[:MAX_LABELS])
    place = {label: at for at, label in enumerate(kept)}
    other = len(kept)
    counts = [[0] * (other + 2) for _ in range(other + 1)]
    for at, row in enumerate(confusion.counts):
        for to, value in enumerate(row):
            column = other + 1 if to == size else place.get(to, other)
            counts[place.get(at, other)][column] += value
    return [*(names[at] for at in kept), "other labels"], counts
