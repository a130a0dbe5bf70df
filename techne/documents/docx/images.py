"""Pictures: read below one folder, sized to the page, with their alternative text."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from docx.image.exceptions import InvalidImageStreamError, UnexpectedEndOfFileError, UnrecognizedImageError
from docx.image.image import Image
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml.shape import CT_Inline
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.parts.image import ImagePart
from docx.shared import Length, Twips
from markdown_it.tree import SyntaxTreeNode

from techne.documents.docx.elements import element
from techne.documents.docx.links import Relations
from techne.documents.docx.losses import Losses, LossKind
from techne.documents.docx.parsing import line_of
from techne.documents.docx.texts import one_line, text_of

MAX_IMAGE_BYTES = 20_000_000
_SCREEN_DPI = 96
"""Taken for pictures that say nothing, or less: python-docx then tells 72."""
_TALLEST = 0.8
_FIRST_ID = 100_000
"""Of a drawing: above any that a template has."""
_LONGEST_TEXT = 4000
_DISTANCES = ("distT", "distB", "distL", "distR")
_EMU_PER_INCH = 914_400


@dataclass(slots=True)
class Images:
    """The pictures of one document.

    Args:
        folder: Where they are read; None reads none.
        relations: Where the relationships to them are kept.
        losses: Where a picture that can't be had is noted.
        page_height: Room from margin to margin, in twips.
        taken: Names of the parts that the template has.
    """

    folder: Path | None
    relations: Relations
    losses: Losses
    page_height: int
    taken: frozenset[str] = frozenset()
    _by_source: dict[str, tuple[ImagePart, Image] | str] = field(default_factory=dict)
    _by_content: dict[str, ImagePart] = field(default_factory=dict)
    _drawings: int = 0
    _parts: int = 0

    def draw(self, node: SyntaxTreeNode, part: Part, width: int) -> BaseOxmlElement | None:
        """A `w:drawing` of a picture, no wider than the room it has.

        Args:
            node: A Markdown image: where it is read, its alternative text and its title.
            part: The part that the drawing goes to.
            width: The room, in twips.

        Returns:
            The drawing; None if the picture can't be had, which is noted.
        """
        source = str(node.attrGet("src") or "")
        if source not in self._by_source:
            self._by_source[source] = self._read(source)
        found = self._by_source[source]
        if isinstance(found, str):
            shown = one_line(source, 100)
            self.losses.add(
                LossKind.IMAGE, f"the image {shown!r} became its alternative text: {found}", line_of(node)
            )
            return None
        image_part, image = found
        self._drawings += 1
        inline = CT_Inline.new_pic_inline(
            _FIRST_ID + self._drawings,
            self.relations.to_image(part, image_part),
            f"Picture {self._drawings}",
            *self._size(image, width),
        )
        inline.docPr.set("descr", one_line(text_of(node), _LONGEST_TEXT))
        title = one_line(str(node.attrGet("title") or ""), _LONGEST_TEXT)
        if title:
            inline.docPr.set("title", title)
        for side in _DISTANCES:  # python-docx keeps text away, which moves wide pictures over the margin
            inline.set(side, "0")
        drawing = element("drawing")
        drawing.append(inline)
        return drawing

    def _size(self, image: Image, width: int) -> tuple[Length, Length]:
        """Width and height: as large as it was made, unless the page is smaller."""
        natural_width = image.px_width / max(image.horz_dpi, _SCREEN_DPI) * _EMU_PER_INCH
        natural_height = image.px_height / max(image.vert_dpi, _SCREEN_DPI) * _EMU_PER_INCH
        most_height = Twips(int(self.page_height * _TALLEST))
        scale = min(1.0, Twips(max(width, 1)) / natural_width, most_height / natural_height)
        return Length(max(int(natural_width * scale), 1)), Length(max(int(natural_height * scale), 1))

    def _read(self, source: str) -> tuple[ImagePart, Image] | str:
        """The picture, or why it can't be had."""
        if self.folder is None:
            return "no folder of images was given"
        try:
            parts = urlsplit(source)
            if parts.scheme or parts.netloc:
                return "only images beside the text are read"
            folder = self.folder.resolve()
            path = (folder / unquote(parts.path)).resolve()
            if not path.is_relative_to(folder):
                return "it lies outside of the folder of images"
            if path.stat().st_size > MAX_IMAGE_BYTES:
                return f"it has more than {MAX_IMAGE_BYTES // 1_000_000} MB"
            data = path.read_bytes()
        except (OSError, ValueError) as error:
            return getattr(error, "strerror", None) or "it has no path that could be read"
        try:
            image = Image.from_blob(data)
            if min(image.px_width, image.px_height, image.horz_dpi, image.vert_dpi) < 1:
                return "it is empty"
        except UnrecognizedImageError:
            return "only PNG, JPEG, GIF, BMP and TIFF can be held"
        except (InvalidImageStreamError, UnexpectedEndOfFileError, struct.error, ValueError, KeyError):
            return "the file is broken"
        return self._part(data, image), image

    def _part(self, data: bytes, image: Image) -> ImagePart:
        """The part of the package that holds a picture, one for the same bytes."""
        digest = hashlib.sha256(data).hexdigest()
        if digest not in self._by_content:
            self._parts += 1
            while (name := f"/word/media/markdown{self._parts}.{image.ext}") in self.taken:
                self._parts += 1
            self._by_content[digest] = ImagePart(PackURI(name), image.content_type, data, image)
        return self._by_content[digest]
