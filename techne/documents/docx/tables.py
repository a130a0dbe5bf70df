"""Markdown tables as Word tables."""

from __future__ import annotations

from docx.document import Document as DocxDocument
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.oxml.parser import OxmlElement
from docx.shared import Emu, Pt
from docx.table import Table, _Cell
from markdown_it.tree import SyntaxTreeNode

from techne.documents.docx.inlines import InlineWriter

_HEADER_FILL = "E5E9F0"
_SHORTEST, _LONGEST = 12, 60
"""Characters that a column is given room for, at least and at most."""

_ALIGNMENT = {
    "text-align:left": WD_ALIGN_PARAGRAPH.LEFT,
    "text-align:center": WD_ALIGN_PARAGRAPH.CENTER,
    "text-align:right": WD_ALIGN_PARAGRAPH.RIGHT,
}


def write_table(document: DocxDocument, node: SyntaxTreeNode, *, indent: int) -> None:
    """Append a table; columns share the page by the length of their content.

    Args:
        document: Where it goes.
        node: The table's node.
        indent: How far it is set in, in twips.
    """
    rows = [row.children for part in node.children for row in part.children]
    columns = max((len(row) for row in rows), default=0)
    if not columns:
        return
    table = document.add_table(rows=len(rows), cols=columns)
    table.style = "Table Grid"
    table.autofit = False
    _set_widths(document, table, rows, indent)
    for row, element in zip(rows, table._tbl.tr_lst, strict=True):
        header = row[0].type == "th" if row else False
        for cell_node, tc in zip(row, element.tc_lst, strict=False):
            _write_cell(_Cell(tc, table), cell_node, header=header)
        if header:
            element.get_or_add_trPr().append(OxmlElement("w:tblHeader"))  # repeats it on every page
    after = document.add_paragraph()
    after.paragraph_format.space_after = Pt(4)
    after.paragraph_format.line_spacing = Pt(6)


def _write_cell(cell: _Cell, node: SyntaxTreeNode, *, header: bool) -> None:
    paragraph = cell.paragraphs[0]
    paragraph.paragraph_format.space_after = Pt(2)
    paragraph.paragraph_format.space_before = Pt(2)
    paragraph.paragraph_format.line_spacing = 1.0
    alignment = _ALIGNMENT.get(str(node.attrGet("style") or ""))
    if alignment is not None:
        paragraph.alignment = alignment
    InlineWriter(paragraph, bold=header).write(node.children)
    if header:
        shading = OxmlElement("w:shd")
        shading.set(qn("w:val"), "clear")
        shading.set(qn("w:color"), "auto")
        shading.set(qn("w:fill"), _HEADER_FILL)
        cell._tc.get_or_add_tcPr().append(shading)


def _set_widths(document: DocxDocument, table: Table, rows: list[list[SyntaxTreeNode]], indent: int) -> None:
    section = document.sections[0]
    page = (section.page_width or 0) - (section.left_margin or 0) - (section.right_margin or 0)
    room = max(page - Pt(indent / 20), page // 4)
    lengths = [_SHORTEST] * len(table.columns)
    for row in rows:
        for column, cell in enumerate(row):
            lengths[column] = min(max(lengths[column], _length(cell)), _LONGEST)
    widths = [Emu(int(room * length // sum(lengths))) for length in lengths]
    for column, width in zip(table._tbl.tblGrid.gridCol_lst, widths, strict=True):
        column.w = width
    # Through the elements: python-docx builds the whole grid anew for every cell that it is asked for.
    for row_element in table._tbl.tr_lst:
        for tc, width in zip(row_element.tc_lst, widths, strict=True):
            tc.width = width
    if indent:
        properties = table._tbl.tblPr
        setting = OxmlElement("w:tblInd")
        setting.set(qn("w:w"), str(indent))
        setting.set(qn("w:type"), "dxa")
        properties.insert_element_before(
            setting, "w:tblBorders", "w:shd", "w:tblLayout", "w:tblCellMar", "w:tblLook"
        )


def _length(node: SyntaxTreeNode) -> int:
    """Characters that a reader sees."""
    if node.type in ("text", "code_inline", "html_inline"):
        return len(node.content)
    return sum(_length(child) for child in node.children)
