"""The files of a document before they are stored: what the Word file shows, and what is said of it."""

from __future__ import annotations

import io
import logging
from typing import Any

import docx
import pytest

from techne.documents.docx import Template, docx_headings, read_template
from techne.documents.model import Document
from techne.documents.outputs import DocumentFiles, render_files
from techne.transcripts.model import CleanTranscript
from tests.support.docx_packages import paragraph_xml, small_template, unzipped
from tests.support.docx_templates import company_template, company_template_with_cover, logo_png
from tests.unit.documents.builders import document_of, transcript_of

RECORDING = transcript_of("o erro 502 foi dito")
TEN_LEVELS = "\n".join(f"{'  ' * level}- e foi dito [i001]" for level in range(10))
"""One more than Word's lists have."""


def rendered(document: Document, template: Template | None = None) -> DocumentFiles:
    cleaned = CleanTranscript(transcript=RECORDING, dropped=())
    return render_files(document, RECORDING, cleaned, (), template)


def losses_of(files: DocumentFiles) -> list[str]:
    details: Any = files.details["docx"]
    return list(details["losses"])


def shown(data: bytes) -> list[str]:
    """The text of every paragraph of the body, the title page's among them."""
    paragraph = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}p"
    return [found.text for found in docx.Document(io.BytesIO(data)).element.body.iter(paragraph)]


@pytest.mark.parametrize(
    ("language", "subtitle", "day"),
    [
        ("pt-BR", "Guia de treinamento e solução de problemas", "31 de janeiro de 2026"),
        ("en-US", "Training and troubleshooting guide", "January 31, 2026"),
        ("de-DE", "Training and troubleshooting guide", "January 31, 2026"),
    ],
)
def test_the_title_page_speaks_the_documents_language(language: str, subtitle: str, day: str) -> None:
    files = rendered(document_of("Foi dito [i001].", title="Um treinamento", language=language))
    first = [text for text in shown(files.docx) if text][:4]
    assert first[:2] == ["Um treinamento", subtitle]
    assert day in first


def test_the_same_document_gives_the_same_files() -> None:
    document = document_of("Foi dito [i001].")
    template = read_template(company_template(), "company.docx")
    assert rendered(document, template) == rendered(document, template)


def test_what_word_can_not_carry_is_in_the_manifest_and_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        files = rendered(document_of(TEN_LEVELS))
    (loss,) = losses_of(files)
    assert "levels of lists" in loss
    assert loss in caplog.text


def test_a_document_that_word_can_carry_has_no_losses(caplog: pytest.LogCaptureFixture) -> None:
    assert rendered(document_of("Foi dito [i001].")).details["docx"] == {"template": None, "losses": []}
    assert caplog.text == ""


def test_a_company_s_template_gives_its_logo_its_header_and_its_own_styles() -> None:
    template = read_template(company_template(), "company.docx")
    files = rendered(document_of("Foi dito [i001].", title="Um treinamento"), template)
    members = unzipped(files.docx)
    assert logo_png() in members.values()
    header = docx.Document(io.BytesIO(files.docx)).sections[0].header
    assert "Um treinamento" in header.paragraphs[0].text
    assert docx_headings(files.docx)[0] == "Um treinamento"
    assert files.details["docx"] == {
        "template": {"name": "company.docx", "sha256": template.sha256},
        "losses": [],
    }


@pytest.mark.parametrize(
    "cover",
    [
        company_template_with_cover(),
        small_template(paragraph_xml("{{title}}, {{date}}") + paragraph_xml("{{document}}")),
    ],
    ids=["text box and table", "a paragraph of the body's style"],
)
def test_a_template_s_own_cover_is_filled(cover: bytes) -> None:
    files = rendered(
        document_of("Foi dito [i001].", title="Um treinamento"), read_template(cover, "company.docx")
    )
    texts = "\n".join(shown(files.docx))
    assert "Um treinamento" in texts
    assert "31 de janeiro de 2026" in texts
    assert "{{" not in texts
