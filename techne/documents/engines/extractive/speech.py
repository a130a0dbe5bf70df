"""Stretches of turns put together: what was said, with some of it left out, and where it was said."""

from __future__ import annotations

from dataclasses import dataclass

from techne.transcripts.model import Turn


@dataclass(frozen=True, slots=True)
class Source:
    """Where a piece of what is said comes from: `turn.text[start:end]`."""

    turn: Turn
    start: int
    end: int

    @property
    def text(self) -> str:
        """The words, verbatim."""
        return self.turn.text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Speech:
    """Pieces that are read one after the other; no word of `text` was not spoken."""

    sources: tuple[Source, ...]

    @property
    def text(self) -> str:
        """The pieces with a space between them."""
        return " ".join(source.text for source in self.sources)

    def part(
        self, start: int, end: int | None = None, *, leading: str = " ,;:…—", trailing: str = " ,;:—"
    ) -> Speech:
        """The pieces of `text[start:end]`, without the signs that lead or trail."""
        text = self.text
        end = len(text) if end is None else end
        while start < end and text[start] in leading:
            start += 1
        while end > start and text[end - 1] in trailing:
            end -= 1
        pieces: list[Source] = []
        offset = 0
        for source in self.sources:
            length = source.end - source.start
            first, last = max(start - offset, 0), min(end - offset, length)
            if first < last:
                pieces.append(Source(source.turn, source.start + first, source.start + last))
            offset += length + 1
        return Speech(tuple(pieces))

    def __add__(self, other: Speech) -> Speech:
        if self.sources and other.sources:
            last, first = self.sources[-1], other.sources[0]
            if last.turn is first.turn and last.end <= first.start and _is_pause(last, first):
                joint = Source(last.turn, last.start, first.end)
                return Speech((*self.sources[:-1], joint, *other.sources[1:]))
        return Speech(self.sources + other.sources)


def _is_pause(one: Source, other: Source) -> bool:
    return not one.turn.text[one.end : other.start].strip(" ,;:…—")
