"""Cells are safe for spreadsheets, and what was done to them can be undone exactly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techne.annotation.cells import clean, join_labels, neutralised, restored, split_labels

TRICKY = st.text(st.sampled_from("'=+-@1.\t\r\n |\\a＝\ufeff"), max_size=6) | st.text(max_size=20)


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1+1",
        "-2+3",
        "@SUM(A1)",
        " =1",
        "\t=1",
        "\r=1",
        "\tx",
        "\rx",
        "\nx",
        "\ufeff=1",
        "＝1",
        "'=1",
        "--1",
    ],
)
def test_what_a_spreadsheet_would_compute_gets_an_apostrophe(text: str) -> None:
    assert neutralised(text) == "'" + text


@pytest.mark.parametrize("text", ["", "a=b", "1-2", "-1", "+3.5", "'quoted'", "'", "it's", " a", "100 %"])
def test_other_text_stays(text: str) -> None:
    assert neutralised(text) == text


@given(TRICKY)
def test_restoring_undoes_neutralising(text: str) -> None:
    assert restored(neutralised(text)) == text


@given(TRICKY, TRICKY)
def test_different_texts_stay_different(first: str, second: str) -> None:
    assert (neutralised(first) == neutralised(second)) == (first == second)


@given(st.lists(TRICKY.map(str.strip).filter(bool), max_size=4))
def test_labels_with_separators_in_them_are_split_again(labels: list[str]) -> None:
    assert split_labels(join_labels(labels)) == tuple(labels)


def test_white_space_around_labels_is_left_out() -> None:
    assert split_labels(" a | b|c ") == ("a", "b", "c")


def test_what_no_file_can_hold_is_replaced() -> None:
    assert clean("a\0b\ud800c😀") == "a\ufffdb\ufffdc😀"
