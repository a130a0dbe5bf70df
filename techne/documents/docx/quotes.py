"""Quotes and callouts: blocks set in, with a style of their own."""

from __future__ import annotations

from dataclasses import replace

from markdown_it.tree import SyntaxTreeNode

from techne.documents.docx import style_names
from techne.documents.docx.inlines import PLAIN, add_run
from techne.documents.docx.numbering import INDENT_TWIPS
from techne.documents.docx.paragraphs import add_paragraph
from techne.documents.docx.rendering import Place, Rendering


def write_quote(rendering: Rendering, node: SyntaxTreeNode, place: Place) -> None:
    """A block quote."""
    rendering.write(
        node.children,
        replace(place, indent=place.indent + INDENT_TWIPS, style=style_names.QUOTE, tight=False),
    )


def write_callout(rendering: Rendering, node: SyntaxTreeNode, place: Place) -> None:
    """One of GitHub's alerts: its title in the document's language, then its blocks."""
    kind = str(node.meta["kind"]).lower()
    inside = replace(
        place, indent=place.indent + INDENT_TWIPS // 2, style=style_names.CALLOUTS[kind], tight=False
    )
    title = add_paragraph(rendering, inside, style_names.CALLOUT_TITLES[kind], keep_with_next=True)
    add_run(rendering, title, rendering.wording.callouts[kind], PLAIN, node)
    rendering.write((block for block in node.children if block.type != "alert_title"), inside)
