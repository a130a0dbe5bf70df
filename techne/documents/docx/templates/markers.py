"""Paired markers of WordprocessingML, such as the ends of a bookmark: none is left without the other.

ECMA-376 part 1, sections 17.13.4 to 17.13.7.
"""

from __future__ import annotations

from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement

_STARTS = {
    qn(f"w:{start}"): qn(f"w:{end}")
    for start, end in (
        ("bookmarkStart", "bookmarkEnd"),
        ("commentRangeStart", "commentRangeEnd"),
        ("permStart", "permEnd"),
        ("moveFromRangeStart", "moveFromRangeEnd"),
        ("moveToRangeStart", "moveToRangeEnd"),
    )
}
_PARTNERS = _STARTS | {end: start for start, end in _STARTS.items()}
_ID = qn("w:id")


def remove_with_markers(removed: BaseOxmlElement) -> None:
    """Remove an element, and markers elsewhere whose partner was in it."""
    root = removed.getroottree().getroot()
    lost = {(_PARTNERS[marker.tag], marker.get(_ID)) for marker in removed.iter(*_PARTNERS)}
    removed.getparent().remove(removed)
    if not lost:
        return
    for marker in list(root.iter(*_PARTNERS)):
        if (marker.tag, marker.get(_ID)) in lost:
            marker.getparent().remove(marker)
