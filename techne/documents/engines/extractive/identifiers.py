"""Finds paths, files, hosts, identifiers and settings whose signs were spoken."""

from __future__ import annotations

import re
from collections.abc import Sequence

from techne.documents.engines.extractive.code_look import fits_name, is_typed_looking
from techne.documents.engines.extractive.code_spelling import begins_at_root, glued, number_word
from techne.documents.engines.extractive.command_extent import is_break
from techne.documents.engines.extractive.command_frames import STOPS
from techne.documents.engines.extractive.consoles import CONSOLE_WORDS, INTERFACES, LONG_NAMES_OF_INTERFACES
from techne.documents.engines.extractive.lexicon import Lexicon
from techne.documents.engines.extractive.listing import words
from techne.documents.engines.extractive.programs import EXTENSIONS, HIDDEN_FILES
from techne.documents.engines.extractive.spoken_signs import Piece

_OPENING = frozenset({"/", "~", ".", "..", " --", "\\", "\\\\", "#", "-", "$", "%", "#!"})
_ENDS = frozenset({"|", ">", "<", "&&", ">>", ";", ""})
_PATH_NOUNS = words(
    "caminho pasta diretorio em no na rota endpoint path folder directory in at under route into url to cd"
)
_FLAG_NOUNS = words("flag flags opcao option switch parametro parameter")
_NAMING = words(
    "chama chamado chamada called named topico topic grupo group namespace pod bucket fila queue "
    "consumer deployment cronjob job nodepool daemonset release ingress branch"
)
"""Words that a name of two parts follows: "um pod chamado cert traço watcher"."""
_VERBS = re.compile(
    r"\w{3,}ar|\w{3,}(?:ando|endo|indo|ing)|por|poe|bota|coloca|passa|usa|adiciona|adicione|set|put|add|pass|use|used|"
    r"try|plus|raised|dropped|changed|lowered"
)
"""Words of talk before an option, which would else be glued to it."""


def find_identifier(
    pieces: Sequence[Piece], position: int, sentence: str, lexicon: Lexicon
) -> tuple[str, int] | None:
    """The path, name or setting that begins at the piece, as typed, and the position after it."""
    first = pieces[position]
    end = _reach(pieces, position, sentence)
    if not _may_begin(pieces, position, end, lexicon):
        return None
    while (
        end > position and pieces[end - 1].sign and pieces[end - 1].sign not in {"*", "/", "%", ")", "}", "]"}
    ):
        end -= 1
    run = pieces[position:end]
    if _cuts_number(pieces, position, end):
        return None
    if _is_interface(run):
        return glued(run[:1]) + glued(run[1:]), end
    signs = [piece.sign for piece in run if piece.sign]
    spoken = [piece for piece in run if not piece.sign]
    if not signs or not spoken or not _is_certain(run, signs, spoken, pieces, position):
        return None
    if first.sign == "-" and not _is_option_alone(run, signs, pieces, position, end):
        return None
    return glued(run), end


def _may_begin(pieces: Sequence[Piece], position: int, end: int, lexicon: Lexicon) -> bool:
    first = pieces[position]
    if first.sign == ".":
        return _follows(pieces, position + 1, HIDDEN_FILES) or _signs_at(pieces, position + 1) == "/"
    if first.sign:
        return first.sign in _OPENING
    following = pieces[position + 1] if position + 1 < len(pieces) else None
    if following is None or not fits_name(first):
        return False
    if not following.sign:
        return first.folded in INTERFACES
    if following.sign in {"/", "//", "-"} and (
        first.folded in STOPS or lexicon.code_noun.fullmatch(first.folded)
    ):
        return False  # "em barra etc": the path begins with the slash
    if following.sign in {".", ".."} and _signs_at(pieces, position + 2) == "/":
        return False
    if following.sign in {"~", "$", "%", "#!", "\\\\"} or begins_at_root(pieces, position + 1):
        return False
    if (
        following.sign == "/"
        and position == 0
        and first.text[0].isupper()
        and _signs_at(pieces, position + 3)
    ):
        return False  # only begins the sentence: "Chama barra api barra pedidos"
    if following.sign == "." and first.folded in STOPS and _follows(pieces, position + 2, HIDDEN_FILES):
        return False
    if following.sign == "-":
        talk = first.folded in lexicon.stop_words or _VERBS.fullmatch(first.folded) is not None
        return not (talk and _is_option_like(pieces[position + 1 : end]))
    return True


def _signs_at(pieces: Sequence[Piece], position: int) -> str:
    return pieces[position].sign if position < len(pieces) else ""


def _follows(pieces: Sequence[Piece], position: int, among: frozenset[str]) -> bool:
    return position < len(pieces) and pieces[position].folded in among


def _is_option_like(run: Sequence[Piece]) -> bool:
    """Whether a run that begins with a dash can only be an option: it has a value, or a name in capitals."""
    name = run[1].text if len(run) > 1 else ""
    return any(piece.sign == "=" for piece in run) or re.match(r"[A-Z]{2}$|[XD][a-z]+\w*\d", name) is not None


def _reach(pieces: Sequence[Piece], start: int, sentence: str) -> int:
    """How far the run goes: words and signs in turn."""
    end = start
    expects_word = False
    while end < len(pieces) and (end == start or not is_break(pieces, end, sentence)):
        piece = pieces[end]
        if piece.sign:
            if (
                piece.sign.strip() in _ENDS
                or piece.sign in {'"', "'"}
                or (piece.sign == " --" and end > start)
            ):
                break
            closes = piece.sign == "%" and sum(other.sign == "%" for other in pieces[start:end]) % 2
            expects_word = piece.sign not in {")", "]", "}"} and not closes
        elif end == start or expects_word or _goes_on(pieces, start, end):
            if not fits_name(piece):
                break
            expects_word = False
        else:
            break
        end += 1
    return end


def _goes_on(pieces: Sequence[Piece], start: int, position: int) -> bool:
    """Whether a word without a sign belongs to the name: of an interface, or of a folder of two words."""
    previous = pieces[position - 1]
    sign = pieces[position + 1].sign if position + 1 < len(pieces) else ""
    if position == start + 1 and previous.folded in INTERFACES:
        return sign == "/" and (pieces[position].text.isdigit() or number_word(pieces[position]))
    inside = position > start + 1 and pieces[position - 2].sign == "\\" and sign == "\\"
    return inside and previous.text[:1].isupper() and pieces[position].text[:1].isupper()


def _is_interface(run: Sequence[Piece]) -> bool:
    """Whether it is the name of an interface told in parts: "gi zero slash one"."""
    if len(run) < 4 or run[0].folded not in INTERFACES - LONG_NAMES_OF_INTERFACES or run[1].sign:
        return False
    return all(piece.sign == "/" for piece in run[2::2]) and all(
        piece.text.isdigit() or number_word(piece) for piece in run[1::2]
    )


def _cuts_number(pieces: Sequence[Piece], start: int, end: int) -> bool:
    """Whether the run begins or ends inside a number in words: the "sete" of "vinte e sete ponto"."""
    before = pieces[start - 1].text if start else ""
    if number_word(pieces[start]) and (before == "e" or (start > 0 and number_word(pieces[start - 1]))):
        return True
    after = pieces[end].text if end < len(pieces) else ""
    return (
        end > start
        and number_word(pieces[end - 1])
        and (
            (after == "e" and end + 1 < len(pieces) and number_word(pieces[end + 1]))
            or (end < len(pieces) and number_word(pieces[end]))
        )
    )


def _is_option_alone(
    run: Sequence[Piece], signs: Sequence[str], pieces: Sequence[Piece], start: int, end: int
) -> bool:
    """Whether a dash at the beginning is an option's, told without its program."""
    if "=" in signs:
        return True
    name = run[1].text if len(run) > 1 else ""
    if len(run) == 2 and re.match(r"X[a-z]{2}\d|D[a-z]\w*\.", name):
        return True
    called = (start > 0 and pieces[start - 1].folded in _FLAG_NOUNS) or _follows(pieces, end, _FLAG_NOUNS)
    return len(run) == 2 and len(name) <= 2 and called


def _is_certain(
    run: Sequence[Piece], signs: Sequence[str], spoken: Sequence[Piece], pieces: Sequence[Piece], start: int
) -> bool:
    first = run[0]
    before = pieces[start - 1].folded if start else ""
    ordinary = sum(piece.folded in STOPS for piece in spoken)
    if ordinary and ordinary * 2 >= len(spoken):
        return False
    if first.sign == "-":
        return True
    if first.sign == "#":
        return len(signs) > 1
    if first.sign in {"%", "$", "#!"}:
        return len(spoken) >= 1 and (first.sign != "%" or signs.count("%") > 1)
    if set(signs) == {":"} and len(spoken) == 2 and spoken[1].text.isdigit():
        return len(spoken[0].text) > 3 and not ordinary and len(spoken[1].text) > 1
    if {"_", "@", "\\", "\\\\", " --", "//", "~"} & set(signs) and not (
        not first.sign and first.folded in STOPS
    ):
        return True
    if re.fullmatch(r"[A-Z]{2,}/\d[\d.]*", glued(run)) or glued(run) in CONSOLE_WORDS:
        return True
    if first.sign == "/" and spoken[0].text.isdigit():
        return False
    if first.sign == "/":
        return len(signs) >= 2 or before in _PATH_NOUNS
    if first.sign == "..":
        return "/" in signs
    if signs.count("/") >= 2 or (signs.count("-") >= 2 and not ordinary):
        return True
    if "." in signs and spoken[-1].folded in EXTENSIONS and not number_word(spoken[0]):
        return True
    if first.sign == "." and len(spoken) == 1 and spoken[0].folded in HIDDEN_FILES:
        return True
    if signs.count(".") >= 2 and len(spoken) >= 3:
        return all(len(word.text) > 1 or word.text.isdigit() for word in spoken)
    if signs == ["."] and len(spoken) == 2:
        return _is_tag(spoken[0].text) and any(char.isdigit() for char in spoken[1].text)
    if "=" in signs:
        return is_typed_looking(first.text) or len(signs) >= 2
    if signs == ["-"] and before in _NAMING and not ordinary:
        return all(len(word.text) > 1 and word.text.isalnum() and word.text.islower() for word in spoken)
    typed = any(is_typed_looking(word.text) and not word.text.isdigit() for word in spoken)
    return typed and set(signs) <= {"-", "/", ":"}


def _is_tag(word: str) -> bool:
    """Whether it looks like the address of a controller: "DB10", "I0"."""
    return re.fullmatch(r"%?[A-Z]{1,3}\d+", word) is not None
