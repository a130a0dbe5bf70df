"""Inline Markdown as runs of a paragraph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml.ns import qn
from docx.oxml.parser import OxmlElement
from docx.text.paragraph import Paragraph
from docx.text.run import Run
from markdown_it.tree import SyntaxTreeNode

from techne.documents.escaping import without_controls

_SAFE_SCHEMES = ("http://", "https://", "mailto:")
_LONGEST_URL = 2000
"""Word refuses to open a document whose hyperlink is longer than about this."""


@dataclass(frozen=True, slots=True)
class _Format:
    bold: bool = False
    italic: bool = False
    strike: bool = False
    url: str = ""


class InlineWriter:
    """Writes inline nodes into one paragraph."""

    def __init__(self, paragraph: Paragraph, *, bold: bool = False) -> None:
        self._paragraph = paragraph
        self._start = _Format(bold=bold)

    def write(self, nodes: Sequence[SyntaxTreeNode]) -> None:
        """Write the nodes at the end of the paragraph."""
        self._write(nodes, self._start)

    def write_text(self, text: str) -> None:
        """Write plain text at the end of the paragraph."""
        self._run(text, self._start)

    def _write(self, nodes: Sequence[SyntaxTreeNode], style: _Format) -> None:
        for node in nodes:
            self._write_one(node, style)

    def _write_one(self, node: SyntaxTreeNode, style: _Format) -> None:
        match node.type:
            case "inline":
                self._write(node.children, style)
            case "strong":
                self._write(node.children, replace(style, bold=True))
            case "em":
                self._write(node.children, replace(style, italic=True))
            case "s":
                self._write(node.children, replace(style, strike=True))
            case "link":
                url = str(node.attrGet("href") or "")
                safe = url.lower().startswith(_SAFE_SCHEMES) and len(url) <= _LONGEST_URL
                self._write(node.children, replace(style, url=without_controls(url) if safe else style.url))
            case "image":
                self._write(node.children, replace(style, italic=True))
            case "code_inline":
                run = self._run(node.content, style)
                if run is not None:
                    run.style = "Code"
            case "softbreak":
                self._run(" ", style)
            case "hardbreak":
                run = self._run("", style, keep_empty=True)
                if run is not None:
                    run.add_break()
            case _:
                self._run(node.content, style)

    def _run(self, text: str, style: _Format, *, keep_empty: bool = False) -> Run | None:
        text = without_controls(text)
        if not text and not keep_empty:
            return None
        run = self._paragraph.add_run(text)
        run.bold = style.bold or None
        run.italic = style.italic or None
        run.font.strike = style.strike or None
        if style.url:
            self._link(run, style.url)
        return run

    def _link(self, run: Run, url: str) -> None:
        """Move the run, which is the paragraph's last, into a hyperlink."""
        element = run._r
        previous = element.getprevious()
        relation = self._paragraph.part.relate_to(url, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
        run.style = "Hyperlink"
        if (
            previous is not None
            and previous.tag == qn("w:hyperlink")
            and previous.get(qn("r:id")) == relation
        ):
            previous.append(element)
            return
        hyperlink = OxmlElement("w:hyperlink")
        hyperlink.set(qn("r:id"), relation)
        hyperlink.set(qn("w:history"), "1")
        element.addprevious(hyperlink)
        hyperlink.append(element)
