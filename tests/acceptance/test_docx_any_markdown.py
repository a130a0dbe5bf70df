"""Generated Markdown makes valid documents: Microsoft's SDK and openxml-audit find nothing (S1-13, S1-54).

Three hundred documents of all that Markdown has, a hundred to a file, since a validator takes half a second
for a file however short.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from techne.documents.docx import DocxOptions, render_docx
from tests.support import ooxml_validation
from tests.unit.documents.docx.markdown_documents import MarkdownDocument, markdown_documents

pytestmark = pytest.mark.acceptance

_DOCUMENTS, _PER_FILE = 300, 100
_OPTIONS = (
    DocxOptions(),
    DocxOptions(title="A & B <c>\u2028\x01", author="Ana", contents=True, title_page=True, language="pt-BR"),
    DocxOptions(subtitle="“S”", date="2026-01-31", contents=False, title_page=False, language="ar"),
)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("documents")
    paths = []
    documents = generated(_DOCUMENTS)
    for number, first in enumerate(range(0, len(documents), _PER_FILE)):
        markdown = joined(documents[first : first + _PER_FILE]).markdown
        path = folder / f"{number}.docx"
        rendered = render_docx(markdown, _OPTIONS[number % len(_OPTIONS)])
        path.write_bytes(rendered.data)
        paths.append(path)
    return paths


def generated(count: int) -> list[MarkdownDocument]:
    """So many documents, the same every time."""
    documents: list[MarkdownDocument] = []

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(markdown_documents())
    def collect(document: MarkdownDocument) -> None:
        documents.append(document)

    collect()
    return documents


def joined(documents: Sequence[MarkdownDocument]) -> MarkdownDocument:
    """Documents one after the other; of notes with one label, the first is for all."""
    blocks = tuple(block for document in documents for block in document.blocks)
    notes = {label: note for document in reversed(documents) for label, note in document.footnotes.items()}
    return MarkdownDocument(blocks, notes)


def test_openxml_audit_finds_nothing(files: list[Path]) -> None:
    found = ooxml_validation.audit_files(files)
    assert {path.name: errors for path, errors in found.items() if errors} == {}


@pytest.mark.skipif(not ooxml_validation.available(), reason="the Open XML SDK's validator isn't installed")
def test_the_open_xml_sdk_finds_nothing(files: list[Path]) -> None:
    found = ooxml_validation.validate_files(files)
    assert {path.name: errors for path, errors in found.items() if errors} == {}
