"""Footnotes: the part that holds them, the notes, and every reference to one (ECMA-376 part 1, 17.11)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from docx.document import Document as DocxDocument
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import PartFactory, XmlPart
from docx.oxml.xmlchemy import BaseOxmlElement
from markdown_it.tree import SyntaxTreeNode

from techne.documents.docx import style_names
from techne.documents.docx.elements import child, element, name, parsed, text_child
from techne.documents.docx.fields import add_field
from techne.documents.docx.losses import Losses, LossKind
from techne.documents.docx.parsing import line_of

if TYPE_CHECKING:
    from techne.documents.docx.rendering import Place, Rendering

# python-docx knows no footnotes and would keep a template's as bytes.
PartFactory.part_type_for[CONTENT_TYPE.WML_FOOTNOTES] = XmlPart

_EMPTY = """<w:footnotes {}>
<w:footnote w:type="separator" w:id="-1">
<w:p><w:r><w:separator/></w:r></w:p></w:footnote>
<w:footnote w:type="continuationSeparator" w:id="0">
<w:p><w:r><w:continuationSeparator/></w:r></w:p></w:footnote>
</w:footnotes>"""
_SETTINGS_AFTER = (
    *("w:endnotePr", "w:compat", "w:docVars", "w:rsids", "m:mathPr", "w:attachedSchema", "w:themeFontLang"),
    *("w:clrSchemeMapping", "w:doNotIncludeSubdocsInStats", "w:doNotAutoCompressPictures", "w:forceUpgrade"),
    *("w:captions", "w:readModeInkLockDown", "w:smartTagType", "sl:schemaLibrary", "w:shapeDefaults"),
    *("w:doNotEmbedSmartTags", "w:decimalSymbol", "w:listSeparator"),
)
"""What the schema wants after `w:footnotePr` (CT_Settings, 17.15.1.78)."""


class Footnotes:
    """The footnotes of one document.

    Args:
        document: The document.
        notes: The notes' nodes, by the id that references carry.
        width: Room from margin to margin, in twips.
    """

    def __init__(self, document: DocxDocument, notes: Mapping[int, SyntaxTreeNode], width: int) -> None:
        self._document = document
        self._notes = notes
        self._width = width
        self._part: XmlPart | None = None
        self._next_id = 1
        self._numbers: dict[int, int] = {}
        self._first_references: dict[int, BaseOxmlElement] = {}
        self._bookmarks: dict[int, str] = {}

    def refer(
        self, rendering: Rendering, node: SyntaxTreeNode, parent: BaseOxmlElement, place: Place
    ) -> None:
        """Append a reference; with the first one to a note, the note itself is written.

        Later ones are cross-references to the first, as Word has a note referred to but once. A note can't
        hold a reference to another: there it is text, and noted.
        """
        note, label = int(node.meta["id"]), str(node.meta["label"])
        if place.in_footnote:
            text_child(child(parent, "r"), "t", f"[{label}]")
            rendering.losses.add(
                LossKind.FOOTNOTE,
                f"a footnote can't refer to another: the reference to {label!r} is text",
                line_of(node),
            )
        elif note in self._numbers:
            self._refer_again(rendering, note, parent)
        else:
            self._numbers[note] = len(self._numbers) + 1
            self._first_references[note] = self._add(rendering, note, parent)

    def note_unwritten(self, losses: Losses) -> None:
        """Note the footnotes that were referred to only where no reference can stand."""
        for note, node in self._notes.items():
            if note not in self._numbers:
                label = str(node.meta["label"])
                losses.add(
                    LossKind.FOOTNOTE,
                    f"the footnote {label!r} is left out: it is referred to only within a footnote "
                    "or an image's alternative text",
                    line_of(node.children[0]) if node.children else None,
                )

    def _add(self, rendering: Rendering, note: int, parent: BaseOxmlElement) -> BaseOxmlElement:
        part = self._part = self._part or self._footnotes_part()
        number = self._next_id
        self._next_id += 1
        reference = self._marked_run(rendering, parent)
        child(reference, "footnoteReference", id=number)
        footnote = child(part.element, "footnote", id=number)
        self._write(rendering, self._notes[note], footnote, part)
        return reference

    def _write(
        self, rendering: Rendering, node: SyntaxTreeNode, footnote: BaseOxmlElement, part: XmlPart
    ) -> None:
        from techne.documents.docx.rendering import Place

        place = Place(footnote, part, self._width, style_names.FOOTNOTE_TEXT, in_footnote=True)
        rendering.write(node.children, place)
        first = footnote[0] if len(footnote) else None
        if first is None or not node.children or node.children[0].type != "paragraph":
            first = element("p")
            child(child(first, "pPr"), "pStyle", val=rendering.styles[style_names.FOOTNOTE_TEXT])
            footnote.insert(0, first)
        mark = element("p")  # the runs are made apart, then moved before the paragraph's own
        child(self._marked_run(rendering, mark), "footnoteRef")
        text_child(child(mark, "r"), "t", " ")
        for run in reversed(list(mark)):
            first.insert(1, run)

    def _refer_again(self, rendering: Rendering, note: int, parent: BaseOxmlElement) -> None:
        if note not in self._bookmarks:
            first = self._first_references[note]
            bookmark = self._bookmarks[note] = f"_Ref{self._numbers[note]:08d}"
            number = rendering.anchors.next_id()
            first.addprevious(element("bookmarkStart", id=number, name=bookmark))
            first.addnext(element("bookmarkEnd", id=number))
        add_field(
            parent,
            f"NOTEREF {self._bookmarks[note]} \\f \\h",
            str(self._numbers[note]),
            style_id=rendering.styles[style_names.FOOTNOTE_REFERENCE],
        )

    @staticmethod
    def _marked_run(rendering: Rendering, parent: BaseOxmlElement) -> BaseOxmlElement:
        run = child(parent, "r")
        child(child(run, "rPr"), "rStyle", val=rendering.styles[style_names.FOOTNOTE_REFERENCE])
        return run

    def _footnotes_part(self) -> XmlPart:
        """The template's part, or a new one with the lines that separate notes from text."""
        for relation in self._document.part.rels.values():
            if relation.reltype == RELATIONSHIP_TYPE.FOOTNOTES and isinstance(relation.target_part, XmlPart):
                part = relation.target_part
                ids = (int(str(node.get(name("w:id")))) for node in part.element.iter(name("w:footnote")))
                self._next_id = max(0, max(ids, default=0)) + 1
                return part
        part = XmlPart(
            PackURI("/word/footnotes.xml"),
            CONTENT_TYPE.WML_FOOTNOTES,
            parsed(_EMPTY),
            self._document.part.package,
        )
        self._document.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)
        separators = element("footnotePr")
        child(separators, "footnote", id=-1)
        child(separators, "footnote", id=0)
        settings = self._document.settings.element
        if settings.find(name("w:footnotePr")) is None:
            settings.insert_element_before(separators, *_SETTINGS_AFTER)
        return part
