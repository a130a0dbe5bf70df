"""What styles that are added to a template take from it, so that they look like its own.

Fonts and colours come from its heading 1 where it has one, else from its theme (ECMA-376 part 1, 20.1.6.9),
else from the default; sizes follow its body text, and tab stops the width of its page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import quoteattr

from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml.ns import qn
from docx.oxml.parser import parse_xml
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Length

from techne.documents.docx.templates.colours import Colour, is_hexadecimal

INK: Final = "1F2A44"
ACCENT: Final = "1F5FA8"
LINK: Final = "0B5CAD"

_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_UNSIZED = 20  # half-points of a template that says no size: ECMA-376 part 1, 17.3.2.38
_TEXT_WIDTH = 9070
_LEAST_TEXT_WIDTH = 1440
_IN_SCHEME = {"text1": "dk1", "text2": "dk2", "hyperlink": "hlink"}
_MAJOR_FONTS = (
    '<w:rFonts w:asciiTheme="majorHAnsi" w:hAnsiTheme="majorHAnsi" w:eastAsiaTheme="majorEastAsia"/>'
)
_BOLD = "<w:b/><w:bCs/>"
_BOLD_PATH = f"{qn('w:rPr')}/{qn('w:b')}"
_FONT_KINDS = ("ascii", "hAnsi", "eastAsia", "cs", "asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme")


@dataclass(frozen=True, slots=True)
class Look:
    """The look of a template.

    Args:
        body_size: Of body text, in half-points.
        text_width: From margin to margin of the last section, in twips.
        body_fonts: The element `w:rFonts` of body text; empty where the template says none.
        heading_fonts: The element `w:rFonts` of headings; empty where they have the body's.
        heading_weight: The elements of bold type, empty where headings are not bold.
        heading: Colour of headings.
        accent: Colour of lines.
        link: Colour of links.
        title_alignment: Value of `w:jc` of its title; None where it has no title style.
        caption_alignment: The same of its captions.
    """

    body_size: int
    text_width: int
    body_fonts: str
    heading_fonts: str
    heading_weight: str
    heading: Colour
    accent: Colour
    link: Colour
    title_alignment: str | None
    caption_alignment: str | None

    def size(self, ratio: float) -> str:
        """The elements of a size relative to that of body text."""
        half_points = round(self.body_size * ratio)
        return f'<w:sz w:val="{half_points}"/><w:szCs w:val="{half_points}"/>'


def look_of(document: Document, styles: Mapping[tuple[str, str], BaseOxmlElement]) -> Look:
    """The look of an opened template.

    Args:
        document: The template.
        styles: Its styles by kind and name, lower case.
    """
    normal = styles.get(("paragraph", "normal"))
    heading = styles.get(("paragraph", "heading 1"))
    theme = _theme(document)
    colours = _scheme_colours(theme)
    heading_colour = _text_colour(heading)
    return Look(
        body_size=_body_size(document, normal),
        text_width=_text_width(document),
        body_fonts=_fonts(_body_fonts(document, normal)),
        heading_fonts=_heading_fonts(document, normal, heading, has_theme=theme is not None),
        heading_weight=_BOLD if heading is None or heading.find(_BOLD_PATH) is not None else "",
        heading=heading_colour or _readable(colours, "text2", INK),
        accent=_accent(heading_colour, colours),
        link=_readable(colours, "hyperlink", LINK),
        title_alignment=_alignment(styles.get(("paragraph", "title"))),
        caption_alignment=_alignment(styles.get(("paragraph", "caption"))),
    )


def _theme(document: Document) -> BaseOxmlElement | None:
    for relation in document.part.rels.values():
        if relation.reltype == RELATIONSHIP_TYPE.THEME and not relation.is_external:
            return parse_xml(relation.target_part.blob)
    return None


def _scheme_colours(theme: BaseOxmlElement | None) -> dict[str, str]:
    """The theme's colours by their names there, such as `dk2`."""
    scheme = None if theme is None else theme.find(f".//{_DRAWING}clrScheme")
    found = {}
    for colour in () if scheme is None else scheme.iterchildren("{*}*"):
        for value in colour:
            shown = value.get("lastClr") or value.get("val") or ""
            if is_hexadecimal(shown):
                found[colour.tag.removeprefix(_DRAWING)] = shown.upper()
    return found


def _readable(colours: Mapping[str, str], theme: str, otherwise: str) -> Colour:
    """The theme's colour where there is one that can be read on white."""
    value = colours.get(_IN_SCHEME.get(theme, theme))
    if value is not None and (colour := Colour(value, theme)).readable:
        return colour
    return Colour(otherwise)


def _accent(heading: Colour | None, colours: Mapping[str, str]) -> Colour:
    """The colour that the template's headings show, since a company often leaves Office's theme as it was."""
    if heading is not None and not heading.theme.startswith("text"):
        return Colour(colours.get(heading.theme, heading.value), heading.theme)
    if "accent1" in colours:
        return Colour(colours["accent1"], "accent1")
    return heading or Colour(ACCENT)


def _text_colour(style: BaseOxmlElement | None) -> Colour | None:
    """The colour that a style says itself."""
    colour = None if style is None else style.find(f"{qn('w:rPr')}/{qn('w:color')}")
    if colour is None or not is_hexadecimal(colour.get(qn("w:val"), "")):
        return None
    shade = {kind: colour.get(qn(f"w:{kind}")) for kind in ("themeShade", "themeTint")}
    return Colour(
        colour.get(qn("w:val")).upper(),
        colour.get(qn("w:themeColor"), ""),
        tuple((kind, value) for kind, value in shade.items() if value),
    )


def _heading_fonts(
    document: Document,
    normal: BaseOxmlElement | None,
    heading: BaseOxmlElement | None,
    *,
    has_theme: bool,
) -> str:
    own = None if heading is None else heading.find(f"{qn('w:rPr')}/{qn('w:rFonts')}")
    if own is not None:
        return _fonts(own)
    body = _body_fonts(document, normal)
    # Not where body text is in a font of its own: a company may have left the theme as it was, fonts too.
    in_theme = has_theme and body is not None and body.get(qn("w:asciiTheme")) is not None
    return _MAJOR_FONTS if heading is None and in_theme else ""


def _body_fonts(document: Document, normal: BaseOxmlElement | None) -> BaseOxmlElement | None:
    own = None if normal is None else normal.find(f"{qn('w:rPr')}/{qn('w:rFonts')}")
    return own if own is not None else _default(document, "w:rFonts")


def _fonts(element: BaseOxmlElement | None) -> str:
    """The element, written anew with the fonts that it names."""
    named = {} if element is None else {kind: element.get(qn(f"w:{kind}")) for kind in _FONT_KINDS}
    attributes = "".join(f" w:{kind}={quoteattr(font)}" for kind, font in named.items() if font)
    return f"<w:rFonts{attributes}/>" if attributes else ""


def _body_size(document: Document, normal: BaseOxmlElement | None) -> int:
    own = None if normal is None else normal.find(f"{qn('w:rPr')}/{qn('w:sz')}")
    size = own if own is not None else _default(document, "w:sz")
    value = "" if size is None else size.get(qn("w:val"), "")
    return int(value) if value.isascii() and value.isdecimal() and 0 < int(value) < 200 else _UNSIZED


def _default(document: Document, tag: str) -> BaseOxmlElement | None:
    """What the document's defaults say of runs (ECMA-376 part 1, 17.7.5.5)."""
    path = f"{qn('w:docDefaults')}/{qn('w:rPrDefault')}/{qn('w:rPr')}/{qn(tag)}"
    found: BaseOxmlElement | None = document.styles.element.find(path)
    return found


def _text_width(document: Document) -> int:
    section = document.sections[-1]
    page, left, right = section.page_width, section.left_margin, section.right_margin
    if page is None or left is None or right is None:
        return _TEXT_WIDTH
    return max(_LEAST_TEXT_WIDTH, int(Length(page - left - right).twips))


def _alignment(style: BaseOxmlElement | None) -> str | None:
    if style is None:
        return None
    alignment = style.find(f"{qn('w:pPr')}/{qn('w:jc')}")
    return "left" if alignment is None else alignment.get(qn("w:val"), "left")
