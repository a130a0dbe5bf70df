"""Lists: items of one block or many, nested and mixed, numbered as they were written, or to be ticked."""

from __future__ import annotations

from dataclasses import replace

from docx.oxml.xmlchemy import BaseOxmlElement
from markdown_it.tree import SyntaxTreeNode

from techne.documents.docx import style_names
from techne.documents.docx.elements import child, element, name, text_child
from techne.documents.docx.headings import add_heading
from techne.documents.docx.losses import LossKind
from techne.documents.docx.numbering import INDENT_TWIPS, LEVELS, ListItem
from techne.documents.docx.paragraphs import add_paragraph, add_text
from techne.documents.docx.parsing import line_of
from techne.documents.docx.rendering import Place, Rendering

_CONTEXTUAL = f"{name('w:pPr')}/{name('w:contextualSpacing')}"
_VALUE = name("w:val")
_BOX_FONT = "MS Gothic"
_TICKED, _EMPTY = ("2612", "☒"), ("2610", "☐")


def write_list(rendering: Rendering, node: SyntaxTreeNode, place: Place) -> None:
    """A list of either kind."""
    level = min(place.list_level, LEVELS - 1)
    if place.list_level == LEVELS:
        rendering.losses.add(
            LossKind.NESTING,
            f"Word has {LEVELS} levels of lists: deeper ones stay at the last",
            line_of(node),
        )
    if node.type == "ordered_list":
        start = node.attrGet("start")
        instance = rendering.numbering.numbers(
            level=level, start=1 if start is None else int(start), mark=node.markup or "."
        )
    else:
        instance = rendering.numbering.bullets()
    inside = replace(
        place,
        indent=place.indent + INDENT_TWIPS,
        list_level=place.list_level + 1,
        tight=_is_tight(node),
        style=_style(place),
    )
    for item in node.children:
        _write_item(rendering, item, inside, ListItem(instance, level), bulleted=node.type == "bullet_list")
    if place.list_level == 0:
        _set_apart(place.parent)


def _set_apart(parent: BaseOxmlElement) -> None:
    """Keep the space after a list: what follows may have the style that leaves it out between items."""
    last = parent[-1].find(_CONTEXTUAL) if len(parent) else None
    if last is not None:
        last.set(_VALUE, "0")


def _style(place: Place) -> str:
    """Items look like the text around them where that is quoted, in a callout or a note."""
    return style_names.LIST if place.style == style_names.BODY else place.style


def _is_tight(node: SyntaxTreeNode) -> bool:
    """Whether no item has its blocks apart (CommonMark 0.31, 5.3)."""
    paragraphs = [block for item in node.children for block in item.children if block.type == "paragraph"]
    return all(paragraph.hidden for paragraph in paragraphs)


def _write_item(
    rendering: Rendering, item: SyntaxTreeNode, place: Place, mark: ListItem, *, bulleted: bool
) -> None:
    ticked = item.meta.get("checked") if item.meta else None
    if ticked is not None and bulleted:
        mark = replace(mark, instance=rendering.numbering.boxes())
    blocks = list(item.children)
    first = blocks[0] if blocks else None
    if first is not None and first.type == "paragraph":
        paragraph = add_text(rendering, blocks.pop(0), place, place.style, item=mark)
        if ticked is not None:
            _add_box(paragraph, ticked=ticked, follows_number=not bulleted)
    elif first is not None and first.type == "heading":
        add_heading(rendering, blocks.pop(0), place, item=mark)
    else:
        add_paragraph(rendering, place, place.style, item=mark, keep_with_next=bool(blocks))
    rendering.write(blocks, place)


def _add_box(paragraph: BaseOxmlElement, *, ticked: bool, follows_number: bool) -> None:
    """Begin a paragraph with a box that can be ticked in Word ([MS-DOCX] 2.6.1, w14:checkbox)."""
    shown = _TICKED if ticked else _EMPTY
    control = element("sdt")
    box = child(child(control, "sdtPr"), "w14:checkbox")
    child(box, "w14:checked", w14__val=int(ticked))
    child(box, "w14:checkedState", w14__val=_TICKED[0], w14__font=_BOX_FONT)
    child(box, "w14:uncheckedState", w14__val=_EMPTY[0], w14__font=_BOX_FONT)
    run = child(child(control, "sdtContent"), "r")
    fonts = {"ascii": _BOX_FONT, "hAnsi": _BOX_FONT, "eastAsia": _BOX_FONT}
    child(child(run, "rPr"), "rFonts", hint="eastAsia", **fonts)
    text_child(run, "t", shown[1])
    gap = element("r")
    if follows_number:
        text_child(gap, "t", " ")
    else:
        child(gap, "tab")
    paragraph.insert(1, control)
    paragraph.insert(2, gap)
