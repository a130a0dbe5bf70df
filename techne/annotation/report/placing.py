"""Where names go around the marks of a scatter chart, so that none covers another."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

_CHARACTER = 7.0
_WIDE_CHARACTER = 13.5
_LINE = 16.0
_GAP = 11.0
_MARK = 8.0
_LONGEST = 30
_SHORTEST = 12
_OVERLAP = 1000.0
_CROSSING = 0.6
_SAMPLES = 12
_NEAR = (0.0, -14.0, 14.0)
_FAR = (-28.0, 28.0, -42.0, 42.0, -56.0, 56.0, -72.0, 72.0)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle; y grows downwards."""

    left: float
    top: float
    right: float
    bottom: float

    def overlap(self, other: Box) -> float:
        """Area in common."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return width * height if width > 0 and height > 0 else 0.0

    def holds(self, other: Box) -> bool:
        """Whether the other lies inside."""
        return (
            self.left <= other.left
            and self.top <= other.top
            and self.right >= other.right
            and self.bottom >= other.bottom
        )

    def nearest(self, x: float, y: float) -> tuple[float, float]:
        """The point inside that is nearest to another."""
        return min(max(x, self.left), self.right), min(max(y, self.top + 2), self.bottom - 2)


@dataclass(frozen=True, slots=True)
class PlacedName:
    """A name with its place; `leader` if it is so far off that a line should lead to it."""

    text: str
    x: float
    y: float
    anchor: str
    box: Box
    leader: bool


def place_names(
    names: Sequence[str], marks: Sequence[tuple[float, float]], whiskers: Sequence[Box], field: Box
) -> list[PlacedName | None]:
    """Find a place for each name, greedily in the order given.

    Args:
        names: One for each mark.
        marks: Centres.
        whiskers: Lines that names had better not cross.
        field: What no name may leave.

    Returns:
        For each mark its name, or None where every place is taken.
    """
    dots = [Box(x - _MARK, y - _MARK, x + _MARK, y + _MARK) for x, y in marks]
    taken = list(dots)
    room = int((field.right - field.left) * 0.55 / _CHARACTER)
    longest = max(min(_LONGEST, room), _SHORTEST)
    placed: list[PlacedName | None] = []
    for name, mark in zip(names, marks, strict=True):
        text = name if len(name) <= longest else name[: longest - 1].rstrip() + "…"
        best, least = None, _OVERLAP
        for index, candidate in enumerate(_candidates(text, mark)):
            if not field.holds(candidate.box):
                continue
            cost = index + sum(_OVERLAP for box in taken if candidate.box.overlap(box))
            if candidate.leader:
                own = dots[len(placed)]
                cost += _OVERLAP * _is_crossed(
                    mark, candidate, [box for box in taken if not box.overlap(own)]
                )
            cost += sum(_CROSSING * candidate.box.overlap(box) for box in whiskers)
            if cost < least:
                best, least = candidate, cost
        if best is not None:
            taken.append(best.box)
        placed.append(best)
    return placed


def _is_crossed(mark: tuple[float, float], name: PlacedName, obstacles: Sequence[Box]) -> bool:
    """Whether the line from a mark to its name runs through something else."""
    end = name.box.nearest(*mark)
    for step in range(_SAMPLES):
        part = step / _SAMPLES
        x, y = (start + (stop - start) * part for start, stop in zip(mark, end, strict=True))
        if any(box.left < x < box.right and box.top < y < box.bottom for box in obstacles):
            return True
    return False


def _candidates(text: str, mark: tuple[float, float]) -> list[PlacedName]:
    x, y = mark
    width = sum(
        _WIDE_CHARACTER if unicodedata.east_asian_width(character) in "WF" else _CHARACTER
        for character in text
    )
    found = []
    for shift in (*_NEAR, *_FAR):
        middle = y + shift
        top, bottom = middle - _LINE / 2, middle + _LINE / 2
        far = shift in _FAR
        gap = _GAP + (8 if far else 0)
        right = Box(x + gap, top, x + gap + width, bottom)
        left = Box(x - gap - width, top, x - gap, bottom)
        found.append(PlacedName(text, right.left, middle + 4.5, "start", right, far))
        found.append(PlacedName(text, left.right, middle + 4.5, "end", left, far))
        if shift == 0.0:
            for off in (-18.0, 18.0):
                box = Box(x - width / 2, y + off - _LINE / 2, x + width / 2, y + off + _LINE / 2)
                found.append(PlacedName(text, x, y + off + 4.5, "middle", box, leader=False))
    return found
