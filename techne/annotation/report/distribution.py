"""How often each label was given, by gold, by the consensus and by each model, as a heat table."""

from __future__ import annotations

from techne.annotation.report.formats import count, percent, plain, plural
from techne.annotation.report.heatmap import Cell, HeatRow, HeatTable, shade
from techne.annotation.report.standings import title_of
from techne.annotation.summary import Summary

MAX_LABELS = 10
MAX_ROWS = 16
OTHERS = "other labels"


def distribution_table(summary: Summary) -> HeatTable | None:
    """Shares of labels; for multi parts of the items, which may have several. None without any answer."""
    given = _given(summary)
    if not given:
        return None
    known = summary.label_set.labels
    totals = {label: sum(row.get(label, 0) for _, row, _ in given) for label in known}
    kept = known
    if len(known) > MAX_LABELS:
        most = set(sorted(known, key=lambda label: -totals[label])[:MAX_LABELS])
        kept = tuple(label for label in known if label in most)
    others = len(kept) < len(known) and summary.label_set.kind != "multi"
    rows = []
    for name, row, items in given[:MAX_ROWS]:
        values = [row.get(label, 0) for label in kept]
        if others:
            values.append(sum(row.values()) - sum(values))
        whole = items if summary.label_set.kind == "multi" else sum(row.values())
        cells = [
            Cell(percent(value / whole, 0), shade(value / whole), count(value))
            if whole
            else Cell(count(value))
            for value in values
        ]
        rows.append(HeatRow(name, (*cells, Cell(count(items)))))
    left_out = [
        plural(number, noun)
        for number, noun in ((len(given) - len(rows), "model"), (len(known) - len(kept), "rarer label"))
        if number > 0
    ]
    columns = (*(plain(label, 28) for label in kept), *((OTHERS,) if others else ()), "items")
    return HeatTable(
        "Share of each label",
        "given by",
        columns,
        tuple(rows),
        left_out=f"No room for {' and '.join(left_out)}." if left_out else "",
    )


def _given(summary: Summary) -> list[tuple[str, dict[str, int], int]]:
    """Name, labels and items of all who gave labels: gold, the chosen consensus, the models."""
    given = [("Gold", summary.dataset.gold_distribution, summary.dataset.gold_items)]
    given += [
        (f"Consensus: {title_of(summary, run.name)}", run.distribution, run.decided)
        for run in summary.consensus
        if run.name == summary.chosen
    ]
    models = sorted(summary.models, key=lambda model: -model.labelled)
    if len(models) <= MAX_ROWS:
        models = list(summary.models)
    given += [(plain(model.name), model.distribution, model.labelled) for model in models]
    return [row for row in given if row[1]]
