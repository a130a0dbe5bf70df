"""Finds the values of a sentence: quantities with their units, and words that look like code or names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from techne.documents.engines.extractive.lexicon import Lexicon, fold
from techne.documents.engines.extractive.listing import words
from techne.documents.grounding.spoken import read_atoms

ValueKind = Literal["number", "code", "name"]

_TOKEN = re.compile(r"[^\s,;!?…\"“”«»()\[\]]+")
_TRIM = ".:'’"
_INNER_SIGN = re.compile(
    r"(?<=\w)[_/\\@=.](?=[\w*])|(?<=[a-z])[A-Z]|^[/~]\w|^-{1,2}[a-zA-Z]|^\.\w|^https?:|^[A-Z]\w+-[A-Z]\w"
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
    if _COMPOUND.fullmatch(folded) and folded.rsplit("-", 1)[1] not in _CLITICS and len(folded) > 5:
        return "name"
    if word[0].isupper() and folded not in lexicon.calendar and not _begins_sentence(text, start):
        return "name"
    return None


def _begins_sentence(text: str, start: int) -> bool:
    before = text[:start].rstrip(" \"'“(«")
    return not before or before[-1] in ".!?…:"
