"""The question that a model is asked about a text: a versioned file per language.

A file has front matter, the system prompt, and named parts after lines `=== name ===`. `$names` are filled
once, and what fills them is not looked at again, so a text can't trigger a placeholder; its own `</text>` is
broken up, so it can't end before its end.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from string import Template
from typing import Any

from techne.annotation.labels import ABSTAIN, LabelSet

EXAMPLES_PER_LABEL = 3
"""Of a label's examples, how many go into the question."""
MAX_EXAMPLE_CHARACTERS = 300
PERCENT = 100

_FILE = re.compile(r"---\nversion: (?P<version>\S+)\n---\n(?P<system>.+?)\n(?==== )", re.DOTALL)
_PART = re.compile(r"^=== (?P<name>[a-z ]+) ===\n(?P<text>.*?)(?=\n=== |\Z)", re.MULTILINE | re.DOTALL)
_CLOSING = re.compile(r"<(?=\s*/?\s*text\b)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Question:
    """A label set as a question: everything but the text.

    Args:
        system: Instructions and labels.
        json_schema: Of the answer.
        version: Of the prompt file, and a hash of it.
    """

    system: str
    json_schema: dict[str, Any]
    version: str
    _user: Template

    def user(self, text: str) -> str:
        """The question about one text."""
        return self._user.substitute(text=_CLOSING.sub("&lt;", text))


def build_question(
    label_set: LabelSet, *, confidence: bool = True, rationale: bool = False, abstain: bool = True
) -> Question:
    """Put the question together, in Portuguese for a Portuguese label set, else in English.

    Args:
        label_set: Question, labels and their kind.
        confidence: Whether to ask how certain the answer is.
        rationale: Whether to ask why; it comes first in the answer, so that the label follows from it.
        abstain: Whether the model may say that it can't tell.
    """
    version, system, parts = _load("pt" if label_set.language.lower().startswith("pt") else "en")
    answer = "labels" if label_set.kind == "multi" else "label"
    fields = [*(["rationale"] if rationale else []), answer, *(["confidence"] if confidence else [])]
    abstention = f'["{ABSTAIN}"]' if label_set.kind == "multi" else f'"{ABSTAIN}"'
    instructions = Template(system).substitute(
        question=label_set.question,
        labels="\n".join(_described(label_set, parts["example"])),
        rule=parts[f"rule {label_set.kind}"],
        abstain=Template(parts["abstain"]).substitute(abstention=abstention) if abstain else "",
        fields="{" + "; ".join(parts[f"field {field}"] for field in fields) + "}",
    )
    return Question(
        system=re.sub(r"\n{3,}", "\n\n", instructions),
        json_schema=_schema(label_set, fields, abstain=abstain),
        version=version,
        _user=Template(parts["user"]),
    )


def _described(label_set: LabelSet, example: str) -> list[str]:
    lines = []
    for label in label_set.labels:
        lines.append(f"- {label.name}" + (f": {label.description}" if label.description else ""))
        for text in label.examples[:EXAMPLES_PER_LABEL]:
            shown = " ".join(text.split())[:MAX_EXAMPLE_CHARACTERS]
            lines.append("  " + Template(example).substitute(text=shown))
    return lines


def _schema(label_set: LabelSet, fields: list[str], *, abstain: bool) -> dict[str, Any]:
    name = {"type": "string", "enum": [*label_set.names, *([ABSTAIN] if abstain else [])]}
    kinds: dict[str, dict[str, Any]] = {
        "rationale": {"type": "string"},
        "label": name,
        "labels": {"type": "array", "items": name},
        "confidence": {"type": "number"},
    }
    return {
        "type": "object",
        "properties": {field: kinds[field] for field in fields},
        "required": fields,
        "additionalProperties": False,
    }


@cache
def _load(language: str) -> tuple[str, str, dict[str, str]]:
    text = resources.files(__name__).joinpath(f"annotate.{language}.md").read_text(encoding="utf-8").strip()
    match = _FILE.match(text)
    if match is None:
        raise ValueError(f"The prompt annotate.{language}.md lacks its version or its parts.")
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    parts = {part["name"]: part["text"].strip() for part in _PART.finditer(text)}
    return f"annotate.{language}/{match['version']}-{digest}", match["system"].strip(), parts
