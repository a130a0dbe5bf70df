"""The report in short: a strict CommonMark parser sees tables and text, and of a foe's words nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from techne.annotation.report import render_markdown
from techne.annotation.report.formats import plain
from techne.annotation.report.markdown import escaped
from techne.annotation.summary import Summary
from tests.unit.annotation.report import summaries
from tests.unit.annotation.report.test_page import every_summary

PLAIN = {"text", "text_special", "softbreak", "strong_open", "strong_close", "em_open", "em_close"}


def tokens(markdown: str) -> list[Token]:
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(markdown)


def inline(markdown: str) -> list[Token]:
    return [child for token in tokens(markdown) for child in token.children or ()]


def cells(markdown: str) -> list[str]:
    return [
        "".join(child.content for child in token.children or ())
        for token in tokens(markdown)
        if token.type == "inline"
    ]


@every_summary
def test_it_is_text_in_headings_tables_and_lists(make: Callable[[], Summary]) -> None:
    markdown = render_markdown(make())
    assert {token.type for token in inline(markdown)} <= PLAIN
    blocks = {token.type.removesuffix("_open").removesuffix("_close") for token in tokens(markdown)}
    assert blocks <= {
        "heading", "paragraph", "inline", "table", "thead", "tbody", "tr", "th", "td", "blockquote",
        "bullet_list", "list_item",
    }  # fmt: skip


@every_summary
def test_every_row_has_as_many_cells_as_its_table_has_columns(make: Callable[[], Summary]) -> None:
    for block in render_markdown(make()).split("\n\n"):
        if block.startswith("|"):
            assert len({line.count("|") for line in block.splitlines()}) == 1


@every_summary
def test_it_is_short(make: Callable[[], Summary]) -> None:
    assert len(render_markdown(make()).encode()) < 40_000


def test_the_answer_the_warning_and_the_figures_are_there() -> None:
    found = cells(render_markdown(summaries.panel_of_five()))
    assert found[0] == "Use Accuracy-weighted vote, a consensus of 5 models."
    assert found[1].startswith("Warning. The five models err together (error correlation 0.31)")
    for figure in (
        "90.3\u00a0%",
        "87.0 to 93.6",
        "claude-sonnet",
        "best single model",
        "2,400",
        "$14.44",
        "6 min 31 s",
    ):
        assert figure in found, figure
    assert any("entailment 47\u00a0%, 3 votes; neutral 47\u00a0%, 2 votes" in cell for cell in found)


def test_a_crowd_is_cut_to_size_and_it_says_so() -> None:
    markdown = render_markdown(summaries.crowd())
    assert "149 models more in summary.json." in markdown
    assert "35 items more in summary.json." in markdown


@given(st.text(alphabet=st.sampled_from("<>&|\\`*_~[]()!#:/.@-+\n\r\t {}$1aé\u202e\u2028") | st.characters()))
@settings(max_examples=100, deadline=None)
def test_whatever_is_escaped_reads_as_itself(text: str) -> None:
    cell = f"| head |\n| --- |\n| x{escaped(text)}x |\n"
    assert cells(cell) == ["head", f"x{plain(text)}x"]
    assert {token.type for token in inline(cell)} <= {"text", "text_special"}


@pytest.mark.parametrize("text", summaries.HOSTILE)
def test_a_foes_words_keep_no_power(text: str) -> None:
    found = escaped(text)
    assert "<" not in found
    assert "://" not in found
    assert "www." not in found
    assert len(found) < 400
