"""`lexicon`: counts the words of a text that speak for each label."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from techne.annotation.embedded.annotator import EmbeddedAnnotator, Evidence
from techne.annotation.embedded.words import STOP_WORDS, words
from techne.annotation.labels import Label, LabelSet
from techne.errors import LabelSetError

MIN_MINED_LENGTH = 3
"""Shorter words are mined from nothing: they are fragments more often than terms."""

Phrase = tuple[str, ...]


class LexiconAnnotator(EmbeddedAnnotator):
    """Keywords of the label set, and words mined from it.

    1. A label's keywords, of one word or several, are its own, whatever they are.
    2. Words of its name, description and examples are mined, but for stop words, numbers and words that
       another label has too: what two labels share speaks for neither.
    3. A text's hits for a label are the label's different words and phrases in it. Confidence is the best
       label's share of all hits; for multi a label is given for one hit, and no confidence is told.

    Abstains without a hit, and where two labels have the most. The rationale is the hits, best label first.
    """

    name: ClassVar[str] = "lexicon"
    version: ClassVar[int] = 1

    def __init__(self, label_set: LabelSet, *, model: str | None = None) -> None:
        super().__init__(label_set, model=model)
        self._by_first_word = _lexicon(label_set)

    def _evidence(self, texts: Sequence[str]) -> Evidence:
        hits = [self._hits(text) for text in texts]
        counts = np.array([[len(found) for found in row] for row in hits], dtype=np.float64)
        multi = self.label_set.kind == "multi"
        totals = counts.sum(axis=1, keepdims=True)
        return Evidence(
            probability=(counts > 0).astype(np.float64) if multi else counts / np.maximum(totals, 1),
            known=np.asarray(totals[:, 0] > 0),
            graded=not multi,
            rationales=[self._rationale(row) for row in hits],
        )

    def _hits(self, text: str) -> list[dict[Phrase, None]]:
        """By label: its phrases in the text, in order of appearance."""
        hits: list[dict[Phrase, None]] = [{} for _ in self.label_set.labels]
        told = words(text)
        for place, word in enumerate(told):
            for phrase, owners in self._by_first_word.get(word, ()):
                if len(phrase) == 1 or tuple(told[place : place + len(phrase)]) == phrase:
                    for owner in owners:
                        hits[owner][phrase] = None
        return hits

    def _rationale(self, hits: Sequence[dict[Phrase, None]]) -> str:
        best_first = sorted((-len(found), index) for index, found in enumerate(hits) if found)
        return "; ".join(
            f"{self.label_set.names[index]}: {', '.join(' '.join(phrase) for phrase in hits[index])}"
            for _, index in best_first
        )


def _lexicon(label_set: LabelSet) -> dict[str, list[tuple[Phrase, tuple[int, ...]]]]:
    """First word to phrases, each with the labels that it speaks for."""
    mined = [_mined(label) for label in label_set.labels]
    given = [{tuple(words(keyword)) for keyword in label.keywords} - {()} for label in label_set.labels]
    having: dict[Phrase, set[int]] = defaultdict(set)
    for owner, (own, keywords) in enumerate(zip(mined, given, strict=True)):
        for phrase in own | keywords:
            having[phrase].add(owner)
    lexicon: dict[str, list[tuple[Phrase, tuple[int, ...]]]] = defaultdict(list)
    taught: set[int] = set()
    for phrase in sorted(having):
        owners = [owner for owner in sorted(having[phrase]) if phrase in given[owner]]
        owners = owners or (sorted(having[phrase]) if len(having[phrase]) == 1 else [])
        if owners:
            lexicon[phrase[0]].append((phrase, tuple(owners)))
            taught.update(owners)
    for owner, label in enumerate(label_set.labels):
        if owner not in taught:
            raise LabelSetError(
                f"The lexicon annotator has no word for the label {label.name!r}: it has no keywords, and no "
                "word of its name, description and examples is its own.",
                cure="Give it keywords.",
            )
    return dict(lexicon)


def _mined(label: Label) -> set[Phrase]:
    text = " ".join((label.name, label.description, *label.examples))
    return {
        (word,)
        for word in words(text)
        if len(word) >= MIN_MINED_LENGTH and word not in STOP_WORDS and not word.isdigit()
    }
