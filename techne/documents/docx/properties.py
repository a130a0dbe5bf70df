"""What a document says of itself: title, author, date and language."""

from __future__ import annotations

from datetime import UTC, date, datetime

from docx.document import Document as DocxDocument
from docx.enum.style import WD_STYLE_TYPE

from techne.documents.docx.elements import child, name
from techne.documents.docx.texts import one_line

_LONGEST = 255
"""Characters that a core property may have, as python-docx and Word have it."""
_NO_DAY = date(2000, 1, 1)
"""For documents that are not told theirs: the same text must give the same bytes."""


def set_properties(
    document: DocxDocument, *, title: str, author: str, day: date | None, language: str
) -> None:
    """Set the core properties (ECMA-376 part 2, 8.3).

    Args:
        document: The document.
        title: Its title.
        author: Its author.
        day: When it was made; None for a fixed day.
        language: BCP 47 tag.
    """
    properties = document.core_properties
    properties.title = one_line(title, _LONGEST)
    properties.author = properties.last_modified_by = one_line(author, _LONGEST)
    properties.language = one_line(language, _LONGEST)
    properties.comments = ""
    properties.revision = 1
    properties.created = properties.modified = _midnight(day or _NO_DAY)


def set_language(document: DocxDocument, language: str) -> None:
    """Make a language that of the text, for spelling, hyphenation and whoever hears it read."""
    styles = document.styles.element
    normal = document.styles.default(WD_STYLE_TYPE.PARAGRAPH)
    own = None if normal is None else normal.element.get_or_add_rPr()
    defaults = styles.find(f"{name('w:docDefaults')}/{name('w:rPrDefault')}/{name('w:rPr')}")
    whole = own if defaults is None else defaults
    if whole is not None and whole.find(name("w:lang")) is None:
        child(whole, "lang")
    for place in (defaults, own):
        for found in () if place is None else place.iter(name("w:lang")):
            found.set(name("w:val"), language)
    for theme in document.settings.element.iter(name("w:themeFontLang")):
        theme.set(name("w:val"), language)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
