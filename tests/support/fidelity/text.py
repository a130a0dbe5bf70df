"""The characters of a document, each with its format: what both sides of a comparison are read into.

White space is kept apart from the characters, because Markdown and Word both let most of it vary: what lies
between two characters is a gap, and a gap matters by whether it is there, by whether it breaks the line,
or, in code, verbatim.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

IMAGE: Final = "\ufffc"
"""Stands for a picture; U+FFFC is Unicode's object replacement character."""
FOOTNOTE: Final = "\ufff9"
"""Stands for a reference to a footnote; U+FFF9 is Unicode's interlinear annotation anchor."""
UNCHECKED: Final = "\u2610"
CHECKED: Final = "\u2612"
TICKED: Final = "\u2611"
"""Another sign for a checked box; read as the one above."""
QUOTED_OBJECTS: Final = {IMAGE: "[picture]", FOOTNOTE: "[note]"}
NO_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What no XML document, and so no Word document, can hold (XML 1.0, 2.2)."""
SPACE: Final = frozenset(" \t\n\r")


class Mark(StrEnum):
    """A format that Markdown can give to characters."""

    STRONG = "strong"
    EMPHASIS = "emphasis"
    STRIKETHROUGH = "strikethrough"
    CODE = "inline code"


@dataclass(frozen=True, slots=True)
class Link:
    """Where characters lead.

    Args:
        target: An address, or `#` and the name of an anchor.
        title: What is shown at the pointer.
        number: Tells links of the same target apart.
        asked: Whether it must be there; False where it may be, but need not.
    """

    target: str
    title: str = ""
    number: int = 0
    asked: bool = True


@dataclass(frozen=True, slots=True)
class Format:
    """How a character is formatted.

    Args:
        marks: Set on the characters themselves.
        shown: Further marks that show though they are not of the characters, such as a bold heading's.
        link: Where a click leads.
        raw: Whether this stands for something else, as text for raw HTML or for an image: its look is free.
    """

    marks: frozenset[Mark] = frozenset()
    shown: frozenset[Mark] = frozenset()
    link: Link | None = None
    raw: bool = False


PLAIN: Final = Format()


@dataclass(frozen=True, slots=True)
class Range:
    """Characters from `start` up to but not including `end`."""

    start: int
    end: int

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.start, self.end))

    def __len__(self) -> int:
        return self.end - self.start


@dataclass(slots=True)
class Text:
    """Characters without the white space between them, which `gaps` has by the character after it."""

    characters: list[str] = field(default_factory=list)
    formats: list[Format] = field(default_factory=list)
    gaps: dict[int, str] = field(default_factory=dict)
    _gap: str = ""

    def add(self, text: str, format_: Format = PLAIN) -> None:
        """Append text; its line ends are line breaks."""
        for character in text:
            if character in SPACE:
                self._gap += character
                continue
            if NO_XML.match(character):
                continue
            if self._gap:
                self.gaps[len(self.characters)] = self._gap
                self._gap = ""
            self.characters.append(CHECKED if character == TICKED else character)
            self.formats.append(format_)

    def end_block(self) -> None:
        """Forget the white space at a block's end."""
        self._gap = ""

    def __len__(self) -> int:
        return len(self.characters)

    @property
    def all(self) -> Range:
        """The range of all characters."""
        return Range(0, len(self.characters))

    def of(self, span: Range) -> str:
        """The bare characters of a range: equal for equal words, however they are spaced."""
        return "".join(self.characters[span.start : span.end])

    def reading(self, span: Range) -> str:
        """A range as one would quote it, each gap as one space."""
        return "".join(
            (" " if position in self.gaps and position > span.start else "")
            + QUOTED_OBJECTS.get(self.characters[position], self.characters[position])
            for position in span
        )

    def spans(self, span: Range, value: Callable[[Format], object]) -> Iterator[Range]:
        """The longest parts of a range whose characters have the same true value."""
        start = span.start
        for position in range(span.start, span.end + 1):
            current = value(self.formats[position]) if position < span.end else None
            previous = value(self.formats[start]) if start < span.end else None
            if position == span.end or current != previous:
                if previous and start < position:
                    yield Range(start, position)
                start = position
