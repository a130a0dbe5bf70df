"""Dot and whisker: an estimate and its interval as a strip that lies in a row of a table.

Each strip is an SVG whose places are percentages, so that it follows the width of its cell while lines and
marks keep their size. The figures stand beside it in the table; for a screen reader the strip is decoration.
"""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

from techne.annotation.report.axes import Axis, linear
from techne.annotation.report.formats import decimal
from techne.annotation.report.svg import element
from techne.annotation.summary import Interval

HEIGHT = 34
_MARGIN = 3.0  # percent of the width, so that the marks at the ends are whole
_DIAMOND = "M0 -7L7 0L0 7L-7 0Z"


def accuracy_axis(estimates: Iterable[Interval]) -> Axis:
    """A scale for parts of 1."""
    ends = [end for each in estimates for end in (each.low, each.high)]
    return linear(ends, floor=0.0, ceiling=1.0)


def difference_axis(estimates: Iterable[Interval]) -> Axis:
    """A scale for differences, with zero on it."""
    ends = [end for each in estimates for end in (each.low, each.high)]
    return linear([*ends, 0.0], floor=-1.0, ceiling=1.0, wanted=4)


def strip(
    estimate: Interval, axis: Axis, kind: str, reference: float | None = None, strong: bool = False
) -> Markup:
    """One estimate.

    Args:
        estimate: What to draw.
        axis: The scale that all strips of the table share.
        kind: `model` is drawn as a dot, `consensus` as a diamond, both in their own colour.
        reference: A value to which all are compared, as a dashed line.
        strong: Drawn heavier.
    """
    middle = HEIGHT / 2
    parts = [_rule(axis, tick, "grid") for tick in axis.ticks]
    if reference is not None:
        parts.append(_rule(axis, reference, "reference"))
    low, value, high = (_place(axis, each) for each in (estimate.low, estimate.value, estimate.high))
    parts.append(element("line", class_="whisker", x1=low, x2=high, y1=middle, y2=middle))
    parts += [
        element("line", class_="cap", x1=end, x2=end, y1=middle - 4, y2=middle + 4) for end in (low, high)
    ]
    if kind == "consensus":
        mark = element("path", class_="mark", d=_DIAMOND)
        parts.append(element("svg", mark, x=value, y=middle, overflow="visible"))
    else:
        parts.append(element("circle", class_="mark", cx=value, cy=middle, r=5.5))
    classes = f"strip {kind}" + (" strong" if strong else "")
    return element("svg", *parts, class_=classes, width="100%", height=HEIGHT, aria_hidden="true")


def scale(axis: Axis) -> Markup:
    """The ticks' figures in percent, for the head of the column."""
    parts = [
        element("text", decimal(tick * 100, 0 if _whole(axis) else 1), x=_place(axis, tick), y=14)
        for tick in axis.ticks
    ]
    return element("svg", *parts, class_="strip scale", width="100%", height=20, aria_hidden="true")


def _whole(axis: Axis) -> bool:
    return all(abs(tick * 100 - round(tick * 100)) < 1e-6 for tick in axis.ticks)


def _rule(axis: Axis, value: float, look: str) -> Markup:
    """A vertical line through the row, however high the row is: the cell clips it."""
    place = _place(axis, value)
    return element("line", class_=look, x1=place, x2=place, y1=-HEIGHT, y2=2 * HEIGHT)


def _place(axis: Axis, value: float) -> str:
    return f"{_MARGIN + axis.at(value) * (100 - 2 * _MARGIN):.2f}%"
