"""The table of contents: a field, and the entries that it has before anybody updates it.

Word lays pages out, we do not. Unless someone who does tells them, the entries lead to their headings and
name no pages, so that nothing in them is wrong; updating the field (F9 in Word) adds the pages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from docx.oxml.xmlchemy import BaseOxmlElement

from techne.documents.docx import style_names
from techne.documents.docx.elements import child, element, name, text_child
from techne.documents.docx.fields import add_field, begin_field, end_field
from techne.documents.docx.headings import Heading
from techne.documents.docx.paragraphs import add_paragraph
from techne.documents.docx.rendering import Place, Rendering
from techne.documents.docx.texts import split_at_forbidden

_DEPTH = len(style_names.CONTENTS)
_INSTRUCTION = f'TOC \\o "1-{_DEPTH}" \\h \\z \\u'
_NO_PAGE = "0"


@dataclass(frozen=True, slots=True)
class Contents:
    """A table of contents.

    Args:
        block: The block, in a document or on the way there.
        bookmarks: Of the headings that it leads to.
    """

    block: BaseOxmlElement
    bookmarks: Sequence[str]

    def number(self, pages: Mapping[str, int]) -> None:
        """Set the pages of the entries, by bookmark."""
        for link in self.block.iter(name("w:hyperlink")):
            *_, shown = link.iter(name("w:t"))
            shown.text = str(pages[str(link.get(name("w:anchor")))])


def write_contents(
    rendering: Rendering, headings: Sequence[Heading], place: Place, *, begins_page: bool, numbered: bool
) -> Contents:
    """A table of contents as Word's own gallery makes it (ECMA-376 part 1, 17.16.5.68, field TOC).

    Args:
        rendering: The document.
        headings: All of them; those of the first three levels are entries.
        place: What part and page it is for; it is not yet put there.
        begins_page: Whether a page break precedes it.
        numbered: Whether the entries have room for pages.
    """
    control = element("sdt")
    gallery = child(child(control, "sdtPr"), "docPartObj")
    child(gallery, "docPartGallery", val="Table of Contents")
    child(gallery, "docPartUnique")
    inside = replace(place, parent=child(control, "sdtContent"))
    title = add_paragraph(
        rendering,
        inside,
        style_names.CONTENTS_HEADING,
        keep_with_next=True,
        page_break_before=begins_page,
    )
    text_child(child(title, "r"), "t", rendering.wording.contents)
    entries = [heading for heading in headings if heading.level <= _DEPTH]
    paragraph = None
    for position, heading in enumerate(entries):
        paragraph = add_paragraph(rendering, inside, style_names.CONTENTS[heading.level - 1])
        if position == 0:
            begin_field(paragraph, _INSTRUCTION)
        _add_entry(paragraph, heading, numbered=numbered)
    if paragraph is None:
        paragraph = add_paragraph(rendering, inside, style_names.CONTENTS[0])
        begin_field(paragraph, _INSTRUCTION)
    end_field(paragraph)
    return Contents(control, [heading.bookmark for heading in entries])


def _add_entry(paragraph: BaseOxmlElement, heading: Heading, *, numbered: bool) -> None:
    link = child(paragraph, "hyperlink", anchor=heading.bookmark, history=1)
    text_child(child(link, "r"), "t", split_at_forbidden(heading.text)[0])
    if numbered:
        child(child(link, "r"), "tab")
        add_field(link, f"PAGEREF {heading.bookmark} \\h", _NO_PAGE)
