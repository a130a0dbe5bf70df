"""What the default template shows whoever opens it to make their own: each style once, by its name."""

from __future__ import annotations

from docx.document import Document
from docx.oxml.xmlchemy import BaseOxmlElement

from techne.documents.docx import style_names as names
from techne.documents.docx.elements import child, element, text_child
from techne.documents.docx.templates.styles import style_ids

_ADVICE = (
    "Change the styles, the page, the header and the footer of this file as you like and save it: documents "
    "take them over. This text is not taken over: put placeholders in its place to make a cover."
)
_IN_MARGINS = (names.HEADER, names.FOOTER)
_ROWS = (("Heading", "Heading"), ("Text", "Text"), ("Text", "Text"))


def write_sample(document: Document) -> None:
    """Write the sample before the last section's properties."""
    ids = style_ids(document)
    section = document.element.body.get_or_add_sectPr()
    for style in names.PARAGRAPH_STYLES:
        if style not in _IN_MARGINS:
            section.addprevious(_paragraph(ids[style], _words(style)))
        if style == names.BODY:
            section.addprevious(_characters(ids))
        if style == names.TABLE_HEADING:
            section.addprevious(_table(ids))
    section.addprevious(element("w:p"))  # a table can't be the last of a body


def _words(style: str) -> str:
    if style == names.BODY:
        return _ADVICE
    return "" if style == names.RULE else style[0].upper() + style[1:]


def _paragraph(style_id: str, words: str) -> BaseOxmlElement:
    paragraph = element("w:p")
    child(child(paragraph, "w:pPr"), "w:pStyle", val=style_id)
    if words:
        text_child(child(paragraph, "w:r"), "w:t", words)
    return paragraph


def _characters(ids: dict[str, str]) -> BaseOxmlElement:
    """A line with every character style."""
    paragraph = _paragraph(ids[names.BODY], "")
    for position, style in enumerate(names.CHARACTER_STYLES):
        if position:
            text_child(child(paragraph, "w:r"), "w:t", " ")
        run = child(paragraph, "w:r")
        child(child(run, "w:rPr"), "w:rStyle", val=ids[style])
        text_child(run, "w:t", style)
    return paragraph


def _table(ids: dict[str, str]) -> BaseOxmlElement:
    table = element("w:tbl")
    properties = child(table, "w:tblPr")
    child(properties, "w:tblStyle", val=ids[names.TABLE])
    child(properties, "w:tblW", w=5000, type="pct")
    child(properties, "w:tblLook", val="0420", firstRow=1, noVBand=1)
    grid = child(table, "w:tblGrid")
    for _ in _ROWS[0]:
        child(grid, "w:gridCol", w=4592)
    for position, cells in enumerate(_ROWS):
        row = child(table, "w:tr")
        if position == 0:
            child(child(row, "w:trPr"), "w:tblHeader")
        style = names.TABLE_HEADING if position == 0 else names.TABLE_TEXT
        for words in cells:
            child(row, "w:tc").append(_paragraph(ids[style], words))
    return table
