"""What is done to Markdown that a model wrote: seams closed, foreign marks removed, nothing left open."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set

from techne.documents.engines.llm.answers import sane_title
from techne.documents.escaping import code_span, escape_text
from techne.documents.marks import marked_ids, split_at_marks
from techne.documents.model import Item

_HIGHEST_HEADING = 3
_LEAST_OVERLAP = 8
_MOST_OVERLAP = 600
_RESTART = 80
"""Characters by which an answer that begins anew is known."""
_FENCE = re.compile(r"^\s{0,3}(`{3,}|~{3,})(.*)$")
_HEADING = re.compile(r"^(#{1,6})\s+(.*)$")
_LEFT_OVER = {"pt": "Também foi dito:", "en": "Also said:"}


def cited_ids(markdown: str) -> set[str]:
    """The items that the text refers to."""
    return set(marked_ids(markdown))


def joined_at_seam(beginning: str, rest: str) -> str:
    """An answer that was cut off and its continuation, without what the continuation says again.

    Models repeat the last words or the last line, and some begin anew.
    """
    opening = beginning.lstrip()[:_RESTART]
    if len(opening) == _RESTART and rest.lstrip().startswith(opening):
        return max(rest.strip(), beginning, key=len)
    stem, fresh = beginning.rstrip(), rest.lstrip()
    for length in range(min(len(stem), len(fresh), _MOST_OVERLAP), _LEAST_OVERLAP - 1, -1):
        if stem.endswith(fresh[:length]):
            return stem + fresh[length:]
    return (stem if rest[:1].isspace() else beginning) + rest


def without_last_block(text: str) -> str:
    """The text up to its last complete paragraph, list item or code block."""
    lines = text.rstrip().splitlines()[:-1]
    while _open_fence(lines):
        fence = max(n for n, line in enumerate(lines) if _FENCE.match(line))
        lines = lines[:fence]
    while lines and (not lines[-1].strip() or _HEADING.match(lines[-1]) or lines[-1].rstrip().endswith(":")):
        lines.pop()
    return "\n".join(lines)


def tidied(markdown: str, title: str, known: Set[str]) -> str:
    """The section's text as assembly expects it.

    Marks to ids that are not `known` go, headings start at level 3, the section's own title and a fence
    around the whole answer go, and a code block that was left open is closed.
    """
    lines = _unwrapped(markdown.strip().splitlines())
    fence: str | None = None
    kept: list[str] = []
    for line in lines:
        fence_before, fence = fence, _fence_after(fence, line)
        if fence_before or fence:
            kept.append(line)
            continue
        heading = _HEADING.match(line)
        if heading and sane_title(heading[2]).casefold() == title.casefold():
            continue
        if heading and len(heading[1]) < _HIGHEST_HEADING:
            line = f"{'#' * _HIGHEST_HEADING} {heading[2]}"
        kept.append(_known_marks(line, known))
    if fence:
        kept.append(fence)
    return "\n".join(kept).strip()


def listed_items(items: Sequence[Item], language: str) -> str:
    """A plain list of items, with their codes and marks."""
    lead = _LEFT_OVER["pt" if language.lower().startswith("pt") else "en"]
    return "\n".join([lead, "", *(f"- {_listed(item)}" for item in items)])


def _listed(item: Item) -> str:
    text = escape_text(" ".join(item.text.split()))
    code = f" {code_span(item.code)}" if item.code and item.code not in item.text else ""
    return f"{text}{code} [{item.id}]"


def _known_marks(line: str, known: Set[str]) -> str:
    mended = ""
    for piece in split_at_marks(line):
        if isinstance(piece, str):
            mended += piece
        elif ids := [item_id for item_id in dict.fromkeys(piece) if item_id in known]:
            mended += f"{' ' if mended.strip() else ''}[{', '.join(ids)}]"
    return mended


def _unwrapped(lines: list[str]) -> list[str]:
    """The answer without a fence around all of it."""
    if len(lines) < 2:
        return lines
    first, last = _FENCE.match(lines[0]), _FENCE.match(lines[-1])
    if first and last and first[2].strip().lower() in {"markdown", "md"} and not last[2].strip():
        return lines[1:-1]
    return lines


def _fence_after(fence: str | None, line: str) -> str | None:
    """The fence that is open after the line."""
    match = _FENCE.match(line)
    if match is None:
        return fence
    if fence is None:
        return match[1]
    return None if match[1].startswith(fence) and not match[2].strip() else fence


def _open_fence(lines: Sequence[str]) -> bool:
    fence: str | None = None
    for line in lines:
        fence = _fence_after(fence, line)
    return fence is not None
