"""Cuts a transcript into chunks that fit a model call, as few as fit, of about equal size, between topics."""

from __future__ import annotations

import logging
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from techne.transcripts.boundaries import BoundaryScores
from techne.transcripts.model import Chunk, Transcript
from techne.transcripts.parts import Estimate, Part, joined, parts_within
from techne.transcripts.rendering import render_turn, render_turns
from techne.transcripts.tokens import estimate_tokens

__all__ = ["chunk_transcript", "render_turn", "render_turns"]

logger = logging.getLogger(__name__)

_CONTEXT_SHARE = 4
"""Context turns take a quarter of a chunk at most."""
_TOLERANCE = 0.2
"""How far from the ideal place a better boundary is looked for, as a share of a chunk."""


def chunk_transcript(
    transcript: Transcript,
    *,
    max_tokens: int,
    overlap_turns: int = 2,
    estimate: Estimate = estimate_tokens,
) -> tuple[Chunk, ...]:
    """Cut a transcript into as few chunks as the limit allows, balanced, in near-linear time.

    The cuts are near the places that would make all chunks equal, where pauses, speakers, words and cue
    phrases speak for a new topic. A turn over the limit is divided at sentences, and a sentence over the
    limit at words.

    Args:
        transcript: What to cut.
        max_tokens: Most tokens of a chunk, context and turns as rendered.
        overlap_turns: Most whole turns before a chunk that are given as context; fewer where they would
            take over a quarter of the chunk.
        estimate: Tokens of a text. Parts of a text must not cost less than the whole.

    Raises:
        ValueError: The limit has no room for a turn's header and a few words.
    """
    parts = [part for turn in transcript.turns for part in parts_within(turn, max_tokens, estimate)]
    plan = _Plan.of(parts, max_tokens, overlap_turns)
    logger.info("Chunking transcription: %d tokens", plan.total)
    bounds = plan.bounds()
    if len(bounds) > 1:
        logger.info("Creating %d chunks (~%d tokens each)", len(bounds), plan.total // len(bounds))
    chunks = tuple(
        Chunk(
            index=index,
            total=len(bounds),
            context=joined(parts[plan.context_starts[start] : start]),
            turns=joined(parts[start:end]),
            tokens=plan.tokens(start, end),
        )
        for index, (start, end) in enumerate(bounds)
    )
    logger.info("Created %d chunk(s)", len(chunks))
    return chunks


@dataclass(frozen=True, slots=True)
class _Plan:
    """Where chunks may begin and end. Position `n` is the place before part `n`; most parts are whole."""

    parts: Sequence[Part]
    sums: list[int]
    """Tokens of all parts before each position."""
    context_starts: list[int]
    """Where the context of a chunk that begins at each position begins."""
    max_tokens: int

    @classmethod
    def of(cls, parts: Sequence[Part], max_tokens: int, overlap_turns: int) -> _Plan:
        costs = [part.tokens for part in parts]
        starts: list[int] = []
        for position, cost in enumerate(costs):
            start, room = position, min(max_tokens // _CONTEXT_SHARE, max_tokens - cost)
            while start > max(0, position - overlap_turns) and parts[start - 1].whole:
                room -= costs[start - 1]
                if room < 0:
                    break
                start -= 1
            starts.append(start)
        return cls(parts, list(accumulate(costs, initial=0)), starts, max_tokens)

    @property
    def total(self) -> int:
        return self.sums[-1]

    def tokens(self, start: int, end: int) -> int:
        return self.sums[end] - self.sums[self.context_starts[start]]

    def bounds(self) -> list[tuple[int, int]]:
        """The chunks: as few as fit, each cut as near to equal shares and to the end of a topic as can be."""
        chunks_from = self._fewest_chunks()
        places = BoundaryScores([part.turn for part in self.parts])
        bounds: list[tuple[int, int]] = []
        start = 0
        for left in range(chunks_from[0], 0, -1):
            end = self._cut(start, left, chunks_from, places) if left > 1 else len(self.parts)
            bounds.append((start, end))
            start = end
        return bounds

    def _furthest(self, start: int) -> int:
        """The last position where a chunk that begins at `start` can end."""
        limit = self.sums[self.context_starts[start]] + self.max_tokens
        return bisect_right(self.sums, limit) - 1

    def _fewest_chunks(self) -> list[int]:
        """How many chunks the turns from each position on need.

        The later a chunk begins the further it reaches, as its context is never larger than the context
        and turns that it leaves behind: so filling each chunk gives the fewest.
        """
        needed = [0] * (len(self.parts) + 1)
        for start in reversed(range(len(self.parts))):
            needed[start] = 1 + needed[self._furthest(start)]
        return needed

    def _cut(self, start: int, left: int, chunks_from: list[int], places: BoundaryScores) -> int:
        """Where the chunk from `start` ends, if it and the turns after it are to make `left` chunks."""
        share = (self.total - self.sums[start]) / left
        ideal = self.sums[start] + share
        first = max(start + 1, bisect_left(chunks_from, 1 - left, start, key=lambda needed: -needed))
        last = min(self._furthest(start), len(self.parts) - left + 1)
        near = range(
            max(first, bisect_left(self.sums, ideal - _TOLERANCE * share)),
            min(last, bisect_right(self.sums, ideal + _TOLERANCE * share) - 1) + 1,
        )
        if not near:
            return min(range(first, last + 1), key=lambda position: abs(self.sums[position] - ideal))
        scores = places.scores(near)
        return max(
            near,
            key=lambda position: (
                scores[position - near.start] - ((self.sums[position] - ideal) / (_TOLERANCE * share)) ** 2
            ),
        )
