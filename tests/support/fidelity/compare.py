"""How much of a Markdown text arrived in a DOCX file: each feature is looked for where it should be.

A feature is carried if it is there with its content: a strong passage must be bold from its first to its
last character, the fifth item must be numbered 5, a cell must stand in its row and column. What only one
convention of writing Word documents would have is not asked for: marks may come from a run, a character
style or a paragraph's style, quotes may be styled, indented or lined, code may be one paragraph or one a
line.

What may be in a file beyond the text, so that it isn't counted as added: a title page and a table of
contents, captions, and the label that says what a callout is.
"""

from __future__ import annotations

from pathlib import Path

from tests.support.fidelity.alignment import align, joined_code
from tests.support.fidelity.block_checks import check_blocks
from tests.support.fidelity.comparison import Comparison
from tests.support.fidelity.container_checks import check_containers
from tests.support.fidelity.inline_checks import check_inlines
from tests.support.fidelity.report import FidelityReport, Findings, Kind
from tests.support.fidelity.source import read_markdown
from tests.support.fidelity.source_blocks import Source
from tests.support.fidelity.table_checks import check_tables
from tests.support.fidelity.word import Word, read_docx


def fidelity(markdown: str, docx: bytes, *, images: Path | None = None) -> FidelityReport:
    """Compare a text and the file that was made of it.

    Args:
        markdown: The text.
        docx: The file.
        images: Folder below which local images are; those in it are expected as pictures.

    Raises:
        zipfile.BadZipFile, ValueError, lxml.etree.XMLSyntaxError: The file is no DOCX file.
    """
    findings = Findings()
    _compare(read_markdown(markdown, images), read_docx(docx), findings, None)
    return findings.report()


def _compare(source: Source, word: Word, findings: Findings, body: Comparison | None) -> None:
    word = joined_code(source, word)
    comparison = Comparison(source, word, align(source, word), findings, body)
    check_blocks(comparison)
    check_inlines(comparison)
    check_tables(comparison)
    check_containers(comparison)
    _check_footnotes(comparison)
    comparison.note_excess()


def _check_footnotes(comparison: Comparison) -> None:
    """Each reference must lead to its note's text; the note is compared where it is first referred to."""
    source, word = comparison.source, comparison.word
    body = comparison.body or comparison
    compared: set[str] = set()
    for position, label in source.references.items():
        note = body.source.notes.get(label, Source())
        place = comparison.alignment.places[position]
        found = body.word.notes.get(word.references.get(place, ""), Word())
        expected = note.text.of(note.text.all)
        comparison.findings.expect(
            Kind.FOOTNOTE,
            place >= 0 and found.text.of(found.text.all) == expected,
            f"{label!r}, after {comparison.before(position)!r}: {found.text.reading(found.text.all)!r} "
            f"instead of {note.text.reading(note.text.all)!r}",
        )
        if label not in compared:
            compared.add(label)
            if comparison.body is None:  # Word has no notes in notes
                _compare(note, found, comparison.findings, comparison)
    for place in word.references:
        if not comparison.alignment.found[place]:
            comparison.findings.exceed(Kind.FOOTNOTE, f"a reference after {comparison.word_before(place)!r}")
