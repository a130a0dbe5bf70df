"""Inline Markdown as runs: every nesting of bold, italic, struck, code, links, pictures and notes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from docx.oxml.xmlchemy import BaseOxmlElement
from markdown_it.tree import SyntaxTreeNode

from techne.documents.docx import style_names
from techne.documents.docx.elements import child, name, text_child
from techne.documents.docx.links import is_web_address
from techne.documents.docx.losses import LossKind
from techne.documents.docx.parsing import line_of
from techne.documents.docx.rendering import Place, Rendering
from techne.documents.docx.texts import is_right_to_left, one_line, split_at_forbidden, text_of

_LONGEST_TOOLTIP = 255
_TOOLTIP = name("tooltip")


@dataclass(frozen=True, slots=True)
class RunFormat:
    """How a run looks.

    Args:
        bold: For `**strong**`.
        italic: For `*emphasis*`.
        strike: For `~~struck~~`.
        style: Name of a character style.
    """

    bold: bool = False
    italic: bool = False
    strike: bool = False
    style: str = ""


PLAIN = RunFormat()


def write_inlines(
    rendering: Rendering,
    nodes: Iterable[SyntaxTreeNode],
    parent: BaseOxmlElement,
    place: Place,
    style: RunFormat = PLAIN,
) -> None:
    """Append inline nodes to a paragraph, or to a hyperlink in one."""
    for node in nodes:
        _write(rendering, node, parent, place, style)


def _write(
    rendering: Rendering, node: SyntaxTreeNode, parent: BaseOxmlElement, place: Place, style: RunFormat
) -> None:
    match node.type:
        case "inline":
            write_inlines(rendering, node.children, parent, place, style)
        case "strong":
            write_inlines(rendering, node.children, parent, place, replace(style, bold=True))
        case "em":
            write_inlines(rendering, node.children, parent, place, replace(style, italic=True))
        case "s":
            write_inlines(rendering, node.children, parent, place, replace(style, strike=True))
        case "code_inline":
            add_run(rendering, parent, node.content, replace(style, style=style_names.CODE), node)
        case "link":
            _link(rendering, node, parent, place, style)
        case "image":
            _image(rendering, node, parent, place, style)
        case "footnote_ref":
            rendering.footnotes.refer(rendering, node, parent, place)
        case "softbreak":
            add_run(rendering, parent, " ", style, node)
        case "hardbreak":
            child(_run(rendering, parent, "", style), "br")
        case _:
            add_run(rendering, parent, re.sub(r"[ \t]*\n[ \t]*", " ", node.content), style, node)


def add_run(
    rendering: Rendering, parent: BaseOxmlElement, text: str, style: RunFormat, node: SyntaxTreeNode
) -> None:
    """Append text; line ends become breaks and tabs tabs.

    Args:
        rendering: The document.
        parent: A paragraph or hyperlink.
        text: The text. What XML can't carry is left out and said.
        style: How it looks.
        node: Where the text is from.
    """
    text, forbidden = split_at_forbidden(text)
    if forbidden:
        rendering.losses.add(
            LossKind.CHARACTER, f"no document can hold {forbidden}; it was left out", line_of(node)
        )
    if not text:
        return
    run = _run(rendering, parent, text, style)
    for piece in re.split(r"([\n\t])", text):
        if piece == "\n":
            child(run, "br")
        elif piece == "\t":
            child(run, "tab")
        elif piece:
            text_child(run, "t", piece)


def _run(rendering: Rendering, parent: BaseOxmlElement, text: str, style: RunFormat) -> BaseOxmlElement:
    """An empty run with its properties (CT_RPr, ECMA-376 part 1, 17.3.2.28)."""
    run = child(parent, "r")
    right_to_left = is_right_to_left(text)
    if style == PLAIN and not right_to_left:
        return run
    properties = child(run, "rPr")
    if style.style:
        child(properties, "rStyle", val=rendering.styles[style.style])
    if style.bold:
        child(properties, "b")
        child(properties, "bCs")
    if style.italic:
        child(properties, "i")
        child(properties, "iCs")
    if style.strike:
        child(properties, "strike")
    if right_to_left:
        child(properties, "rtl")
    return run


def _link(
    rendering: Rendering, node: SyntaxTreeNode, parent: BaseOxmlElement, place: Place, style: RunFormat
) -> None:
    target = str(node.attrGet("href") or "")
    hyperlink = _hyperlink(rendering, target, parent, place, node)
    if hyperlink is None:
        write_inlines(rendering, node.children, parent, place, style)
        return
    title = one_line(str(node.attrGet("title") or ""), _LONGEST_TOOLTIP)
    if title:
        hyperlink.set(_TOOLTIP, title)
    write_inlines(rendering, node.children, hyperlink, place, replace(style, style=style_names.LINK))
    if not len(hyperlink):
        parent.remove(hyperlink)
        rendering.losses.add(LossKind.LINK, f"the link to {target!r} has no text to show", line_of(node))


def _hyperlink(
    rendering: Rendering, target: str, parent: BaseOxmlElement, place: Place, node: SyntaxTreeNode
) -> BaseOxmlElement | None:
    """An empty hyperlink, appended; None if the target is none that a document may have."""
    if target.startswith("#"):
        bookmark = rendering.anchors.bookmark(target[1:])
        if bookmark is not None:
            return child(parent, "hyperlink", anchor=bookmark, history=1)
        why = "no heading has that name"
    elif is_web_address(target):
        return child(parent, "hyperlink", r__id=rendering.relations.to_address(place.part, target), history=1)
    else:
        why = "only web and mail addresses and headings can be linked to"
    shown = one_line(target, 100)
    rendering.losses.add(LossKind.LINK, f"the link to {shown!r} became text: {why}", line_of(node))
    return None


def _image(
    rendering: Rendering, node: SyntaxTreeNode, parent: BaseOxmlElement, place: Place, style: RunFormat
) -> None:
    drawing = rendering.images.draw(node, place.part, place.width - place.indent)
    if drawing is None:
        add_run(rendering, parent, text_of(node), style, node)
    else:
        _run(rendering, parent, "", PLAIN).append(drawing)
