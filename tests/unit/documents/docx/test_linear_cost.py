"""Each block takes the same work, however many there are before it, and whatever its kind (S1-54).

Work is counted, not timed: lines of Python that are run, so that a starved machine counts the same. What a
document takes once is left out by comparing three lengths.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from techne.documents.docx import DocxOptions, render_docx
from tests.support.pictures import png
from tests.support.work import lines_run

_BLOCKS = 20
_MORE = 1.005
"""What the third twenty blocks may take of the work of the second."""

_KINDS: dict[str, Callable[[int], str]] = {
    "paragraphs": lambda number: f"Some *text* with `code` {number:03}.\n",
    "lines of a paragraph": lambda number: f"Some **text** {number:03}",
    "headings": lambda number: f"## Heading {number:03}\n",
    "headings of the same text": lambda number: "## Example\n",
    "links to headings": lambda number: f"## Heading {number:03}\n\n[above](#heading-{number:03})\n",
    "links to different addresses": lambda number: f"[text](https://example.com/{number:03})\n",
    "links to the same address": lambda number: "[text](https://example.com/)\n",
    "list items": lambda number: f"- item {number:03}",
    "tasks": lambda number: f"- [x] task {number:03}",
    "bullet lists": lambda number: f"- item {number:03}\n  - nested\n\ntext\n",
    "ordered lists": lambda number: f"{number:03}. item\n     1. nested\n\ntext\n",
    "table rows": lambda number: f"| {number:03} | text |" if number else "| a | b |\n| --- | --- |",
    "tables": lambda number: f"| a | b |\n| --- | --- |\n| {number:03} | text |\n",
    "footnotes": lambda number: f"text[^{number:03}]\n\n[^{number:03}]: note\n",
    "references to one footnote": lambda number: "text[^1]\n" if number else "text[^1]\n\n[^1]: note\n",
    "different images": lambda number: f"![alternative](picture-{number:03}.png)\n",
    "figures": lambda number: '![alternative](picture-000.png "Caption")\n',
    "code blocks": lambda number: f"```python\nx = {number:03}\n```\n",
    "lines of code": lambda number: f"    x = {number:03}",
    "quotes": lambda number: f"> text {number:03}\n\ntext\n",
    "callouts": lambda number: f"> [!NOTE]\n> text {number:03}\n",
    "losses": lambda number: (
        f"[text](ftp://example.com/{number:03}) ![alternative](missing-{number:03}.png)\n"
    ),
}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As many different images as a document has blocks, each a pixel wider than the one before."""
    folder = tmp_path_factory.mktemp("pictures")
    for number in range(3 * _BLOCKS):
        (folder / f"picture-{number:03}.png").write_bytes(png(number + 1, 1))
    return folder


@pytest.mark.parametrize("kind", _KINDS)
def test_later_blocks_take_no_more_work_than_earlier_ones(kind: str, pictures: Path) -> None:
    options = DocxOptions(image_folder=pictures, contents=True)
    texts = ["\n".join(_KINDS[kind](number) for number in range(times * _BLOCKS)) for times in (1, 2, 3)]
    render_docx(texts[-1], options)  # fills what is kept from one document to the next
    first, second, third = (lines_run(partial(render_docx, text, options)) for text in texts)
    assert third - second <= _MORE * (second - first)
