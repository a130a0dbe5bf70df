"""How the styles of `style_names.py` look where a template has none: quiet, and in the template's own fonts.

Each is written as WordprocessingML, its elements in the schema's order (ECMA-376 part 1, 17.7). Styles say
all of their spacing: what they would inherit differs from template to template.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from techne.documents.docx import style_names as names
from techne.documents.docx.look import Look

MUTED: Final = "59616E"
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
_HEADING_RATIOS = (1.75, 1.38, 1.19, 1.05, 1.0, 1.0)
_HEADING_SPACE = ((400, 140), (320, 110), (260, 90), (220, 70), (200, 60), (200, 60))
_CODE_FONTS = '<w:rFonts w:ascii="Consolas" w:hAnsi="Consolas" w:eastAsia="Consolas" w:cs="Consolas"/>'
_CODE_TABS = "".join(f'<w:tab w:val="left" w:pos="{396 * stop}"/>' for stop in range(1, 21))
"""Every four characters of 9 points in Consolas, whose characters are 0.55 of that wide."""


@dataclass(frozen=True, slots=True)
class StyleDefinition:
    """A style that a template may lack.

    Args:
        name: As in `style_names.py`.
        kind: `paragraph`, `character` or `table`.
        based_on: Name of the style that it inherits from; empty for the default of its kind.
        following: Name of the style of the next paragraph; empty for its own.
        priority: Place in Word's list of styles.
        built_in: Whether Word knows the name.
        quick: Whether Word offers it in its gallery.
        paragraph: Content of `w:pPr`.
        run: Content of `w:rPr`.
        table: Elements after those two.
    """

    name: str
    kind: str = "paragraph"
    based_on: str = ""
    following: str = ""
    priority: int = 99
    built_in: bool = True
    quick: bool = False
    paragraph: str = ""
    run: str = ""
    table: str = ""


def style_definitions(look: Look) -> Iterator[StyleDefinition]:
    """Every style of `style_names.py`, each after what it is based on."""
    yield StyleDefinition(names.BODY, priority=0, quick=True)
    yield from _headings(look)
    yield from _title_page(look)
    yield from _contents(look)
    yield from _text(look)
    yield from _figures_and_notes(look)
    yield from _margins(look)
    yield from _callouts()
    yield from _tables(look)
    yield from _characters(look)


def _spacing(before: int, after: int, line: int | None = None) -> str:
    """In twips; the line in 240ths of a single one, the template's if None."""
    height = "" if line is None else f' w:line="{line}" w:lineRule="auto"'
    return f'<w:spacing w:before="{before}" w:after="{after}"{height}/>'


def _headings(look: Look) -> Iterator[StyleDefinition]:
    for level, name in enumerate(names.HEADINGS):
        before, after = _HEADING_SPACE[level]
        outline = f'<w:outlineLvl w:val="{level}"/>'
        weight = "<w:i/><w:iCs/>" if level == 5 else look.heading_weight
        colour = look.heading.text if level < 4 else f'<w:color w:val="{MUTED}"/>'
        yield StyleDefinition(
            name,
            based_on=names.BODY,
            following=names.BODY,
            priority=9,
            quick=True,
            paragraph=f"<w:keepNext/><w:keepLines/>{_spacing(before, after, 252)}{outline}",
            run=f"{look.heading_fonts}{weight}{colour}{look.size(_HEADING_RATIOS[level])}",
        )


def _title_page(look: Look) -> Iterator[StyleDefinition]:
    """The title and what goes with it: a bar beside both, unless the template has a title of its own."""
    own = look.title_alignment is not None
    bar = (
        "" if own else f'<w:pBdr><w:left w:val="single" w:sz="36" w:space="14" {look.accent.line}/></w:pBdr>'
    )
    indent = "" if own else '<w:ind w:left="370"/>'
    align = f'<w:jc w:val="{look.title_alignment}"/>' if own else ""
    muted = f'<w:color w:val="{MUTED}"/>'
    yield StyleDefinition(
        names.TITLE,
        based_on=names.BODY,
        following=names.SUBTITLE,
        priority=10,
        quick=True,
        paragraph=f"<w:keepNext/><w:keepLines/>{bar}{_spacing(0, 200, 228)}{indent}",
        run=f"{look.heading_fonts}<w:b/><w:bCs/>{look.heading.text}{look.size(2.75)}",
    )
    yield StyleDefinition(
        names.SUBTITLE,
        based_on=names.BODY,
        following=names.BODY,
        priority=11,
        quick=True,
        paragraph=f"<w:keepLines/>{bar}{_spacing(0, 0 if bar else 240, 252)}{indent}{align}",
        run=f"{look.heading_fonts}{muted}{look.size(1.45)}",
    )
    yield StyleDefinition(
        names.AUTHOR,
        based_on=names.BODY,
        following=names.DATE,
        priority=12,
        built_in=False,
        paragraph=f"{_spacing(480, 40)}{indent}{align}",
        run=f"<w:b/><w:bCs/>{look.size(1.1)}",
    )
    yield StyleDefinition(
        names.DATE,
        based_on=names.BODY,
        following=names.BODY,
        priority=12,
        paragraph=f"{_spacing(0, 240)}{indent}{align}",
        run=f"{muted}{look.size(1.1)}",
    )


def _contents(look: Look) -> Iterator[StyleDefinition]:
    yield StyleDefinition(
        names.CONTENTS_HEADING,
        based_on=names.HEADINGS[0],
        following=names.BODY,
        priority=39,
        quick=True,
        paragraph='<w:numPr><w:numId w:val="0"/></w:numPr><w:outlineLvl w:val="9"/>',
    )
    stop = f'<w:tabs><w:tab w:val="right" w:leader="dot" w:pos="{look.text_width}"/></w:tabs>'
    for level, name in enumerate(names.CONTENTS):
        before, weight = (100, "<w:b/><w:bCs/>") if level == 0 else (0, "")
        yield StyleDefinition(
            name,
            based_on=names.BODY,
            following=names.BODY,
            priority=39,
            paragraph=f'{stop}{_spacing(before, 40, 252)}<w:ind w:left="{280 * level}"/>',
            run=weight,
        )


def _text(look: Look) -> Iterator[StyleDefinition]:
    yield StyleDefinition(
        names.LIST,
        based_on=names.BODY,
        priority=34,
        quick=True,
        paragraph=f'{_spacing(0, 120)}<w:ind w:left="400"/><w:contextualSpacing/>',
    )
    yield StyleDefinition(
        names.QUOTE,
        based_on=names.BODY,
        priority=29,
        quick=True,
        paragraph=(
            f'<w:pBdr><w:left w:val="single" w:sz="18" w:space="10" w:color="{_BAR}"/></w:pBdr>'
            f'{_spacing(60, 120)}<w:ind w:left="400" w:right="400"/>'
        ),
        run=f'<w:color w:val="{MUTED}"/>',
    )
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
            f"<w:tabs>{_CODE_TABS}</w:tabs><w:suppressAutoHyphens/>{_spacing(160, 240, 252)}"
            '<w:ind w:left="110" w:right="110"/><w:jc w:val="left"/>'
        ),
        run=f'{_CODE_FONTS}<w:noProof/><w:sz w:val="18"/><w:szCs w:val="18"/>',
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


def _figures_and_notes(look: Look) -> Iterator[StyleDefinition]:
    align = f'<w:jc w:val="{look.caption_alignment or "center"}"/>'
    yield StyleDefinition(
        names.FIGURE,
        based_on=names.BODY,
        following=names.CAPTION,
        priority=32,
        built_in=False,
        paragraph=f"<w:keepNext/>{_spacing(200, 80, 240)}{align}",
    )
    yield StyleDefinition(
        names.CAPTION,
        based_on=names.BODY,
        following=names.BODY,
        priority=35,
        quick=True,
        paragraph=f"<w:keepLines/>{_spacing(0, 240, 252)}{align}",
        run=f'<w:color w:val="{MUTED}"/>{look.size(0.88)}',
    )
    yield StyleDefinition(
        names.FOOTNOTE_TEXT, based_on=names.BODY, paragraph=_spacing(0, 40, 240), run=look.size(0.85)
    )


def _margins(look: Look) -> Iterator[StyleDefinition]:
    stops = (
        f'<w:tabs><w:tab w:val="center" w:pos="{look.text_width // 2}"/>'
        f'<w:tab w:val="right" w:pos="{look.text_width}"/></w:tabs>'
    )
    for name in (names.HEADER, names.FOOTER):
        yield StyleDefinition(
            name,
            based_on=names.BODY,
            paragraph=f"{stops}{_spacing(0, 0, 240)}",
            run=f'<w:color w:val="{MUTED}"/>{look.size(0.85)}',
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
            paragraph=f"{box}{_spacing(0, 160)}{indent}",
        )
        yield StyleDefinition(
            names.CALLOUT_TITLES[kind],
            based_on=names.CALLOUTS[kind],
            following=names.CALLOUTS[kind],
            priority=33,
            built_in=False,
            paragraph=f"<w:keepNext/><w:keepLines/>{_spacing(200, 40)}",
            run=f'<w:b/><w:bCs/><w:color w:val="{colour}"/>',
        )


def _tables(look: Look) -> Iterator[StyleDefinition]:
    yield StyleDefinition(
        names.TABLE_TEXT,
        based_on=names.BODY,
        priority=36,
        built_in=False,
        paragraph=_spacing(40, 40, 252),
        run=look.size(0.95),
    )
    yield StyleDefinition(
        names.TABLE_HEADING,
        based_on=names.TABLE_TEXT,
        priority=36,
        built_in=False,
        paragraph="<w:keepNext/>",
        run=f"<w:b/><w:bCs/>{look.heading.text}",
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


def _characters(look: Look) -> Iterator[StyleDefinition]:
    yield StyleDefinition(
        names.CODE,
        kind="character",
        priority=30,
        built_in=False,
        quick=True,
        run=f'{_CODE_FONTS}<w:noProof/><w:shd w:val="clear" w:color="auto" w:fill="EEF0F3"/>',
    )
    yield StyleDefinition(names.LINK, kind="character", run=f'{look.link.text}<w:u w:val="single"/>')
    yield StyleDefinition(
        names.FOOTNOTE_REFERENCE, kind="character", run='<w:vertAlign w:val="superscript"/>'
    )
    yield StyleDefinition(names.STRONG, kind="character", priority=22, quick=True, run="<w:b/><w:bCs/>")
    yield StyleDefinition(names.EMPHASIS, kind="character", priority=20, quick=True, run="<w:i/><w:iCs/>")
    for kind, name in names.CODE_TOKENS.items():
        slant = "<w:i/><w:iCs/>" if kind == "comment" else ""
        yield StyleDefinition(
            name,
            kind="character",
            priority=37,
            built_in=False,
            run=f'{slant}<w:color w:val="{TOKEN_COLOURS[kind]}"/>',
        )
