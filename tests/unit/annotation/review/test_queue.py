"""The queue: made of disputed items, written and read back, and refused with the line where it is wrong."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from techne.annotation.review import ReviewItem, queue_lines, read_queue, review_items
from techne.annotation.summary import DisputedItem
from techne.errors import DatasetError
from tests.unit.annotation.review.items import HOSTILE_TEXT, decided, hostile_set, label_set, tied, unvoted

LABELS = label_set()
TEXTS = st.text(st.characters(codec="utf-8"), max_size=60)


def disputed(**changes: object) -> DisputedItem:
    fields: dict[str, object] = {
        "id": "1",
        "text": "A text.",
        "votes": {"m1": "yes", "m2": "no"},
        "posterior": {"no": 0.5, "maybe": 0.0, "yes": 0.5},
        "margin": 0.0,
        "consensus": None,
    }
    return DisputedItem.model_validate(fields | changes)


def test_a_tie_names_the_labels_that_share_the_first_place() -> None:
    (item,) = review_items([disputed()], "single")
    assert item.consensus is None
    assert item.tied == ("no", "yes")
    assert item.votes == {"m1": ("yes",), "m2": ("no",)}


def test_a_consensus_is_not_tied() -> None:
    posterior = {"no": 0.2, "maybe": 0.0, "yes": 0.8}
    (item,) = review_items([disputed(posterior=posterior, margin=0.6, consensus="yes")], "single")
    assert (item.consensus, item.tied, item.margin) == (("yes",), (), 0.6)


@pytest.mark.parametrize("nothing", [math.nan, 0.0])
def test_an_item_without_votes_has_neither_probabilities_nor_a_margin(nothing: float) -> None:
    posterior = dict.fromkeys(LABELS.names, nothing)
    (item,) = review_items([disputed(votes={}, posterior=posterior, margin=nothing)], "single")
    assert (item.posterior, item.margin, item.consensus, item.tied) == ({}, None, None, ())
    assert read_queue("".join(queue_lines([item])).encode(), LABELS, "q") == (item,)


def test_items_whose_answer_is_known_are_not_in_the_queue() -> None:
    assert [item.id for item in review_items([disputed(gold="yes"), disputed(id="2")], "single")] == ["2"]


def test_several_labels_are_one_answer_where_several_may_fit() -> None:
    item = disputed(
        votes={"m1": "no|yes", "m2": ""}, posterior={"no": 0.9, "maybe": 0.5, "yes": 0.6}, consensus=None
    )
    (found,) = review_items([item], "multi")
    assert found.votes == {"m1": ("no", "yes"), "m2": ()}
    assert found.tied == ("maybe",)
    assert found.certainty_of(("no", "yes")) == pytest.approx(0.5)
    assert found.certainty_of(()) == pytest.approx(0.1)


def test_a_bar_in_a_single_label_does_not_part_it() -> None:
    (item,) = review_items([disputed(votes={"m": "a|b"}, posterior={"a|b": 1.0}, consensus="a|b")], "single")
    assert item.consensus == ("a|b",)


def test_a_consensus_is_as_certain_as_its_probability() -> None:
    assert decided("1", LABELS).certainty_of(("no",)) == pytest.approx(0.7)


@settings(max_examples=50, deadline=None)
@given(st.lists(TEXTS, max_size=5))
def test_every_text_is_read_back_as_it_was_written(texts: list[str]) -> None:
    items = tuple(tied(str(number), LABELS, text) for number, text in enumerate(texts))
    assert read_queue("".join(queue_lines(items)).encode(), LABELS, "q") == items


def test_hostile_texts_and_labels_are_read_back_too() -> None:
    labels = hostile_set()
    items = (decided("a\nb", labels, HOSTILE_TEXT), unvoted("=1+1"))
    assert read_queue("".join(queue_lines(items)).encode(), labels, "q") == items


def test_half_a_surrogate_pair_does_not_get_into_the_queue() -> None:
    (item,) = review_items([disputed(text="cut \ud83d")], "single")
    assert item.text == "cut \ufffd"


def lines(*items: ReviewItem) -> list[dict[str, object]]:
    return [json.loads(line) for line in queue_lines(items)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"margin": "big"}, "line 2, margin: "),
        ({"extra": 1}, "line 2, extra: "),
        ({"id": "1"}, "line 2 is about '1', and so is line 1"),
        ({"votes": {"m": ["yess"]}}, r"in line 2, the label 'yess' is unknown \(did you mean 'yes'\?\)"),
        ({"consensus": ["no", "yes"]}, "in line 2, there are 2 labels where exactly one fits"),
        ({"text": None}, "line 2, text: "),
    ],
)
def test_what_is_wrong_is_told_with_its_line(change: dict[str, object], message: str) -> None:
    first, second = lines(tied("1", LABELS), tied("2", LABELS))
    data = "\n".join(json.dumps(line) for line in (first, second | change)).encode()
    with pytest.raises(DatasetError, match=f"^s3://b/review.jsonl: {message}"):
        read_queue(data, LABELS, "s3://b/review.jsonl")


@pytest.mark.parametrize("data", [b"{", b"[]", b"\xff\xfe", b'"text"', b'{"id": "\\ud800"}', b"[" * 100_000])
def test_what_is_no_queue_is_refused(data: bytes) -> None:
    with pytest.raises(DatasetError, match=r"^q: line 1"):
        read_queue(data, LABELS, "q")


def test_blank_lines_are_passed_over() -> None:
    item = tied("1", LABELS)
    assert read_queue(("\n" + "".join(queue_lines([item])) + "\n\n").encode(), LABELS, "q") == (item,)
