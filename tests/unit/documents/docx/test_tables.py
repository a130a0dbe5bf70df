"""How a table's columns share the page (S1-54)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from techne.documents.docx.tables import column_widths

ROOM = 9_000
extents = st.integers(1, 6).flatmap(
    lambda columns: st.lists(
        st.lists(st.tuples(st.integers(0, 24), st.integers(0, 36)), min_size=columns, max_size=columns).map(
            lambda row: [(word, max(word, text)) for word, text in row]
        ),
        min_size=1,
        max_size=5,
    )
)


@given(extents)
def test_columns_never_take_more_than_the_page_nor_nothing(rows: list[list[tuple[int, int]]]) -> None:
    widths = column_widths(rows, ROOM)
    assert len(widths) == len(rows[0])
    assert min(widths) > 0
    assert sum(widths) <= ROOM


def test_a_column_of_dates_is_not_broken_because_another_holds_sentences() -> None:
    dates, sentences = column_widths([[(10, 10), (12, 60)], [(10, 10), (14, 60)]], ROOM)
    alone, _ = column_widths([[(10, 10), (1, 1)]], ROOM)
    assert dates >= alone
    assert dates + sentences == ROOM


def test_a_small_table_is_as_wide_as_its_text_and_a_larger_one_as_the_page() -> None:
    assert sum(column_widths([[(5, 5), (5, 5)]], ROOM)) < ROOM / 2
    assert ROOM - 2 <= sum(column_widths([[(10, 30), (10, 20)]], ROOM)) <= ROOM
