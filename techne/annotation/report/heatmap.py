"""Heat maps as what they are: tables, whose cells are shaded by value and say it in figures too."""

from __future__ import annotations

from dataclasses import dataclass

STEPS = 8
"""Shades of each tone, `cool-0` to `cool-8` and `warm-0` to `warm-8` in the style sheet; 0 is none."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One value.

    Args:
        text: The value in figures.
        shade: Class of the style sheet.
        detail: A second, smaller figure.
        marked: Outlined: where row and column are the same.
    """

    text: str
    shade: str = ""
    detail: str = ""
    marked: bool = False


@dataclass(frozen=True, slots=True)
class HeatRow:
    """A row under its name."""

    name: str
    cells: tuple[Cell, ...]
    key: str = ""


@dataclass(frozen=True, slots=True)
class HeatTable:
    """A table of shaded cells.

    Args:
        caption: What it is of.
        corner: What rows and columns are.
        columns: Names; where `keys` are given, these stand in the head and the names are for screen readers.
        rows: One cell for each column.
        keys: Short names of the columns, that the rows explain.
        left_out: What there was no room for, as a sentence.
    """

    caption: str
    corner: str
    columns: tuple[str, ...]
    rows: tuple[HeatRow, ...]
    keys: tuple[str, ...] = ()
    left_out: str = ""


def shade(value: float, tone: str = "cool") -> str:
    """The class of a value between -1 and 1; a negative one has the other tone."""
    step = round(min(abs(value), 1.0) * STEPS)
    if value < 0:
        tone = "warm" if tone == "cool" else "cool"
    return f"{tone}-{step}"
