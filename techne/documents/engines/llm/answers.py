"""What the answers of several stages have in common, and what of it is believed."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from typing import Any

from techne.documents.marks import without_marks
from techne.documents.model import Statement

STATEMENTS_SCHEMA: dict[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"text": {"type": "string"}, "items": {"type": "array", "items": {"type": "string"}}},
        "required": ["text", "items"],
        "additionalProperties": False,
    },
}

_LONGEST_TITLE = 100
_NUMBERING = re.compile(
    r"^(?:\d+(?:\.\d+)*[.)]|(?:section|seção|part|parte)\s+\d+\s*[:.–-])\s*", re.IGNORECASE
)


def statements(answers: Sequence[dict[str, Any]], known: Set[str]) -> tuple[Statement, ...]:
    """Statements with the ids that exist; one that rests on none of them is dropped, as is a repetition."""
    kept: dict[str, Statement] = {}
    for answer in answers:
        text = " ".join(answer["text"].split())
        ids = tuple(item_id for item_id in dict.fromkeys(answer["items"]) if item_id in known)
        if text and ids:
            kept.setdefault(text.casefold(), Statement(text=text, item_ids=ids))
    return tuple(kept.values())


def sane_title(text: str) -> str:
    """A title on one line, without Markdown, numbering, marks or a final full stop; may come out empty."""
    title = without_marks(" ".join(text.split())).strip("#*_` ")
    title = _NUMBERING.sub("", title).strip("#*_ .:")
    if len(title) <= _LONGEST_TITLE:
        return title
    return title[:_LONGEST_TITLE].rsplit(" ", 1)[0] + "…"
