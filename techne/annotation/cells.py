"""Text as a cell of a CSV file can hold it, for spreadsheets as well as for our own reading.

A spreadsheet takes a cell that begins with = + - or @ for a formula, and formulas can call programs and
send data away: OWASP, CSV Injection. Such text gets a leading apostrophe; `restored` takes exactly that
off again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

SEPARATOR = "|"
"""Between the labels of a multi-label cell; a label's own is written with a backslash before it."""

_HIDDEN = r"\s\ufeff\u200b-\u200f\u2060"
_FORMULA = re.compile(rf"'*(?:[\t\r\n]|[{_HIDDEN}\x00-\x1f]*[=+\-@＝＋－＠])")
"""After apostrophes as well: text that has one already must stay distinct from text that gets one."""
_PLAIN_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?", re.ASCII)
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")
_PART = re.compile(r"(?:[^|\\]|\\.|\\$)*", re.DOTALL)


def clean(text: str) -> str:
    """Text that every file can hold: U+FFFD for NUL and for halves of surrogate pairs."""
    if text.isascii() and "\0" not in text:  # nearly all; millions of cells come by
        return text
    return _NO_TEXT.sub("\ufffd", text)


def neutralised(text: str) -> str:
    """Text that no spreadsheet takes for a formula; a plain number such as -1 is none, and stays."""
    if not text or text[0].isalnum():
        return text
    if _FORMULA.match(text) and not _PLAIN_NUMBER.fullmatch(text):
        return "'" + text
    return text


def restored(cell: str) -> str:
    """What `neutralised` was given."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def join_labels(labels: Sequence[str]) -> str:
    """The labels of a multi-label answer as one cell."""
    return SEPARATOR.join(re.sub(r"([|\\])", r"\\\1", label) for label in labels)


def split_labels(cell: str) -> tuple[str, ...]:
    """The labels of a multi-label cell, without white space around them; none for an empty cell."""
    if not cell.strip():
        return ()
    parts: list[str] = []
    at = 0
    while True:
        match = _PART.match(cell, at)
        assert match is not None  # noqa: S101 - it matches nothing at least
        parts.append(re.sub(r"\\(.)", r"\1", match[0], flags=re.DOTALL).strip())
        if match.end() == len(cell):
            return tuple(parts)
        at = match.end() + 1
