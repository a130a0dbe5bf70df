"""The report in short as Markdown: what a Prefect artifact shows.

Strangers' words are escaped so that they stay words in CommonMark, GitHub's dialect and HTML; what is long is
cut.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from techne.annotation.report.answer import SUMMARY_FILE, answer, cautions, key_figures
from techne.annotation.report.disputes import Dispute, disputes
from techne.annotation.report.formats import (
    MESSAGE_CHARACTERS,
    NAME_CHARACTERS,
    bounds,
    count,
    decimal,
    duration,
    percent,
    plain,
    plural,
    usd,
)
from techne.annotation.report.standings import Standing, shown, standings
from techne.annotation.summary import ModelRun, Summary

MAX_ROWS = 15
MAX_DISPUTES = 5
_TEXT_CHARACTERS = 160
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "\\": "&#92;", "`": "&#96;"}
_ACTIVE = re.compile(r"[!\"#$()*+./:;=?@\[\]^_{}~-]|[&<>|\\`]")


def render_markdown(summary: Summary) -> str:
    """The answer, the warnings, the key figures, and short tables of accuracy, models and disputed items.

    Args:
        summary: What an experiment found.

    Returns:
        CommonMark with tables, at most some tens of kilobytes.
    """
    ranked = standings(summary)
    blocks = [*_head(summary, ranked), *_accuracy(ranked), *_models(summary), *_disputes(summary)]
    blocks.append(f"*{escaped(summary.experiment_id)}, of {escaped(summary.dataset.source, 160)}*")
    return "\n\n".join(blocks) + "\n"


def escaped(text: str, limit: int = NAME_CHARACTERS) -> str:
    """A stranger's text as Markdown that reads as that text, on one line, and nothing more."""
    return _ACTIVE.sub(
        lambda found: _ENTITIES.get(found.group(), "\\" + found.group()),
        plain(text, limit),
    )


def _head(summary: Summary, ranked: tuple[Standing, ...]) -> list[str]:
    found = answer(summary)
    blocks = [f"# {found.lead}{escaped(found.subject)}{found.tail}"]
    blocks += [
        f"> **Warning.** {escaped(caution.message, MESSAGE_CHARACTERS)}"
        for caution in cautions(summary, "loud")
    ]
    sentences = " ".join(
        escaped(sentence, MESSAGE_CHARACTERS) for sentence in (found.reason, *found.evidence) if sentence
    )
    if sentences:
        blocks.append(sentences)
    figures = key_figures(summary, ranked)
    blocks.append(
        _table(
            ("Figure", "Value", ""),
            ((figure.name, f"**{escaped(figure.value)}**", escaped(figure.note, 160)) for figure in figures),
        )
    )
    notes = [f"- {escaped(caution.message, MESSAGE_CHARACTERS)}" for caution in cautions(summary, "note")]
    return [*blocks, "\n".join(notes)] if notes else blocks


def _accuracy(ranked: tuple[Standing, ...]) -> list[str]:
    if not ranked:
        return []
    rows = shown(ranked, MAX_ROWS)
    table = _table(
        ("Model or method", "Kind", "Accuracy", "95 % interval", "Macro F1", "Gold items"),
        (
            (
                ("**{}**" if each.recommended else "{}").format(escaped(each.title)),
                "best single model" if each.best_model else each.evaluation.kind,
                percent(each.evaluation.accuracy.value),
                bounds(each.evaluation.accuracy),
                percent(each.evaluation.macro_f1.value),
                count(each.evaluation.items),
            )
            for each in rows
        ),
    )
    return ["## Accuracy", table, *_left_out(len(ranked) - len(rows), "less accurate model")]


def _models(summary: Summary) -> list[str]:
    rows: Sequence[ModelRun] = summary.models
    if len(rows) > MAX_ROWS:
        rows = sorted(rows, key=lambda model: -model.labelled)[:MAX_ROWS]
    table = _table(
        ("Model", "Labelled", "Abstained", "Failed", "Calls", "Cached", "Cost", "Latency"),
        (
            (
                escaped(model.name),
                f"{count(model.labelled)} of {count(model.items)}",
                count(model.abstained),
                count(model.failed),
                count(model.calls_sent),
                count(model.cached),
                escaped(usd(model.cost_usd)),
                duration(model.mean_latency_seconds),
            )
            for model in rows
        ),
    )
    return ["## Models", table, *_left_out(len(summary.models) - len(rows), "model")] if rows else []


def _disputes(summary: Summary) -> list[str]:
    rows = disputes(summary)[:MAX_DISPUTES]
    if not rows:
        return []
    table = _table(
        ("Item", "Text", "Labels", "Margin", "Gold"),
        (
            (
                escaped(item.id),
                escaped(item.text, _TEXT_CHARACTERS),
                _sides(item),
                decimal(item.margin),
                escaped(item.gold),
            )
            for item in rows
        ),
    )
    return ["## Most disputed", table, *_left_out(len(summary.disputed) - len(rows), "item")]


def _sides(item: Dispute) -> str:
    return "; ".join(
        f"{escaped(side.label, 40)} {percent(side.probability, 0)}, {plural(side.votes, 'vote')}"
        for side in item.sides
    )


def _left_out(number: int, noun: str) -> list[str]:
    return [f"{plural(number, noun)} more in {SUMMARY_FILE}."] if number > 0 else []


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
