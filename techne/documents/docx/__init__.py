"""DOCX from Markdown, in a company's template: `python -m techne.documents.docx in.md out.docx`.

`render_docx` is the way in; `read_template` checks a company's file; docs/TEMPLATES.md says how to make one.
"""

from techne.documents.docx.document import render_docx
from techne.documents.docx.losses import Loss, LossKind
from techne.documents.docx.options import DocxOptions, RenderedDocx
from techne.documents.docx.templates.template import Template, read_template
from techne.documents.docx.validation import docx_headings, validate_docx

__all__ = [
    "DocxOptions",
    "Loss",
    "LossKind",
    "RenderedDocx",
    "Template",
    "docx_headings",
    "read_template",
    "render_docx",
    "validate_docx",
]
