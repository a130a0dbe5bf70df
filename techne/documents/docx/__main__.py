"""Turns one Markdown file into one Word document.

CommonMark and GitHub's extensions: tables, task lists, strikethrough, autolinks,
footnotes and callouts. Images are read beside the text. What a document can't
carry is said on standard error, one line each.
"""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path

from techne.documents.docx import DocxOptions, read_template, render_docx, validate_docx
from techne.documents.docx.pagination import libreoffice_pages
from techne.documents.docx.templates.default_template import default_template
from techne.errors import InputError, TechneError

_LARGEST_MARKDOWN = 100_000_000


def main(arguments: list[str] | None = None) -> int:
    """Read the first path, write the second; the exit code."""
    options = _parser().parse_args(arguments)
    try:
        if options.write_template is not None:
            _write(options.write_template, default_template())
        else:
            _convert(options)
    except TechneError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return error.exit_code
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m techne.documents.docx",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", nargs="?", type=Path, help="Markdown file, UTF-8; - reads standard input")
    parser.add_argument("target", nargs="?", type=Path, help="DOCX file to write or replace")
    look = parser.add_argument_group("how it looks")
    look.add_argument(
        "--template",
        type=Path,
        metavar="COMPANY.docx",
        help="take styles, page, header, footer and logo from this file (docs/TEMPLATES.md)",
    )
    look.add_argument(
        "--contents",
        action=argparse.BooleanOptionalAction,
        help="begin with a table of contents (default: with four headings or more)",
    )
    look.add_argument(
        "--page-numbers",
        action="store_true",
        help="number the contents' pages as LibreOffice lays them out, which must be installed with "
        "pdftotext; otherwise they are numbered when the contents are updated in Word",
    )
    look.add_argument(
        "--title-page",
        action=argparse.BooleanOptionalAction,
        help="give the title a page of its own (default: where there is a table of contents)",
    )
    said = parser.add_argument_group("what it says of itself")
    said.add_argument("--title", default="", help="default: the text's only heading of level 1")
    said.add_argument("--subtitle", default="")
    said.add_argument("--author", default="")
    said.add_argument(
        "--date", default="", help="on the title page, as it should read; 2026-01-31 also dates the file"
    )
    said.add_argument("--language", default="en-US", help="BCP 47 tag, such as pt-BR (default: %(default)s)")
    parser.add_argument(
        "--images", type=Path, metavar="FOLDER", help="read images below this folder (default: the source's)"
    )
    parser.add_argument(
        "--write-template",
        type=Path,
        metavar="COMPANY.docx",
        help="write the default template there, to make your own of, and do nothing else",
    )
    return parser


def _convert(options: argparse.Namespace) -> None:
    source, target = options.source, options.target
    if source is None or target is None:
        raise InputError("Which file should become which?", cure="Name a Markdown file and a DOCX file.")
    piped = str(source) == "-"
    template = options.template
    rendered = render_docx(
        _markdown(source, piped=piped),
        DocxOptions(
            title=options.title,
            subtitle=options.subtitle,
            author=options.author,
            date=options.date,
            day=_day(options.date),
            language=options.language,
            template=None if template is None else read_template(_read(template), template.name),
            image_folder=options.images or (None if piped else source.parent),
            contents=options.contents,
            count_pages=libreoffice_pages if options.page_numbers else None,
            title_page=options.title_page,
        ),
    )
    validate_docx(rendered.data)
    _write(target, rendered.data)
    for loss in rendered.losses:
        print(f"{source}: {loss}", file=sys.stderr)  # noqa: T201


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None


def _markdown(source: Path, *, piped: bool) -> str:
    data = sys.stdin.buffer.read(_LARGEST_MARKDOWN + 1) if piped else _read(source)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{source} is not UTF-8: byte {error.start} can't be read.", cure="Save it as UTF-8."
        ) from error


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > _LARGEST_MARKDOWN:
            raise InputError(f"{path} has more than {_LARGEST_MARKDOWN // 1_000_000} MB.")
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}.") from error


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise InputError(f"{path} can't be written: {error.strerror}.") from error


if __name__ == "__main__":
    sys.exit(main())
