"""What a Markdown text says, as blocks of formatted characters: the side of a comparison that is expected.

The tree is cmark-gfm's. On top of it stand GitHub's alerts (`> [!NOTE]`), which the parser leaves to its
caller, and GitHub's names of headings, which links within a document lead to. What nobody would see is not
expected: headings and paragraphs without characters, links without a text, notes that nothing refers to.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from tests.support.fidelity.cmark import Node, parse
from tests.support.fidelity.source_blocks import Block, Cell, Item, Picture, Quote, Role, Source, Table
from tests.support.fidelity.text import (
    CHECKED,
    FOOTNOTE,
    IMAGE,
    PLAIN,
    UNCHECKED,
    Format,
    Link,
    Mark,
    Range,
)

LINKED_SCHEMES: Final = ("http", "https", "mailto")
HOST: Final = re.compile(r"([^\W_]([\w-]*[^\W_])?\.)*[^\W_]([\w-]*[^\W_])?\.?|\[[0-9a-f:.]+\]", re.IGNORECASE)
"""A host by RFC 1123, or an IPv6 address. Word takes a file with a link to any other for broken."""
BEFORE_AUTOLINK: Final = frozenset("*_~( \t\n")
"""What may precede a bare address that becomes a link, by GFM's section 6.9."""
CALLOUT: Final = re.compile(r"\[!(note|tip|important|warning|caution)\]\s*", re.IGNORECASE)
TASK: Final = re.compile(r"\[([ xX])\]\s")
PICTURES: Final = frozenset({".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff"})
MARKS: Final = {"strong": Mark.STRONG, "emph": Mark.EMPHASIS, "strikethrough": Mark.STRIKETHROUGH}


def read_markdown(markdown: str, images: Path | None = None) -> Source:
    """What a text says.

    Args:
        markdown: The text.
        images: Folder below which local images are. Those that are there are expected as pictures, all others
            as their alternative text.
    """
    document = parse(markdown)
    names = list(_heading_names(document))
    body = _Reader(markdown, images, names).read(document)
    for node in document.children:
        if node.kind == "footnote_definition":
            body.notes[node.literal] = _Reader(markdown, images, names).read(node)
    return body


def _heading_names(document: Node) -> Iterator[str]:
    """Names of all headings in their order, as GitHub makes them: unique, and safe in an address."""
    taken: dict[str, int] = {}
    for node in document.walk():
        if node.kind != "heading":
            continue
        title = "".join(part.literal for part in node.walk() if part.kind in ("text", "code"))
        name = original = "".join(
            "-" if character == " " else character
            for character in title.lower()
            if character in "- " or unicodedata.category(character)[0] in "LM"
            or unicodedata.category(character) in ("Nd", "Nl", "Pc")
        )  # fmt: skip
        while name in taken:
            taken[original] += 1
            name = f"{original}-{taken[original]}"
        taken[name] = 0
        yield name


class _Reader:
    """Walks one tree. `_pending` are the items that have begun and still wait for their first block."""

    def __init__(self, markdown: str, images: Path | None, names: list[str]) -> None:
        self._markdown = markdown
        self._images = images
        self._names = names
        self._headings: Iterator[str] = iter(())
        self._source = Source()
        self._pending: list[Item] = []
        self._links = 0
        self._started = 0

    def read(self, root: Node) -> Source:
        if root.kind == "document":  # links lead to headings of the text, not of its notes
            self._headings = iter(self._names)
        for node in root.children:
            if node.kind == "block_quote":
                self._quote(node, (), outermost=root.kind == "document")
            elif node.kind != "footnote_definition":
                self._block(node, ())
        return self._source

    def _block(self, node: Node, path: tuple[Quote | Item, ...]) -> None:
        match node.kind:
            case "paragraph":
                self._inlines(node)
                self._end(Role.PARAGRAPH, path)
            case "heading":
                name = next(self._headings, "")
                self._inlines(node)
                if self._end(Role.HEADING, path, level=node.level):
                    self._source.anchors[name] = len(self._source.blocks) - 1
            case "code_block":
                self._source.text.add(node.literal.removesuffix("\n"), Format(marks=frozenset({Mark.CODE})))
                self._end(Role.CODE, path, verbatim=node.literal.removesuffix("\n"))
            case "html_block":
                self._source.text.add(node.literal.replace("\n", " "), Format(raw=True))
                self._end(Role.HTML, path)
            case "thematic_break":
                self._end(Role.RULE, path)
            case "block_quote":
                self._quote(node, path, outermost=False)
            case "list":
                self._list(node, path)
            case "table":
                self._table(node, path)
            case other:
                raise ValueError(f"cmark-gfm made a block of an unknown kind: {other}.")

    def _end(
        self,
        role: Role,
        path: tuple[Quote | Item, ...],
        *,
        level: int = 0,
        verbatim: str = "",
        cell: Cell | None = None,
    ) -> bool:
        """Close a block; whether there was anything to see in it."""
        self._source.text.end_block()
        span = Range(self._started, len(self._source.text))
        if not span and role in (Role.PARAGRAPH, Role.HEADING, Role.HTML):
            return False
        opens = tuple(self._pending)
        self._pending.clear()
        self._source.blocks.append(Block(span, role, path, opens, cell, level, verbatim))
        self._started = span.end
        return True

    def _quote(self, node: Node, path: tuple[Quote | Item, ...], *, outermost: bool) -> None:
        children, callout = node.children, ""
        if outermost and (found := _callout(node)):
            callout, children = found
        inside = (*path, Quote(callout))
        for child in children:
            self._block(child, inside)

    def _list(self, node: Node, path: tuple[Quote | Item, ...]) -> None:
        first: Item | None = None
        for offset, child in enumerate(node.children):
            number = None if node.start is None else node.start + offset
            checked, blocks = self._task(child)
            item = Item(first, number, checked)
            first = first or item
            self._pending.append(item)
            if checked is not None:
                self._source.text.add(f"{CHECKED if checked else UNCHECKED} ")
            for block in blocks:
                self._block(block, (*path, item))
            if item in self._pending:
                self._end(Role.EMPTY_ITEM, (*path, item))

    def _task(self, item: Node) -> tuple[bool | None, tuple[Node, ...]]:
        """State and blocks of an item; cmark-gfm overlooks boxes on lines that begin with another marker."""
        if item.checked is not None or not item.children or item.children[0].kind != "paragraph":
            return item.checked, item.children
        first, *others = item.children
        leading = list(takewhile(lambda part: part.kind == "text", first.children))
        text = "".join(part.literal for part in leading)
        found = TASK.match(text)
        if found is None or "\\[" in self._markdown:
            return None, item.children
        rest = (Node("text", text[found.end() :]), *first.children[len(leading) :])
        return found[1] != " ", (replace(first, children=rest), *others)

    def _table(self, node: Node, path: tuple[Quote | Item, ...]) -> None:
        number = len(self._source.tables)
        cells: dict[tuple[int, int], Range] = {}
        self._source.tables.append(Table(cells, node.alignments))
        for row, cells_of_row in enumerate(node.children):
            for column, cell in enumerate(cells_of_row.children):
                self._inlines(cell)
                cells[row, column] = Range(self._started, len(self._source.text))
                self._end(Role.PARAGRAPH, path, cell=Cell(number, row, column))

    def _inlines(self, node: Node, style: Format = PLAIN) -> None:
        previous: Node | None = None
        for child in node.children:
            self._inline(child, style, previous)
            if child.kind != "text" or child.literal:
                previous = child

    def _inline(self, node: Node, style: Format, previous: Node | None) -> None:
        text = self._source.text
        match node.kind:
            case "text":
                text.add(node.literal.replace("\n", " "), style)
            case "softbreak":
                text.add(" ", style)
            case "linebreak":
                text.add("\n", style)
            case "code":
                text.add(node.literal, replace(style, marks=style.marks | {Mark.CODE}))
            case "html_inline":
                text.add(node.literal.replace("\n", " "), replace(style, raw=True))
            case "strong" | "emph" | "strikethrough":
                self._inlines(node, replace(style, marks=style.marks | {MARKS[node.kind]}))
            case "link":
                self._inlines(node, replace(style, link=self._link(node, previous)))
            case "image":
                self._image(node, style)
            case "footnote_reference":
                self._source.references[len(text)] = node.literal
                text.add(FOOTNOTE, style)
            case other:
                raise ValueError(f"cmark-gfm made an inline of an unknown kind: {other}.")

    def _link(self, node: Node, previous: Node | None) -> Link:
        """Where a link leads; asked for if a document may: to the web, a mailbox, a heading."""
        self._links += 1
        if not node.url.startswith("#"):
            asked = _scheme(node.url) in LINKED_SCHEMES and _has_host(node.url)
            return Link(node.url, node.title, self._links, asked and not self._is_disputed(node, previous))
        name = unquote(node.url[1:])
        return Link(f"#{name}", node.title, self._links, name in self._names)

    def _is_disputed(self, node: Node, previous: Node | None) -> bool:
        """Whether cmark-gfm links a bare address that, by what precedes it, is none for the specification."""
        text = "".join(part.literal for part in node.walk())
        if f"<{text}>" in self._markdown or f"[{text}]" in self._markdown or previous is None:
            return False
        return previous.kind == "text" and previous.literal[-1:] not in BEFORE_AUTOLINK

    def _image(self, node: Node, style: Format) -> None:
        alternative = "".join(
            part.literal if part.kind in ("text", "code", "html_inline") else " "
            for part in node.walk()
            if part.kind in ("text", "code", "html_inline", "softbreak", "linebreak")
        )
        local = self._is_local(node.url)
        if local:
            self._source.pictures[len(self._source.text)] = Picture(alternative, node.title)
        text = IMAGE if local else alternative
        self._source.text.add(text, style if local else replace(style, raw=True))

    def _is_local(self, url: str) -> bool:
        """Whether an image's address is a picture in the folder of images."""
        if self._images is None or _scheme(url):
            return False
        folder = self._images.resolve()
        path = (folder / unquote(url)).resolve()
        return path.is_relative_to(folder) and path.suffix.lower() in PICTURES and path.is_file()


def _scheme(url: str) -> str:
    try:
        return urlsplit(url).scheme.lower()
    except ValueError:  # such as a bracket that is not an IPv6 address
        return url.partition(":")[0].lower()


def _has_host(url: str) -> bool:
    """Whether an address that needs a host has one."""
    if _scheme(url) not in ("http", "https"):
        return True
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return bool(HOST.fullmatch(f"[{host}]" if ":" in host else host))


def _callout(node: Node) -> tuple[str, tuple[Node, ...]] | None:
    """A callout's kind and its blocks without the line that makes it one, if it is one and has any."""
    if not node.children or node.children[0].kind != "paragraph":
        return None
    first, *blocks = node.children
    inlines = first.children
    ends = [place for place, part in enumerate(inlines) if part.kind in ("softbreak", "linebreak")]
    line = inlines[: ends[0]] if ends else inlines
    if any(part.kind != "text" for part in line):
        return None
    found = CALLOUT.fullmatch("".join(part.literal for part in line))
    if found is None:
        return None
    if ends:
        blocks.insert(0, replace(first, children=inlines[ends[0] + 1 :]))
    return (found[1].lower(), tuple(blocks)) if blocks else None
