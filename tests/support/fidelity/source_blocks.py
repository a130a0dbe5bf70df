"""What a Markdown text consists of: blocks with what is around them, tables, pictures and footnotes."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from tests.support.fidelity.text import Range, Text


class Role(StrEnum):
    """What a block is."""

    PARAGRAPH = "paragraph"
    HEADING = "heading"
    CODE = "code block"
    RULE = "rule"
    HTML = "raw HTML"
    EMPTY_ITEM = "empty list item"


@dataclass(frozen=True, slots=True, eq=False)
class Quote:
    """A block quote, or a callout of a kind such as `note`."""

    callout: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """An item of a list.

    Args:
        first: The list's first item; itself, if None.
        number: Its number; None for a bullet.
        checked: State of its check box; None if it has none.
    """

    first: Item | None
    number: int | None
    checked: bool | None


@dataclass(frozen=True, slots=True)
class Cell:
    """A place in a table, counted from 0; row 0 is the header."""

    table: int
    row: int
    column: int


@dataclass(frozen=True, slots=True)
class Picture:
    """An image that is to be embedded; `alone` if its paragraph holds nothing else."""

    alternative: str
    title: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table by its cells' characters; `alignments` by column, empty where the text asks for none."""

    cells: dict[tuple[int, int], Range]
    alignments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A block that holds characters itself.

    Args:
        span: Its characters.
        role: What it is.
        path: Quotes and list items around it, outermost first.
        opens: The list items whose first block this is, outermost first.
        cell: The table cell that it fills.
        level: Of a heading.
        verbatim: Text of a code block, without the last line's end.
    """

    span: Range
    role: Role
    path: tuple[Quote | Item, ...] = ()
    opens: tuple[Item, ...] = ()
    cell: Cell | None = None
    level: int = 0
    verbatim: str = ""

    @property
    def items(self) -> tuple[Item, ...]:
        """List items around it, outermost first."""
        return tuple(part for part in self.path if isinstance(part, Item))

    @property
    def quotes(self) -> tuple[Quote, ...]:
        """Quotes and callouts around it, outermost first."""
        return tuple(part for part in self.path if isinstance(part, Quote))


@dataclass(frozen=True, slots=True)
class Source:
    """A text, or one footnote of it."""

    text: Text = field(default_factory=Text)
    blocks: list[Block] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    pictures: dict[int, Picture] = field(default_factory=dict)
    references: dict[int, str] = field(default_factory=dict)
    """Labels of footnotes, by the position of the reference."""
    notes: dict[str, Source] = field(default_factory=dict)
    anchors: dict[str, int] = field(default_factory=dict)
    """Blocks that are headings, by the name that GitHub gives them."""
