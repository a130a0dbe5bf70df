"""Block Markdown as paragraphs, lists and tables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from docx.document import Document as DocxDocument
from docx.oxml.ns import qn
from docx.oxml.parser import OxmlElement
from docx.shared import Twips
from docx.text.paragraph import Paragraph
from markdown_it.tree import SyntaxTreeNode

from techne.documents.docx.inlines import InlineWriter
from techne.documents.docx.lists import INDENT_TWIPS, LEVELS, Numbering
from techne.documents.docx.tables import write_table
from techne.documents.escaping import without_controls

_TASK = re.compile(r"^\[([ xX])\] ")
_TAB = " " * 4
_DEEPEST_HEADING = 6


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a block stands: how far in, whether quoted, and in how many lists."""

    indent: int = 0
    quoted: bool = False
    list_level: int = 0


class BlockWriter:
    """Writes a tree at the end of a document."""

    def __init__(self, document: DocxDocument) -> None:
        self._document = document
        self._numbering = Numbering(document)
        self._has_title = False

    def write(self, root: SyntaxTreeNode) -> None:
        """Write every block; a heading of level 1 that comes first is the title."""
        self._has_title = bool(root.children) and _level(root.children[0]) == 1
        for position, node in enumerate(root.children):
            if position == 0 and self._has_title:
                self._inline_paragraph(node, _Place(), "Title")
            else:
                self._block(node, _Place())

    def _blocks(self, nodes: Sequence[SyntaxTreeNode], place: _Place) -> None:
        for node in nodes:
            self._block(node, place)

    def _block(self, node: SyntaxTreeNode, place: _Place) -> None:
        match node.type:
            case "heading":
                level = max(_level(node) - self._has_title, 1)
                self._inline_paragraph(node, place, f"Heading {min(level, _DEEPEST_HEADING)}")
            case "paragraph":
                self._inline_paragraph(node, place, _text_style(place))
            case "bullet_list" | "ordered_list":
                self._list(node, place)
            case "blockquote":
                self._blocks(node.children, replace(place, indent=place.indent + INDENT_TWIPS, quoted=True))
            case "fence" | "code_block":
                self._code(node.content, place)
            case "table":
                write_table(self._document, node, indent=place.indent)
            case "hr":
                self._rule()
            case _:
                paragraph = self._paragraph(place, _text_style(place))
                InlineWriter(paragraph).write_text(node.content.strip())

    def _paragraph(self, place: _Place, style: str) -> Paragraph:
        paragraph = self._document.add_paragraph(style=style)
        if place.indent:
            paragraph.paragraph_format.left_indent = Twips(place.indent)
        return paragraph

    def _inline_paragraph(self, node: SyntaxTreeNode, place: _Place, style: str) -> Paragraph:
        paragraph = self._paragraph(place, style)
        InlineWriter(paragraph).write(node.children)
        return paragraph

    def _list(self, node: SyntaxTreeNode, place: _Place) -> None:
        level = min(place.list_level, LEVELS - 1)
        if node.type == "ordered_list":
            start = node.attrGet("start")
            instance = self._numbering.numbers(level=level, start=1 if start is None else int(start))
        else:
            instance = self._numbering.bullets()
        inside = replace(place, indent=place.indent + INDENT_TWIPS, list_level=place.list_level + 1)
        for item in node.children:
            self._item(item, instance, level, inside)

    def _item(self, item: SyntaxTreeNode, instance: int, level: int, place: _Place) -> None:
        blocks = list(item.children)
        first = blocks.pop(0) if blocks and blocks[0].type == "paragraph" else None
        paragraph = self._paragraph(place, "List Paragraph")
        paragraph.paragraph_format.first_line_indent = Twips(-INDENT_TWIPS * 3 // 4)
        self._numbering.apply(paragraph, instance, level)
        if first is not None:
            writer = InlineWriter(paragraph)
            task = _TASK.match(first.children[0].content) if first.children else None
            if task:
                writer.write_text("☐ " if task.group(1) == " " else "☑ ")
            writer.write(_without_task(first) if task else first.children)
        self._blocks(blocks, place)

    def _code(self, code: str, place: _Place) -> None:
        paragraph = self._paragraph(place, "Code Block")
        lines = without_controls(code).rstrip("\n").expandtabs(len(_TAB)).split("\n")
        for position, line in enumerate(lines):
            run = paragraph.add_run()
            if position:
                run.add_break()
            run.add_text(line)

    def _rule(self) -> None:
        paragraph = self._document.add_paragraph()
        borders = OxmlElement("w:pBdr")
        bottom = OxmlElement("w:bottom")
        for name, value in (("val", "single"), ("sz", "6"), ("space", "1"), ("color", "A0A6B1")):
            bottom.set(qn(f"w:{name}"), value)
        borders.append(bottom)
        paragraph._p.get_or_add_pPr().append(borders)


def _level(node: SyntaxTreeNode) -> int:
    return int(node.tag[1]) if node.type == "heading" else 0


def _text_style(place: _Place) -> str:
    if place.quoted:
        return "Quote"
    return "List Paragraph" if place.list_level else "Normal"


def _without_task(paragraph: SyntaxTreeNode) -> Sequence[SyntaxTreeNode]:
    """The inlines of an item without the `[ ]` that begins them."""
    inlines = list(paragraph.children[0].children)
    token = inlines[0].token
    if token is not None:
        token.content = _TASK.sub("", token.content)
    return inlines
