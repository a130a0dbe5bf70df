"""Numbering definitions: bullets, and numbers that start anew with every list."""

from __future__ import annotations

from docx.document import Document as DocxDocument
from docx.oxml.ns import qn
from docx.oxml.parser import OxmlElement
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.text.paragraph import Paragraph

INDENT_TWIPS = 400
"""What one level is set in by, in twentieths of a point."""

LEVELS = 9
_BULLETS = ("•", "◦", "▪")
_FORMATS = ("decimal", "lowerLetter", "lowerRoman")


class Numbering:
    """The numbering part of one document.

    Word numbers paragraphs, not lists: each ordered list gets an instance (`w:num`) of the same definition
    (`w:abstractNum`), with its own start.
    """

    def __init__(self, document: DocxDocument) -> None:
        self._root = document.part.numbering_part.element
        used = [int(str(node.get(qn("w:abstractNumId")))) for node in self._root.iter(qn("w:abstractNum"))]
        self._bullet_definition = max(used, default=-1) + 1
        self._number_definition = self._bullet_definition + 1
        self._define(self._bullet_definition, ordered=False)
        self._define(self._number_definition, ordered=True)
        self._bullets = self._instance(self._bullet_definition)

    def bullets(self) -> int:
        """The instance for bullet lists."""
        return self._bullets

    def numbers(self, *, level: int, start: int) -> int:
        """A new instance for one ordered list."""
        return self._instance(self._number_definition, level=level, start=start)

    @staticmethod
    def apply(paragraph: Paragraph, instance: int, level: int) -> None:
        """Make the paragraph an item of the list."""
        properties = paragraph._p.get_or_add_pPr().get_or_add_numPr()
        properties.get_or_add_ilvl().val = level
        properties.get_or_add_numId().val = instance

    def _define(self, definition: int, *, ordered: bool) -> None:
        abstract = OxmlElement("w:abstractNum")
        abstract.set(qn("w:abstractNumId"), str(definition))
        abstract.append(_element("w:multiLevelType", "hybridMultilevel"))
        for level in range(LEVELS):
            abstract.append(_level(level, ordered=ordered))
        # The schema wants every definition before the first instance.
        first = self._root.find(qn("w:num"))
        if first is None:
            self._root.append(abstract)
        else:
            first.addprevious(abstract)

    def _instance(self, definition: int, *, level: int | None = None, start: int = 1) -> int:
        instance = self._root.add_num(definition)
        if level is not None:
            instance.add_lvlOverride(ilvl=level).add_startOverride(start)
        return int(instance.numId)


def _level(level: int, *, ordered: bool) -> BaseOxmlElement:
    element = OxmlElement("w:lvl")
    element.set(qn("w:ilvl"), str(level))
    element.append(_element("w:start", "1"))
    element.append(_element("w:numFmt", _FORMATS[level % len(_FORMATS)] if ordered else "bullet"))
    element.append(_element("w:lvlText", f"%{level + 1}." if ordered else _BULLETS[level % len(_BULLETS)]))
    element.append(_element("w:lvlJc", "left"))
    properties = OxmlElement("w:pPr")
    indent = OxmlElement("w:ind")
    indent.set(qn("w:left"), str(INDENT_TWIPS * (level + 1)))
    indent.set(qn("w:hanging"), str(INDENT_TWIPS * 3 // 4))
    properties.append(indent)
    element.append(properties)
    return element


def _element(tag: str, value: str) -> BaseOxmlElement:
    element = OxmlElement(tag)
    element.set(qn("w:val"), value)
    return element
