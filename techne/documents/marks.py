"""Evidence marks: `[i012]` or `[i012, i015]` in text that an engine wrote."""

from __future__ import annotations

import re
from collections.abc import Iterator

_MARK = re.compile(r"(?<!\s)\s*\[\s*(i\d{3,}(?:\s*[,;]\s*i\d{3,})*)\s*(?:\]|$)", re.IGNORECASE)
_LABEL = re.compile(r"i\d{3,}(?:\s*[,;]\s*i\d{3,})*", re.IGNORECASE)
_ID = re.compile(r"i\d{3,}", re.IGNORECASE)


def marked_ids(text: str) -> tuple[str, ...]:
    """The ids of the items that the text cites, in order, repeated if cited again."""
    return tuple(item_id for match in _MARK.finditer(text) for item_id in _ids(match.group(1)))


def without_marks(text: str) -> str:
    """The text as a reader sees it before the times are put in."""
    return _MARK.sub("", text)


def split_at_marks(text: str) -> Iterator[str | tuple[str, ...]]:
    """The pieces of the text in order: strings, and the ids of each mark as a tuple.

    Marks that follow each other directly are one tuple; the space before a mark belongs to it.
    """
    position = 0
    pending: tuple[str, ...] = ()
    for match in _MARK.finditer(text):
        if match.start() > position:
            if pending:
                yield pending
                pending = ()
            yield text[position : match.start()]
        pending += _ids(match.group(1))
        position = match.end()
    if pending:
        yield pending
    if position < len(text):
        yield text[position:]


def is_mark_label(text: str) -> bool:
    """Whether the text is what stands between a mark's brackets."""
    return _LABEL.fullmatch(text.strip()) is not None


def label_ids(text: str) -> tuple[str, ...]:
    """The ids in a mark's label."""
    return _ids(text)


def _ids(label: str) -> tuple[str, ...]:
    return tuple(item_id.lower() for item_id in _ID.findall(label))
