"""Properties as Word resolves them, through the chain of styles (ECMA-376 part 1, 17.7.2)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from lxml import etree

from tests.support.fidelity.text import Mark
from tests.support.fidelity.word_package import NAMESPACES, number, tag, value

TOGGLES: Final = {Mark.STRONG: ("b",), Mark.EMPHASIS: ("i",), Mark.STRIKETHROUGH: ("strike", "dstrike")}
"""Properties that make characters bold, italic or struck through (17.3.2)."""
MONOSPACED: Final = re.compile(
    r"mono|courier|consolas|menlo|cascadia|lucida console|hack\b|inconsolata|\bcode\b|typewriter|andale",
    re.IGNORECASE,
)
CODE_STYLE: Final = re.compile(
    r"source code|verbatim|html (code|keyboard|sample|typewriter)|^code\b|code block|preformatted",
    re.IGNORECASE,
)
OFF: Final = frozenset({"0", "false", "off", "none"})


def on(element: etree._Element | None) -> bool | None:
    """State of an on-off property (17.17.4): None where it isn't set."""
    if element is None:
        return None
    return element.get(tag("w:val"), "true") not in OFF


class Style:
    """A style with what it is based on."""

    def __init__(self, element: etree._Element, parent: Style | None) -> None:
        self.element = element
        self.chain: tuple[etree._Element, ...] = (element, *(parent.chain if parent else ()))
        """Its element and those that it is based on, nearest first."""
        self.name = value(element, "w:name") or ""
        self.names: tuple[str, ...] = (self.name, *(parent.names if parent else ()))
        """Its name and those of the styles that it is based on."""

    def find(self, path: str) -> etree._Element | None:
        """The nearest element at a path, such as `w:pPr/w:jc`."""
        return next(
            (found for part in self.chain if (found := part.find(path, NAMESPACES)) is not None), None
        )

    def toggle(self, mark: Mark) -> bool | None:
        """State of a toggle property: the chain's nearest word on it."""
        states = [on(self.find(f"w:rPr/w:{name}")) for name in TOGGLES[mark]]
        said = [state for state in states if state is not None]
        return any(said) if said else None

    @property
    def monospaced(self) -> bool | None:
        """Whether its font is, by the font's name or by its own; None if it says nothing of fonts."""
        if any(CODE_STYLE.search(name) for name in self.names):
            return True
        return monospaced(self.find("w:rPr/w:rFonts"))


class Styles:
    """The styles of a file by their ids."""

    def __init__(self, root: etree._Element | None) -> None:
        elements: dict[str, etree._Element] = {}
        self._default = ""
        for element in () if root is None else root.iterfind("w:style", NAMESPACES):
            style_id = element.get(tag("w:styleId"), "")
            elements[style_id] = element
            is_default = element.get(tag("w:default"), "0") not in OFF
            if is_default and element.get(tag("w:type")) == "paragraph":
                self._default = style_id
        self._elements = elements
        self._styles: dict[str, Style | None] = {}
        defaults = None if root is None else root.find("w:docDefaults/w:rPrDefault/w:rPr", NAMESPACES)
        fonts = None if defaults is None else defaults.find("w:rFonts", NAMESPACES)
        self.monospaced = bool(monospaced(fonts))
        """Whether the document's default font is monospaced."""

    def of(self, style_id: str | None) -> Style | None:
        """A style; None if there is no such."""
        return self._style(style_id or "", frozenset())

    def of_paragraph(self, properties: etree._Element | None) -> Style | None:
        """The style of a paragraph with these properties, the default if they name none that is there."""
        named = value(properties, "w:pStyle")
        return self.of(named) or self.of(self._default)

    def _style(self, style_id: str, below: frozenset[str]) -> Style | None:
        if style_id not in self._elements or style_id in below:  # a style may be based on itself: a fault
            return None
        if style_id not in self._styles:
            element = self._elements[style_id]
            parent = self._style(value(element, "w:basedOn") or "", below | {style_id})
            self._styles[style_id] = Style(element, parent)
        return self._styles[style_id]


@lru_cache(maxsize=8)
def styles_of(data: bytes) -> Styles:
    """Styles of a styles part; many small documents share one."""
    return Styles(etree.fromstring(data) if data else None)


def monospaced(fonts: etree._Element | None) -> bool | None:
    """Whether the fonts of `w:rFonts` are monospaced; None if it names none."""
    if fonts is None:
        return None
    name = fonts.get(tag("w:ascii")) or fonts.get(tag("w:hAnsi"))
    if not name:
        return False if fonts.get(tag("w:asciiTheme")) else None
    return bool(MONOSPACED.search(name))


def toggled(run: etree._Element | None, mark: Mark) -> bool | None:
    """State of a toggle property in a run's own properties."""
    if run is None:
        return None
    states = [on(run.find(f"w:{name}", NAMESPACES)) for name in TOGGLES[mark]]
    said = [state for state in states if state is not None]
    return any(said) if said else None


def indents(element: etree._Element | None) -> Iterator[tuple[str, int]]:
    """What a `w:ind` sets, in twips, as `left` and `first`: the first line's, negative when it hangs."""
    if element is None:
        return
    left = element.get(tag("w:left")) or element.get(tag("w:start"))
    if left is not None:
        yield "left", number(left)
    hanging, first = element.get(tag("w:hanging")), element.get(tag("w:firstLine"))
    if hanging is not None:
        yield "first", -number(hanging)
    elif first is not None:
        yield "first", number(first)
