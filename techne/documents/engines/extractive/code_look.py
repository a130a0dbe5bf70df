"""What a word looks like: typed, fit for a command, or neither."""

from __future__ import annotations

import re

from techne.documents.engines.extractive.spoken_signs import Piece

_CODE = re.compile(r"[\w.@:~/$*{}<>=+%&?#|'()\[\]\\-]+$")
_TYPED = re.compile(r"^-{1,2}\w|[/_=@\\~|]|\w\.\w|^\.\w|\d|^[A-Z]{2,}$|[a-z][A-Z]")


def is_typed_looking(word: str) -> bool:
    """Whether only typed things look like this: signs, digits and capitals inside."""
    return _TYPED.search(word) is not None


def fits_command(piece: Piece) -> bool:
    """Whether the word may be an argument."""
    return bool(_CODE.match(piece.text)) and piece.text.isascii()


def fits_name(piece: Piece) -> bool:
    """Whether the word may be part of a path, a name or a setting."""
    return fits_command(piece) and piece.text[0] != "-"
