"""Sentences on their way to being utterances: what is meant, and what is shown of it as evidence."""

from __future__ import annotations

import re
from dataclasses import dataclass

from techne.documents.engines.extractive.lexicon import fold
from techne.documents.engines.extractive.speech import Source, Speech
from techne.documents.grounding.numerals import NUMBER_WORDS

_CAPITALISED = re.compile(r"(?<=[^.!?…:]\s)[^\W\d_]+")


def _lowered(word: str, spoken: frozenset[str]) -> str:
    """A word that began the sentence of the repair, and stands inside one now; a name stays as it is."""
    return word.lower() if fold(word) in NUMBER_WORDS or word.lower() in spoken else word


@dataclass(frozen=True, slots=True)
class Utterance:
    """A sentence as it was meant: `text` without what the speakers took back."""

    text: str
    sources: tuple[Source, ...]
    position: int
    speaker: str | None
    corrected: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """A sentence that may still be corrected; `quoted` is what is shown of it as evidence."""

    speech: Speech
    quoted: Speech
    position: int
    speaker: str | None
    corrected: bool = False
    lowered: frozenset[str] = frozenset()
    """The words that were taken back, as they were written."""

    @property
    def text(self) -> str:
        """Its words, as far as they are meant."""
        return self.speech.text

    def finished(self) -> Utterance:
        """The utterance, ended as a statement where it was corrected."""
        text = self.text
        if self.corrected:
            text = re.sub(r"\s+(?=[.,!?])", "", text).rstrip(" ,;:?") + "."
            text = re.sub(r"([.!…])\.$", r"\1", text)
            text = _CAPITALISED.sub(lambda word: _lowered(word.group(), self.lowered), text)
        return Utterance(text, self.quoted.sources, self.position, self.speaker, self.corrected)
