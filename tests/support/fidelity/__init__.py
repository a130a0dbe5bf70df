"""How much of a Markdown text arrived in a DOCX file, whoever made the file.

Written from the CommonMark and GFM specifications and from ECMA-376, not from a renderer: `source` reads
the text with GitHub's own parser, `word` reads the file as Word would show it, and `compare` sets one
against the other.
"""

from tests.support.fidelity.compare import fidelity
from tests.support.fidelity.report import FidelityReport, Kind, Miss, Tally

__all__ = ["FidelityReport", "Kind", "Miss", "Tally", "fidelity"]
