"""What the writers of one document share, and where a block stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from docx.opc.part import Part
from docx.oxml.xmlchemy import BaseOxmlElement
from markdown_it.tree import SyntaxTreeNode

from techne.documents.docx.footnotes import Footnotes
from techne.documents.docx.frames import Frame
from techne.documents.docx.images import Images
from techne.documents.docx.links import Anchors, Relations
from techne.documents.docx.losses import Losses
from techne.documents.docx.numbering import Numbering
from techne.documents.docx.wording import Wording


@dataclass(frozen=True, slots=True)
class Place:
    """Where a block stands.

    Args:
        parent: Element that the block is appended to: a body, cell or footnote.
        part: Part that the parent belongs to, which keeps the targets of links and images.
        width: Room from margin to margin, in twips.
        indent: How far in, in twips.
        style: Style of the paragraphs here.
        list_level: Lists around it.
        tight: Whether the paragraphs of the list around it follow without space.
        in_footnote: Whether a footnote is around it, since those hold no others.
    """

    parent: BaseOxmlElement
    part: Part
    width: int
    style: str
    indent: int = 0
    list_level: int = 0
    tight: bool = False
    in_footnote: bool = False


BlockWriter: TypeAlias = Callable[["Rendering", SyntaxTreeNode, Place], None]


@dataclass(slots=True)
class Rendering:
    """One document while it is written.

    Args:
        writers: How to write a block, by the type of its node.
        styles: Ids of the styles, by name.
        frames: What the callouts' styles have around their text, by their names.
        wording: The words that the renderer itself writes.
        losses: What could not be carried.
        anchors: Bookmarks of the headings.
        relations: Targets of links.
        numbering: Definitions and instances of lists.
        images: Pictures.
        footnotes: Notes and the references to them.
        page_width: Room from margin to margin, in twips.
        page_height: Room from margin to margin, in twips.
        heading_shift: What is taken off a heading's level, where the title took the first.
        figures: Captions so far.
    """

    writers: Mapping[str, BlockWriter]
    styles: Mapping[str, str]
    frames: Mapping[str, Frame]
    wording: Wording
    losses: Losses
    anchors: Anchors
    relations: Relations
    numbering: Numbering
    images: Images
    footnotes: Footnotes
    page_width: int
    page_height: int
    heading_shift: int = 0
    figures: int = 0

    def write(self, nodes: Iterable[SyntaxTreeNode], place: Place) -> None:
        """Write blocks, one after the other."""
        for node in nodes:
            self.writers[node.type](self, node, place)
