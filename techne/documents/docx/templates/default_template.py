"""The template for whoever has none, made by code: A4, one column, the title above and the page below.

Its styles are those of `style_definitions.py`, which a template that has none of them gets; only what is not
a style is here. What its body shows is `sample.py`'s.
"""

from __future__ import annotations

import io
import zipfile
from functools import cache
from typing import Final

import docx
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.oxml.ns import nsdecls

from techne.documents.docx.packing import packed
from techne.documents.docx.templates.default_theme import THEME_XML
from techne.documents.docx.templates.sample import write_sample
from techne.documents.docx.templates.styles import add_missing_styles

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_NAMESPACES = nsdecls("w", "r")
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"

_SECTION = (
    '<w:sectPr><w:headerReference w:type="default" r:id="rId4"/>'
    '<w:headerReference w:type="first" r:id="rId6"/><w:footerReference w:type="default" r:id="rId5"/>'
    '<w:footerReference w:type="first" r:id="rId7"/><w:pgSz w:w="11906" w:h="16838"/>'
    '<w:pgMar w:top="1474" w:right="1361" w:bottom="1361" w:left="1361" w:header="680" w:footer="624"'
    ' w:gutter="0"/><w:cols w:space="708"/><w:titlePg/></w:sectPr>'
)
_DOCUMENT = f"<w:document {_NAMESPACES}><w:body>{_SECTION}</w:body></w:document>"

_STYLES = (
    f"<w:styles {_NAMESPACES}><w:docDefaults><w:rPrDefault><w:rPr>"
    '<w:rFonts w:asciiTheme="minorHAnsi" w:eastAsiaTheme="minorEastAsia" w:hAnsiTheme="minorHAnsi"'
    ' w:cstheme="minorBidi"/><w:sz w:val="21"/><w:szCs w:val="21"/>'
    '<w:lang w:val="en-US" w:eastAsia="en-US" w:bidi="ar-SA"/></w:rPr></w:rPrDefault><w:pPrDefault><w:pPr>'
    '<w:widowControl/><w:spacing w:after="140" w:line="276" w:lineRule="auto"/></w:pPr></w:pPrDefault>'
    '</w:docDefaults><w:latentStyles w:defLockedState="0" w:defUIPriority="99" w:defSemiHidden="1"'
    ' w:defUnhideWhenUsed="1" w:defQFormat="0" w:count="376"/>'
    '<w:style w:type="character" w:default="1" w:styleId="DefaultParagraphFont">'
    '<w:name w:val="Default Paragraph Font"/><w:uiPriority w:val="1"/></w:style>'
    '<w:style w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal Table"/>'
    '<w:uiPriority w:val="99"/><w:tblPr><w:tblInd w:w="0" w:type="dxa"/><w:tblCellMar>'
    '<w:top w:w="0" w:type="dxa"/><w:left w:w="108" w:type="dxa"/><w:bottom w:w="0" w:type="dxa"/>'
    '<w:right w:w="108" w:type="dxa"/></w:tblCellMar></w:tblPr></w:style>'
    '<w:style w:type="numbering" w:default="1" w:styleId="NoList"><w:name w:val="No List"/>'
    '<w:uiPriority w:val="99"/></w:style></w:styles>'
)

_SETTINGS = (
    f'<w:settings {_NAMESPACES}><w:zoom w:percent="100"/><w:defaultTabStop w:val="708"/>'
    '<w:characterSpacingControl w:val="doNotCompress"/><w:compat>'
    + "".join(
        f'<w:compatSetting w:name="{name}" w:uri="http://schemas.microsoft.com/office/word" w:val="{value}"/>'
        for name, value in (
            ("compatibilityMode", 15),
            ("overrideTableStyleFontSizeAndJustification", 1),
            ("enableOpenTypeFeatures", 1),
            ("doNotFlipMirrorIndents", 1),
            ("differentiateMultirowTableHeaders", 1),
        )
    )
    + '</w:compat><w:themeFontLang w:val="en-US"/><w:clrSchemeMapping w:bg1="light1" w:t1="dark1"'
    ' w:bg2="light2" w:t2="dark2" w:accent1="accent1" w:accent2="accent2" w:accent3="accent3"'
    ' w:accent4="accent4" w:accent5="accent5" w:accent6="accent6" w:hyperlink="hyperlink"'
    ' w:followedHyperlink="followedHyperlink"/><w:decimalSymbol w:val="."/><w:listSeparator w:val=","/>'
    "</w:settings>"
)

_HEADER = (
    f'<w:hdr {_NAMESPACES}><w:p><w:pPr><w:pStyle w:val="Header"/><w:pBdr>'
    '<w:bottom w:val="single" w:sz="4" w:space="5" w:color="C3CBD6"/></w:pBdr></w:pPr>'
    "<w:r><w:t>{{title}}</w:t></w:r></w:p></w:hdr>"
)
_FIRST_HEADER = f'<w:hdr {_NAMESPACES}><w:p><w:pPr><w:pStyle w:val="Header"/></w:pPr></w:p></w:hdr>'


def _field(instruction: str) -> str:
    return (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
        f'<w:r><w:instrText xml:space="preserve"> {instruction} </w:instrText></w:r>'
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>1</w:t></w:r>'
        '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


# A stroke between the two numbers, and no words: those would be of one language.
_FOOTER = (
    f'<w:ftr {_NAMESPACES}><w:p><w:pPr><w:pStyle w:val="Footer"/><w:jc w:val="right"/></w:pPr>'
    f'{_field("PAGE")}<w:r><w:t xml:space="preserve"> / </w:t></w:r>{_field("NUMPAGES")}</w:p></w:ftr>'
)
_FIRST_FOOTER = f'<w:ftr {_NAMESPACES}><w:p><w:pPr><w:pStyle w:val="Footer"/></w:pPr></w:p></w:ftr>'

_FONTS = (
    f"<w:fonts {_NAMESPACES}>"
    + "".join(
        f'<w:font w:name="{name}"><w:family w:val="{family}"/><w:pitch w:val="{pitch}"/></w:font>'
        for name, family, pitch in (("Calibri", "swiss", "variable"), ("Consolas", "modern", "fixed"))
    )
    + "</w:fonts>"
)

_CORE = (
    f'<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><dc:creator>techne</dc:creator>'
    '<dcterms:created xsi:type="dcterms:W3CDTF">2000-01-01T00:00:00Z</dcterms:created>'
    '<dcterms:modified xsi:type="dcterms:W3CDTF">2000-01-01T00:00:00Z</dcterms:modified></cp:coreProperties>'
)

_PARTS: Final = (
    ("word/styles.xml", CONTENT_TYPE.WML_STYLES, RELATIONSHIP_TYPE.STYLES, _STYLES),
    ("word/settings.xml", CONTENT_TYPE.WML_SETTINGS, RELATIONSHIP_TYPE.SETTINGS, _SETTINGS),
    ("word/theme/theme1.xml", CONTENT_TYPE.OFC_THEME, RELATIONSHIP_TYPE.THEME, THEME_XML),
    ("word/header1.xml", CONTENT_TYPE.WML_HEADER, RELATIONSHIP_TYPE.HEADER, _HEADER),
    ("word/footer1.xml", CONTENT_TYPE.WML_FOOTER, RELATIONSHIP_TYPE.FOOTER, _FOOTER),
    ("word/header2.xml", CONTENT_TYPE.WML_HEADER, RELATIONSHIP_TYPE.HEADER, _FIRST_HEADER),
    ("word/footer2.xml", CONTENT_TYPE.WML_FOOTER, RELATIONSHIP_TYPE.FOOTER, _FIRST_FOOTER),
    ("word/fontTable.xml", CONTENT_TYPE.WML_FONT_TABLE, RELATIONSHIP_TYPE.FONT_TABLE, _FONTS),
)
"""Name, content type, relationship type and content of what the document refers to, from rId1 on."""


@cache
def default_template() -> bytes:
    """The default template, a DOCX file; the same bytes each time."""
    document = docx.Document(io.BytesIO(_skeleton()))
    add_missing_styles(document)
    write_sample(document)
    return packed(document)


def _skeleton() -> bytes:
    """The template without styles and text."""
    main = ("word/document.xml", CONTENT_TYPE.WML_DOCUMENT_MAIN, RELATIONSHIP_TYPE.OFFICE_DOCUMENT, _DOCUMENT)
    core = ("docProps/core.xml", CONTENT_TYPE.OPC_CORE_PROPERTIES, RELATIONSHIP_TYPE.CORE_PROPERTIES, _CORE)
    types = "".join(
        f'<Override PartName="/{name}" ContentType="{kind}"/>' for name, kind, _, _ in (main, core, *_PARTS)
    )
    members = {name: content for name, _, _, content in (main, core, *_PARTS)}
    members["[Content_Types].xml"] = (
        f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
        f'<Default Extension="rels" ContentType="{CONTENT_TYPE.OPC_RELATIONSHIPS}"/>{types}</Types>'
    )
    members["_rels/.rels"] = _relationships((main[2], main[0]), (core[2], core[0]))
    members["word/_rels/document.xml.rels"] = _relationships(
        *((kind, name.removeprefix("word/")) for name, _, kind, _ in _PARTS)
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _relationships(*targets: tuple[str, str]) -> str:
    """A part of relationships, from types and targets."""
    shown = "".join(
        f'<Relationship Id="rId{number}" Type="{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, start=1)
    )
    return f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{shown}</Relationships>'
