"""The styles that rendered documents use, by the names that Word shows: what a company template may restyle.

Names are Word's own where it has one, and pandoc's for code and the title page, so that a reference document
made for pandoc works here. What a template lacks is added (`templates/styles.py`).
"""

from __future__ import annotations

from typing import Final

BODY: Final = "Normal"
TITLE: Final = "Title"
SUBTITLE: Final = "Subtitle"
AUTHOR: Final = "Author"
DATE: Final = "Date"
HEADINGS: Final = tuple(f"heading {level}" for level in range(1, 7))
CONTENTS_HEADING: Final = "TOC Heading"
CONTENTS: Final = tuple(f"toc {level}" for level in range(1, 4))
LIST: Final = "List Paragraph"
QUOTE: Final = "Quote"
CODE_BLOCK: Final = "Source Code"
RULE: Final = "Horizontal Rule"
FIGURE: Final = "Figure"
CAPTION: Final = "caption"
FOOTNOTE_TEXT: Final = "footnote text"
HEADER: Final = "header"
FOOTER: Final = "footer"

CALLOUTS: Final = {
    kind: f"Callout {kind.title()}" for kind in ("note", "tip", "important", "warning", "caution")
}
"""Text of a callout, by its kind."""
CALLOUT_TITLES: Final = {kind: f"{name} Title" for kind, name in CALLOUTS.items()}
"""First line of a callout, by its kind."""

TABLE: Final = "Techne Table"
TABLE_TEXT: Final = "Table Text"
TABLE_HEADING: Final = "Table Heading"
DENSE_TABLE_TEXT: Final = "Dense Table Text"
DENSE_TABLE_HEADING: Final = "Dense Table Heading"

CODE: Final = "Verbatim Char"
LINK: Final = "Hyperlink"
FOOTNOTE_REFERENCE: Final = "footnote reference"
STRONG: Final = "Strong"
EMPHASIS: Final = "Emphasis"

CODE_TOKENS: Final = {
    kind: f"Code {kind.title()}"
    for kind in ("keyword", "function", "string", "number", "comment", "variable")
}
"""Runs of highlighted code, by what they are."""

PARAGRAPH_STYLES: Final = (
    BODY, TITLE, SUBTITLE, AUTHOR, DATE, *HEADINGS, CONTENTS_HEADING, *CONTENTS, LIST, QUOTE, CODE_BLOCK,
    RULE, FIGURE, CAPTION, FOOTNOTE_TEXT, HEADER, FOOTER, *CALLOUTS.values(), *CALLOUT_TITLES.values(),
    TABLE_TEXT, TABLE_HEADING, DENSE_TABLE_TEXT, DENSE_TABLE_HEADING,
)  # fmt: skip
CHARACTER_STYLES: Final = (CODE, LINK, FOOTNOTE_REFERENCE, STRONG, EMPHASIS, *CODE_TOKENS.values())
TABLE_STYLES: Final = (TABLE,)
