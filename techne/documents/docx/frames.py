"""The bar and fill that a callout's style has, for what stands in a callout but has a style of its own."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass

from docx.document import Document as DocxDocument
from docx.oxml.xmlchemy import BaseOxmlElement

from techne.documents.docx import style_names
from techne.documents.docx.elements import child, name

_BORDERS, _BETWEEN = name("w:pBdr"), name("w:between")


@dataclass(frozen=True, slots=True)
class Frame:
    """What is around the text of a style.

    Args:
        around: Its `w:pBdr` and `w:shd`, in this order, as far as it has them.
        right: Its indent from the right margin, in twips; empty if it says none.
    """

    around: tuple[BaseOxmlElement, ...]
    right: str = ""

    def copied(self) -> list[BaseOxmlElement]:
        """The elements, for another paragraph; no line is drawn between it and its neighbours."""
        copies = [deepcopy(part) for part in self.around]
        for border in copies:
            if border.tag == _BORDERS and border.find(_BETWEEN) is None:
                child(border, "between", val="nil")
        return copies


def frames_of(document: DocxDocument, styles: Mapping[str, str]) -> dict[str, Frame]:
    """The frames of the callouts' styles, by the styles' names.

    Args:
        document: The document, with every style.
        styles: The ids of the styles, by name.
    """
    names = {styles[style]: style for style in style_names.CALLOUTS.values()}
    return {
        names[style.get(name("w:styleId"))]: _frame(style.find(name("w:pPr")))
        for style in document.styles.element.iter(name("w:style"))
        if style.get(name("w:styleId")) in names
    }


def _frame(properties: BaseOxmlElement | None) -> Frame:
    if properties is None:
        return Frame(())
    around = [properties.find(name(tag)) for tag in ("w:pBdr", "w:shd")]
    indent = properties.find(name("w:ind"))
    return Frame(
        tuple(part for part in around if part is not None),
        "" if indent is None else str(indent.get(name("w:right")) or ""),
    )
