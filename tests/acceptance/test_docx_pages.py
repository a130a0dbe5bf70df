"""The table of contents names the pages that its headings stand on, as LibreOffice lays them out (S1-54)."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest
from docx import Document
from docx.oxml.ns import qn

from techne.documents.docx import DocxOptions, render_docx
from techne.documents.docx.pagination import libreoffice_pages
from techne.errors import InputError, OutputError

pytestmark = pytest.mark.acceptance

PARAGRAPH = "A fila cresce e nenhuma mensagem sai. " * 12
TEXT = "# Guia\n\n" + "\n\n".join(
    f"## Parte {part}\n\n" + "\n\n".join([PARAGRAPH] * part) + f"\n\n### Fim {part}\n\n{PARAGRAPH}"
    for part in range(1, 9)
)


@pytest.mark.skipif(not shutil.which("soffice") or not shutil.which("pdftotext"), reason="needs LibreOffice")
def test_the_contents_name_the_pages_that_the_headings_stand_on() -> None:
    data = render_docx(TEXT, DocxOptions(language="pt-BR", count_pages=libreoffice_pages)).data
    document = Document(io.BytesIO(data))
    links = [
        link for link in document.element.body.iter(qn("w:hyperlink")) if link.get(qn("w:anchor")) is not None
    ]
    told = [[node.text for node in link.iter(qn("w:t"))] for link in links]
    bookmarks = [str(link.get(qn("w:anchor"))) for link in links]
    pages = libreoffice_pages(data, bookmarks)
    assert told[:2] == [["Parte 1", str(pages[bookmarks[0]])], ["Fim 1", str(pages[bookmarks[1]])]]
    assert [page for _, page in told] == [str(pages[bookmark]) for bookmark in bookmarks]
    assert min(pages.values()) == 3
    assert len(set(pages.values())) > 3


def test_missing_programs_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(InputError, match="Install LibreOffice"):
        libreoffice_pages(b"", [])


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="needs pdftotext")
def test_an_office_that_fails_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    office = tmp_path / "soffice"
    office.write_text("#!/bin/sh\nexit 3\n")
    office.chmod(0o700)
    reader = shutil.which("pdftotext")
    assert reader is not None
    (tmp_path / "pdftotext").symlink_to(reader)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    with pytest.raises(OutputError, match="soffice failed"):
        libreoffice_pages(render_docx("# A").data, ["_Toc00000001"])
