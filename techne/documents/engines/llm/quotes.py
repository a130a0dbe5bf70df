"""Finds what a model claims to quote, and gives the words as the turn has them.

Case, accents and punctuation don't matter. A quote of several words may miss or change a few, as models
tidy speech up, but no number: what is kept as evidence is the turn's own words in any case.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from techne.documents.model import Evidence
from techne.documents.wording import folded
from techne.transcripts.model import Turn

_WORD = re.compile(r"[^\W_]+")
_ELLIPSIS = re.compile(r"\s*(?:\.{3,}|…|\[[.…]+\])\s*")
_FEWEST_WORDS = 3
_FEWEST_WORDS_NEARLY = 6
_NEARLY = 0.8
_WINDOW = 1.4


class QuoteFinder:
    """The quotes of one chunk's turns."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        self._turns = [_WordedTurn.of(turn) for turn in turns]

    def find(self, turn_id: str, quote: str) -> tuple[Evidence, ...]:
        """The evidence for a quote, the named turn first, then the turns nearest to it; empty if not found.

        A quote with an ellipsis is several quotes of one turn, all of which must be there.
        """
        parts = [words for part in _ELLIPSIS.split(quote) if (words := _words(part))]
        if not parts:
            return ()
        named = next((n for n, worded in enumerate(self._turns) if worded.turn.id == turn_id), None)
        for position in sorted(range(len(self._turns)), key=lambda n: (abs(n - (named or 0)), n)):
            if evidence := _complete(self._turns[position].exactly(part) for part in parts):
                return evidence
        # Only in the turn that was named: elsewhere a near match is a coincidence.
        return _complete(self._turns[named].nearly(part) for part in parts) if named is not None else ()


def _complete(found: Iterable[Evidence | None]) -> tuple[Evidence, ...]:
    evidence = list(found)
    return tuple(dict.fromkeys(one for one in evidence if one is not None)) if all(evidence) else ()


@dataclass(frozen=True, slots=True)
class _WordedTurn:
    turn: Turn
    words: list[str]
    spans: list[tuple[int, int]]
    joined: str

    @classmethod
    def of(cls, turn: Turn) -> _WordedTurn:
        matches = list(_WORD.finditer(turn.text))
        words = [folded(match[0]) for match in matches]
        return cls(turn, words, [match.span() for match in matches], f" {' '.join(words)} ")

    def exactly(self, quote: list[str]) -> Evidence | None:
        if len(quote) < min(_FEWEST_WORDS, len(self.words)):
            return None
        at = self.joined.find(f" {' '.join(quote)} ")
        if at < 0:
            return None
        first = self.joined.count(" ", 0, at)
        return self._evidence(first, first + len(quote))

    def nearly(self, quote: list[str]) -> Evidence | None:
        if len(quote) < _FEWEST_WORDS_NEARLY:
            return None
        matcher = SequenceMatcher(None, quote, self.words, autojunk=False)
        blocks = [block for block in matcher.get_matching_blocks() if block.size]
        if sum(block.size for block in blocks) < _NEARLY * len(quote):
            return None
        first, last = blocks[0].b, blocks[-1].b + blocks[-1].size
        if last - first > _WINDOW * len(quote):
            return None
        spoken = set(self.words[first:last])
        if any(word not in spoken for word in quote if any(map(str.isdigit, word))):
            return None
        return self._evidence(first, last)

    def _evidence(self, first: int, last: int) -> Evidence:
        start, end = self.spans[first][0], self.spans[last - 1][1]
        return Evidence(
            turn_id=self.turn.id,
            quote=self.turn.text[start:end],
            start_seconds=round(self.turn.seconds_at(start), 2),
        )


def _words(text: str) -> list[str]:
    return [folded(match[0]) for match in _WORD.finditer(text)]
