"""Finds statements of databases, which are told in words but for their signs and comparisons."""

from __future__ import annotations

import re
from collections.abc import Sequence

from techne.documents.engines.extractive.code_look import fits_name, is_typed_looking
from techne.documents.engines.extractive.code_spelling import glued
from techne.documents.engines.extractive.command_extent import is_break
from techne.documents.engines.extractive.command_frames import is_told, is_typed
from techne.documents.engines.extractive.lexicon import Lexicon
from techne.documents.engines.extractive.listing import words
from techne.documents.engines.extractive.spoken_signs import Piece

_VERBS = words(
    "select update delete insert alter create drop truncate vacuum analyze reindex grant revoke explain"
)
_WORDS = words(
    "select update delete insert into from where and or not in is null like between join on left "
    "inner order by group having limit offset desc asc count sum max min avg distinct set values "
    "table index database user role schema view add column constraint primary key foreign references "
    "if exists cascade system session concurrently full verbose analyze vacuum freeze reindex "
    "truncate explain drop create alter grant revoke to with as using only lock wait timeout "
    "tablespace extension sequence function trigger policy begin commit rollback top now interval "
    "owner rename unique buffers public all"
)
_SECOND: dict[str, frozenset[str]] = {
    "alter": words("table system database user role index sequence session schema view"),
    "create": words("table index database user role schema view extension unique tablespace"),
    "drop": words("table index database user role schema view"),
    "truncate": words("table"),
    "vacuum": words("full analyze verbose freeze"),
    "reindex": words("table index database concurrently"),
    "delete": words("from"),
    "insert": words("into"),
    "explain": words("analyze select"),
    "grant": words("select all usage connect insert update"),
    "revoke": words("select all usage connect insert update"),
}
_ARTICLES = words(
    "the a an this that these those your our my their its it them each every some any which what o a "
    "os as um uma esse essa este esta seu sua do da dos das no na qual que"
)
_COMPARISONS = {"=": " = ", " > ": " > ", " < ": " < "}


def find_query(
    pieces: Sequence[Piece], position: int, sentence: str, lexicon: Lexicon
) -> tuple[str, int] | None:
    """The statement that begins at the piece, as typed, and the position after it."""
    first = pieces[position]
    if first.sign or first.folded not in _VERBS or position + 2 >= len(pieces):
        return None
    end = _reach(pieces, position, sentence)
    while end > position and _dangles(pieces[end - 1]):
        end -= 1
    run = pieces[position:end]
    if len(run) < 3 or not _is_statement(run):
        return None
    told = is_told(sentence, first.start, lexicon) or is_typed(sentence, first.start, lexicon)
    signs = any(piece.sign or is_typed_looking(piece.text) for piece in run[1:])
    if not signs and not (told and sum(piece.folded in _WORDS for piece in run) > 2):
        return None
    return _spell(run), end


def _reach(pieces: Sequence[Piece], start: int, sentence: str) -> int:
    """Up to the second word in a row that is neither the language's nor a value after one of its words."""
    end = start + 1
    while end < len(pieces) and end - start < 40 and not is_break(pieces, end, sentence):
        piece, before = pieces[end], pieces[end - 1]
        if not piece.sign:
            free = not before.sign and before.folded not in _WORDS
            if piece.folded in _ARTICLES or not fits_name(piece) or (free and piece.folded not in _WORDS):
                break
        end += 1
    return end


def _dangles(piece: Piece) -> bool:
    """Whether the statement can't end with it."""
    if piece.sign:
        return piece.sign not in {"*", ")", '"', "'", ";"}
    return piece.folded in words("and or where from to as in on with by is set into not like using")


def _is_statement(run: Sequence[Piece]) -> bool:
    said = [piece.folded for piece in run]
    verb = said[0]
    if verb == "select":
        return "from" in said[2:10] and said.index("from") < len(said) - 1
    if verb == "update":
        return "set" in said[2:6] and any(piece.sign == "=" for piece in run)
    return said[1] in _SECOND.get(verb, frozenset())


def _spell(run: Sequence[Piece]) -> str:
    """Words apart, names joined by their signs, comparisons between spaces."""
    text = ""
    name: list[Piece] = []
    for index, piece in enumerate(run):
        joins = (
            piece.sign
            and piece.sign not in _COMPARISONS
            and piece.sign not in {"*", ",", "(", ")", '"', "'", " "}
        )
        if joins or (not piece.sign and name and name[-1].sign):
            name.append(piece)
            continue
        text += _written(name)
        name = [] if piece.sign else [piece]
        if piece.sign in _COMPARISONS:
            text = text.rstrip() + _COMPARISONS[piece.sign]
        elif piece.sign == ",":
            text = text.rstrip() + ", "
        elif piece.sign == "*":
            opened = text.endswith("(")
            text += "*" if opened else "* "
        elif piece.sign == "(":
            text = text.rstrip() + "("
        elif piece.sign == ")":
            text = text.rstrip() + ") "
        elif piece.sign in {'"', "'"}:
            opens = sum(other.sign == piece.sign for other in run[: index + 1]) % 2
            text = text + piece.sign if opens else text.rstrip() + piece.sign + " "
    return re.sub(r"\s+", " ", text + _written(name)).strip()


def _written(name: Sequence[Piece]) -> str:
    return glued(name) + " " if name else ""
