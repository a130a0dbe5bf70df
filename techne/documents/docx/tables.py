"""Tables: columns by their content, a header row that every page repeats, and a description to be heard.

Elements are of ECMA-376 part 1, 17.4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from docx.oxml.xmlchemy import BaseOxmlElement
from markdown_it.tree import SyntaxTreeNode

from techne.documents.docx import style_names
from techne.documents.docx.elements import child
from techne.documents.docx.inlines import write_inlines
from techne.documents.docx.paragraphs import add_paragraph
from techne.documents.docx.rendering import Place, Rendering
from techne.documents.docx.texts import is_right_to_left, one_line, text_of

_CELL_PADDING_TWIPS = 216
_CHARACTER_TWIPS = 125
"""What a character of a table's text takes, rather more than less: fonts differ."""
_LEAST_TWIPS = 500
_SMALL = 0.6
"""Part of the page below which a table is left as narrow as its text."""
_LONGEST = 60
"""Characters of a cell beyond which its column gets no more room."""
_LONGEST_WORD = 24
_LONGEST_DESCRIPTION = 250
_LOOK = "0420"
"""Header row and bands: what the attributes beside it say, for readers from before 2010."""


def write_table(rendering: Rendering, node: SyntaxTreeNode, place: Place) -> None:
    """A table, and the empty line without which Word would join it to one that follows."""
    rows = [row.children for part in node.children for row in part.children]
    if not rows or not rows[0]:
        return
    room = max(place.width - place.indent, place.width // 4)
    widths = column_widths([[_extent(cell) for cell in row] for row in rows], room)
    table = child(place.parent, "tbl")
    _add_properties(rendering, table, rows[0], place.indent, sum(widths))
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
            _write_cell(rendering, cell, replace(inside, parent=row, width=width), header=position == 0)
    spacer = child(child(place.parent, "p"), "pPr")
    child(spacer, "pStyle", val=rendering.styles[style_names.TABLE_TEXT])
    child(spacer, "spacing", before=0, after=0, line=160, lineRule="exact")


def column_widths(extents: Sequence[Sequence[tuple[int, int]]], room: int) -> list[int]:
    """Widths that add up to the room; to less only where a table is small.

    Every column has room for its longest word. Those that ask for less than a fair share of the rest get what
    they ask for, so that a column of dates isn't broken because another holds sentences.

    Args:
        extents: For each row and column the characters of the longest word and of all the text.
        room: From margin to margin, in twips.
    """
    columns = list(zip(*extents, strict=False))
    least = [_twips(max(word for word, _ in column)) for column in columns]
    wanted = [
        max(_twips(max(text for _, text in column)), narrow)
        for column, narrow in zip(columns, least, strict=True)
    ]
    if sum(wanted) <= room:
        scale = 1.0 if sum(wanted) < room * _SMALL else room / sum(wanted)
        return [int(want * scale) for want in wanted]
    if sum(least) >= room:
        return [max(room * narrow // sum(least), 1) for narrow in least]
    widths = list(least)
    spare = room - sum(least)
    by_need = sorted(range(len(columns)), key=lambda column: wanted[column] - least[column])
    for position, column in enumerate(by_need):
        extra = min(wanted[column] - least[column], spare // (len(columns) - position))
        widths[column] += extra
        spare -= extra
    return widths


def _twips(characters: int) -> int:
    return max(characters * _CHARACTER_TWIPS + _CELL_PADDING_TWIPS, _LEAST_TWIPS)


def _extent(cell: SyntaxTreeNode) -> tuple[int, int]:
    text = text_of(cell)
    longest = max((len(word) for word in text.split()), default=0)
    return min(longest, _LONGEST_WORD), min(len(text), _LONGEST)


def _add_properties(
    rendering: Rendering, table: BaseOxmlElement, header: Sequence[SyntaxTreeNode], indent: int, width: int
) -> None:
    properties = child(table, "tblPr")
    child(properties, "tblStyle", val=rendering.styles[style_names.TABLE])
    child(properties, "tblW", w=width, type="dxa")
    if indent:
        child(properties, "tblInd", w=indent, type="dxa")
    child(properties, "tblLayout", type="fixed")
    look = {"firstRow": 1, "lastRow": 0, "firstColumn": 0, "lastColumn": 0, "noHBand": 0, "noVBand": 1}
    child(properties, "tblLook", val=_LOOK, **look)
    names = ", ".join(filter(None, (text_of(cell).strip() for cell in header)))
    if names:
        description = rendering.wording.table.format(names)
        child(properties, "tblDescription", val=one_line(description, _LONGEST_DESCRIPTION))


def _write_cell(rendering: Rendering, node: SyntaxTreeNode, place: Place, *, header: bool) -> None:
    cell = child(place.parent, "tc")
    child(child(cell, "tcPr"), "tcW", w=place.width, type="dxa")
    inside = replace(place, parent=cell, width=max(place.width - _CELL_PADDING_TWIPS, _LEAST_TWIPS))
    paragraph = add_paragraph(
        rendering,
        inside,
        style_names.TABLE_HEADING if header else style_names.TABLE_TEXT,
        keep_with_next=header,
        right_to_left=is_right_to_left(text_of(node)),
        alignment=str(node.attrGet("style") or "").removeprefix("text-align:"),
    )
    write_inlines(rendering, node.children, paragraph, inside)
