"""Finds commands of network gear and appliances: a verb, then words of their vocabulary and values."""

from __future__ import annotations

from collections.abc import Sequence

from techne.documents.engines.extractive.code_look import fits_command, is_typed_looking
from techne.documents.engines.extractive.code_spelling import (
    glued,
    spell_command,
)
from techne.documents.engines.extractive.command_extent import LONGEST, is_break, sign_at
from techne.documents.engines.extractive.command_frames import (
    STOPS,
    is_looked_at,
)
from techne.documents.engines.extractive.consoles import (
    CERTAIN_SECOND,
    CONSOLE_VERBS,
    CONSOLE_WORDS,
    TAKES_NAME,
)
from techne.documents.engines.extractive.spoken_signs import Piece


def find_console_command(pieces: Sequence[Piece], position: int, sentence: str) -> tuple[str, int] | None:
    """The console command that begins at the piece, as typed, and the position after it."""
    first = pieces[position]
    if first.sign or first.folded not in CONSOLE_VERBS or position + 1 >= len(pieces):
        return None
    if first.text[0].isupper() and sentence[: first.start].strip():
        return None
    end = position + 1
    known = 0
    while end < len(pieces) and not is_break(pieces, end, sentence) and end - position < LONGEST:
        piece, before = pieces[end], pieces[end - 1]
        if piece.sign:
            if piece.sign == "*" and not before.sign:
                end += 1
                continue
            if piece.sign not in {"-", "/", ".", ":", "_", " | "} or before.sign:
                break
        elif before.sign and before.sign not in {" | ", "*"}:
            if not fits_command(piece):
                break
        elif piece.folded in CONSOLE_WORDS:
            known += 1
        elif not (
            fits_command(piece)
            and (
                (is_typed_looking(piece.text) and not piece.text.isupper())
                or _opens_name(pieces, end)
                or (before.folded in TAKES_NAME and piece.folded not in STOPS)
                or (known and piece.folded not in STOPS and _is_known(pieces, end + 1, sentence))
                or before.sign == " | "
                or (before.folded == "soft" and piece.folded in {"in", "out"})
                or (known and piece.folded in _FILTERS)
            )
        ):
            break
        end += 1
    while end > position + 1 and pieces[end - 1].sign:
        end -= 1
    arguments = pieces[position + 1 : end]
    if not arguments:
        return None
    second = arguments[0].folded
    valued = any(piece.sign or is_typed_looking(piece.text) for piece in arguments)
    framed = is_looked_at(sentence, first.start)
    addressed = first.folded in _TAKES_ADDRESS and arguments[0].text[0].isdigit() and len(arguments) > 4
    sure = (second in CERTAIN_SECOND or _dashed(arguments) in CERTAIN_SECOND) and (
        framed or valued or known > 1
    )
    plain = (
        framed
        and known
        and (known > 1 or valued)
        and first.folded not in {"get", "execute", "request", "clear"}
    )
    appliance = framed and known > 1 and second in {"system", "router", "vpn", "hardware", "ha", "sys"}
    if not (addressed or sure or plain or appliance):
        return None
    typed = spell_command(pieces[position:end], 1, first.folded)
    return typed[0].lower() + typed[1:], end


def _is_known(pieces: Sequence[Piece], position: int, sentence: str) -> bool:
    """Whether a word of the vocabulary follows without a pause."""
    return not is_break(pieces, position, sentence) and (
        pieces[position].folded in CONSOLE_WORDS - {"run", "all", "call", "top", "table", "list"}
    )


_TAKES_ADDRESS = frozenset({"ping", "traceroute"})
_FILTERS = frozenset({"include", "exclude", "begin", "section", "match"})


def _dashed(arguments: Sequence[Piece]) -> str:
    return glued(arguments[:3])


def _opens_name(pieces: Sequence[Piece], position: int) -> bool:
    """Whether a sign goes on from the word: "df dash bit", "gi zero slash one"."""
    return sign_at(pieces, position + 1) in {"-", "/", "_", "."} or (
        sign_at(pieces, position + 2) == "/"
        and spell_command(pieces[position : position + 4], 0, "").count(" ") == 0
    )
