"""How the styles of `style_names.py` look where a template has none: quiet, and in the template's own fonts.

Each is written as WordprocessingML, its elements in the schema's order (ECMA-376 part 1, 17.7). Styles say
all of their spacing: what they would inherit differs from template to template.
"""

from __future__ import annotations

from collections.abc import Iterator

from techne.documents.docx import style_names as names
from techne.documents.docx.templates.box_styles import box_styles
from techne.documents.docx.templates.look import Look
from techne.documents.docx.templates.style_definition import MUTED, StyleDefinition, spacing

_HEADING_RATIOS = (1.75, 1.38, 1.19, 1.05, 1.0, 1.0)
"""Sizes of headings of levels 1 to 6, of body text's."""
_HEADING_SPACE = ((400, 140), (320, 110), (260, 90), (220, 70), (200, 60), (200, 60))
"""Space before and after them, in twips."""


def style_definitions(look: Look) -> Iterator[StyleDefinition]:
    """Every style of `style_names.py`, each after what it is based on."""
    yield StyleDefinition(names.BODY, priority=0, quick=True)
    yield from _headings(look)
    yield from _title_page(look)
    yield from _contents(look)
    yield from _lists()
    yield from _figures_and_notes(look)
    yield from _margins(look)
    yield from _runs(look)
    yield from box_styles(look)


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
            paragraph=f"<w:keepNext/><w:keepLines/>{spacing(before, after, 252)}{outline}",
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
        paragraph=f"<w:keepNext/><w:keepLines/>{bar}{spacing(0, 200, 228)}{indent}",
        run=f"{look.heading_fonts}<w:b/><w:bCs/>{look.heading.text}{look.size(2.75)}",
    )
    yield StyleDefinition(
        names.SUBTITLE,
        based_on=names.BODY,
        following=names.BODY,
        priority=11,
        quick=True,
        paragraph=f"<w:keepLines/>{bar}{spacing(0, 0 if bar else 240, 252)}{indent}{align}",
        run=f"{look.heading_fonts}{muted}{look.size(1.45)}",
    )
    yield StyleDefinition(
        names.AUTHOR,
        based_on=names.BODY,
        following=names.DATE,
        priority=12,
        built_in=False,
        paragraph=f"{spacing(480, 40)}{indent}{align}",
        run=f"<w:b/><w:bCs/>{look.size(1.1)}",
    )
    yield StyleDefinition(
        names.DATE,
        based_on=names.BODY,
        following=names.BODY,
        priority=12,
        paragraph=f"{spacing(0, 240)}{indent}{align}",
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
            paragraph=f'{stop}{spacing(before, 40, 252)}<w:ind w:left="{280 * level}"/>',
            run=weight,
        )


def _figures_and_notes(look: Look) -> Iterator[StyleDefinition]:
    align = f'<w:jc w:val="{look.caption_alignment or "center"}"/>'
    yield StyleDefinition(
        names.FIGURE,
        based_on=names.BODY,
        following=names.CAPTION,
        priority=32,
        built_in=False,
        paragraph=f"<w:keepNext/>{spacing(200, 80, 240)}{align}",
    )
    yield StyleDefinition(
        names.CAPTION,
        based_on=names.BODY,
        following=names.BODY,
        priority=35,
        quick=True,
        paragraph=f"<w:keepLines/>{spacing(0, 240, 252)}{align}",
        run=f'<w:color w:val="{MUTED}"/>{look.size(0.88)}',
    )
    yield StyleDefinition(
        names.FOOTNOTE_TEXT, based_on=names.BODY, paragraph=spacing(0, 40, 240), run=look.size(0.85)
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
            paragraph=f"{stops}{spacing(0, 0, 240)}",
            run=f'<w:color w:val="{MUTED}"/>{look.size(0.85)}',
        )


def _lists() -> Iterator[StyleDefinition]:
    yield StyleDefinition(
        names.LIST,
        based_on=names.BODY,
        priority=34,
        quick=True,
        paragraph=f'{spacing(0, 120)}<w:ind w:left="400"/><w:contextualSpacing/>',
    )


def _runs(look: Look) -> Iterator[StyleDefinition]:
    yield StyleDefinition(names.LINK, kind="character", run=f'{look.link.text}<w:u w:val="single"/>')
    yield StyleDefinition(
        names.FOOTNOTE_REFERENCE, kind="character", run='<w:vertAlign w:val="superscript"/>'
    )
    yield StyleDefinition(names.STRONG, kind="character", priority=22, quick=True, run="<w:b/><w:bCs/>")
    yield StyleDefinition(names.EMPHASIS, kind="character", priority=20, quick=True, run="<w:i/><w:iCs/>")
