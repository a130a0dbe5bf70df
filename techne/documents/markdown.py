"""The Markdown that documents are read as: CommonMark with tables, strikethrough and task lists."""

from __future__ import annotations

from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

_MAX_NESTING = 100


@lru_cache(maxsize=1)
def parser() -> MarkdownIt:
    """The parser, which keeps no state between texts.

    HTML and links of every scheme are recognised, so that whoever renders can decide what becomes of them;
    the parser itself makes nothing safe.
    """
    markdown = MarkdownIt("commonmark", {"maxNesting": _MAX_NESTING}).enable(["table", "strikethrough"])
    markdown.validateLink = _any_link  # type: ignore[method-assign]
    return markdown


def _any_link(url: str) -> bool:
    return True


def parse(markdown: str) -> list[Token]:
    """The block tokens of a text, the inline ones as their children."""
    return parser().parse(markdown)


def tree(markdown: str) -> SyntaxTreeNode:
    """The text as a tree of blocks and inlines."""
    return SyntaxTreeNode(parse(markdown))
