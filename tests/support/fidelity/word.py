"""What a DOCX file shows, as blocks of formatted characters: the side of a comparison that is judged.

It reads WordprocessingML (ECMA-376 part 1, 17) and knows nothing of who wrote it: styles are resolved
through what they are based on, numbers are counted, fields give their results, and what Word hides is not
there. Headers, footers, text boxes and tables of contents are not the document's text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from lxml import etree

from tests.support.fidelity.text import CHECKED, TICKED, UNCHECKED, Range, Text
from tests.support.fidelity.word_numbering import Marker, Numbering
from tests.support.fidelity.word_package import NAMESPACES, Package, number, tag, value
from tests.support.fidelity.word_runs import Picture, Runs
from tests.support.fidelity.word_styles import OFF, Style, Styles, indents, on, styles_of

QUOTE_STYLE: Final = re.compile(r"quot(e|ation)|block text|callout|admonition|\balert", re.IGNORECASE)
CAPTION_STYLE: Final = re.compile(r"\bcaption$", re.IGNORECASE)
FRONT_STYLE: Final = re.compile(
    r"(title|subtitle|author|date|abstract|abstract title|toc heading)", re.IGNORECASE
)
CONTENTS_STYLE: Final = re.compile(r"toc \d", re.IGNORECASE)
TRANSPARENT: Final = frozenset(map(tag, ("w:customXml", "w:ins", "w:moveTo", "w:smartTag")))
"""Elements whose children count as their parent's."""
BOXES: Final = frozenset({UNCHECKED, CHECKED, TICKED})
BODY_LEVEL: Final = 9
"""The outline level of text that is no heading (17.3.1.20)."""


@dataclass(frozen=True, slots=True)
class WordCell:
    """A place in a table, counted from 0."""

    table: int
    row: int
    column: int


@dataclass(frozen=True, slots=True)
class WordBlock:
    """A paragraph.

    Args:
        span: Its characters.
        style: Name of its style.
        heading: Its level; 0 for a title; None if it is no heading.
        marker: What stands before it.
        indent: Left indent of its text in twips, its table's if it is in one.
        style_indent: What of it the paragraph's style alone would be.
        quoted: Whether its style is one for quotes or callouts.
        framed: Whether it has a line at its left or a shade.
        code: Whether it is monospaced as a whole.
        rule: Whether it is an empty paragraph with a line.
        caption: Whether it is a caption.
        front: Whether it is of a title page, or heads a table of contents.
        cell: The table cell that it is in.
        verbatim: Its text with all white space.
    """

    span: Range
    style: str
    heading: int | None = None
    marker: Marker | None = None
    indent: int = 0
    style_indent: int = 0
    quoted: bool = False
    framed: bool = False
    code: bool = False
    rule: bool = False
    caption: bool = False
    front: bool = False
    cell: WordCell | None = None
    verbatim: str = ""


@dataclass(frozen=True, slots=True)
class WordTable:
    """A table: where cells stand, counting spans; `header` is whether its first row repeats as one."""

    header: bool
    places: set[tuple[int, int]] = field(default_factory=set)
    alignments: dict[tuple[int, int], set[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Word:
    """A document's body, or one footnote of it."""

    text: Text = field(default_factory=Text)
    blocks: list[WordBlock] = field(default_factory=list)
    tables: list[WordTable] = field(default_factory=list)
    pictures: dict[int, Picture] = field(default_factory=dict)
    references: dict[int, str] = field(default_factory=dict)
    """Ids of footnotes, by the position of the reference."""
    notes: dict[str, Word] = field(default_factory=dict)
    bookmarks: dict[str, int] = field(default_factory=dict)
    """Blocks that bookmarks begin in, by their names."""


def read_docx(data: bytes) -> Word:
    """What a file shows.

    Raises:
        zipfile.BadZipFile, ValueError, lxml.etree.XMLSyntaxError: It is no DOCX file.
    """
    package = Package(data)
    styles = styles_of(package.data(package.related("styles")))
    numbering_part = package.related("numbering")
    numbering = Numbering(package.xml(numbering_part) if numbering_part in package else None, styles)
    root = package.xml(package.document)
    body = root.find("w:body", NAMESPACES)
    if body is None:
        raise ValueError("The main document has no body.")
    word = _Reader(package, package.document, styles, numbering).read(body)
    for kind, prefix in (("footnote", ""), ("endnote", "end-")):
        part = package.related(f"{kind}s")
        for note in package.xml(part).iterfind(f"w:{kind}", NAMESPACES) if part in package else ():
            if note.get(tag("w:type"), "normal") == "normal":
                note_id = prefix + note.get(tag("w:id"), "")
                word.notes[note_id] = _Reader(package, part, styles, numbering).read(note)
    return word


def flattened(parent: etree._Element) -> Iterator[etree._Element]:
    """Children, with those of content controls and the like in their places."""
    for element in parent:
        if element.tag in TRANSPARENT:
            yield from flattened(element)
        elif element.tag == tag("w:sdt"):
            if not _is_contents(element):
                content = element.find("w:sdtContent", NAMESPACES)
                yield from () if content is None else flattened(content)
        elif element.tag == tag("mc:AlternateContent"):
            choice = element.find("mc:Choice", NAMESPACES)
            yield from () if choice is None else flattened(choice)
        else:
            yield element


def _is_contents(control: etree._Element) -> bool:
    gallery = value(control, "w:sdtPr/w:docPartObj/w:docPartGallery")
    return gallery == "Table of Contents"


class _Reader:
    """Reads the blocks of one part."""

    def __init__(self, package: Package, part: str, styles: Styles, numbering: Numbering) -> None:
        self._styles = styles
        self._numbering = numbering
        self._word = Word()
        self._runs = Runs(package, part, styles, self._word.text)
        self._waiting: list[str] = []

    def read(self, root: etree._Element) -> Word:
        self._blocks(root, None, 0)
        self._word.pictures.update(self._runs.pictures)
        self._word.references.update(self._runs.references())
        return self._word

    def _blocks(self, parent: etree._Element, cell: WordCell | None, indent: int) -> None:
        for element in flattened(parent):
            if element.tag == tag("w:p"):
                self._paragraph(element, cell, indent)
            elif element.tag == tag("w:tbl"):
                self._table(element)
            elif element.tag == tag("w:bookmarkStart"):
                self._waiting.append(element.get(tag("w:name"), ""))

    def _table(self, table: etree._Element) -> None:
        style = self._styles.of(value(table, "w:tblPr/w:tblStyle"))
        own = table.find("w:tblPr/w:tblInd", NAMESPACES)
        inherited = None if style is None else style.find("w:tblPr/w:tblInd")
        inset = own if own is not None else inherited
        indent = 0 if inset is None else number(inset.get(tag("w:w")))
        rows = [row for row in flattened(table) if row.tag == tag("w:tr")]
        header = bool(rows) and bool(on(rows[0].find("w:trPr/w:tblHeader", NAMESPACES)))
        place = len(self._word.tables)
        self._word.tables.append(WordTable(header))
        for row_number, row in enumerate(rows):
            column = number(value(row, "w:trPr/w:gridBefore"))
            for element in flattened(row):
                if element.tag != tag("w:tc"):
                    continue
                merge = element.find("w:tcPr/w:vMerge", NAMESPACES)
                if merge is None or merge.get(tag("w:val")) == "restart":
                    self._word.tables[place].places.add((row_number, column))
                    self._blocks(element, WordCell(place, row_number, column), indent)
                column += number(value(element, "w:tcPr/w:gridSpan"), 1)

    def _paragraph(self, paragraph: etree._Element, cell: WordCell | None, table_indent: int) -> None:
        properties = paragraph.find("w:pPr", NAMESPACES)
        style = self._styles.of_paragraph(properties)
        name = "" if style is None else style.name
        start = len(self._word.text)
        marker, inset = self._numbered(properties, style)
        if marker is not None and marker.text in BOXES:  # a check box that is written as a bullet
            self._word.text.add(f"{marker.text} ")
        read = self._runs.paragraph(paragraph, style)
        self._waiting += read.bookmarks
        if read.contents or CONTENTS_STYLE.fullmatch(name):
            return
        span = Range(start, len(self._word.text))
        heading = _heading(properties, style)
        code = bool(style and style.monospaced)
        lined = read.line or self._bordered(properties, style, ("top", "bottom", "between"))
        rule = lined and not span and not code
        if cell is not None:
            alignments = self._word.tables[cell.table].alignments.setdefault((cell.row, cell.column), set())
            alignments.add(_alignment(properties, style))
        if not (span or rule or code or (marker and heading is None)):
            return
        names = () if style is None else style.names
        self._word.blocks.append(
            WordBlock(
                span=span,
                style=name,
                heading=heading,
                marker=marker,
                indent=inset if cell is None else table_indent,
                style_indent=_indents(style).get("left", 0) if cell is None else 0,
                quoted=any(QUOTE_STYLE.search(one) for one in names),
                framed=self._bordered(properties, style, ("left", "start")) or _shaded(properties, style),
                code=code,
                rule=rule,
                caption=read.numbered or bool(CAPTION_STYLE.search(name)),
                front=bool(FRONT_STYLE.fullmatch(name)),
                cell=cell,
                verbatim=read.verbatim,
            )
        )
        for bookmark in self._waiting:
            self._word.bookmarks[bookmark] = len(self._word.blocks) - 1
        self._waiting.clear()

    def _numbered(self, properties: etree._Element | None, style: Style | None) -> tuple[Marker | None, int]:
        """What stands before a paragraph, and the left indent of its text."""
        own = None if properties is None else properties.find("w:numPr", NAMESPACES)
        instance, level = value(own, "w:numId"), value(own, "w:ilvl")
        direct = instance is not None
        if instance is None and style is not None:
            found = style.find("w:pPr/w:numPr/w:numId")
            instance = None if found is None else found.get(tag("w:val"))
            said = style.find("w:pPr/w:numPr/w:ilvl")
            if level is None and said is not None:
                level = said.get(tag("w:val"))
            elif level is None and instance is not None:
                style_id = style.element.get(tag("w:styleId"), "")
                level = str(self._numbering.level_of_style(instance, style_id))
        of_style = _indents(style)
        of_paragraph = dict(indents(None if properties is None else properties.find("w:ind", NAMESPACES)))
        if instance in (None, "0"):
            return None, {"left": 0, **of_style, **of_paragraph}["left"]
        of_list = self._numbering.indents(instance or "", number(level))
        inherited = {**of_style, **of_list} if direct else {**of_list, **of_style}
        marker = self._numbering.marker(instance or "", number(level))
        return marker, {"left": 0, **inherited, **of_paragraph}["left"]

    def _bordered(
        self, properties: etree._Element | None, style: Style | None, sides: tuple[str, ...]
    ) -> bool:
        own = None if properties is None else properties.find("w:pBdr", NAMESPACES)
        borders = own if own is not None else None if style is None else style.find("w:pPr/w:pBdr")
        return any((value(borders, f"w:{side}") or "none") not in ("none", "nil") for side in sides)


def _indents(style: Style | None) -> dict[str, int]:
    """What a style sets of `left` and `first`, each by the nearest of its chain, in twips."""
    found: dict[str, int] = {}
    for part in reversed(() if style is None else style.chain):
        found.update(indents(part.find("w:pPr/w:ind", NAMESPACES)))
    return found


def _heading(properties: etree._Element | None, style: Style | None) -> int | None:
    """Level of a heading from 1, 0 for a title; None for text (17.3.1.20)."""
    own = None if properties is None else properties.find("w:outlineLvl", NAMESPACES)
    found = own if own is not None else None if style is None else style.find("w:pPr/w:outlineLvl")
    level = BODY_LEVEL if found is None else number(found.get(tag("w:val")), BODY_LEVEL)
    if level < BODY_LEVEL:
        return level + 1
    return 0 if style is not None and style.name.lower() == "title" else None


def _alignment(properties: etree._Element | None, style: Style | None) -> str:
    own = None if properties is None else properties.find("w:jc", NAMESPACES)
    found = own if own is not None else None if style is None else style.find("w:pPr/w:jc")
    said = "left" if found is None else found.get(tag("w:val"), "left")
    return {"start": "left", "end": "right", "both": "left"}.get(said, said)


def _shaded(properties: etree._Element | None, style: Style | None) -> bool:
    own = None if properties is None else properties.find("w:shd", NAMESPACES)
    shade = own if own is not None else None if style is None else style.find("w:pPr/w:shd")
    fill = "auto" if shade is None else shade.get(tag("w:fill"), "auto")
    return fill not in {"auto", "FFFFFF"} | OFF
