"""Text as a reader sees it, and as XML can carry it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from markdown_it.tree import SyntaxTreeNode

_FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")
"""What is no character of XML 1.0 (section 2.2), and the carriage return, which it reads as a line end."""


def text_of(node: SyntaxTreeNode) -> str:
    """What a reader sees of a node, on one line."""
    return "".join(_pieces(node))


def _pieces(node: SyntaxTreeNode) -> Iterator[str]:
    if node.type in ("softbreak", "hardbreak"):
        yield " "
    elif not node.children:
        yield node.content
    for part in node.children:
        yield from _pieces(part)


def split_at_forbidden(text: str) -> tuple[str, str]:
    """The text that XML can carry, and the names of the characters that it can't, such as `U+0007`."""
    found = dict.fromkeys(_FORBIDDEN.findall(text))
    if not found:
        return text, ""
    return _FORBIDDEN.sub("", text), ", ".join(f"U+{ord(character):04X}" for character in found)


def one_line(text: str, most: int) -> str:
    """What XML can carry of a text, on one line of so many characters at most."""
    line = " ".join(split_at_forbidden(text)[0].split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def is_right_to_left(text: str) -> bool:
    """Whether the first letter with a direction runs to the left (Unicode Annex 9, rules P2 and P3)."""
    if text.isascii():
        return False
    strong = (unicodedata.bidirectional(letter) for letter in text)
    return next((kind in ("R", "AL") for kind in strong if kind in ("L", "R", "AL")), False)
