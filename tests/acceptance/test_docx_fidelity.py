"""All of a text arrives in its document, by a checker that doesn't know the renderer (S1-13, S1-54).

The corpora are a document that has everything, what docgen makes of the samples with its embedded engine,
and the examples of the CommonMark and GFM specifications, each a document of its own; these cost about ten
seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

import pytest

from benchmarks.extractive import by_engine
from techne.documents.docx import DocxOptions, render_docx
from techne.transcripts.cleaning import clean_transcript
from techne.transcripts.reading import read_transcript
from tests.acceptance.runs import ENGLISH, PORTUGUESE
from tests.fixtures.documents.pictures import PICTURES
from tests.support.fidelity import FidelityReport, Kind, fidelity, specs
from tests.support.fidelity.report import summed

pytestmark = pytest.mark.acceptance

RICH = Path(__file__).resolve().parents[1] / "fixtures" / "documents" / "rich.md"
needs_specifications = pytest.mark.skipif(
    not specs.available(), reason="npm has not installed the specifications (tests/ooxml)"
)


def assert_nothing_is_lost_or_added(report: FidelityReport) -> None:
    """A failure's message is all that was lost and added."""
    assert (report.misses, report.excess) == ((), ()), str(report)
    assert report.score == 1.0
    assert report.total.expected > 0


def of_examples(examples: Iterable[specs.Example]) -> FidelityReport:
    """The findings on examples, each rendered by itself."""
    return summed(fidelity(one.reading, render_docx(one.markdown).data) for one in examples)


def test_the_rich_document_arrives_whole() -> None:
    markdown = RICH.read_text(encoding="utf-8")

    report = fidelity(
        markdown, render_docx(markdown, DocxOptions(image_folder=RICH.parent)).data, images=RICH.parent
    )

    assert_nothing_is_lost_or_added(report)
    assert set(report.tallies) == set(Kind), "the document is rich"


def test_the_rich_documents_pictures_are_those_that_its_script_draws() -> None:
    assert {name: draw() for name, draw in PICTURES.items()} == {
        name: (RICH.parent / name).read_bytes() for name in PICTURES
    }


@pytest.mark.parametrize("recording", [ENGLISH, PORTUGUESE], ids=lambda path: path.stem)
def test_docgens_document_arrives_whole(recording: Path) -> None:
    transcript = read_transcript(recording.read_bytes(), source=recording.name)
    markdown = asyncio.run(by_engine(transcript, clean_transcript(transcript)))

    assert_nothing_is_lost_or_added(fidelity(markdown, render_docx(markdown).data))


@needs_specifications
def test_every_example_of_commonmark_arrives_whole() -> None:
    assert_nothing_is_lost_or_added(of_examples(specs.commonmark_examples()))


@needs_specifications
def test_every_example_of_gfms_extensions_arrives_whole() -> None:
    assert_nothing_is_lost_or_added(of_examples(specs.gfm_examples()))


@needs_specifications
def test_the_text_of_commonmark_arrives_whole() -> None:
    text = specs.commonmark_text()

    assert_nothing_is_lost_or_added(fidelity(text, render_docx(text).data))
