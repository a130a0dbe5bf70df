"""The document's own title: on a page of its own, or above the text."""

from __future__ import annotations

from dataclasses import replace

from docx.oxml.xmlchemy import BaseOxmlElement
from markdown_it.tree import SyntaxTreeNode

from techne.documents.docx import style_names
from techne.documents.docx.elements import child, element, text_child
from techne.documents.docx.headings import add_bookmark
from techne.documents.docx.options import DocxOptions
from techne.documents.docx.paragraphs import add_paragraph, add_text
from techne.documents.docx.rendering import Place, Rendering
from techne.documents.docx.texts import one_line

_ABOVE_TITLE = 0.28
"""Part of the page's height that is left free above the title."""
_ABOVE_DATE_TWIPS = 480
LONGEST_LINE = 500


def title_page(
    rendering: Rendering, options: DocxOptions, heading: SyntaxTreeNode | None, place: Place
) -> BaseOxmlElement:
    """A cover as Word's own gallery makes it: title, subtitle, author and date.

    Args:
        rendering: The document.
        options: Where subtitle, author and date are from, and the title if the text has none.
        heading: The text's own title.
        place: What part and page it is for.

    Returns:
        The block, not yet in the document.
    """
    control = element("sdt")
    gallery = child(child(control, "sdtPr"), "docPartObj")
    child(gallery, "docPartGallery", val="Cover Pages")
    child(gallery, "docPartUnique")
    inside = replace(place, parent=child(control, "sdtContent"))
    above = int(rendering.page_height * _ABOVE_TITLE)
    if heading is None:
        _add_line(rendering, inside, style_names.TITLE, options.title, above=above)
    else:
        write_title(rendering, heading, inside, above=above)
    if options.subtitle:
        _add_line(rendering, inside, style_names.SUBTITLE, options.subtitle)
    if options.author:
        _add_line(rendering, inside, style_names.AUTHOR, options.author)
    if options.date:
        # The author's line keeps its distance by itself.
        apart = None if options.author else _ABOVE_DATE_TWIPS
        _add_line(rendering, inside, style_names.DATE, options.date, above=apart)
    return control


def write_title(
    rendering: Rendering, heading: SyntaxTreeNode, place: Place, *, above: int | None = None
) -> None:
    """The text's own title, in the style for it.

    Args:
        rendering: The document.
        heading: The title's node.
        place: Where it goes.
        above: Space above it in twips; the style's if None.
    """
    paragraph = add_text(rendering, heading, place, style_names.TITLE, space_before=above)
    add_bookmark(rendering, heading, paragraph)


def _add_line(rendering: Rendering, place: Place, style: str, line: str, *, above: int | None = None) -> None:
    paragraph = add_paragraph(rendering, place, style, space_before=above)
    text_child(child(paragraph, "r"), "t", one_line(line, LONGEST_LINE))
