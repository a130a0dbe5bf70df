"""How figures and strangers' words are written: one place, so that the page and the Markdown agree.

Escaping is not done here; each output has its own.
"""

from __future__ import annotations

import re
import unicodedata

from techne.annotation.summary import Interval

NONE = "–"
SPACE = "\u00a0"
MINUS = "\u2212"
NAME_CHARACTERS = 60
MESSAGE_CHARACTERS = 1000

_BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_CENT = 0.01


def plain(text: str, limit: int = NAME_CHARACTERS) -> str:
    """A stranger's text on one line: no control characters, no direction overrides, no more than `limit`."""
    beginning = text[: limit * 8]
    kept = "".join(" " if _is_unwritable(character) else character for character in beginning)
    line = re.sub(r"\s+", " ", kept).strip()
    if len(line) <= limit and len(beginning) == len(text):
        return line
    return line[: limit - 1].rstrip() + "…"


def _is_unwritable(character: str) -> bool:
    return character in _BIDI_CONTROLS or unicodedata.category(character) in {"Cc", "Cs", "Cn", "Zl", "Zp"}


def percent(value: float | None, digits: int = 1) -> str:
    """A part of 1 as a percentage."""
    return NONE if value is None else f"{_signed(value * 100, digits)}{SPACE}%"


def interval(estimate: Interval | None) -> str:
    """An estimate and its bounds, as a percentage."""
    return NONE if estimate is None else f"{percent(estimate.value)} ({bounds(estimate)})"


def bounds(estimate: Interval) -> str:
    """The bounds alone, in percent."""
    return f"{_signed(estimate.low * 100, 1)} to {_signed(estimate.high * 100, 1)}"


def points(difference: Interval) -> str:
    """A difference of two parts, in percentage points."""
    sign = "+" if difference.value > 0 else ""
    return f"{sign}{_signed(difference.value * 100, 1)} ({bounds(difference)})"


def decimal(value: float | None, digits: int = 2) -> str:
    """A coefficient."""
    return NONE if value is None else _signed(value, digits)


def _signed(value: float, digits: int) -> str:
    written = f"{value:,.{digits}f}"
    if not written.strip("-0.,"):
        return written.lstrip("-")
    return written.replace("-", MINUS)


def count(value: int | None) -> str:
    """A number of things."""
    return NONE if value is None else f"{value:,}"


def plural(number: int, noun: str, many: str = "") -> str:
    """A number with its noun."""
    return f"{count(number)} {noun if number == 1 else many or noun + 's'}"


def usd(value: float | None) -> str:
    """An amount of money; None is one that nobody can tell."""
    if value is None:
        return "no price"
    if value == 0:
        return "$0"
    if abs(value) < _CENT:
        return f"${value:.2g}" if abs(value) >= _CENT / 100 else "< $0.0001"
    return f"${value:,.2f}"


def duration(seconds: float | None) -> str:
    """A time to two units at most."""
    if seconds is None:
        return NONE
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes} min"


def p_value(value: float) -> str:
    """A probability under the null hypothesis; never a flat zero."""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
