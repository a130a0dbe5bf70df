"""What a comparison found: how many features of each kind arrived, and each that did not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """A kind of feature that is counted."""

    TEXT = "text"
    PARAGRAPH = "paragraph"
    HEADING = "heading"
    STRONG = "strong"
    EMPHASIS = "emphasis"
    STRIKETHROUGH = "strikethrough"
    CODE = "inline code"
    LINK = "link"
    LINK_TITLE = "link title"
    HARD_BREAK = "hard break"
    IMAGE = "image"
    IMAGE_TITLE = "image title"
    FOOTNOTE = "footnote"
    CODE_BLOCK = "code block"
    RULE = "rule"
    HTML = "raw HTML"
    LIST_ITEM = "list item"
    NESTING = "list nesting"
    ITEM_CONTENT = "item content"
    TASK = "task state"
    QUOTE = "quote"
    CALLOUT = "callout"
    TABLE = "table"
    CELL = "table cell"
    ALIGNMENT = "cell alignment"
    HEADER_ROW = "header row"


@dataclass(frozen=True, slots=True)
class Miss:
    """A feature that did not arrive, or one too many."""

    kind: Kind
    message: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.message}"


@dataclass(frozen=True, slots=True)
class Tally:
    """How many features of a kind were expected and how many of them arrived."""

    expected: int = 0
    carried: int = 0

    @property
    def score(self) -> float:
        """Share that arrived; 1.0 of nothing."""
        return self.carried / self.expected if self.expected else 1.0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.expected + other.expected, self.carried + other.carried)


@dataclass(frozen=True, slots=True)
class FidelityReport:
    """A comparison's findings.

    Args:
        tallies: By kind; kinds of which the text has none are left out.
        misses: Features that did not arrive, in the order of the checks.
        excess: What the file has beyond the text, and that no convention explains.
    """

    tallies: dict[Kind, Tally]
    misses: tuple[Miss, ...] = ()
    excess: tuple[Miss, ...] = ()

    @property
    def total(self) -> Tally:
        """All kinds together."""
        return sum(self.tallies.values(), Tally())

    @property
    def score(self) -> float:
        """Share of all features that arrived."""
        return self.total.score

    def of(self, kind: Kind) -> Tally:
        """The tally of one kind."""
        return self.tallies.get(kind, Tally())

    def __str__(self) -> str:
        lines = [f"{self.total.carried} of {self.total.expected} features arrived ({self.score:.4f})."]
        lines += [f"- lost {miss}" for miss in self.misses]
        lines += [f"- added {miss}" for miss in self.excess]
        return "\n".join(lines)


def summed(reports: Iterable[FidelityReport]) -> FidelityReport:
    """Many documents' findings as one's."""
    tallies: dict[Kind, Tally] = {}
    misses: list[Miss] = []
    excess: list[Miss] = []
    for report in reports:
        for kind, tally in report.tallies.items():
            tallies[kind] = tallies.get(kind, Tally()) + tally
        misses += report.misses
        excess += report.excess
    return FidelityReport(tallies, tuple(misses), tuple(excess))


@dataclass(slots=True)
class Findings:
    """Collects a report."""

    expected: Counter[Kind] = field(default_factory=Counter)
    carried: Counter[Kind] = field(default_factory=Counter)
    misses: list[Miss] = field(default_factory=list)
    excess: list[Miss] = field(default_factory=list)

    def expect(self, kind: Kind, arrived: object, message: str) -> None:
        """Count a feature; the message says what was lost and what is there instead."""
        self.expected[kind] += 1
        if arrived:
            self.carried[kind] += 1
        else:
            self.misses.append(Miss(kind, message))

    def exceed(self, kind: Kind, message: str) -> None:
        """Note what is there without being in the text."""
        self.excess.append(Miss(kind, message))

    def report(self) -> FidelityReport:
        """What was found."""
        tallies = {
            kind: Tally(self.expected[kind], self.carried[kind]) for kind in Kind if self.expected[kind]
        }
        return FidelityReport(tallies, tuple(self.misses), tuple(self.excess))
