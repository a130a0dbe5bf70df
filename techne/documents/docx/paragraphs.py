"""Paragraphs: the properties that a block gives one, in the schema's order, and blocks that are just text."""

from __future__ import annotations

from docx.oxml.xmlchemy import BaseOxmlElement
from markdown_it.tree import SyntaxTreeNode

from techne.documents.docx import style_names
from techne.documents.docx.elements import child, name
from techne.documents.docx.fields import add_field
from techne.documents.docx.frames import Frame
from techne.documents.docx.inlines import PLAIN, add_run, write_inlines
from techne.documents.docx.numbering import ListItem
from techne.documents.docx.rendering import Place, Rendering
from techne.documents.docx.texts import is_right_to_left, text_of

_RIGHT, _HANGING = name("w:right"), name("w:hanging")


def write_paragraph(rendering: Rendering, node: SyntaxTreeNode, place: Place) -> None:
    """A paragraph of text; a picture alone in one, with a title, is a figure with that caption."""
    caption = _caption(node)
    if caption:
        paragraph = add_text(rendering, node, place, style_names.FIGURE, keep_with_next=True)
        if paragraph.find(f".//{name('w:drawing')}") is not None:
            _write_caption(rendering, caption, place, node)
            return
        place.parent.remove(paragraph)
    add_text(rendering, node, place, place.style)


def write_rule(rendering: Rendering, node: SyntaxTreeNode, place: Place) -> None:
    """A thematic break: an empty paragraph whose style has the line."""
    add_paragraph(rendering, place, style_names.RULE)


def write_html(rendering: Rendering, node: SyntaxTreeNode, place: Place) -> None:
    """A block of HTML, as the text that it is."""
    paragraph = add_paragraph(rendering, place, place.style)
    add_run(rendering, paragraph, node.content.strip("\n"), PLAIN, node)


def add_text(
    rendering: Rendering,
    node: SyntaxTreeNode,
    place: Place,
    style: str,
    *,
    item: ListItem | None = None,
    keep_with_next: bool = False,
    space_before: int | None = None,
) -> BaseOxmlElement:
    """A paragraph with the node's inlines; the element that was appended."""
    paragraph = add_paragraph(
        rendering,
        place,
        style,
        item=item,
        keep_with_next=keep_with_next,
        right_to_left=is_right_to_left(text_of(node)),
        space_before=space_before,
    )
    write_inlines(rendering, node.children, paragraph, place)
    return paragraph


def add_paragraph(
    rendering: Rendering,
    place: Place,
    style: str,
    *,
    item: ListItem | None = None,
    keep_with_next: bool = False,
    keep_together: bool = False,
    page_break_before: bool = False,
    right_to_left: bool = False,
    frame: Frame | None = None,
    space_before: int | None = None,
    alignment: str = "",
) -> BaseOxmlElement:
    """An empty paragraph, appended at a place (CT_PPrBase, ECMA-376 part 1, 17.3.1.26).

    Args:
        rendering: The document.
        place: Where it goes; its indent is taken.
        style: Name of the style.
        item: Makes it the first paragraph of a list's item.
        keep_with_next: No page ends after it.
        keep_together: No page ends within it.
        page_break_before: It begins a page.
        right_to_left: For scripts such as Arabic.
        frame: What is around it, in place of what its style has.
        space_before: In twips; the style's if None.
        alignment: `left`, `center` or `right`; the style's if empty.
    """
    paragraph = child(place.parent, "p")
    properties = child(paragraph, "pPr")
    child(properties, "pStyle", val=rendering.styles[style])
    if keep_with_next:
        child(properties, "keepNext")
    if keep_together:
        child(properties, "keepLines")
    if page_break_before:
        child(properties, "pageBreakBefore")
    if item is not None:
        numbered = child(properties, "numPr")
        child(numbered, "ilvl", val=item.level)
        child(numbered, "numId", val=item.instance)
    if frame is not None:
        properties.extend(frame.copied())
    if right_to_left:
        child(properties, "bidi")
    if space_before is not None:
        child(properties, "spacing", before=space_before)
    if item is not None or place.indent:
        indent = child(properties, "ind", left=place.indent)
        if frame is not None and frame.right:
            indent.set(_RIGHT, frame.right)
        if item is not None:
            indent.set(_HANGING, str(item.hanging))
    if place.list_level and style == place.style:
        child(properties, "contextualSpacing", val=int(place.tight))
    if alignment:
        child(properties, "jc", val=alignment)
    return paragraph


def _caption(node: SyntaxTreeNode) -> str:
    """The title of the picture that a paragraph consists of, if it has one."""
    inlines = node.children[0].children if node.children else []
    if len(inlines) != 1 or inlines[0].type != "image":
        return ""
    return str(inlines[0].attrGet("title") or "")


def _write_caption(rendering: Rendering, caption: str, place: Place, node: SyntaxTreeNode) -> None:
    rendering.figures += 1
    paragraph = add_paragraph(rendering, place, style_names.CAPTION)
    label = rendering.wording.figure
    add_run(rendering, paragraph, f"{label} ", PLAIN, node)
    add_field(paragraph, f"SEQ {label} \\* ARABIC", str(rendering.figures))
    add_run(rendering, paragraph, f": {caption}", PLAIN, node)
