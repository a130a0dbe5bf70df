"""Complex fields with the result that they have before anybody updates them (ECMA-376 part 1, 17.16)."""

from __future__ import annotations

from docx.oxml.xmlchemy import BaseOxmlElement

from techne.documents.docx.elements import child, text_child


def add_field(parent: BaseOxmlElement, instruction: str, result: str, *, style_id: str = "") -> None:
    """Append a field to a paragraph or hyperlink.

    Args:
        parent: Where it goes.
        instruction: Such as `PAGE` or `SEQ Figure`.
        result: What is shown until the field is updated.
        style_id: Of the character style of every run of it.
    """
    begin_field(parent, instruction, style_id=style_id)
    text_child(_run(parent, style_id), "t", result)
    end_field(parent, style_id=style_id)


def begin_field(parent: BaseOxmlElement, instruction: str, *, style_id: str = "") -> None:
    """Append what stands before a field's result."""
    child(_run(parent, style_id), "fldChar", fldCharType="begin")
    text_child(_run(parent, style_id), "instrText", f" {instruction} ")
    child(_run(parent, style_id), "fldChar", fldCharType="separate")


def end_field(parent: BaseOxmlElement, *, style_id: str = "") -> None:
    """Append what stands after a field's result."""
    child(_run(parent, style_id), "fldChar", fldCharType="end")


def _run(parent: BaseOxmlElement, style_id: str) -> BaseOxmlElement:
    run = child(parent, "r")
    if style_id:
        child(child(run, "rPr"), "rStyle", val=style_id)
    return run
