"""Headings: their level, and the bookmark that the table of contents and links lead to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from docx.oxml.xmlchemy import BaseOxmlElement
from markdown_it.tree import SyntaxTreeNode

from techne.documents.docx import style_names
from techne.documents.docx.elements import element
from techne.documents.docx.numbering import ListItem
from techne.documents.docx.paragraphs import add_text
from techne.documents.docx.rendering import Place, Rendering
from techne.documents.docx.texts import text_of


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading, as the table of contents has it.

    Args:
        text: On one line.
        level: As Word has it, from 1 to 6.
        bookmark: Where it stands.
    """

    text: str
    level: int
    bookmark: str


def title_of(blocks: Sequence[SyntaxTreeNode]) -> SyntaxTreeNode | None:
    """The document's own title: a heading of level 1 that comes first and is the only one of its level."""
    if not blocks or markdown_level(blocks[0]) != 1:
        return None
    highest = [heading for heading in headings_in(blocks) if markdown_level(heading) == 1]
    return blocks[0] if len(highest) == 1 else None


def headings_in(blocks: Iterable[SyntaxTreeNode]) -> Iterator[SyntaxTreeNode]:
    """Every heading, in the order of the text."""
    for block in blocks:
        if block.type == "heading":
            yield block
        elif block.type != "inline":
            yield from headings_in(block.children)


def markdown_level(node: SyntaxTreeNode) -> int:
    """The level that a heading was written with, from 1 to 6; 0 for other blocks."""
    return int(node.tag[1]) if node.type == "heading" else 0


def write_heading(rendering: Rendering, node: SyntaxTreeNode, place: Place) -> None:
    """A heading."""
    add_heading(rendering, node, place)


def add_heading(
    rendering: Rendering, node: SyntaxTreeNode, place: Place, *, item: ListItem | None = None
) -> None:
    """A heading, possibly as the beginning of a list's item."""
    style = style_names.HEADINGS[markdown_level(node) - 1 - rendering.heading_shift]
    add_bookmark(rendering, node, add_text(rendering, node, place, style, item=item))


def add_bookmark(rendering: Rendering, node: SyntaxTreeNode, paragraph: BaseOxmlElement) -> None:
    """Bookmark a paragraph under the name that its heading was given."""
    bookmark = rendering.anchors.bookmark_of(node)
    if bookmark is None:
        return
    number = rendering.anchors.next_id()
    paragraph.insert(1, element("bookmarkStart", id=number, name=bookmark))
    paragraph.append(element("bookmarkEnd", id=number))


def outline(rendering: Rendering, blocks: Sequence[SyntaxTreeNode]) -> list[Heading]:
    """The headings with any text, each with its bookmark, for the table of contents."""
    return [
        Heading(text, markdown_level(node) - rendering.heading_shift, bookmark)
        for node in headings_in(blocks)
        if (text := text_of(node).strip()) and (bookmark := rendering.anchors.bookmark_of(node))
    ]
