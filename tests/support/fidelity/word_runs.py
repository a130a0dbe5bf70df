"""The characters of a paragraph as Word shows them: runs, links, fields, pictures, references.

ECMA-376 part 1: runs 17.3.2, toggle properties 17.7.3, fields 17.16, drawings 20.4, footnotes 17.11.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from lxml import etree

from tests.support.fidelity.text import (
    CHECKED,
    FOOTNOTE,
    IMAGE,
    TICKED,
    UNCHECKED,
    Format,
    Link,
    Mark,
    Text,
)
from tests.support.fidelity.word_package import NAMESPACES, Package, tag, value
from tests.support.fidelity.word_styles import OFF, TOGGLES, Style, Styles, monospaced, on, toggled

BREAKS_OF_TEXT: Final = frozenset({"textWrapping"})
CONTRADICTORY: Final = "\u25a1"
"""Stands for a check box whose sign belies its state."""
CHARACTERS: Final = {
    tag("w:tab"): "\t",
    tag("w:ptab"): "\t",
    tag("w:cr"): "\n",
    tag("w:noBreakHyphen"): "\u2011",
    tag("w:softHyphen"): "\u00ad",
}
CONTAINERS: Final = frozenset(
    map(tag, ("w:ins", "w:moveTo", "w:smartTag", "w:customXml", "w:dir", "w:bdo", "w:rubyBase", "m:oMath"))
)
HYPERLINK: Final = re.compile(r'HYPERLINK(?:\s+"([^"]*)")?((?:\s+\\\w(?:\s+"[^"]*")?)*)')
SWITCH: Final = re.compile(r'\\(\w)(?:\s+"([^"]*)")?')


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture by its alternative text and title; `present` if the file has its data."""

    alternative: str
    title: str
    present: bool


@dataclass(slots=True)
class Paragraph:
    """What was met in a paragraph beside its characters.

    Args:
        verbatim: Its text with all white space.
        bookmarks: Names of those that begin in it.
        contents: Whether it is part of a table of contents.
        numbered: Whether it has a sequence's number, as captions do.
        line: Whether it has a horizontal line of its own.
    """

    verbatim: str = ""
    bookmarks: list[str] = field(default_factory=list)
    contents: bool = False
    numbered: bool = False
    line: bool = False


@dataclass(slots=True)
class _Field:
    """A field that has begun: its instruction, whether its result has, and what that stands for."""

    instruction: str = ""
    result: bool = False
    link: Link | None = None
    bookmark: str = ""

    @property
    def name(self) -> str:
        return (self.instruction.split() or [""])[0].upper()


class Runs:
    """Reads the paragraphs of one part into a text; fields may reach from one into the next."""

    def __init__(self, package: Package, part: str, styles: Styles, text: Text) -> None:
        self._package = package
        self._relationships = package.relationships(part)
        self._styles = styles
        self._text = text
        self._fields: list[_Field] = []
        self._style: Style | None = None
        self._read = Paragraph()
        self._links = 0
        self._bookmarks: dict[str, int] = {}
        self._references: dict[int, str] = {}
        self._repeated: dict[int, str] = {}
        self.pictures: dict[int, Picture] = {}

    def paragraph(self, elements: Iterable[etree._Element], style: Style | None) -> Paragraph:
        """Read a paragraph's content."""
        self._read, self._style = Paragraph(), style
        for element in elements:
            self._element(element, None)
        self._read.contents |= self._in_contents()
        self._text.end_block()
        return self._read

    def references(self) -> dict[int, str]:
        """Ids of footnotes by the positions of all references, repeated ones too (NOTEREF, 17.16.5.42)."""
        repeated = {}
        for position, bookmark in self._repeated.items():
            begins = self._bookmarks.get(bookmark, -1)
            if begins in self._references:
                repeated[position] = self._references[begins]
        return {**self._references, **repeated}

    def _element(self, element: etree._Element, link: Link | None) -> None:
        match element.tag:
            case name if name == tag("w:r"):
                self._run(element, link)
            case name if name == tag("w:hyperlink"):
                inner = self._hyperlink(element)
                for child in element:
                    self._element(child, inner or link)
            case name if name == tag("w:sdt"):
                self._control(element, link)
            case name if name == tag("w:fldSimple"):
                self._fields.append(_Field(element.get(tag("w:instr"), "")))
                self._separate()
                for child in element:
                    self._element(child, link)
                self._fields.pop()
            case name if name == tag("w:bookmarkStart"):
                bookmark = element.get(tag("w:name"), "")
                self._read.bookmarks.append(bookmark)
                self._bookmarks[bookmark] = len(self._text)
            case name if name == tag("mc:AlternateContent"):
                for child in element.iterfind("mc:Choice/*", NAMESPACES):
                    self._element(child, link)
            case name if name == tag("m:t"):
                self._add(element.text or "", Format(link=link))
            case name if name in CONTAINERS or str(name).startswith(f"{{{NAMESPACES['m']}}}"):
                for child in element:
                    self._element(child, link)

    def _control(self, control: etree._Element, link: Link | None) -> None:
        box = control.find("w:sdtPr/w14:checkbox", NAMESPACES)
        if box is not None:
            checked = box.find("w14:checked", NAMESPACES)
            state = "0" if checked is None else checked.get(tag("w14:val"), "1")
            sign = (
                "".join(text.text or "" for text in control.iter(tag("w:t"))).strip().replace(TICKED, CHECKED)
            )
            said = UNCHECKED if state in OFF else CHECKED
            self._add(said if sign == said else CONTRADICTORY, Format())
            return
        for child in control.iterfind("w:sdtContent/*", NAMESPACES):
            self._element(child, link)

    def _run(self, run: etree._Element, link: Link | None) -> None:
        properties = run.find("w:rPr", NAMESPACES)
        style = self._styles.of(value(properties, "w:rStyle"))
        if self._hidden(properties, style):
            return
        format_ = self._format(properties, style)
        self._content(run, replace(format_, link=link or self._field_link()))

    def _content(self, run: etree._Element, format_: Format) -> None:
        for element in run:
            match element.tag:
                case name if name == tag("w:t"):
                    preserved = element.get("{http://www.w3.org/XML/1998/namespace}space") == "preserve"
                    text = element.text or ""
                    text = re.sub(r"[\r\n]", " ", text if preserved else text.strip(" \t\r\n"))
                    self._add(text, format_)
                case name if name in CHARACTERS:
                    self._add(CHARACTERS[str(name)], format_)
                case name if name == tag("w:br"):
                    if element.get(tag("w:type"), "textWrapping") in BREAKS_OF_TEXT:
                        self._add("\n", format_)
                case name if name == tag("w:sym"):
                    code = int(element.get(tag("w:char"), "fffd"), 16)
                    self._add(chr(code), format_)
                case name if name in (tag("w:footnoteReference"), tag("w:endnoteReference")):
                    prefix = "" if name == tag("w:footnoteReference") else "end-"
                    self._references[len(self._text)] = prefix + element.get(tag("w:id"), "")
                    self._add(FOOTNOTE, format_)
                case name if name in (tag("w:drawing"), tag("w:pict")):
                    self._drawing(element, format_)
                case name if name == tag("mc:AlternateContent"):
                    choice = element.find("mc:Choice", NAMESPACES)
                    if choice is not None:
                        self._content(choice, format_)
                case name if name == tag("w:ruby"):
                    for child in element.iterfind("w:rubyBase/w:r", NAMESPACES):
                        self._content(child, format_)
                case name if name == tag("w:fldChar"):
                    self._field(element.get(tag("w:fldCharType")))
                case name if name == tag("w:instrText") and self._fields:
                    self._fields[-1].instruction += element.text or ""

    def _add(self, text: str, format_: Format) -> None:
        for one in self._fields:
            if one.bookmark and text.strip():  # the number of a note is as good as another reference to it
                self._repeated[len(self._text)] = one.bookmark
                self._text.add(FOOTNOTE, format_)
                one.bookmark = ""
        hidden = any(not one.result or one.name in ("TOC", "NOTEREF") for one in self._fields)
        if self._in_contents():
            self._read.contents = True
        if not hidden:
            self._read.verbatim += text
            self._text.add(text, format_)

    def _in_contents(self) -> bool:
        return any(one.result and one.name == "TOC" for one in self._fields)

    def _field(self, kind: str | None) -> None:
        if kind == "begin":
            self._fields.append(_Field())
        elif kind == "separate" and self._fields:
            self._separate()
        elif kind == "end" and self._fields:
            self._fields.pop()

    def _separate(self) -> None:
        """The innermost field's result begins."""
        current = self._fields[-1]
        if current.name == "SEQ":
            self._read.numbered = True
        elif current.name == "NOTEREF":
            current.bookmark = [*current.instruction.split(), ""][1].strip('"')
        elif current.name == "HYPERLINK" and (found := HYPERLINK.search(current.instruction)):
            switches = dict(SWITCH.findall(found[2]))
            anchor = switches.get("l", "")
            self._links += 1
            target = (found[1] or "") + (f"#{anchor}" if anchor else "")
            current.link = Link(target, switches.get("o", ""), self._links)
        current.result = True

    def _field_link(self) -> Link | None:
        return next((one.link for one in reversed(self._fields) if one.link is not None), None)

    def _hyperlink(self, element: etree._Element) -> Link | None:
        relationship = self._relationships.get(element.get(tag("r:id"), ""))
        target = relationship.target if relationship is not None and relationship.external else ""
        anchor = element.get(tag("w:anchor"))
        if anchor:
            target += f"#{anchor}"
        if not target:
            return None
        self._links += 1
        return Link(target, element.get(tag("w:tooltip"), ""), self._links)

    def _drawing(self, element: etree._Element, format_: Format) -> None:
        if any(rect.get(tag("o:hr")) in ("t", "true", "1") for rect in element.iter(tag("v:rect"))):
            self._read.line = True
            return
        blips = [(blip.get(tag("r:embed")) or "") for blip in element.iter(tag("a:blip"))]
        blips += [(data.get(tag("r:id")) or "") for data in element.iter(tag("v:imagedata"))]
        if not blips:
            return
        click = next(iter(element.iter(tag("a:hlinkClick"))), None)
        if click is not None and (address := self._relationships.get(click.get(tag("r:id"), ""))) is not None:
            self._links += 1
            link = Link(address.target, click.get("tooltip", ""), self._links)
            format_ = replace(format_, link=link)
        relationship = self._relationships.get(blips[0])
        name = next((one for one in element.iter(tag("wp:docPr"))), None)
        self.pictures[len(self._text)] = Picture(
            alternative="" if name is None else name.get("descr", ""),
            title="" if name is None else name.get("title", ""),
            present=relationship is not None and relationship.target in self._package,
        )
        self._add(IMAGE, format_)

    def _hidden(self, properties: etree._Element | None, style: Style | None) -> bool:
        own = on(None if properties is None else properties.find("w:vanish", NAMESPACES))
        if own is not None:
            return own
        styles = [one for one in (style, self._style) if one is not None]
        return any(on(one.find("w:rPr/w:vanish")) for one in styles)

    def _format(self, properties: etree._Element | None, style: Style | None) -> Format:
        """Marks of a run: its own, or what an odd number of its styles says (17.7.3)."""
        marks, shown = set(), set()
        for mark in TOGGLES:
            own = toggled(properties, mark)
            of_run = style.toggle(mark) if style is not None else None
            of_paragraph = self._style.toggle(mark) if self._style is not None else None
            if own if own is not None else of_run:
                marks.add(mark)
            if own if own is not None else bool(of_run) != bool(of_paragraph):
                shown.add(mark)
        font = monospaced(None if properties is None else properties.find("w:rFonts", NAMESPACES))
        if font is None and style is not None:
            font = style.monospaced
        if font:
            marks.add(Mark.CODE)
        if font if font is not None else (self._style is not None and self._style.monospaced):
            shown.add(Mark.CODE)
        return Format(frozenset(marks), frozenset(shown))
