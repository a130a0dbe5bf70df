"""What a reader hands over, and the tolerant reading of single values that all readers share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

JSONObject = dict[str, Any]

LONGEST_SECONDS = 30 * 24 * 3600.0
"""A time beyond this is taken for damage, and treated as missing."""
_NUMERIC = frozenset({str, float, int})
"""What may hold a number; a bool is none."""


@dataclass(frozen=True, slots=True)
class Word:
    """A spoken word with the punctuation that follows it. `text` may be several words in odd files."""

    text: str
    start: float
    end: float
    confidence: float | None = None
    speaker: str | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of one speaker's speech: a turn that has no id yet."""

    speaker: str | None
    start: float
    end: float
    text: str
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """A file's content in our terms; `language` and `duration` are None where the file is silent."""

    segments: Sequence[Segment]
    source_format: str
    word_count: int
    language: str | None = None
    duration: float | None = None


def seconds(value: Any, *, unit: float = 1.0) -> float | None:
    """A time in seconds, or None for anything that is not a plausible time."""
    if type(value) not in _NUMERIC:
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    # The comparison is false for NaN and for infinities too.
    if not 0.0 <= number * unit <= LONGEST_SECONDS:
        return None
    return number if unit == 1.0 else round(number * unit, 6)


def confidence(value: Any) -> float | None:
    """A confidence between 0 and 1, or None."""
    if type(value) not in _NUMERIC:
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if 0.0 <= number <= 1.0 else None


def text(value: object) -> str:
    """A string, or a bare number as a string; anything else is no text."""
    if type(value) is str:
        return value
    if type(value) is int or type(value) is float:
        try:
            return str(value)
        except ValueError:  # more digits than Python converts
            return ""
    return ""


def mapping(value: object) -> JSONObject:
    """The object itself, or an empty one."""
    return value if isinstance(value, dict) else {}


def mappings(value: object) -> list[JSONObject]:
    """The objects of a list, or none."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def mean(values: Sequence[float]) -> float | None:
    """The arithmetic mean, kept inside 0 to 1 against rounding, or None of nothing."""
    return min(max(math.fsum(values) / len(values), 0.0), 1.0) if values else None
