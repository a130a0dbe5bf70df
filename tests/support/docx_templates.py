"""Templates as a company has them, made by code: logo, theme, styles with ids of a Portuguese Word, sections.

`company_template` is a sample whose text goes; `company_template_with_cover` has a cover and says where the
document stands.
"""

from __future__ import annotations

from collections.abc import Mapping

from docx.opc.constants import CONTENT_TYPE as TYPE
from docx.opc.constants import RELATIONSHIP_TYPE as RELATION

from tests.support.docx_packages import NAMESPACES, PACKAGE, Part, document_xml, packaged, paragraph_xml
from tests.support.pictures import encoded

_A4 = (11906, 16838)
_LETTER = (12240, 15840)


def logo_png(width: int = 120, height: int = 40) -> bytes:
    """A logo: a teal field with a lighter stripe, as PNG."""
    return encoded(
        [
            b"".join(b"\x8f\xd1\xc8" if (x + y) % 40 < 8 else b"\x0b\x6e\x69" for x in range(width))
            for y in range(height)
        ]
    )


def company_template() -> bytes:
    """A4, its body a sample of two sections; a logo and the split title in the header; another first page."""
    early = _section(_A4, {"header": "default", "footer": "default"}, first=False)
    body = (
        paragraph_xml("Modelo da Companhia", style="Ttulo")
        + paragraph_xml("Texto de exemplo que será removido.", properties=early)
        + paragraph_xml("Mais texto de exemplo.")
    )
    last = _section(_A4, {"headerFirst": "first"}, first=True)
    return packaged(_parts(body, last), _PACKAGE_RELATIONS)


def company_template_with_cover() -> bytes:
    """Letter: a cover with a text box and a table, then contents, then the document in a content control."""
    cover = (
        paragraph_xml("")
        + f"<w:p><w:r>{_text_box('{{title}}', '{{subtitle}}')}</w:r></w:p>"
        + paragraph_xml("", properties='<w:spacing w:before="6000"/>')
        + _table(("Autor", "{{author}}"), ("Data", "{{date}}"))
        + paragraph_xml("", properties=_section(_LETTER, {}, first=False))
    )
    body = (
        cover
        + paragraph_xml("{{contents}}")
        + '<w:sdt><w:sdtPr><w:alias w:val="Texto"/><w:id w:val="1234"/></w:sdtPr><w:sdtContent>'
        + paragraph_xml("{{docu", "ment}}")
        + "</w:sdtContent></w:sdt>"
        + paragraph_xml("Companhia de Bombas, uso interno", style="Destaque")
    )
    last = _section(_LETTER, {"header": "default", "footer": "default"}, first=False)
    return packaged(_parts(body, last), _PACKAGE_RELATIONS)


_PACKAGE_RELATIONS = (
    ("rId2", RELATION.CORE_PROPERTIES, "docProps/core.xml"),
    ("rId3", RELATION.THUMBNAIL, "docProps/thumbnail.png"),
)


def _parts(body: str, section: str) -> list[Part]:
    relations = [
        ("rId1", RELATION.STYLES, "styles.xml"),
        ("rId2", RELATION.SETTINGS, "settings.xml"),
        ("rId3", RELATION.THEME, "theme/theme1.xml"),
        ("header", RELATION.HEADER, "header1.xml"),
        ("footer", RELATION.FOOTER, "footer1.xml"),
        ("headerFirst", RELATION.HEADER, "header2.xml"),
        ("rId7", RELATION.FOOTNOTES, "footnotes.xml"),
        ("rId8", RELATION.FONT_TABLE, "fontTable.xml"),
        ("rId9", RELATION.CUSTOM_XML, "../customXml/item1.xml"),
    ]
    logo = [("logo", RELATION.IMAGE, "media/logo.png")]
    return [
        Part("word/document.xml", TYPE.WML_DOCUMENT_MAIN, document_xml(body, section), relations),
        Part("word/styles.xml", TYPE.WML_STYLES, _STYLES),
        Part("word/settings.xml", TYPE.WML_SETTINGS, _SETTINGS),
        Part("word/theme/theme1.xml", TYPE.OFC_THEME, _theme()),
        Part("word/header1.xml", TYPE.WML_HEADER, _header(300, 7001), logo),
        Part("word/header2.xml", TYPE.WML_HEADER, _header(600, 7003), logo),
        Part("word/footer1.xml", TYPE.WML_FOOTER, _FOOTER),
        Part("word/footnotes.xml", TYPE.WML_FOOTNOTES, _FOOTNOTES),
        Part(
            "word/fontTable.xml",
            TYPE.WML_FONT_TABLE,
            f'<w:fonts {NAMESPACES}><w:font w:name="Cambria"/></w:fonts>',
        ),
        Part("word/media/logo.png", TYPE.PNG, logo_png()),
        Part(
            "customXml/item1.xml",
            TYPE.XML,
            '<company xmlns="urn:example:company"><unit>Bombas</unit></company>',
            [("rId1", RELATION.CUSTOM_XML_PROPS, "itemProps1.xml")],
        ),
        Part("customXml/itemProps1.xml", TYPE.OFC_CUSTOM_XML_PROPERTIES, _ITEM_PROPERTIES),
        Part("docProps/core.xml", TYPE.OPC_CORE_PROPERTIES, _CORE),
        Part("docProps/thumbnail.png", TYPE.PNG, logo_png(24, 32)),
    ]


def _section(page: tuple[int, int], references: Mapping[str, str], *, first: bool) -> str:
    width, height = page
    shown = "".join(
        f'<w:{key.removesuffix("First")}Reference w:type="{kind}" r:id="{key}"/>'
        for key, kind in references.items()
    )
    return (
        f'<w:sectPr>{shown}<w:pgSz w:w="{width}" w:h="{height}"/>'
        '<w:pgMar w:top="1700" w:right="1417" w:bottom="1417" w:left="1701" w:header="708" w:footer="708"'
        f' w:gutter="0"/><w:cols w:space="708"/>{"<w:titlePg/>" if first else ""}</w:sectPr>'
    )


def _style(kind: str, identity: str, name: str, content: str, *, default: bool = False) -> str:
    marked = ' w:default="1"' if default else ""
    return (
        f'<w:style w:type="{kind}"{marked} w:styleId="{identity}"><w:name w:val="{name}"/>{content}</w:style>'
    )


def _heading(level: int, size: int) -> str:
    return _style(
        "paragraph",
        f"Ttulo{level}",
        f"heading {level}",
        '<w:basedOn w:val="Normal"/><w:next w:val="Normal"/><w:uiPriority w:val="9"/><w:qFormat/><w:pPr>'
        f'<w:keepNext/><w:spacing w:before="360" w:after="120"/><w:outlineLvl w:val="{level - 1}"/>'
        "</w:pPr><w:rPr>"
        '<w:rFonts w:asciiTheme="majorHAnsi" w:hAnsiTheme="majorHAnsi"/><w:color w:val="0B6E69"'
        f' w:themeColor="accent1"/><w:sz w:val="{size}"/><w:szCs w:val="{size}"/></w:rPr>',
    )


_STYLES = (
    f"<w:styles {NAMESPACES}><w:docDefaults><w:rPrDefault><w:rPr>"
    '<w:rFonts w:asciiTheme="minorHAnsi" w:hAnsiTheme="minorHAnsi"/><w:sz w:val="22"/><w:szCs w:val="22"/>'
    '<w:lang w:val="pt-BR"/></w:rPr></w:rPrDefault><w:pPrDefault><w:pPr>'
    '<w:spacing w:after="160" w:line="264" w:lineRule="auto"/></w:pPr></w:pPrDefault></w:docDefaults>'
    '<w:latentStyles w:defLockedState="0" w:defUIPriority="99" w:defSemiHidden="0" w:defUnhideWhenUsed="0"'
    ' w:defQFormat="0" w:count="376"><w:lsdException w:name="heading 4" w:semiHidden="1" w:uiPriority="9"'
    ' w:unhideWhenUsed="1" w:qFormat="1"/></w:latentStyles>'
    + _style("paragraph", "Normal", "Normal", "<w:qFormat/>", default=True)
    + _heading(1, 36)
    + _heading(2, 30)
    + _heading(3, 26)
    + _style("character", "Fontepargpadro", "Default Paragraph Font", "", default=True)
    + _style(
        "table",
        "Tabelanormal",
        "Normal Table",
        '<w:tblPr><w:tblInd w:w="0" w:type="dxa"/><w:tblCellMar><w:left w:w="108" w:type="dxa"/>'
        '<w:right w:w="108" w:type="dxa"/></w:tblCellMar></w:tblPr>',
        default=True,
    )
    + _style(
        "paragraph",
        "Ttulo",
        "Title",
        '<w:basedOn w:val="Normal"/><w:qFormat/><w:pPr><w:jc w:val="right"/></w:pPr><w:rPr>'
        '<w:rFonts w:asciiTheme="majorHAnsi" w:hAnsiTheme="majorHAnsi"/>'
        '<w:color w:val="0B6E69" w:themeColor="accent1"/><w:sz w:val="60"/><w:szCs w:val="60"/></w:rPr>',
    )
    + _style("paragraph", "Cabealho", "header", '<w:basedOn w:val="Normal"/>')
    + _style("paragraph", "Rodap", "footer", '<w:basedOn w:val="Normal"/>')
    + _style("paragraph", "Destaque", "Company Highlight", '<w:basedOn w:val="Normal"/><w:rPr><w:i/></w:rPr>')
    + "</w:styles>"
)

_SETTINGS = (
    f'<w:settings {NAMESPACES}><w:zoom w:percent="100"/><w:defaultTabStop w:val="708"/><w:footnotePr>'
    '<w:footnote w:id="-1"/><w:footnote w:id="0"/></w:footnotePr><w:compat><w:compatSetting'
    ' w:name="compatibilityMode" w:uri="http://schemas.microsoft.com/office/word" w:val="15"/></w:compat>'
    '<w:themeFontLang w:val="pt-BR"/></w:settings>'
)

_FOOTNOTES = (
    f'<w:footnotes {NAMESPACES}><w:footnote w:type="separator" w:id="-1"><w:p><w:r><w:separator/></w:r></w:p>'
    '</w:footnote><w:footnote w:type="continuationSeparator" w:id="0"><w:p><w:r><w:continuationSeparator/>'
    "</w:r></w:p></w:footnote></w:footnotes>"
)

_ITEM_PROPERTIES = (
    '<ds:datastoreItem xmlns:ds="http://schemas.openxmlformats.org/officeDocument/2006/customXml"'
    ' ds:itemID="{6F1C2B54-0000-4000-8000-000000000001}"/>'
)

_CORE = (
    f'<cp:coreProperties xmlns:cp="{PACKAGE}/metadata/core-properties"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{{title}}</dc:title></cp:coreProperties>'
)


def _field(instruction: str) -> str:
    return (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve"> '
        f'{instruction} </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>'
        '<w:r><w:t>1</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )


_FOOTER = (
    f'<w:ftr {NAMESPACES}><w:p><w:pPr><w:pStyle w:val="Rodap"/><w:jc w:val="center"/></w:pPr>'
    '<w:r><w:t xml:space="preserve">Companhia de Bombas · </w:t></w:r>'
    f'{_field("PAGE")}<w:r><w:t xml:space="preserve"> de </w:t></w:r>{_field("NUMPAGES")}</w:p></w:ftr>'
)


def _header(height: int, number: int) -> str:
    """The logo, and the title as a Word that checked its spelling split it."""
    return (
        f'<w:hdr {NAMESPACES}><w:p><w:pPr><w:pStyle w:val="Cabealho"/></w:pPr>'
        f"<w:r>{_logo(height, number)}</w:r>"
        '<w:r><w:t xml:space="preserve">   </w:t></w:r><w:r><w:rPr><w:color w:val="0B6E69"/></w:rPr>'
        '<w:t>{{</w:t></w:r><w:proofErr w:type="spellStart"/><w:r><w:rPr><w:b/></w:rPr><w:t>ti</w:t></w:r>'
        '<w:r><w:t>tle}}</w:t></w:r><w:proofErr w:type="spellEnd"/></w:p></w:hdr>'
    )


def _logo(height: int, number: int) -> str:
    extent = f'cx="{height * 3 * 635}" cy="{height * 635}"'
    return (
        f"<w:drawing><wp:inline><wp:extent {extent}/>"
        f'<wp:docPr id="{number}" name="Logo" descr="Companhia de Bombas"/>'
        '<a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic>'
        f'<pic:nvPicPr><pic:cNvPr id="{number}" name="logo.png"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill>'
        '<a:blip r:embed="logo"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm>'
        f'<a:off x="0" y="0"/><a:ext {extent}/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom>'
        "</pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing>"
    )


def _text_box(*lines: str) -> str:
    """A text box as Word saves one: a shape, and what a Word before 2010 shows in its place."""
    inside = "".join(
        paragraph_xml(line, style="Ttulo" if position == 0 else "Destaque")
        for position, line in enumerate(lines)
    )
    return (
        '<mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wp:anchor distT="0" distB="0" distL="0"'
        ' distR="0" simplePos="0" relativeHeight="2" behindDoc="0" locked="0" layoutInCell="1"'
        ' allowOverlap="1">'
        '<wp:simplePos x="0" y="0"/><wp:positionH relativeFrom="margin"><wp:align>right</wp:align>'
        '</wp:positionH><wp:positionV relativeFrom="page"><wp:posOffset>2540000</wp:posOffset></wp:positionV>'
        '<wp:extent cx="5400000" cy="1800000"/><wp:wrapNone/><wp:docPr id="7002" name="Cover" descr="Cover"/>'
        '<a:graphic><a:graphicData uri="http://schemas.microsoft.com/office/word/2010/wordprocessingShape">'
        '<wps:wsp><wps:cNvSpPr txBox="1"/><wps:spPr><a:xfrm><a:off x="0" y="0"/>'
        '<a:ext cx="5400000" cy="1800000"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom>'
        f"</wps:spPr><wps:txbx><w:txbxContent>{inside}</w:txbxContent></wps:txbx><wps:bodyPr/></wps:wsp></a:graphicData>"
        "</a:graphic></wp:anchor></w:drawing></mc:Choice><mc:Fallback><w:pict><v:shape"
        ' style="width:425pt;height:142pt"><v:textbox><w:txbxContent>'
        f"{inside}</w:txbxContent></v:textbox></v:shape></w:pict></mc:Fallback></mc:AlternateContent>"
    )


def _table(*rows: tuple[str, str]) -> str:
    shown = "".join(
        "<w:tr>"
        + "".join(
            f'<w:tc><w:tcPr><w:tcW w:w="4000" w:type="dxa"/></w:tcPr>{paragraph_xml(text)}</w:tc>'
            for text in row
        )
        + "</w:tr>"
        for row in rows
    )
    return (
        '<w:tbl><w:tblPr><w:tblW w:w="0" w:type="auto"/></w:tblPr><w:tblGrid><w:gridCol w:w="4000"/>'
        f'<w:gridCol w:w="4000"/></w:tblGrid>{shown}</w:tbl>'
    )


def _theme() -> str:
    accents = ("0B6E69", "C0571A", "5B4B8A", "2F6F3E", "9B2335", "4A5568")
    colours = {
        "dk2": "12333A",
        "lt2": "E8F1F0",
        **{f"accent{number}": value for number, value in enumerate(accents, start=1)},
        "hlink": "0B6E69",
        "folHlink": "5B4B8A",
    }
    shown = "".join(f'<a:{name}><a:srgbClr val="{value}"/></a:{name}>' for name, value in colours.items())
    fill = '<a:solidFill><a:schemeClr val="phClr"/></a:solidFill>'
    line = f'<a:ln w="9525">{fill}</a:ln>'
    effect = "<a:effectStyle><a:effectLst/></a:effectStyle>"
    fonts = '<a:latin typeface="{}"/><a:ea typeface=""/><a:cs typeface=""/>'
    return (
        '<a:theme xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" name="Companhia">'
        '<a:themeElements><a:clrScheme name="Companhia">'
        '<a:dk1><a:sysClr val="windowText" lastClr="000000"/></a:dk1>'
        f'<a:lt1><a:sysClr val="window" lastClr="FFFFFF"/></a:lt1>{shown}</a:clrScheme>'
        f'<a:fontScheme name="Companhia"><a:majorFont>{fonts.format("Cambria")}</a:majorFont>'
        f'<a:minorFont>{fonts.format("Calibri")}</a:minorFont></a:fontScheme><a:fmtScheme name="Companhia">'
        f"<a:fillStyleLst>{fill * 3}</a:fillStyleLst><a:lnStyleLst>{line * 3}</a:lnStyleLst>"
        f"<a:effectStyleLst>{effect * 3}</a:effectStyleLst><a:bgFillStyleLst>{fill * 3}</a:bgFillStyleLst>"
        "</a:fmtScheme></a:themeElements></a:theme>"
    )
