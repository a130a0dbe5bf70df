"""Turns one Markdown file into one DOCX file."""

from __future__ import annotations

import argparse
from pathlib import Path

from techne.documents.docx import render_docx, validate_docx


def main() -> None:
    """Read the first path, write the second."""
    arguments = argparse.ArgumentParser(prog="python -m techne.documents.docx", description=__doc__)
    arguments.add_argument("source", type=Path, help="Markdown file, UTF-8")
    arguments.add_argument("target", type=Path, help="DOCX file to write")
    arguments.add_argument("--title", help="title in the document's properties; the file's name if left out")
    arguments.add_argument("--language", default="en-US", help="BCP 47 tag (default: %(default)s)")
    options = arguments.parse_args()
    markdown = options.source.read_text(encoding="utf-8")
    data = render_docx(markdown, title=options.title or options.source.stem, language=options.language)
    validate_docx(data)
    options.target.write_bytes(data)


if __name__ == "__main__":
    main()
