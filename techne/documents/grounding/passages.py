"""The text of a document, cut into passages of prose and code that can be searched for literals."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from markdown_it.token import Token

from techne.documents.grounding.report import Part
from techne.documents.markdown import parse
from techne.documents.marks import marked_ids, without_marks
from techne.documents.model import Document, Statement

PassageForm = Literal["prose", "heading", "code"]

_NUMBERED_HEADING = re.compile(r"^\s*\d+(?:\.\d+)*[.):]?\s+(?=\D)")
_EXCERPT = 160
_CUT = "\N{OBJECT REPLACEMENT CHARACTER}"
"""Stands where a piece of a sentence was taken out, so that what follows does not look like a beginning."""


@dataclass(frozen=True, slots=True)
class Passage:
    """Text of one line of the document; `language` is a code block's own word for what it holds."""

    text: str
    form: PassageForm
    part: Part
    part_id: str
    line: int
    language: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """A paragraph, list item or table row of a section, and the items that it cites."""

    section_id: str
    line: int
    text: str
    item_ids: tuple[str, ...]


def passages_of(document: Document) -> Iterator[Passage]:
    """Every passage of title, summary, problems and sections."""
    outline = document.outline
    yield Passage(outline.title, "heading", "title", "", 1)
    yield from _statements(outline.summary, "summary", "")
    for problem in document.problems:
        yield Passage(problem.title, "heading", "problem", problem.id, 1)
        for statements in (problem.debugging, problem.solutions, problem.prevention):
            yield from _statements(statements, "problem", problem.id)
    titles = {section.id: section.title for section in outline.sections}
    for section in document.sections:
        title = titles.get(section.section_id, "")
        yield Passage(_NUMBERED_HEADING.sub("", title), "heading", "section", section.section_id, 1)
        yield from _markdown(section.markdown, "section", section.section_id)


def claims_of(document: Document) -> Iterator[Claim]:
    """The statements of every section, in order."""
    for section in document.sections:
        tokens = parse(section.markdown)
        row: list[Token] | None = None
        in_head = False
        for position, token in enumerate(tokens):
            if token.type in ("thead_open", "thead_close"):
                in_head = token.type == "thead_open"
            elif token.type == "tr_open":
                row = []
            elif token.type == "tr_close":
                if row and not in_head:
                    yield _claim(section.section_id, row)
                row = None
            elif token.type == "inline" and row is not None:
                row.append(token)
            elif (
                token.type == "inline"
                and tokens[position - 1].type == "paragraph_open"
                and not without_marks(token.content).rstrip(" *_").endswith(":")
            ):
                yield _claim(section.section_id, [token])


def _claim(section_id: str, inlines: Sequence[Token]) -> Claim:
    text = " | ".join(inline.content for inline in inlines)
    excerpt = " ".join(without_marks(text).split())
    excerpt = excerpt if len(excerpt) <= _EXCERPT else excerpt[: _EXCERPT - 1] + "…"
    return Claim(section_id, _line(inlines[0]), excerpt, marked_ids(text))


def _statements(statements: Sequence[Statement], part: Part, part_id: str) -> Iterator[Passage]:
    for statement in statements:
        yield from _markdown(statement.text, part, part_id)


def _markdown(markdown: str, part: Part, part_id: str) -> Iterator[Passage]:
    block = ""
    for token in parse(markdown):
        if token.nesting == 1:
            block = token.type
        if token.type in ("fence", "code_block"):
            words = token.info.split()
            first = _line(token) + (token.type == "fence")
            for offset, line in enumerate(token.content.splitlines()):
                yield Passage(
                    without_marks(line),
                    "code",
                    part,
                    part_id,
                    first + offset,
                    words[0].lower() if words else "",
                )
        elif token.type == "html_block":
            yield Passage(without_marks(token.content), "prose", part, part_id, _line(token))
        elif token.type == "inline":
            form: PassageForm = "heading" if block in ("heading_open", "th_open") else "prose"
            yield from _inlines(token, form, part, part_id)


def _inlines(inline: Token, form: PassageForm, part: Part, part_id: str) -> Iterator[Passage]:
    """Prose in pieces: code, bold labels and line ends cut it, so that each piece begins a sentence."""
    line = _line(inline)
    prose: list[str] = []
    strong = 0

    def flush() -> Iterator[Passage]:
        text = without_marks("".join(prose))
        prose.clear()
        if form == "heading":
            text = _NUMBERED_HEADING.sub("", text)
        if text.strip():
            yield Passage(text, "heading" if strong else form, part, part_id, line)

    for child in inline.children or ():
        if child.type == "code_inline":
            prose.append(_CUT)
            yield Passage(without_marks(child.content), "code", part, part_id, line)
        elif child.type in ("strong_open", "strong_close"):
            yield from flush()
            strong += child.nesting
            prose.append("" if strong else _CUT)
        elif child.type in ("softbreak", "hardbreak"):
            prose.append(" ")
            yield from flush()
            line += 1
            prose.append(_CUT if child.type == "softbreak" else "")
        elif child.type == "link_open":
            href = str(child.attrGet("href") or "")
            if not any(href in text for text in (sibling.content for sibling in inline.children or ())):
                yield Passage(href, "code", part, part_id, line)
        elif child.content:
            prose.append(child.content)
    yield from flush()


def _line(token: Token) -> int:
    return (token.map[0] if token.map else 0) + 1
