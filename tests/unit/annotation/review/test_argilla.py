"""Argilla: records and settings as its client reads them, and exported records read back.

The shapes are those of argilla 2.8.0's `Record.to_dict`, `GenericIO.to_list` and `Settings.serialize`; the
limits those of its server.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from techne.annotation.labels import LabelKind, LabelSet
from techne.annotation.review import CollectedAnswers
from techne.annotation.review.argilla import argilla_records, argilla_settings, read_argilla
from techne.errors import DatasetError, LabelSetError
from tests.unit.annotation.review.items import HOSTILE_TEXT, decided, hostile_set, label_set, tied, unvoted

LABELS = label_set()
KINDS: tuple[LabelKind, ...] = ("single", "multi", "ordinal")
AGENT = re.compile(r"(?=.*[a-zA-Z0-9])[a-zA-Z0-9-_:\.\/\s]{1,200}")
"""Names of who suggests that the server takes."""


def settings_of(labels: LabelSet) -> dict[str, Any]:
    settings: dict[str, Any] = json.loads(json.dumps(argilla_settings(labels)))
    return settings


def options_of(labels: LabelSet) -> list[str]:
    (question,) = settings_of(labels)["questions"]
    return [option["value"] for option in question["settings"]["options"]]


def records_of(*items: Any, labels: LabelSet, agent: str = "dawid-skene") -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = json.loads(
        json.dumps(argilla_records(items, labels, agent), allow_nan=False)
    )
    return records


def nested(item: str, *values: Any, status: str = "completed") -> dict[str, Any]:
    """A record of `records.to_json`."""
    responses = {"label": [{"value": value, "user_id": str(user)} for user, value in enumerate(values)]}
    return {
        "id": item,
        "fields": {"text": "…"},
        "metadata": {},
        "suggestions": {"label": {"value": "maybe", "score": 0.5, "agent": "a"}},
        "responses": responses if values else {},
        "vectors": {},
        "status": status,
        "_server_id": None,
    }


def flat(item: str, *given: tuple[Any, str | None]) -> dict[str, Any]:
    """A record of `records.to_list(flatten=True)`."""
    return {
        "id": item,
        "status": "completed",
        "text": "…",
        "label.responses": [value for value, _ in given] or None,
        "label.responses.users": [str(user) for user in range(len(given))] or None,
        "label.responses.status": [status for _, status in given] or None,
        "label.suggestion": "maybe",
    }


def read(*records: dict[str, Any], labels: LabelSet = LABELS) -> CollectedAnswers:
    return read_argilla(json.dumps(records).encode(), labels, "e")


@pytest.mark.parametrize(
    ("kind", "question", "options"),
    [
        ("single", "label_selection", ["no", "maybe", "yes"]),
        ("ordinal", "label_selection", ["no", "maybe", "yes"]),
        ("multi", "multi_label_selection", ["no", "maybe", "yes", "none of these"]),
    ],
)
def test_the_question_offers_what_the_kind_allows(kind: LabelKind, question: str, options: list[str]) -> None:
    (asked,) = settings_of(label_set(kind))["questions"]
    assert asked["settings"]["type"] == question
    assert [option["value"] for option in asked["settings"]["options"]] == options
    assert asked["settings"]["visible_options"] == len(options)


def test_two_options_are_not_given_a_number_of_visible_ones() -> None:
    (asked,) = settings_of(LabelSet.of_names(["no", "yes"]))["questions"]
    assert asked["settings"]["visible_options"] is None


def test_a_long_question_is_cut_where_the_server_cuts_and_whole_in_the_guidelines() -> None:
    labels = LABELS.model_copy(update={"question": "q" * 4000})
    settings = settings_of(labels)
    (asked,) = settings["questions"]
    assert (len(asked["title"]), len(asked["description"])) == (500, 1000)
    assert "q" * 4000 in settings["guidelines"]


def test_guidelines_are_never_the_name_of_a_file() -> None:
    labels = LABELS.model_copy(update={"question": "/etc/passwd"})
    assert settings_of(labels)["guidelines"].startswith("# ")


def test_texts_are_not_rendered_as_markdown() -> None:
    (field,) = settings_of(LABELS)["fields"]
    assert field["settings"] == {"type": "text", "use_markdown": False}


def test_metadata_and_fields_of_records_are_declared() -> None:
    settings = settings_of(LABELS)
    declared = {each["name"] for each in settings["metadata"]}
    for record in records_of(decided("1", LABELS), tied("2", LABELS), unvoted("3"), labels=LABELS):
        assert set(record["metadata"]) <= declared
        assert set(record["fields"]) == {field["name"] for field in settings["fields"]}
        assert set(record["suggestions"]) <= {question["name"] for question in settings["questions"]}


def test_the_consensus_is_suggested_with_its_probability_and_a_tie_is_not() -> None:
    first, second = records_of(decided("1", LABELS), tied("2", LABELS), labels=LABELS)
    assert first["suggestions"] == {"label": {"value": "no", "score": 0.7, "agent": "dawid-skene"}}
    assert first["metadata"] == {"margin": 0.4, "votes": ["m/1: no", "m/2: no", "m/3: maybe"]}
    assert second["suggestions"] == {}
    assert second["metadata"]["tied"] == ["no", "maybe"]


def test_several_suggested_labels_have_a_score_each() -> None:
    labels = label_set("multi")
    item = decided("1", labels).model_copy(update={"consensus": ("no", "maybe")})
    nothing = decided("2", labels).model_copy(update={"consensus": ()})
    one, none = records_of(item, nothing, labels=labels)
    assert one["suggestions"]["label"] == {
        "value": ["no", "maybe"],
        "score": [0.7, 0.3],
        "agent": "dawid-skene",
    }
    assert none["suggestions"]["label"]["value"] == ["none of these"]


@pytest.mark.parametrize("kind", KINDS)
def test_suggestions_of_hostile_labels_are_among_the_options(kind: LabelKind) -> None:
    labels = hostile_set(kind)
    (record,) = records_of(decided("1", labels, HOSTILE_TEXT), labels=labels)
    value = record["suggestions"]["label"]["value"]
    assert set([value] if isinstance(value, str) else value) <= set(options_of(labels))


@pytest.mark.parametrize("agent", ["majority", "mäjority\n(v2) <b>", "", "x" * 900])
def test_who_suggests_has_a_name_that_the_server_takes(agent: str) -> None:
    (record,) = records_of(decided("1", LABELS), labels=LABELS, agent=agent)
    assert AGENT.fullmatch(record["suggestions"]["label"]["agent"])


def test_labels_that_differ_in_what_files_can_not_hold_are_refused() -> None:
    with pytest.raises(LabelSetError, match="in Argilla"):
        argilla_settings(LabelSet.of_names(["a\x00", "a\ufffd"]))


def test_answers_are_read_from_nested_records() -> None:
    assert read(nested("a", "yes"), nested("b", "no", "no"), nested("c")) == CollectedAnswers(
        {"a": ("yes",), "b": ("no",)}, skipped=("c",)
    )


def test_records_that_are_pending_are_left_out() -> None:
    assert read(nested("a", "yes", status="pending")) == CollectedAnswers({}, skipped=("a",))


def test_only_submitted_responses_of_flat_records_count() -> None:
    found = read(
        flat("a", ("yes", "submitted"), ("no", "discarded")),
        flat("b", ("yes", "draft")),
        flat("c"),
        flat("d", ("yes", None)),
        flat("e", (None, "discarded")),
    )
    assert found == CollectedAnswers({"a": ("yes",), "d": ("yes",)}, skipped=("b", "c", "e"))


def test_people_who_disagree_are_reported_and_not_taken() -> None:
    assert read(nested("a", "yes", "no")) == CollectedAnswers({}, disagreements={"a": (("yes",), ("no",))})


def test_that_no_label_fits_is_an_answer_and_contradicts_a_label() -> None:
    labels = label_set("multi")
    found = read(
        nested("a", ["none of these"]),
        nested("b", ["yes", "no"]),
        nested("c", ["yes", "none of these"]),
        labels=labels,
    )
    assert found == CollectedAnswers({"a": (), "b": ("no", "yes")}, disagreements={"c": ((), ("yes",))})


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_labels_come_back_by_their_own_names(kind: LabelKind) -> None:
    labels = hostile_set(kind)
    values = options_of(labels)[: len(labels.names)]
    found = read(
        *(nested(str(place), [value] if kind == "multi" else value) for place, value in enumerate(values)),
        labels=labels,
    )
    assert list(found.labels.values()) == [(name,) for name in labels.names]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"{}", "e is no Argilla export"),
        (b"[[]]", "e is no Argilla export"),
        (b'[{"responses": {}}]', "e: record 1 has no id"),
        (json.dumps([nested("a", "yess")]).encode(), r"e: record 1 \('a'\): the label 'yess' is unknown"),
        (json.dumps([nested("a", ["no", "yes"])]).encode(), r"e: record 1 \('a'\): there are 2 labels"),
        (json.dumps([nested("a", 3)]).encode(), r"e: record 1 \('a'\): its responses are not"),
        (b'[{"id": "a", "responses": {"label": {"b": 1}}}]', r"e: record 1 \('a'\): its responses are not"),
        (b'[{"id": "a", "label.responses": "yes"}]', r"e: record 1 \('a'\): its responses are not"),
    ],
)
def test_what_is_wrong_is_told_with_its_record(data: bytes, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        read_argilla(data, LABELS, "e")
