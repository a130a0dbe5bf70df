"""The checker is fair: what pandoc carries is found in its files, and what it loses is named (S1-13)."""

from __future__ import annotations

from pathlib import Path

import pypandoc
import pytest

from tests.support.fidelity import FidelityReport, Kind, fidelity

MARKDOWN = """\
# Guide

Some **bold**, *italic* and ~~struck~~ text with `code`, [a link](https://a.example/?q=1) and
[another](#guide).[^1] A line\\ and a break. Again[^1].

3. three
4. four

   more of four

   ```sh
   a
   \tb

   c
   ```

   - deep

- [x] done
- [ ] open

***

> quoted

| a | b |
|---|--:|
| **c** | d |

1. one

[^1]: A note with *style*.
"""
LOST = """\
a <b>b</b> [c](https://a.example "title")

> [!WARNING]
> d

> e
>
> > f

-
- g
"""


def converted(markdown: str, folder: Path) -> FidelityReport:
    """The report of what pandoc makes of a text."""
    output = folder / "out.docx"
    pypandoc.convert_text(
        markdown, "docx", format="gfm", outputfile=str(output), extra_args=["--preserve-tabs"]
    )
    return fidelity(markdown, output.read_bytes())


def test_what_pandoc_carries_is_found(tmp_path: Path) -> None:
    report = converted(MARKDOWN, tmp_path)

    assert (report.misses, report.excess, report.score) == ((), (), 1.0)
    assert len(report.tallies) > len(Kind) // 2


@pytest.mark.parametrize("kind", [Kind.TEXT, Kind.LINK_TITLE, Kind.QUOTE])
def test_what_pandoc_loses_is_named(kind: Kind, tmp_path: Path) -> None:
    report = converted(LOST, tmp_path)

    assert report.of(kind).score < 1
    assert report.of(Kind.CALLOUT).score == 1, "its label is there"
