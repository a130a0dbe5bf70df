r"""Writes commands, paths and settings as one would type them.

Speech recognition spells signs out: "kubectl get pods traço n pagamentos", "slash etc slash hosts". A sign
word is read as a sign only where that is certain: next to a word that is code by its looks, in a chain of
signs, as a flag after a program's name, or in the name of a file. "Até certo ponto" stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from techne.documents.engines.extractive.lexicon import Lexicon, fold
from techne.documents.engines.extractive.listing import words
from techne.documents.engines.extractive.programs import (
    EXTENSIONS,
    ORDINARY_PROGRAMS,
    PROGRAMS,
    SUBCOMMANDS,
)
from techne.documents.engines.extractive.spoken_signs import Piece, pieces_of

_CODE_LOOK = re.compile(r"[\w.@:~/$*{}<>=+%&?#|'\\-]+$")
_TYPED_SIGN = re.compile(r"^-{1,2}\w|[/_=@\\~|]|\w\.\w|^\.\w|\d|^[A-Z]{2,}$|[a-z][A-Z]")
_STOPS = words(  # Words with which ordinary talk goes on after a command.
    "e que dentro fora qual pra para pro com se depois ai entao mas porque quando onde em no na nos "
    "nas do da dos das de ou ele ela isso "
    "esse essa voce a o os as um uma vai ja so antes como tambem e, senao ate por seguido quer dizer "
    "mostra lista "
    "and then to so but because when where in on or it that this you we which if after before with for "
    "is as will the a an "
    "shows lists followed should again instead first at into tells gives once until from"
)
_INSIDE = words("in on to for with from as all de em por")
_LONGEST = 16


@dataclass(frozen=True, slots=True)
class Code:
    """A command, path or setting found in a sentence; `start` and `end` are offsets of how it was said."""

    text: str
    start: int
    end: int
    is_command: bool

    def is_verbatim(self, sentence: str) -> bool:
        """Whether it was said as it is typed."""
        return sentence[self.start : self.end] == self.text


def codes_in(sentence: str, lexicon: Lexicon) -> list[Code]:
    """The commands, paths and settings of a sentence in order, none inside another."""
    pieces = pieces_of(sentence)
    codes: list[Code] = []
    position = 0
    while position < len(pieces):
        found = _command(pieces, position, sentence, lexicon) or _joined(pieces, position, sentence, lexicon)
        if found is None:
            position += 1
            continue
        code, position = found
        codes.append(code)
    return codes


def _is_break(pieces: Sequence[Piece], position: int, sentence: str) -> bool:
    """Whether talk pauses before the piece: a comma, or a full stop."""
    if position >= len(pieces):
        return True
    piece = pieces[position]
    if piece.text in ',;!?…"“”«»' and not piece.sign:
        return True
    return position > 0 and sentence[pieces[position - 1].end : piece.start].strip() != ""


def _command(
    pieces: Sequence[Piece], position: int, sentence: str, lexicon: Lexicon
) -> tuple[Code, int] | None:
    """A program with its arguments."""
    first = pieces[position]
    head = _head(pieces, position, sentence, lexicon)
    if head == 0:
        return None
    end = position + head
    while end < len(pieces) and end - position < _LONGEST * 2 and not _is_break(pieces, end, sentence):
        piece = pieces[end]
        if (
            not piece.sign
            and piece.folded in _STOPS
            and not _argument_follows(pieces, end, sentence)
            and not _spells_flag(pieces, end, sentence)
        ):
            break
        if not piece.sign and not _CODE_LOOK.match(piece.text):
            break
        if not piece.sign and not piece.text.isascii():
            break
        end += 1
    while end > position + head and pieces[end - 1].sign.strip() in {"|", ">", "<", ">>", "."}:
        end -= 1
    arguments = pieces[position + head : end]
    if not arguments:
        return None
    program = _glued(pieces[position : position + head])
    subcommand = arguments[0].folded in SUBCOMMANDS.get(fold(program), frozenset())
    certain = any(piece.sign or _TYPED_SIGN.search(piece.text) for piece in arguments)
    told = _is_told(sentence, first.start, lexicon)
    is_typed = _is_typed(sentence, first.start, lexicon)
    ambiguous = first.folded in ORDINARY_PROGRAMS and not is_typed
    if ambiguous and not (certain and (told or arguments[0].sign or _TYPED_SIGN.search(arguments[0].text))):
        return None
    alone = not sentence[: first.start].strip() and end == len(pieces) and first.text[0].islower()
    if not (certain or subcommand or told or alone):
        return None
    if not certain and not alone and not is_typed:
        # Without a sign the words of talk can't be told from arguments: keep what is surely typed.
        end = min(end, position + head + (3 if subcommand else 2))
    typed = _typed(pieces[position:end])
    if first.text[0].isupper() and first.text[1:].islower():
        typed = typed[0].lower() + typed[1:]  # only because it begins the sentence
    return Code(typed, first.start, pieces[end - 1].end, is_command=True), end


def _head(pieces: Sequence[Piece], position: int, sentence: str, lexicon: Lexicon) -> int:
    """How many pieces name the program: "pg underscore restore" is three; 0 if there is no program."""
    first = pieces[position]
    if first.sign or (first.text[0].isupper() and first.text[1:].islower() and position > 0):
        return 0
    for length in (5, 3):
        run = pieces[position : position + length]
        is_name = len(run) == length and all(piece.sign in _IN_NAMES for piece in run[1::2])
        if is_name and not any(piece.sign for piece in run[::2]) and fold(_glued(run)) in PROGRAMS:
            return length
    if first.folded in PROGRAMS:
        return 1
    # A program that nobody knows: told to be run, and followed by a flag.
    if (
        not _is_told(sentence, first.start, lexicon)
        or not first.text.isascii()
        or not first.text[0].islower()
    ):
        return 0
    if first.folded in _STOPS or lexicon.code_noun.fullmatch(first.folded):
        return 0
    if _is_typed(sentence, first.start, lexicon) and first.folded not in lexicon.stop_words:
        return 1
    for piece in pieces[position + 1 : position + 5]:
        if piece.sign == " --" or re.match(r"--?[a-z]", piece.text):
            return 1
        if piece.sign or piece.folded in _STOPS or not _CODE_LOOK.match(piece.text):
            return 0
    return 0


_IN_NAMES = frozenset({"_", "-", "."})


def _is_typed(sentence: str, start: int, lexicon: Lexicon) -> bool:
    """Whether the speaker says that what follows is typed, word for word."""
    before = fold(sentence[max(0, start - 40) : start]).rstrip(" :,\"'`")
    return any(match.end() == len(before) for match in lexicon.typed.finditer(before))


def _is_told(sentence: str, start: int, lexicon: Lexicon) -> bool:
    """Whether a word like "run" or "rode" stands right before."""
    before = fold(sentence[max(0, start - 40) : start]).rstrip(" :\"'`")
    return any(match.end() >= len(before) - 4 for match in lexicon.run.finditer(before))


def _spells_flag(pieces: Sequence[Piece], position: int, sentence: str) -> bool:
    """Whether the letter is the last of a flag that is spelled: the "a" of "traço l a em barra var"."""
    previous, before = pieces[position - 1], pieces[position - 2]
    if position < 2 or len(pieces[position].text) > 1 or before.sign != "-" or len(previous.text) > 1:
        return False
    following = pieces[position + 1] if position + 1 < len(pieces) else None
    return (
        following is None
        or _is_break(pieces, position + 1, sentence)
        or bool(following.sign)
        or following.folded in _STOPS
    )


def _argument_follows(pieces: Sequence[Piece], position: int, sentence: str) -> bool:
    """Whether a word of talk is inside a command after all: a flag or a sign comes right after it."""
    following = position + 1
    if following >= len(pieces) or _is_break(pieces, following, sentence):
        return False
    piece = pieces[following]
    if pieces[position].folded in {"a", "o", "e"}:
        return False
    return piece.sign.startswith((" -", "-")) or (
        piece.text.startswith("-") and pieces[position].folded in _INSIDE
    )


def _typed(pieces: Sequence[Piece]) -> str:
    typed = ""
    glue = True
    flag = False
    for position, piece in enumerate(pieces):
        following = pieces[position + 1] if position + 1 < len(pieces) else None
        if piece.sign:
            sign = piece.sign
            if sign == "-" and _is_flag(pieces, position):
                typed += (" " if typed else "") + "-"
                flag, glue = True, True
                continue
            if sign in {"/", "~"} and not glue and _starts_path(pieces, position, typed):
                typed += " " + sign
            elif sign == "." and _starts_hidden(pieces, position, typed):
                typed += " ."
            elif sign.strip() == "*" and typed and not typed.endswith(("/", ".", "-", "=", "_")):
                typed += " *"
            else:
                typed += sign
            glue = not sign.endswith(" ")
            if sign == "*":
                glue = False
            flag = False
            continue
        if flag and len(piece.text) == 1 and typed[-1:].isalpha():
            typed += piece.text  # "traço r f": one flag of two letters
            glue = following is not None and bool(following.sign)
            glue = False
            continue
        typed += piece.text if glue or not typed else " " + piece.text
        flag = flag and len(piece.text) == 1 and glue
        glue = False
    return " ".join(typed.split())


def _is_flag(pieces: Sequence[Piece], position: int) -> bool:
    """Whether a dash begins an option: "traço n" does, the one of "sincronizar traço cofre" does not."""
    if position + 1 >= len(pieces) or pieces[position + 1].sign:
        return False
    following = pieces[position + 1].text
    if position == 0:
        return True
    previous = pieces[position - 1]
    if previous.sign:
        return previous.sign.strip() in {"|", ""}
    return (
        len(following) == 1
        or (following.isupper() and len(following) <= 3)
        or following.isdigit()
        or position == 1
        or (len(following) <= 3 and following.isalpha() and previous.folded in PROGRAMS)
    )


def _starts_path(pieces: Sequence[Piece], position: int, typed: str) -> bool:
    """Whether a slash begins a new argument: after a program, a flag, or a word that ends no path."""
    if not typed:
        return True
    last = typed.rsplit(" ", 1)[-1]
    if last.startswith("-") and "=" not in last:
        return True
    if "/" in last or "." in last or ":" in last:
        return False
    first = position == 1 or " " not in typed
    return first or pieces[position - 1].folded in PROGRAMS


def _starts_hidden(pieces: Sequence[Piece], position: int, typed: str) -> bool:
    following = pieces[position + 1] if position + 1 < len(pieces) else None
    return bool(typed) and following is not None and following.sign == "/"


def _joined(
    pieces: Sequence[Piece], position: int, sentence: str, lexicon: Lexicon
) -> tuple[Code, int] | None:
    """A path, file, identifier or setting whose signs were spoken."""
    start = position
    first = pieces[position]
    if not first.sign and not (_wordlike(first) and position + 1 < len(pieces) and pieces[position + 1].sign):
        return None
    if (
        not first.sign
        and pieces[position + 1].sign in {"/", "//"}
        and (first.folded in _STOPS or lexicon.code_noun.fullmatch(first.folded))
    ):
        return None  # "em barra etc": the path begins with the slash
    if first.sign and first.sign not in {"/", "~", ".", " --", "\\"}:
        return None
    end = position
    expects_word = False
    while end < len(pieces) and (end == start or not _is_break(pieces, end, sentence)):
        piece = pieces[end]
        if piece.sign:
            if piece.sign.strip() in {"|", ">", "<", "&&", ">>", ";"} or (
                piece.sign == " --" and end > start
            ):
                break
            expects_word = True
        elif end == start or expects_word:
            if not _wordlike(piece):
                break
            expects_word = False
        else:
            break
        end += 1
    while end > start and pieces[end - 1].sign and pieces[end - 1].sign not in {"*", "/"}:
        end -= 1
    run = pieces[start:end]
    signs = [piece.sign for piece in run if piece.sign]
    words = [piece for piece in run if not piece.sign]
    if not signs or not words or not _is_certain(run, signs, words, pieces, start):
        return None
    return Code(_glued(run), run[0].start, run[-1].end, is_command=False), end


def _wordlike(piece: Piece) -> bool:
    return bool(_CODE_LOOK.match(piece.text)) and piece.text.isascii() and piece.text[0] not in "-"


def _is_certain(
    run: Sequence[Piece], signs: Sequence[str], words: Sequence[Piece], pieces: Sequence[Piece], start: int
) -> bool:
    before = pieces[start - 1].folded if start else ""
    ordinary = sum(piece.folded in _STOPS for piece in words)
    if ordinary and ordinary * 2 >= len(words):
        return False
    strict = [sign for sign in signs if sign in {"_", "@", "\\", " --", "//", "~"}]
    if strict and len(words) >= 1 and not (run[0].sign == "" and run[0].folded in _STOPS):
        return True
    if signs[0] == "/" and run[0].sign == "/":
        return len(signs) >= 2 or before in _PATH_NOUNS
    if signs.count("/") >= 2 or (signs.count("-") >= 2 and not ordinary):
        return True
    if "." in signs and words[-1].folded in EXTENSIONS:
        return True
    if (
        run[0].sign == "."
        and len(words) == 1
        and words[0].folded
        in {"env", "gitignore", "dockerignore", "bashrc", "ssh", "git", "npmrc", "htaccess", "profile"}
    ):
        return True
    if signs.count(".") >= 2 and len(words) >= 3:
        return all(len(word.text) > 1 or word.text.isdigit() for word in words)
    if "=" in signs:
        return bool(_TYPED_SIGN.search(run[0].text)) or len(signs) >= 2
    return any(_TYPED_SIGN.search(word.text) and not word.text.isdigit() for word in words) and set(
        signs
    ) <= {"-", "/", ":"}


_PATH_NOUNS = words(
    "caminho pasta diretorio em no na rota endpoint path folder directory in at under route into url to cd"
)


def _glued(run: Sequence[Piece]) -> str:
    return "".join(piece.sign.strip() if piece.sign else piece.text for piece in run)
