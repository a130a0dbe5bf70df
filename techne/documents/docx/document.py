"""The document around the content: page, styles, properties, and a package with the same bytes each time."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime

from docx import Document
from docx.document import Document as DocxDocument
from docx.enum.style import WD_STYLE_TYPE
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml.ns import qn
from docx.oxml.parser import OxmlElement
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Mm, Pt, RGBColor
from docx.styles.style import CharacterStyle, ParagraphStyle

from techne.documents.docx.blocks import BlockWriter
from techne.documents.escaping import without_controls
from techne.documents.markdown import tree

_BODY_FONT = "Calibri"
_CODE_FONT = "Consolas"
_INK = RGBColor(0x1F, 0x2A, 0x44)
_LINK = RGBColor(0x05, 0x63, 0xC1)
_CODE_FILL = "F3F4F6"
_HEADING_POINTS = {1: 17, 2: 14, 3: 12, 4: 11, 5: 11, 6: 11}
_TIMESTAMP = datetime(2000, 1, 1, tzinfo=UTC)
_ZIP_TIMESTAMP = (1980, 1, 1, 0, 0, 0)
_PROPERTY_LIMIT = 255
_SECOND_STYLES = "/stylesWithEffects"


def render_docx(markdown: str, *, title: str, language: str, author: str = "techne") -> bytes:
    """The Markdown as a DOCX file; the same arguments give the same bytes.

    Args:
        markdown: CommonMark with tables, strikethrough and task lists. HTML becomes text, images become
            their alternative text, and only http, https and mailto links are links.
        title: Title in the document's properties. The text's own title is its first heading of level 1.
        language: BCP 47 tag for spelling and hyphenation, such as `pt-BR`.
        author: Author in the document's properties.
    """
    document = Document()
    _leave_out_of_template(document)
    _set_page(document)
    _set_styles(document, language)
    _set_properties(document, title=title, language=language, author=author)
    BlockWriter(document).write(tree(markdown))
    buffer = io.BytesIO()
    document.save(buffer)
    return _with_fixed_times(buffer.getvalue())


def _set_page(document: DocxDocument) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(22)
    section.top_margin = section.bottom_margin = Mm(20)


def _set_properties(document: DocxDocument, *, title: str, language: str, author: str) -> None:
    properties = document.core_properties
    properties.title = without_controls(title)[:_PROPERTY_LIMIT]
    properties.author = properties.last_modified_by = without_controls(author)[:_PROPERTY_LIMIT]
    properties.language = language
    properties.comments = ""
    properties.created = properties.modified = _TIMESTAMP


def _leave_out_of_template(document: DocxDocument) -> None:
    """Drop the template's picture of an empty page, and its second styles part.

    That part is Word 2007's; where it differs from the styles, Word offers to repair the file.
    """
    package = document.part.package
    for relations in (document.part.rels, package.rels if package else {}):
        for key, relation in list(relations.items()):
            if relation.reltype == RELATIONSHIP_TYPE.THUMBNAIL or relation.reltype.endswith(_SECOND_STYLES):
                del relations[key]


def _set_styles(document: DocxDocument, language: str) -> None:
    styles = document.styles
    defaults = styles.element.find(qn("w:docDefaults"))
    if defaults is not None:
        for old in defaults.iter(qn("w:lang")):
            old.set(qn("w:val"), language)
    normal = _paragraph_style(document, "Normal")
    _set_font(normal, _BODY_FONT, points=11)
    normal.paragraph_format.space_after = Pt(8)
    normal.paragraph_format.line_spacing = 1.15
    title = _paragraph_style(document, "Title")
    _set_font(title, _BODY_FONT, points=24, bold=True)
    title.font.color.rgb = _INK
    title.paragraph_format.space_after = Pt(10)
    _remove_border(title)
    for level, points in _HEADING_POINTS.items():
        heading = _paragraph_style(document, f"Heading {level}")
        _set_font(heading, _BODY_FONT, points=points, bold=True)
        heading.font.italic = level > 4
        heading.font.color.rgb = _INK
        heading.paragraph_format.space_before = Pt(16 if level == 1 else 12)
        heading.paragraph_format.space_after = Pt(4)
        heading.paragraph_format.keep_with_next = True
    quote = _paragraph_style(document, "Quote")
    _set_font(quote, _BODY_FONT, points=11)
    quote.font.color.rgb = RGBColor(0x44, 0x4B, 0x5A)
    listed = _paragraph_style(document, "List Paragraph")
    listed.paragraph_format.space_after = Pt(4)
    code = styles.add_style("Code Block", WD_STYLE_TYPE.PARAGRAPH)
    code.base_style = normal
    _set_font(code, _CODE_FONT, points=9)
    code.element.get_or_add_pPr().append(_shading())  # the schema wants it before the spacing
    code.paragraph_format.space_before = Pt(4)
    code.paragraph_format.line_spacing = 1.0
    inline_code = styles.add_style("Code", WD_STYLE_TYPE.CHARACTER)
    _set_font(inline_code, _CODE_FONT, points=9.5)
    inline_code.element.get_or_add_rPr().append(_shading())
    link = styles.add_style("Hyperlink", WD_STYLE_TYPE.CHARACTER)
    link.font.color.rgb = _LINK
    link.font.underline = True


def _paragraph_style(document: DocxDocument, name: str) -> ParagraphStyle:
    style = document.styles[name]
    if not isinstance(style, ParagraphStyle):
        raise TypeError(f"{name} is not a paragraph style of the template")
    return style


def _set_font(style: CharacterStyle, name: str, *, points: float, bold: bool | None = None) -> None:
    style.font.name = name
    style.font.size = Pt(points)
    if bold is not None:
        style.font.bold = bold
    fonts = style.element.get_or_add_rPr().find(qn("w:rFonts"))
    if fonts is not None:
        for attribute in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{attribute}"), None)
        fonts.set(qn("w:cs"), name)
        fonts.set(qn("w:eastAsia"), name)


def _remove_border(style: ParagraphStyle) -> None:
    properties = style.element.get_or_add_pPr()
    border = properties.find(qn("w:pBdr"))
    if border is not None:
        properties.remove(border)


def _shading() -> BaseOxmlElement:
    shading = OxmlElement("w:shd")
    shading.set(qn("w:val"), "clear")
    shading.set(qn("w:color"), "auto")
    shading.set(qn("w:fill"), _CODE_FILL)
    return shading


def _with_fixed_times(package: bytes) -> bytes:
    """The package with every member's time fixed, since a zip file records when it was made."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(package)) as source,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for member in source.infolist():
            entry = zipfile.ZipInfo(member.filename, _ZIP_TIMESTAMP)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = 0o600 << 16
            target.writestr(entry, source.read(member.filename))
    return buffer.getvalue()
