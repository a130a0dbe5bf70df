"""Speech as one would type it: numbers and punctuation that were spelled out, in Portuguese and English.

Speech recognition writes "trinta e cinco", "eighty eighty", "um ponto vinte e oito" and "traço n" where a
document writes 35, 8080, 1.28 and `-n`. `read_atoms` brings both to the same sequence of atoms: words
without accents, case or inner capitals, and numbers in digits. Signs are left out; words that name a sign
("traço", "slash") are marked, so that a reader may leave them out as well.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from techne.documents.grounding.numerals import NUMBER_WORDS, ORDINALS, NumberWord

AtomKind = Literal["word", "number", "sign"]

_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+|[^\w\s]|_")
_INNER_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:[.,]\d{3})+")

_SIGN_NAMES = (
    "traco hifen menos barra contrabarra invertida ponto pontos virgula underline underscore sublinhado",
    "arroba igual asterisco estrela aspas apostrofo til cerquilha cifrao pipe parentese parenteses",
    "chave chaves colchete colchetes espaco",
    "dash hyphen minus slash backslash dot point comma colon semicolon at equals equal star asterisk quote",
    "quotes tilde hash dollar parenthesis bracket brackets brace braces space",
)
_PAIRED_SIGNS = frozenset(
    {"pontos", "tracos", "hifens", "barras", "asteriscos", "dashes", "hyphens", "slashes"}
)
_PAIRS = frozenset({"dois", "duas", "two", "duplo", "dupla", "double"})
_SIGNS = frozenset(name for names in _SIGN_NAMES for name in names.split()) | _PAIRED_SIGNS
_DECIMAL_SIGNS = frozenset({"ponto", "virgula", "point", "dot"})
_ONLY_BESIDE_DIGITS = frozenset({"oh", "meia"})
_CONNECTORS = frozenset({"e", "and"})
_LONGEST_DICTATION = 12


@dataclass(frozen=True, slots=True)
class Atom:
    """A word or a number of a text; `start` and `end` are offsets into it.

    `alone` is false for digits inside a name, such as the 8 of `k8s`. `readings` holds what else a number
    may be read as: "cinco zero dois" is 5, 0, 2, and also 502.
    """

    text: str
    kind: AtomKind
    start: int
    end: int
    alone: bool = True
    readings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    folded: str
    start: int
    end: int
    glued: bool
    """Whether nothing stands between it and the token before."""


def fold(text: str) -> str:
    """The text without accents and case."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def digits_of(written: str) -> str:
    """A number as written, with a point for the decimals and none for the thousands.

    "1,5" and "1.5" are 1.5; "10.000" and "10,000" are 10000.
    """
    if _THOUSANDS.fullmatch(written):
        return re.sub("[.,]", "", written)
    head, comma, tail = written.rpartition(",")
    if comma and _THOUSANDS.fullmatch(head) and "," not in head:
        return head.replace(".", "") + "." + tail
    return written.replace(",", ".")


def read_atoms(text: str, language: str = "") -> list[Atom]:
    """The words and numbers of a text, in order.

    Args:
        text: Speech or writing; Portuguese and English may be mixed.
        language: BCP 47 tag. In English "um" is a hesitation, otherwise it is also a number.
    """
    english = language.lower().startswith("en")
    tokens = _tokens(text)
    atoms: list[Atom] = []
    position = 0
    while position < len(tokens):
        end = _read_numbers(tokens, position, atoms, english=english)
        if end > position:
            position = end
            continue
        token = tokens[position]
        if _counts_signs(tokens, position):
            atoms.append(Atom(token.folded, "sign", token.start, token.end))
        elif token.text[0].isdecimal():
            atoms.append(Atom(digits_of(token.text), "number", token.start, token.end, alone=False))
        elif token.text[0].isalnum():
            _read_word(token, atoms)
        position += 1
    return atoms


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    previous_end = -1
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        word = match.group()
        tokens.append(_Token(word, fold(word), start, end, start == previous_end))
        previous_end = end
    return tokens


def _read_word(token: _Token, atoms: list[Atom]) -> None:
    if token.folded in _SIGNS:
        atoms.append(Atom(token.folded, "sign", token.start, token.end))
        return
    ordinal = ORDINALS.get(token.folded)
    offset = 0
    for part in _INNER_CAPITAL.split(token.text):
        start = token.start + offset
        readings = (ordinal,) if ordinal else ()
        folded = fold(part)
        if folded:
            atoms.append(Atom(folded, "word", start, start + len(part), readings=readings))
        offset += len(part)


def _read_numbers(tokens: Sequence[_Token], position: int, atoms: list[Atom], *, english: bool) -> int:
    """Read a run of number words and digits at `position`; return where it ends, or `position` if none."""
    runs: list[tuple[list[_Segment], int]] = []
    end = position
    while True:
        words, spans, connected, run_end = _collect_run(tokens, end, english=english)
        if not words:
            break
        runs.append((_segment(words, spans, connected), run_end))
        end = run_end
        if not (end + 1 < len(tokens) and tokens[end].folded in _DECIMAL_SIGNS):
            break
        if not _is_number(tokens, end + 1, english=english):
            break
        end += 1
    if not runs:
        return position
    segments = _join_decimals([run for run, _ in runs])
    end = runs[-1][1]
    if end + 1 < len(tokens) and (tokens[end].folded, tokens[end + 1].folded) in {
        ("e", "meio"),
        ("e", "meia"),
    }:
        segments[-1] = segments[-1].with_half()
    _emit(segments, atoms)
    return end


@dataclass(frozen=True, slots=True)
class _Segment:
    """One number of a run; `connected` if "e" or a comma stands before it, so that it can't be dictation."""

    digits: str
    start: int
    end: int
    connected: bool
    readings: tuple[str, ...] = ()

    def with_half(self) -> _Segment:
        return _Segment(
            self.digits, self.start, self.end, self.connected, (*self.readings, self.digits + ".5")
        )


def _is_number(tokens: Sequence[_Token], position: int, *, english: bool) -> bool:
    token = tokens[position]
    if token.text[0].isdecimal():
        return not (token.glued and position and tokens[position - 1].text[-1].isalpha())
    if token.folded not in NUMBER_WORDS or (english and token.folded == "um"):
        return False
    if _counts_signs(tokens, position):
        return False
    if token.folded in _ONLY_BESIDE_DIGITS:
        beside = [tokens[index].folded for index in (position - 1, position + 1) if 0 <= index < len(tokens)]
        return any(
            word in NUMBER_WORDS and word not in _ONLY_BESIDE_DIGITS and NUMBER_WORDS[word].value < 10
            for word in beside
        )
    return True


def _counts_signs(tokens: Sequence[_Token], position: int) -> bool:
    """Whether the token is the first of "dois pontos", "dois traços" or "double dash"."""
    if tokens[position].folded not in _PAIRS or position + 1 == len(tokens):
        return False
    return tokens[position + 1].folded in _PAIRED_SIGNS | {"dash", "traco", "slash", "barra"}


def _collect_run(
    tokens: Sequence[_Token], position: int, *, english: bool
) -> tuple[list[NumberWord], list[tuple[int, int]], list[bool], int]:
    words: list[NumberWord] = []
    spans: list[tuple[int, int]] = []
    connected: list[bool] = []
    connector = False
    end = position
    while position < len(tokens):
        token = tokens[position]
        if _is_number(tokens, position, english=english):
            words.append(NUMBER_WORDS.get(token.folded) or _digits_word(token.text))
            spans.append((token.start, token.end))
            connected.append(connector)
            connector = False
            end = position + 1
        elif words and not connector and token.folded in _CONNECTORS:
            connector = True
        elif not (
            words and token.text == "-" and token.glued and not tokens[position - 1].text[0].isdecimal()
        ):
            break
        position += 1
    return words, spans, connected, end


def _digits_word(written: str) -> NumberWord:
    digits = digits_of(written)
    if digits.startswith("0") or digits.count(".") > 1:
        return NumberWord(Decimal(0), "literal", "digits", literal=digits)
    return NumberWord(Decimal(digits), "digits", "digits")


def _segment(
    words: Sequence[NumberWord], spans: Sequence[tuple[int, int]], connected: Sequence[bool]
) -> list[_Segment]:
    """Split a run into as few numbers as the grammar of either language allows."""
    count = len(words)
    best: list[tuple[float, int, str]] = [(0.0, count, "")] * (count + 1)
    for start in reversed(range(count)):
        choices = []
        for end, digits in _values_from(words, connected, start):
            bare = 0.5 if words[start].role in ("scale", "hundred") else 0.0
            choices.append((1 + bare + best[end][0], -end, digits))
        cost, negative_end, digits = min(choices)
        best[start] = (cost, -negative_end, digits)
    segments = []
    start = 0
    while start < count:
        _, end, digits = best[start]
        segments.append(_Segment(digits, spans[start][0], spans[end - 1][1], connected[start]))
        start = end
    return segments


def _values_from(
    words: Sequence[NumberWord], connected: Sequence[bool], start: int
) -> Iterator[tuple[int, str]]:
    """Every number that begins with the word at `start`, with the position after its last word."""
    first = words[start]
    if first.role in ("zero", "literal"):
        yield start + 1, first.literal or "0"
        return
    total, group, room, scale = Decimal(0), first.value, first.room, Decimal(10) ** 12
    if first.role == "scale":
        total, group, scale = first.value, Decimal(0), first.value
    yield start + 1, _plain(total + group)
    for position in range(start + 1, len(words)):
        word, before, linked = words[position], words[position - 1], connected[position]
        if word.role in ("zero", "literal"):
            return
        if word.role == "scale":
            if linked or not group or word.value >= scale:
                return
            total, group, room, scale = total + group * word.value, Decimal(0), 1000, word.value
        elif word.role == "hundred":
            if linked or not 0 < group < 100 or before.role not in ("small", "digits"):
                return
            group, room = group * 100, 100
        else:
            if not 0 < word.value < room or not _joins(before, word, linked=linked):
                return
            group, room = group + word.value, word.room
        yield position + 1, _plain(total + group)


def _joins(before: NumberWord, word: NumberWord, *, linked: bool) -> bool:
    if before.role in ("scale", "hundred"):
        return True
    if word.role == "digits" or before.grammar != word.grammar:
        return False
    # "vinte e cinco" is one number and "vinte cinco" two; in English it is the other way round.
    return linked if word.grammar == "pt" else not linked


def _plain(value: Decimal) -> str:
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text and value == value.to_integral_value() else text


def _join_decimals(runs: Sequence[list[_Segment]]) -> list[_Segment]:
    """Join the runs around each spoken point: 1 | 28 becomes 1.28."""
    joined = list(runs[0])
    for run in runs[1:]:
        whole = joined.pop()
        size = 1
        if len(run[0].digits) == 1:
            while size < len(run) and len(run[size].digits) == 1 and not run[size].connected:
                size += 1
        decimals = "".join(segment.digits for segment in run[:size])
        joined.append(_Segment(f"{whole.digits}.{decimals}", whole.start, run[size - 1].end, whole.connected))
        joined.extend(run[size:])
    return joined


def _emit(segments: Sequence[_Segment], atoms: list[Atom]) -> None:
    for position, segment in enumerate(segments):
        readings = [segment.digits, *segment.readings]
        dictated = segment.digits
        for following in segments[position + 1 :]:
            dictated += following.digits
            if following.connected or len(dictated) > _LONGEST_DICTATION or "." in dictated:
                break
            readings.append(dictated)
        atoms.append(Atom(segment.digits, "number", segment.start, segment.end, readings=tuple(readings)))
