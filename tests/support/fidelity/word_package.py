"""The parts of a DOCX file, by what they are to the document (Open Packaging Conventions, ECMA-376 part 2).

It says what is in the file and what its relationships lead to; what the markup means is `word_styles`,
`word_numbering` and `word`.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from lxml import etree

NAMESPACES: Final = {
    "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "r": "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
    "wp": "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing",
    "pic": "http://schemas.openxmlformats.org/drawingml/2006/picture",
    "m": "http://schemas.openxmlformats.org/officeDocument/2006/math",
    "v": "urn:schemas-microsoft-com:vml",
    "o": "urn:schemas-microsoft-com:office:office",
    "w14": "http://schemas.microsoft.com/office/word/2010/wordml",
    "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
    "rel": "http://schemas.openxmlformats.org/package/2006/relationships",
}
OFFICE_DOCUMENT: Final = "/officeDocument"


def tag(name: str) -> str:
    """The full name of an element or attribute such as `w:p`."""
    prefix, _, local = name.partition(":")
    return f"{{{NAMESPACES[prefix]}}}{local}"


def value(parent: etree._Element | None, path: str, attribute: str = "w:val") -> str | None:
    """An attribute of the element at a path below another, if both are there."""
    found = None if parent is None else parent.find(path, NAMESPACES)
    return None if found is None else found.get(tag(attribute))


def number(text: str | None, default: int = 0) -> int:
    """A count or a measure in twips; Word takes nonsense as if it weren't there."""
    try:
        return default if text is None else int(text)
    except ValueError:
        return default


@dataclass(frozen=True, slots=True)
class Relationship:
    """What an `r:id` stands for.

    Args:
        kind: Last part of its type, such as `hyperlink`.
        target: An address, or the name of a part.
        external: Whether the target is an address.
    """

    kind: str
    target: str
    external: bool


class Package:
    """A DOCX file.

    Raises:
        zipfile.BadZipFile: It is no zip file.
        ValueError: It has no main document.
    """

    def __init__(self, data: bytes) -> None:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            self._parts = {name: archive.read(name) for name in archive.namelist()}
        roots = [one for one in self.relationships("").values() if f"/{one.kind}" == OFFICE_DOCUMENT]
        if not roots or roots[0].target not in self._parts:
            raise ValueError("The file has no main document part.")
        self.document = roots[0].target

    def __contains__(self, name: object) -> bool:
        return name in self._parts

    def relationships(self, part: str) -> dict[str, Relationship]:
        """Relationships of a part, of the package itself if its name is empty, by their ids."""
        folder, name = posixpath.split(part)
        data = self._parts.get(posixpath.join(folder, "_rels", f"{name}.rels"))
        found: dict[str, Relationship] = {}
        for element in () if data is None else _parsed(data):
            external = element.get("TargetMode") == "External"
            target = element.get("Target", "")
            if not external:
                target = posixpath.normpath(posixpath.join(folder, target)).lstrip("/")
            kind = element.get("Type", "").rpartition("/")[2]
            found[element.get("Id", "")] = Relationship(kind, target, external)
        return found

    def xml(self, part: str) -> etree._Element:
        """Root element of a part."""
        return _parsed(self._parts[part])

    def data(self, part: str) -> bytes:
        """Bytes of a part; empty if there is none."""
        return self._parts.get(part, b"")

    def related(self, kind: str) -> str:
        """Name of the part that is, say, `styles` to the main document; empty if there is none."""
        return next(
            (
                one.target
                for one in self.document_relationships.values()
                if one.kind == kind and not one.external
            ),
            "",
        )

    @cached_property
    def document_relationships(self) -> dict[str, Relationship]:
        """Those of the main document."""
        return self.relationships(self.document)


def _parsed(data: bytes) -> etree._Element:
    return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
