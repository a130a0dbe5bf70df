"""The styles of an opened template: which it has, by name, and those that it lacks, which are added."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count
from xml.sax.saxutils import quoteattr

from docx.document import Document
from docx.oxml.ns import nsdecls, qn
from docx.oxml.parser import parse_xml
from docx.oxml.xmlchemy import BaseOxmlElement

from techne.documents.docx.elements import child, element
from techne.documents.docx.style_names import BODY, CHARACTER_STYLES, HEADINGS, PARAGRAPH_STYLES, TABLE_STYLES
from techne.documents.docx.templates.look import look_of
from techne.documents.docx.templates.style_definition import StyleDefinition
from techne.documents.docx.templates.style_definitions import style_definitions
from techne.errors import TemplateError

_KINDS = (("paragraph", PARAGRAPH_STYLES), ("character", CHARACTER_STYLES), ("table", TABLE_STYLES))
_REFERENCES = frozenset(qn(tag) for tag in ("w:basedOn", "w:next", "w:link"))
_AFTER_OUTLINE = ("w:divId", "w:cnfStyle", "w:rPr", "w:sectPr", "w:pPrChange")


def style_ids(document: Document) -> dict[str, str]:
    """The id of each style of `style_names.py` in an opened template, by its name there."""
    styles = _Styles(document)
    return {name: styles.id_of(kind, name) for kind, names in _KINDS for name in names}


def add_missing_styles(document: Document) -> None:
    """Add what the template lacks, in its own fonts and colours, and let its headings have outline levels.

    Raises:
        TemplateError: It has a style of that name that is of another kind.
    """
    styles = _Styles(document)
    definitions = style_definitions(look_of(document, styles.by_name))
    styles.add([one for one in definitions if not styles.has(one.kind, one.name)])
    for level, name in enumerate(HEADINGS):
        _outline(styles.by_name["paragraph", name], level)


class _Styles:
    """The styles of one document, by kind and name.

    Word takes names for the same whatever their case, and a style's other names (`w:aliases`) for it too.
    """

    def __init__(self, document: Document) -> None:
        self._root = document.styles.element
        self._ids: set[str] = set()
        self._kind_of: dict[str, str] = {}
        self._defaults: dict[str, str] = {}
        self.by_name: dict[tuple[str, str], BaseOxmlElement] = {}
        styles = self._root.findall(qn("w:style"))
        self._ids.update(style.get(qn("w:styleId"), "") for style in styles)
        self._drop_dangling(styles)
        for style in styles:
            self._note(style)
        for style in styles:
            for alias in _value(style, "w:aliases").split(","):
                self.by_name.setdefault((_kind(style), alias.strip().lower()), style)

    def has(self, kind: str, name: str) -> bool:
        """Whether there is a style of this kind and name.

        Raises:
            TemplateError: There is one of another kind.
        """
        if (kind, name.lower()) in self.by_name:
            return True
        if name.lower() in self._kind_of:
            raise TemplateError(
                f"The template's style {name!r} is a {self._kind_of[name.lower()]} style.",
                cure=f"Rename it, or make it a {kind} style.",
            )
        return False

    def id_of(self, kind: str, name: str) -> str:
        """The id of a style that is there."""
        return str(self.by_name[kind, name.lower()].get(qn("w:styleId")))

    def add(self, definitions: Iterable[StyleDefinition]) -> None:
        """Add styles after the others; all have their ids before any refers to another."""
        for style, definition in [(self._named(definition), definition) for definition in definitions]:
            content = "".join(self._content(definition))
            style.extend(list(parse_xml(f"<w:style {nsdecls('w')}>{content}</w:style>")))

    def _named(self, definition: StyleDefinition) -> BaseOxmlElement:
        """A new style that has no more than its name."""
        style = child(self._root, "w:style", type=definition.kind)
        if definition.name == BODY and definition.kind not in self._defaults:
            style.set(qn("w:default"), "1")
        if not definition.built_in:
            style.set(qn("w:customStyle"), "1")
        child(style, "w:name", val=definition.name)
        self._note(style)
        return style

    def _content(self, definition: StyleDefinition) -> Iterator[str]:
        """The elements after a definition's name, in the schema's order."""
        kind = definition.kind
        base = self.id_of(kind, definition.based_on) if definition.based_on else self._defaults.get(kind)
        if base is not None and definition.name != BODY:
            yield f"<w:basedOn w:val={quoteattr(base)}/>"
        if definition.following:
            yield f"<w:next w:val={quoteattr(self.id_of(kind, definition.following))}/>"
        yield f'<w:uiPriority w:val="{definition.priority}"/>'
        if definition.quick:
            yield "<w:qFormat/>"
        if definition.paragraph:
            yield f"<w:pPr>{definition.paragraph}</w:pPr>"
        if definition.run:
            yield f"<w:rPr>{definition.run}</w:rPr>"
        yield definition.table

    def _drop_dangling(self, styles: Iterable[BaseOxmlElement]) -> None:
        """Drop what refers to styles that are not there, as pandoc's own reference document does."""
        for style in styles:
            for reference in style.findall("*"):
                if reference.tag in _REFERENCES and reference.get(qn("w:val")) not in self._ids:
                    style.remove(reference)

    def _note(self, style: BaseOxmlElement) -> None:
        """Know a style, and give it an id if it has none."""
        kind, name = _kind(style), _value(style, "w:name")
        if style.get(qn("w:styleId")) is None:
            style.set(qn("w:styleId"), self._free_id(name))
        self.by_name.setdefault((kind, name.lower()), style)
        self._kind_of.setdefault(name.lower(), kind)
        if style.get(qn("w:default")) in ("1", "true", "on"):
            self._defaults.setdefault(kind, style.get(qn("w:styleId")))

    def _free_id(self, name: str) -> str:
        plain = "".join(word[0].upper() + word[1:] for word in name.split()) or "Style"
        numbered = (f"{plain}{number}" for number in count(2))
        free = plain if plain not in self._ids else next(one for one in numbered if one not in self._ids)
        self._ids.add(free)
        return free


def _kind(style: BaseOxmlElement) -> str:
    return str(style.get(qn("w:type"), "paragraph"))


def _value(style: BaseOxmlElement, tag: str) -> str:
    found = style.find(qn(tag))
    return "" if found is None else str(found.get(qn("w:val"), ""))


def _outline(style: BaseOxmlElement, level: int) -> None:
    """Let a heading have its place in the outline, which the table of contents and screen readers go by."""
    properties = style.get_or_add_pPr()
    if properties.find(qn("w:outlineLvl")) is None:
        properties.insert_element_before(element("w:outlineLvl", val=level), *_AFTER_OUTLINE)
