"""Words that are spoken for signs, and a sentence as pieces: words and such signs.

Most words of signs ("dash", "barra") become pieces that only count as signs where code is certain. Those that
talk is full of ("plus", "menos", "at", "space") are read as signs only between neighbours that show it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from techne.documents.engines.extractive.lexicon import fold
from techne.documents.engines.extractive.listing import words
from techne.documents.engines.extractive.programs import ORDINARY_PROGRAMS, PROGRAMS

_TOKEN = re.compile(r"[^\s,;!?…\"“”«»]+|[,;!?…\"“”«»]")
_SPOKEN: dict[str, str] = {
    # What is typed, and the phrases for it; spaces around a sign say on which sides words stay apart.
    " --": "dois tracos|traco traco|dois hifens|hifen hifen|menos menos|dash dash|double dash|two dashes|"
    "minus minus|hyphen hyphen|double hyphen",
    "\\": "barra invertida|contra barra|contrabarra|barra reversa|backslash|back slash",
    "\\\\": "barra invertida barra invertida|contrabarra contrabarra|backslash backslash|double backslash",
    "//": "barra barra|slash slash|double slash",
    "/": "forward slash|barra|slash",
    " | ": "barra vertical|pipe|vertical bar",
    " >> ": "maior maior|greater than greater than",
    " > ": "maior que|greater than",
    " < ": "menor que|less than",
    " && ": "e comercial e comercial|ampersand ampersand|double ampersand",
    "=": "sinal de igual|igual a|igual|equals to|equal to|equals|equal sign",
    ":": "dois pontos|colon",
    ";": "ponto e virgula|semicolon",
    "_": "underline|underscore|sublinhado|underlaine|anderline",
    "@": "arroba|at sign",
    "*": "asterisco|asterisk|estrela|star",
    "~": "til|tilde",
    "$": "cifrao|dollar sign",
    "-": "traco|hifen|dash|hyphen",
    "..": "ponto ponto|dot dot",
    ".": "ponto|dot",
    "#!": "hash bang",
    "(": "abre parenteses|abre parentese|open paren|open parenthesis|left paren",
    ")": "fecha parenteses|fecha parentese|close paren|close parenthesis|right paren",
    "[": "abre colchetes|abre colchete|open bracket|open square bracket|left bracket",
    "]": "fecha colchetes|fecha colchete|close bracket|close square bracket|right bracket",
    "{": "abre chaves|abre chave|open brace|open curly brace|open curly|left brace",
    "}": "fecha chaves|fecha chave|close brace|close curly brace|close curly|right brace",
    "'": "aspas simples|aspa simples|single quote",
    '"': "abre aspas|fecha aspas|aspas duplas|aspas|open quotes|close quotes|open quote|close quote|"
    "double quotes|double quote|quote|unquote",
}
_SPOKEN_RARELY: dict[str, str] = {
    "#": "hashtag|cerquilha|jogo da velha|hash|pound sign|pound",
    "+": "plus sign|plus|mais",
    "-": "minus|menos",
    "@": "at",
    "%": "percent sign|percent|porcento|por cento",
    "$": "dollar",
    "?": "ponto de interrogacao|interrogacao|question mark",
    "&": "e comercial|ampersand",
    "!": "ponto de exclamacao|exclamacao|exclamation mark|bang",
    ",": "virgula|comma",
    " > ": "maior",
    " ": "espaco|space",
}
"""Signs whose words are words of talk as well; each has its own test below."""


def _by_first() -> dict[str, list[tuple[tuple[str, ...], str, bool]]]:
    table: dict[str, list[tuple[tuple[str, ...], str, bool]]] = {}
    for spoken, rare in ((_SPOKEN, False), (_SPOKEN_RARELY, True)):
        for sign, phrases in spoken.items():
            for phrase in phrases.split("|"):
                split = tuple(phrase.split())
                table.setdefault(split[0], []).append((split, sign, rare))
    for entries in table.values():
        entries.sort(key=lambda entry: -len(entry[0]))
    return table


_BY_FIRST = _by_first()


@dataclass(frozen=True, slots=True)
class Piece:
    """A word or a spoken sign, with its place."""

    text: str
    folded: str
    sign: str
    start: int
    end: int


def pieces_of(sentence: str) -> list[Piece]:
    """The pieces of a sentence in order; the longest spelling of a sign wins."""
    tokens = [(match.group(), match.start(), match.end()) for match in _TOKEN.finditer(sentence)]
    folded = [fold(text).rstrip(".:") for text, _, _ in tokens]
    pieces: list[Piece] = []
    position = 0
    while position < len(tokens):
        text, start, _ = tokens[position]
        sign, length = _sign_at(folded, position, pieces, tokens)
        if sign:
            end = tokens[position + length - 1][2]
            pieces.append(
                Piece(sentence[start:end], " ".join(folded[position : position + length]), sign, start, end)
            )
            position += length
            continue
        letter, length = _cased_letter(folded, position)
        if letter:
            end = tokens[position + length - 1][1] + len(folded[position + length - 1])
            pieces.append(Piece(letter, letter.lower(), "", start, end))
            position += length
            continue
        stripped = text.rstrip(".:") or text
        pieces.append(Piece(stripped, fold(stripped), "", start, start + len(stripped)))
        position += 1
    return pieces


def _sign_at(
    folded: Sequence[str], position: int, pieces: Sequence[Piece], tokens: Sequence[tuple[str, int, int]]
) -> tuple[str, int]:
    for phrase, sign, rare in _BY_FIRST.get(folded[position], ()):
        length = len(phrase)
        if tuple(folded[position : position + length]) != phrase:
            continue
        if phrase == ("asterisk",) and _is_telephony(pieces, folded, position):
            continue
        following = tokens[position + length][0].rstrip(".:") if position + length < len(tokens) else ""
        if (
            sign == " > "
            and rare
            and folded[position + length : position + length + 1] not in (["barra"], ["slash"])
        ):
            continue
        if rare and not _RARE[sign](pieces, folded, position + length, following):
            continue
        return sign, length
    return "", 0


def _is_telephony(pieces: Sequence[Piece], folded: Sequence[str], position: int) -> bool:
    """Whether "asterisk" is the program: it begins a command, and an option follows."""
    begins = not any(piece.sign or piece.folded in PROGRAMS for piece in pieces[-6:])
    return begins and list(folded[position + 1 : position + 2]) == ["dash"]


def _cased_letter(folded: Sequence[str], position: int) -> tuple[str, int]:
    """A letter whose case is told: "capital L", "l maiúsculo"."""
    here = folded[position]
    after = folded[position + 1] if position + 1 < len(folded) else ""
    if here in _UPPER and len(after) == 1 and after.isascii() and after.isalpha() and after not in "ao":
        return after.upper(), 2
    if len(here) == 1 and here.isascii() and here.isalpha():
        if after in _UPPER_AFTER:
            return here.upper(), 2
        if after in _LOWER_AFTER:
            return here, 2
    return "", 0


_UPPER = words("capital uppercase upper-case")
_UPPER_AFTER = words("maiusculo maiuscula")
_LOWER_AFTER = words("minusculo minuscula")

_Test = Callable[[Sequence[Piece], Sequence[str], int, str], bool]


def _word(pieces: Sequence[Piece], back: int) -> str:
    """The word that many pieces back; empty for a sign and before the sentence."""
    return pieces[-back].folded if len(pieces) >= back and not pieces[-back].sign else ""


def _sign(pieces: Sequence[Piece], back: int) -> str:
    return pieces[-back].sign if len(pieces) >= back else ""


def _spells_sign(folded: Sequence[str], position: int) -> bool:
    """Whether the word there is a plain sign's."""
    return any(
        not rare and tuple(folded[position : position + len(phrase)]) == phrase
        for phrase, _, rare in (_BY_FIRST.get(folded[position], ()) if position < len(folded) else ())
    )


def _is_hash(pieces: Sequence[Piece], folded: Sequence[str], after: int, following: str) -> bool:
    """A channel: a word and a dash or an underscore follow."""
    return after + 1 < len(folded) and any(
        phrase == (folded[after + 1],) and sign in {"-", "_"}
        for phrase, sign, _ in _BY_FIRST.get(folded[after + 1], ())
    )


def _is_plus(pieces: Sequence[Piece], folded: Sequence[str], after: int, following: str) -> bool:
    """A mode ("chmod plus x", "u plus x") or a bound ("dash mtime plus 30")."""
    if _word(pieces, 1) == "dig" and following.isalpha():
        return True
    if not (following.isdigit() or re.fullmatch(r"[rwxstPT]{1,3}|L\d", following)):
        return False
    return (
        _word(pieces, 1) in _TAKES_PLUS
        or (_word(pieces, 1) in words("u g o a ug") and _word(pieces, 2) == "chmod")
        or (_sign(pieces, 2) == "-" and following.isdigit())
    )


_TAKES_PLUS = words("chmod mtime atime ctime dcmdump setfacl lsof")


def _is_minus(pieces: Sequence[Piece], folded: Sequence[str], after: int, following: str) -> bool:
    """A flag: letters after a program, or one letter later in its arguments."""
    if not following.isascii() or not following.isalpha() or len(following) > 4:
        return False
    if _word(pieces, 1) in PROGRAMS:
        return _word(pieces, 1) not in ORDINARY_PROGRAMS or len(following) == 1
    inside = any(piece.folded in PROGRAMS - ORDINARY_PROGRAMS for piece in pieces[-8:])
    return inside and len(following) == 1 and following not in "aeo"


def _is_at(pieces: Sequence[Piece], folded: Sequence[str], after: int, following: str) -> bool:
    """An address: a receiver, "at", and a name of several parts."""
    dotted = after + 1 < len(folded) and folded[after + 1] in {"dot", "ponto"}
    if not dotted and not re.fullmatch(r"[\w-]+(?:\.[\w-]+)+", following):
        return False
    return bool(_word(pieces, 1)) and (
        _word(pieces, 2) in _BEFORE_RECEIVER or _sign(pieces, 2) in {".", "-", "_"}
    )


_BEFORE_RECEIVER = words("to mail email e-mail from write contact address ssh scp is")


def _is_percent(pieces: Sequence[Piece], folded: Sequence[str], after: int, following: str) -> bool:
    """A variable of Windows between two of them."""
    names = words("percent porcento")
    opens = after + 1 < len(folded) and folded[after + 1] in names and following.isalpha()
    return opens or _sign(pieces, 2) == "%"


def _is_dollar(pieces: Sequence[Piece], folded: Sequence[str], after: int, following: str) -> bool:
    return len(following) > 1 and following.isupper() and following.isascii()


def _is_in_address(pieces: Sequence[Piece], folded: Sequence[str], after: int, following: str) -> bool:
    """Inside a chain of signs that goes on: "slash search question mark id equals 5"."""
    return bool(following) and _sign(pieces, 2) in {"/", "=", "."} and _spells_sign(folded, after + 1)


def _is_comma(pieces: Sequence[Piece], folded: Sequence[str], after: int, following: str) -> bool:
    """Among the columns of a query, or inside a chain of signs."""
    columns = "select" in folded[:after] and "from" not in folded[:after] and "from" in folded[after:]
    option = _sign(pieces, 3) == "-" and len(_word(pieces, 2)) == 1  # "dash o remount comma rw"
    return option or columns or _sign(pieces, 2) == "(" or _is_in_address(pieces, folded, after, following)


def _is_bang(pieces: Sequence[Piece], folded: Sequence[str], after: int, following: str) -> bool:
    return bool(_sign(pieces, 1)) and _spells_sign(folded, after)


def _is_space(pieces: Sequence[Piece], folded: Sequence[str], after: int, following: str) -> bool:
    """Between parts of a command that are told sign by sign."""
    if not following or folded[after] in words("em no na livre left on in before after de do da for"):
        return False
    flag = _sign(pieces, 2) == "-" and len(_word(pieces, 1)) in {1, 2}
    return (
        flag
        or (_word(pieces, 1) in PROGRAMS - ORDINARY_PROGRAMS)
        or (_sign(pieces, 2) in {" ", " --", "/", "_"} and _spells_sign(folded, after))
        or _sign(pieces, 2) == " "
    )


def _is_redirect(pieces: Sequence[Piece], folded: Sequence[str], after: int, following: str) -> bool:
    return any(piece.folded in PROGRAMS for piece in pieces)


_RARE: dict[str, _Test] = {
    "#": _is_hash,
    "+": _is_plus,
    "-": _is_minus,
    "@": _is_at,
    "%": _is_percent,
    "$": _is_dollar,
    "?": _is_in_address,
    "&": _is_in_address,
    "!": _is_bang,
    ",": _is_comma,
    " > ": _is_redirect,
    " ": _is_space,
}
