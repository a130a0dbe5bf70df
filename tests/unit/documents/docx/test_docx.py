"""Markdown arrives in Word: structure, inline styles, lists, tables, code, links (S1-13, S1-54)."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date

import pytest
from docx import Document
from docx.document import Document as DocxDocument
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml.ns import qn
from docx.oxml.parser import OxmlElement
from docx.text.paragraph import Paragraph

from techne.documents.docx import (
    DocxOptions,
    LossKind,
    docx_headings,
    read_template,
    render_docx,
    validate_docx,
)
from techne.documents.markdown import tree
from techne.documents.sanitizing import Policy, sanitize_markdown
from techne.errors import OutputError
from tests.unit.documents.assembly.test_sanitizing import INJECTION

PLAIN = DocxOptions(title_page=False, contents=False, language="pt-BR")


def rendered(source: str, options: DocxOptions = PLAIN) -> DocxDocument:
    return Document(io.BytesIO(render_docx(source, options).data))


def losses(source: str, options: DocxOptions = PLAIN) -> list[tuple[LossKind, int | None]]:
    return [(loss.kind, loss.line) for loss in render_docx(source, options).losses]


def styles_and_texts(source: str) -> list[tuple[str, str]]:
    return [
        ((paragraph.style.name or "") if paragraph.style else "", paragraph.text)
        for paragraph in rendered(source).paragraphs
    ]


def numbering(document: DocxDocument) -> list[tuple[int, int, str]]:
    """Instance, level and text of every list item."""
    found = []
    for paragraph in document.paragraphs:
        instance = paragraph._p.find(f".//{qn('w:numId')}")
        level = paragraph._p.find(f".//{qn('w:ilvl')}")
        if instance is not None and level is not None:
            text = "".join(node.text or "" for node in paragraph._p.iter(qn("w:t")))
            found.append((int(instance.get(qn("w:val"))), int(level.get(qn("w:val"))), text))
    return found


def hyperlinks(document: DocxDocument) -> list[tuple[str, str]]:
    return [(link.text, link.address) for paragraph in document.paragraphs for link in paragraph.hyperlinks]


def test_headings_follow_the_title() -> None:
    assert styles_and_texts("# Doc\n\n## A\n\n### B *c*\n\n###### F\n\ntexto") == [
        ("Title", "Doc"),
        ("Heading 1", "A"),
        ("Heading 2", "B c"),
        ("Heading 5", "F"),
        ("Normal", "texto"),
    ]
    assert styles_and_texts("texto\n\n# A") == [("Normal", "texto"), ("Heading 1", "A")]


def test_a_text_with_many_highest_headings_has_no_title_of_its_own() -> None:
    assert styles_and_texts("# A\n\n## B\n\n# C") == [
        ("Heading 1", "A"),
        ("Heading 2", "B"),
        ("Heading 1", "C"),
    ]


def test_inline_styles_nest() -> None:
    runs = rendered("a **b *c ~~d~~ `e`*** f").paragraphs[0].runs
    seen = [(run.text, bool(run.bold), bool(run.italic), bool(run.font.strike)) for run in runs]
    assert seen == [
        ("a ", False, False, False),
        ("b ", True, False, False),
        ("c ", True, True, False),
        ("d", True, True, True),
        (" ", True, True, False),
        ("e", True, True, False),
        (" f", False, False, False),
    ]
    assert runs[5].style is not None
    assert runs[5].style.name == "Verbatim Char"


def test_a_soft_break_is_a_space_and_a_hard_one_a_line() -> None:
    assert rendered("a\nb\\\nc").paragraphs[0].text == "a b\nc"


def test_every_ordered_list_counts_for_itself() -> None:
    document = rendered("1. a\n2. b\n\ntexto\n\n5. c\n6. d\n   1. e\n7. f\n   1. g\n")
    items = numbering(document)
    instances = [instance for instance, _, _ in items]
    assert [(level, text) for _, level, text in items] == [
        (0, "a"), (0, "b"), (0, "c"), (0, "d"), (1, "e"), (0, "f"), (1, "g")
    ]  # fmt: skip
    assert instances[0] == instances[1]
    assert instances[2] == instances[3] == instances[5]
    assert len({instances[0], instances[2], instances[4], instances[6]}) == 4
    root = document.part.numbering_part.element
    starts = {
        int(num.numId): [start.val for start in num.iter(qn("w:startOverride"))] for num in root.num_lst
    }
    assert [starts[instance] for instance in (instances[0], instances[2], instances[4])] == [[1], [5], [1]]


def test_numbers_keep_the_mark_that_follows_them() -> None:
    document = rendered("1. a\n\n---\n\n1) b\n")
    root = document.part.numbering_part.element
    definitions = {int(num.numId): int(num.abstractNumId.val) for num in root.num_lst}
    marks = {
        int(str(node.get(qn("w:abstractNumId")))): node.find(f".//{qn('w:lvlText')}").get(qn("w:val"))
        for node in root.iter(qn("w:abstractNum"))
    }
    assert [marks[definitions[instance]] for instance, _, _ in numbering(document)] == ["%1.", "%1)"]


def test_numbering_stays_in_the_schemas_order_after_word_for_mac() -> None:
    template = Document()
    template.part.numbering_part.element.append(OxmlElement("w:numIdMacAtCleanup"))
    saved = io.BytesIO()
    template.save(saved)
    options = DocxOptions(template=read_template(saved.getvalue(), "mac.docx"), contents=False)
    root = rendered("1. a\n2. b\n\n- c\n- [x] d\n", options).part.numbering_part.element
    tags = [node.tag for node in root]
    order = [qn("w:abstractNum"), qn("w:num"), qn("w:numIdMacAtCleanup")]
    assert tags == sorted(tags, key=order.index)
    assert tags.count(qn("w:numIdMacAtCleanup")) == 1


def test_lists_of_both_kinds_nest_and_keep_their_blocks() -> None:
    document = rendered("- a\n  1. b\n\n     mais\n\n     ```\n     x\n     ```\n- [x] c\n- [ ] d\n")
    assert [(level, text) for _, level, text in numbering(document)] == [
        (0, "a"),
        (1, "b"),
        (0, "☒c"),
        (0, "☐d"),
    ]
    more = next(paragraph for paragraph in document.paragraphs if paragraph.text == "mais")
    code = next(paragraph for paragraph in document.paragraphs if paragraph.text == "x")
    assert more.paragraph_format.left_indent == code.paragraph_format.left_indent
    assert more.paragraph_format.left_indent


def test_boxes_can_be_ticked_in_word() -> None:
    body = rendered("- [x] a\n- [ ] b\n").element.body
    ticks = [box.get(qn("w14:val")) for box in body.iter(qn("w14:checked"))]
    assert ticks == ["1", "0"]


def test_lists_deeper_than_word_knows_stay_at_its_last_level_and_are_reported() -> None:
    source = "\n".join(f"{'  ' * level}- n{level}" for level in range(12))
    assert [level for _, level, _ in numbering(rendered(source))] == [*range(9), 8, 8, 8]
    assert losses(source) == [(LossKind.NESTING, 10)]


def test_tables_keep_header_alignment_and_inlines() -> None:
    document = rendered("| A | B | C |\n|:-|:-:|-:|\n| **x** | `a\\|b` | [l](https://e.com) |\n| 1 | 2 | 3 |")
    table = document.tables[0]
    assert [[cell.text for cell in row.cells] for row in table.rows] == [
        ["A", "B", "C"],
        ["x", "a|b", "l"],
        ["1", "2", "3"],
    ]
    assert table.rows[0]._tr.trPr is not None
    assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
    assert table.cell(1, 0).paragraphs[0].runs[0].bold
    assert [table.cell(2, column).paragraphs[0].alignment for column in range(3)] == [
        WD_ALIGN_PARAGRAPH.LEFT,
        WD_ALIGN_PARAGRAPH.CENTER,
        WD_ALIGN_PARAGRAPH.RIGHT,
    ]
    assert table.cell(1, 2).paragraphs[0].hyperlinks[0].address == "https://e.com"
    described = table._tbl.tblPr.find(qn("w:tblDescription"))
    assert described is not None
    assert described.get(qn("w:val")) == "Tabela com as colunas A, B, C"


def test_code_keeps_its_lines_spaces_and_tabs() -> None:
    paragraph = rendered("```python\nif x:\n    y  =  1\n\n\tz\n```").paragraphs[0]
    assert paragraph.style is not None
    assert paragraph.style.name == "Source Code"
    assert paragraph.text == "if x:\n    y  =  1\n\n\tz"


def test_code_is_coloured_by_its_language_alone() -> None:
    def kinds(source: str) -> dict[str, str]:
        return {
            run.text: run.style.name
            for run in rendered(source).paragraphs[0].runs
            if run.style is not None and (run.style.name or "").startswith("Code ")
        }

    assert kinds("```python\nreturn 'a'  # b\n```") == {
        "return ": "Code Keyword",
        "'a'  ": "Code String",
        "# b": "Code Comment",
    }
    assert kinds("```\nreturn 'a'\n```") == {}
    assert kinds("```no-such-language\nreturn 'a'\n```") == {}


def test_quotes_and_rules_are_there() -> None:
    document = rendered("> a\n> > b\n\n---\n\n&amp; &copy;")
    quotes = [paragraph for paragraph in document.paragraphs if paragraph.text in ("a", "b")]
    assert [quote.style.name for quote in quotes if quote.style] == ["Quote", "Quote"]
    first, second = (quote.paragraph_format.left_indent or 0 for quote in quotes)
    assert second > first
    assert [paragraph.style.name for paragraph in document.paragraphs if paragraph.style][-2:] == [
        "Horizontal Rule",
        "Normal",
    ]
    assert document.paragraphs[-1].text == "& ©"


def test_callouts_are_titled_in_the_documents_language() -> None:
    assert styles_and_texts("> [!WARNING]\n> a\n>\n> - b") == [
        ("Callout Warning Title", "Atenção"),
        ("Callout Warning", "a"),
        ("Callout Warning", "b"),
    ]


def test_only_web_and_mail_links_leave_the_document() -> None:
    source = (
        "[**a** b](https://e.com/x#t=5) [m](mailto:a@e.com) [j](javascript:x) [f](file:///x) [r](x.md) "
        "<http://z.com>"
    )
    document = rendered(source)
    assert hyperlinks(document) == [
        ("a b", "https://e.com/x#t=5"),
        ("m", "mailto:a@e.com"),
        ("http://z.com", "http://z.com"),
    ]
    assert document.paragraphs[0].text == "a b m j f r http://z.com"
    assert losses(source) == [(LossKind.LINK, 1)] * 3


def test_links_lead_to_headings_by_the_name_that_github_gives_them() -> None:
    document = rendered("[1](#a-b) [2](#a-b-1) [3](#nada)\n\n## A *B*!\n\n## a b\n")
    bookmarks = {
        str(mark.get(qn("w:name"))): Paragraph(mark.getparent(), document).text
        for mark in document.element.body.iter(qn("w:bookmarkStart"))
    }
    links = [link.fragment for link in document.paragraphs[0].hyperlinks]
    assert [bookmarks[fragment] for fragment in links] == ["A B!", "a b"]
    assert losses("\n[3](#nada)") == [(LossKind.LINK, 2)]


def test_footnotes_are_notes_and_referred_to_again_by_reference() -> None:
    source = "a[^x] b[^y] c[^x]\n\n[^x]: um *dois*\n\n    - três\n[^y]: ver[^x]\n[^z]: nunca\n"
    result = render_docx(source, PLAIN)
    with zipfile.ZipFile(io.BytesIO(result.data)) as package:
        notes = package.read("word/footnotes.xml").decode()
        body = package.read("word/document.xml").decode()
    assert re.findall(r"<w:t[^>]*>([^<]+)</w:t>", notes) == [" ", "um ", "dois", "três", " ", "ver", "[x]"]
    assert body.count("<w:footnoteReference ") == 2
    assert body.count("NOTEREF _Ref00000001 ") == 1
    assert [(loss.kind, loss.line) for loss in result.losses] == [
        (LossKind.FOOTNOTE, None),
        (LossKind.FOOTNOTE, 6),
    ]


def test_a_note_that_no_reference_can_lead_to_is_reported() -> None:
    source = "a[^1] ![b[^2]](x.png)\n\n[^1]: c[^3]\n[^2]: d\n[^3]: e\n"
    kinds = [(kind, line) for kind, line in losses(source) if kind is LossKind.FOOTNOTE]
    assert kinds == [(LossKind.FOOTNOTE, 3), (LossKind.FOOTNOTE, 4), (LossKind.FOOTNOTE, 5)]


def test_a_text_of_nothing_is_an_empty_document() -> None:
    for source in ("", "\n", "[a]: https://e.com\n"):
        assert [paragraph.text for paragraph in rendered(source).paragraphs] == [], source


def test_html_is_text_and_an_image_its_alternative() -> None:
    source = "<div>\nx\n</div>\n\na <b>c</b> ![alt **d**](http://evil.example/i.png)"
    assert [paragraph.text for paragraph in rendered(source).paragraphs] == [
        "<div>\nx\n</div>",
        "a <b>c</b> alt d",
    ]
    assert losses(source) == [(LossKind.IMAGE, 5)]


def test_an_injected_page_brings_nothing_from_outside() -> None:
    data = render_docx(INJECTION, PLAIN).data
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        assert not [
            name for name in package.namelist() if "media" in name or "thumbnail" in name or "Effects" in name
        ]
        relations = package.read("word/_rels/document.xml.rels").decode()
    targets = re.findall(r'Target="([^"]+)"[^>]*TargetMode="External"', relations)
    assert all(target.startswith(("http://", "https://", "mailto:")) for target in targets)
    assert RELATIONSHIP_TYPE.IMAGE not in relations


def test_characters_that_xml_forbids_are_left_out_and_reported() -> None:
    assert rendered("a\x07b\ufffec").paragraphs[0].text == "abc"
    (loss,) = render_docx("x\n\na\x07b").losses
    assert str(loss) == "line 3: no document can hold U+0007; it was left out"


def test_properties_page_and_language_are_set() -> None:
    options = DocxOptions(title="Tít\x00ulo", language="pt-BR", author="Ana", day=date(2026, 1, 31))
    document = rendered("# T", options)
    properties = document.core_properties
    assert (properties.title, properties.author, properties.language) == ("Título", "Ana", "pt-BR")
    assert (properties.created.year, properties.created.month) == (2026, 1)
    section = document.sections[0]
    assert section.page_width is not None
    assert section.page_height is not None
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
    languages = [node.get(qn("w:val")) for node in document.styles.element.iter(qn("w:lang"))]
    assert languages[0] == "pt-BR"
    assert document.settings.element.find(qn("w:themeFontLang")).get(qn("w:val")) == "pt-BR"


def test_long_texts_begin_with_a_title_page_and_their_contents() -> None:
    source = "# Guia\n\n## Um\n\n### Dois\n\n#### Três\n\n##### Quatro\n\ntexto"
    document = rendered(source, DocxOptions(subtitle="Sub", author="Ana", date="hoje", language="pt-BR"))
    front = [
        [
            (paragraph.style, "".join(node.text or "" for node in paragraph.iter(qn("w:t"))))
            for paragraph in control.iter(qn("w:p"))
        ]
        for control in document.element.body.iterchildren(qn("w:sdt"))
    ]
    names = {style.style_id: style.name for style in document.styles}
    assert [[(names[style], text) for style, text in page] for page in front] == [
        [("Title", "Guia"), ("Subtitle", "Sub"), ("Author", "Ana"), ("Date", "hoje")],
        [("TOC Heading", "Sumário"), ("toc 1", "Um"), ("toc 2", "Dois"), ("toc 3", "Três")],
    ]
    breaks = [bool(paragraph.paragraph_format.page_break_before) for paragraph in document.paragraphs]
    assert breaks == [True, False, False, False, False]
    assert document.sections[0].different_first_page_header_footer


def test_blocks_after_the_title_page_begin_a_page_whatever_they_are() -> None:
    options = DocxOptions(title_page=True, contents=False)
    for source in ("# T\n\n| a |\n|-|\n", "# T\n\n```\nx\n```", "# T", "# T\n\n- a\n"):
        first = rendered(source, options).paragraphs[0]
        assert first.paragraph_format.page_break_before, source


def test_headings_of_sanitised_text_read_back() -> None:
    safe = sanitize_markdown("# a *b*\n\n# \n\n> # c\n\n- # d `e`\n", Policy())
    headings = [node for node in tree(safe).walk() if node.type == "heading"]
    texts = ["".join(part.content for part in heading.walk() if not part.children) for heading in headings]
    assert texts == ["a b", "c", "d e"]
    validate_docx(render_docx(safe, DocxOptions(title="t")).data, texts)


def test_the_same_markdown_gives_the_same_bytes() -> None:
    source = INJECTION + "\n\n1. a\n\n[x](https://e.com) and[^1]\n\n[^1]: note\n"
    first = render_docx(source).data
    assert first == render_docx(source).data
    with zipfile.ZipFile(io.BytesIO(first)) as package:
        assert {entry.date_time for entry in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_deep_nesting_keeps_its_text_and_is_reported() -> None:
    source = "> " * 200 + "fundo\n\n" + "- " * 200 + "lista\n\n" + "*" * 500 + "c" + "*" * 500
    text = "".join(node.text or "" for node in rendered(source).element.body.iter(qn("w:t")))
    assert "fundo" in text
    assert "lista" in text
    assert (LossKind.NESTING, 1) in losses(source)
    assert (LossKind.NESTING, 3) in losses(source)


def test_validation_reads_the_headings_back() -> None:
    data = render_docx("# T\n\n## A `b`\n\n## C").data
    assert docx_headings(data) == ["T", "A b", "C"]
    validate_docx(data, ["T", "C"])
    with pytest.raises(OutputError, match="'A b'"):
        validate_docx(data, ["C", "A b"])
    with pytest.raises(OutputError, match="does not read back"):
        validate_docx(data[:-100])
    with pytest.raises(OutputError, match="does not read back"):
        validate_docx(b"")
