"""HTML as a tree in which every element knows what it is in: HTML that programs write, not the web's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = {"br", "hr", "img", "input"}


@dataclass(slots=True, eq=False)
class Element:
    """An element, equal to itself alone, with the text in it as strings among its children."""

    tag: str
    attributes: dict[str, str]
    parent: Element | None = None
    children: list[Element | str] = field(default_factory=list)

    def nearest(self, *tags: str) -> Element | None:
        """The inmost of these that this element is, or is in."""
        return next((element for element in self.around() if element.tag in tags), None)

    def around(self) -> Iterator[Element]:
        """This element and those that it is in, the inmost first."""
        element: Element | None = self
        while element is not None:
            yield element
            element = element.parent

    def within(self) -> Iterator[Element]:
        """The elements in it, however deep, in the order in which they begin."""
        for child in self.elements():
            yield child
            yield from child.within()

    def elements(self) -> list[Element]:
        """Its children that are elements."""
        return [child for child in self.children if isinstance(child, Element)]


def read_html(text: str) -> Element:
    """The tree, in which everything is in an element `body`."""
    parser = _Parser()
    parser.feed(text)
    parser.close()
    return parser.root


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = self._inmost = Element("body", {})

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, self._inmost)
        self._inmost.children.append(element)
        if tag not in _VOID:
            self._inmost = element

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID and self._inmost.parent is not None:
            self._inmost = self._inmost.parent

    def handle_data(self, data: str) -> None:
        self._inmost.children.append(data)
