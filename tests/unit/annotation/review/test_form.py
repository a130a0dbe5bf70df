"""A page as a form: what may be chosen, what a choice says, and that strangers' words stay words."""

from __future__ import annotations

import re
from typing import Any

import pytest
from markdown_it import MarkdownIt
from pydantic import BaseModel, ValidationError, create_model

from techne.annotation.labels import LabelKind, LabelSet
from techne.annotation.review import CollectedAnswers, ReviewItem
from techne.annotation.review.choices import none_choice, skip_choice
from techne.annotation.review.form import Page, pages_of
from techne.annotation.review.progress import ReviewProgress
from techne.errors import DatasetError
from tests.unit.annotation.review.items import HOSTILE_TEXT, decided, hostile_set, label_set, tied, unvoted

LABELS = label_set()
MULTI = label_set("multi")


def page_of(*items: ReviewItem, labels: LabelSet = LABELS) -> Page:
    (page,) = pages_of(items, labels, 100)
    return page


def form_of(page: Page) -> type[BaseModel]:
    fields: dict[str, Any] = page.fields()
    return create_model("Form", **fields)


def answers(page: Page, **values: object) -> CollectedAnswers:
    return page.answers(form_of(page).model_validate(values))


def test_a_page_says_what_was_chosen() -> None:
    page = page_of(tied("a", LABELS), tied("b", LABELS), tied("c", LABELS))
    assert answers(page, item_1="yes", item_2="skip") == CollectedAnswers({"a": ("yes",)}, skipped=("b", "c"))


def test_nothing_but_a_label_or_a_skip_can_be_chosen() -> None:
    with pytest.raises(ValidationError):
        answers(page_of(tied("a", LABELS)), item_1="perhaps")


def test_a_label_that_is_called_skip_is_not_a_skip() -> None:
    labels = LabelSet.of_names(["skip", "(SKIP)", "no"])
    assert skip_choice(labels) == "((skip))"
    page = page_of(tied("a", labels), tied("b", labels), labels=labels)
    assert answers(page, item_1="skip") == CollectedAnswers({"a": ("skip",)}, skipped=("b",))


def test_several_labels_can_be_chosen_where_several_may_fit() -> None:
    page = page_of(*(tied(name, MULTI) for name in "abcd"), labels=MULTI)
    found = answers(
        page, item_1=["yes", "no"], item_2=[none_choice(MULTI)], item_3=["no", none_choice(MULTI)]
    )
    assert found == CollectedAnswers(
        {"a": ("no", "yes"), "b": ()}, skipped=("d",), disagreements={"c": ((), ("no",))}
    )


def test_fields_are_titled_with_the_id_and_stand_in_order() -> None:
    schema = form_of(page_of(tied("=x\n1", LABELS), unvoted("b"))).model_json_schema()
    fields = schema["properties"]
    assert [(fields[name]["title"], fields[name]["position"]) for name in fields] == [("=x 1", 0), ("b", 1)]
    assert fields["item_1"]["enum"] == ["no", "maybe", "yes", "skip"]
    assert fields["item_1"]["default"] == "skip"


def test_a_long_text_is_cut_beside_its_field() -> None:
    field = form_of(page_of(tied("a", LABELS, "word " * 10_000))).model_fields["item_1"]
    assert field.description is not None
    assert len(field.description) < 1_000
    assert "…" in field.description


def test_votes_and_probabilities_stand_beside_the_field() -> None:
    field = form_of(page_of(decided("a", LABELS))).model_fields["item_1"]
    assert field.description is not None
    assert "m\\/1: **no**" in field.description
    assert "Consensus: no (no 70" in field.description


@pytest.mark.parametrize("kind", ["single", "multi"])
def test_hostile_words_make_neither_markup_nor_links(kind: LabelKind) -> None:
    labels = hostile_set(kind)
    page = page_of(
        decided(HOSTILE_TEXT, labels, HOSTILE_TEXT), tied("b", labels, HOSTILE_TEXT), labels=labels
    )
    descriptions = [field.description or "" for field in form_of(page).model_fields.values()]
    for markdown in (page.markdown(), page.instructions(), *descriptions):
        html = MarkdownIt("commonmark").enable("table").render(markdown)
        assert set(re.findall(r"<(\w+)", html)) <= {"h1", "h2", "p", "blockquote", "strong", "em", "ul", "li"}
        assert "\x07" not in markdown
        assert "\u202e" not in markdown


def test_pages_are_the_same_for_the_same_items() -> None:
    items = [tied(str(number), LABELS) for number in range(7)]
    pages = pages_of(items, LABELS, 3)
    assert [[item.id for item in page.items] for page in pages] == [["0", "1", "2"], ["3", "4", "5"], ["6"]]
    assert [page.title for page in pages][-1] == "Disputed items, page 3 of 3"
    assert [page.fingerprint for page in pages] == [page.fingerprint for page in pages_of(items, LABELS, 3)]
    assert len({page.fingerprint for page in (*pages, *pages_of(items, MULTI, 4))}) == 5


def test_there_are_no_more_pages_than_asked_for() -> None:
    items = [tied(str(number), LABELS) for number in range(7)]
    pages = pages_of(items, LABELS, 3, most=2)
    assert [(page.number, page.of) for page in pages] == [(1, 2), (2, 2)]
    assert pages_of([], LABELS, 3) == ()


def test_progress_covers_what_was_answered_skipped_or_contradicted() -> None:
    items = [tied(name, LABELS) for name in "abcd"]
    progress = ReviewProgress().with_answers(
        CollectedAnswers({"a": ("no",)}, skipped=("b",), disagreements={"c": (("no",), ("yes",))})
    )
    assert progress.covers(items[:3])
    assert not progress.covers(items)


def test_a_later_answer_replaces_an_earlier_one_and_a_skip() -> None:
    progress = ReviewProgress().with_answers(CollectedAnswers({"a": ("no",)}, skipped=("b",)))
    progress = progress.with_answers(CollectedAnswers({"a": ("yes",), "b": ("no",)}))
    assert progress == ReviewProgress(answers={"a": ("yes",), "b": ("no",)})


def test_a_later_skip_does_not_take_an_answer_away() -> None:
    progress = ReviewProgress().with_answers(CollectedAnswers({"a": ("no",)}))
    assert progress.with_answers(CollectedAnswers({}, skipped=("a",))).answers == {"a": ("no",)}


def test_progress_is_read_back_as_it_was_written() -> None:
    labels = hostile_set()
    progress = ReviewProgress(answers={"a\x00": (labels.names[2],)}, skipped=("b",), disagreements=("c",))
    assert ReviewProgress.parse(progress.model_dump_json().encode(), labels, "p") == progress


@pytest.mark.parametrize(
    "data", [b"", b"[]", b'{"answers": {"a": ["perhaps"]}}', b'{"answers": {"a": "no"}}', b'{"other": 1}']
)
def test_progress_of_something_else_is_refused(data: bytes) -> None:
    with pytest.raises(DatasetError, match=r"^p"):
        ReviewProgress.parse(data, LABELS, "p")
