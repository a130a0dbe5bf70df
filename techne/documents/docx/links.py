"""Links: which addresses may be one, what headings are called, and where the targets are kept."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.part import Part
from markdown_it.tree import SyntaxTreeNode

from techne.documents.docx.texts import text_of

_SCHEMES = ("http", "https", "mailto")
_LONGEST_URL = 2000
"""Word refuses to open a document whose hyperlink is longer than about this."""

_HOST = re.compile(r"(?:[^\W_](?:[\w-]*[^\W_])?\.)*[^\W_](?:[\w-]*[^\W_])?\.?|\[[0-9a-fA-F:.]+\]")
_ADDRESS = re.compile(r"mailto:[^\s@?]+@[^\s@?]+(?:\?\S*)?", re.IGNORECASE)
_NOT_IN_SLUG = re.compile(r"[^\w\- ]")


def is_web_address(url: str) -> bool:
    """Whether a URL may leave the document: http, https or mailto, and one that every reader can parse.

    Word takes a package with a target that System.Uri can't parse for broken, so that hosts are checked here.
    """
    if len(url) > _LONGEST_URL:
        return False
    try:
        parts = urlsplit(url)
        port_is_fine = parts.port is None or parts.port >= 0
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme.lower() not in _SCHEMES:
        return False
    if parts.scheme.lower() == "mailto":
        return bool(_ADDRESS.fullmatch(url))
    if not parts.netloc.isascii():
        return False
    return port_is_fine and bool(_HOST.fullmatch(f"[{host}]" if ":" in host else host))


@dataclass(slots=True)
class Anchors:
    """Headings by the fragment that links to them carry, as GitHub makes it, and their bookmarks.

    Args:
        first_id: Of the bookmarks: above any that the template has.
        taken: Names of the template's bookmarks.
    """

    first_id: int = 1
    taken: frozenset[str] = frozenset()
    _by_fragment: dict[str, str] = field(default_factory=dict)
    _by_node: dict[int, str] = field(default_factory=dict)
    _repeated: dict[str, int] = field(default_factory=dict)
    _named: int = 0
    _made: int = 0

    def add(self, heading: SyntaxTreeNode) -> None:
        """Give a heading its bookmark; headings of the same text are told apart by number."""
        self._named += 1
        while (bookmark := f"_Toc{self._named:08d}") in self.taken:
            self._named += 1
        self._by_node[id(heading)] = bookmark
        slug = _NOT_IN_SLUG.sub("", text_of(heading).strip().lower()).replace(" ", "-")
        candidate = slug
        while candidate in self._by_fragment:
            self._repeated[slug] = self._repeated.get(slug, 0) + 1
            candidate = f"{slug}-{self._repeated[slug]}"
        self._by_fragment[candidate] = bookmark

    def bookmark_of(self, heading: SyntaxTreeNode) -> str | None:
        """The bookmark of a heading; None for one in a footnote."""
        return self._by_node.get(id(heading))

    def bookmark(self, fragment: str) -> str | None:
        """The bookmark that a link's fragment leads to, if there is one."""
        return self._by_fragment.get(unquote(fragment).lower())

    def next_id(self) -> int:
        """An id for the next bookmark of the document."""
        self._made += 1
        return self.first_id + self._made - 1


@dataclass(slots=True)
class Relations:
    """Relationships to addresses, one for each address and part.

    python-docx looks through all relationships for each; a long document has thousands.
    """

    _known: dict[tuple[Part, str], str] = field(default_factory=dict)
    _numbers: dict[Part, int] = field(default_factory=dict)

    def to_address(self, part: Part, url: str) -> str:
        """The id of the relationship of a part to an address outside."""
        known = self._known.get((part, url))
        if known is None:
            known = self._next(part, url)
            part.rels.add_relationship(RELATIONSHIP_TYPE.HYPERLINK, url, known, is_external=True)
        return known

    def to_image(self, part: Part, image: Part) -> str:
        """The id of the relationship of a part to a picture."""
        known = self._known.get((part, image.partname))
        if known is None:
            known = self._next(part, image.partname)
            part.rels.add_relationship(RELATIONSHIP_TYPE.IMAGE, image, known)
        return known

    def _next(self, part: Part, target: str) -> str:
        number = self._numbers.get(part, 0) + 1
        while (name := f"rIdText{number}") in part.rels:
            number += 1
        self._numbers[part] = number
        self._known[part, target] = name
        return name
