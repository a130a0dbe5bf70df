"""What two statements have in common: words without accents, inflection or stop words, and numbers.

Merging compares items with it, mapping looks for solutions with it, the outline finds an item's section.
It is meant for Portuguese and English and degrades to plain words for other languages.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+(?:[._/:-]+[^\W_]+)*")
_STEM_LENGTH = 5


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_STOP_WORDS = _words("""
    a o as os um uma uns umas e ou de do da dos das em no na nos nas ao aos para pra por pelo pela
    com que se ser sao foi era estao esta este isso isto esse essa ele ela eles elas seu sua mais
    mas como quando onde ja tambem muito ha tem ter voce gente deve pode assim entao porque
    an the and or of in on at to for from by with that this these those it its is are was were be
    been has have had as if then so when where you your we our they their must should can may will
    do does also very into
""")
_NEGATIONS = _words("nao nunca jamais sem nem evite evitar not never without cannot no dont avoid")
_PORTUGUESE_MARKS = _words("o os as um uma do da de em para que ao pelo pela com se e")


def folded(text: str) -> str:
    """The text in lower case and without accents, character by character where that is possible."""
    return "".join(
        character
        for character in unicodedata.normalize("NFKD", text.casefold())
        if not unicodedata.combining(character)
    )


@dataclass(frozen=True, slots=True)
class Wording:
    """A statement reduced to what tells it from another."""

    words: tuple[str, ...]
    """Every word, folded, in order."""
    content: frozenset[str]
    """Words that are neither stop words nor numbers."""
    stems: frozenset[str]
    """Beginnings of the content words: equal for most inflections of one word."""
    numbers: frozenset[str]
    """Words with a digit in them: quantities, versions, codes."""
    negated: bool


@lru_cache(maxsize=4096)
def wording(text: str) -> Wording:
    """Reduces a statement; equal texts give the same object."""
    words = tuple(_WORD.findall(folded(text.replace("n't", " not"))))
    numbers = frozenset(word for word in words if any(character.isdigit() for character in word))
    content = frozenset(
        word for word in words if len(word) > 1 and word not in _STOP_WORDS and word not in numbers
    )
    return Wording(
        words=words,
        content=content - _NEGATIONS,
        stems=frozenset(stem(word) for word in content - _NEGATIONS),
        numbers=numbers,
        negated=_is_negated(words),
    )


def stem(word: str) -> str:
    """The beginning of a word that its inflections share; identifiers stay whole."""
    return word[:_STEM_LENGTH] if word.isalpha() else word


def overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """The share of words that both have, of those that either has (Jaccard's index)."""
    either = len(one | other)
    return len(one & other) / either if either else 0.0


def _is_negated(words: tuple[str, ...]) -> bool:
    """`no` denies in English ("no retries") and is a contraction in Portuguese ("no cluster")."""
    negations = _NEGATIONS.intersection(words)
    if negations != {"no"}:
        return bool(negations)
    return not _PORTUGUESE_MARKS.intersection(words)
