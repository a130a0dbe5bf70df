"""Placeholders are filled wherever a template shows them, however Word has cut them up (S1-55)."""

from __future__ import annotations

import re

import pytest
from docx.document import Document
from docx.enum.section import WD_HEADER_FOOTER
from docx.oxml.ns import qn
from hypothesis import given, settings
from hypothesis import strategies as st

from techne.documents.docx.templates.placeholders import fill_placeholders
from techne.documents.docx.templates.template import open_template, read_template
from tests.support.docx_packages import paragraph_xml, small_template
from tests.support.docx_templates import company_template, company_template_with_cover

VALUES = {"title": "Pumps & valves", "subtitle": "", "author": "Carla", "date": "2026-11-21"}


def opened(body: str) -> Document:
    return open_template(read_template(small_template(body), "company.docx"))


def filled(body: str, **values: str) -> Document:
    document = opened(body)
    fill_placeholders(document, {**VALUES, **values})
    return document


def texts(document: Document) -> list[str]:
    """Text of every paragraph of the body, those in tables, text boxes and controls too."""
    return [
        "".join(text.text or "" for text in paragraph.findall(f".//{qn('w:t')}"))
        for paragraph in document.element.body.iter(qn("w:p"))
        if not paragraph.findall(f".//{qn('w:p')}")
    ]


@pytest.mark.parametrize(
    "runs",
    [
        ["A {{title}} Z"],
        ["A {{", "title", "}} Z"],
        ["A ", "{", "{ti", "", "tle}", "} Z"],
        ["A {{Title}} Z"],
        ["A {{ TITLE }} Z"],
        list("A {{title}} Z"),
    ],
)
def test_a_placeholder_is_found_however_runs_cut_it(runs: list[str]) -> None:
    assert texts(filled(paragraph_xml(*runs))) == ["A Pumps & valves Z"]


def test_several_in_one_paragraph_are_all_filled() -> None:
    body = paragraph_xml("{{title}}{{au", "thor}} {{", "date}}, {{title}}")
    assert texts(filled(body)) == ["Pumps & valvesCarla 2026-11-21, Pumps & valves"]


def test_the_first_runs_formatting_wins() -> None:
    first = "<w:r><w:rPr><w:b/></w:rPr><w:t>{{ti</w:t></w:r>"
    second = "<w:r><w:rPr><w:i/></w:rPr><w:t>tle}}</w:t></w:r>"
    bold, italic = filled(f"<w:p>{first}{second}</w:p>").paragraphs[0].runs
    assert (bold.text, bold.bold) == ("Pumps & valves", True)
    assert (italic.text, italic.italic) == ("", True)


@pytest.mark.parametrize("text", ["{{company}}", "{{}}", "{title}", "{{ti tle}}", "{{document}}"])
def test_other_braces_stay(text: str) -> None:
    document = opened(paragraph_xml(text))
    fill_placeholders(document, VALUES)
    assert texts(document) == [text]


def test_a_placeholder_does_not_reach_over_a_line_break() -> None:
    body = "<w:p><w:r><w:t>{{ti</w:t><w:br/><w:t>tle}}</w:t></w:r></w:p>"
    assert texts(filled(body)) == ["{{title}}"]


def test_values_are_one_line_and_fit_for_xml() -> None:
    assert texts(filled(paragraph_xml("{{title}}"), title=" two\nlines\x00\x0b <&> ")) == ["two lines <&>"]


def test_values_are_not_filled_again() -> None:
    assert texts(filled(paragraph_xml("{{title}}"), title="{{author}}")) == ["{{author}}"]


@pytest.mark.parametrize(
    ("body", "left"),
    [
        (paragraph_xml("{{subtitle}}") + paragraph_xml("after"), ["after"]),
        (paragraph_xml("{{sub", "title}}") + paragraph_xml("after"), ["after"]),
        (paragraph_xml("By {{subtitle}}") + paragraph_xml("after"), ["By ", "after"]),
        (paragraph_xml("{{subtitle}}"), [""]),
        (paragraph_xml("") + paragraph_xml("after"), ["", "after"]),
    ],
)
def test_a_line_of_empty_values_goes(body: str, left: list[str]) -> None:
    assert texts(filled(body)) == left


def test_a_line_that_ends_a_section_stays() -> None:
    section = '<w:sectPr><w:type w:val="nextPage"/></w:sectPr>'
    document = filled(paragraph_xml("{{subtitle}}", properties=section) + paragraph_xml("after"))
    assert len(document.sections) == 2


def test_a_removed_line_takes_its_bookmarks_other_end_along() -> None:
    body = (
        '<w:p><w:bookmarkStart w:id="7" w:name="a"/><w:r><w:t>{{subtitle}}</w:t></w:r></w:p>'
        '<w:p><w:bookmarkEnd w:id="7"/><w:r><w:t>after</w:t></w:r></w:p>'
    )
    assert not list(filled(body).element.body.iter(qn("w:bookmarkStart"), qn("w:bookmarkEnd")))


def test_a_cell_keeps_its_only_paragraph() -> None:
    table = "<w:tbl><w:tblPr/><w:tblGrid/><w:tr><w:tc>{}</w:tc></w:tr></w:tbl>"
    document = filled(table.format(paragraph_xml("{{subtitle}}")) + paragraph_xml("after"))
    assert texts(document) == ["", "after"]


def test_a_content_control_shows_its_value_as_text() -> None:
    body = (
        "<w:sdt><w:sdtPr><w:alias w:val='T'/><w:showingPlcHdr/>"
        "<w:dataBinding w:xpath='/a' w:storeItemID='{1}'/><w:text/></w:sdtPr>"
        f"<w:sdtContent>{paragraph_xml('{{title}}')}</w:sdtContent></w:sdt>"
    )
    document = filled(body)
    properties = next(document.element.body.iter(qn("w:sdtPr")))
    assert [child.tag for child in properties] == [qn("w:alias"), qn("w:text")]
    assert texts(document) == ["Pumps & valves"]


def test_headers_of_every_kind_are_filled() -> None:
    document = opened("")
    section = document.sections[0]
    margins = (
        section.header, section.footer, section.first_page_header, section.first_page_footer,
        section.even_page_header, section.even_page_footer,
    )  # fmt: skip
    for margin in margins:
        margin.paragraphs[0].text = "{{title}}"
    fill_placeholders(document, VALUES)
    assert [margin.paragraphs[0].text for margin in margins] == ["Pumps & valves"] * 6


def test_a_company_header_with_its_logo_is_filled() -> None:
    document = open_template(read_template(company_template(), "company.docx"))
    fill_placeholders(document, VALUES)
    section = document.sections[-1]
    for kind in (WD_HEADER_FOOTER.PRIMARY, WD_HEADER_FOOTER.FIRST_PAGE):
        header = section.header if kind is WD_HEADER_FOOTER.PRIMARY else section.first_page_header
        assert header.paragraphs[0].text.strip() == "Pumps & valves"
        assert header._element.findall(f".//{qn('w:drawing')}")


def test_a_cover_is_filled_in_its_text_box_and_table() -> None:
    document = open_template(read_template(company_template_with_cover(), "company.docx"))
    fill_placeholders(document, VALUES)
    shown = texts(document)
    assert shown.count("Pumps & valves") == 2  # the shape, and its fallback for an old Word
    assert {"Carla", "2026-11-21", "{{document}}"} <= set(shown)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.text("{}title au", max_size=6), max_size=8))
def test_runs_joined_are_filled_as_their_text_is(runs: list[str]) -> None:
    values = {"title": "<T>", "a": "<A>"}
    document = opened(paragraph_xml(*runs) + paragraph_xml("end"))
    expected = re.sub(r"\{\{ *(\w+) *\}\}", lambda match: values.get(match[1], match[0]), "".join(runs))
    fill_placeholders(document, values)
    assert texts(document)[0] == expected
