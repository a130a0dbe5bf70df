"""The template that whoever has none writes with, and starts their own from (S1-13, S1-54)."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile

from docx import Document
from docx.oxml.ns import qn

from techne.documents.docx import style_names
from techne.documents.docx.templates.default_template import default_template
from techne.documents.docx.templates.places import content_place
from techne.documents.docx.templates.template import open_template, read_template


def test_it_is_a_template() -> None:
    read_template(default_template(), "default.docx")


def test_two_processes_make_the_same_bytes() -> None:
    program = (
        "import sys; from techne.documents.docx.templates.default_template import default_template;"
        "sys.stdout.buffer.write(default_template())"
    )
    other = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    assert other.stdout == default_template()


def test_it_shows_every_style_to_whoever_starts_from_it() -> None:
    document = Document(io.BytesIO(default_template()))
    shown = {
        node.get(qn("w:val"))
        for tag in ("w:pStyle", "w:rStyle", "w:tblStyle")
        for node in document.element.body.iter(qn(tag))
    }
    named = {style.style_id for style in document.styles if style.style_id in shown}
    assert len(named) == len(
        {*style_names.PARAGRAPH_STYLES, *style_names.CHARACTER_STYLES, *style_names.TABLE_STYLES}
        - {style_names.HEADER, style_names.FOOTER}
    )


def test_its_sample_is_not_in_documents() -> None:
    document = open_template(None)
    places = content_place(document)
    assert [block.tag for block in document.element.body] == [qn("w:p"), qn("w:sectPr")]
    assert not places.shows_title


def test_its_page_is_a4_with_the_title_above_and_page_fields_below() -> None:
    document = open_template(None)
    section = document.sections[0]
    assert section.page_width is not None
    assert section.page_height is not None
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
    assert section.header.paragraphs[0].text == "{{title}}"
    fields = [node.text for node in section.footer._element.iter(qn("w:instrText"))]
    assert fields == [" PAGE ", " NUMPAGES "]
    assert section.footer.paragraphs[0].text == "1 / 1"


def test_its_first_page_has_nothing_in_its_margins() -> None:
    section = open_template(None).sections[0]
    assert section.different_first_page_header_footer
    assert section.first_page_header.paragraphs[0].text == ""
    assert section.first_page_footer.paragraphs[0].text == ""


def test_it_carries_nothing_that_it_does_not_use() -> None:
    with zipfile.ZipFile(io.BytesIO(default_template())) as archive:
        names = set(archive.namelist())
        styles = archive.read("word/styles.xml")
    assert not {name for name in names if "thumbnail" in name or "stylesWithEffects" in name}
    assert styles.count(b'w:type="table"') == 2
    assert len(default_template()) < 20_000
