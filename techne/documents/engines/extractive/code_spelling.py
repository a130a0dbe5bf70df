"""Spells pieces of a sentence as they are typed: which words a sign joins, and which dash is an option's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from techne.documents.engines.extractive.consoles import (
    CONSOLE_VERBS,
    INTERFACES,
    LONG_NAMES_OF_INTERFACES,
)
from techne.documents.engines.extractive.listing import words
from techne.documents.engines.extractive.programs import (
    EXTENSIONS,
    HYPHENATED_OPTIONS,
    LONG_OPTIONS,
    OPTIONS_BY_FIRST_WORD,
    PROGRAMS,
    SUBCOMMANDS,
    SWITCHES,
    WINDOWS_PROGRAMS,
)
from techne.documents.engines.extractive.spoken_signs import Piece

CMDLET = re.compile(
    r"(?:Get|Set|New|Remove|Add|Test|Start|Stop|Restart|Enable|Disable|Import|Export|Install|Uninstall|Invoke|Move|"
    r"Copy|Clear|Connect|Disconnect|Unlock|Lock|Reset|Search|Update|Resolve|Repair|Register|Unregister|Out|Write|Read|"
    r"Select|Where|ForEach|Sort|Format|Convert(?:To|From)?|Join|Rename|Resume|Suspend|Show|Wait|Send|Save|Push|Pop|"
    r"Mount|Dismount|Measure|Compare|Checkpoint|Expand|Compress|Find|Grant|Revoke|Group|Initialize|Merge|Open|Close|"
    r"Optimize|Publish|Protect|Receive|Request|Restore|Split|Submit|Switch|Sync|Trace|Undo|Unblock|Block|Use|Watch|"
    r"Complete|Confirm|Approve|Deny|Edit|Enter|Exit|Backup)-[A-Z]\w*[a-z]\w*"
)
"""A command of PowerShell: a verb and a noun."""
_PARAMETERS = words(
    "force whatif confirm verbose recurse filter identity properties name path computername "
    "credential server searchbase id argumentlist destination itemtype value port searchscope "
    "erroraction resultsize mailbox"
)
"""Parameters of cmdlets, which recognition may write small."""
_NUMBERS = (
    "zero;um one uma;dois two duas;tres three;quatro four;cinco five;seis six;sete seven;oito "
    "eight;nove nine; dez ten;onze eleven;doze twelve;treze thirteen;catorze quatorze fourteen;quinze "
    "fifteen; dezesseis sixteen;dezessete seventeen;dezoito eighteen;dezenove nineteen;vinte twenty"
)
_DIGITS = {name: str(value) for value, names in enumerate(re.split(";", _NUMBERS)) for name in names.split()}
_COUNTED = words("kill killall pkill head tail ls top")
"""Programs with numbers for options: `kill -9`."""
_ROOTS = words("var etc usr opt tmp proc dev home mnt srv root boot sys")
_OPERATORS = frozenset({"|", ">", "<", "&&", ">>", ";"})


def spell_command(run: Sequence[Piece], head: int, program: str) -> str:
    """A command as typed; its first `head` pieces name the program (none for options told alone)."""
    pieces = [piece for piece in with_digits(run) if piece.sign or piece.text != ","]
    typed = ""
    glue = True
    flag = False
    quoted = False
    for position, piece in enumerate(pieces):
        sign = piece.sign
        if not sign:
            letters = flag and len(piece.text) == 1 and piece.text.isalpha() and typed[-1:].isalpha()
            joined = glue or letters or _names_interface(pieces, position)
            typed += piece.text if joined or not typed else " " + piece.text
            flag = flag and len(piece.text) == 1 and (glue or letters)
            glue = False
            continue
        if sign in {'"', "'"}:
            typed += sign if quoted or glue else " " + sign
            quoted, glue, flag = not quoted, not quoted, False
            continue
        if sign == " --" and program in _RUNS_PROGRAMS and _names_program(pieces, position + 1):
            typed, glue, flag = typed + " -- ", True, False
            continue
        if sign == "-" and is_option(pieces, position, head, program):
            typed += (" " if typed else "") + "-"
            flag = glue = True
            continue
        if (
            (sign in {"/", "~", "\\\\", "$"} and not glue and _starts_path(pieces, position, typed))
            or _is_switch(pieces, position, program)
            or (sign in {".", ".."} and typed and _sign_at(pieces, position + 1) in {"/", "\\"} and not glue)
            or (sign == "." and position == head and head > 0)
            or (sign == "*" and typed and not typed.endswith(("/", ".", "-", "=", "_", "(", "'", '"', ":")))
            or (sign == "\\\\" and typed and not typed.endswith(("=", '"', "'")))
            or (sign == "@" and program == "dig" and not glue)
            or (sign == "+" and len(pieces[position - 1].text) > 1)
        ):
            typed += " " + sign
        else:
            typed += sign
        glue = not sign.endswith(" ") and sign not in {")", "]", "}"}
        if sign == "*":
            glue = False if _sign_at(pieces, position + 1) == "" else glue
        flag = False
    return " ".join(typed.split())


_RUNS_PROGRAMS = frozenset({"kubectl", "oc"})


def _names_program(pieces: Sequence[Piece], position: int) -> bool:
    """Whether a program to be run follows two dashes that stand alone: `kubectl exec api -- bash`."""
    return position < len(pieces) and pieces[position].folded in {
        "bash",
        "sh",
        "env",
        "psql",
        "mysql",
        "curl",
    }


def glued(run: Sequence[Piece]) -> str:
    """A path, name or setting as typed: without spaces, but for names of folders that have one."""
    typed = ""
    before = ""
    for piece in with_digits(run):
        if typed and not piece.sign and not before:
            typed += " "
        typed += piece.sign.strip() if piece.sign else piece.text
        before = piece.sign
    return typed


def with_digits(run: Sequence[Piece]) -> list[Piece]:
    """The pieces with numbers in words as digits where numbers are certain: addresses and interfaces."""
    pieces = list(run)
    for position, piece in enumerate(pieces):
        digits = _DIGITS.get(piece.folded)
        if digits is None or piece.sign:
            continue
        before, after = _sign_at(pieces, position - 1), _sign_at(pieces, position + 1)
        left = pieces[position - 2].text if before in {"/", "."} and position > 1 else ""
        right = pieces[position + 2].text if after in {"/", "."} and position + 2 < len(pieces) else ""
        named = position > 0 and pieces[position - 1].folded in INTERFACES and after == "/"
        if (
            named
            or re.search(r"\d$", left)
            or (after and _is_number(right) and (before or named or not left))
        ):
            pieces[position] = replace(piece, text=digits, folded=digits)
    return pieces


def _is_number(word: str) -> bool:
    return word.isdigit() or word.casefold() in _DIGITS


def number_word(piece: Piece) -> bool:
    """Whether the piece is a number in words."""
    return not piece.sign and piece.folded in _DIGITS


def is_option(pieces: Sequence[Piece], position: int, head: int = 0, program: str = "") -> bool:
    """Whether a dash begins an option: "traço n" does, the one of "sincronizar traço cofre" does not."""
    if position + 1 >= len(pieces) or pieces[position + 1].sign or position < head - 1:
        return False
    if position == 0 or (position == head and program not in CONSOLE_VERBS):
        return True
    previous, following = pieces[position - 1], pieces[position + 1].text
    if previous.sign:
        return previous.sign.strip() in {"|", "", "*", '"', ")", "]", "}"}
    if _sign_at(pieces, position - 2) == " --" and len(following) > 1 and not following.isdigit():
        return previous.folded in SWITCHES and len(following) == 2
    if f"{previous.folded}-{pieces[position + 1].folded}" in PROGRAMS:
        return False
    if CMDLET.fullmatch(program):
        return following[0].isupper() or following.casefold() in _PARAMETERS
    if program in LONG_OPTIONS:
        return not _ends_file_name(pieces, position)
    if program in HYPHENATED_OPTIONS and (
        previous.folded in SUBCOMMANDS.get(program, ())
        or pieces[position + 1].folded in OPTIONS_BY_FIRST_WORD
    ):
        return True
    if len(following) == 1 and following.isalpha():
        return True
    if program in CONSOLE_VERBS:
        return False
    if following.isdigit() or (len(following) <= 4 and following.isalpha() and following.islower()):
        if following.isdigit():
            return previous.folded in _COUNTED or _sign_at(pieces, position - 2) == " --"
        is_verb = previous.folded in SUBCOMMANDS.get(program, ()) and len(following) < 4
        return previous.folded in PROGRAMS or is_verb
    return following.isupper() and len(following) <= 3


def _ends_file_name(pieces: Sequence[Piece], position: int) -> bool:
    """Whether the dash is inside the file name of an option: "dash jar app dash web dot jar"."""
    value_of_option = position > 2 and pieces[position - 3].sign == "-"
    return value_of_option and (
        _sign_at(pieces, position + 2) == "."
        and position + 3 < len(pieces)
        and pieces[position + 3].folded in EXTENSIONS
        and pieces[position + 1].folded not in words("in out jar key cert file config keystore name")
    )


def _sign_at(pieces: Sequence[Piece], position: int) -> str:
    return pieces[position].sign if 0 <= position < len(pieces) else ""


def _names_interface(pieces: Sequence[Piece], position: int) -> bool:
    """Whether a number goes on in the name of an interface: the zero of "gi zero slash one"."""
    if position == 0 or pieces[position - 1].sign or not pieces[position].text.isdigit():
        return False
    name = pieces[position - 1].folded
    return name in INTERFACES - LONG_NAMES_OF_INTERFACES and _sign_at(pieces, position + 1) == "/"


def _is_switch(pieces: Sequence[Piece], position: int, program: str) -> bool:
    """Whether a slash begins an option of a Windows program."""
    return (
        program in WINDOWS_PROGRAMS
        and pieces[position].sign == "/"
        and position > 0
        and (not pieces[position - 1].sign or pieces[position - 1].sign == ":")
    )


def _starts_path(pieces: Sequence[Piece], position: int, typed: str) -> bool:
    """Whether a slash begins a new argument: after a program, a flag, or a word that ends no path."""
    if not typed:
        return True
    last = typed.rsplit(" ", 1)[-1]
    if last.startswith("-") and "=" not in last:
        return True
    if (
        pieces[position].sign == "~"
        and pieces[position + 1 : position + 2]
        and pieces[position + 1].text.isdigit()
    ):
        return False
    if "/" in last or "." in last or "\\" in last:
        return False
    if begins_at_root(pieces, position):
        return True
    if ":" in last:
        return False
    if position + 1 == len(pieces) and pieces[position].sign == "/":
        return True
    first = position == 1 or " " not in typed
    return first or pieces[position - 1].folded in PROGRAMS


def begins_at_root(pieces: Sequence[Piece], position: int) -> bool:
    """Whether a path can only begin at that slash: one of the folders at the root follows."""
    following = pieces[position + 1 : position + 2]
    return pieces[position].sign == "/" and bool(following) and following[0].folded in _ROOTS


def ends_with_operator(piece: Piece) -> bool:
    """Whether the sign needs something after it."""
    return piece.sign.strip() in _OPERATORS or piece.sign in {".", "-", " --", "=", ":", "@", "_", " "}
