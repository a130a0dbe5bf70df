"""A text and a file with their characters aligned: what the checks look things up in."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from tests.support.fidelity.alignment import Alignment
from tests.support.fidelity.report import Findings, Kind
from tests.support.fidelity.source_blocks import Source
from tests.support.fidelity.text import FOOTNOTE, IMAGE, Range, Text
from tests.support.fidelity.word import Word, WordBlock

OBJECTS: Final = frozenset({IMAGE, FOOTNOTE})
"""Characters that stand for something else, whose format says nothing."""
QUOTED: Final = 60
"""Most characters of a passage that a message quotes."""


@dataclass(slots=True)
class Comparison:
    """A comparison of a body or of one footnote.

    Args:
        source: What is expected.
        word: What there is.
        alignment: What of it is the same.
        findings: Where checks put what they find.
        body: The comparison of the body, if this is one of a footnote.
        explained: Characters of the file that are there by a convention.
    """

    source: Source
    word: Word
    alignment: Alignment
    findings: Findings
    body: Comparison | None = None
    explained: set[int] = field(default_factory=set)
    _starts: list[int] = field(default_factory=list)

    def block_of(self, index: int) -> WordBlock | None:
        """The file's block that a block of the text is in."""
        other = self.alignment.blocks.get(index)
        return None if other is None else self.word.blocks[other]

    def passage(self, span: Range) -> str:
        """A passage of the text, as a message quotes it."""
        return _quoted(self.source.text, span)

    def word_passage(self, span: Range) -> str:
        """A passage of the file, as a message quotes it."""
        return _quoted(self.word.text, span)

    def before(self, position: int) -> str:
        """What comes before a place of the text, in its block."""
        starts = [block.span.start for block in self.source.blocks if block.span.start <= position]
        return self.source.text.reading(Range(max(starts[-1], position - QUOTED // 2), position))

    def word_before(self, place: int) -> str:
        """What comes before a place of the file, in its block."""
        block = self.word.blocks[self.word_block_at(place)]
        return self.word.text.reading(Range(max(block.span.start, place - QUOTED // 2), place))

    def word_block_at(self, place: int) -> int:
        """Index of the file's block that has a character."""
        if not self._starts:
            self._starts = [block.span.start for block in self.word.blocks]
        index = bisect_right(self._starts, place) - 1
        while place >= self.word.blocks[index].span.end:  # empty blocks begin where their successor does
            index -= 1
        return index

    def same_block(self, first: int, second: int) -> bool:
        """Whether two characters of the file are of one block."""
        return self.word_block_at(first) == self.word_block_at(second)

    def note_excess(self) -> None:
        """Note the file's characters that are neither the text's nor there by a convention."""
        for block in self.word.blocks:
            if block.front or block.caption:
                continue
            for span in self._unexplained(block.span):
                kind = Kind.IMAGE if self.word.text.of(span) == IMAGE else Kind.TEXT
                self.findings.exceed(
                    kind, f"{self.word_passage(span)!r} in {self.word_passage(block.span)!r}"
                )

    def _unexplained(self, span: Range) -> Iterator[Range]:
        start = None
        for place in (*span, span.end):
            free = place < span.end and not self.alignment.found[place] and place not in self.explained
            free = free and self.word.text.characters[place] != FOOTNOTE  # counted as a reference
            if free and start is None:
                start = place
            elif not free and start is not None:
                yield Range(start, place)
                start = None


def _quoted(text: Text, span: Range) -> str:
    reading = text.reading(Range(span.start, min(span.end, span.start + QUOTED)))
    return reading + ("…" if len(span) > QUOTED else "")
