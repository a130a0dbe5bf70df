"""What a style is made of: its place among the others, and its properties as WordprocessingML."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MUTED: Final = "59616E"
"""Colour of text that stands back: captions, margins, the lowest headings."""


@dataclass(frozen=True, slots=True)
class StyleDefinition:
    """A style that a template may lack.

    Args:
        name: As in `style_names.py`.
        kind: `paragraph`, `character` or `table`.
        based_on: Name of the style that it inherits from; empty for the default of its kind.
        following: Name of the style of the next paragraph; empty for its own.
        priority: Place in Word's list of styles.
        built_in: Whether Word knows the name.
        quick: Whether Word offers it in its gallery.
        paragraph: Content of `w:pPr`.
        run: Content of `w:rPr`.
        table: Elements after those two.
    """

    name: str
    kind: str = "paragraph"
    based_on: str = ""
    following: str = ""
    priority: int = 99
    built_in: bool = True
    quick: bool = False
    paragraph: str = ""
    run: str = ""
    table: str = ""


def spacing(before: int, after: int, line: int | None = None) -> str:
    """The element of a paragraph's spacing.

    Args:
        before: In twips.
        after: In twips.
        line: In 240ths of a single line; the template's if None.
    """
    height = "" if line is None else f' w:line="{line}" w:lineRule="auto"'
    return f'<w:spacing w:before="{before}" w:after="{after}"{height}/>'
