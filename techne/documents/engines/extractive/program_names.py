"""Finds the name of a program where a command begins."""

from __future__ import annotations

import re
from collections.abc import Sequence

from techne.documents.engines.extractive.code_look import fits_command, is_typed_looking
from techne.documents.engines.extractive.code_spelling import CMDLET, glued
from techne.documents.engines.extractive.command_frames import STOPS, is_named, is_told, is_typed
from techne.documents.engines.extractive.lexicon import Lexicon, fold
from techne.documents.engines.extractive.programs import (
    BARE_SUBCOMMANDS,
    EXTENSIONS,
    ORDINARY_PROGRAMS,
    PROGRAMS,
    SUBCOMMANDS,
)
from techne.documents.engines.extractive.spoken_signs import Piece

_IN_NAMES = frozenset({"_", "-", "."})
_SCRIPTS = frozenset({"sh", "py", "ps1", "bat", "cmd", "exe", "pl", "rb", "jar"})
_FAMILIES = frozenset(program.split("-")[0] for program in PROGRAMS if "-" in program) - PROGRAMS
"""Words that only begin names of programs: the "kafka" of `kafka-topics`."""


def program_name(pieces: Sequence[Piece], position: int, sentence: str, lexicon: Lexicon) -> int:
    """How many pieces name the program: "pg underscore restore" is three; 0 if there is no program."""
    first = pieces[position]
    capital = first.text[0].isupper() and first.text[1:].islower()
    if capital and CMDLET.fullmatch(glued(pieces[position : position + 3])):
        return 3
    if first.sign in {".", ".."}:
        return _relative(pieces, position, sentence, lexicon)
    if first.sign or (capital and position > 0):
        return 0
    for length in (7, 5, 3):
        run = pieces[position : position + length]
        is_name = len(run) == length and all(piece.sign in _IN_NAMES for piece in run[1::2])
        if is_name and not any(piece.sign for piece in run[::2]) and fold(glued(run)) in PROGRAMS:
            return length
    spelled = _hyphenated(pieces, position, sentence, lexicon)
    if spelled:
        return spelled
    if first.text.isalpha() and first.text.isupper() and not _takes(pieces, position):
        return 0  # an acronym: "AWS CloudWatch"
    if first.folded in PROGRAMS or CMDLET.fullmatch(first.text):
        return 1
    if first.folded in BARE_SUBCOMMANDS and _sign_at(pieces, position + 1) == "-":
        return 1
    return _unknown(pieces, position, sentence, lexicon)


def _takes(pieces: Sequence[Piece], position: int) -> bool:
    """Whether a verb of the program or a sign follows it."""
    if position + 1 >= len(pieces):
        return False
    following = pieces[position + 1]
    return bool(following.sign) or following.folded in SUBCOMMANDS.get(pieces[position].folded, ())


def _relative(pieces: Sequence[Piece], position: int, sentence: str, lexicon: Lexicon) -> int:
    """A program told by its path: "ponto barra deploy ponto sh"; at least a word must follow it."""
    if _sign_at(pieces, position + 1) != "/" or not is_told(sentence, pieces[position].start, lexicon):
        return 0
    end = position + 2
    while _is_name_part(pieces, end) and _sign_at(pieces, end + 1) in {"/", "-", "_", "."}:
        if _sign_at(pieces, end + 1) == "-" and not _is_name_part(pieces, end + 2):
            break
        end += 2
    known = end < len(pieces) and (pieces[end].folded in _SCRIPTS or f"./{pieces[end].folded}" in PROGRAMS)
    return end + 1 - position if known else 0


def _hyphenated(pieces: Sequence[Piece], position: int, sentence: str, lexicon: Lexicon) -> int:
    """An unknown program whose name has dashes or an ending: "stock dash sync dot sh dash dash dry"."""
    first = pieces[position]
    if not _may_begin(first, lexicon) or (first.folded in PROGRAMS - ORDINARY_PROGRAMS):
        return 0
    end = position + 1
    typed = re.fullmatch(r"[a-z]\w*(?:[-_.]\w+)+", first.text) is not None
    if typed and end < len(pieces) and re.match(r"--[a-z]", pieces[end].text):
        return 1
    while _sign_at(pieces, end) in {"-", "_"} and _is_name_part(pieces, end + 1):
        end += 2
    script = _sign_at(pieces, end) == "." and end + 1 < len(pieces) and pieces[end + 1].folded in _SCRIPTS
    if script:
        end += 2
    whole_script = first.text.rpartition(".")[2] in _SCRIPTS and end == position + 1
    if end == position + 1 and not whole_script:
        return 0
    flagged = end < len(pieces) and (
        pieces[end].sign == " --"
        or (pieces[end].sign == "-" and not _is_name_part(pieces, end + 1))
        or re.match(r"--?[a-z]", pieces[end].text) is not None
    )
    if not flagged and first.folded in _FAMILIES:
        flagged = any(piece.sign == " --" for piece in pieces[end : end + 3])
    if flagged or (
        (script or whole_script) and is_told(sentence, first.start, lexicon) and _valued(pieces, end)
    ):
        return end - position
    return 0


def _valued(pieces: Sequence[Piece], position: int) -> bool:
    """Whether an argument that looks typed follows."""
    return position < len(pieces) and not pieces[position].sign and is_typed_looking(pieces[position].text)


def _is_name_part(pieces: Sequence[Piece], position: int) -> bool:
    """Whether the piece goes on a hyphenated name; single letters are options."""
    if position >= len(pieces) or pieces[position].sign:
        return False
    text = pieces[position].text
    return (
        len(text) > 1
        and text.isascii()
        and text[0].islower()
        and text.isalnum()
        and text not in EXTENSIONS - _SCRIPTS
    )


def _may_begin(first: Piece, lexicon: Lexicon) -> bool:
    return (
        first.text.isascii()
        and first.text[0].islower()
        and first.folded not in STOPS
        and first.folded not in lexicon.stop_words
        and not lexicon.code_noun.fullmatch(first.folded)
        and not _VERBS.fullmatch(first.folded)
    )


_VERBS = re.compile(
    r"\w{3,}(?:ar|ando|endo|indo|ing)|colocar|por|poe|bota|coloca|passa|usa|adiciona|adicione|roda|rode|set|put|add|pass|use|"
    r"used|try|run|ran|com|with|via|plus|flag|flags|opcao|opcoes|option"
)
"""Words of talk before an option."""


def _unknown(pieces: Sequence[Piece], position: int, sentence: str, lexicon: Lexicon) -> int:
    """A program that nobody knows: said to be a command, or told to be run and followed by an option."""
    first = pieces[position]
    if first.folded == "set" and is_named(sentence, first.start):
        return 1
    if not _may_begin(first, lexicon):
        return 0
    if is_named(sentence, first.start):
        return 1
    if not is_told(sentence, first.start, lexicon):
        return 0
    if is_typed(sentence, first.start, lexicon) and _looks_technical(pieces, position + 1):
        return 1
    letter = pieces[position + 2 : position + 3]
    if (
        _sign_at(pieces, position + 1) == "-"
        and letter
        and len(letter[0].text) == 1
        and letter[0].text.isalpha()
    ):
        return 1
    for piece in pieces[position + 1 : position + 5]:
        if piece.sign == " --" or re.match(r"--?[a-z]", piece.text):
            return 1
        if piece.sign or piece.folded in STOPS or not fits_command(piece):
            return 0
    return 0


def _looks_technical(pieces: Sequence[Piece], position: int) -> bool:
    return any(piece.sign or is_typed_looking(piece.text) for piece in pieces[position : position + 3])


def _sign_at(pieces: Sequence[Piece], position: int) -> str:
    return pieces[position].sign if 0 <= position < len(pieces) else ""
