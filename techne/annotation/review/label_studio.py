"""Label Studio: tasks with the panel's answers as predictions, the labelling interface, and its export.

Formats as documented for Label Studio 1.x:

- tasks and predictions: https://labelstud.io/guide/predictions (JSON format for pre-annotations) and
  https://labelstud.io/guide/tasks (basic Label Studio JSON format);
- the interface: https://labelstud.io/tags/choices, https://labelstud.io/tags/choice, https://labelstud.io/tags/text,
  https://labelstud.io/tags/header;
- exports: https://labelstud.io/guide/task_format (JSON) and https://labelstud.io/guide/export (JSON_MIN).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from xml.etree import ElementTree

from pydantic import JsonValue

from techne.annotation.labels import LabelSet
from techne.annotation.review.answers import AnswerCollector, CollectedAnswers, Labels, in_order, problem_with
from techne.annotation.review.choices import choice_names
from techne.annotation.review.json_array import read_objects
from techne.annotation.review.queue import ReviewItem
from techne.errors import DatasetError

TASKS_FILE = "label-studio-tasks.json"
CONFIG_FILE = "label-studio-config.xml"
TOOL = "Label Studio"
FROM_NAME = "label"
TO_NAME = "text"
CONSENSUS_VERSION = "consensus"
"""`model_version` of the consensus' prediction; a model's is its name."""

_CHOICE = {"single": "single", "ordinal": "single-radio", "multi": "multiple"}
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 can't hold, even escaped: https://www.w3.org/TR/xml/#charsets."""
_CURE = "Export as JSON or JSON-MIN."


def label_studio_tasks(items: Iterable[ReviewItem], label_set: LabelSet) -> list[dict[str, JsonValue]]:
    """Tasks for import: the text as data, the consensus and every model's answer as predictions.

    A prediction's score is the probability that the consensus gives to this answer; Label Studio orders tasks
    by it.

    Raises:
        LabelSetError: Two labels can't be told apart there.
    """
    shown = choice_names(label_set, _shown, TOOL)
    return [_task(item, shown) for item in items]


def label_studio_config(label_set: LabelSet) -> str:
    """The labelling interface: one choice, several, or for an ordinal set radio buttons in order.

    Raises:
        LabelSetError: Two labels can't be told apart there.
    """
    shown = choice_names(label_set, _shown, TOOL)
    ordinal = label_set.kind == "ordinal"
    view = ElementTree.Element("View")
    ElementTree.SubElement(view, "Header", value=_shown(label_set.question or "Which label fits the text?"))
    ElementTree.SubElement(view, "Text", name=TO_NAME, value=f"${TO_NAME}")
    choices = ElementTree.SubElement(
        view,
        "Choices",
        name=FROM_NAME,
        toName=TO_NAME,
        choice=_CHOICE[label_set.kind],
        required="false" if label_set.kind == "multi" else "true",
        showInline="true" if ordinal else "false",
    )
    for label in label_set.labels:
        choice = ElementTree.SubElement(choices, "Choice", value=shown[label.name])
        if label.description:
            choice.set("hint", _shown(label.description))
    ElementTree.indent(view)
    return ElementTree.tostring(view, encoding="unicode") + "\n"


def read_label_studio(data: bytes, label_set: LabelSet, source: str) -> CollectedAnswers:
    """Read an export in the format JSON or JSON_MIN.

    Cancelled (skipped) annotations are left out. For multi, an annotation without a choice is the answer that
    no label fits.

    Args:
        data: The export.
        label_set: The one that the interface was made of.
        source: How messages name the file.

    Raises:
        DatasetError: It is no such export, not of our tasks, or has a label that is not in the set; the
            message names the task.
    """
    tasks = read_objects(data, source, TOOL, _CURE)
    names = {value: name for name, value in choice_names(label_set, _shown, TOOL).items()}
    answers = AnswerCollector()
    for number, task in enumerate(tasks, start=1):
        place = f"{source}: task {number}"
        fields = task.get("data", task)
        item_id = fields.get("item_id") if isinstance(fields, dict) else None
        if not isinstance(item_id, str):
            raise DatasetError(
                f"{place} has no item_id.", cure=f"Export a project that was made of {TASKS_FILE}."
            )
        place += f" ({item_id[:100]!r})"
        answers.seen(item_id)
        for values in _annotations(task, place):
            labels = in_order((names.get(value, value) for value in values), label_set)
            if not labels and label_set.kind != "multi":
                continue
            problem = problem_with(labels, label_set)
            if problem:
                raise DatasetError(
                    f"{place}: {problem}.", cure="Give the label set that the project was made of."
                )
            answers.add(item_id, labels)
    return answers.collected()


def _shown(text: str) -> str:
    """Text as an attribute can hold it: on one line, without what XML can't hold and without `$variables`."""
    return " ".join(_NOT_XML.sub("\ufffd", text).replace("$", "\uff04").split())


def _task(item: ReviewItem, shown: Mapping[str, str]) -> dict[str, JsonValue]:
    predictions: list[JsonValue] = []
    if item.consensus is not None:
        predictions.append(_prediction(CONSENSUS_VERSION, item.consensus, item, shown))
    predictions += [_prediction(model, labels, item, shown) for model, labels in item.votes.items()]
    return {
        "data": {TO_NAME: item.text or f"(no text; item {item.id})", "item_id": item.id},
        "meta": {
            "margin": item.margin,
            "posterior": dict(item.posterior),
            "tied": list(item.tied),
        },
        "predictions": predictions,
    }


def _prediction(version: str, labels: Labels, item: ReviewItem, shown: Mapping[str, str]) -> JsonValue:
    result: list[JsonValue] = []
    if labels:
        choices: list[JsonValue] = [shown[label] for label in labels]
        result.append(
            {"from_name": FROM_NAME, "to_name": TO_NAME, "type": "choices", "value": {"choices": choices}}
        )
    return {"model_version": version, "score": round(item.certainty_of(labels), 6), "result": result}


def _annotations(task: Mapping[str, JsonValue], place: str) -> list[list[str]]:
    """The choices of each annotation of a task that is neither cancelled nor missing."""
    if "annotations" not in task:
        # JSON_MIN: a record is one annotation, or a task that nobody annotated.
        return [] if task.get("annotation_id") is None else [_values(task.get(FROM_NAME), place)]
    annotations = task["annotations"]
    if not isinstance(annotations, list):
        raise _malformed(place, "annotations")
    answers = []
    for annotation in annotations:
        if not isinstance(annotation, dict):
            raise _malformed(place, "annotations")
        if annotation.get("was_cancelled"):
            continue
        results = annotation.get("result")
        if not isinstance(results, list):
            raise _malformed(place, "result")
        own = [entry for entry in results if isinstance(entry, dict) and entry.get("from_name") == FROM_NAME]
        answers.append([value for entry in own for value in _values(entry.get("value"), place)])
    return answers


def _values(value: JsonValue, place: str) -> list[str]:
    """Choices: a name, a list, an object that holds them, or nothing."""
    if isinstance(value, dict):
        value = value.get("choices")
    if value is None:
        return []
    if isinstance(value, str):
        return [value]
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return [str(each) for each in value]
    raise _malformed(place, "choices")


def _malformed(place: str, what: str) -> DatasetError:
    return DatasetError(f"{place}: its {what} are not as Label Studio exports them.", cure=_CURE)
