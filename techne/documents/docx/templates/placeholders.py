"""Filling the placeholders of a template: `{{title}}` and its like become lines of text.

Where the document itself goes, `{{document}}`, is `places.py`'s.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping

from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.part import XmlPart
from docx.oxml.ns import qn
from docx.oxml.text.paragraph import CT_P
from docx.oxml.xmlchemy import BaseOxmlElement

from techne.documents.docx.templates.markers import remove_with_markers
from techne.documents.docx.templates.placeholder_text import (
    PARAGRAPH,
    PLACEHOLDER,
    TEXT,
    shown_text,
    text_pieces,
)
from techne.documents.escaping import without_controls

_CONTROL = qn("w:sdt")
_CONTROL_PROPERTIES = qn("w:sdtPr")
_PROMPT_OR_BINDING = "*[local-name()='showingPlcHdr' or local-name()='dataBinding']"
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_UNSHOWN = frozenset(
    qn(tag)
    for tag in ("w:pPr", "w:rPr", "w:sdtPr", "w:sdtEndPr", "w:proofErr", "w:bookmarkStart", "w:bookmarkEnd")
)
_AROUND = frozenset(qn(tag) for tag in ("w:r", "w:sdt", "w:sdtContent", "w:hyperlink", "w:ins", "w:smartTag"))


def fill_placeholders(document: Document, values: Mapping[str, str]) -> None:
    """Put the values in place of `{{name}}` in the body, headers, footers, text boxes and content controls.

    A value takes the formatting of its placeholder's first character. Unknown names stay. A paragraph of
    the body that held nothing but placeholders without a value goes, and its line with it. Fill before the
    text is inserted, or its own braces are taken for placeholders.

    Args:
        document: The opened template.
        values: Text by placeholder's name, lower case; line ends become spaces.
    """
    lines = {name: " ".join(without_controls(value).split()) for name, value in values.items()}
    body = document.element.body
    for root in (body, *_headers_and_footers(document)):
        for paragraph in list(root.iter(PARAGRAPH)):
            if _fill(paragraph, lines) and root is body and _is_blank(paragraph):
                _remove_line(paragraph)


def _headers_and_footers(document: Document) -> Iterator[BaseOxmlElement]:
    for relation in document.part.rels.values():
        if relation.reltype in (RELATIONSHIP_TYPE.HEADER, RELATIONSHIP_TYPE.FOOTER):
            part = relation.target_part
            if isinstance(part, XmlPart):
                yield part.element


def _fill(paragraph: CT_P, values: Mapping[str, str]) -> bool:
    """Replace what is known; whether anything was."""
    pieces = text_pieces(paragraph)
    text = "".join(map(shown_text, pieces))
    found = [match for match in PLACEHOLDER.finditer(text) if match[1].lower() in values]
    pending = deque(found)
    start = 0
    for piece in pieces:
        end = start + len(shown_text(piece))
        kept: list[str] = []
        position = start
        while pending and pending[0].start() < end:
            match = pending[0]
            if match.start() >= start:
                kept += text[position : match.start()], values[match[1].lower()]
            position = min(match.end(), end)
            if match.end() > end:
                break
            pending.popleft()
        if position > start or kept:
            piece.text = "".join(kept) + text[position:end]
            piece.set(_SPACE, "preserve")
            _make_plain(piece)
        start = end
    return bool(found)


def _make_plain(piece: BaseOxmlElement) -> None:
    """Let content controls around a value show it as text: not as a prompt, not as what they are bound to."""
    for control in piece.iterancestors(_CONTROL):
        properties = control.find(_CONTROL_PROPERTIES)
        if properties is not None:
            for setting in properties.xpath(_PROMPT_OR_BINDING):
                properties.remove(setting)


def _is_blank(element: BaseOxmlElement) -> bool:
    return all(
        child.tag in _UNSHOWN
        or (child.tag in _AROUND and _is_blank(child))
        or (child.tag == TEXT and not (child.text or "").strip())
        for child in element
    )


def _remove_line(paragraph: CT_P) -> None:
    """Remove a paragraph, unless it ends a section or is all that its cell or text box has."""
    neighbours = paragraph.getprevious(), paragraph.getnext()
    alone = all(beside is None or beside.tag != PARAGRAPH for beside in neighbours)
    if alone or paragraph.find(f"{qn('w:pPr')}/{qn('w:sectPr')}") is not None:
        return
    remove_with_markers(paragraph)
