"""The outside judges of documents find what was planted: one that finds nothing must be able to (S1-13)."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from docx import Document
from docx.oxml.parser import parse_xml
from docx.oxml.xmlchemy import BaseOxmlElement

from tests.support import ooxml_validation, pages
from tests.support.mammoth_reading import Block, Span, read_docx, read_markdown
from tests.support.ooxml_validation import ValidationError, audit_files, validate_files

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
PARAGRAPH = "<w:p><w:r><w:t>text</w:t></w:r></w:p>"
UNORDERED = '<w:p><w:pPr><w:jc w:val="left"/><w:keepNext/></w:pPr></w:p>'
"""`w:keepNext` belongs before `w:jc` (ECMA-376 part 1, A.1, CT_PPrBase)."""
BOOKMARK = '<w:bookmarkStart w:id="1" w:name="a{}"/><w:bookmarkEnd w:id="1"/>'
TWO_BOOKMARKS = f"<w:p>{BOOKMARK.format(1)}{BOOKMARK.format(2)}</w:p>"
DANGLING = (
    '<w:p><w:hyperlink r:id="rId999" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"/></w:p>'
)
OUTSIDE = '<Relationship Id="rId998" TargetMode="External" Target="{}" Type="{}/{}"/>'
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

needs_sdk = pytest.mark.skipif(not ooxml_validation.available(), reason="npm has not installed the validator")
needs_pages = pytest.mark.skipif(pages.missing() is not None, reason=str(pages.missing()))


def _document(paragraph: str = PARAGRAPH) -> bytes:
    document = Document()
    document.element.body.insert(0, _element(paragraph))
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def _element(paragraph: str) -> BaseOxmlElement:
    made = parse_xml(paragraph.replace("<w:p>", f'<w:p xmlns:w="{W}">', 1))
    assert isinstance(made, BaseOxmlElement)
    return made


def _with_relation(target: str, kind: str = "hyperlink") -> bytes:
    """A document whose main part has one more relation to the outside."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(_document())) as source, zipfile.ZipFile(buffer, "w") as made:
        for name in source.namelist():
            data = source.read(name)
            if name == "word/_rels/document.xml.rels":
                relation = OUTSIDE.format(target, RELATIONS, kind)
                data = data.replace(b"</Relationships>", f"{relation}</Relationships>".encode())
            made.writestr(name, data)
    return buffer.getvalue()


@pytest.fixture
def write(tmp_path: Path) -> Callable[[bytes], Path]:
    def write_file(data: bytes) -> Path:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))} ü.docx"
        path.write_bytes(data)
        return path

    return write_file


@needs_sdk
def test_the_sdk_finds_what_was_planted_and_nothing_beside_it(write: Callable[[bytes], Path]) -> None:
    clean, unordered, bookmarks, dangling, broken = map(
        write,
        (_document(), _document(UNORDERED), _document(TWO_BOOKMARKS), _document(DANGLING), b"no zip"),
    )
    missing = clean.with_name("missing.docx")
    found = validate_files([clean, unordered, bookmarks, dangling, broken, missing])
    assert found[clean] == []
    assert _kinds(found[unordered]) == ["Schema"]
    assert "keepNext" in found[unordered][0].description
    assert found[unordered][0].part == "/word/document.xml"
    assert "Semantic" in _kinds(found[bookmarks])
    assert _kinds(found[dangling]) == ["Semantic"]
    assert "rId999" in found[dangling][0].description
    assert _kinds(found[broken]) == _kinds(found[missing]) == ["Exception"]


@needs_sdk
def test_the_sdk_reports_that_it_could_not_be_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OOXML_VALIDATOR_CLI", str(tmp_path / "no-such-program"))
    with pytest.raises(RuntimeError, match="no-such-program"):
        validate_files([tmp_path / "a.docx"])


@pytest.mark.parametrize(
    ("planted", "name"),
    [
        (_document(UNORDERED), "keepNext"),
        (_document(TWO_BOOKMARKS), "id"),
        (_document(DANGLING), "rId999"),
        (_with_relation("file:///etc/passwd"), "file:///etc/passwd"),
        (_with_relation("https://example.com/", "attachedTemplate"), "https://example.com/"),
        (b"no zip", "zip"),
    ],
    ids=["order", "bookmarks", "dangling", "file", "template", "no zip"],
)
def test_the_audit_finds_what_was_planted(planted: bytes, name: str, write: Callable[[bytes], Path]) -> None:
    path = write(planted)
    assert any(name in str(error) for error in audit_files([path])[path])


def test_the_audit_leaves_links_to_the_web_alone(write: Callable[[bytes], Path]) -> None:
    path = write(_with_relation("HTTPS://example.com/"))
    assert not [error for error in audit_files([path])[path] if "example.com" in error.description]


@needs_pages
def test_a_document_becomes_pages_that_show_its_text(write: Callable[[bytes], Path], tmp_path: Path) -> None:
    document = write(_document())
    [page] = pages.pages_of(document, tmp_path / "pages", dpi=20)
    assert page.read_bytes().startswith(b"\x89PNG")
    assert [text.split() for text in pages.pdf_text(page.with_name(f"{document.stem}.pdf"))] == [["text"]]


@needs_pages
def test_what_is_no_document_becomes_no_page(write: Callable[[bytes], Path], tmp_path: Path) -> None:
    with pytest.raises(pages.ConversionError, match=re.escape("ü.docx")):
        pages.pages_of(write(b"no zip"), tmp_path / "pages")


def test_blocks_of_markdown_are_read_with_their_marks() -> None:
    markdown = (
        "# A *b*\n\n> [!TIP]\n> call[^n]\n\n> quote\n\n1. x\n   - [x] **y *z***\n\n   more\n\n"
        "|a|\n|-|\n|<b>|\n\n***\n\n```\n1  2\n```\n\n<div>\n\n<https://e.com/%20>\\\n![p](q)\n\n[^n]: note\n"
    )
    strong, both = frozenset({"strong"}), frozenset({"strong", "emphasis"})
    assert read_markdown(markdown) == [
        Block("heading 1", (Span("A "), Span("b", frozenset({"emphasis"})))),
        Block("callout tip", (Span("call[^1]"),)),
        Block("quote", (Span("quote"),)),
        Block("ol 1", (Span("x"),)),
        Block("ul 2", (Span("☑ "), Span("y ", strong), Span("z", both))),
        Block("paragraph", (Span("more"),)),
        Block("header cell", (Span("a"),), (1, 1)),
        Block("cell", (Span("<b>"),), (2, 1)),
        Block("rule", ()),
        Block("code", (Span("1  2"),)),
        Block("paragraph", (Span("<div>"),)),
        Block("paragraph", (Span("https://e.com/%20", frozenset({"link https://e.com/ "})), Span("\n![p]"))),
        Block("footnote", (Span("note"),)),
    ]


def test_blocks_of_a_document_are_read_with_their_marks() -> None:
    document = Document()
    document.add_heading("A", 2)
    document.add_paragraph("say: ", style="Quote").add_run("loud").bold = True
    document.add_paragraph("x", style="List Number")
    document.add_table(1, 2).cell(0, 1).text = "right"
    buffer = io.BytesIO()
    document.save(buffer)
    assert read_docx(buffer.getvalue()) == [
        Block("heading 2", (Span("A"),)),
        Block("quote", (Span("say: "), Span("loud", frozenset({"strong"})))),
        Block("ol 1", (Span("x"),)),
        Block("cell", (Span("right"),), (1, 2)),
    ]


def _kinds(errors: list[ValidationError]) -> list[str]:
    return [error.kind for error in errors]
