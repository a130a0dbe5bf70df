"""Checks of what is within blocks: formats, links, hard breaks and pictures."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import unquote, urlsplit

from tests.support.fidelity.comparison import OBJECTS, Comparison
from tests.support.fidelity.report import Kind
from tests.support.fidelity.source_blocks import Block, Role
from tests.support.fidelity.text import FOOTNOTE, IMAGE, Format, Link, Mark, Range

KINDS = {
    Mark.STRONG: Kind.STRONG,
    Mark.EMPHASIS: Kind.EMPHASIS,
    Mark.STRIKETHROUGH: Kind.STRIKETHROUGH,
    Mark.CODE: Kind.CODE,
}


def check_inlines(comparison: Comparison) -> None:
    """Check the formats of all blocks but code and raw HTML, whose look is their own."""
    for block in comparison.source.blocks:
        if block.role in (Role.CODE, Role.HTML):
            continue
        for mark in Mark:
            _check_mark(comparison, block, mark)
        _check_links(comparison, block)
        _check_breaks(comparison, block)
    _check_pictures(comparison)


def _check_mark(comparison: Comparison, block: Block, mark: Mark) -> None:
    text = comparison.source.text
    for span in text.spans(block.span, lambda one: mark in one.marks and not one.raw):
        wanted = [position for position in span if text.characters[position] not in OBJECTS]
        if not wanted:
            continue
        places = [comparison.alignment.places[position] for position in wanted]
        shown = all(place >= 0 and mark in _all_marks(comparison, place) for place in places)
        exact = not any(_is_marked(comparison, block, near, mark) for near in (span.start - 1, span.end))
        verbatim = mark is not Mark.CODE or _is_verbatim(comparison, span)
        comparison.findings.expect(
            KINDS[mark],
            shown and exact and verbatim,
            f"{comparison.passage(span)!r}"
            + ("" if shown else " is not")
            + ("" if exact else " goes on around it")
            + ("" if verbatim else " has other spaces"),
        )
    for span in _unasked(comparison, block, mark):
        comparison.findings.exceed(KINDS[mark], f"{comparison.passage(span)!r} is not in the text")


def _all_marks(comparison: Comparison, place: int) -> frozenset[Mark]:
    format_ = comparison.word.text.formats[place]
    return format_.marks | format_.shown


def _is_marked(comparison: Comparison, block: Block, position: int, mark: Mark) -> bool:
    """Whether a character beside a span has the span's mark of its own in the file."""
    text = comparison.source.text
    if position not in range(block.span.start, block.span.end) or text.formats[position].raw:
        return False
    place = comparison.alignment.places[position]
    is_object = text.characters[position] in OBJECTS
    return place >= 0 and not is_object and mark in comparison.word.text.formats[place].marks


def _is_verbatim(comparison: Comparison, span: Range) -> bool:
    text, other = comparison.source.text, comparison.word.text
    return all(
        text.gaps.get(position, "") == other.gaps.get(comparison.alignment.places[position], "")
        for position in span
        if position > span.start and comparison.alignment.places[position] >= 0
    )


def _unasked(comparison: Comparison, block: Block, mark: Mark) -> Iterator[Range]:
    """Parts of a block that are marked in the file alone."""
    text, alignment = comparison.source.text, comparison.alignment
    start = None
    for position in (*block.span, block.span.end):
        extra = (
            position < block.span.end
            and alignment.places[position] >= 0
            and text.characters[position] not in OBJECTS
            and not text.formats[position].raw
            and mark not in text.formats[position].marks
            and mark in comparison.word.text.formats[alignment.places[position]].marks
        )
        if extra and start is None:
            start = position
        elif not extra and start is not None:
            yield Range(start, position)
            start = None


def _check_links(comparison: Comparison, block: Block) -> None:
    text, other = comparison.source.text, comparison.word.text

    def link_of(one: Format) -> Link | None:
        return one.link

    for span in text.spans(block.span, link_of):
        link = text.formats[span.start].link
        if link is None or not link.asked:
            continue
        wanted = [position for position in span if text.characters[position] != FOOTNOTE]
        places = [comparison.alignment.places[position] for position in wanted]
        found = [other.formats[place].link if place >= 0 else None for place in places]
        comparison.findings.expect(
            Kind.LINK,
            all(_same_target(comparison, link, one) for one in found),
            f"{comparison.passage(span)!r} to {link.target!r} leads to "
            f"{sorted({'nothing' if one is None else one.target for one in found})}",
        )
        if link.title:
            title = " ".join(link.title.split())
            comparison.findings.expect(
                Kind.LINK_TITLE,
                all(one is not None and " ".join(one.title.split()) == title for one in found),
                f"{link.title!r} of {comparison.passage(span)!r}",
            )
    for position in block.span:
        place = comparison.alignment.places[position]
        format_ = text.formats[position]
        if place < 0 or format_.link or format_.raw or text.characters[position] == FOOTNOTE:
            continue
        if (extra := other.formats[place].link) is not None:
            message = f"{comparison.passage(block.span)!r} leads to {extra.target!r}"
            comparison.findings.exceed(Kind.LINK, message)
            break


def _same_target(comparison: Comparison, link: Link, found: Link | None) -> bool:
    if found is None:
        return False
    if not link.target.startswith("#"):
        return canonical(link.target) == canonical(found.target)
    body = comparison.body or comparison
    heading = body.alignment.blocks.get(body.source.anchors[link.target[1:]], -1)
    return found.target.startswith("#") and body.word.bookmarks.get(found.target[1:]) == heading


def canonical(url: str) -> tuple[str, ...]:
    """An address in the form that all its spellings share, whatever is escaped in it."""
    plain = unicodedata.normalize("NFC", unquote(url))
    try:
        parts = urlsplit(plain)
    except ValueError:  # such as a bracket that is not an IPv6 address
        return (plain,)
    host = parts.netloc.lower()
    with suppress(UnicodeError):
        host = host.encode("idna").decode()
    path = parts.path if parts.path != "/" else ""
    return parts.scheme.lower(), host, path, parts.query, parts.fragment


def _check_breaks(comparison: Comparison, block: Block) -> None:
    text, other, alignment = comparison.source.text, comparison.word.text, comparison.alignment
    for position in range(block.span.start + 1, block.span.end):
        asked = "\n" in text.gaps.get(position, "")
        place = alignment.places[position]
        together = alignment.together(position) and comparison.same_block(place - 1, place)
        there = together and "\n" in other.gaps.get(place, "")
        if asked:
            comparison.findings.expect(Kind.HARD_BREAK, there, f"after {comparison.before(position)!r}")
        elif there and not text.formats[position].raw:
            comparison.findings.exceed(Kind.HARD_BREAK, f"after {comparison.before(position)!r}")


def _check_pictures(comparison: Comparison) -> None:
    for position, picture in comparison.source.pictures.items():
        place = comparison.alignment.places[position]
        found = comparison.word.pictures.get(place)
        alternative = " ".join(picture.alternative.split())
        comparison.findings.expect(
            Kind.IMAGE,
            found is not None and found.present and " ".join(found.alternative.split()) == alternative,
            f"{picture.alternative!r} is {found}",
        )
        if picture.title:
            comparison.findings.expect(
                Kind.IMAGE_TITLE,
                found is not None and picture.title in (found.title, *_caption(comparison, place)),
                f"{picture.title!r} of {picture.alternative!r}",
            )
    for place in comparison.word.pictures:
        if comparison.word.text.characters[place] == IMAGE and not comparison.alignment.found[place]:
            comparison.explained.add(place)
            comparison.findings.exceed(Kind.IMAGE, f"after {comparison.word_before(place)!r}")


def _caption(comparison: Comparison, place: int) -> Iterator[str]:
    """The caption below a picture, and what is left of it without its label."""
    index = comparison.word_block_at(place) + 1
    if index < len(comparison.word.blocks) and comparison.word.blocks[index].caption:
        reading = comparison.word.text.reading(comparison.word.blocks[index].span)
        yield reading
        yield reading.partition(": ")[2]
