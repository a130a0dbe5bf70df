"""A document twice as long takes twice the work, whatever it consists of (S1-54).

Work is counted, not timed: lines of Python that are run, so that a starved machine counts the same.
"""

from __future__ import annotations

import struct
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from techne.documents.docx import DocxOptions, render_docx

_BLOCKS = 40
_AT_MOST = 2.1
"""As much of the work twice the blocks may take; what each document takes once makes it less than 2."""

_KINDS: dict[str, Callable[[int], str]] = {
    "paragraphs": lambda number: f"Some *text* with `code` {number}.\n",
    "lines of a paragraph": lambda number: f"Some **text** {number}",
    "headings": lambda number: f"## Heading {number}\n",
    "headings of the same text": lambda number: "## Example\n",
    "links to headings": lambda number: f"## Heading {number}\n\n[above](#heading-{number})\n",
    "links to different addresses": lambda number: f"[text](https://example.com/{number})\n",
    "links to the same address": lambda number: "[text](https://example.com/)\n",
    "list items": lambda number: f"- item {number}",
    "tasks": lambda number: f"- [x] task {number}",
    "bullet lists": lambda number: f"- item {number}\n  - nested\n\ntext\n",
    "ordered lists": lambda number: f"{number}. item\n   1. nested\n\ntext\n",
    "table rows": lambda number: f"| {number} | text |" if number else "| a | b |\n| --- | --- |",
    "tables": lambda number: f"| a | b |\n| --- | --- |\n| {number} | text |\n",
    "footnotes": lambda number: f"text[^{number}]\n\n[^{number}]: note {number}\n",
    "references to one footnote": lambda number: "text[^1]\n" if number else "text[^1]\n\n[^1]: note\n",
    "different images": lambda number: f"![alternative](picture-{number}.png)\n",
    "figures": lambda number: '![alternative](picture-0.png "Caption")\n',
    "code blocks": lambda number: f"```python\nx = {number}\n```\n",
    "quotes": lambda number: f"> text {number}\n\ntext\n",
    "callouts": lambda number: f"> [!NOTE]\n> text {number}\n",
    "losses": lambda number: f"[text](ftp://example.com/{number}) ![alternative](missing-{number}.png)\n",
}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As many different images as a document has blocks, each a pixel wider than the one before."""
    folder = tmp_path_factory.mktemp("pictures")
    for number in range(2 * _BLOCKS):
        width = number + 1
        parts = (
            (b"IHDR", struct.pack(">IIBBBBB", width, 1, 8, 0, 0, 0, 0)),
            (b"IDAT", zlib.compress(bytes(1 + width))),
            (b"IEND", b""),
        )
        chunks = (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            for kind, data in parts
        )
        (folder / f"picture-{number}.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))
    return folder


@pytest.mark.parametrize("kind", _KINDS)
def test_twice_the_blocks_take_twice_the_work(kind: str, pictures: Path) -> None:
    once, twice = (
        "\n".join(_KINDS[kind](number) for number in range(count)) for count in (_BLOCKS, 2 * _BLOCKS)
    )
    options = DocxOptions(image_folder=pictures)
    render_docx(once, options)  # fills what is kept from one document to the next
    assert _lines_run(twice, options) <= _AT_MOST * _lines_run(once, options)


def _lines_run(markdown: str, options: DocxOptions) -> int:
    """Lines of Python that rendering runs, each as often as it is."""
    count = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        render_docx(markdown, options)
    finally:
        sys.settrace(before)
    return count
