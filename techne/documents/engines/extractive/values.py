"""Finds the values of a sentence: quantities with their units, and words that look like code or names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from techne.documents.engines.extractive.lexicon import Lexicon, fold
from techne.documents.engines.extractive.listing import words
from techne.documents.grounding.numerals import NUMBER_WORDS
from techne.documents.grounding.spoken import read_atoms

ValueKind = Literal["number", "code", "name"]

_TOKEN = re.compile(r"[^\s,;!?…\"“”«»()\[\]]+")
_TRIM = ".:'’"
_INNER_SIGN = re.compile(
    r"(?<=\w)[_/\\@=.](?=[\w*])|(?<=[a-z])[A-Z]|^[/~]\w|^-{1,2}[a-zA-Z]|^\.\w|^https?:|^[A-Za-z]:\\|^\\\\\w|^[A-Z]\w+-[A-Z]\w"
)
_COMPOUND = re.compile(r"[a-z0-9]{2,}(?:-[a-z0-9]+)+")
_CLITICS = words(
    "se lo la los las o a os as me te lhe lhes nos no na feira vindo vindos vinda estar mail term time "
    "based known "
    "up in out off down end side down-time hand driven only level like free"
)
"""Endings of hyphenated words that are ordinary words."""
_COUNTED = re.compile(r"\s+([a-z]{3,}s)\b")
_ARTICLES = frozenset({"um", "uma", "one"})
_ROMAN = re.compile(r"[IVX]+$")
_NOT_CODE = words("a.m p.m e.g i.e p.ex etc ok tv rh ti it hr ceo cto eu i us uk am pm vs dr sr ")


@dataclass(frozen=True, slots=True)
class Value:
    """A stretch of the text; `key` is equal for values that are equal."""

    kind: ValueKind
    start: int
    end: int
    key: str
    unit: str = ""
    counts: bool = False
    """Whether things are counted that are no measure: "twelve pods"."""

    def stop(self, text: str) -> int:
        """Where the value ends in its text, its unit included."""
        if not self.unit:
            return self.end
        place = fold(text).find(self.unit, self.end)
        return place + len(self.unit) if place >= 0 else self.end


def values_in(text: str, lexicon: Lexicon, language: str) -> list[Value]:
    """The values of a text, in order; a number inside a code-like word is part of the word."""
    return list(_values(text, lexicon, language))


@lru_cache(maxsize=8192)
def _values(text: str, lexicon: Lexicon, language: str) -> tuple[Value, ...]:
    found: list[Value] = []
    for match in _TOKEN.finditer(text):
        word = (
            match.group().strip(_TRIM) if not match.group().startswith(".") else match.group().rstrip(_TRIM)
        )
        if not word:
            continue
        start = match.start() + match.group().index(word)
        kind = _kind(word, text, start, lexicon)
        if kind:
            found.append(Value(kind, start, start + len(word), fold(word)))
    taken = [(value.start, value.end) for value in found if value.kind == "code"]
    folded = fold(text)
    for atom in read_atoms(text, language):
        if atom.kind != "number" or not atom.alone:
            continue
        written = folded[atom.start : atom.end]
        if written in _ARTICLES or any(start <= atom.start < end for start, end in taken):
            continue
        unit = lexicon.units.match(folded, atom.end)
        counted = None if unit else _COUNTED.match(folded, atom.end)
        if counted and counted.group(1) in lexicon.stop_words:
            counted = None
        found.append(
            Value(
                "number",
                atom.start,
                atom.end,
                atom.text,
                (unit.group() if unit else counted.group(1) if counted else "").strip(),
                counts=counted is not None,
            )
        )
    return tuple(sorted(found, key=lambda value: value.start))


def _kind(word: str, text: str, start: int, lexicon: Lexicon) -> ValueKind | None:
    folded = fold(word)
    if folded in _NOT_CODE or len(word) < 2:
        return None
    letters = any(character.isalpha() for character in word)
    if letters and (
        _INNER_SIGN.search(word)
        or any(character.isdigit() for character in word)
        or (word.isupper() and len(word) > 1 and not _ROMAN.match(word))
    ):
        return "code"
    if not letters:
        return "code" if word.count(".") > 1 or "/" in word or (":" in word) or "-" in word[1:] else None
    if all(part in NUMBER_WORDS for part in folded.split("-")):
        return None
    if _COMPOUND.fullmatch(folded) and folded.rsplit("-", 1)[1] not in _CLITICS and len(folded) > 5:
        return "name"
    if word[0].isupper() and folded not in lexicon.calendar and not _begins_sentence(text, start):
        return "name"
    return None


def _begins_sentence(text: str, start: int) -> bool:
    before = text[:start].rstrip(" \"'“(«")
    return not before or before[-1] in ".!?…:"


_TIME = words(
    "segundo segundos minuto minutos hora horas dia dias semana semanas mes meses ano anos ms second seconds "
    "minute minutes hour hours day days week weeks month months year years milliseconds milissegundos am pm"
)
_SIZE = re.compile(r"(?:[kmgt]i?b|kilo|mega|giga|tera|byte|bit|meg|gig)\w*")
_RUN = re.compile(r"[a-z]+|\d+")
_DAY = re.compile(
    r"\b(?:segunda|terca|quarta|quinta|sexta)(?:-feira)?\b|\b(?:sabado|domingo)\b|"
    r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b"
)
_HOUR = re.compile(r"\b(?:meia-noite|meio-dia|midnight|noon)\b")


def quantities(text: str, lexicon: Lexicon, language: str) -> list[Value]:
    """The values of a text, number words side by side ("nine fifty") being one, as is "por cento"."""
    joined: list[Value] = []
    for value in values_in(text, lexicon, language):
        last = joined[-1] if joined else None
        if last and value.start < last.stop(text):
            continue
        if last and last.kind == value.kind == "number" and text[last.end : value.start] == " ":
            joined[-1] = replace(value, start=last.start, key=f"{last.key} {value.key}")
        else:
            joined.append(value)
    return sorted([*joined, *_named_times(text, joined)], key=lambda value: value.start)


def _named_times(text: str, known: Sequence[Value]) -> Iterator[Value]:
    """Days of the week, and the hours that have names."""
    folded = fold(text)
    for match in _DAY.finditer(folded):
        yield Value("name", match.start(), match.end(), match.group(), "day")
    for match in _HOUR.finditer(folded):
        if not any(value.start < match.end() and match.start() < value.stop(text) for value in known):
            yield Value("number", match.start(), match.end(), match.group(), "hours")


def alike(one: Value, other: Value) -> bool:
    """Whether one value can stand in the other's place."""
    if one.kind != other.kind:
        return False
    if one.kind == "number":
        return not (one.unit and other.unit) or _measure(one.unit) == _measure(other.unit)
    if one.kind == "name":
        return one.unit == other.unit
    return _form(one.key) == _form(other.key)


def same_measure(one: Value, other: Value) -> bool:
    """Whether both are surely said of one thing: quantities of one measure, or codes of one pattern."""
    if one.kind != other.kind or one.kind == "name":
        return False
    if one.kind == "number":
        return bool(one.unit and other.unit) and _measure(one.unit) == _measure(other.unit)
    if _form(one.key) != _form(other.key):
        return False
    return _form(one.key) != "word" or ("9" in _shape(one.key) and _shape(one.key) == _shape(other.key))


def _measure(unit: str) -> str:
    if unit in _TIME:
        return "time"
    return "size" if _SIZE.fullmatch(unit) else unit[:4]


def _form(key: str) -> str:
    if key.startswith("-"):
        return "flag"
    if "/" in key or "\\" in key:
        return "path"
    return "figure" if not any(character.isalpha() for character in key) else "word"


def _shape(key: str) -> str:
    """The pattern of an identifier: E0071 and F0072 have one."""
    return _RUN.sub(lambda run: "9" if run.group()[0].isdigit() else "a", key)
