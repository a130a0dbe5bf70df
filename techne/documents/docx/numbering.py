"""Numbering definitions: bullets, boxes, and numbers that start anew with every list (ECMA-376 part 1, 17.9).

Word numbers paragraphs, not lists: each ordered list gets an instance (`w:num`) of one definition
(`w:abstractNum`), with its own start. Numbers are Arabic at every level, as they were written: text that says
"step 3" stays right.
"""

from __future__ import annotations

from dataclasses import dataclass

from docx.document import Document as DocxDocument
from docx.oxml.xmlchemy import BaseOxmlElement

from techne.documents.docx.elements import child, element, name

INDENT_TWIPS = 400
"""What one level of a list or quote is set in by, in twentieths of a point."""

LEVELS = 9
_BULLETS = ("•", "◦", "▪")


@dataclass(frozen=True, slots=True)
class ListItem:
    """The list that a paragraph is the beginning of an item of.

    Args:
        instance: The list's `w:num`.
        level: From 0 to 8.
        hanging: How far the number stands before the text, in twips.
    """

    instance: int
    level: int
    hanging: int = INDENT_TWIPS


class Numbering:
    """The numbering part of one document, with definitions of our own beside the template's."""

    def __init__(self, document: DocxDocument) -> None:
        self._root = document.part.numbering_part.element
        self._next_definition = self._highest("w:abstractNum", "w:abstractNumId") + 1
        self._next_instance = self._highest("w:num", "w:numId") + 1
        self._numbers = {mark: self._define(f"%{{}}{mark}", "decimal") for mark in ".)"}
        self._mac_cleanup = self._root.find(name("w:numIdMacAtCleanup"))
        self._bullets = _id(self._add(self._define("", "bullet")))
        self._boxes = _id(self._add(self._define(None, "bullet")))

    def bullets(self) -> int:
        """The instance for bullet lists."""
        return self._bullets

    def boxes(self) -> int:
        """The instance for items that begin with a box to tick, in place of a bullet."""
        return self._boxes

    def numbers(self, *, level: int, start: int, mark: str = ".") -> int:
        """A new instance for one ordered list.

        Args:
            level: Where its items stand, from 0 to 8.
            start: The first number.
            mark: What follows a number: `.` or `)`.
        """
        instance = self._add(self._numbers[mark])
        child(child(instance, "lvlOverride", ilvl=level), "startOverride", val=start)
        return _id(instance)

    def _highest(self, tag: str, attribute: str) -> int:
        return max((int(str(node.get(name(attribute)))) for node in self._root.iter(name(tag))), default=0)

    def _define(self, text: str | None, number_format: str) -> int:
        definition = self._next_definition
        self._next_definition += 1
        abstract = element("abstractNum", abstractNumId=definition)
        child(abstract, "multiLevelType", val="hybridMultilevel")
        for level in range(LEVELS):
            abstract.append(_level(level, text, number_format))
        self._root.insert_element_before(abstract, "w:num", "w:numIdMacAtCleanup")
        return definition

    def _add(self, definition: int) -> BaseOxmlElement:
        """A new instance of a definition; what Word for Mac leaves at the end stays there."""
        instance = element("num", numId=self._next_instance)
        self._next_instance += 1
        child(instance, "abstractNumId", val=definition)
        if self._mac_cleanup is None:
            self._root.append(instance)
        else:
            self._mac_cleanup.addprevious(instance)
        return instance


def _id(instance: BaseOxmlElement) -> int:
    return int(str(instance.get(name("w:numId"))))


def _level(level: int, text: str | None, number_format: str) -> BaseOxmlElement:
    """One level of a definition; text None is for items whose box stands in the bullet's place."""
    made = element("lvl", ilvl=level)
    child(made, "start", val=1)
    child(made, "numFmt", val=number_format)
    if text is None:
        child(made, "suff", val="nothing")
    shown = "" if text is None else text.format(level + 1) or _BULLETS[level % len(_BULLETS)]
    child(made, "lvlText", val=shown)
    child(made, "lvlJc", val="left")
    child(child(made, "pPr"), "ind", left=INDENT_TWIPS * (level + 1), hanging=INDENT_TWIPS)
    return made
