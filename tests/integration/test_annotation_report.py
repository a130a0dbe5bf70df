"""The report in a real browser: nothing refused, nothing wider than the screen, in light and dark."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import pytest

from techne.annotation.report import render_report
from techne.annotation.summary import Summary
from tests.support.browser import framed, needs_browser, screenshot, visit
from tests.unit.annotation.report import summaries

pytestmark = needs_browser

POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
MEASURE = """<script>
const wide = [...document.querySelectorAll("body *")].filter(each =>
  !each.closest(".scroll, svg, .unseen, .skip") && each.getBoundingClientRect().right > innerWidth + 0.5);
const names = [...document.querySelectorAll(".scatter .name")].map(each => each.getBoundingClientRect());
top.document.documentElement.setAttribute("data-" + name, JSON.stringify({
  viewport: innerWidth,
  content: document.documentElement.scrollWidth,
  wide: wide.map(each => each.tagName + "." + each.className),
  names: names.filter(box => box.width).map(box => [box.left, box.top, box.right, box.bottom]),
  sections: [...document.querySelectorAll("main > section > h2")].map(each => each.textContent),
  ground: getComputedStyle(document.body).backgroundColor,
}));
</script></body>"""
MAKERS = (summaries.cascade, summaries.multi, summaries.crowd, summaries.fifty_labels, summaries.hostile)
WIDTHS = (1280, 390)


@dataclass(frozen=True)
class Measure:
    """What a script finds in a copy of a report that lets it in; boxes are left, top, right, bottom."""

    viewport: int
    content: int
    wide: list[str]
    names: list[list[float]]
    sections: list[str]
    ground: str


def written(folder: Path, summary: Summary) -> Path:
    page = folder / "report.html"
    page.write_text(render_report(summary), encoding="utf-8")
    return page


def measured(folder: Path, makers: Sequence[Callable[[], Summary]], dark: bool = False) -> dict[str, Measure]:
    """Measures of several reports, each in a frame of either width, named as in `cascade-390`."""
    frames = []
    for make in makers:
        copy = POLICY.sub("", render_report(make())).replace("</body>", MEASURE)
        frames += [framed(copy, width, name=f"{make.__name__}-{width}") for width in WIDTHS]
    page = folder / "measured.html"
    page.write_text("".join(frames), encoding="utf-8")
    seen = visit(page, 1400, dark=dark)
    found = re.findall(r'data-(\w+-\d+)="([^"]*)"', seen.dom[: seen.dom.index("<iframe")])
    return {name: Measure(**json.loads(unescape(value))) for name, value in found}


@pytest.fixture(scope="module")
def measures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Measure]:
    return measured(tmp_path_factory.mktemp("measured"), MAKERS)


@pytest.mark.parametrize("make", [summaries.panel_of_five, summaries.hostile], ids=["realistic", "hostile"])
def test_the_browser_has_nothing_to_complain_about(tmp_path: Path, make: Callable[[], Summary]) -> None:
    seen = visit(written(tmp_path, make()))
    assert seen.console == ()
    assert "<title>Annotation report: " in seen.dom
    assert 'id="accuracy"' in seen.dom


def test_the_policy_holds_against_what_a_foe_might_get_in(tmp_path: Path) -> None:
    """Were escaping to fail, neither script nor style nor picture would come to life."""
    page = written(tmp_path, summaries.panel_of_five())
    attack = (
        "<script>document.title = 'taken'</script><style>body { display: none }</style>"
        '<img src="http://127.0.0.1:9/x.png" onerror="document.title = \'taken\'"></body>'
    )
    page.write_text(page.read_text(encoding="utf-8").replace("</body>", attack), encoding="utf-8")
    seen = visit(page)
    assert "<title>taken" not in seen.dom
    refused = "\n".join(seen.console)
    for directive in ("script", "style-src", "img-src"):
        assert directive in refused


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_nothing_is_wider_than_the_screen(
    measures: dict[str, Measure], make: Callable[[], Summary], width: int
) -> None:
    found = measures[f"{make.__name__}-{width}"]
    assert found.viewport == width
    assert found.wide == []
    assert found.content <= width


@pytest.mark.parametrize("width", WIDTHS)
def test_names_in_the_scatter_chart_do_not_cover_each_other(measures: dict[str, Measure], width: int) -> None:
    names = measures[f"cascade-{width}"].names
    assert len(names) >= 6
    for at, (left, top, right, bottom) in enumerate(names):
        for x, y, to_x, to_y in names[:at]:
            common = min(right, to_x) - max(left, x), min(bottom, to_y) - max(top, y)
            assert min(common) < 2


def test_all_sections_are_there(measures: dict[str, Measure]) -> None:
    assert len(measures["cascade-1280"].sections) == 14


def test_the_ground_follows_the_readers_scheme(measures: dict[str, Measure], tmp_path: Path) -> None:
    assert measures["cascade-1280"].ground == "rgb(246, 247, 249)"
    assert measured(tmp_path, [summaries.cascade], dark=True)["cascade-390"].ground == "rgb(17, 21, 27)"


def test_a_picture_of_it_can_be_taken(tmp_path: Path) -> None:
    picture = screenshot(written(tmp_path, summaries.panel_of_five()), 1280, 800)
    assert picture.startswith(b"\x89PNG")
    assert struct.unpack(">II", picture[16:24]) == (1280, 800)
    assert len(picture) > 20_000
