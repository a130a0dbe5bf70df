"""Where a document goes in its template's body: `{{document}}`, `{{contents}}`, or all of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml.document import CT_Body
from docx.oxml.ns import qn
from docx.oxml.section import CT_SectPr
from docx.oxml.text.paragraph import CT_P
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.section import Section

from techne.documents.docx.elements import element
from techne.documents.docx.templates.markers import remove_with_markers
from techne.documents.docx.templates.placeholder_text import (
    CONTENTS,
    DOCUMENT,
    FILLED,
    PARAGRAPH,
    PLACEHOLDER,
    paragraph_text,
    placeholder_names,
)
from techne.errors import TemplateError

_SECTION = qn("w:sectPr")
_SECTION_IN_PARAGRAPH = f"{qn('w:pPr')}/{_SECTION}"
_TYPE = qn("w:type")
_BLOCK_PARENTS = frozenset(qn(tag) for tag in ("w:document", "w:body", "w:sdt", "w:sdtContent"))
_REFERENCES = (qn("w:headerReference"), qn("w:footerReference"))
_NAMED = frozenset(
    (
        RELATIONSHIP_TYPE.CHART,
        RELATIONSHIP_TYPE.FOOTER,
        RELATIONSHIP_TYPE.HEADER,
        RELATIONSHIP_TYPE.HYPERLINK,
        RELATIONSHIP_TYPE.IMAGE,
    )
)
"""Kinds of relationship that mean nothing but where an element names them."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the parts of a document go in a template's body.

    Args:
        document: Empty paragraph before which the text's blocks are inserted; it is then removed.
        contents: The same for the table of contents; None where the template has no place for it.
        section: The section around `document`: its page is the text's page.
        shows_title: Whether the template's own body shows the title, so that no title page is needed.
    """

    document: CT_P
    contents: CT_P | None
    section: Section
    shows_title: bool


def content_place(document: Document) -> Places:
    """Make a template's body ready for a document. Call it once, before the placeholders are filled.

    The text goes where a paragraph is `{{document}}` alone. A body without one is a sample and is emptied,
    but for the page, headers and footers of its last section; unless it has other placeholders: then it is
    a cover, and the text follows it.

    Raises:
        TemplateError: `{{document}}` or `{{contents}}` stands twice, amid other text, or in a table or text
            box.
    """
    body = document.element.body
    texts = ((paragraph, paragraph_text(paragraph)) for paragraph in body.iter(PARAGRAPH))
    held = [(paragraph, text) for paragraph, text in texts if "{{" in text]
    names = {name for _, text in held for name in placeholder_names(text)}
    found = _paragraph_of(DOCUMENT, held)
    contents = _paragraph_of(CONTENTS, held)
    if found is None and not names & {*FILLED, CONTENTS}:
        _empty(body)
        _drop_unnamed_relationships(document)
    if found is None:
        place = element("w:p")
        body.get_or_add_sectPr().addprevious(place)
    else:
        place = _freed(found, body)
    return Places(
        document=place,
        contents=None if contents is None else _freed(contents, body),
        section=Section(_section_of(place, body), document.part),
        shows_title="title" in names,
    )


def _paragraph_of(name: str, held: Sequence[tuple[CT_P, str]]) -> CT_P | None:
    """The one paragraph that is the placeholder alone, and stands where blocks may stand."""
    found = [(paragraph, text) for paragraph, text in held if name in placeholder_names(text)]
    if not found:
        return None
    paragraph, text = found[0]
    shown = "{{" + name + "}}"
    cure = f"Give {shown} one paragraph of its own in the body, outside of tables and text boxes."
    if any(parent.tag not in _BLOCK_PARENTS for parent in paragraph.iterancestors()):
        raise TemplateError(f"{shown} stands in a table or text box of the template.", cure=cure)
    if len(found) > 1:
        raise TemplateError(f"{shown} stands {len(found)} times in the template.", cure=cure)
    if not PLACEHOLDER.fullmatch(text.strip()):
        raise TemplateError(f"{shown} stands amid other text in the template.", cure=cure)
    return paragraph


def _freed(paragraph: CT_P, body: CT_Body) -> CT_P:
    """An empty paragraph of the body's own in place of one, which goes unless a section ends with it."""
    while (content := paragraph.getparent()) is not body:
        control = content.getparent()
        for block in list(content):
            control.addprevious(block)
        control.getparent().remove(control)
    place = element("w:p")
    paragraph.addprevious(place)
    if paragraph.find(_SECTION_IN_PARAGRAPH) is None:
        remove_with_markers(paragraph)
    else:
        for child in list(paragraph)[1:]:
            remove_with_markers(child)
    return place


def _empty(body: CT_Body) -> None:
    """Leave the last section alone, with the headers and footers that it took from those before it."""
    last = body.get_or_add_sectPr()
    for section in [*body.iter(_SECTION)][-2::-1]:
        for reference in reversed(section.findall("*")):
            if reference.tag in _REFERENCES and not _refers_to(last, reference):
                last.insert(0, reference)
    body[:] = [last]  # at once: lxml takes quadratic time to remove a long paragraph by itself


def _refers_to(section: CT_SectPr, reference: BaseOxmlElement) -> bool:
    """Whether a section has a header or footer of its own of the reference's kind."""
    return any(own.get(_TYPE) == reference.get(_TYPE) for own in section.findall(reference.tag))


def _section_of(place: CT_P, body: CT_Body) -> CT_SectPr:
    for block in place.itersiblings(PARAGRAPH):
        section: CT_SectPr | None = block.find(_SECTION_IN_PARAGRAPH)
        if section is not None:
            return section
    return body.get_or_add_sectPr()


def _drop_unnamed_relationships(document: Document) -> None:
    """Let go of the pictures, links and headers of an emptied body: they would be saved with the document."""
    named = {value for node in document.element.iter() for value in node.attrib.values()}
    for key, relation in list(document.part.rels.items()):
        if relation.reltype in _NAMED and key not in named:
            del document.part.rels[key]
