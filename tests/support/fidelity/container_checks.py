"""Checks of what is around blocks: list items with their numbers and depths, quotes, callouts.

Word has no containers: a paragraph is in a list item or a quote if it looks it. So depth is judged by what
a reader sees, the left indent, and in lists by the level as well, which is what other programs read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tests.support.fidelity.comparison import Comparison
from tests.support.fidelity.report import Kind
from tests.support.fidelity.source_blocks import Block, Item, Quote, Role
from tests.support.fidelity.text import CHECKED, UNCHECKED, Range
from tests.support.fidelity.word import WordBlock
from tests.support.fidelity.word_numbering import Marker

TOLERANCE_TWIPS: Final = 30
"""How much two indents may differ that are meant to be one: half a millimetre."""
DEEPEST_LEVEL: Final = 8
"""Word's lists have nine levels (ECMA-376 part 1, 17.9.6)."""
LABELS: Final = {
    "note": {"note", "nota", "observação", "hinweis", "remarque"},
    "tip": {"tip", "dica", "consejo", "tipp", "astuce"},
    "important": {"important", "importante", "wichtig"},
    "warning": {"warning", "aviso", "atenção", "advertencia", "advertência", "warnung", "avertissement"},
    "caution": {"caution", "cuidado", "precaución", "precaução", "vorsicht", "attention"},
}
"""What a callout may be called, by its kind."""


@dataclass(slots=True)
class _Placed:
    """A list item where it is in the file: its marker's block, and the marker."""

    block: WordBlock
    marker: Marker | None


def check_containers(comparison: Comparison) -> None:
    """Check lists, quotes and callouts around all blocks."""
    _Containers(comparison).check()


class _Containers:
    """Goes through a text's blocks and the file's beside them."""

    def __init__(self, comparison: Comparison) -> None:
        self._comparison = comparison
        self._findings = comparison.findings
        self._items: dict[Item, _Placed] = {}
        self._callouts: set[Quote] = set()
        self._tables: set[int] = set()
        self._last = -1
        self._unquoted = self._unquoted_indents()

    def check(self) -> None:
        for index, block in enumerate(self._comparison.source.blocks):
            found = self._comparison.block_of(index)
            other = self._comparison.alignment.blocks.get(index, self._last)
            between = self._comparison.word.blocks[self._last + 1 : other]
            for quote in block.quotes:
                if quote.callout and quote not in self._callouts:
                    self._callouts.add(quote)
                    self._check_callout(quote, block, found, between)
            self._check_items(block, found, between)
            if self._stands_alone(block):
                self._check_content(block, found)
                self._check_quote(index, block, found)
            self._last = max(self._last, other)
        self._note_markers(self._comparison.word.blocks[self._last + 1 :])

    def _stands_alone(self, block: Block) -> bool:
        """Whether a block is to be judged by itself: a table is, by its first cell."""
        if block.cell is None:
            return True
        first = block.cell.table not in self._tables
        self._tables.add(block.cell.table)
        return first

    def _check_items(self, block: Block, found: WordBlock | None, between: list[WordBlock]) -> None:
        """Match the items that a block opens with the markers that are new, from the last one back."""
        marked = [*between, *([] if found is None else [found])]
        markers = [one for one in marked if one.marker is not None]
        for item in reversed(block.opens):
            if item.checked is not None and item.number is None and found is not None and not found.marker:
                self._items[item] = _Placed(found, None)  # a check box may stand for the bullet
            elif markers:
                self._items[item] = _Placed(markers[-1], markers.pop().marker)
        for item in block.opens:
            self._check_item(item, block, found)
        for extra in markers:
            self._exceed(extra)

    def _check_item(self, item: Item, block: Block, found: WordBlock | None) -> None:
        passage = self._comparison.passage(block.span)
        placed = self._items.get(item)
        marker = None if placed is None else placed.marker
        number = None if marker is None else marker.number
        fitting = placed is not None and number == item.number and (marker or item.checked is not None)
        first = self._items.get(item.first) if item.first is not None else placed
        aligned = (
            placed is not None
            and first is not None
            and abs(placed.block.indent - first.block.indent) <= TOLERANCE_TWIPS
            and (found is None or self._is_below(found, placed))
        )
        expected = "a bullet" if item.number is None else f"number {item.number}"
        instead = "no item" if placed is None else "a bullet" if number is None else f"number {number}"
        self._findings.expect(
            Kind.LIST_ITEM,
            fitting and aligned,
            f"{passage!r} with {expected} is {instead}"
            + ("" if aligned or placed is None else ", out of line"),
        )
        parent = _parent(item, block)
        if parent is not None:
            self._findings.expect(
                Kind.NESTING, self._is_deeper(placed, self._items.get(parent), item, block), f"{passage!r}"
            )
        if item.checked is not None:
            self._check_task(item, block)

    def _is_deeper(self, placed: _Placed | None, outer: _Placed | None, item: Item, block: Block) -> bool:
        if placed is None or outer is None or placed.block.indent <= outer.block.indent:
            return False
        path = block.path[: block.path.index(item)]
        if isinstance(path[-1], Quote) or placed.marker is None or outer.marker is None:
            return True
        return placed.marker.level > min(outer.marker.level, DEEPEST_LEVEL - 1)

    def _check_task(self, item: Item, block: Block) -> None:
        place = self._comparison.alignment.places[block.span.start]
        there = self._comparison.word.text.characters[place] if place >= 0 else ""
        self._findings.expect(
            Kind.TASK,
            there == (CHECKED if item.checked else UNCHECKED),
            f"{self._comparison.passage(block.span)!r} is {'not ' if item.checked else ''}to be open",
        )

    def _check_content(self, block: Block, found: WordBlock | None) -> None:
        """What is in an item without opening it must be indented with it, and have no marker."""
        if not block.items or block.opens:
            return
        placed = self._items.get(block.items[-1])
        self._findings.expect(
            Kind.ITEM_CONTENT,
            found is not None and found.marker is None and self._is_below(found, placed),
            f"{self._comparison.passage(block.span)!r} is "
            + ("nothing" if found is None else f"a {found.style!r} indented by {found.indent}"),
        )

    def _is_below(self, found: WordBlock, placed: _Placed | None) -> bool:
        """Whether a block is indented at least as an item's text."""
        return placed is not None and found.indent >= placed.block.indent - TOLERANCE_TWIPS

    def _check_quote(self, index: int, block: Block, found: WordBlock | None) -> None:
        if not block.quotes:
            return
        depth = block.path.index(block.quotes[-1])
        outer = [self._items[part].block.indent for part in block.path[:depth] if part in self._items]
        base = max([0, *outer])
        if block.opens and len(block.items) and block.path[-1] is block.items[-1]:
            base = max(base, self._unquoted.get(len(block.items), 0))
        set_apart = found is not None and (
            found.quoted
            or (found.framed and block.role is not Role.CODE)  # code has a frame of its own
            or found.indent > max(base, found.style_indent)
        )
        above = self._outer_quote(index, block)
        deeper = found is not None and (above is None or found.indent > above.indent)
        self._findings.expect(
            Kind.QUOTE,
            set_apart and deeper,
            f"{self._comparison.passage(block.span)!r} is "
            + ("nothing" if found is None else f"a {found.style!r} indented by {found.indent}"),
        )

    def _outer_quote(self, index: int, block: Block) -> WordBlock | None:
        """The nearest paragraph directly in the quote around a block's quote."""
        if len(block.quotes) < 2:
            return None
        around = block.path[: block.path.index(block.quotes[-1])]
        for other in range(index - 1, -1, -1):
            if self._comparison.source.blocks[other].path == around:
                return self._comparison.block_of(other)
        return None

    def _check_callout(
        self, quote: Quote, block: Block, found: WordBlock | None, between: list[WordBlock]
    ) -> None:
        """A callout must say what it is, in a paragraph before its text or at its beginning."""
        spans = [one.span for one in between]
        if found is not None:
            places = [self._comparison.alignment.places[position] for position in block.span]
            spans.append(
                Range(found.span.start, min((one for one in places if one >= 0), default=found.span.start))
            )
        labels = [span for span in spans if self._label(span) in LABELS[quote.callout]]
        for span in labels:
            self._comparison.explained.update(span)
        said = [self._comparison.word_passage(span) for span in spans if span]
        self._findings.expect(
            Kind.CALLOUT,
            labels,
            f"{quote.callout} before {self._comparison.passage(block.span)!r} is called {said}",
        )

    def _label(self, span: Range) -> str:
        letters = "".join(
            character for character in self._comparison.word.text.of(span) if character.isalpha()
        )
        return letters.casefold()

    def _unquoted_indents(self) -> dict[int, int]:
        """The greatest indent of items outside of quotes, by depth."""
        indents: dict[int, int] = {}
        for index, block in enumerate(self._comparison.source.blocks):
            found = self._comparison.block_of(index)
            if block.opens and not block.quotes and found is not None and found.marker is not None:
                depth = len(block.items)
                indents[depth] = max(indents.get(depth, 0), found.indent)
        return indents

    def _note_markers(self, blocks: list[WordBlock]) -> None:
        for block in blocks:
            if block.marker is not None:
                self._exceed(block)

    def _exceed(self, block: WordBlock) -> None:
        if block.heading is not None:  # a template may number its headings
            return
        marker = (
            "bullet"
            if block.marker is None or block.marker.number is None
            else f"number {block.marker.number}"
        )
        passage = self._comparison.word_passage(block.span)
        self._findings.exceed(Kind.LIST_ITEM, f"a {marker} before {passage!r}")


def _parent(item: Item, block: Block) -> Item | None:
    """The item that a list item's list is in."""
    items = block.items
    place = items.index(item)
    return items[place - 1] if place else None
