"""On which page each heading stands, as LibreOffice lays the document out.

A copy of the document gets one more page that refers to every bookmark; LibreOffice counts, and that page of
its PDF is read. Word may break lines elsewhere where it has other fonts.
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from docx import Document

from techne.documents.docx.elements import child, element, text_child
from techne.documents.docx.fields import add_field
from techne.errors import InputError, OutputError

_OFFICES = ("soffice", "libreoffice")
_READER = "pdftotext"
_TIMEOUT_SECONDS = 600
_COUNTED = re.compile(r"\[page:(\d+)=(\d+)\]")


def libreoffice_pages(data: bytes, bookmarks: Sequence[str]) -> Mapping[str, int]:
    """The page of every bookmark of a document.

    Args:
        data: The DOCX file.
        bookmarks: Their names.

    Raises:
        InputError: LibreOffice or pdftotext is not installed.
        OutputError: LibreOffice could not lay the document out.
    """
    office = next(filter(None, map(shutil.which, _OFFICES)), None)
    reader = shutil.which(_READER)
    if office is None or reader is None:
        raise InputError(
            "Pages can't be counted: LibreOffice or pdftotext is missing.",
            cure="Install LibreOffice and poppler-utils, or leave the page numbers to Word.",
        )
    with tempfile.TemporaryDirectory(prefix="techne-pages-") as name:
        folder = Path(name)
        (folder / "document.docx").write_bytes(_with_references(data, bookmarks))
        profile = (folder / "profile").as_uri()
        _run(
            [office, f"-env:UserInstallation={profile}", "--headless", "--convert-to", "pdf"],
            ["--outdir", name, str(folder / "document.docx")],
        )
        shown = _run([reader, "-enc", "UTF-8"], [str(folder / "document.pdf"), "-"])
    counted = {int(number): int(page) for number, page in _COUNTED.findall("".join(shown.split()))}
    if len(counted) < len(bookmarks):
        raise OutputError(f"LibreOffice told the pages of {len(counted)} of {len(bookmarks)} headings.")
    return {bookmark: counted[number] for number, bookmark in enumerate(bookmarks)}


def _with_references(data: bytes, bookmarks: Sequence[str]) -> bytes:
    document = Document(io.BytesIO(data))
    section = document.element.body.get_or_add_sectPr()
    for number, bookmark in enumerate(bookmarks):
        paragraph = element("p")
        if number == 0:
            child(child(paragraph, "pPr"), "pageBreakBefore")
        text_child(child(paragraph, "r"), "t", f"[page:{number}=")
        add_field(paragraph, f"PAGEREF {bookmark} \\h", "")
        text_child(child(paragraph, "r"), "t", "]")
        section.addprevious(paragraph)
    saved = io.BytesIO()
    document.save(saved)
    return saved.getvalue()


def _run(command: Sequence[str], arguments: Sequence[str]) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - programs found on PATH, paths of our own
            [*command, *arguments], capture_output=True, timeout=_TIMEOUT_SECONDS, check=True
        )
    except (subprocess.SubprocessError, OSError) as error:
        raise OutputError(f"Pages can't be counted: {Path(command[0]).name} failed: {error}.") from error
    return done.stdout.decode(errors="replace")
