"""What is known of a document beside its text, and how it should look."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from techne.documents.docx.losses import Loss
from techne.documents.docx.templates.template import Template


@dataclass(frozen=True, slots=True)
class DocxOptions:
    """How to render one document.

    Args:
        title: Title in the properties and header, and on the title page of a text without one; if empty, the
            text's own: a heading of level 1 that comes first and is the only one.
        subtitle: Line below the title, on the title page.
        author: Author in the properties and on the title page.
        date: Date on the title page, as it should read.
        day: Date of the properties; the beginning of 2000 if None, so that the bytes stay the same.
        language: BCP 47 tag for spelling, hyphenation and the words that the renderer itself writes.
        template: Template to use instead of the default.
        image_folder: Folder below which images are read. None: images become their alternative text.
        title_page: Whether the title has a page of its own. None: as for `contents`.
        contents: Whether a table of contents precedes the text. None: if the text has four headings or more.
        count_pages: Tells the page of each bookmark of a document, for the table of contents, as
            `pagination.libreoffice_pages` does. None: it has no pages before it is updated in Word.
    """

    title: str = ""
    subtitle: str = ""
    author: str = ""
    date: str = ""
    day: datetime.date | None = None
    language: str = "en-US"
    template: Template | None = None
    image_folder: Path | None = None
    title_page: bool | None = None
    contents: bool | None = None
    count_pages: Callable[[bytes, Sequence[str]], Mapping[str, int]] | None = None


@dataclass(frozen=True, slots=True)
class RenderedDocx:
    """A rendered document.

    Args:
        data: The DOCX file; the same text and options give the same bytes.
        losses: What the file does not carry, in the order of the text.
    """

    data: bytes
    losses: tuple[Loss, ...] = ()
