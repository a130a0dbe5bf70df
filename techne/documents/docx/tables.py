"""Tables: columns by their content, a header row that every page repeats, and a description to be heard.

Elements are of ECMA-376 part 1, 17.4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from docx.oxml.xmlchemy import BaseOxmlElement
from markdown_it.tree import SyntaxTreeNode

from techne.documents.docx import style_names
from techne.documents.docx.elements import child
from techne.documents.docx.inlines import write_inlines
from techne.documents.docx.paragraphs import add_paragraph
from techne.documents.docx.rendering import Place, Rendering
from techne.documents.docx.texts import is_right_to_left, one_line, text_of

_SMALL = 0.6
"""Part of the page below which a table is left as narrow as its text."""
_LONGEST = 60
"""Characters of a cell beyond which its column gets no more room."""
_LONGEST_WORD = 24
_LONGEST_DESCRIPTION = 250
_LEAST_TWIPS = 300
_LOOK = "0420"
"""Header row and bands: what the attributes beside it say, for readers from before 2010."""


@dataclass(frozen=True, slots=True)
class Density:
    """How close a table is set.

    Args:
        text: Style of its cells.
        heading: Style of its header row.
        character_twips: What a character takes, rather more than less: fonts differ.
        margin_twips: What a cell keeps free on either side.
    """

    text: str
    heading: str
    character_twips: int
    margin_twips: int

    def width(self, characters: int) -> int:
        """What a cell of one line takes, in twips."""
        return max(characters * self.character_twips + 2 * self.margin_twips, _LEAST_TWIPS)


NORMAL = Density(style_names.TABLE_TEXT, style_names.TABLE_HEADING, 125, 110)
DENSE = Density(style_names.DENSE_TABLE_TEXT, style_names.DENSE_TABLE_HEADING, 92, 50)
"""For tables whose words don't fit the page otherwise."""

Extents: TypeAlias = Sequence[Sequence[tuple[int, int]]]
"""For each row and column the characters of the longest word and of all the text."""


def write_table(rendering: Rendering, node: SyntaxTreeNode, place: Place) -> None:
    """A table, and the empty line without which Word would join it to one that follows."""
    rows = [row.children for part in node.children for row in part.children]
    if not rows or not rows[0]:
        return
    room = max(place.width - place.indent, place.width // 4)
    extents = [[_extent(cell) for cell in row] for row in rows]
    density = density_for(extents, room)
    widths = column_widths(extents, room, density)
    table = child(place.parent, "tbl")
    _add_properties(rendering, table, rows[0], place.indent, sum(widths), density)
    grid = child(table, "tblGrid")
    for width in widths:
        child(grid, "gridCol", w=width)
    inside = replace(place, indent=0, list_level=0)
    for position, cells in enumerate(rows):
        row = child(table, "tr")
        properties = child(row, "trPr")
        child(properties, "cantSplit")
        if position == 0:
            child(properties, "tblHeader")
        for cell, width in zip(cells, widths, strict=False):
            style = density.heading if position == 0 else density.text
            room_inside = max(width - 2 * density.margin_twips, _LEAST_TWIPS)
            tc = child(row, "tc")
            child(child(tc, "tcPr"), "tcW", w=width, type="dxa")
            _write_cell(rendering, cell, replace(inside, parent=tc, width=room_inside, style=style))
    spacer = child(child(place.parent, "p"), "pPr")
    child(spacer, "pStyle", val=rendering.styles[style_names.TABLE_TEXT])
    child(spacer, "spacing", before=0, after=0, line=160, lineRule="exact")


def density_for(extents: Extents, room: int) -> Density:
    """How close a table must be set for its longest words to fit the room, in twips."""
    return NORMAL if sum(_least(extents, NORMAL)) <= room else DENSE


def column_widths(extents: Extents, room: int, density: Density = NORMAL) -> list[int]:
    """Widths that add up to the room; to less only where a table is small.

    Every column has room for its longest word. Those that ask for less than a fair share of the rest get what
    they ask for, so that a column of dates isn't broken because another holds sentences.

    Args:
        extents: The table's text.
        room: From margin to margin, in twips.
        density: How close the table is set.
    """
    least = _least(extents, density)
    wanted = [
        max(density.width(max(text for _, text in column)), narrow)
        for column, narrow in zip(zip(*extents, strict=False), least, strict=True)
    ]
    if sum(wanted) <= room:
        scale = 1.0 if sum(wanted) < room * _SMALL else room / sum(wanted)
        return [int(want * scale) for want in wanted]
    if sum(least) >= room:
        return [max(room * narrow // sum(least), 1) for narrow in least]
    widths = list(least)
    spare = room - sum(least)
    by_need = sorted(range(len(widths)), key=lambda column: wanted[column] - least[column])
    for position, column in enumerate(by_need):
        extra = min(wanted[column] - least[column], spare // (len(widths) - position))
        widths[column] += extra
        spare -= extra
    return widths


def _least(extents: Extents, density: Density) -> list[int]:
    """What each column takes for its longest word."""
    return [density.width(max(word for word, _ in column)) for column in zip(*extents, strict=False)]


def _extent(cell: SyntaxTreeNode) -> tuple[int, int]:
    text = text_of(cell)
    longest = max((len(word) for word in text.split()), default=0)
    return min(longest, _LONGEST_WORD), min(len(text), _LONGEST)


def _add_properties(
    rendering: Rendering,
    table: BaseOxmlElement,
    header: Sequence[SyntaxTreeNode],
    indent: int,
    width: int,
    density: Density,
) -> None:
    properties = child(table, "tblPr")
    child(properties, "tblStyle", val=rendering.styles[style_names.TABLE])
    child(properties, "tblW", w=width, type="dxa")
    if indent:
        child(properties, "tblInd", w=indent, type="dxa")
    child(properties, "tblLayout", type="fixed")
    if density is DENSE:
        margins = child(properties, "tblCellMar")
        for side in ("left", "right"):
            child(margins, side, w=density.margin_twips, type="dxa")
    look = {"firstRow": 1, "lastRow": 0, "firstColumn": 0, "lastColumn": 0, "noHBand": 0, "noVBand": 1}
    child(properties, "tblLook", val=_LOOK, **look)
    names = ", ".join(filter(None, (text_of(cell).strip() for cell in header)))
    if names:
        description = rendering.wording.table.format(names)
        child(properties, "tblDescription", val=one_line(description, _LONGEST_DESCRIPTION))


def _write_cell(rendering: Rendering, node: SyntaxTreeNode, place: Place) -> None:
    paragraph = add_paragraph(
        rendering,
        place,
        place.style,
        right_to_left=is_right_to_left(text_of(node)),
        alignment=str(node.attrGet("style") or "").removeprefix("text-align:"),
    )
    write_inlines(rendering, node.children, paragraph, place)
