"""DOCX from Markdown, through python-docx: `python -m techne.documents.docx in.md out.docx`."""

from techne.documents.docx.document import render_docx
from techne.documents.docx.validation import docx_headings, validate_docx

__all__ = ["docx_headings", "render_docx", "validate_docx"]
