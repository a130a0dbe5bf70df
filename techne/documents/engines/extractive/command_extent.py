"""How far the arguments of a command go, and where talk resumes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from techne.documents.engines.extractive.code_look import fits_command, is_typed_looking
from techne.documents.engines.extractive.code_spelling import (
    CMDLET,
    ends_with_operator,
    glued,
)
from techne.documents.engines.extractive.command_frames import (
    INSIDE,
    STOPS,
)
from techne.documents.engines.extractive.lexicon import Lexicon
from techne.documents.engines.extractive.listing import words
from techne.documents.engines.extractive.programs import (
    EXTENSIONS,
    ORDINARY_PROGRAMS,
    PROGRAMS,
    SUBCOMMANDS,
    SWITCHES,
)
from techne.documents.engines.extractive.spoken_signs import Piece

LONGEST = 48
"""Pieces of a command at most; the longest that people dictate have about forty."""


def is_break(pieces: Sequence[Piece], position: int, sentence: str) -> bool:
    """Whether talk pauses before the piece: a comma, or a full stop."""
    if position >= len(pieces):
        return True
    piece = pieces[position]
    if piece.text in ',;!?…"“”«»' and not piece.sign:
        return True
    return position > 0 and sentence[pieces[position - 1].end : piece.start].strip() != ""


def arguments_end(pieces: Sequence[Piece], begin: int, sentence: str) -> int:
    """How far arguments may go: up to a pause, or a word with which talk goes on."""
    end = begin
    quoted = ""
    while end < len(pieces) and end - begin < LONGEST:
        piece = pieces[end]
        if piece.sign in {'"', "'"}:
            quoted = "" if quoted == piece.sign else _closing(pieces, end)
            if not quoted and sign_at(pieces, end) and not _opened(pieces, begin, end):
                break
        elif is_break(pieces, end, sentence):
            if not _pauses_before_option(pieces, begin, end):
                break
        elif not piece.sign and not quoted:
            drive = piece.text.isupper() and len(piece.text) == 1 and sign_at(pieces, end + 1) == ":"
            stops = (
                piece.folded in STOPS
                and not drive
                and not (
                    _continues_sign(pieces, end)
                    or _argument_follows(pieces, end, sentence)
                    or _spells_flag(pieces, end, sentence)
                )
            )
            if stops or not fits_command(piece):
                break
        end += 1
    while end > begin and ends_with_operator(pieces[end - 1]):
        end -= 1
    return end


def _pauses_before_option(pieces: Sequence[Piece], begin: int, position: int) -> bool:
    """Whether it is but a comma that recognition heard before an option: "get pods, dash n payments"."""
    if pieces[position].text != "," or position == begin or position + 2 >= len(pieces):
        return False
    sign, name = pieces[position + 1].sign, pieces[position + 2]
    if sign == " --":
        return not name.sign and name.folded not in STOPS
    return sign == "-" and len(name.text) == 1 and name.text.isalpha()


def _closing(pieces: Sequence[Piece], opening: int) -> str:
    sign = pieces[opening].sign
    return sign if any(piece.sign == sign for piece in pieces[opening + 1 : opening + 12]) else ""


def _opened(pieces: Sequence[Piece], begin: int, closing: int) -> bool:
    """Whether the quote closes another, so that it is no lone one."""
    return sum(piece.sign == pieces[closing].sign for piece in pieces[begin : closing + 1]) % 2 == 0


def sign_at(pieces: Sequence[Piece], position: int) -> str:
    """The sign there; empty for a word and outside the sentence."""
    return pieces[position].sign if 0 <= position < len(pieces) else ""


def _continues_sign(pieces: Sequence[Piece], position: int) -> bool:
    """Whether a word belongs to the sign right before it: the "com" of "dot com", the "it" of "dash it"."""
    sign = sign_at(pieces, position - 1)
    if sign in {"=", ":"}:
        return bool(sign_at(pieces, position + 1))
    return sign in {"-", " --", "/", "\\", "@", "_"} or (
        sign == "." and pieces[position].folded in EXTENSIONS
    )


def _argument_follows(pieces: Sequence[Piece], position: int, sentence: str) -> bool:
    """Whether a word of talk is inside a command after all: a flag or a sign comes right after it."""
    following = position + 1
    if following >= len(pieces) or is_break(pieces, following, sentence):
        return False
    piece = pieces[following]
    if pieces[position].folded in {"a", "o", "e"}:
        return False
    return (piece.sign.startswith((" -", "-")) and pieces[position].folded in INSIDE) or (
        piece.text.startswith("-") and pieces[position].folded in INSIDE
    )


def _spells_flag(pieces: Sequence[Piece], position: int, sentence: str) -> bool:
    """Whether the letter is the last of a flag that is spelled: the "a" of "traço l a em barra var"."""
    if position < 2 or len(pieces[position].text) > 1:
        return False
    begin = position
    while begin > 0 and not pieces[begin - 1].sign and len(pieces[begin - 1].text) == 1:
        begin -= 1
    if begin == position or sign_at(pieces, begin - 1) != "-":
        return False
    return (
        position + 1 >= len(pieces)
        or is_break(pieces, position + 1, sentence)
        or bool(pieces[position + 1].sign)
        or pieces[position + 1].folded in STOPS
        or len(pieces[position + 1].text) == 1
    )


def end_before_talk(
    pieces: Sequence[Piece], start: int, end: int, lexicon: Lexicon, program: str = ""
) -> int:
    """Where the arguments end: after the last that looks typed, and the value of an option that it may be."""
    for last in range(end - 1, start - 1, -1):
        piece = pieces[last]
        before = pieces[last - 1].sign if last > start else ""
        verb = last > start and piece.folded in SUBCOMMANDS.get(program, ())
        inner = verb or (last > start and piece.folded in _INNER)
        if not (piece.sign or before or inner or "-" in piece.text or is_typed_looking(piece.text)):
            continue
        following = last + 1
        if following < end and before == "-" and len(piece.text) == len(pieces[following].text) == 1:
            while following < end and len(pieces[following].text) == 1 and not pieces[following].sign:
                following += 1  # spelled: "traço l a"
            return following
        if following >= end or _is_talk(pieces[following], lexicon):
            return following
        option = _option_ending(pieces, start, last)
        value = (
            (before in {"-", " --"} and (len(piece.text) < 3 or CMDLET.fullmatch(program) is not None))
            or before in {" | ", " && "}
            or verb
            or piece.folded in _TAKES
        )
        taken = option not in SWITCHES and (value or bool(option) or piece.text.startswith("-"))
        # The one plain word behind an option and its value is what it is about: `logs --tail 100 api`.
        about = following == end - 1 and bool(_option_ending(pieces, start, last - 1))
        return following + (taken or (about and pieces[following].folded not in _ADVERBS))
    return end


_ADVERBS = words(
    "again afterwards first here instead last later now once there today tomorrow too twice yourself "
    "agora ainda ali amanha antes aqui depois direto hoje junto la mesmo primeiro sempre so tambem"
)
_TAKES = frozenset({"install", "restart", "reload"})
"""Verbs that a name follows, after the program that another one runs: `sudo apt-get install nginx`."""
_INNER = (PROGRAMS - ORDINARY_PROGRAMS) | _TAKES | {"sh", "bash", "zsh"}


def _option_ending(pieces: Sequence[Piece], start: int, last: int) -> str:
    """The long option whose name ends there; empty if none does."""
    begin = last
    while begin - 2 >= start and pieces[begin - 1].sign == "-":
        begin -= 2
    if begin - 1 >= start and pieces[begin - 1].sign == " --":
        return glued(pieces[begin : last + 1])
    return pieces[last].text[2:] if pieces[last].text.startswith("--") else ""


def _is_talk(piece: Piece, lexicon: Lexicon) -> bool:
    return (
        piece.folded in STOPS
        or piece.folded in lexicon.stop_words
        or lexicon.code_noun.fullmatch(piece.folded) is not None
        or re.fullmatch(
            r"opcoes|parametro|options?|switch|switches|\w+(?:mente|ando|endo|indo|ly)", piece.folded
        )
        is not None
    )


def end_of_plain_words(pieces: Sequence[Piece], start: int, end: int, lexicon: Lexicon) -> int:
    """The same for arguments without signs: no words of talk at their end."""
    while end > start + 1 and _is_talk(pieces[end - 1], lexicon):
        end -= 1
    return end
