"""How a placeholder such as `{{title}}` reads in a paragraph of WordprocessingML.

Word splits a text over runs as it likes, by spelling, revision or formatting, so a placeholder is looked for
in a paragraph's text and not in its runs.
"""

from __future__ import annotations

import re
from typing import Final

from docx.oxml.ns import qn
from docx.oxml.text.paragraph import CT_P
from docx.oxml.xmlchemy import BaseOxmlElement

PLACEHOLDER: Final = re.compile(r"\{\{[ \xa0]*(\w+)[ \xa0]*\}\}")
FILLED: Final = ("title", "subtitle", "author", "date")
"""Names that take a line of text."""
DOCUMENT: Final = "document"
CONTENTS: Final = "contents"
PARAGRAPH: Final = qn("w:p")
TEXT: Final = qn("w:t")

_BREAKS = tuple(qn(tag) for tag in ("w:tab", "w:br", "w:cr", "w:ptab"))


def text_pieces(paragraph: CT_P) -> list[BaseOxmlElement]:
    """Texts and breaks of a paragraph in their order, without those of text boxes anchored in it."""
    return [
        piece for piece in paragraph.iter(TEXT, *_BREAKS) if next(piece.iterancestors(PARAGRAPH)) is paragraph
    ]


def shown_text(piece: BaseOxmlElement) -> str:
    """What a piece shows: its text, or a tab for any break."""
    return piece.text or "" if piece.tag == TEXT else "\t"


def paragraph_text(paragraph: CT_P) -> str:
    """Text of a paragraph, as its pieces show it."""
    return "".join(map(shown_text, text_pieces(paragraph)))


def placeholder_names(text: str) -> list[str]:
    """Names of the placeholders in a text, lower case: Word capitalizes what begins a line."""
    return [match[1].lower() for match in PLACEHOLDER.finditer(text)]
