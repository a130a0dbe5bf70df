"""Reliability diagram: how often answers of a stated certainty were right (Niculescu-Mizil and Caruana 2005).

A dot on the diagonal is an honest bin; its area shows how many answers the bin has, and so do the bars below.
"""

from __future__ import annotations

from markupsafe import Markup

from techne.annotation.report.formats import count, decimal, plural
from techne.annotation.report.svg import element
from techne.annotation.summary import Calibration

WIDTH, HEIGHT = 280, 292
_LEFT, _TOP, _SIDE = 48, 10, 206
_BARS_TOP, _BARS = 232, 28
_LARGEST_RADIUS = 9.0
_SMALLEST_RADIUS = 2.5


def diagram(calibration: Calibration, name: str, identifier: str) -> Markup:
    """The diagram of one model or method.

    Args:
        calibration: Its bins; empty ones are not drawn.
        name: Whose it is.
        identifier: Unique in the page.
    """
    bins = [each for each in calibration.bins if each.items > 0]
    most = max((each.items for each in bins), default=1)
    parts = [
        element("title", f"Reliability of {name}", id=f"{identifier}-title"),
        element(
            "desc",
            "; ".join(
                f"certainty {decimal(each.mean_confidence)}: {decimal(each.accuracy)} right, "
                f"{plural(each.items, 'answer')}"
                for each in bins
            ),
            id=f"{identifier}-desc",
        ),
        *_frame(),
    ]
    parts.append(
        element(
            "polyline",
            class_="trace",
            points=" ".join(f"{_x(each.mean_confidence):.1f},{_y(each.accuracy):.1f}" for each in bins),
        )
    )
    for each in bins:
        radius = max(_LARGEST_RADIUS * (each.items / most) ** 0.5, _SMALLEST_RADIUS)
        parts.append(
            element("circle", class_="mark", cx=_x(each.mean_confidence), cy=_y(each.accuracy), r=radius)
        )
        left, right = _x(min(each.low, 1.0)), _x(min(each.high, 1.0))
        height = max(_BARS * each.items / most, 1.0)
        bar = element("title", f"{count(each.items)} answers")
        parts.append(
            element(
                "rect",
                bar,
                class_="bar",
                x=left + 0.5,
                y=_BARS_TOP + _BARS - height,
                width=max(right - left - 1, 1),
                height=height,
            )
        )
    return element(
        "svg",
        *parts,
        class_="chart reliability",
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        aria_labelledby=f"{identifier}-title {identifier}-desc",
    )


def _frame() -> list[Markup]:
    lines = []
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        across, up = _x(tick), _y(tick)
        lines.append(element("line", class_="grid", x1=_x(0), x2=_x(1), y1=up, y2=up))
        lines.append(element("line", class_="grid", x1=across, x2=across, y1=_y(1), y2=_y(0)))
    for tick in (0.0, 0.5, 1.0):
        written = decimal(tick, 1 if tick % 1 else 0)
        lines.append(element("text", written, x=_LEFT - 8, y=_y(tick) + 4, text_anchor="end"))
        lines.append(element("text", written, x=_x(tick), y=_BARS_TOP + _BARS + 15, text_anchor="middle"))
    lines.append(element("line", class_="reference", x1=_x(0), x2=_x(1), y1=_y(0), y2=_y(1)))
    lines.append(
        element(
            "text",
            "stated certainty",
            class_="name",
            x=_x(0.5),
            y=_BARS_TOP + _BARS + 29,
            text_anchor="middle",
        )
    )
    lines.append(
        element(
            "text",
            "right",
            class_="name",
            x=10,
            y=_y(0.5),
            text_anchor="middle",
            transform=f"rotate(-90 10 {_y(0.5):.0f})",
        )
    )
    return lines


def _x(value: float) -> float:
    return _LEFT + value * _SIDE


def _y(value: float) -> float:
    return _TOP + (1 - value) * _SIDE
