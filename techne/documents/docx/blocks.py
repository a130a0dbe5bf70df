"""Which module writes which block."""

from __future__ import annotations

from collections.abc import Mapping

from techne.documents.docx.code import write_code
from techne.documents.docx.headings import write_heading
from techne.documents.docx.lists import write_list
from techne.documents.docx.paragraphs import write_html, write_paragraph, write_rule
from techne.documents.docx.quotes import write_callout, write_quote
from techne.documents.docx.rendering import BlockWriter
from techne.documents.docx.tables import write_table

WRITERS: Mapping[str, BlockWriter] = {
    "paragraph": write_paragraph,
    "heading": write_heading,
    "bullet_list": write_list,
    "ordered_list": write_list,
    "table": write_table,
    "fence": write_code,
    "code_block": write_code,
    "blockquote": write_quote,
    "alert": write_callout,
    "hr": write_rule,
    "html_block": write_html,
}
"""Writers by the type of a block's node; the parser makes no others."""
