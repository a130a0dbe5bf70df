"""Markdown that a language model wrote, made safe: parsed, and written anew from what was understood.

Nothing of the source reaches the result unread. HTML becomes text, images become their alternative text,
links stay only where the recording itself names the address, and headings sit below the section's own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from markdown_it.tree import SyntaxTreeNode

from techne.documents.escaping import (
    code_fence,
    code_span,
    destination,
    escape_heading,
    escape_line_start,
    escape_text,
    without_controls,
)
from techne.documents.markdown import parser, tree
from techne.documents.marks import is_mark_label, label_ids, marked_ids, split_at_marks, without_marks

WARNING = "⚠"
_SCHEMES = ("http://", "https://", "mailto:")
_ADDRESS = re.compile(
    r"(?:(?<![a-z0-9+.-])[a-z][a-z0-9+.-]*:)?//[^\s<>`\"']+|(?<![^\W_])www\.[^\s<>`\"']+"
    r"|(?<![^\W_])(?:javascript|vbscript|data|file|blob|mailto|xmpp|tel):[^\s<>`\"']+"
    r"|(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
    re.IGNORECASE,
)
_LINE_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_TASK = re.compile(r"^\[[ xX]\] ")
_CLOSING = ".,;:!?)]}…"
_LOWEST_HEADING = 6


def _no_times(item_ids: Sequence[str]) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Policy:
    """What a text may keep, and how marks and notes are written.

    Args:
        allowed_urls: Addresses that may be links; everything else is text.
        render_marks: Markdown for the items that a mark cites.
        unverified: Literals to be followed by a warning sign.
        image_note: Word put before an image's alternative text.
        heading_level: Level of the highest heading of the text.
        own_title: A first heading that says the same is left out.
    """

    allowed_urls: frozenset[str] = frozenset()
    render_marks: Callable[[Sequence[str]], str] = _no_times
    unverified: tuple[str, ...] = ()
    image_note: str = "image"
    heading_level: int = 3
    own_title: str = ""
    _flag: re.Pattern[str] | None = field(init=False, repr=False, default=None)

    def __post_init__(self) -> None:
        normalize = parser().normalizeLink
        allowed = frozenset(normalize(url) for url in self.allowed_urls if url.lower().startswith(_SCHEMES))
        object.__setattr__(self, "allowed_urls", allowed)
        if self.unverified:
            longest_first = sorted(self.unverified, key=lambda literal: (-len(literal), literal))
            literals = "|".join(re.escape(literal) for literal in longest_first)
            object.__setattr__(
                self, "_flag", re.compile(rf"(?<!\w)(?<!\d[.,])(?:{literals})(?!\w)(?![.,]\d)")
            )

    def allows(self, url: str) -> bool:
        """Whether a link may lead there."""
        return url.lower().startswith(_SCHEMES) and parser().normalizeLink(url) in self.allowed_urls

    def flags(self, text: str) -> Iterator[tuple[str, bool]]:
        """The text in pieces, each with whether a warning sign follows it."""
        position = 0
        for match in self._flag.finditer(text) if self._flag else ():
            yield text[position : match.end()], True
            position = match.end()
        if position < len(text):
            yield text[position:], False

    def flagged_in(self, code: str) -> list[str]:
        """Unverified literals that occur in code, in their order."""
        return list(dict.fromkeys(match.group() for match in self._flag.finditer(code))) if self._flag else []


def sanitize_markdown(markdown: str, policy: Policy) -> str:
    """Blocks of untrusted Markdown, safe; without a final line end."""
    return _Rewriter(policy).blocks(_without_own_title(tree(markdown).children, policy))


def sanitize_inline(markdown: str, policy: Policy, *, in_table: bool = False) -> str:
    """One line of untrusted Markdown, safe, for a heading, a statement or a table cell."""
    inline = SyntaxTreeNode(parser().parseInline(" ".join(markdown.split())))
    rewriter = _Rewriter(policy)
    return " ".join(rewriter.inlines(_inline_children(inline), in_table=in_table, one_line=True).split())


def _without_own_title(blocks: Sequence[SyntaxTreeNode], policy: Policy) -> Sequence[SyntaxTreeNode]:
    def words(text: str) -> str:
        return " ".join(re.findall(r"[^\W\d_]+", text.casefold()))

    if policy.own_title and blocks and blocks[0].type == "heading":
        content = blocks[0].children[0].content if blocks[0].children else ""
        if words(without_marks(content)) == words(policy.own_title):
            return blocks[1:]
    return blocks


def _inline_children(node: SyntaxTreeNode) -> list[SyntaxTreeNode]:
    return [
        child
        for inline in node.children
        for child in (inline.children if inline.type == "inline" else [inline])
    ]


class _Rewriter:
    """Writes a tree as Markdown; every character passes through an escape."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._shift = 0

    def blocks(self, nodes: Sequence[SyntaxTreeNode]) -> str:
        levels = [int(node.tag[1]) for block in nodes for node in block.walk() if node.type == "heading"]
        self._shift = self._policy.heading_level - min(levels, default=self._policy.heading_level)
        return self._join(nodes)

    def _join(self, nodes: Sequence[SyntaxTreeNode], *, tight: bool = False) -> str:
        parts: list[str] = []
        previous: SyntaxTreeNode | None = None
        alternate = False
        for node in nodes:
            # Two lists in a row would grow together: the second takes the other marker.
            alternate = bool(
                previous and previous.type == node.type and node.type.endswith("_list") and not alternate
            )
            text = self._block(node, alternate=alternate)
            if not text:
                continue
            if parts:
                close = tight and node.type.endswith("_list") and node.attrGet("start") is None
                parts.append("\n" if close else "\n\n")
            parts.append(text)
            previous = node
        return "".join(parts)

    def _block(self, node: SyntaxTreeNode, *, alternate: bool) -> str:
        match node.type:
            case "heading":
                level = min(max(int(node.tag[1]) + self._shift, 1), _LOWEST_HEADING)
                text = escape_heading(self.inlines(_inline_children(node), one_line=True))
                return f"{'#' * level} {text}" if text else ""
            case "paragraph":
                return self._paragraph(node)
            case "bullet_list" | "ordered_list":
                return self._list(node, alternate=alternate)
            case "blockquote":
                quoted = self._join(node.children)
                return "\n".join(f"> {line}".rstrip() for line in quoted.split("\n")) if quoted else ""
            case "fence" | "code_block":
                return self._code(node)
            case "table":
                return self._table(node)
            case "hr":
                return "___"
            case _:
                return self._plain_paragraph(node.content)

    def _paragraph(self, node: SyntaxTreeNode) -> str:
        text = self.inlines(_inline_children(node)).strip()
        lines = (escape_line_start(line) for line in text.split("\n"))
        return "\n".join(line for line in lines if line.strip(" \\")).removesuffix("\\")

    def _plain_paragraph(self, text: str) -> str:
        words = " ".join(without_controls(text).split())
        return escape_line_start(self._text(words, in_table=False)).strip()

    def _list(self, node: SyntaxTreeNode, *, alternate: bool) -> str:
        ordered = node.type == "ordered_list"
        start = node.attrGet("start")
        number = 1 if start is None else int(start)
        tight = all(
            child.hidden for item in node.children for child in item.children if child.type == "paragraph"
        )
        items: list[str] = []
        for item in node.children:
            marker = f"{number}{')' if alternate else '.'}" if ordered else "*" if alternate else "-"
            number += 1
            content = self._join(item.children, tight=tight)
            content = self._with_task(item, content)
            indent = " " * (len(marker) + 1)
            lines = content.split("\n")
            body = [lines[0], *(f"{indent}{line}".rstrip() for line in lines[1:])]
            items.append(f"{marker} {chr(10).join(body)}".rstrip())
        return ("\n" if tight else "\n\n").join(items)

    @staticmethod
    def _with_task(item: SyntaxTreeNode, content: str) -> str:
        first = item.children[0] if item.children else None
        if first is None or first.type != "paragraph":
            return content
        task = _TASK.match(first.children[0].content)
        return f"{task.group()}{content[len(task.group()) + 2 :]}" if task else content

    def _code(self, node: SyntaxTreeNode) -> str:
        cited = marked_ids(node.content)
        code = "\n".join(
            without_marks(line) if marked_ids(line) else line for line in node.content.split("\n")
        )
        block = code_fence(code, node.info)
        notes = [self._policy.render_marks(cited)] if cited else []
        notes += [f"{WARNING} {code_span(literal)}" for literal in self._policy.flagged_in(code)]
        after = " ".join(note for note in notes if note)
        return f"{block}\n\n{after}" if after else block

    def _table(self, node: SyntaxTreeNode) -> str:
        rows = [row for part in node.children for row in part.children]
        if not rows:
            return ""
        head = rows[0].children
        lines = [self._row(head)]
        lines.append("| " + " | ".join(_alignment(cell) for cell in head) + " |")
        lines += [self._row(row.children) for row in rows[1:]]
        return "\n".join(lines)

    def _row(self, cells: Sequence[SyntaxTreeNode]) -> str:
        texts = [
            " ".join(self.inlines(_inline_children(cell), in_table=True, one_line=True).split())
            for cell in cells
        ]
        return "| " + " | ".join(texts) + " |"

    def inlines(
        self, nodes: Iterable[SyntaxTreeNode], *, in_table: bool = False, one_line: bool = False
    ) -> str:
        """Inline nodes as Markdown; neighbouring text is read as one, so that nothing hides in a seam."""
        parts: list[str] = []
        text = ""
        for node in nodes:
            if node.type in ("text", "html_inline", "image", "softbreak"):
                text += self._as_text(node)
                continue
            if node.type == "link" and is_mark_label(_content(node)):
                text += f"[{', '.join(label_ids(_content(node)))}]"
                continue
            parts.append(self._text(text, in_table=in_table))
            text = ""
            parts.append(self._inline(node, in_table=in_table, one_line=one_line))
        parts.append(self._text(text, in_table=in_table))
        return "".join(parts)

    def _as_text(self, node: SyntaxTreeNode) -> str:
        if node.type == "softbreak":
            return " "
        if node.type == "image":
            alternative = _content(node).strip()
            return (
                f"({self._policy.image_note}: {alternative})"
                if alternative
                else f"({self._policy.image_note})"
            )
        if node.type == "html_inline" and _LINE_BREAK.fullmatch(node.content):
            return " "
        return re.sub(r"\s", " ", node.content)

    def _inline(self, node: SyntaxTreeNode, *, in_table: bool, one_line: bool) -> str:
        if node.type == "code_inline":
            return self._code_inline(node.content, in_table=in_table)
        if node.type == "hardbreak":
            return " " if one_line else "\\\n"
        content = self.inlines(node.children, in_table=in_table, one_line=one_line)
        if node.type == "link":
            url = str(node.attrGet("href") or "")
            if not content.strip() or not self._policy.allows(url):
                return content
            # A link can't hold another: the text of one that is its own address stays plain.
            label = escape_text(_content(node)) if "](" in content else content
            return f"[{label.strip()}]({destination(url)})"
        marker = {"strong": "**", "em": "*", "s": "~~"}.get(node.type, "")
        bare = content.strip()
        if not bare:
            return content
        before, after = content[: len(content) - len(content.lstrip())], content[len(content.rstrip()) :]
        return f"{before}{marker}{bare}{marker}{after}"

    def _code_inline(self, code: str, *, in_table: bool) -> str:
        cited = marked_ids(code)
        code = without_marks(code) if cited else code
        span = code_span(code, in_table=in_table)
        if self._policy.flagged_in(code):
            span += f" {WARNING}"
        times = self._policy.render_marks(cited) if cited else ""
        return f"{span} {times}" if times else span

    def _text(self, text: str, *, in_table: bool) -> str:
        parts: list[str] = []
        for piece in split_at_marks(text):
            if isinstance(piece, tuple):
                times = self._policy.render_marks(piece)
                parts.append(f" {times}" if times else "")
            else:
                parts.append(self._addresses(piece, in_table=in_table))
        return "".join(parts)

    def _addresses(self, text: str, *, in_table: bool) -> str:
        """Text whose addresses are links or code: a reader's own autolinking gets nothing to hold on to."""
        parts: list[str] = []
        position = 0
        for match in _ADDRESS.finditer(text):
            address = match.group().rstrip(_CLOSING)
            parts.append(self._flagged(text[position : match.start()]))
            position = match.start() + len(address)
            url = f"mailto:{address}" if "@" in address and ":" not in address else address
            if self._policy.allows(url):
                parts.append(f"[{escape_text(address)}]({destination(url)})")
            else:
                parts.append(self._code_inline(address, in_table=in_table))
        parts.append(self._flagged(text[position:]))
        return "".join(parts)

    def _flagged(self, text: str) -> str:
        return "".join(
            escape_text(piece) + (f" {WARNING}" if flagged else "")
            for piece, flagged in self._policy.flags(text)
        )


def _content(node: SyntaxTreeNode) -> str:
    if not node.children:
        return node.content
    return "".join(_content(child) for child in node.children)


def _alignment(cell: SyntaxTreeNode) -> str:
    style = str(cell.attrGet("style") or "")
    return {"text-align:left": ":---", "text-align:center": ":---:", "text-align:right": "---:"}.get(
        style, "---"
    )
