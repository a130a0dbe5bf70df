"""Lists as Word numbers them (ECMA-376 part 1, 17.9): what stands before a paragraph, and how far in."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from lxml import etree

from tests.support.fidelity.word_package import NAMESPACES, number, tag, value
from tests.support.fidelity.word_styles import Styles, indents

INVISIBLE: Final = re.compile(r"[\s\u200b\u00a0]*")


@dataclass(frozen=True, slots=True)
class Marker:
    """What stands before a list item.

    Args:
        number: Its number; None for a bullet.
        level: Depth in its list, from 0.
        instance: The `w:numId` that it belongs to.
        text: What a bullet looks like.
    """

    number: int | None
    level: int
    instance: str
    text: str = ""


@dataclass(slots=True)
class _Counters:
    """Numbers of one abstract list: what each level stands at, and which instances have begun there."""

    at: dict[int, int] = field(default_factory=dict)
    overridden: set[tuple[str, int]] = field(default_factory=set)


class Numbering:
    """The lists of a file. It counts, so that paragraphs must be asked for in their order."""

    def __init__(self, root: etree._Element | None, styles: Styles) -> None:
        self._styles = styles
        self._abstract: dict[str, etree._Element] = {}
        self._instances: dict[str, etree._Element] = {}
        for element in () if root is None else root:
            if element.tag == tag("w:abstractNum"):
                self._abstract[element.get(tag("w:abstractNumId"), "")] = element
            elif element.tag == tag("w:num"):
                self._instances[element.get(tag("w:numId"), "")] = element
        self._counters: dict[str, _Counters] = {}

    def marker(self, instance: str, level: int) -> Marker | None:
        """Count a paragraph of a list; None if nothing is to be seen before it."""
        definition, abstract = self._level(instance, level), self._abstract_of(instance)
        if definition is None:
            return None
        kind = value(definition, "w:numFmt") or "decimal"
        text = value(definition, "w:lvlText")
        counted = self._count(instance, abstract, level, definition)
        picture = definition.find("w:lvlPicBulletId", NAMESPACES) is not None
        if kind == "none" and not (text and "%" not in text and not INVISIBLE.fullmatch(text)):
            return None
        if not picture and (text is None or INVISIBLE.fullmatch(text)):
            return None
        ordered = kind not in ("bullet", "none") and text is not None and f"%{level + 1}" in text
        return Marker(counted if ordered else None, level, instance, "" if ordered else text or "")

    def indents(self, instance: str, level: int) -> dict[str, int]:
        """What a level sets of `left` and `first`, in twips."""
        definition = self._level(instance, level)
        return dict(indents(None if definition is None else definition.find("w:pPr/w:ind", NAMESPACES)))

    def level_of_style(self, instance: str, style_id: str) -> int:
        """The level that a paragraph style is linked to; 0 if none is."""
        abstract = self._abstract.get(self._abstract_of(instance))
        for element in () if abstract is None else abstract.iterfind("w:lvl", NAMESPACES):
            if value(element, "w:pStyle") == style_id:
                return number(element.get(tag("w:ilvl")))
        return 0

    def _count(self, instance: str, abstract: str, level: int, definition: etree._Element) -> int:
        counters = self._counters.setdefault(abstract, _Counters())
        override = value(self._override(instance, level), "w:startOverride")
        start = number(override if override is not None else value(definition, "w:start"))
        first_use = (instance, level) not in counters.overridden
        counters.overridden.add((instance, level))
        if level not in counters.at or (override is not None and first_use):
            counters.at[level] = start
        else:
            counters.at[level] += 1
        for deeper in [one for one in counters.at if one > level]:
            below = self._level(instance, deeper)
            restart = value(below, "w:lvlRestart")
            if restart is None or (number(restart) and level < number(restart)):
                del counters.at[deeper]
        return counters.at[level]

    def _abstract_of(self, instance: str) -> str:
        """Id of the abstract list of an instance, through a list style if that is how it is defined."""
        seen: set[str] = set()
        while instance not in seen:
            seen.add(instance)
            abstract = value(self._instances.get(instance), "w:abstractNumId") or ""
            link = value(self._abstract.get(abstract), "w:numStyleLink")
            style = self._styles.of(link) if link else None
            found = None if style is None else style.find("w:pPr/w:numPr/w:numId")
            if found is None:
                return abstract
            instance = found.get(tag("w:val"), "")
        return ""

    def _override(self, instance: str, level: int) -> etree._Element | None:
        element = self._instances.get(instance)
        return next(
            (
                one
                for one in (() if element is None else element.iterfind("w:lvlOverride", NAMESPACES))
                if number(one.get(tag("w:ilvl"))) == level
            ),
            None,
        )

    def _level(self, instance: str, level: int) -> etree._Element | None:
        override = self._override(instance, level)
        own = None if override is None else override.find("w:lvl", NAMESPACES)
        if own is not None:
            return own
        abstract = self._abstract.get(self._abstract_of(instance))
        for element in () if abstract is None else abstract.iterfind("w:lvl", NAMESPACES):
            if number(element.get(tag("w:ilvl"))) == level:
                return element
        return None
