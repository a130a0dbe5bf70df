"""A DOCX file's pages as LibreOffice lays them out: as PDF, as pictures to look at, and as text (S1-13).

LibreOffice stands in for Word, which no test can have: it breaks pages elsewhere, but what it doesn't show,
few readers will see. It makes fields anew, except a table of contents, which stays as it was written.

    python -m tests.support.pages document.docx folder --dpi 70
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

START_SECONDS = 180
DOCUMENT_SECONDS = 60
"""What a starved machine may need; an idle one takes two seconds and then less than one for each document."""
WORD = "MS Word 2007 XML"
"""LibreOffice's filter for DOCX. Left to guess, it would show a broken file as plain text."""
PROGRAMS = ("soffice", "pdftoppm", "pdftotext")


class ConversionError(RuntimeError):
    """LibreOffice or poppler made nothing of a document; the message is what it said."""


def missing() -> str | None:
    """Why no page can be made here, or None if they can."""
    lacking = [name for name in PROGRAMS if shutil.which(name) is None]
    return f"{', '.join(lacking)} not installed (LibreOffice Writer and poppler)" if lacking else None


def pdfs_of(documents: Sequence[Path], folder: Path) -> list[Path]:
    """Convert documents to PDF, in one LibreOffice with a profile of its own, so that others can run.

    Args:
        documents: DOCX files; no two of one name.
        folder: Where `name.pdf` goes.

    Raises:
        ConversionError: One of them was not converted.
    """
    folder.mkdir(parents=True, exist_ok=True)
    targets = [folder / f"{document.stem}.pdf" for document in documents]
    if len(set(targets)) < len(targets):
        raise ValueError("Two documents have one name; give each its own.")
    for target in targets:
        target.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="soffice-") as profile:
        said = _run(
            "soffice",
            f"-env:UserInstallation={Path(profile).as_uri()}",
            "--headless",
            f"--infilter={WORD}",
            *("--convert-to", "pdf:writer_pdf_Export", "--outdir", str(folder)),
            *map(str, documents),
            timeout_seconds=START_SECONDS + DOCUMENT_SECONDS * len(documents),
        )
    for document, target in zip(documents, targets, strict=True):
        if not target.exists():
            raise ConversionError(f"LibreOffice made no PDF of {document}: {said}")
    return targets


def pages_of(document: Path, folder: Path, dpi: int = 60) -> list[Path]:
    """Pictures (PNG) of a DOCX file's pages, in order.

    Raises:
        ConversionError: It could not be converted.
    """
    [pdf] = pdfs_of([document], folder)
    for old in folder.glob(f"{pdf.stem}-page-*.png"):
        old.unlink()
    prefix = folder / f"{pdf.stem}-page"
    _run("pdftoppm", "-r", str(dpi), "-png", str(pdf), str(prefix), timeout_seconds=START_SECONDS)
    return sorted(folder.glob(f"{pdf.stem}-page-*.png"))


def pdf_text(pdf: Path) -> list[str]:
    """The text of each page, in the order in which it would be read, header and footer included.

    Raises:
        ConversionError: It is no PDF.
    """
    text = _run("pdftotext", "-enc", "UTF-8", str(pdf), "-", timeout_seconds=START_SECONDS)
    return text.split("\f")[:-1]


def _run(*command: str, timeout_seconds: float) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_seconds, check=False)
    if done.returncode:
        raise ConversionError(f"{command[0]}: {done.stdout}{done.stderr}")
    return done.stdout or done.stderr


def main() -> None:
    """Write pictures of a document's pages and print where they are."""
    arguments = argparse.ArgumentParser(prog="python -m tests.support.pages", description=main.__doc__)
    arguments.add_argument("document", type=Path, help="DOCX file")
    arguments.add_argument("folder", type=Path, help="where the PDF and the pictures go")
    arguments.add_argument("--dpi", type=int, default=60, help="dots an inch (default: %(default)s)")
    options = arguments.parse_args()
    for page in pages_of(options.document, options.folder, options.dpi):
        print(page)


if __name__ == "__main__":
    main()
