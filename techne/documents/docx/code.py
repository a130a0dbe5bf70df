"""Code blocks: every space and line as written, coloured by what the language's lexer sees in it."""

from __future__ import annotations

from collections.abc import Iterator

from markdown_it.tree import SyntaxTreeNode
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import (
    Comment,
    Keyword,
    Literal,
    Name,
    Number,
    Operator,
    String,
    _TokenType,
)
from pygments.util import ClassNotFound

from techne.documents.docx import style_names
from techne.documents.docx.inlines import PLAIN, RunFormat, add_run
from techne.documents.docx.paragraphs import add_paragraph
from techne.documents.docx.rendering import Place, Rendering

_KEPT_TOGETHER = 20
"""Lines up to which a block isn't broken over pages."""
_MOST_HIGHLIGHTED = 100_000
"""Characters up to which a block is coloured: some lexers take time that grows faster than the text."""

_KINDS = (
    (Comment, "comment"),
    (Keyword, "keyword"),
    (Operator.Word, "keyword"),
    (Number, "number"),
    (String, "string"),
    (Literal, "number"),
    (Name.Function, "function"),
    (Name.Class, "function"),
    (Name.Builtin, "function"),
    (Name.Tag, "keyword"),
    (Name.Attribute, "variable"),
    (Name.Variable, "variable"),
)
"""The style for each kind of token, the first that holds it."""


def write_code(rendering: Rendering, node: SyntaxTreeNode, place: Place) -> None:
    """A fenced or indented block."""
    code = node.content.removesuffix("\n")
    together = code.count("\n") < _KEPT_TOGETHER
    paragraph = add_paragraph(
        rendering,
        place,
        style_names.CODE_BLOCK,
        keep_together=together,
        frame=rendering.frames.get(place.style),
    )
    language = node.info.split(maxsplit=1)[0] if node.info.strip() else ""
    for kind, text in highlighted(code, language):
        style = RunFormat(style=style_names.CODE_TOKENS[kind]) if kind else PLAIN
        add_run(rendering, paragraph, text, style, node)


def highlighted(code: str, language: str) -> Iterator[tuple[str, str]]:
    """Code in pieces, each with its kind as `style_names.CODE_TOKENS` has it, or an empty one.

    The pieces joined are the code, whatever the lexer makes of it.
    """
    lexer = _lexer(language) if len(code) <= _MOST_HIGHLIGHTED else None
    pieces = list(_pieces(lexer, code)) if lexer is not None else []
    if "".join(text for _, text in pieces) != code:
        pieces = [("", code)]
    yield from pieces


def _pieces(lexer: Lexer, code: str) -> Iterator[tuple[str, str]]:
    kind, text = "", ""
    for _, token, value in lexer.get_tokens_unprocessed(code):
        found = _kind(token)
        if found != kind and value.strip():
            if text:
                yield kind, text
            kind, text = found, ""
        text += value
    yield kind, text


def _lexer(language: str) -> Lexer | None:
    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False) if language else None
    except ClassNotFound:
        return None


def _kind(token: _TokenType) -> str:
    return next((kind for parent, kind in _KINDS if token in parent), "")  # type: ignore[comparison-overlap]
