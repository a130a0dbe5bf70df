"""An HTML document as its elements, and its faults: unbalanced tags, ids that are missing or twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
)


@dataclass(slots=True)
class Element:
    """An element with its attributes and the text in it, that of its children included."""

    tag: str
    attributes: dict[str, str]
    parents: tuple[str, ...]
    text: str = ""


@dataclass(slots=True)
class Page:
    """All elements in the order in which they begin, and all faults."""

    elements: list[Element] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def all(self, tag: str) -> list[Element]:
        return [element for element in self.elements if element.tag == tag]

    def classed(self, name: str) -> list[Element]:
        return [each for each in self.elements if name in each.attributes.get("class", "").split()]

    @property
    def text(self) -> str:
        return self.elements[0].text


def parse(html: str) -> Page:
    """Read a document strictly: what a browser would forgive is a fault."""
    parser = _Parser()
    parser.feed(html)
    parser.close()
    page = parser.page
    page.faults += [f"{element.tag} is never closed" for element in parser.open]
    ids = [element.attributes["id"] for element in page.elements if "id" in element.attributes]
    page.faults += [f"the id {each} is there twice" for each in set(ids) if ids.count(each) > 1]
    for element in page.elements:
        named = element.attributes.get("aria-labelledby", "").split()
        named += [link[1:] for link in (element.attributes.get("href", ""),) if link.startswith("#")]
        page.faults += [f"nothing has the id {each}" for each in named if each not in ids]
    return page


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self.open: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        if len(set(names)) < len(names):
            self.page.faults.append(f"{tag} has an attribute twice")
        element = Element(
            tag, {name: value or "" for name, value in attrs}, tuple(each.tag for each in self.open)
        )
        self.page.elements.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1].tag != tag:
            inside = self.open[-1].tag if self.open else "nothing"
            self.page.faults.append(f"{tag} ends inside {inside}")
            return
        self.open.pop()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.page.faults.append(f"{tag} closes itself")

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text += data
