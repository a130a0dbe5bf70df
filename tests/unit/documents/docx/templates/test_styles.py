"""Every style is there, found by its name, and what is added looks like the template (S1-55)."""

from __future__ import annotations

import io
from collections import Counter

import pytest
from docx.document import Document
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement

from techne.documents.docx import style_names
from techne.documents.docx.templates.box_styles import CALLOUT_COLOURS, CODE_FILL, TOKEN_COLOURS
from techne.documents.docx.templates.colours import READABLE_CONTRAST, contrast
from techne.documents.docx.templates.style_definition import MUTED
from techne.documents.docx.templates.styles import style_ids
from techne.documents.docx.templates.template import Template, open_template, read_template
from techne.errors import TemplateError
from tests.support.docx_packages import small_template, unzipped, zipped
from tests.support.docx_templates import company_template

ALL = (*style_names.PARAGRAPH_STYLES, *style_names.CHARACTER_STYLES, *style_names.TABLE_STYLES)
STYLE_ORDER = [
    "name", "aliases", "basedOn", "next", "link", "uiPriority", "semiHidden", "unhideWhenUsed", "qFormat",
    "pPr", "rPr", "tblPr", "tblStylePr",
]  # fmt: skip
PARAGRAPH_ORDER = [
    "keepNext", "keepLines", "pageBreakBefore", "widowControl", "numPr", "pBdr", "shd", "tabs",
    "suppressAutoHyphens", "spacing", "ind", "contextualSpacing", "jc", "outlineLvl",
]  # fmt: skip
RUN_ORDER = [
    "rFonts", "b", "bCs", "i", "iCs", "noProof", "color", "sz", "szCs", "u", "shd", "vertAlign",
]  # fmt: skip


def opened(styles: str = "") -> Document:
    return open_template(read_template(small_template(styles=styles), "company.docx"))


def company() -> Document:
    return open_template(Template("company.docx", company_template()))


def style(document: Document, name: str) -> BaseOxmlElement:
    identity = style_ids(document)[name]
    styles: list[BaseOxmlElement] = document.styles.element.findall(qn("w:style"))
    return next(one for one in styles if one.get(qn("w:styleId")) == identity)


def value(element: BaseOxmlElement, path: str, attribute: str = "w:val") -> str | None:
    found = element.find("/".join(qn(tag) for tag in path.split("/")))
    return None if found is None else found.get(qn(attribute))


def local(element: BaseOxmlElement) -> list[str]:
    return [child.tag.rpartition("}")[2] for child in element]


def is_in_order(tags: list[str], order: list[str]) -> bool:
    return [order.index(tag) for tag in tags] == sorted(order.index(tag) for tag in tags)


@pytest.mark.parametrize("document", [opened(), company(), open_template(None)], ids=["none", "some", "all"])
def test_every_style_is_there_once_after_opening(document: Document) -> None:
    ids = style_ids(document)
    assert set(ids) == set(ALL)
    assert len(set(ids.values())) == len(ALL)
    kinds = Counter(one.get(qn("w:styleId")) for one in document.styles.element.findall(qn("w:style")))
    assert set(kinds.values()) == {1}


def test_styles_are_found_by_name_whatever_their_id() -> None:
    ids = style_ids(company())
    assert ids["heading 1"] == "Ttulo1"
    assert ids["header"] == "Cabealho"
    assert ids["heading 4"] == "Heading4"


def test_names_are_the_same_in_any_case() -> None:
    styles = '<w:style w:type="paragraph" w:styleId="x"><w:name w:val="SOURCE code"/></w:style>'
    assert style_ids(opened(styles))["Source Code"] == "x"


def test_a_styles_other_names_count() -> None:
    styles = (
        '<w:style w:type="paragraph" w:styleId="x"><w:name w:val="Company Code"/>'
        '<w:aliases w:val="Listing, Source Code"/></w:style>'
    )
    assert style_ids(opened(styles))["Source Code"] == "x"


def test_a_templates_own_styles_are_left_as_they_are() -> None:
    before = read_template(company_template(), "company.docx")
    heading = style(open_template(before), "heading 1")
    assert value(heading, "w:rPr/w:sz") == "36"
    assert value(heading, "w:rPr/w:b") is None


def test_a_style_of_another_kind_is_refused() -> None:
    styles = '<w:style w:type="character" w:styleId="x"><w:name w:val="Source Code"/></w:style>'
    with pytest.raises(TemplateError, match=r"'Source Code' is a character style.*Rename it"):
        opened(styles)


def test_an_id_that_is_taken_is_not_given_again() -> None:
    styles = '<w:style w:type="paragraph" w:styleId="Quote"><w:name w:val="Company Motto"/></w:style>'
    assert style_ids(opened(styles))["Quote"] == "Quote2"


def test_a_style_without_an_id_gets_one() -> None:
    assert (
        style_ids(opened('<w:style w:type="paragraph"><w:name w:val="Quote"/></w:style>'))["Quote"] == "Quote"
    )


def test_added_headings_look_like_the_companys() -> None:
    document = company()
    added, own = style(document, "heading 4"), style(document, "heading 3")
    for path, attribute in (("w:rPr/w:color", "w:themeColor"), ("w:rPr/w:rFonts", "w:asciiTheme")):
        assert value(added, path, attribute) == value(own, path, attribute)
    assert value(added, "w:basedOn") == "Normal"


def test_added_styles_follow_the_themes_colours() -> None:
    table = style(company(), style_names.TABLE)
    assert value(table, "w:tblPr/w:tblBorders/w:top", "w:themeColor") == "accent1"
    assert value(table, "w:tblPr/w:tblBorders/w:top", "w:color") == "0B6E69"


def test_added_sizes_follow_the_body_text() -> None:
    large = (
        '<w:style w:type="paragraph" w:default="1" w:styleId="N"><w:name w:val="Normal"/>'
        '<w:rPr><w:sz w:val="28"/></w:rPr></w:style>'
    )
    small, big = (int(value(style(opened(styles), "heading 1"), "w:rPr/w:sz") or 0) for styles in ("", large))
    assert (small, big) == (35, 49)


def test_an_added_subtitle_stands_where_the_companys_title_does() -> None:
    assert value(style(company(), "Subtitle"), "w:pPr/w:jc") == "right"
    assert style(company(), "Subtitle").find(f".//{qn('w:pBdr')}") is None


def test_contents_end_at_the_right_margin_of_the_page() -> None:
    assert value(style(company(), "toc 1"), "w:pPr/w:tabs/w:tab", "w:pos") == str(11906 - 1701 - 1417)


def test_headings_have_outline_levels_even_where_the_template_forgot() -> None:
    bare = (
        '<w:style w:type="paragraph" w:styleId="T2"><w:name w:val="heading 2"/>'
        '<w:pPr><w:jc w:val="left"/></w:pPr></w:style>'
    )
    document = opened(bare)
    levels = [value(style(document, name), "w:pPr/w:outlineLvl") for name in style_names.HEADINGS]
    assert levels == ["0", "1", "2", "3", "4", "5"]
    assert value(style(document, "TOC Heading"), "w:pPr/w:outlineLvl") == "9"


def test_added_definitions_are_in_the_schemas_order() -> None:
    for added in opened().styles.element.findall(qn("w:style")):
        assert is_in_order(local(added), STYLE_ORDER)
        for path, order in (("w:pPr", PARAGRAPH_ORDER), ("w:rPr", RUN_ORDER)):
            properties = added.find(qn(path))
            assert properties is None or is_in_order(local(properties), order)
        assert added.find(qn("w:semiHidden")) is None


def test_styles_refer_to_styles_that_are_there() -> None:
    for document in (opened(), company(), open_template(None)):
        styles = document.styles.element.findall(qn("w:style"))
        kinds = {one.get(qn("w:styleId")): one.get(qn("w:type")) for one in styles}
        for one in styles:
            for reference in (value(one, "w:basedOn"), value(one, "w:next")):
                assert reference is None or kinds[reference] == one.get(qn("w:type"))


def test_references_to_styles_that_are_not_there_are_dropped() -> None:
    styles = (
        '<w:style w:type="table" w:styleId="T"><w:name w:val="Table"/><w:basedOn w:val="Gone"/></w:style>'
        '<w:style w:type="table" w:styleId="U"><w:name w:val="Other"/><w:basedOn w:val="T"/></w:style>'
    )
    table, other = opened(styles).styles.element.findall(qn("w:style"))[:2]
    assert (value(table, "w:basedOn"), value(other, "w:basedOn")) == (None, "T")


def test_no_heading_begins_a_page() -> None:
    for name in style_names.HEADINGS:
        assert style(opened(), name).find(f".//{qn('w:pageBreakBefore')}") is None
        assert style(opened(), name).find(f".//{qn('w:keepNext')}") is not None


@pytest.mark.parametrize(("colour", "fill"), CALLOUT_COLOURS.values(), ids=list(CALLOUT_COLOURS))
def test_callouts_can_be_read(colour: str, fill: str) -> None:
    assert contrast(colour, fill) >= READABLE_CONTRAST


@pytest.mark.parametrize("colour", [*TOKEN_COLOURS.values(), MUTED])
def test_code_can_be_read(colour: str) -> None:
    assert contrast(colour, CODE_FILL) >= READABLE_CONTRAST


def test_contrast_is_the_standards() -> None:
    assert contrast("000000", "FFFFFF") == pytest.approx(21)
    assert contrast("767676", "FFFFFF") == pytest.approx(4.54, abs=0.01)
    assert contrast("FFFFFF", "767676") == contrast("767676", "FFFFFF")


def test_a_theme_too_pale_for_text_is_not_taken_for_it() -> None:
    members = unzipped(company_template())
    members["word/theme/theme1.xml"] = members["word/theme/theme1.xml"].replace(
        b'<a:hlink><a:srgbClr val="0B6E69"/>', b'<a:hlink><a:srgbClr val="CCEECC"/>'
    )
    link = style(open_template(read_template(zipped(members), "company.docx")), "Hyperlink")
    assert value(link, "w:rPr/w:color", "w:themeColor") is None
    assert contrast(value(link, "w:rPr/w:color") or "", "FFFFFF") >= READABLE_CONTRAST


def test_opening_twice_gives_the_same_styles() -> None:
    def saved() -> bytes:
        document = company()
        document.save(io.BytesIO())
        return document.part.part_related_by(
            "http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles"
        ).blob

    assert saved() == saved()
