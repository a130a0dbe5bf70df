"""Reading a DOCX back, to know that it is one and holds what it should."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

from docx import Document

from techne.documents.docx.elements import name
from techne.documents.docx.style_names import HEADINGS, TITLE
from techne.documents.docx.templates.styles import style_ids
from techne.errors import OutputError


def docx_headings(data: bytes) -> list[str]:
    """The title and headings of a document's body, in order.

    Raises:
        OutputError: The bytes are not a DOCX file.
    """
    try:
        document = Document(io.BytesIO(data))
        ids = style_ids(document)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise OutputError(f"The document does not read back as DOCX: {error}.") from error
    wanted = {ids[style] for style in (TITLE, *HEADINGS)}
    return [
        paragraph.text for paragraph in document.element.body.iter(name("w:p")) if paragraph.style in wanted
    ]


def validate_docx(data: bytes, expected_headings: Sequence[str] = ()) -> None:
    """Check that the bytes are a DOCX file with these headings, in this order (S1-13).

    Args:
        data: The file.
        expected_headings: Headings as a reader sees them; others may stand between them.

    Raises:
        OutputError: It is not, or a heading is missing; the message says which.
    """
    found = iter(docx_headings(data))
    for heading in expected_headings:
        if heading not in found:
            raise OutputError(f"The DOCX lacks the heading {heading!r}, or has it elsewhere.")
