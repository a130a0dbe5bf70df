"""Pictures in Word: read below one folder only, sized to the page, described, and captioned (S1-54)."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from docx import Document
from docx.oxml.ns import qn
from docx.shared import Inches

from techne.documents.docx import DocxOptions, LossKind, RenderedDocx, render_docx
from tests.support.pictures import png


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "small one.png").write_bytes(png(96, 48))
    (tmp_path / "text" / "same.png").write_bytes(png(96, 48))
    (tmp_path / "text" / "wide.png").write_bytes(png(4000, 100))
    (tmp_path / "text" / "tall.png").write_bytes(png(100, 4000))
    (tmp_path / "text" / "broken.png").write_bytes(png(10, 10)[:20])
    (tmp_path / "text" / "drawing.svg").write_text("<svg/>")
    (tmp_path / "secret.png").write_bytes(png(10, 10))
    (tmp_path / "text" / "way-out.png").symlink_to(tmp_path / "secret.png")
    return tmp_path / "text"


def render(markdown: str, folder: Path | None) -> RenderedDocx:
    return render_docx(markdown, DocxOptions(image_folder=folder, language="pt-BR", title_page=False))


def sizes(result: RenderedDocx) -> list[tuple[int, int]]:
    document = Document(io.BytesIO(result.data))
    return [
        (int(extent.get("cx")), int(extent.get("cy")))
        for extent in document.element.body.iter(qn("wp:extent"))
    ]


def test_a_picture_is_as_large_as_it_was_made_and_no_larger_than_the_page(folder: Path) -> None:
    result = render("![a](small%20one.png) ![b](wide.png) ![c](tall.png)", folder)
    small, wide, tall = sizes(result)
    section = Document(io.BytesIO(result.data)).sections[0]
    assert section.page_width is not None
    assert section.page_height is not None
    room = section.page_width - (section.left_margin or 0) - (section.right_margin or 0)
    assert small == (Inches(1), Inches(0.5))
    assert abs(wide[0] - room) < Inches(0.01)
    assert abs(wide[0] / wide[1] - 40) < 0.1
    assert tall[1] < section.page_height - (section.top_margin or 0) - (section.bottom_margin or 0)
    assert result.losses == ()


def test_the_same_picture_is_held_once_and_every_drawing_has_an_id_of_its_own(folder: Path) -> None:
    result = render("![a](same.png) ![b](small%20one.png) ![c](wide.png)", folder)
    with zipfile.ZipFile(io.BytesIO(result.data)) as package:
        assert len([name for name in package.namelist() if name.startswith("word/media/")]) == 2
    body = Document(io.BytesIO(result.data)).element.body
    drawings = [(node.get("id"), node.get("descr")) for node in body.iter(qn("wp:docPr"))]
    assert [description for _, description in drawings] == ["a", "b", "c"]
    assert len({number for number, _ in drawings}) == 3


def test_a_picture_alone_with_a_title_is_a_figure_with_a_numbered_caption(folder: Path) -> None:
    document = Document(io.BytesIO(render('![a](same.png "Um")\n\n![b](wide.png "Dois")', folder).data))
    seen = [
        (paragraph.style.name if paragraph.style else "", paragraph.text) for paragraph in document.paragraphs
    ]
    assert seen == [
        ("Figure", ""),
        ("Caption", "Figura 1: Um"),
        ("Figure", ""),
        ("Caption", "Figura 2: Dois"),
    ]
    instructions = [node.text for node in document.element.body.iter(qn("w:instrText"))]
    assert instructions == [" SEQ Figura \\* ARABIC "] * 2


def test_pictures_stand_in_cells_links_and_notes(folder: Path) -> None:
    source = (
        "| a |\n|---|\n| ![x](same.png) |\n\n[![y](same.png)](https://e.com)[^1]\n\n[^1]: ![z](wide.png)\n"
    )
    result = render(source, folder)
    document = Document(io.BytesIO(result.data))
    assert document.element.body.find(f".//{qn('w:tc')}//{qn('w:drawing')}") is not None
    assert document.element.body.find(f".//{qn('w:hyperlink')}//{qn('w:drawing')}") is not None
    with zipfile.ZipFile(io.BytesIO(result.data)) as package:
        assert b"media/markdown2.png" in package.read("word/_rels/footnotes.xml.rels")
    assert result.losses == ()


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("nothing.png", "No such file"),
        ("broken.png", "broken"),
        ("drawing.svg", "only PNG"),
        ("../secret.png", "outside"),
        ("%2e%2e/secret.png", "outside"),
        ("way-out.png", "outside"),
        ("/etc/hostname", "outside"),
        ("file:///etc/hostname", "beside the text"),
        ("https://e.com/i.png", "beside the text"),
        ("//e.com/i.png", "beside the text"),
        ("%00.png", "path"),
        (".", "directory"),
    ],
)
def test_what_can_not_be_had_is_its_alternative_text_and_reported(
    folder: Path, source: str, why: str
) -> None:
    result = render(f'um ![dois *três*]({source} "t")', folder)
    assert Document(io.BytesIO(result.data)).paragraphs[0].text == "um dois três"
    (loss,) = result.losses
    assert (loss.kind, loss.line) == (LossKind.IMAGE, 1)
    assert why in loss.message


def test_without_a_folder_nothing_is_read(folder: Path) -> None:
    result = render(f"![a]({folder / 'same.png'})", None)
    assert sizes(result) == []
    assert "no folder" in result.losses[0].message
