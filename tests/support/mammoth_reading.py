"""What mammoth, a converter made by others, reads in a DOCX file, and GitHub's parser in Markdown (S1-13).

Both give HTML; here it becomes the same flat list of blocks. Word keeps paragraphs, not containers, so what
mammoth can't see is left out on both sides: how deep a quote is, and of which item a second paragraph is.
"""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import unquote

import cmarkgfm
import mammoth
from cmarkgfm.cmark import Options

from tests.support.html_tree import Element, read_html

CALLOUTS = ("note", "tip", "important", "warning", "caution")
LIST_LEVELS = 9
LEFT_OUT = ("Subtitle", "Author", "Date", "TOC Heading", "toc 1", "toc 2", "toc 3", "caption")
"""Styles of what is not in the Markdown, or not in its place."""
STYLES = (
    *(f"p[style-name='heading {level}'] => h{level}:fresh" for level in range(1, 7)),
    *(
        f"p:{name}-list({level}) => {'ul|ol > li > ' * (level - 1)}{tag} > li:fresh"
        for level in range(1, LIST_LEVELS + 1)
        for name, tag in (("unordered", "ul"), ("ordered", "ol"))
    ),
    "p[style-name='Title'] => div.title:fresh",
    "p[style-name='Source Code'] => pre:fresh",
    "p[style-name='Horizontal Rule'] => hr:fresh",
    "p[style-name='Quote'] => blockquote > p:fresh",
    *(f"p[style-name='Callout {kind.title()} Title'] => !" for kind in CALLOUTS),
    *(f"p[style-name='Callout {kind.title()}'] => blockquote.callout-{kind} > p:fresh" for kind in CALLOUTS),
    *(f"p[style-name='{name}'] => !" for name in LEFT_OUT),
    "r[style-name='Verbatim Char'] => code",
    "r[style-name='footnote reference'] => sup.note",
    "strike => del",
)
"""What mammoth is told of the styles that a renderer's documents use."""
WEB = ("http://", "https://")
RAW_HTML = re.compile(r"<!-- raw HTML omitted -->")

_HEADINGS = {f"h{level}" for level in range(1, 7)}
_TABLE = {"table", "thead", "tbody", "tr", "th", "td"}
_BLOCKS = {"blockquote", "ul", "ol", "li", "section", "p", "div", "pre", "hr"} | _HEADINGS | _TABLE
_NOTE = ("fn-", "footnote-")
_BACK = ("#fnref-", "#footnote-ref-")
_NOTE_LINKS = (*_BACK, "#fn-", "#footnote-")
_MARKS = {"strong": "strong", "em": "emphasis", "del": "strike", "code": "code"}
_SPACE = re.compile(r"[ \t\r\n\f]+")
_ALERT = re.compile(rf"\s*\[!({'|'.join(CALLOUTS)})\]\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Span:
    """Text with the same marks throughout: strong, emphasis, strike, code, `link <target>`."""

    text: str
    marks: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph of a document.

    Attributes:
        kind: `title`, `heading 2`, `paragraph`, `quote`, `callout note`, `code`, `rule`, `footnote`, `cell`,
            `header cell`, or an item: `ul 1` for a bullet that no list is around.
        spans: Its text, white space as in HTML, but in code as it is. A hard break is a line break, boxes are
            `☐` and `☑`, `[^1]` refers to a footnote, and `![text]` is a picture with that alternative text.
        place: Row and column of a cell, from 1.
    """

    kind: str
    spans: tuple[Span, ...]
    place: tuple[int, int] | None = None

    @property
    def text(self) -> str:
        """The text without its marks."""
        return "".join(span.text for span in self.spans)


def read_docx(data: bytes) -> list[Block]:
    """What mammoth reads in a document, without contents, captions and what stands below a title."""
    picture = mammoth.images.img_element(lambda image: {"src": ""})
    read = mammoth.convert_to_html(io.BytesIO(data), style_map="\n".join(STYLES), convert_image=picture)
    return _blocks(read.value)


def read_markdown(markdown: str) -> list[Block]:
    """What GitHub's parser reads in a text, raw HTML as the text that it is."""
    return _blocks(_with_html_as_text(_to_html(markdown, Options.CMARK_OPT_UNSAFE), _to_html(markdown, 0)))


def _to_html(markdown: str, options: int) -> str:
    extensions = ["table", "strikethrough", "autolink", "tasklist"]
    made: str = cmarkgfm.markdown_to_html_with_extensions(
        markdown, options=options | Options.CMARK_OPT_FOOTNOTES, extensions=extensions
    )
    return made


def _with_html_as_text(unsafe: str, safe: str) -> str:
    """The HTML with the author's own as text, found by what the parser leaves out where it is to be safe."""
    around = [re.escape(piece) for piece in RAW_HTML.split(safe)]
    # Links that aren't safe lose their target as well.
    pattern = "(.*?)".join(re.sub(r'(href|src)=""', r'\1="[^"]*"', piece) for piece in around)
    found = re.fullmatch(pattern, unsafe, re.DOTALL)
    if found is None:
        raise ValueError("The parser's two renderings of the text differ in more than its HTML.")
    made, end = "", 0
    for group in range(1, len(around)):
        made += unsafe[end : found.start(group)]
        end = found.end(group)
        text = html.escape(found.group(group)).replace("\n", "<br>")
        made += f"<p>{text}</p>" if _is_block_of_html(made, unsafe[end:]) else text
    return made + unsafe[end:]


def _is_block_of_html(before: str, after: str) -> bool:
    """Whether HTML has lines of its own, and no paragraph around it."""
    own_lines = before[-1:] in ("", "\n") and after.startswith("\n")
    return own_lines and before.rfind("<p>") <= before.rfind("</p>")


def _blocks(text: str) -> list[Block]:
    blocks = _Reading().blocks(read_html(text))
    return [block for block in blocks if block.kind == "rule" or block.text.strip()]


class _Reading:
    """One walk through a tree, and where it has been: a quote or an item is what its first block says."""

    def __init__(self) -> None:
        self._begun: set[Element] = set()
        self._callouts: dict[Element, str] = {}

    def blocks(self, element: Element) -> Iterator[Block]:
        """The blocks of an element. Inline content beside blocks, as in tight items, is one of its own."""
        if not any(map(_is_block, element.children)):
            yield self._block(element, element.children)
            return
        for are_blocks, children in groupby(element.children, key=_is_block):
            if are_blocks:
                for child in children:
                    assert isinstance(child, Element)
                    yield from self.blocks(child)
            else:
                yield self._block(element, children)

    def _block(self, element: Element, children: Iterable[Element | str]) -> Block:
        code = element.tag == "pre"
        spans = _joined(_pieces(children, frozenset(), code=code), code=code)
        if not spans and element.tag != "hr":
            return Block("nothing", ())
        around = element.nearest("li", "blockquote")
        first = around not in self._begun
        self._begun.update(element.around())
        if element.tag == "hr":
            return Block("rule", ())
        if (cell := element.nearest("td", "th")) is not None:
            return Block("header cell" if cell.tag == "th" else "cell", spans, _place(cell))
        if element.attributes.get("class") == "title":
            return Block("title", spans)
        if code:
            return Block("code", spans)
        if element.tag in _HEADINGS:
            return Block(f"heading {element.tag[1]}", spans)
        if around is None:
            return Block("paragraph", spans)
        if around.tag == "blockquote":
            return self._quoted(around, spans, first)
        return _item(around, spans, first)

    def _quoted(self, quote: Element, spans: tuple[Span, ...], first: bool) -> Block:
        if first:
            self._callouts[quote] = quote.attributes.get("class", "").replace("-", " ")
            if alert := _ALERT.match(spans[0].text):
                self._callouts[quote] = f"callout {alert[1].lower()}"
                rest = Span(spans[0].text[alert.end() :], spans[0].marks)
                spans = _joined([rest, *spans[1:]], code=False)
        return Block(self._callouts.get(quote) or "quote", spans)


def _is_block(child: Element | str) -> bool:
    return isinstance(child, Element) and child.tag in _BLOCKS


def _item(item: Element, spans: tuple[Span, ...], first: bool) -> Block:
    if item.attributes.get("id", "").startswith(_NOTE):
        return Block("footnote", spans)
    lists = [element for element in item.around() if element.tag in ("ul", "ol")]
    return Block(f"{lists[0].tag} {len(lists)}" if first else "paragraph", spans)


def _place(cell: Element) -> tuple[int, int]:
    row, table = cell.parent, cell.nearest("table")
    assert row is not None
    assert table is not None
    rows = [element for element in table.within() if element.tag == "tr"]
    return rows.index(row) + 1, row.elements().index(cell) + 1


def _pieces(children: Iterable[Element | str], marks: frozenset[str], *, code: bool) -> Iterator[Span]:
    for child in children:
        if isinstance(child, str):
            yield Span(child if code else _SPACE.sub(" ", child), marks)
        elif child.tag == "br":
            yield Span("\n", marks)
        elif child.tag == "img":
            yield Span(_picture(child), marks)
        elif child.tag == "input":
            yield Span("☑ " if "checked" in child.attributes else "☐ ", marks)
        elif _is_note_reference(child):
            yield from _note_reference(child, marks)
        else:
            yield from _pieces(child.children, marks | _mark(child), code=code)


def _picture(image: Element) -> str:
    """Its mark; just its words if it lies on the web, from where no renderer should fetch it."""
    words = image.attributes.get("alt", "")
    return words if image.attributes.get("src", "").startswith(WEB) else f"![{words}]"


def _is_note_reference(element: Element) -> bool:
    """Of GitHub's, of mammoth's, or a second one, which Word has as a field within the text."""
    again = element.attributes.get("class") == "note" and not element.elements()
    return again or element.attributes.get("href", "").startswith(_NOTE_LINKS)


def _note_reference(element: Element, marks: frozenset[str]) -> Iterator[Span]:
    if not element.attributes.get("href", "").startswith(_BACK):
        number = "".join(child for child in element.children if isinstance(child, str)).strip("[]")
        yield Span(f"[^{number}]", marks)


def _mark(element: Element) -> frozenset[str]:
    target = element.attributes.get("href", "")
    if target.startswith((*WEB, "mailto:")):
        return frozenset({f"link {unquote(target)}"})
    return frozenset({_MARKS[element.tag]} if element.tag in _MARKS else ())


def _joined(pieces: Iterable[Span], *, code: bool) -> tuple[Span, ...]:
    """Spans joined where their marks are equal.

    White space is reduced as a browser does it, and has the marks that the text on both sides of it shares.
    """
    if code:
        text = "".join(piece.text for piece in pieces).rstrip("\n")
        return (Span(text),) if text else ()
    characters = [(character, piece.marks) for piece in pieces for character in piece.text]
    runs = [list(run) for _, run in groupby(characters, key=lambda pair: pair[0] in " \n")]
    for position, run in enumerate(runs):
        if run[0][0] in " \n":
            inside = 0 < position < len(runs) - 1
            space = "\n" if any(character == "\n" for character, _ in run) else " "
            shared = runs[position - 1][-1][1] & runs[position + 1][0][1] if inside else frozenset()
            runs[position] = [(space, shared)] if inside else []
    reduced = [pair for run in runs for pair in run]
    groups = groupby(reduced, key=lambda pair: pair[1])
    return tuple(Span("".join(character for character, _ in group), marks) for marks, group in groups)
