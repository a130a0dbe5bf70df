"""What a Word document could not carry: said to whoever asked for it, never dropped in silence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum


class LossKind(StrEnum):
    """What was lost."""

    LINK = "link"
    IMAGE = "image"
    FOOTNOTE = "footnote"
    CHARACTER = "character"
    NESTING = "nesting"
    TITLE = "title"


@dataclass(frozen=True, slots=True)
class Loss:
    """One thing that is not in the document, or not as it was written.

    Args:
        kind: What was lost.
        message: What it was and what stands in its place, one sentence.
        line: Line of the Markdown, from 1, where the block around it begins; None where that isn't known.
    """

    kind: LossKind
    message: str
    line: int | None = None

    def __str__(self) -> str:
        return self.message if self.line is None else f"line {self.line}: {self.message}"


@dataclass(slots=True)
class Losses:
    """Losses as they are found, each said once."""

    _found: dict[Loss, None] = field(default_factory=dict)

    def add(self, kind: LossKind, message: str, line: int | None = None) -> None:
        """Note one."""
        self._found[Loss(kind, message, line)] = None

    def __iter__(self) -> Iterator[Loss]:
        return iter(self._found)
