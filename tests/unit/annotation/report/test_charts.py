"""Scales, places of names, shades and figures: what the drawings are made of."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from techne.annotation.report import axes, formats, page
from techne.annotation.report.axes import linear, logarithmic
from techne.annotation.report.heatmap import STEPS, shade
from techne.annotation.report.placing import Box, place_names
from techne.annotation.report.scatter import Point, scatter
from techne.annotation.report.svg import element
from techne.annotation.summary import Interval
from tests.unit.annotation.report.markup import parse

CSS = (Path(page.__file__).parent / "templates" / "report.css").read_text(encoding="utf-8")
LIGHT, DARK = (
    dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6})", block))
    for block in (CSS.split("@media", 1)[0], CSS.split("@media", 2)[1])
)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
@settings(max_examples=100, deadline=None)
def test_a_linear_axis_holds_its_values_and_its_bounds(values: list[float]) -> None:
    axis = linear(values, floor=0.0, ceiling=1.0)
    assert 0 <= axis.low <= min(values) + 1e-9
    assert max(values) - 1e-9 <= axis.high <= 1
    assert 2 <= len(axis.ticks) <= 8
    assert all(axis.low - 1e-9 <= tick <= axis.high + 1e-9 for tick in axis.ticks)


@given(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=20))
@settings(max_examples=100, deadline=None)
def test_a_logarithmic_axis_holds_its_values(values: list[float]) -> None:
    axis = logarithmic(values)
    assert axis.low <= min(values) * 1.001
    assert axis.high >= max(values) * 0.999
    assert 2 <= len(axis.ticks) <= 14


def test_a_logarithmic_axis_gives_decades_the_same_room() -> None:
    axis = axes.Axis(0.1, 1000.0, (), logarithmic=True)
    assert [axis.at(value) for value in (0.1, 1.0, 10.0, 100.0, 1000.0)] == pytest.approx(
        [0, 0.25, 0.5, 0.75, 1]
    )


@given(st.lists(st.tuples(st.floats(60, 640), st.floats(30, 320)), min_size=1, max_size=12))
@settings(max_examples=100, deadline=None)
def test_no_name_covers_another_or_a_mark_or_leaves_the_field(marks: list[tuple[float, float]]) -> None:
    field = Box(40, 10, 700, 330)
    placed = place_names([f"a model of name {at}" for at in range(len(marks))], marks, [], field)
    boxes = [name.box for name in placed if name]
    dots = [Box(x - 5, y - 5, x + 5, y + 5) for x, y in marks]
    assert boxes
    assert all(field.holds(box) for box in boxes)
    for at, box in enumerate(boxes):
        assert not any(box.overlap(other) for other in [*boxes[:at], *dots])


def test_marks_with_room_around_them_all_have_names() -> None:
    marks = [(100.0 + 120 * at, 60.0 + 50 * (at % 4)) for at in range(5)]
    assert all(place_names(["a model"] * 5, marks, [], Box(40, 10, 700, 330)))


def test_what_costs_nothing_has_a_place_of_its_own_on_a_logarithmic_scale() -> None:
    estimate = Interval(value=0.8, low=0.75, high=0.85)
    points = [Point(f"m{cost}", "model", cost, estimate) for cost in (0.0, 0.1, 100.0)]
    drawing = parse(scatter(points, 720, "c"))
    assert drawing.faults == []
    assert "logarithmic" in drawing.text
    free, cheap, dear = sorted(float(dot.attributes["cx"]) for dot in drawing.all("circle"))
    band = drawing.classed("strip-of-none")[0].attributes
    assert free < float(band["x"]) + float(band["width"]) < cheap < dear


def test_costs_of_the_same_size_have_a_linear_scale() -> None:
    estimate = Interval(value=0.8, low=0.75, high=0.85)
    drawing = parse(
        scatter([Point("a", "model", 2.0, estimate), Point("b", "model", 3.0, estimate)], 720, "c")
    )
    assert "logarithmic" not in drawing.text
    assert not drawing.classed("strip-of-none")


def test_an_element_escapes_text_and_attributes() -> None:
    assert element("text", "<b>", element("g"), class_='"', stroke_width=1.234, x=None) == (
        '<text class="&#34;" stroke-width="1.23">&lt;b&gt;<g></g></text>'
    )


def test_shades_go_with_the_value_and_change_tone_below_zero() -> None:
    assert [shade(value) for value in (0.0, 0.5, 1.0, 1.2, -0.5)] == [
        "cool-0",
        "cool-4",
        "cool-8",
        "cool-8",
        "warm-4",
    ]
    assert shade(-1.0, "warm") == "cool-8"


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_has_the_contrast_that_wcag_asks_for(theme: dict[str, str]) -> None:
    """WCAG 2.2, 1.4.3 (AA): 4.5 to 1."""
    pairs = [
        (f"{tone}-{step}", f"{tone}-{step}-ink") for tone in ("cool", "warm") for step in range(STEPS + 1)
    ]
    pairs += [(ground, text) for ground in ("paper", "card", "tint") for text in ("ink", "soft", "link")]
    pairs += [("warn", "warn-ink"), ("consensus", "card")]
    for ground, text in pairs:
        assert contrast(theme[ground], theme[text]) >= 4.5, (ground, text)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_marks_have_the_contrast_that_wcag_asks_for(theme: dict[str, str]) -> None:
    """WCAG 2.2, 1.4.11 (AA): 3 to 1."""
    for mark in ("model", "consensus"):
        assert contrast(theme["card"], theme[mark]) >= 3


def contrast(first: str, second: str) -> float:
    """WCAG's ratio of relative luminances."""
    dark, light = sorted(luminance(each) for each in (first, second))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear_parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(part * weight for part, weight in zip(linear_parts, (0.2126, 0.7152, 0.0722), strict=True))


def test_figures_are_rounded_as_readers_expect() -> None:
    assert formats.percent(0.9034) == "90.3\u00a0%"
    assert formats.percent(-0.0001) == "0.0\u00a0%"
    assert formats.percent(None) == "–"
    assert formats.points(Interval(value=0.016, low=-0.021, high=0.052)) == "+1.6 (\u22122.1 to 5.2)"
    assert [formats.usd(value) for value in (None, 0.0, 0.0042, 0.000001, 11.42, 12345.678)] == [
        "no price", "$0", "$0.0042", "< $0.0001", "$11.42", "$12,345.68",
    ]  # fmt: skip
    assert [formats.duration(value) for value in (0.27, 12.34, 391.4, 11_520)] == [
        "270 ms", "12.3 s", "6 min 31 s", "3 h 12 min",
    ]  # fmt: skip
    assert formats.p_value(0.0004) == "< 0.001"
    assert formats.plural(1, "tie") == "1 tie"


def test_a_strangers_text_is_one_line_without_controls_and_no_longer_than_asked() -> None:
    assert formats.plain("a\x00b\n\n c\u202ed\u2028e") == "a b c d e"
    assert formats.plain("x" * 100, 10) == "xxxxxxxxx…"
    assert formats.plain("  العربية ") == "العربية"
    assert len(formats.plain("\n" * 10_000_000, 10)) <= 10
