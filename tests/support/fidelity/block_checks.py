"""Checks of blocks as such: their text, and that each is a paragraph, heading, code or rule of its own."""

from __future__ import annotations

from tests.support.fidelity.comparison import OBJECTS, Comparison
from tests.support.fidelity.report import Kind
from tests.support.fidelity.source_blocks import Block, Role
from tests.support.fidelity.text import Mark, Range
from tests.support.fidelity.word import WordBlock


def check_blocks(comparison: Comparison) -> None:
    """Check each block of the text, and that none of the file is a heading without being one."""
    shift = _title_shift(comparison)
    for index, block in enumerate(comparison.source.blocks):
        found = comparison.block_of(index)
        if block.span and block.role is not Role.CODE:
            _check_text(comparison, block)
        if block.role is Role.RULE:
            comparison.findings.expect(
                Kind.RULE, found is not None and found.rule, f"after {_previous(comparison, index)!r}"
            )
        elif block.role is Role.HEADING:
            _check_heading(comparison, index, block, found, shift)
        elif block.role is Role.CODE:
            _check_code(comparison, index, block, found)
        elif block.role is Role.PARAGRAPH and block.cell is None:
            _check_paragraph(comparison, index, block, found)
        if found is not None and found.heading is not None and block.role is not Role.HEADING:
            comparison.findings.exceed(
                Kind.HEADING, f"{comparison.passage(block.span)!r} is none in the text"
            )


def _check_text(comparison: Comparison, block: Block) -> None:
    """All characters must be there in their order, with space where the text has it, and nowhere else."""
    text, other, alignment = comparison.source.text, comparison.word.text, comparison.alignment
    lost = [position for position in block.span if alignment.places[position] < 0]
    message = f"{text.reading(Range(lost[0], lost[-1] + 1))!r} of " if lost else ""
    if not lost:
        for position in range(block.span.start + 1, block.span.end):
            pair = text.characters[position - 1 : position + 1]
            if not alignment.together(position) or OBJECTS & set(pair):
                continue
            place = alignment.places[position]
            apart = place in other.gaps or not comparison.same_block(place - 1, place)
            if apart != (position in text.gaps):
                lost.append(position)
                message = (
                    f"the space {'before' if apart else 'lost before'} {text.characters[position]!r} in "
                )
                break
    kind = Kind.HTML if block.role is Role.HTML else Kind.TEXT
    comparison.findings.expect(kind, not lost, message + repr(comparison.passage(block.span)))


def _check_paragraph(comparison: Comparison, index: int, block: Block, found: WordBlock | None) -> None:
    alone = index in comparison.alignment.whole or _is_whole(comparison, block, found)
    mono = all(
        Mark.CODE in comparison.source.text.formats[position].marks
        or comparison.source.text.formats[position].raw
        for position in block.span
    )
    fitting = found is not None and found.heading is None and (mono or not found.code)
    instead = (
        "nothing" if found is None else f"a {found.style!r} with {comparison.word_passage(found.span)!r}"
    )
    comparison.findings.expect(
        Kind.PARAGRAPH, alone and fitting, f"{comparison.passage(block.span)!r} is {instead}"
    )


def _is_whole(comparison: Comparison, block: Block, found: WordBlock | None) -> bool:
    """Whether a block is there from end to end; what precedes it may be a callout's label."""
    places = [comparison.alignment.places[position] for position in block.span]
    if found is None or not places or min(places) < 0:
        return False
    inside = all(found.span.start <= place < found.span.end for place in places)
    return inside and places[-1] == found.span.end - 1 and _begins(comparison, found, places[0])


def _begins(comparison: Comparison, found: WordBlock, place: int) -> bool:
    before = range(found.span.start, place)
    return not any(comparison.alignment.found[one] for one in before)


def _check_heading(
    comparison: Comparison, index: int, block: Block, found: WordBlock | None, shift: int
) -> None:
    level = None if found is None else found.heading
    whole = index in comparison.alignment.whole
    instead = "nothing" if found is None else f"{found.style!r} of level {level}"
    comparison.findings.expect(
        Kind.HEADING,
        whole and level == block.level + shift,
        f"{comparison.passage(block.span)!r} of level {block.level} is {instead}",
    )


def _title_shift(comparison: Comparison) -> int:
    """-1 if the text's first heading became the title and all others rose one level, else 0."""
    for index, block in enumerate(comparison.source.blocks):
        if block.role is Role.HEADING:
            found = comparison.block_of(index)
            return -1 if found is not None and found.heading == 0 and block.level == 1 else 0
    return 0


def _check_code(comparison: Comparison, index: int, block: Block, found: WordBlock | None) -> None:
    formats = comparison.word.text.formats
    places = [comparison.alignment.places[position] for position in block.span]
    monospaced = all(place >= 0 and Mark.CODE in formats[place].shown for place in places)
    if not block.span:
        monospaced = found is not None and found.code
    instead = "nothing" if found is None else repr(found.verbatim)
    comparison.findings.expect(
        Kind.CODE_BLOCK,
        found is not None
        and (index in comparison.alignment.whole or _is_whole(comparison, block, found))
        and found.verbatim == block.verbatim
        and monospaced,
        f"{block.verbatim!r} is {instead}{'' if monospaced else ', not monospaced'}",
    )


def _previous(comparison: Comparison, index: int) -> str:
    return comparison.passage(comparison.source.blocks[index - 1].span) if index else ""
