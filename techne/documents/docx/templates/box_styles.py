"""Styles with a ground or lines of their own: quotes, code, callouts, tables and rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from techne.documents.docx import style_names as names
from techne.documents.docx.templates.look import Look
from techne.documents.docx.templates.style_definition import MUTED, StyleDefinition, spacing

CODE_FILL: Final = "F4F5F7"
CALLOUT_COLOURS: Final = {
    "note": ("1D5FA8", "EDF4FC"),
    "tip": ("1B6E3C", "EBF6EF"),
    "important": ("6B3FA0", "F4EFFB"),
    "warning": ("8A5300", "FDF5E4"),
    "caution": ("A32626", "FCEEEE"),
}
"""Bar and label, and ground, of each kind of callout."""
TOKEN_COLOURS: Final = {
    "keyword": "7A2A8F",
    "function": "1D5FA8",
    "string": "1B6E3C",
    "number": "9A4A00",
    "comment": "5A6472",
    "variable": "0F6674",
}
"""Text of highlighted code, by what it is."""

_LINE = "D5DAE1"
_BAR = "C3CBD6"
_CODE_FONTS = '<w:rFonts w:ascii="Consolas" w:hAnsi="Consolas" w:eastAsia="Consolas" w:cs="Consolas"/>'
_CODE_TABS = "".join(f'<w:tab w:val="left" w:pos="{396 * stop}"/>' for stop in range(1, 21))
"""Every four characters of 9 points in Consolas, whose characters are 0.55 of that wide."""


def box_styles(look: Look) -> Iterator[StyleDefinition]:
    """Those styles, each after what it is based on."""
    yield from _quotes()
    yield from _code()
    yield from _callouts()
    yield from _tables(look)


def _quotes() -> Iterator[StyleDefinition]:
    yield StyleDefinition(
        names.QUOTE,
        based_on=names.BODY,
        priority=29,
        quick=True,
        paragraph=(
            f'<w:pBdr><w:left w:val="single" w:sz="18" w:space="10" w:color="{_BAR}"/></w:pBdr>'
            f'{spacing(60, 120)}<w:ind w:left="400" w:right="400"/>'
        ),
        run=f'<w:color w:val="{MUTED}"/>',
    )
    yield StyleDefinition(
        names.RULE,
        based_on=names.BODY,
        following=names.BODY,
        priority=31,
        built_in=False,
        paragraph=(
            f'<w:pBdr><w:bottom w:val="single" w:sz="6" w:space="1" w:color="{_BAR}"/></w:pBdr>'
            '<w:spacing w:before="0" w:after="280" w:line="160" w:lineRule="exact"/>'
        ),
    )


def _code() -> Iterator[StyleDefinition]:
    sides = "".join(
        f'<w:{side} w:val="single" w:sz="4" w:space="5" w:color="E1E4E9"/>'
        for side in ("top", "left", "bottom", "right", "between")
    )
    yield StyleDefinition(
        names.CODE_BLOCK,
        based_on=names.BODY,
        priority=30,
        built_in=False,
        quick=True,
        paragraph=(
            f'<w:pBdr>{sides}</w:pBdr><w:shd w:val="clear" w:color="auto" w:fill="{CODE_FILL}"/>'
            f"<w:tabs>{_CODE_TABS}</w:tabs><w:suppressAutoHyphens/>{spacing(160, 240, 252)}"
            '<w:ind w:left="110" w:right="110"/><w:contextualSpacing/><w:jc w:val="left"/>'
        ),
        run=f'{_CODE_FONTS}<w:noProof/><w:sz w:val="18"/><w:szCs w:val="18"/>',
    )
    yield StyleDefinition(
        names.CODE,
        kind="character",
        priority=30,
        built_in=False,
        quick=True,
        run=f'{_CODE_FONTS}<w:noProof/><w:shd w:val="clear" w:color="auto" w:fill="EEF0F3"/>',
    )
    for kind, name in names.CODE_TOKENS.items():
        slant = "<w:i/><w:iCs/>" if kind == "comment" else ""
        yield StyleDefinition(
            name,
            kind="character",
            priority=37,
            built_in=False,
            run=f'{slant}<w:color w:val="{TOKEN_COLOURS[kind]}"/>',
        )


def _callouts() -> Iterator[StyleDefinition]:
    """Borders in the ground's colour are room around the text; paragraphs alike in them share one box."""
    for kind, (colour, fill) in CALLOUT_COLOURS.items():
        room = f'w:val="single" w:sz="4" w:color="{fill}"'
        box = (
            f'<w:pBdr><w:top {room} w:space="5"/>'
            f'<w:left w:val="single" w:sz="24" w:space="7" w:color="{colour}"/>'
            f'<w:bottom {room} w:space="5"/><w:right {room} w:space="6"/></w:pBdr>'
            f'<w:shd w:val="clear" w:color="auto" w:fill="{fill}"/>'
        )
        indent = '<w:ind w:left="200" w:right="130"/>'
        yield StyleDefinition(
            names.CALLOUTS[kind],
            based_on=names.BODY,
            priority=33,
            built_in=False,
            paragraph=f"{box}{spacing(0, 160)}{indent}",
        )
        yield StyleDefinition(
            names.CALLOUT_TITLES[kind],
            based_on=names.CALLOUTS[kind],
            following=names.CALLOUTS[kind],
            priority=33,
            built_in=False,
            paragraph=f"<w:keepNext/><w:keepLines/>{spacing(200, 40)}",
            run=f'<w:b/><w:bCs/><w:color w:val="{colour}"/>',
        )


def _tables(look: Look) -> Iterator[StyleDefinition]:
    yield StyleDefinition(
        names.TABLE_TEXT,
        based_on=names.BODY,
        priority=36,
        built_in=False,
        paragraph=spacing(40, 40, 252),
        # Said again: else LibreOffice gives the default's fonts to code in a cell.
        run=f"{look.body_fonts}{look.size(0.95)}",
    )
    yield StyleDefinition(
        names.TABLE_HEADING,
        based_on=names.TABLE_TEXT,
        priority=36,
        built_in=False,
        paragraph="<w:keepNext/>",
        run=f"<w:b/><w:bCs/>{look.heading.text}",
    )
    yield StyleDefinition(
        names.DENSE_TABLE_TEXT,
        based_on=names.TABLE_TEXT,
        priority=36,
        built_in=False,
        paragraph=spacing(20, 20, 240),
        run=look.size(0.72),
    )
    yield StyleDefinition(
        names.DENSE_TABLE_HEADING,
        based_on=names.TABLE_HEADING,
        priority=36,
        built_in=False,
        paragraph=spacing(20, 20, 240),
        run=look.size(0.72),
    )
    rule = f'w:val="single" w:sz="8" w:space="0" {look.accent.line}'
    yield StyleDefinition(
        names.TABLE,
        kind="table",
        priority=59,
        built_in=False,
        quick=True,
        table=(
            f'<w:tblPr><w:tblInd w:w="0" w:type="dxa"/><w:tblBorders><w:top {rule}/><w:bottom {rule}/>'
            f'<w:insideH w:val="single" w:sz="4" w:space="0" w:color="{_LINE}"/></w:tblBorders>'
            '<w:tblCellMar><w:top w:w="30" w:type="dxa"/><w:left w:w="110" w:type="dxa"/>'
            '<w:bottom w:w="30" w:type="dxa"/><w:right w:w="110" w:type="dxa"/></w:tblCellMar></w:tblPr>'
            '<w:tblStylePr w:type="firstRow"><w:rPr><w:b/><w:bCs/></w:rPr><w:tcPr>'
            f"<w:tcBorders><w:bottom {rule}/></w:tcBorders>"
            '<w:shd w:val="clear" w:color="auto" w:fill="F1F4F8"/></w:tcPr></w:tblStylePr>'
        ),
    )
