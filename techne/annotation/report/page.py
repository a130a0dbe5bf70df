"""The report as one HTML file that asks for nothing: no script, no font, no picture from anywhere.

The style sheet is the only thing that the Content-Security-Policy lets in, by its hash. What is on the page
is put together here; how figures are chosen and drawn is the part of the modules beside this.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from techne.annotation.report import formats
from techne.annotation.report.agreement import error_table, kappa_table
from techne.annotation.report.answer import GOLD_CURE, SUMMARY_FILE, answer, cautions, key_figures
from techne.annotation.report.confusion import confusion_tables
from techne.annotation.report.disputes import disputes
from techne.annotation.report.distribution import distribution_table
from techne.annotation.report.intervals import accuracy_axis, difference_axis, scale, strip
from techne.annotation.report.reliability import diagram
from techne.annotation.report.scatter import Point, scatter
from techne.annotation.report.standings import Standing, shown, standings, title_of
from techne.annotation.summary import Summary

MAX_MODELS = 40
MAX_TESTS = 15
MAX_CLASSES = 25
MAX_IN_DETAIL = 6
"""Models and methods whose confusion, classes and calibration are shown."""
MAX_LABELS = 60
OPEN_DISPUTES = 5
_FOLDER = Path(__file__).parent / "templates"
_WIDE, _NARROW = 720, 350


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page: its anchor, which is also its template's name, and its heading."""

    id: str
    title: str


def render_report(summary: Summary) -> str:
    """The whole report.

    Names, texts, labels and messages of the summary are escaped, shortened, and kept from changing the
    direction of what is around them. The same summary gives the same page.

    Args:
        summary: What an experiment found.

    Returns:
        An HTML document, to be written as UTF-8.
    """
    style = _style()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    ranked = standings(summary)
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            summary=summary,
            style=style,
            style_hash=digest,
            answer=answer(summary),
            figures=key_figures(summary, ranked),
            loud=cautions(summary, "loud"),
            notes=cautions(summary, "note"),
            sections=_sections(summary, ranked),
            ranked=ranked,
            shown=shown(ranked),
            in_detail=_in_detail(ranked),
            costs=_costs(summary, ranked),
            distribution=distribution_table(summary),
            kappas=kappa_table(summary),
            error_correlations=error_table(summary),
            disputes=disputes(summary),
        )
        + "\n"
    )


@cache
def _style() -> str:
    return (_FOLDER / "report.css").read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in (
        "plain", "percent", "interval", "bounds", "points", "decimal", "count", "plural", "usd",
        "duration", "p_value",
    ):  # fmt: skip
        environment.filters[name] = getattr(formats, name)
    environment.globals.update(
        NONE=formats.NONE,
        GOLD_CURE=GOLD_CURE,
        SUMMARY_FILE=SUMMARY_FILE,
        MESSAGE_CHARACTERS=formats.MESSAGE_CHARACTERS,
        MAX_MODELS=MAX_MODELS,
        MAX_TESTS=MAX_TESTS,
        MAX_CLASSES=MAX_CLASSES,
        MAX_LABELS=MAX_LABELS,
        OPEN_DISPUTES=OPEN_DISPUTES,
        accuracy_axis=accuracy_axis,
        confusion_tables=confusion_tables,
        diagram=diagram,
        difference_axis=difference_axis,
        scale=scale,
        strip=strip,
        title_of=title_of,
    )
    return environment


def _sections(summary: Summary, ranked: tuple[Standing, ...]) -> list[Section]:
    """The sections that have something to say, in order."""
    details = _in_detail(ranked)
    single = len(summary.models) < 2
    candidates = (
        ("accuracy", "Accuracy", True),
        ("cost", "Accuracy against cost", bool(ranked)),
        ("tests", "Is the difference real?", bool(summary.paired_tests)),
        ("confusion", "What is taken for what", any(each.evaluation.confusions for each in details)),
        ("classes", "Label by label", any(each.evaluation.classes for each in details)),
        ("calibration", "Can stated certainty be believed?", bool(ranked)),
        ("agreement", "Agreement", True),
        ("methods", "Ways to a consensus", bool(summary.consensus) and not single),
        ("cascade", "Cascade", summary.cascade is not None),
        ("distribution", "How often each label was given", distribution_table(summary) is not None),
        ("disputed", "Most disputed items", bool(summary.disputed)),
        ("models", "The models", bool(summary.models)),
        ("dataset", "Dataset and labels", True),
        ("terms", "How to read the terms", True),
    )
    return [Section(anchor, title) for anchor, title, present in candidates if present]


def _in_detail(ranked: tuple[Standing, ...]) -> tuple[Standing, ...]:
    """Those that are shown whole: the recommended, the best model, then the most accurate."""
    return tuple(sorted(ranked, key=lambda each: (not each.recommended, not each.best_model))[:MAX_IN_DETAIL])


@dataclass(frozen=True, slots=True)
class _Costs:
    """The scatter chart in two widths, and what it can't show."""

    wide: Markup
    narrow: Markup
    without_price: tuple[str, ...]
    left_out: int


def _weight(standing: Standing) -> tuple[bool, bool]:
    """Whose name is placed first: methods stand close together, as all cost the same."""
    return not standing.important, standing.evaluation.kind == "consensus"


def _costs(summary: Summary, ranked: tuple[Standing, ...]) -> _Costs | None:
    """None if nothing has a cost above zero: then there is no trade to show."""
    candidates = shown(ranked)
    points = [
        Point(each.title, each.evaluation.kind, each.cost_usd, each.evaluation.accuracy, each.recommended)
        for each in sorted(candidates, key=_weight)
        if each.cost_usd is not None
    ]
    if not any(point.cost_usd > 0 for point in points):
        return None
    return _Costs(
        scatter(points, _WIDE, "cost-wide"),
        scatter(points, _NARROW, "cost-narrow"),
        tuple(each.title for each in candidates if each.cost_usd is None),
        len(ranked) - len(candidates),
    )
