"""A document goes where its template says, and takes the page and margins that are there (S1-55)."""

from __future__ import annotations

import io

import docx
import pytest
from docx.document import Document
from docx.oxml.ns import qn

from techne.documents.docx.templates.places import Places, content_place
from techne.documents.docx.templates.template import open_template, read_template
from techne.errors import TemplateError
from tests.support.docx_packages import paragraph_xml, small_template, unzipped
from tests.support.docx_templates import company_template, company_template_with_cover

A5 = '<w:sectPr><w:pgSz w:w="8391" w:h="11906"/><w:pgMar w:left="1000" w:right="1000"/></w:sectPr>'


def opened(data: bytes) -> Document:
    return open_template(read_template(data, "company.docx"))


def placed(body: str) -> tuple[Document, Places]:
    document = opened(small_template(body))
    return document, content_place(document)


def shape(document: Document, places: Places) -> list[str]:
    """What the body's blocks are: texts, and where the document and its contents go."""
    found = []
    for block in document.element.body:
        if block is places.document:
            found.append("<document>")
        elif block is places.contents:
            found.append("<contents>")
        else:
            found.append(
                "".join(text.text or "" for text in block.iter(qn("w:t"))) or block.tag.split("}")[1]
            )
    return found


def test_a_sample_is_emptied_but_for_its_page() -> None:
    document, places = placed(paragraph_xml("sample") + "<w:tbl><w:tblPr/><w:tblGrid/></w:tbl>")
    assert shape(document, places) == ["<document>", "sectPr"]
    assert (places.contents, places.shows_title) == (None, False)


def test_the_text_goes_where_the_template_says() -> None:
    document, places = placed(
        paragraph_xml("before") + paragraph_xml("{{doc", "ument}}") + paragraph_xml("after")
    )
    assert shape(document, places) == ["before", "<document>", "after", "sectPr"]
    assert len(places.document) == 0


def test_the_contents_have_a_place_of_their_own() -> None:
    document, places = placed(paragraph_xml("{{ Contents }}") + paragraph_xml("{{document}}"))
    assert shape(document, places) == ["<contents>", "<document>", "sectPr"]


def test_a_cover_without_a_place_is_followed_by_the_text() -> None:
    document, places = placed(paragraph_xml("{{title}}") + paragraph_xml("{{date}}"))
    assert shape(document, places) == ["{{title}}", "{{date}}", "<document>", "sectPr"]
    assert places.shows_title


def test_names_that_mean_nothing_make_no_cover() -> None:
    document, places = placed(paragraph_xml("{{company}}"))
    assert shape(document, places) == ["<document>", "sectPr"]


def test_content_controls_around_the_place_are_taken_off() -> None:
    control = "<w:sdt><w:sdtPr/><w:sdtContent>{}</w:sdtContent></w:sdt>"
    inside = paragraph_xml("first") + control.format(paragraph_xml("{{document}}")) + paragraph_xml("last")
    document, places = placed(control.format(inside))
    assert shape(document, places) == ["first", "<document>", "last", "sectPr"]


def test_a_section_that_ends_with_the_place_still_ends_there() -> None:
    document, places = placed(paragraph_xml("{{document}}", properties=A5) + paragraph_xml("after"))
    assert shape(document, places) == ["<document>", "p", "after", "sectPr"]
    assert len(document.sections) == 2
    assert places.section.page_width is not None
    assert places.section.page_width.twips == 8391


def test_the_page_is_that_of_the_section_around_the_place() -> None:
    body = paragraph_xml("a") + paragraph_xml("{{document}}") + paragraph_xml("b", properties=A5)
    _, places = placed(body + paragraph_xml("c"))
    assert places.section.page_width is not None
    assert places.section.page_width.twips == 8391


@pytest.mark.parametrize("name", ["document", "contents"])
@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("{}{}", "stands 2 times"),
        ("<w:tbl><w:tblPr/><w:tblGrid/><w:tr><w:tc>{}</w:tc></w:tr></w:tbl>", "in a table or text box"),
        (
            "<w:p><w:r><w:pict><w:txbxContent>{}</w:txbxContent></w:pict></w:r></w:p>",
            "in a table or text box",
        ),
    ],
)
def test_a_place_where_no_text_can_go_is_refused(name: str, body: str, said: str) -> None:
    shown = "{{" + name + "}}"
    data = small_template(body.replace("{}", paragraph_xml(shown)))
    with pytest.raises(TemplateError, match=said) as caught:
        read_template(data, "company.docx")
    assert shown in str(caught.value)


@pytest.mark.parametrize("text", ["Text: {{document}}", "{{document}} {{title}}"])
def test_a_place_amid_other_text_is_refused(text: str) -> None:
    with pytest.raises(TemplateError, match="amid other text"):
        read_template(small_template(paragraph_xml(text)), "company.docx")


def test_an_emptied_template_keeps_the_headers_that_its_last_section_inherited() -> None:
    document = opened(company_template())
    places = content_place(document)
    assert len(document.sections) == 1
    buffer = io.BytesIO()
    document.save(buffer)
    section = docx.Document(buffer).sections[0]
    assert "tle}}" in section.header.paragraphs[0].text
    assert "tle}}" in section.first_page_header.paragraphs[0].text
    assert "Companhia de Bombas" in section.footer.paragraphs[0].text
    assert places.section.page_height is not None


def test_what_only_the_sample_showed_is_not_saved() -> None:
    picture = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/image"
    document = opened(company_template())
    logo = next(
        relation.target_part
        for relation in document.sections[0].header.part.rels.values()
        if relation.reltype == picture
    )
    key = document.part.relate_to(logo, picture)
    document.part.relate_to("https://example.com/", picture.replace("image", "hyperlink"), is_external=True)
    content_place(document)
    buffer = io.BytesIO()
    document.save(buffer)
    members = unzipped(buffer.getvalue())
    assert key not in document.part.rels
    assert b"example.com" not in members["word/_rels/document.xml.rels"]
    assert "word/media/logo.png" in members


def test_a_cover_stays_whole() -> None:
    document = opened(company_template_with_cover())
    places = content_place(document)
    left = ["<contents>", "<document>", "Companhia de Bombas, uso interno", "sectPr"]
    assert shape(document, places)[-4:] == left
    assert len(document.sections) == 2
    assert places.shows_title
