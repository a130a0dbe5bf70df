"""Which character of a file is which of its text: both in order, block by block, then word by word."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Final

from tests.support.fidelity.source_blocks import Block, Role, Source
from tests.support.fidelity.text import Range, Text
from tests.support.fidelity.word import Word, WordBlock

LETTERWISE: Final = 1_000_000
"""Most pairs of characters that are compared one by one; beyond it a replaced passage is taken as lost."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """Where the characters and blocks of a text are in a file.

    Args:
        places: For each character of the text its place in the file; -1 if it is not there.
        found: For each character of the file whether it is one of the text's.
        blocks: For each block of the text the file's block that it is in, by index, if it is in one.
        whole: Blocks of the text that are a block of the file, no more and no less.
    """

    places: list[int]
    found: list[bool]
    blocks: dict[int, int]
    whole: set[int]

    def together(self, position: int) -> bool:
        """Whether a character of the text directly follows the one before it in the file."""
        place = self.places[position]
        return position > 0 and place > 0 and self.places[position - 1] == place - 1


def align(source: Source, word: Word) -> Alignment:
    """Align a text and a file; a title is the text's first heading only if the body doesn't have it too."""
    body = [index for index, block in enumerate(word.blocks) if not block.front]
    alignment = _aligned(source, word, body)
    title = _title(source, word)
    if title is None:
        return alignment
    other = _aligned(source, word, sorted([title, *body]))
    return other if sum(other.found) > sum(alignment.found) else alignment


def _title(source: Source, word: Word) -> int | None:
    """The block of the title page that reads as the text's first heading."""
    first = next((block for block in source.blocks if block.role is Role.HEADING), None)
    if first is None or first.level > 1:
        return None
    wanted = source.text.of(first.span)
    return next(
        (
            index
            for index, block in enumerate(word.blocks)
            if block.front and block.heading == 0 and word.text.of(block.span) == wanted
        ),
        None,
    )


def _aligned(source: Source, word: Word, body: Sequence[int]) -> Alignment:
    alignment = Alignment([-1] * len(source.text), [False] * len(word.text), {}, set())
    expected = [_expected_key(source.text, block) for block in source.blocks]
    present = [_present_key(word.text, word.blocks[index]) for index in body]
    for kind, first, last, begin, end in _opcodes(expected, present):
        if kind == "equal":
            for index, other in zip(range(first, last), body[begin:end], strict=True):
                _match_block(alignment, source, word, index, other)
        elif kind == "replace":
            theirs = [word.blocks[other].span for other in body[begin:end]]
            ours = [block.span for block in source.blocks[first:last]]
            _match_words(alignment, source.text, ours, word.text, theirs)
    _note_blocks(alignment, source, word)
    return alignment


def joined_code(source: Source, word: Word) -> Word:
    """A file in which code that is written as one paragraph a line is one block, as it is in the text."""
    wanted = {block.verbatim for block in source.blocks if block.role is Role.CODE and "\n" in block.verbatim}
    if not wanted:
        return word
    blocks: list[WordBlock] = []
    moved: dict[int, int] = {}
    index = 0
    while index < len(word.blocks):
        count = _lines(word.blocks, index, wanted)
        for offset in range(count):
            moved[index + offset] = len(blocks)
        first, last = word.blocks[index], word.blocks[index + count - 1]
        verbatim = "\n".join(block.verbatim for block in word.blocks[index : index + count])
        span = Range(first.span.start, last.span.end)
        blocks.append(replace(first, span=span, verbatim=verbatim) if count > 1 else first)
        index += count
    bookmarks = {name: moved[place] for name, place in word.bookmarks.items()}
    return replace(word, blocks=blocks, bookmarks=bookmarks)


def _lines(blocks: Sequence[WordBlock], start: int, wanted: set[str]) -> int:
    """How many blocks from one on make up a wanted code block; 1 if none do."""
    longest, text = 1, ""
    for index in range(start, len(blocks)):
        if not blocks[index].code or blocks[index].style != blocks[start].style:
            break
        text += ("\n" if index > start else "") + blocks[index].verbatim
        if index > start and text in wanted:
            longest = index - start + 1
        if not any(one.startswith(text) for one in wanted):
            break
    return longest


def _expected_key(text: Text, block: Block) -> tuple[str, str]:
    """What makes blocks the same: their characters, that they are code, and what they are without any."""
    if block.role is Role.CODE or not block.span:
        return block.role, text.of(block.span)
    return "", text.of(block.span)


def _present_key(text: Text, block: WordBlock) -> tuple[str, str]:
    if block.code:
        return Role.CODE, text.of(block.span)
    empty = Role.RULE if block.rule else Role.EMPTY_ITEM
    return "" if block.span else empty, text.of(block.span)


def _opcodes(
    ours: Sequence[Hashable], theirs: Sequence[Hashable]
) -> Iterator[tuple[str, int, int, int, int]]:
    return iter(SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes())


def _match_block(alignment: Alignment, source: Source, word: Word, index: int, other: int) -> None:
    ours, theirs = source.blocks[index].span, word.blocks[other].span
    for position, place in zip(ours, theirs, strict=True):
        alignment.places[position] = place
        alignment.found[place] = True
    alignment.blocks[index] = other
    alignment.whole.add(index)


def _match_words(
    alignment: Alignment, text: Text, ours: Sequence[Range], other: Text, theirs: Sequence[Range]
) -> None:
    expected, present = list(_words(text, ours)), list(_words(other, theirs))

    def match(first: Range, second: Range) -> None:
        for position, place in zip(first, second, strict=True):
            alignment.places[position] = place
            alignment.found[place] = True

    words = [text.of(one) for one in expected], [other.of(one) for one in present]
    for kind, first, last, begin, end in _opcodes(*words):
        if kind == "equal":
            for one, two in zip(expected[first:last], present[begin:end], strict=True):
                match(one, two)
        elif kind == "replace":
            _match_letters(text, expected[first:last], other, present[begin:end], match)


def _match_letters(
    text: Text,
    ours: Sequence[Range],
    other: Text,
    theirs: Sequence[Range],
    match: Callable[[Range, Range], None],
) -> None:
    one, two = Range(ours[0].start, ours[-1].end), Range(theirs[0].start, theirs[-1].end)
    if len(one) * len(two) > LETTERWISE:
        return
    matcher = SequenceMatcher(None, text.of(one), other.of(two), autojunk=False)
    for first, second, size in matcher.get_matching_blocks():
        start, begin = one.start + first, two.start + second
        match(Range(start, start + size), Range(begin, begin + size))


def _words(text: Text, spans: Sequence[Range]) -> Iterator[Range]:
    for span in spans:
        start = span.start
        for position in range(span.start + 1, span.end + 1):
            if position == span.end or position in text.gaps:
                yield Range(start, position)
                start = position


def _note_blocks(alignment: Alignment, source: Source, word: Word) -> None:
    """Say in which block of the file each block is, and whether it fills it."""
    starts = [block.span.start for block in word.blocks]
    sizes = [len(block.span) for block in word.blocks]
    for index, block in enumerate(source.blocks):
        places = [alignment.places[position] for position in block.span]
        if index in alignment.blocks or not any(place >= 0 for place in places):
            continue
        first = next(place for place in places if place >= 0)
        other = bisect_right(starts, first) - 1
        while not sizes[other]:  # empty blocks begin where their successor does
            other -= 1
        alignment.blocks[index] = other
