"""Each kind of loss, planted into a file that has everything, lowers the score and is named (S1-13)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.fidelity import FidelityReport, Kind, fidelity
from tests.unit.fidelity.handmade import changed, docx, item, p, r, style

MARKDOWN = """\
# Guia

Isto é **forte**, *ênfase*, ~~riscado~~ e `um  código`; veja [o site](https://a.example/x "Título") ou
[acima](#guia). Fim[^1] da linha\\
e outra <b>linha</b>.

![Um sino](bell.png "Sino")

<div>bruto</div>

5. cinco
6. seis

   mais do seis
   - dentro

- [x] feito
- [ ] por fazer

***

> citado
>
> ```
> citado também
> ```

> [!NOTE]
> um aviso

```sh
a
\tb

c
```

| a | b |
|---|--:|
| c | d |

[^1]: Uma nota.
"""
CELL = '<w:tc><w:p><w:pPr><w:jc w:val="{}"/></w:pPr><w:r><w:t>{}</w:t></w:r></w:p></w:tc>'
TABLE = (
    "<w:tbl><w:tr><w:trPr><w:tblHeader/></w:trPr>"
    + CELL.format("left", "a")
    + CELL.format("right", "b")
    + "</w:tr><w:tr>"
    + CELL.format("left", "c")
    + CELL.format("right", "d")
    + "</w:tr></w:tbl>"
)
LEVEL_1 = '<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="bullet"/><w:lvlText w:val="{}"/>'
MONOSPACED = '<w:rFonts w:ascii="Courier New" w:hAnsi="Courier New"/>'
PICTURE = (
    '<w:r><w:drawing><wp:inline><wp:docPr id="1" name="" descr="Um sino" title="Sino"/>'
    '<a:graphic><a:blip r:embed="rId7"/></a:graphic></wp:inline></w:drawing></w:r>'
)
BODY = "".join(
    (
        p('<w:bookmarkStart w:id="1" w:name="_Guia"/>', "Guia", properties=style("Heading1")),
        p(
            "Isto é ",
            r("forte", "<w:b/>"),
            ", ",
            r("ênfase", "<w:i/>"),
            ", ",
            r("riscado", "<w:strike/>"),
            " e ",
            r("um  código", MONOSPACED),
            "; veja ",
            f'<w:hyperlink r:id="rId9" w:tooltip="Título">{r("o site")}</w:hyperlink>',
            " ou ",
            f'<w:hyperlink w:anchor="_Guia">{r("acima")}</w:hyperlink>',
            ". Fim",
            '<w:r><w:footnoteReference w:id="2"/></w:r>',
            " da linha",
            "<w:r><w:br/></w:r>",
            "e outra &lt;b&gt;linha&lt;/b&gt;.",
        ),
        p(PICTURE),
        p("&lt;div&gt;bruto&lt;/div&gt;"),
        p("cinco", properties=item(3)),
        p("seis", properties=item(3)),
        p("mais do seis", properties='<w:ind w:left="500"/>'),
        p("dentro", properties=item(1, 1)),
        p(
            '<w:sdt><w:sdtPr><w14:checkbox><w14:checked w14:val="1"/></w14:checkbox></w:sdtPr>'
            "<w:sdtContent><w:r><w:t>☒</w:t></w:r></w:sdtContent></w:sdt>",
            " feito",
            properties=item(1),
        ),
        p("☐ por fazer", properties=item(1)),
        p(properties='<w:pBdr><w:bottom w:val="single"/></w:pBdr>'),
        p("citado", properties=style("Quote")),
        p("citado também", properties=style("Pre") + '<w:ind w:left="400"/>'),
        p("Nota"),
        p("um aviso", properties='<w:pBdr><w:left w:val="single"/></w:pBdr>'),
        p(
            "<w:r><w:t>a</w:t><w:br/><w:tab/><w:t>b</w:t><w:br/><w:br/><w:t>c</w:t></w:r>",
            properties=style("Pre"),
        ),
        TABLE,
    )
)
FOOTNOTES = (
    '<w:footnote w:type="separator" w:id="0"><w:p/></w:footnote>'
    f'<w:footnote w:id="2">{p("<w:r><w:footnoteRef/></w:r>", " Uma nota.")}</w:footnote>'
)


def whole() -> bytes:
    """A file that has all that the text has."""
    return docx(
        BODY, footnotes=FOOTNOTES, links={"rId9": "https://a.example/x"}, images={"rId7": "media/bell.png"}
    )


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> object:
    """A folder with the picture that the text shows."""
    folder = tmp_path_factory.mktemp("images")
    (folder / "bell.png").write_bytes(b"")
    return folder


@pytest.fixture
def judged(images: object) -> Callable[[bytes], FidelityReport]:
    """Compares a file with the text."""
    from pathlib import Path

    assert isinstance(images, Path)
    return lambda data: fidelity(MARKDOWN, data, images=images)


def test_a_file_that_has_everything_scores_one_and_has_every_kind(
    judged: Callable[[bytes], FidelityReport],
) -> None:
    report = judged(whole())

    assert (report.misses, report.excess, report.score) == ((), (), 1.0)
    assert set(report.tallies) == set(Kind)


LOSSES: dict[str, tuple[Kind, str, str, str, str]] = {
    "a word": (Kind.TEXT, ">cinco<", "><", "cinco", "document"),
    "a space": (Kind.TEXT, "Isto é ", "Istoé ", "space", "document"),
    "preserved space": (Kind.TEXT, '<w:t xml:space="preserve">Isto é ', "<w:t>Isto é ", "space", "document"),
    "a hidden word": (Kind.TEXT, "<w:rPr><w:b/>", "<w:rPr><w:vanish/><w:b/>", "forte", "document"),
    "a paragraph's unity": (
        Kind.PARAGRAPH, "um aviso", "um</w:t></w:r></w:p><w:p><w:r><w:t>aviso", "um aviso", "document",
    ),
    "a heading's level": (Kind.HEADING, 'w:outlineLvl w:val="0"', 'w:outlineLvl w:val="1"', "Guia", "styles"),
    "bold": (Kind.STRONG, "<w:b/>", "", "forte", "document"),
    "bold turned off": (Kind.STRONG, "<w:b/>", '<w:b w:val="0"/>', "forte", "document"),
    "italics": (Kind.EMPHASIS, "<w:i/>", "", "ênfase", "document"),
    "a strike": (Kind.STRIKETHROUGH, "<w:strike/>", "", "riscado", "document"),
    "the font of code": (Kind.CODE, "Courier New", "Arial", "um código", "document"),
    "a space in code": (Kind.CODE, "um  código", "um código", "um código", "document"),
    "a link's address": (Kind.LINK, "https://a.example/x", "https://a.example/y", "o site", "_rels"),
    "a link's relationship": (Kind.LINK, 'r:id="rId9"', 'r:id="rId99"', "o site", "document"),
    "a bookmark": (Kind.LINK, 'w:name="_Guia"', 'w:name="_Outro"', "acima", "document"),
    "a link's title": (Kind.LINK_TITLE, 'w:tooltip="Título"', "", "o site", "document"),
    "a line break": (Kind.HARD_BREAK, "<w:r><w:br/></w:r>", "<w:r><w:t> </w:t></w:r>", "linha", "document"),
    "a picture's data": (Kind.IMAGE, "media/bell.png", "media/none.png", "Um sino", "_rels"),
    "alternative text": (Kind.IMAGE, 'descr="Um sino"', "", "Um sino", "document"),
    "a picture's title": (Kind.IMAGE_TITLE, 'title="Sino"', "", "Sino", "document"),
    "a footnote's reference": (Kind.FOOTNOTE, '<w:footnoteReference w:id="2"/>', "", "Fim", "document"),
    "a footnote's text": (Kind.FOOTNOTE, "Uma nota", "Outra nota", "Outra nota", "footnotes"),
    "a tab in code": (Kind.CODE_BLOCK, "<w:tab/>", "<w:t>    </w:t>", "a\\n\\tb", "document"),
    "a blank line in code": (Kind.CODE_BLOCK, "<w:br/><w:br/>", "<w:br/>", "a\\n\\tb", "document"),
    "a code block's font": (Kind.CODE_BLOCK, "Consolas", "Arial", "monospaced", "styles"),
    "a rule": (Kind.RULE, '<w:bottom w:val="single"/>', "", "", "document"),
    "raw HTML": (Kind.HTML, "&lt;div&gt;", "", "div", "document"),
    "a list's start": (Kind.LIST_ITEM, 'Override w:val="5"', 'Override w:val="1"', "5", "numbering"),
    "a bullet": (Kind.LIST_ITEM, LEVEL_1.format("•"), LEVEL_1.format(" "), "bullet", "numbering"),
    "a level": (Kind.NESTING, '<w:ilvl w:val="1"/>', '<w:ilvl w:val="0"/>', "dentro", "document"),
    "an indent": (Kind.ITEM_CONTENT, '<w:ind w:left="500"/>', "", "mais do seis", "document"),
    "a tick": (Kind.TASK, '<w14:checked w14:val="1"/>', '<w14:checked w14:val="0"/>', "feito", "document"),
    "an open box": (Kind.TASK, "☐ por", "☒ por", "por fazer", "document"),
    "a quote's look": (Kind.QUOTE, '<w:pStyle w:val="Quote"/>', "", "citado", "document"),
    "a quoted listing's indent": (Kind.QUOTE, '<w:ind w:left="400"/>', "", "citado também", "document"),
    "a callout's line": (Kind.QUOTE, '<w:left w:val="single"/>', "", "um aviso", "document"),
    "a callout's label": (Kind.CALLOUT, ">Nota<", ">Dica<", "note", "document"),
    "a column": (Kind.TABLE, CELL.format("right", "b"), "", "2 x 2", "document"),
    "cells' places": (
        Kind.CELL, CELL.format("left", "c"), CELL.format("left", "d"), "'d' instead of 'c'", "document",
    ),
    "a box's sign": (Kind.TASK, "<w:t>☒", "<w:t>☐", "feito", "document"),
    "an alignment": (Kind.ALIGNMENT, '"right"', '"left"', "right", "document"),
    "a header row": (Kind.HEADER_ROW, "<w:tblHeader/>", "", "a | b", "document"),
}  # fmt: skip
"""By what is lost: its kind, the markup that carries it, what stands there instead, a word that the message
must have, and the part."""


@pytest.mark.parametrize("loss", LOSSES)
def test_a_planted_loss_lowers_its_kinds_score_and_is_named(
    loss: str, judged: Callable[[bytes], FidelityReport]
) -> None:
    kind, old, new, named, part = LOSSES[loss]
    name = "word/_rels/document.xml.rels" if part == "_rels" else f"word/{part}.xml"

    report = judged(changed(whole(), old, new, name))

    assert report.of(kind).score < 1
    assert report.score < 1
    assert any(miss.kind is kind and named in miss.message for miss in report.misses), report


def test_every_kind_has_a_planted_loss() -> None:
    assert {kind for kind, *_ in LOSSES.values()} == set(Kind)


ADDITIONS: dict[str, tuple[Kind, str, str, str]] = {
    "a word": (Kind.TEXT, ">cinco<", ">cinco ou seis<", "ou seis"),
    "bold": (Kind.STRONG, "<w:i/>", "<w:i/><w:b/>", "ênfase"),
    "a heading": (Kind.HEADING, '<w:pStyle w:val="Quote"/>', '<w:pStyle w:val="Heading1"/>', "citado"),
    "a bullet": (Kind.LIST_ITEM, '<w:ind w:left="500"/>', item(1), "mais do seis"),
    "a link": (Kind.LINK, r("cinco"), f'<w:hyperlink w:anchor="_Guia">{r("cinco")}</w:hyperlink>', "cinco"),
    "a line break": (Kind.HARD_BREAK, ">Guia</w:t>", ">Gui</w:t><w:br/><w:t>a</w:t>", "Gui"),
    "a picture": (Kind.IMAGE, p(PICTURE), p(PICTURE) * 2, ""),
    "a footnote": (Kind.FOOTNOTE, r("cinco"), '<w:r><w:footnoteReference w:id="2"/></w:r>' + r("cinco"), ""),
}


@pytest.mark.parametrize("addition", ADDITIONS)
def test_what_the_text_does_not_have_is_excess_and_is_named(
    addition: str, judged: Callable[[bytes], FidelityReport]
) -> None:
    kind, old, new, named = ADDITIONS[addition]

    report = judged(changed(whole(), old, new))

    assert any(extra.kind is kind and named in extra.message for extra in report.excess), report


def test_what_is_expected_does_not_depend_on_the_file(judged: Callable[[bytes], FidelityReport]) -> None:
    nothing = judged(docx(""))

    assert {kind: tally.expected for kind, tally in nothing.tallies.items()} == {
        kind: tally.expected for kind, tally in judged(whole()).tallies.items()
    }
    assert nothing.total.carried == 0
