"""Markdown documents whose meaning is known by construction: made as trees, then written as Markdown.

A tree knows what a reader must see of it; the writer here escapes so that a parser can read it in one way
alone. What it writes is held against cmark-gfm, GitHub's own parser, before a renderer is (S1-13, S1-54).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

PICTURE = "picture.png"
"""The one image that may be there; all others are missing."""

_AS_REFERENCE = {"\xa0": "&nbsp;", "©": "&copy;", "…": "&hellip;", "\ufeff": "&#xFEFF;"}
_NOT_ESCAPED = ",;'?%/$({}"
_INDENTED = "    "
_RULE = "___"
_BULLETS = "-*+"
_DELIMITERS = ".)"
_LARGEST_NUMBER = 999_999_999


@dataclass(frozen=True, slots=True)
class Writing:
    """How a tree is written.

    Args:
        plain: Whether raw HTML is written as text, callouts as quotes and tasks as items, for cmark-gfm. It
            passes on the first, doesn't know the second, and misses the third in quotes and footnotes.
        in_table: Whether pipes end a cell.
        bullet: Marker of the list around, which the next one must not have.
    """

    plain: bool = False
    in_table: bool = False
    bullet: int = -1


class Inline:
    """A part of a line."""

    def write(self, how: Writing) -> str:
        """The Markdown."""
        raise NotImplementedError

    def seen(self, pictures: bool) -> str:
        """What a reader sees, a line break as a line feed; `pictures` says whether `PICTURE` is there."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Text(Inline):
    """Words that mean nothing but themselves."""

    text: str

    def write(self, how: Writing) -> str:
        return escaped(self.text)

    def seen(self, pictures: bool) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Code(Inline):
    text: str

    def write(self, how: Writing) -> str:
        fence = "`" * (longest_run(self.text, "`") + 1)
        stripped = self.text.startswith(" ") and self.text.endswith(" ") and bool(self.text.strip(" "))
        pad = " " if stripped or self.text.startswith("`") or self.text.endswith("`") else ""
        code = f"{fence}{pad}{self.text}{pad}{fence}"
        return code.replace("|", "\\|") if how.in_table else code

    def seen(self, pictures: bool) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Styled(Inline):
    """Emphasis, strong emphasis or strikethrough, by its delimiter."""

    delimiter: str
    content: Line

    def write(self, how: Writing) -> str:
        return f"{self.delimiter}{self.content.write(how)}{self.delimiter}"

    def seen(self, pictures: bool) -> str:
        return self.content.seen(pictures)


@dataclass(frozen=True, slots=True)
class Link(Inline):
    content: Line
    url: str
    title: str = ""

    def write(self, how: Writing) -> str:
        return f"[{self.content.write(how)}](<{self.url}>{quoted(self.title)})"

    def seen(self, pictures: bool) -> str:
        return self.content.seen(pictures)


@dataclass(frozen=True, slots=True)
class Autolink(Inline):
    url: str
    angled: bool

    def write(self, how: Writing) -> str:
        return f"<{self.url}>" if self.angled else self.url

    def seen(self, pictures: bool) -> str:
        return self.url


@dataclass(frozen=True, slots=True)
class Image(Inline):
    alternative: str
    url: str
    title: str = ""

    def write(self, how: Writing) -> str:
        return f"![{escaped(self.alternative)}](<{self.url}>{quoted(self.title)})"

    def seen(self, pictures: bool) -> str:
        return "" if self.is_there(pictures) else self.alternative

    def is_there(self, pictures: bool) -> bool:
        """Whether it is a picture and not its alternative text."""
        return pictures and self.url == PICTURE


@dataclass(frozen=True, slots=True)
class Html(Inline):
    """Raw HTML, which a reader sees as it was written."""

    text: str

    def write(self, how: Writing) -> str:
        return escaped(self.text) if how.plain else self.text

    def seen(self, pictures: bool) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Reference(Inline):
    """A mark that leads to a footnote."""

    label: str

    def write(self, how: Writing) -> str:
        return f"[^{self.label}]"

    def seen(self, pictures: bool) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class Line:
    """Inlines and what stands between each two of them: a space, a soft or a hard line break.

    There is always white space between two, so that delimiters can't be read as anything else.
    """

    inlines: tuple[Inline, ...]
    separators: tuple[str, ...] = ()

    def write(self, how: Writing) -> str:
        """The Markdown."""
        return self._joined([inline.write(how) for inline in self.inlines], self.separators)

    def seen(self, pictures: bool) -> str:
        """What a reader sees, a hard line break as a line feed."""
        between = ["\n" if len(separator) > 1 else " " for separator in self.separators]
        return self._joined([inline.seen(pictures) for inline in self.inlines], between)

    def _joined(self, parts: Sequence[str], between: Sequence[str]) -> str:
        return "".join(part + after for part, after in zip(parts, [*between, ""], strict=True))


class Block:
    """A paragraph or what holds some."""

    def write(self, how: Writing) -> list[str]:
        """The Markdown, by lines."""
        raise NotImplementedError

    def seen(self, pictures: bool) -> Iterator[str]:
        """What a reader sees, by paragraphs; those without text may be missing."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Paragraph(Block):
    line: Line

    def write(self, how: Writing) -> list[str]:
        return self.line.write(how).split("\n")

    def seen(self, pictures: bool) -> Iterator[str]:
        yield self.line.seen(pictures)
        match self.line.inlines:
            case [Image(title=title) as image] if image.is_there(pictures):
                yield title


@dataclass(frozen=True, slots=True)
class Heading(Block):
    level: int
    line: Line | None
    underlined: bool = False

    def write(self, how: Writing) -> list[str]:
        text = "" if self.line is None else self.line.write(how)
        if self.underlined and text and self.level <= 2:
            return [text, ("=" if self.level == 1 else "-") * 3]
        return [f"{'#' * self.level} {text}".rstrip(" ")]

    def seen(self, pictures: bool) -> Iterator[str]:
        yield "" if self.line is None else self.line.seen(pictures)


@dataclass(frozen=True, slots=True)
class CodeBlock(Block):
    lines: tuple[str, ...]
    language: str = ""
    fence: str = "`"

    def write(self, how: Writing) -> list[str]:
        fence = self.fence * max(3, *(longest_run(line, self.fence) + 1 for line in (*self.lines, "")))
        return [fence + self.language, *self.lines, fence]

    def seen(self, pictures: bool) -> Iterator[str]:
        yield "\n".join(self.lines)


@dataclass(frozen=True, slots=True)
class HtmlBlock(Block):
    lines: tuple[str, ...]

    def write(self, how: Writing) -> list[str]:
        return ["```", *self.lines, "```"] if how.plain else list(self.lines)

    def seen(self, pictures: bool) -> Iterator[str]:
        yield "\n".join(self.lines)


@dataclass(frozen=True, slots=True)
class Rule(Block):
    def write(self, how: Writing) -> list[str]:
        return [_RULE]

    def seen(self, pictures: bool) -> Iterator[str]:
        yield from ()


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a list; `done` says whether its task is, None that it is none."""

    blocks: tuple[Block, ...]
    done: bool | None = None


@dataclass(frozen=True, slots=True)
class List(Block):
    """A list, ordered if it has a number to start from."""

    items: tuple[Item, ...]
    start: int | None = None
    loose: bool = True

    def write(self, how: Writing, alternate: int = 0) -> list[str]:
        bullet = [number for number in range(len(_BULLETS)) if number != how.bullet][alternate]
        lines: list[str] = []
        for place, item in enumerate(self.items):
            if lines and self.loose:
                lines.append("")
            marker = f"{_BULLETS[bullet]} "
            if self.start is not None:
                marker = f"{min(self.start + place, _LARGEST_NUMBER)}{_DELIMITERS[alternate]} "
            inside = written(item.blocks, Writing(how.plain, bullet=bullet), loose=self.loose)
            if item.done is not None and not how.plain:
                inside[0] = f"[{'x' if item.done else ' '}] {inside[0]}"
            lines += prefixed(inside, marker, " " * len(marker))
        return lines

    def may_follow_at_once(self) -> bool:
        """Whether no blank line is needed between a paragraph and this."""
        return self.start in (None, 1) and isinstance(next(iter(self.items[0].blocks), None), Paragraph)

    def seen(self, pictures: bool) -> Iterator[str]:
        for item in self.items:
            yield from seen(item.blocks, pictures)


@dataclass(frozen=True, slots=True)
class Quote(Block):
    """A quote, a callout if it has a kind."""

    blocks: tuple[Block, ...]
    kind: str = ""

    def write(self, how: Writing) -> list[str]:
        head = [f"[!{self.kind}]"] if self.kind and not how.plain else []
        return prefixed([*head, *written(self.blocks, Writing(how.plain))], "> ", "> ")

    def seen(self, pictures: bool) -> Iterator[str]:
        yield from seen(self.blocks, pictures)


@dataclass(frozen=True, slots=True)
class Table(Block):
    """A table; the first row is its header, and a shorter row lacks its last cells."""

    rows: tuple[tuple[Line | None, ...], ...]
    alignment: tuple[str, ...]

    def write(self, how: Writing) -> list[str]:
        inside = Writing(how.plain, in_table=True)
        rows = [["" if cell is None else cell.write(inside) for cell in row] for row in self.rows]
        rows.insert(1, list(self.alignment))
        return [f"| {' | '.join(row)} |" for row in rows]

    def seen(self, pictures: bool) -> Iterator[str]:
        for row in self.rows:
            for cell in row:
                yield "" if cell is None else cell.seen(pictures)


@dataclass(frozen=True)
class MarkdownDocument:
    """A document; its footnotes stand in the order of the first references to them."""

    blocks: tuple[Block, ...]
    footnotes: dict[str, tuple[Block, ...]] = field(default_factory=dict)

    @cached_property
    def markdown(self) -> str:
        """The document as Markdown."""
        return self.write(Writing())

    @cached_property
    def plain_markdown(self) -> str:
        """The same without what cmark-gfm reads otherwise."""
        return self.write(Writing(plain=True))

    def write(self, how: Writing) -> str:
        """The document as Markdown."""
        lines = written(self.blocks, how)
        for label, blocks in self.footnotes.items():
            lines += ["", *prefixed(written(blocks, Writing(how.plain)), f"[^{label}]: ", _INDENTED)]
        return "".join(f"{line}\n" for line in lines)

    def seen(self, *, pictures: bool) -> list[str]:
        """What a reader sees in the body, by paragraphs, those without text left out."""
        return [text for text in seen(self.blocks, pictures) if text.strip()]

    def seen_below(self, *, pictures: bool) -> list[list[str]]:
        """The same for each footnote."""
        return [[text for text in seen(note, pictures) if text.strip()] for note in self.footnotes.values()]


def seen(blocks: Sequence[Block], pictures: bool) -> Iterator[str]:
    """What a reader sees of blocks."""
    for block in blocks:
        yield from block.seen(pictures)


def written(blocks: Sequence[Block], how: Writing, *, loose: bool = True) -> list[str]:
    """Blocks as lines; two lists in a row get different markers, or they would be one."""
    lines: list[str] = []
    alternate = 0
    before: Block | None = None
    for block in blocks:
        alternate = 1 - alternate if isinstance(before, List) else 0
        nested = isinstance(block, List) and isinstance(before, Paragraph) and block.may_follow_at_once()
        if lines and not (nested and not loose):
            lines.append("")
        lines += block.write(how, alternate) if isinstance(block, List) else block.write(how)
        before = block
    return lines


def prefixed(lines: Sequence[str], first: str, others: str) -> list[str]:
    """Lines within a list item, quote or footnote."""
    return [
        f"{others if place else first}{line}" if line else (others if place else first).rstrip(" ")
        for place, line in enumerate(lines or [""])
    ]


def longest_run(text: str, character: str) -> int:
    """How often a character stands there in a row, at most."""
    return max((len(run) for run in re.findall(f"{re.escape(character)}+", text)), default=0)


def quoted(title: str) -> str:
    """The title of a link or image; cmark-gfm may take a backslash before a quote as its escape."""
    return f' "{escaped(title.replace(chr(92), chr(0))).replace(chr(0), "&#92;")}"' if title else ""


def escaped(text: str) -> str:
    """Text that is read as just that: punctuation escaped, white space at the ends as references."""
    result = "".join(
        f"\\{character}" if re.match(r"[!-/:-@[-`{-~]", character) and character not in _NOT_ESCAPED
        else _AS_REFERENCE.get(character, character)
        for character in text
    )  # fmt: skip
    for edge in (r"^\s", r"\s$"):
        result = re.sub(edge, lambda match: f"&#{ord(match.group())};", result)
    return result


# Strategies: what comes first in each choice is what a failing example shrinks to.

_PLAIN_WORDS = (
    "a", "texto", "max_connections", "R$ 10", "C#", "x.", "1.", "2)", "-", "+", "#", ">", "===", "|", "~~~",
)  # fmt: skip
_ODD_WORDS = (
    "ação", "e\u0301\u0302", "שלום", "مرحبا", "日本語", "\u202eabc\u202c",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\U0001f1e7\U0001f1f7", "\U000e0041", "\U0010fffd", "\ufffd", "\ufeff", "\xa0", "\u2029", "\u3000x",
    *(f"a{odd}b" for odd in "\xa0\u2028\u200b\xad\u2011\x01\x0b\x0c\x1b\x1c\x7f\x85\ufffe\uffff"),
    "<b>", "&amp;", "&#65;", "&copy", "{{title}}", "{{document}}", "{{contents}}", "[x](y)", "![x](y)",
    "[^a]", "[ ]", "[!NOTE]", "`", "``", "\\", "*", "**", "_", "__init__", "~~", "$x$", "^", "http://e.com",
    "www.e.com", "a@e.com", "w" * 300,
)  # fmt: skip
_URLS = (
    "https://e.com/", "https://e.com/a?b=1&c=%20#d", "mailto:a@e.com", "#texto", "#nowhere", "other.md", "",
    "javascript:x", "data:,x", "//e.com/x", "https://é.example/ção", "https://e.com/a b", "http://[",
    "file:///etc/passwd", "https://e.com/" + "x" * 2100,
)  # fmt: skip
_AUTOLINKS = ("https://e.com/a", "http://e.com/b?c=d", "https://e.com")
_IMAGES = (
    PICTURE,
    "missing.png",
    "https://e.com/i.png",
    "../up.png",
    "data:image/png;base64,x",
    "/etc/passwd",
)
_HTML = ("<b>", "</b>", "<br>", '<span title="a">', "<!-- c -->")
_HTML_BLOCKS = (
    ("<div>", "x & **y**", "</div>"),
    ("<!-- a", "", "  b -->"),
    ("<p>",),
    ("<script>", "1 < 2", "</script>"),
)
_LANGUAGES = ("", "python", "bash", "json", "nothing-known", "c++ linenos", "diff", "sql")
_LABELS = ("a", "Nota-2", "3")
_KINDS = ("NOTE", "TIP", "IMPORTANT", "WARNING", "CAUTION")
_NOT_AT_ENDS = "\x0b\x0c\x1c\x1d\x1e\x1f\x85"
"""White space that is cut off at the ends of a line, and that no reference can stand for."""
_STYLES = ("**", "_", "~~")
_DEPTH, _INLINE_DEPTH = 3, 2

_characters = st.characters(exclude_categories=["Cs"], exclude_characters="\x00\n\r\t ")
_words = (
    st.one_of(
        st.sampled_from(_PLAIN_WORDS),
        st.sampled_from(_ODD_WORDS),
        st.text(_characters, min_size=1, max_size=8),
    )
    .map(lambda word: word.strip(_NOT_AT_ENDS))
    .filter(bool)
)
_texts = st.lists(_words, min_size=1, max_size=4).flatmap(
    lambda words: st.sampled_from([" ", "  ", "\t"]).map(lambda space: space.join(words))
)
_codes = st.one_of(_texts, st.sampled_from(["`", " ", "  ", " a ", "`` `", "a|b", "\\|", "\\", "<b>"]))
_code_lines = st.one_of(
    st.sampled_from(["", "x = 1", "    y", "\tz", "  ", "```", "~~~~", "- a", "# b", "> c", "def f(): # d"]),
    _texts,
)


_no_text = st.just("")
_images = st.builds(Image, st.one_of(_texts, _no_text), st.sampled_from(_IMAGES), st.one_of(_no_text, _texts))
_separators = st.sampled_from([" ", "\n", "\\\n", "  \n"])


@st.composite
def _later(draw: st.DrawFn, make: Callable[..., st.SearchStrategy[Any]], *arguments: object) -> Any:
    """What is made when it is drawn: the descriptions of strategies in each other would take megabytes."""
    return draw(make(*arguments))


@lru_cache
def _inlines(within: frozenset[str], breaks: bool) -> st.SearchStrategy[Inline]:
    """One inline; emphasis and links are not nested in their own kind."""
    choices: list[st.SearchStrategy[Inline]] = [_texts.map(Text), _codes.map(Code)]
    choices.append(_images if breaks else _images.map(lambda image: replace(image, title="")))
    choices.append(st.sampled_from(_HTML).map(Html))
    if "link" not in within:
        # A delimiter right after an address without brackets would be a part of it.
        angled = st.just(True) if within else st.booleans()
        choices.append(st.builds(Autolink, st.sampled_from(_AUTOLINKS), angled))
        choices.append(st.sampled_from(_LABELS).map(Reference))
    if len(within) < _INLINE_DEPTH:
        nested = {
            kind: _later(_lines, within | {kind}, breaks) for kind in (*_STYLES, "link") if kind not in within
        }
        if "link" in nested:
            address = st.sampled_from(_URLS)
            choices.append(st.builds(Link, nested.pop("link"), address, st.one_of(_no_text, _texts)))
        choices += [st.builds(Styled, st.just(kind), content) for kind, content in nested.items()]
    return st.one_of(choices)


@lru_cache
def _lines(within: frozenset[str] = frozenset(), breaks: bool = True) -> st.SearchStrategy[Line]:
    """Inlines; `breaks` says whether the line may have line breaks, and images titles."""
    parts = st.lists(
        st.tuples(_inlines(within, breaks), _separators if breaks else st.just(" ")), min_size=1, max_size=3
    )
    return parts.map(_line)


def _line(parts: list[tuple[Inline, str]]) -> Line:
    inlines = [
        Text("a") if isinstance(one, Html) and not place else one for place, (one, _) in enumerate(parts)
    ]
    separators = [_separator(*pair, parts[place][1]) for place, pair in enumerate(pairwise(inlines))]
    return Line(tuple(inlines), tuple(separators))


def _separator(before: Inline, after: Inline, drawn: str) -> str:
    """Raw HTML at the start of a line would be a block, and a backslash a part of the address before it."""
    if isinstance(after, Html):
        return " "
    return "  \n" if isinstance(before, Autolink) and drawn.startswith("\\") else drawn


_paragraphs: st.SearchStrategy[Block] = st.builds(Paragraph, _lines())
_headings: st.SearchStrategy[Block] = st.builds(
    Heading, st.integers(1, 6), st.one_of(_lines(breaks=False), st.none()), st.booleans()
)
_code_blocks: st.SearchStrategy[Block] = st.builds(
    CodeBlock,
    st.lists(_code_lines, max_size=4).map(tuple),
    st.sampled_from(_LANGUAGES),
    st.sampled_from("`~"),
)
_cells = st.one_of(_lines(breaks=False), st.none())


def _tables_of(columns: int) -> st.SearchStrategy[Block]:
    header = st.tuples(*[_cells] * columns)
    rows = st.lists(st.lists(_cells, min_size=1, max_size=columns).map(tuple), max_size=3)
    alignment = st.tuples(*[st.sampled_from(["---", ":--", ":-:", "--:"])] * columns)
    return st.builds(lambda first, others, how: Table((first, *others), how), header, rows, alignment)


_leaves = (
    _paragraphs,
    _headings,
    _code_blocks,
    st.one_of([_tables_of(columns) for columns in (2, 1, 4)]),
    st.sampled_from(_HTML_BLOCKS).map(HtmlBlock),
    st.just(Rule()),
)


@lru_cache
def _items(depth: int) -> st.SearchStrategy[Item]:
    others, all_blocks = _later(_blocks, depth, 1), _later(_blocks, depth, 2)
    task = st.builds(lambda first, rest, done: Item((first, *rest), done), _paragraphs, others, st.booleans())
    return st.one_of(st.builds(Item, all_blocks), task)


@lru_cache
def _blocks(depth: int, most: int, least: int = 0) -> st.SearchStrategy[tuple[Block, ...]]:
    choices = list(_leaves)
    if depth:
        items = st.lists(_items(depth - 1), min_size=1, max_size=3).map(tuple)
        start = st.one_of(st.none(), st.integers(0, 12), st.just(_LARGEST_NUMBER))
        choices.append(st.builds(List, items, start, st.booleans()))
        choices.append(st.builds(Quote, _later(_blocks, depth - 1, 2)))
        inside = _later(_blocks, depth - 1, 2, 1)
        choices.append(st.builds(Quote, inside, st.sampled_from(_KINDS)))
    return st.lists(st.one_of(choices), min_size=least, max_size=most).map(tuple)


def references(part: object) -> Iterator[str]:
    """The labels of the footnotes that a tree refers to, in its order."""
    if isinstance(part, Reference):
        yield part.label
    elif isinstance(part, tuple):
        for one in part:
            yield from references(one)
    elif is_dataclass(part):
        for attribute in fields(part):
            yield from references(getattr(part, attribute.name))


def without_references(part: Any) -> Any:
    """The tree without references, since Word's footnotes hold none."""
    if isinstance(part, Reference):
        return Text(part.label)
    if isinstance(part, tuple):
        return tuple(without_references(one) for one in part)
    if is_dataclass(part) and not isinstance(part, type):
        changed = {one.name: without_references(getattr(part, one.name)) for one in fields(part)}
        return replace(part, **changed)
    return part


@st.composite
def markdown_documents(draw: st.DrawFn) -> MarkdownDocument:
    """Documents of all that Markdown has."""
    blocks = draw(_blocks(_DEPTH, 4))
    labels = dict.fromkeys(references(blocks))
    # The parser's plugin takes a space too many from code that begins on the line of the label.
    notes = {label: without_references((draw(_paragraphs), *draw(_blocks(1, 1)))) for label in labels}
    return MarkdownDocument(blocks, notes)
