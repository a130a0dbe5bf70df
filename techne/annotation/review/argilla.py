"""Argilla 2: records with the consensus as suggestion, the dataset's settings, and exported records.

In Argilla's Python client:

    settings = rg.Settings.from_json("argilla-settings.json")
    dataset = rg.Dataset("disputed", settings=settings).create()
    dataset.records.from_json("argilla-records.json")
    ...
    dataset.records.to_json("answers.json")

Formats as documented: https://docs.argilla.io/latest/reference/argilla/records/records (`Record.to_dict` and
`from_dict`), https://docs.argilla.io/latest/reference/argilla/settings/settings,
https://docs.argilla.io/latest/reference/argilla/settings/questions and
https://docs.argilla.io/latest/how_to_guides/import_export.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from pydantic import JsonValue

from techne.annotation.cells import clean
from techne.annotation.labels import LabelSet
from techne.annotation.review.answers import AnswerCollector, CollectedAnswers, Labels, problem_with
from techne.annotation.review.choices import answers_chosen, choice_names, none_choice
from techne.annotation.review.json_array import read_objects
from techne.annotation.review.queue import ReviewItem
from techne.errors import DatasetError

RECORDS_FILE = "argilla-records.json"
SETTINGS_FILE = "argilla-settings.json"
TOOL = "Argilla"
QUESTION = "label"
TEXT_FIELD = "text"
STATUS = f"{QUESTION}.responses.status"
RESPONSES = f"{QUESTION}.responses"

_MAX_TITLE = 500
_MAX_DESCRIPTION = 1000
_MAX_AGENT = 200
_NOT_IN_AGENT = re.compile(r"[^A-Za-z0-9_:./ -]+")
"""The server takes no other characters in the name of who suggests."""
_MIN_VISIBLE = 3
_CURE = "Export with dataset.records.to_json."


def argilla_records(
    items: Iterable[ReviewItem], label_set: LabelSet, agent: str = "consensus"
) -> list[dict[str, JsonValue]]:
    """Records for `Dataset.records.from_json`, or one by one for `Record.from_dict`.

    The suggestion is the consensus with its probability; a tie has none. Metadata: the margin, how each model
    voted, and the labels that tie.

    Args:
        items: The queue.
        label_set: What can be answered.
        agent: Who suggests: the name of the consensus method.

    Raises:
        LabelSetError: Two labels can't be told apart there.
    """
    names = choice_names(label_set, clean, TOOL)
    none = none_choice(label_set)
    return [_record(item, label_set, names, none, _agent(agent)) for item in items]


def argilla_settings(label_set: LabelSet) -> dict[str, JsonValue]:
    """Settings of a dataset for these records, for `Settings.from_json`.

    For multi the choices have one more, which says that no label fits: a question must be answered somehow.

    Raises:
        LabelSetError: Two labels can't be told apart there.
    """
    multi = label_set.kind == "multi"
    choices = [*choice_names(label_set, clean, TOOL).values(), *([none_choice(label_set)] if multi else [])]
    question = clean(label_set.question) or "Which label fits the text?"
    settings: dict[str, JsonValue] = {
        "type": "multi_label_selection" if multi else "label_selection",
        "options": [{"value": name, "text": name} for name in choices],
        "visible_options": len(choices) if len(choices) >= _MIN_VISIBLE else None,
    }
    if multi:
        settings["options_order"] = "natural"
    return {
        # With a heading of ours: Argilla's client takes a text that is a path for the file there.
        "guidelines": f"# Disputed items\n\n{_guidelines(label_set, question)}",
        "allow_extra_metadata": True,
        "distribution": {"strategy": "overlap", "min_submitted": 1},
        "fields": [
            {
                "name": TEXT_FIELD,
                "title": "Text",
                "required": True,
                "settings": {"type": "text", "use_markdown": False},
            }
        ],
        "questions": [
            {
                "name": QUESTION,
                "title": question[:_MAX_TITLE],
                "description": question[:_MAX_DESCRIPTION],
                "required": True,
                "settings": settings,
            }
        ],
        "vectors": [],
        "metadata": [
            _metadata("margin", "Margin of the consensus", "float"),
            _metadata("votes", "Votes, as model: label", "terms"),
            _metadata("tied", "Labels that tie", "terms"),
        ],
    }


def read_argilla(data: bytes, label_set: LabelSet, source: str) -> CollectedAnswers:
    """Read exported records: those of `records.to_json`, or of `records.to_list(flatten=True)` as JSON.

    The nested form has no status per response, so records that are still pending are left out of it; of the
    flat one, drafts and discarded responses.

    Args:
        data: A JSON array.
        label_set: The one that the settings were made of.
        source: How messages name the file.

    Raises:
        DatasetError: It is no such export, or has a label that is not in the set; the message names the
            record.
    """
    records = read_objects(data, source, TOOL, _CURE)
    names = {choice: name for name, choice in choice_names(label_set, clean, TOOL).items()}
    answers = AnswerCollector()
    for number, record in enumerate(records, start=1):
        item_id = record.get("id")
        if not isinstance(item_id, str) or not item_id:
            raise DatasetError(f"{source}: record {number} has no id.", cure=_CURE)
        place = f"{source}: record {number} ({item_id[:100]!r})"
        answers.seen(item_id)
        for values in _responses(record, place):
            for labels in answers_chosen([names.get(value, value) for value in values], label_set):
                problem = problem_with(labels, label_set)
                if problem:
                    raise DatasetError(
                        f"{place}: {problem}.", cure="Give the label set that the dataset was made of."
                    )
                answers.add(item_id, labels)
    return answers.collected()


def _record(
    item: ReviewItem, label_set: LabelSet, names: Mapping[str, str], none: str, agent: str
) -> dict[str, JsonValue]:
    votes: list[JsonValue] = [
        clean(f"{model}: {', '.join(labels) or none}") for model, labels in item.votes.items()
    ]
    tied: list[JsonValue] = [names[label] for label in item.tied]
    metadata: dict[str, JsonValue] = {"votes": votes, "tied": tied}
    if item.margin is not None:
        metadata["margin"] = item.margin
    return {
        "id": item.id,
        "fields": {TEXT_FIELD: item.text or f"(no text; item {item.id})"},
        "metadata": {name: value for name, value in metadata.items() if value != []},
        "suggestions": {}
        if item.consensus is None
        else {QUESTION: _suggestion(item, item.consensus, label_set, names, none, agent)},
        "responses": {},
        "vectors": {},
    }


def _suggestion(
    item: ReviewItem, labels: Labels, label_set: LabelSet, names: Mapping[str, str], none: str, agent: str
) -> JsonValue:
    certainty = round(item.certainty_of(labels), 6)
    if label_set.kind != "multi":
        return {"value": names[labels[0]], "score": certainty, "agent": agent}
    if not labels:
        return {"value": [none], "score": [certainty], "agent": agent}
    values: list[JsonValue] = [names[label] for label in labels]
    scores: list[JsonValue] = [round(item.posterior.get(label, 0.0), 6) for label in labels]
    return {"value": values, "score": scores, "agent": agent}


def _agent(name: str) -> str:
    return _NOT_IN_AGENT.sub("-", name).strip()[:_MAX_AGENT] or "consensus"


def _guidelines(label_set: LabelSet, question: str) -> str:
    lines = [
        f"- {clean(label.name)}: {clean(label.description)}"
        for label in label_set.labels
        if label.description
    ]
    return "\n".join([question, *([""] if lines else []), *lines])


def _metadata(name: str, title: str, kind: str) -> JsonValue:
    return {"name": name, "title": title, "visible_for_annotators": True, "settings": {"type": kind}}


def _responses(record: Mapping[str, JsonValue], place: str) -> list[list[str]]:
    """The choices of each response of a record that counts."""
    nested = record.get("responses")
    if isinstance(nested, dict):
        if record.get("status") == "pending":
            return []
        responses = nested.get(QUESTION) or []
        if not isinstance(responses, list) or not all(isinstance(each, dict) for each in responses):
            raise _malformed(place)
        given = [(each.get("value"), each.get("status")) for each in responses if isinstance(each, dict)]
    else:
        values, statuses = record.get(RESPONSES) or [], record.get(STATUS)
        if not isinstance(values, list):
            raise _malformed(place)
        known = (
            statuses if isinstance(statuses, list) and len(statuses) == len(values) else [None] * len(values)
        )
        given = list(zip(values, known, strict=True))
    return [
        _values(value, place)
        for value, status in given
        if value is not None and status in (None, "submitted")
    ]


def _values(value: JsonValue, place: str) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return [str(each) for each in value]
    raise _malformed(place)


def _malformed(place: str) -> DatasetError:
    return DatasetError(
        f"{place}: its responses are not as Argilla exports them.",
        cure=_CURE,
    )
