"""Accuracy against cost, with a name at every mark that has room for one.

Cost runs on a logarithmic scale where it spans about a decade or more. What costs nothing has a strip of its
own at the left, as a logarithm has no place for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from techne.annotation.report.axes import Axis, linear, logarithmic
from techne.annotation.report.formats import SPACE, bounds, percent, usd
from techne.annotation.report.placing import Box, place_names
from techne.annotation.report.svg import element
from techne.annotation.summary import Interval

_HEIGHT = 380.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 46.0, 18.0, 16.0, 50.0
_STRIP = 64.0
_LOG_FROM = 8.0
"""Ratio of the dearest to the cheapest from which the scale is logarithmic."""
_DIAMOND = "M0 -7.5L7.5 0L0 7.5L-7.5 0Z"


@dataclass(frozen=True, slots=True)
class Point:
    """A model or method whose cost is known."""

    name: str
    kind: str
    cost_usd: float
    accuracy: Interval
    strong: bool = False


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where the scales lie in a drawing of some width."""

    width: float
    costs: Axis | None
    accuracies: Axis
    strip: float

    def x(self, cost: float) -> float:
        if cost <= 0 or self.costs is None:
            return _LEFT + self.strip / 2
        start = _LEFT + self.strip + 14
        return start + self.costs.at(cost) * (self.width - _RIGHT - 14 - start)

    def y(self, accuracy: float) -> float:
        return _HEIGHT - _BOTTOM - self.accuracies.at(accuracy) * (_HEIGHT - _TOP - _BOTTOM)


def scatter(points: Sequence[Point], width: float, identifier: str) -> Markup:
    """The drawing.

    Args:
        points: At least one; the more important first, as they get their names first.
        width: Of the drawing in its own units; names are as large in a narrow one.
        identifier: Unique in the page.
    """
    frame = _frame(points, width)
    parts = [
        element("title", "Accuracy against cost", id=f"{identifier}-title"),
        element("desc", "; ".join(_described(point) for point in points), id=f"{identifier}-desc"),
        *_scales(frame, points),
    ]
    marks = [(frame.x(point.cost_usd), frame.y(point.accuracy.value)) for point in points]
    for point, (x, _) in zip(points, marks, strict=True):
        low, high = frame.y(point.accuracy.low), frame.y(point.accuracy.high)
        parts.append(element("line", class_=f"whisker {point.kind}", x1=x, x2=x, y1=low, y2=high))
    for point, (x, y) in zip(points, marks, strict=True):
        look = f"mark {point.kind}" + (" strong" if point.strong else "")
        if point.kind == "consensus":
            where = f"translate({x:.1f} {y:.1f})"
            parts.append(element("path", class_=look, d=_DIAMOND, transform=where))
        else:
            parts.append(element("circle", class_=look, cx=x, cy=y, r=6))
    field = Box(_LEFT, _TOP - 10, width - 4, _HEIGHT - _BOTTOM - 2)
    whiskers = [
        Box(x - 1, frame.y(point.accuracy.high), x + 1, frame.y(point.accuracy.low))
        for point, (x, _) in zip(points, marks, strict=True)
    ]
    names = place_names([point.name for point in points], marks, whiskers, field)
    for point, (x, y), name in zip(points, marks, names, strict=True):
        if name is None:
            continue
        if name.leader:
            end_x, end_y = name.box.nearest(x, y)
            parts.append(element("line", class_="leader", x1=x, y1=y, x2=end_x, y2=end_y))
        look = f"name {point.kind}" + (" strong" if point.strong else "")
        parts.append(element("text", name.text, class_=look, x=name.x, y=name.y, text_anchor=name.anchor))
    return element(
        "svg",
        *parts,
        class_="chart scatter",
        viewBox=f"0 0 {width:.0f} {_HEIGHT:.0f}",
        role="img",
        aria_labelledby=f"{identifier}-title {identifier}-desc",
    )


def _described(point: Point) -> str:
    return f"{point.name}: {usd(point.cost_usd)}, {percent(point.accuracy.value)} ({bounds(point.accuracy)})"


def _frame(points: Sequence[Point], width: float) -> _Frame:
    paid = [point.cost_usd for point in points if point.cost_usd > 0]
    ends = [end for point in points for end in (point.accuracy.low, point.accuracy.high)]
    accuracies = linear(ends, floor=0.0, ceiling=1.0)
    strip = _STRIP if len(paid) < len(points) else 0.0
    if not paid:
        return _Frame(width, None, accuracies, width - _LEFT - _RIGHT)
    if max(paid) / min(paid) >= _LOG_FROM:
        return _Frame(width, logarithmic(paid), accuracies, strip)
    return _Frame(width, linear([*paid, 0.0], floor=0.0), accuracies, strip)


def _scales(frame: _Frame, points: Sequence[Point]) -> list[Markup]:
    bottom, right = _HEIGHT - _BOTTOM, frame.width - _RIGHT
    lines = []
    for tick in frame.accuracies.ticks:
        y = frame.y(tick)
        lines.append(element("line", class_="grid", x1=_LEFT, x2=right, y1=y, y2=y))
        digits = 0 if abs(tick * 100 - round(tick * 100)) < 1e-6 else 1
        lines.append(
            element("text", percent(tick, digits).replace(SPACE, ""), x=_LEFT - 8, y=y + 4, text_anchor="end")
        )
    if frame.strip and any(point.cost_usd <= 0 for point in points):
        middle = frame.x(0.0)
        lines.append(element("text", "$0", x=middle, y=bottom + 18, text_anchor="middle"))
        if frame.costs is not None:
            band = {"x": _LEFT, "y": _TOP, "width": frame.strip, "height": bottom - _TOP}
            lines.insert(0, element("rect", class_="strip-of-none", **band))
    if frame.costs is not None:
        last = -100.0
        for tick in frame.costs.ticks:
            if tick <= 0 and frame.strip:
                continue
            x = frame.x(tick) if tick > 0 else _LEFT + 14
            lines.append(element("line", class_="grid", x1=x, x2=x, y1=_TOP, y2=bottom))
            if x - last >= 44:
                lines.append(element("text", _tick(tick), x=x, y=bottom + 18, text_anchor="middle"))
                last = x
    scale = ", logarithmic" if frame.costs is not None and frame.costs.logarithmic else ""
    label = f"cost of all its answers{scale}"
    middle = (_LEFT + right) / 2
    lines.append(element("text", label, class_="scale-name", x=middle, y=bottom + 40, text_anchor="middle"))
    return lines


def _tick(cost: float) -> str:
    return f"${cost:,.10f}".rstrip("0").rstrip(".")
