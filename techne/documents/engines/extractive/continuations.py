"""Turns that were cut in the middle of a sentence, as captions are, put together again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from techne.transcripts.model import Turn

_ENDS = (".", "!", "?", "…")
_PAUSE_SECONDS = 3.0
_MOST_WORDS = 400


class JoinedTurn(Turn):
    """Turns of one speaker that are one speech; `text` is theirs with a space between."""

    parts: tuple[Turn, ...]

    def seconds_at(self, offset: int) -> float:
        """The time of a character, as the part knows it that has the character."""
        start = 0
        for part in self.parts:
            if offset <= start + len(part.text):
                return part.seconds_at(offset - start)
            start += len(part.text) + 1
        return self.end_seconds


def joined(turns: Sequence[Turn]) -> list[Turn]:
    """The turns; one that ends within a sentence is one with the next, if its speaker goes on in it."""
    groups: list[list[Turn]] = []
    for turn in turns:
        if groups and _goes_on(groups[-1], turn):
            groups[-1].append(turn)
        else:
            groups.append([turn])
    return [_one(group) for group in groups]


def pieces(turn: Turn, start: int, end: int) -> Iterator[tuple[Turn, int, int]]:
    """The stretch of a turn as stretches of the turns that the recording has."""
    if not isinstance(turn, JoinedTurn):
        yield turn, start, end
        return
    offset = 0
    for part in turn.parts:
        first, last = max(start - offset, 0), min(end - offset, len(part.text))
        if first < last:
            yield part, first, last
        offset += len(part.text) + 1


def _goes_on(group: Sequence[Turn], turn: Turn) -> bool:
    last = group[-1]
    return (
        last.speaker == turn.speaker
        and not last.text.rstrip().endswith(_ENDS)
        and 0 <= turn.start_seconds - last.end_seconds + _PAUSE_SECONDS <= 2 * _PAUSE_SECONDS
        and sum(len(part.text.split()) for part in group) <= _MOST_WORDS
    )


def _one(group: Sequence[Turn]) -> Turn:
    if len(group) == 1:
        return group[0]
    return JoinedTurn(
        id=group[0].id,
        speaker=group[0].speaker,
        start_seconds=group[0].start_seconds,
        end_seconds=group[-1].end_seconds,
        text=" ".join(turn.text for turn in group),
        parts=tuple(group),
    )
