"""An experiment's summary for readers: a page, and the same in short as Markdown.

`techne.annotation.summary` is all that it knows; nothing is computed here that a summary does not say.
"""

from techne.annotation.report.markdown import render_markdown
from techne.annotation.report.page import render_report

__all__ = ["render_markdown", "render_report"]
