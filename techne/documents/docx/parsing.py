"""The Markdown that is rendered: CommonMark 0.31 and GitHub's extensions, with where each block stands.

GitHub's are tables, strikethrough, task lists, autolinks, footnotes and alerts (here: callouts). What docgen
writes is for the narrower parser of `techne.documents.markdown`, and reads the same with both.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode
from mdit_py_plugins.footnote.index import footnote_def
from mdit_py_plugins.gfm import gfm_plugin

DEEPEST = 100
"""Blocks within blocks that are read as such: what is in there deeper is shown as it was written."""

_MARKERS = re.compile(r"^[\s>]+")
_LOCAL_PART = re.compile(r"[A-Za-z0-9.+_-]*_$")
_AUTOLINK = "autolink"
_LINE_END = re.compile(r"\r\n?|\n")


@dataclass(frozen=True, slots=True)
class ParsedMarkdown:
    """A text as a tree.

    Args:
        blocks: The blocks of the text, in order, footnotes left out.
        footnotes: The footnotes that the text refers to, by the id that references carry in `meta`.
        unused_footnotes: Labels of footnotes that nothing refers to; their text is in no tree.
        too_deep: Lines, from 1, where blocks were nested too deeply.
    """

    blocks: tuple[SyntaxTreeNode, ...]
    footnotes: Mapping[int, SyntaxTreeNode]
    unused_footnotes: tuple[str, ...]
    too_deep: tuple[int, ...]


def parse_markdown(markdown: str) -> ParsedMarkdown:
    """Read a text."""
    found: dict[str, Any] = {}
    # Word makes the way back from a note itself.
    tokens = [token for token in _parser().parse(markdown, found) if token.type != "footnote_anchor"]
    tokens, too_deep = _with_deep_text(tokens, markdown)
    blocks: list[SyntaxTreeNode] = []
    footnotes: dict[int, SyntaxTreeNode] = {}
    for node in SyntaxTreeNode(tokens).children:
        if node.type == "footnote_block":
            footnotes |= {int(footnote.meta["id"]): footnote for footnote in node.children}
        else:
            blocks.append(node)
    references = found.get("footnotes", {}).get("refs", {})
    return ParsedMarkdown(
        blocks=tuple(blocks),
        footnotes=footnotes,
        unused_footnotes=tuple(label.removeprefix(":") for label, number in references.items() if number < 0),
        too_deep=tuple(too_deep),
    )


def line_of(node: SyntaxTreeNode) -> int | None:
    """The line, from 1, of the nearest block around a node that knows its own."""
    around: SyntaxTreeNode | None = node
    while around is not None and not around.is_root:
        if around.map:
            return around.map[0] + 1
        around = around.parent
    return None


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"maxNesting": DEEPEST}).use(gfm_plugin)
    # GitHub begins a footnote wherever a paragraph could go on, within quotes and lists too.
    markdown.block.ruler.at(
        "footnote_def", footnote_def, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )
    markdown.core.ruler.push("whole_mail_addresses", _whole_mail_addresses)
    # Every scheme is read as a link, so that the renderer can say which it doesn't make one.
    markdown.validateLink = _any_link  # type: ignore[method-assign]
    return markdown


def _any_link(url: str) -> bool:
    return True


def _whole_mail_addresses(state: StateCore) -> None:
    """Give bare mail addresses what stands before their last underscore, which the plugin leaves out."""
    for block in state.tokens:
        children = block.children or []
        for before, link, text in zip(children, children[1:], children[2:], strict=False):
            if before.type != "text" or link.markup != _AUTOLINK or link.type != "link_open":
                continue
            cut_off = _LOCAL_PART.search(before.content)
            if cut_off is None or not str(link.attrGet("href")).startswith("mailto:"):
                continue
            before.content = before.content[: cut_off.start()]
            text.content = cut_off.group() + text.content
            link.attrSet("href", f"mailto:{text.content}")


def _with_deep_text(tokens: list[Token], markdown: str) -> tuple[list[Token], list[int]]:
    """The tokens with the text that the parser left out for being nested too deeply, as plain paragraphs."""
    result: list[Token] = []
    too_deep: list[int] = []
    lines: list[str] = []
    for token, following in zip_longest(tokens, tokens[1:]):
        result.append(token)
        empty = token.nesting == 1 and following is not None and following.nesting == -1
        if not (empty and token.map and token.level >= DEEPEST - 1):
            continue
        lines = lines or _LINE_END.split(markdown)
        text = " ".join(_MARKERS.sub("", line) for line in lines[token.map[0] : token.map[1]]).strip()
        if text:
            too_deep.append(token.map[0] + 1)
            result += _paragraph(text, token)
    return result, too_deep


def _paragraph(text: str, around: Token) -> list[Token]:
    inline = Token("inline", "", 0, content=text, level=around.level + 2, map=around.map, block=True)
    inline.children = [Token("text", "", 0, content=text)]
    return [
        Token("paragraph_open", "p", 1, level=around.level + 1, map=around.map, block=True),
        inline,
        Token("paragraph_close", "p", -1, level=around.level + 1, block=True),
    ]
