"""A DOCX package with the same bytes for the same document: a zip file otherwise tells when it was made."""

from __future__ import annotations

import io
import zipfile

from docx.document import Document as DocxDocument

_TIME = (1980, 1, 1, 0, 0, 0)
_UNIX = 3


def packed(document: DocxDocument) -> bytes:
    """The document as a file."""
    saved, buffer = io.BytesIO(), io.BytesIO()
    document.save(saved)
    with (
        zipfile.ZipFile(saved) as source,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for member in source.infolist():
            entry = zipfile.ZipInfo(member.filename, _TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = _UNIX
            entry.external_attr = 0o600 << 16
            target.writestr(entry, source.read(member))
    return buffer.getvalue()
