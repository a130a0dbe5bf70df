"""Turns in parts, for those that are larger than a whole chunk."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from techne.transcripts.model import Turn
from techne.transcripts.rendering import render_turn

Estimate = Callable[[str], int]

_SENTENCE = re.compile(r"\S.*?(?:[.!?…]+[\"'”’)\]]*(?=\s)\s*|\Z)", re.DOTALL)
_WORD = re.compile(r"\S+\s*")


@dataclass(frozen=True, slots=True)
class Part:
    """The characters of a turn from `start` to `end`."""

    source: Turn
    start: int
    end: int
    tokens: int
    """Of its line in a prompt."""

    @property
    def whole(self) -> bool:
        """Whether it is all of the turn."""
        return self.end - self.start == len(self.source.text)

    @property
    def turn(self) -> Turn:
        """The part as a turn, with the id of the whole one and times in proportion."""
        return _cut(self.source, self.start, self.end)


def parts_within(turn: Turn, max_tokens: int, estimate: Estimate) -> list[Part]:
    """The turn, or parts of about equal size: of whole sentences, or of words where a sentence is too large.

    Raises:
        ValueError: The limit has no room for the turn's header and a few words.
    """
    tokens = _line_tokens(turn, estimate)
    if tokens <= max_tokens:
        return [Part(turn, 0, len(turn.text), tokens)]
    # The clock in a part's header is at most as long as the turn's end.
    header = _line_tokens(turn.model_copy(update={"text": "", "start_seconds": turn.end_seconds}), estimate)
    room = max_tokens - header
    if room < header:
        raise ValueError(
            f"Chunks of {max_tokens} tokens can't hold parts of turn {turn.id}: its header takes {header}."
        )
    bounds = pairwise([0, *_balanced_starts(turn.text, room, estimate), len(turn.text)])
    return [Part(turn, start, end, _line_tokens(_cut(turn, start, end), estimate)) for start, end in bounds]


def joined(parts: Sequence[Part]) -> tuple[Turn, ...]:
    """The parts as turns; neighbouring parts of one turn become one again."""
    groups = (list(group) for _, group in groupby(parts, key=lambda part: part.source.id))
    return tuple(_cut(group[0].source, group[0].start, group[-1].end) for group in groups)


def _cut(turn: Turn, start: int, end: int) -> Turn:
    if end - start == len(turn.text):
        return turn
    return turn.model_copy(
        update={
            "text": turn.text[start:end].strip(),
            "start_seconds": turn.seconds_at(start),
            "end_seconds": turn.seconds_at(end),
        }
    )


def _line_tokens(turn: Turn, estimate: Estimate) -> int:
    return estimate(render_turn(turn) + "\n")


def _balanced_starts(text: str, room: int, estimate: Estimate) -> Iterator[int]:
    """Where each part but the first starts."""
    starts = list(_starts(text, room, estimate))
    costs = [estimate(text[start:end]) for start, end in pairwise([*starts, len(text)])]
    share = sum(costs) / -(-sum(costs) // room)
    used = 0
    for start, cost in zip(starts, costs, strict=True):
        if used and (used + cost > room or used + cost / 2 > share):
            yield start
            used = 0
        used += cost


def _starts(text: str, room: int, estimate: Estimate) -> Iterator[int]:
    """Where each sentence starts, or each word of one that is too large."""
    for sentence in _SENTENCE.finditer(text):
        if estimate(sentence[0]) <= room:
            yield sentence.start()
            continue
        for word in _WORD.finditer(text, *sentence.span()):
            yield from _starts_in_word(text, *word.span(), room, estimate)


def _starts_in_word(text: str, start: int, end: int, room: int, estimate: Estimate) -> Iterator[int]:
    if end - start == 1 or estimate(text[start:end]) <= room:
        yield start
        return
    middle = (start + end) // 2
    yield from _starts_in_word(text, start, middle, room, estimate)
    yield from _starts_in_word(text, middle, end, room, estimate)
