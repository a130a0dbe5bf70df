"""A plausible annotator for the loopback servers, right as often as its model is good.

A text says its own label, as in `... #billing`. A model whose name ends in a number, such as `judge-80`, is
right about that percentage of the texts, drawn from text and model, the same in any process; otherwise it
takes another label.

    python -m tests.loopback.openai --responder tests.support.scripted_annotator:respond
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from tests.loopback import RecordedRequest, Reply
from tests.loopback.exchange import default_responder

_TEXT = re.compile(r"<text>\n(.*)\n</text>", re.DOTALL)
_TRUTH = re.compile(r"#([\w-]+)")
_SKILL = re.compile(r"(\d+)$")
ALWAYS = 100


def respond(request: RecordedRequest) -> Reply:
    """The answer as a loopback server gives it; to anything but a question with a schema, some words."""
    if request.json_schema is None:
        return default_responder(request)
    fields: dict[str, Any] = request.json_schema["properties"]
    found = _TEXT.search(request.prompt)
    text = found.group(1) if found else request.prompt
    names = _names(fields)
    label = chosen(text, request.model, names)
    values: dict[str, Any] = {
        "rationale": "It says so.",
        "label": label,
        "labels": [label],
        "confidence": 50 + draw(text, request.model, "confidence") // 2,
    }
    return Reply(json.dumps({field: values[field] for field in fields}))


def chosen(text: str, model: str, names: list[str]) -> str:
    """The label that a model gives a text."""
    truth = _TRUTH.search(text)
    right = truth.group(1) if truth and truth.group(1) in names else names[0]
    skill = _SKILL.search(model)
    if draw(text, model, "right") < (int(skill.group(1)) if skill else ALWAYS):
        return right
    wrong = [name for name in names if name != right]
    return wrong[draw(text, model, "wrong") % len(wrong)]


def draw(*parts: str) -> int:
    """A number from 0 to 99, always the same for the same parts."""
    return hashlib.sha256("\0".join(parts).encode()).digest()[0] * 100 // 256


def _names(fields: dict[str, Any]) -> list[str]:
    allowed = fields["label"]["enum"] if "label" in fields else fields["labels"]["items"]["enum"]
    return [name for name in allowed if name != "ABSTAIN"]
