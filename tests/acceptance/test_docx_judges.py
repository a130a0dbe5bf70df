"""What others make of rendered documents: two validators, LibreOffice and mammoth, which know no renderer.

They judge docgen's sample and a rich fixture, each in three templates, the templates alone, and the examples
of the CommonMark and GFM specifications (S1-13, S1-54, S1-55). `tests.support.fidelity` counts what arrived.
"""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.extractive import by_engine
from techne.documents.docx import DocxOptions, Template, render_docx
from techne.documents.docx.templates.default_template import default_template
from techne.transcripts.cleaning import clean_transcript
from techne.transcripts.reading import read_transcript
from tests.acceptance.runs import PORTUGUESE, ROOT
from tests.ooxml import examples
from tests.support import ooxml_validation, pages
from tests.support.docx_templates import company_template, company_template_with_cover
from tests.support.mammoth_reading import Block, read_docx, read_markdown
from tests.support.ooxml_validation import ValidationError, audit_files, validate_files

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(900)]
needs_sdk = pytest.mark.skipif(not ooxml_validation.available(), reason="npm has not installed the validator")
needs_pages = pytest.mark.skipif(pages.missing() is not None, reason=str(pages.missing()))

RICH = ROOT / "tests" / "fixtures" / "documents" / "rich.md"
LANGUAGES = {"sample": "pt-BR", "rich": "en-US"}
TEMPLATES: Mapping[str, Callable[[], bytes]] = {
    "default": default_template,
    "company": company_template,
    "cover": company_template_with_cover,
}
NAMES = [f"{text}-{template}" for text in LANGUAGES for template in TEMPLATES]
CONTENTS_LEVELS = 3
LONG = 20
"""Letters of a text that stands where it stands by no accident."""
_MARKS = re.compile(r"\[\^\d+\]|!\[[^\]]*\]")


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    """The Markdown of both documents; docgen's is made by the embedded engine."""
    transcript = read_transcript(PORTUGUESE.read_bytes(), source=PORTUGUESE.name)
    sample = asyncio.run(by_engine(transcript, clean_transcript(transcript)))
    return {"sample": sample, "rich": RICH.read_text(encoding="utf-8")}


@pytest.fixture(scope="module")
def documents(texts: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Both documents in each template, by name."""
    folder = tmp_path_factory.mktemp("documents")
    made = {}
    for name in NAMES:
        text, template = name.split("-")
        options = DocxOptions(
            subtitle="Subtitle of the document",
            author="Ana Souza",
            date="2026-03-04",
            language=LANGUAGES[text],
            template=None if template == "default" else Template(template, TEMPLATES[template]()),
            image_folder=RICH.parent,
            title_page=True,
            contents=True,
        )
        made[name] = folder / f"{name}.docx"
        made[name].write_bytes(render_docx(texts[text], options).data)
    return made


@pytest.fixture(scope="module")
def judged(documents: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """All that must be valid: both documents, the templates themselves, and the specifications' examples."""
    folder = tmp_path_factory.mktemp("judged")
    files = {f"template-{name}": template() for name, template in TEMPLATES.items()}
    if examples.available():
        files |= {name: render_docx(text).data for name, text in examples.example_documents().items()}
    for name, data in files.items():
        (folder / f"{name}.docx").write_bytes(data)
    return [*documents.values(), *(folder / f"{name}.docx" for name in files)]


@pytest.fixture(scope="module")
def page_texts(documents: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """The text of each page, by document."""
    made = pages.pdfs_of(list(documents.values()), tmp_path_factory.mktemp("pages"))
    return {name: pages.pdf_text(pdf) for name, pdf in zip(documents, made, strict=True)}


@needs_sdk
def test_the_open_xml_sdk_finds_no_error(judged: list[Path]) -> None:
    assert _said(validate_files(judged)) == []


def test_openxml_audit_finds_no_error(judged: list[Path]) -> None:
    assert _said(audit_files(judged)) == []


@pytest.mark.parametrize("name", NAMES)
def test_mammoth_reads_the_same_document_that_github_reads(
    name: str, texts: dict[str, str], documents: dict[str, Path]
) -> None:
    text, template = name.split("-")
    expected = _expected(texts[text])
    own = [block for block in read_docx(TEMPLATES[template]()) if block.text]
    read = [block for block in read_docx(documents[name].read_bytes()) if block not in own]
    begin = read.index(expected[0])  # a title or a cover precedes it
    assert read[begin:] == expected


@needs_pages
@pytest.mark.parametrize("name", NAMES)
def test_the_title_has_a_page_of_its_own(
    name: str, texts: dict[str, str], page_texts: dict[str, list[str]]
) -> None:
    title, *others = read_markdown(texts[name.split("-")[0]])
    cover = _plain(page_texts[name][0])
    assert _plain(title.text) in cover
    assert "Subtitleofthedocument" in cover
    assert "AnaSouza" in cover
    long = [text for text in (_plain(block.text) for block in others) if len(text) > LONG]
    assert [text for text in long if text in cover] == []


@needs_pages
@pytest.mark.parametrize("name", NAMES)
def test_contents_and_headings_stand_in_their_order(
    name: str, texts: dict[str, str], page_texts: dict[str, list[str]]
) -> None:
    headings = [block for block in _expected(texts[name.split("-")[0]]) if block.kind.startswith("heading")]
    listed = [block for block in headings if int(block.kind.split()[1]) <= CONTENTS_LEVELS]
    shown = _plain(" ".join(page_texts[name][1:]))
    place = 0
    for heading in (*listed, *headings):
        place = shown.find(_plain(heading.text), place)
        assert place >= 0, f"{heading.text!r} is missing, or elsewhere"
        place += len(_plain(heading.text))


@needs_pages
@pytest.mark.parametrize("name", NAMES)
def test_every_page_but_the_first_has_its_number_and_the_title(
    name: str, texts: dict[str, str], page_texts: dict[str, list[str]]
) -> None:
    title = _plain(read_markdown(texts[name.split("-")[0]])[0].text)
    total = len(page_texts[name])
    for number, text in enumerate(page_texts[name][1:], 2):
        assert re.search(rf"(?<!\d){number} ?(/|de) ?{total}(?!\d)", text), f"page {number} lacks its number"
        assert _plain(text).startswith(title), f"page {number} begins with {text[:100]!r}"


@needs_pages
@pytest.mark.parametrize("name", NAMES)
def test_every_word_of_the_markdown_is_on_a_page(
    name: str, texts: dict[str, str], page_texts: dict[str, list[str]]
) -> None:
    written = _words(" ".join(block.text for block in read_markdown(texts[name.split("-")[0]])))
    shown = _words(" ".join(page_texts[name]))
    together = "".join(shown)  # long words go over two lines
    assert [word for word in Counter(written) - Counter(shown) if word not in together] == []


def _expected(markdown: str) -> list[Block]:
    """The blocks below the title, with headings one level up, as the title has left the highest."""
    title, *blocks = read_markdown(markdown)
    assert title.kind == "heading 1"
    levels = {f"heading {level}": f"heading {level - 1}" for level in range(2, 7)}
    return [replace(block, kind=levels.get(block.kind, block.kind)) for block in blocks]


def _said(found: Mapping[Path, list[ValidationError]]) -> list[str]:
    return [f"{path.name}: {error}" for path, errors in found.items() for error in errors]


def _words(text: str) -> list[str]:
    """Runs of letters and digits, without the marks that stand for footnotes and pictures."""
    return re.findall(r"\w+", unicodedata.normalize("NFKC", _MARKS.sub("", text)))


def _plain(text: str) -> str:
    return "".join(_words(text))
