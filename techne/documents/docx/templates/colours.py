"""Colours of added styles: a value, and the theme's colour that it stands for where there is one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import quoteattr

READABLE_CONTRAST: Final = 4.5
"""Least contrast of text and its ground, WCAG 2.2 success criterion 1.4.3 (level AA)."""

_HEXADECIMAL = re.compile(r"[0-9A-Fa-f]{6}")


@dataclass(frozen=True, slots=True)
class Colour:
    """A colour.

    Args:
        value: Six hexadecimal digits, what programs without themes show.
        theme: Name of the theme's colour, such as `accent1`; empty for one that does not follow the theme.
        shades: How the theme's colour is made darker or lighter, names and values of attributes.
    """

    value: str
    theme: str = ""
    shades: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        """The element `w:color` of run properties."""
        return f'<w:color w:val="{self.value}"{self._theme}/>'

    @property
    def line(self) -> str:
        """Attributes of a border."""
        return f'w:color="{self.value}"{self._theme}'

    @property
    def readable(self) -> bool:
        """Whether text in this colour can be read on white."""
        return contrast(self.value, "FFFFFF") >= READABLE_CONTRAST

    @property
    def _theme(self) -> str:
        """Attributes that follow the theme."""
        if not self.theme:
            return ""
        named = (("themeColor", self.theme), *self.shades)
        return "".join(f" w:{name}={quoteattr(value)}" for name, value in named)


def is_hexadecimal(value: str) -> bool:
    """Whether a value is six hexadecimal digits, not `auto` or anything else."""
    return _HEXADECIMAL.fullmatch(value) is not None


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    darker, lighter = sorted((_luminance(first), _luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(value: str) -> float:
    red, green, blue = (_linear(int(value[start : start + 2], 16) / 255) for start in (0, 2, 4))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
