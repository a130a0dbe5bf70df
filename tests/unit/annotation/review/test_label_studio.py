"""Label Studio: tasks and interface as its documentation wants them, and its exports read back.

The exports have the shape that label-studio-sdk 2.1.2's converter gives them.
"""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

import pytest

from techne.annotation.labels import LabelKind, LabelSet
from techne.annotation.review import CollectedAnswers, ReviewItem
from techne.annotation.review.label_studio import (
    label_studio_config,
    label_studio_tasks,
    read_label_studio,
)
from techne.errors import DatasetError, LabelSetError
from tests.unit.annotation.review.items import HOSTILE_TEXT, decided, hostile_set, label_set, tied, unvoted

LABELS = label_set()
KINDS: tuple[LabelKind, ...] = ("single", "multi", "ordinal")


def annotation(*choices: str, **fields: Any) -> dict[str, Any]:
    result = [
        {
            "id": "r1",
            "from_name": "label",
            "to_name": "text",
            "type": "choices",
            "value": {"choices": [*choices]},
        }
    ]
    return {"id": 7, "completed_by": 1, "was_cancelled": False, "result": result if choices else []} | fields


def export(*tasks: tuple[str, list[dict[str, Any]]]) -> bytes:
    """An export in the format JSON."""
    return json.dumps(
        [
            {"id": number, "data": {"text": "…", "item_id": item}, "annotations": given, "predictions": [{}]}
            for number, (item, given) in enumerate(tasks, start=1)
        ]
    ).encode()


def choices_of(config: str) -> tuple[ElementTree.Element, list[str]]:
    view = ElementTree.fromstring(config)
    assert view.tag == "View"
    (choices,) = view.iter("Choices")
    return choices, [choice.attrib["value"] for choice in choices]


@pytest.mark.parametrize(
    ("kind", "choice", "required"),
    [("single", "single", "true"), ("ordinal", "single-radio", "true"), ("multi", "multiple", "false")],
)
def test_the_interface_lets_choose_what_the_kind_allows(kind: LabelKind, choice: str, required: str) -> None:
    element, values = choices_of(label_studio_config(label_set(kind)))
    assert (element.attrib["choice"], element.attrib["required"]) == (choice, required)
    assert values == ["no", "maybe", "yes"]
    assert element[0].attrib["hint"] == "It says no."


def test_the_interface_controls_the_text_of_the_tasks() -> None:
    view = ElementTree.fromstring(label_studio_config(LABELS))
    (text,), (choices,) = view.iter("Text"), view.iter("Choices")
    (task,) = label_studio_tasks([decided("1", LABELS)], LABELS)
    assert text.attrib["value"] == "$text"
    assert choices.attrib["toName"] == text.attrib["name"]
    assert isinstance(task["data"], dict)
    assert text.attrib["value"].removeprefix("$") in task["data"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_hostile_label_set_makes_an_interface_that_parses_and_holds_no_variable(kind: LabelKind) -> None:
    config = label_studio_config(hostile_set(kind))
    _, values = choices_of(config)
    assert len(values) == len(set(values)) == len(hostile_set().names)
    assert [value for value in ElementTree.fromstring(config).iter() if value.tag not in _TAGS] == []
    attributes = [value for each in ElementTree.fromstring(config).iter() for value in each.attrib.values()]
    assert [value for value in attributes if "$" in value] == ["$text"]
    assert 'yes & <no>"' in values


_TAGS = {"View", "Header", "Text", "Choices", "Choice"}


@pytest.mark.parametrize("kind", KINDS)
def test_every_prediction_chooses_among_the_choices_of_the_interface(kind: LabelKind) -> None:
    labels = hostile_set(kind)
    _, values = choices_of(label_studio_config(labels))
    items = [decided("a", labels, HOSTILE_TEXT), tied("b", labels), unvoted("c")]
    for task in json.loads(json.dumps(label_studio_tasks(items, labels), allow_nan=False)):
        for prediction in task["predictions"]:
            (result,) = prediction["result"]
            assert (result["from_name"], result["to_name"], result["type"]) == ("label", "text", "choices")
            assert set(result["value"]["choices"]) <= set(values)
            assert 0 <= prediction["score"] <= 1


def test_predictions_are_the_consensus_and_then_every_model() -> None:
    (task,) = json.loads(json.dumps(label_studio_tasks([decided("1", LABELS)], LABELS)))
    assert [(each["model_version"], each["score"]) for each in task["predictions"]] == [
        ("consensus", 0.7),
        ("m/1", 0.7),
        ("m/2", 0.7),
        ("m/3", 0.3),
    ]
    assert task["data"] == {"text": "A text.", "item_id": "1"}
    assert task["meta"]["margin"] == 0.4


def test_a_tie_has_no_prediction_of_the_consensus() -> None:
    (task,) = json.loads(json.dumps(label_studio_tasks([tied("1", LABELS)], LABELS)))
    assert [each["model_version"] for each in task["predictions"]] == ["m/1", "m/2"]
    assert task["meta"]["tied"] == ["no", "maybe"]


def test_a_vote_that_no_label_fits_is_a_prediction_without_a_choice() -> None:
    labels = label_set("multi")
    item = ReviewItem(
        id="1",
        text="t",
        votes={"m": ()},
        posterior={"no": 0.1, "maybe": 0.2, "yes": 0.1},
        margin=0.6,
        consensus=(),
    )
    (task,) = json.loads(json.dumps(label_studio_tasks([item], labels)))
    assert [(each["result"], each["score"]) for each in task["predictions"]] == [([], 0.8), ([], 0.8)]


def test_labels_that_xml_can_not_tell_apart_are_refused() -> None:
    with pytest.raises(LabelSetError, match="would both be called 'a�' in Label Studio"):
        label_studio_config(LabelSet.of_names(["a\x01", "a\x02"]))


def test_answers_are_read_from_json() -> None:
    data = export(("a", [annotation("yes")]), ("b", [annotation("no"), annotation("no", completed_by=2)]))
    assert read_label_studio(data, LABELS, "e") == CollectedAnswers({"a": ("yes",), "b": ("no",)})


def test_cancelled_and_missing_annotations_are_skips() -> None:
    data = export(("a", [annotation("yes", was_cancelled=True)]), ("b", []), ("c", [annotation()]))
    assert read_label_studio(data, LABELS, "e") == CollectedAnswers({}, skipped=("a", "b", "c"))


def test_a_cancelled_annotation_does_not_contradict_another() -> None:
    data = export(("a", [annotation("yes"), annotation("no", was_cancelled=True)]))
    assert read_label_studio(data, LABELS, "e").labels == {"a": ("yes",)}


def test_people_who_disagree_are_reported_and_not_taken() -> None:
    data = export(("a", [annotation("yes"), annotation("no"), annotation("no")]), ("b", [annotation("no")]))
    assert read_label_studio(data, LABELS, "e") == CollectedAnswers(
        {"b": ("no",)}, disagreements={"a": (("yes",), ("no",))}
    )


def test_the_order_of_choices_is_no_disagreement() -> None:
    data = export(("a", [annotation("yes", "no"), annotation("no", "yes")]))
    assert read_label_studio(data, label_set("multi"), "e").labels == {"a": ("no", "yes")}


def test_no_choice_is_an_answer_where_several_labels_may_fit() -> None:
    data = export(("a", [annotation()]), ("b", []))
    assert read_label_studio(data, label_set("multi"), "e") == CollectedAnswers({"a": ()}, skipped=("b",))


def test_json_min_is_read_as_well() -> None:
    records: list[dict[str, Any]] = [
        {"text": "…", "item_id": "a", "id": 1, "label": "yes", "annotation_id": 4},
        {"text": "…", "item_id": "b", "id": 2, "label": {"choices": ["no", "yes"]}, "annotation_id": 5},
        {"text": "…", "item_id": "c", "id": 3, "annotation_id": 6},
        {"text": "…", "item_id": "d", "id": 4, "annotation_id": None},
    ]
    assert read_label_studio(json.dumps(records).encode(), label_set("multi"), "e") == CollectedAnswers(
        {"a": ("yes",), "b": ("no", "yes"), "c": ()}, skipped=("d",)
    )


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_labels_come_back_by_their_own_names(kind: LabelKind) -> None:
    labels = hostile_set(kind)
    _, values = choices_of(label_studio_config(labels))
    data = export(*((str(place), [annotation(value)]) for place, value in enumerate(values)))
    found = read_label_studio(data, labels, "e").labels
    assert list(found.values()) == [(name,) for name in labels.names]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "e is no Label Studio export"),
        (b"{}", "e is no Label Studio export"),
        (b"[1]", "e is no Label Studio export"),
        (b"\xff\xfe[", "e is no Label Studio export"),
        (b'[{"data": {"text": "t"}, "annotations": []}]', "e: task 1 has no item_id"),
        (b'[{"data": [], "annotations": []}]', "e: task 1 has no item_id"),
        (b'[{"data": {"item_id": "a"}, "annotations": {}}]', r"e: task 1 \('a'\): its annotations are not"),
        (b'[{"data": {"item_id": "a"}, "annotations": [{}]}]', r"e: task 1 \('a'\): its result are not"),
        (export(("a", [annotation("yess")])), r"e: task 1 \('a'\): the label 'yess' is unknown"),
        (export(("a", [annotation("yes", "no")])), r"e: task 1 \('a'\): there are 2 labels"),
        (b'[{"item_id": "a", "annotation_id": 1, "label": [1]}]', r"e: task 1 \('a'\): its choices are not"),
    ],
)
def test_what_is_wrong_is_told_with_its_task(data: bytes, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        read_label_studio(data, LABELS, "e")
