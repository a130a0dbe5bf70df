"""How good a place between two turns is to cut a transcript: where a topic ends rather than amid one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import sqrt

from techne.transcripts.model import Turn

_CUE_WEIGHT = 1.0
_PAUSE_WEIGHT = 0.8
_SHIFT_WEIGHT = 0.6
_SPEAKER_WEIGHT = 0.4
_OPEN_WEIGHT = 0.6
_LONG_PAUSE_SECONDS = 5.0
_BLOCK_TURNS = 6
_STEM_LETTERS = 6
_CUE_WITHIN = 90
_CONTENT_WORD = re.compile(r"[^\W\d_]{5,}")
_CUE = re.compile(
    r"""(?:^|[.!?…,]\s+)(?:
        (?:(?:o|um|no|pro|para\ o)\ )?(?:próximo|outro|novo|último|segundo|terceiro|quarto|quinto)
            \ (?:tópico|assunto|tema|ponto|item|módulo|bloco|problema|erro)
      | agora\ (?:(?:a\ gente\ )?(?:vamos|vou|vai|podemos)\b|(?:sobre|quanto)\b)
      | (?:vamos|vou)\ (?:falar|passar|mudar|seguir|ver\ agora|para\ o)\b
      | passando\ (?:para|pro|agora)\b
      | mudando\ de\ (?:assunto|tópico|tema)
      | voltando\ (?:do\ intervalo|ao\ assunto|aqui)
      | (?:(?:on|over)\ to\ )?(?:the\ |our\ )?(?:next|last|final|second|third|new)
            \ (?:topic|subject|item|section|module|point|issue)
      | moving\ on\b
      | let(?:'s|’s|\ us)\ (?:talk|move|switch|turn|look\ at)\b
      | (?:now|next),?\ (?:let(?:'s|’s)|we(?:'ll|’ll|'re|’re|\ will|\ are)|i(?:'ll|’ll|\ will)|i\ want\ to)\b
      | switching\ (?:gears|topics?|to)\b
      | changing\ (?:the\ )?(?:subject|topic)
      | (?:we(?:'re|’re|\ are)\ )?back\ from\ (?:the\ )?break
    )""",
    re.IGNORECASE | re.VERBOSE,
)


def opens_topic(text: str) -> bool:
    """Whether a turn's first words announce a new topic, in Portuguese or English."""
    return _CUE.search(text, 0, _CUE_WITHIN) is not None


class BoundaryScores:
    """Scores the places between turns; position `n` is the place before turn `n`.

    Pauses, changes of speaker, cue phrases and shifts of vocabulary speak for a place, a question or an
    unfinished sentence before it against. Vocabulary is compared over a few turns on either side, as
    TextTiling does (Hearst, 1997).
    """

    def __init__(self, turns: Sequence[Turn]) -> None:
        self._turns = turns
        self._stems_of: dict[int, set[str]] = {}

    def scores(self, positions: range) -> list[float]:
        """A score for each position, comparable within the call; the highest is the best."""
        cohesion = [self._cohesion(position) for position in positions]
        highest = max(cohesion, default=0.0) or 1.0
        return [
            self._visible(position) + _SHIFT_WEIGHT * (1 - value / highest)
            for position, value in zip(positions, cohesion, strict=True)
        ]

    def _visible(self, position: int) -> float:
        before, after = self._turns[position - 1], self._turns[position]
        if before.id == after.id:
            return -_OPEN_WEIGHT
        pause = min(max(after.start_seconds - before.end_seconds, 0.0), _LONG_PAUSE_SECONDS)
        score = _PAUSE_WEIGHT * pause / _LONG_PAUSE_SECONDS
        if before.speaker != after.speaker:
            score += _SPEAKER_WEIGHT
        if opens_topic(after.text):
            score += _CUE_WEIGHT
        if not before.text.rstrip().endswith((".", "!", "…")):
            score -= _OPEN_WEIGHT
        return score

    def _cohesion(self, position: int) -> float:
        before = self._vocabulary(max(0, position - _BLOCK_TURNS), position)
        after = self._vocabulary(position, min(position + _BLOCK_TURNS, len(self._turns)))
        if not before or not after:
            return 0.0
        return len(before & after) / sqrt(len(before) * len(after))

    def _vocabulary(self, start: int, end: int) -> set[str]:
        return set().union(*map(self._stems, range(start, end)))

    def _stems(self, position: int) -> set[str]:
        stems = self._stems_of.get(position)
        if stems is None:
            words = _CONTENT_WORD.findall(self._turns[position].text.lower())
            stems = self._stems_of[position] = {word[:_STEM_LETTERS] for word in words}
        return stems
