"""Reads a Markdown document into the pieces that its judge compares: text, code, and what stands together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token

APPARATUS = re.compile(
    r"^\W*(?:\d+\W+)?(?:ap[êe]ndice|anexo|appendix|annex|what was checked|o que foi verificado)\b",
    re.IGNORECASE,
)
"""Headings of sections in which the document speaks about itself."""
TIME = re.compile(r"(?<![\w.:/])\[?\d{1,2}:\d{2}(?::\d{2})?\]?(?![\w:/])")
"""A time of the recording, such as 0:12:31 or [12:31]."""
_NUMBERING = re.compile(
    r"^\s*(?:\d{1,2}(?:\.\d{1,2})*[.)]?\s+|[a-z]{1,2}\d{1,2}\W+|"
    r"(?:problema|problem|passo|step|se[çc][ãa]o|section|parte|part|etapa|tabela|table)\s+\d+\W*)",
    re.IGNORECASE,
)
_ORDINAL = re.compile(r"^\W*[a-z]{0,2}\d{1,2}\W*$", re.IGNORECASE)
MAX_BLOCK_WORDS = 400
"""A block that is longer than this shows no pairing: anything is near anything in it."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A paragraph, a heading, a cell or a code block, without Markdown syntax and link targets."""

    text: str
    codes: tuple[str, ...]
    groups: tuple[str, ...]
    """What it stands in: its table row, its top-level list item, its sections of level 3 and deeper."""
    excluded: bool
    """In the table under the title (the facts of the recording) or in a section of the apparatus."""
    prose: str
    """The text without code, times and the numbering of headings and rows."""


def read_pieces(markdown: str) -> list[Piece]:
    """Read the document's pieces in order."""
    walk = _Walk()
    for token in MarkdownIt("commonmark").enable("table").parse(markdown):
        walk.step(token)
    return walk.pieces


def blocks(pieces: Iterable[Piece]) -> list[str]:
    """The texts of what stands together: rows, list items and sections, none of them too long to mean it."""
    groups: dict[str, list[str]] = {}
    for piece in pieces:
        for group in piece.groups:
            groups.setdefault(group, []).append(piece.text)
    texts = [" ".join(texts) for texts in groups.values()]
    return [text for text in texts if len(words(text)) <= MAX_BLOCK_WORDS]


def words(text: str) -> list[str]:
    """Words by white space; marks without a letter or digit are none."""
    return [word for word in text.split() if any(character.isalnum() for character in word)]


class _Walk:
    """Where we are in the flat list of tokens."""

    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self.sections: list[tuple[int, str]] = []
        self.heading = 0
        self.tables = self.rows = self.items = self.depth = self.cell = 0
        self.in_row = False
        self.apparatus = 0

    def step(self, token: Token) -> None:
        match token.type:
            case "heading_open":
                self.heading = int(token.tag[1])
                while self.sections and self.sections[-1][0] >= self.heading:
                    self.sections.pop()
                if self.apparatus and self.heading <= self.apparatus:
                    self.apparatus = 0
                self.sections.append((self.heading, f"section {token.map}"))
            case "heading_close":
                self.heading = 0
            case "table_open":
                self.tables += 1
            case "tr_open":
                self.rows, self.cell, self.in_row = self.rows + 1, 0, True
            case "tr_close":
                self.in_row = False
            case "th_open" | "td_open":
                self.cell += 1
            case "list_item_open":
                self.depth += 1
                self.items += self.depth == 1
            case "list_item_close":
                self.depth -= 1
            case "inline":
                self._inline(token.children or [])
            case "fence" | "code_block":
                self._add(token.content, tuple(token.content.splitlines()), "")

    def _inline(self, children: Sequence[Token]) -> None:
        text = prose = ""
        codes: list[str] = []
        for child in children:
            if child.type == "code_inline":
                text += child.content
                prose += " ` "
                codes.append(child.content)
            elif child.type == "text":
                text += child.content
                prose += child.content
            elif child.type in {"softbreak", "hardbreak"}:
                text += " "
                prose += " "
        if self.heading:
            if APPARATUS.match(text):
                self.apparatus = self.heading
            prose = _NUMBERING.sub("", prose)
        if self.in_row and self.cell == 1 and _ORDINAL.match(prose):
            prose = ""
        self._add(text, tuple(codes), TIME.sub(" ", prose))

    def _add(self, text: str, codes: tuple[str, ...], prose: str) -> None:
        groups = [name for level, name in self.sections if level >= 3]
        if self.in_row:
            groups.append(f"row {self.rows}")
        if self.depth:
            groups.append(f"item {self.items}")
        facts_table = self.in_row and self.tables == 1 and [level for level, _ in self.sections] == [1]
        self.pieces.append(Piece(text, codes, tuple(groups), facts_table or self.apparatus > 0, prose))
