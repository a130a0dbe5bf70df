"""Markdown arrives in Word: structure, inline styles, lists, tables, code, links."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from docx import Document
from docx.document import Document as DocxDocument
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml.ns import qn
from hypothesis import example, given, settings
from hypothesis import strategies as st

from techne.documents.docx import docx_headings, render_docx, validate_docx
from techne.documents.markdown import tree
from techne.documents.sanitizing import Policy, sanitize_markdown
from techne.errors import OutputError
from tests.unit.documents.assembly.test_sanitizing import INJECTION
from tests.unit.documents.markdown_strategies import markdown


def rendered(source: str) -> DocxDocument:
    return Document(io.BytesIO(render_docx(source, title="Título", language="pt-BR")))


def styles_and_texts(source: str) -> list[tuple[str, str]]:
    return [
        ((paragraph.style.name or "") if paragraph.style else "", paragraph.text)
        for paragraph in rendered(source).paragraphs
    ]


def all_text(document: DocxDocument) -> str:
    return "".join(node.text or "" for node in document.element.body.iter(qn("w:t")))


def numbering(document: DocxDocument) -> list[tuple[int, int, str]]:
    """Instance, level and text of every list item."""
    found = []
    for paragraph in document.paragraphs:
        instance = paragraph._p.find(f".//{qn('w:numId')}")
        level = paragraph._p.find(f".//{qn('w:ilvl')}")
        if instance is not None and level is not None:
            found.append((int(instance.get(qn("w:val"))), int(level.get(qn("w:val"))), paragraph.text))
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
    assert runs[5].style.name == "Code"


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


def test_lists_of_both_kinds_nest_and_keep_their_blocks() -> None:
    document = rendered("- a\n  1. b\n\n     mais\n\n     ```\n     x\n     ```\n- [x] c\n- [ ] d\n")
    assert [(level, text) for _, level, text in numbering(document)] == [
        (0, "a"),
        (1, "b"),
        (0, "☑ c"),
        (0, "☐ d"),
    ]
    more = next(paragraph for paragraph in document.paragraphs if paragraph.text == "mais")
    code = next(paragraph for paragraph in document.paragraphs if paragraph.text == "x")
    assert more.paragraph_format.left_indent == code.paragraph_format.left_indent
    assert more.paragraph_format.left_indent


def test_lists_deeper_than_word_knows_stay_at_its_last_level() -> None:
    source = "\n".join(f"{'  ' * level}- n{level}" for level in range(12))
    assert [level for _, level, _ in numbering(rendered(source))] == [*range(9), 8, 8, 8]


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
    assert table.cell(0, 0).paragraphs[0].runs[0].bold
    assert [table.cell(2, column).paragraphs[0].alignment for column in range(3)] == [
        WD_ALIGN_PARAGRAPH.LEFT,
        WD_ALIGN_PARAGRAPH.CENTER,
        WD_ALIGN_PARAGRAPH.RIGHT,
    ]
    assert table.cell(1, 2).paragraphs[0].hyperlinks[0].address == "https://e.com"


def test_code_keeps_its_lines_and_spaces() -> None:
    paragraph = rendered("```python\nif x:\n    y  =  1\n\n\tz\n```").paragraphs[0]
    assert paragraph.style is not None
    assert paragraph.style.name == "Code Block"
    assert paragraph.text == "if x:\n    y  =  1\n\n    z"


def test_quotes_and_rules_are_there() -> None:
    document = rendered("> a\n> > b\n\n---\n\n&amp; &copy;")
    quotes = [paragraph for paragraph in document.paragraphs if paragraph.text in ("a", "b")]
    assert [quote.style.name for quote in quotes if quote.style] == ["Quote", "Quote"]
    first, second = (quote.paragraph_format.left_indent or 0 for quote in quotes)
    assert second > first
    assert document.element.body.findall(f".//{qn('w:pBdr')}")
    assert document.paragraphs[-1].text == "& ©"


def test_only_web_and_mail_links_are_links() -> None:
    document = rendered(
        "[**a** b](https://e.com/x#t=5) [m](mailto:a@e.com) [j](javascript:x) [f](file:///x) [r](x.md) <http://z.com>"
    )
    assert hyperlinks(document) == [
        ("a b", "https://e.com/x#t=5"),
        ("m", "mailto:a@e.com"),
        ("http://z.com", "http://z.com"),
    ]
    assert document.paragraphs[0].text == "a b m j f r http://z.com"


def test_html_is_text_and_an_image_its_alternative() -> None:
    document = rendered("<div>\nx\n</div>\n\na <b>c</b> ![alt **d**](http://evil.example/i.png)")
    assert [paragraph.text for paragraph in document.paragraphs] == ["<div>\nx\n</div>", "a <b>c</b> alt d"]


def test_an_injected_page_brings_nothing_from_outside() -> None:
    data = render_docx(INJECTION, title="x", language="pt-BR")
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        assert not [
            name for name in package.namelist() if "media" in name or "thumbnail" in name or "Effects" in name
        ]
        relations = package.read("word/_rels/document.xml.rels").decode()
    targets = re.findall(r'Target="([^"]+)"[^>]*TargetMode="External"', relations)
    assert all(target.startswith(("http://", "https://", "mailto:")) for target in targets)
    assert RELATIONSHIP_TYPE.IMAGE not in relations


def test_properties_page_and_language_are_set() -> None:
    data = render_docx("# T", title="Tít\x00ulo", language="pt-BR", author="Ana")
    document = Document(io.BytesIO(data))
    properties = document.core_properties
    assert (properties.title, properties.author, properties.language) == ("Título", "Ana", "pt-BR")
    section = document.sections[0]
    assert section.page_width is not None
    assert section.page_height is not None
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
    languages = [node.get(qn("w:val")) for node in document.styles.element.iter(qn("w:lang"))]
    assert languages[0] == "pt-BR"


@given(markdown)
@settings(max_examples=60, deadline=None)
@example("a\x00b\ud800c")
@example("|a|\n|-|\n|b|c|\n")
@example("- \n1. \n> \n")
@example("# \n\n[](https://e.com)\n")
@example("[x](https://e.com/\x01)")
def test_any_markdown_renders_and_keeps_its_text(source: str) -> None:
    document = rendered(source)
    wanted = [
        node.content
        for node in tree(source).walk()
        if not node.is_root and not node.children and node.type not in ("softbreak", "hardbreak", "image")
    ]
    shown = re.sub(r"\W", "", all_text(document))
    text = re.sub(r"\W", "", "".join(re.sub(r"^\[[xX]\] ", "", content) for content in wanted))
    for word in set(re.findall(r"[a-zç]{4,}", text)):
        assert word in shown


@given(
    st.lists(st.text(st.characters(categories=("L", "N")), min_size=1, max_size=12), min_size=1, max_size=8)
)
@settings(max_examples=40, deadline=None)
def test_plain_words_arrive_in_order(words: list[str]) -> None:
    assert rendered(" ".join(words)).paragraphs[0].text.split() == " ".join(words).split()


@given(markdown)
@settings(max_examples=40, deadline=None)
def test_what_was_sanitised_reads_back_with_its_headings(source: str) -> None:
    safe = sanitize_markdown(source, Policy())
    headings = [node for node in tree(safe).walk() if node.type == "heading"]
    texts = ["".join(part.content for part in heading.walk() if not part.children) for heading in headings]
    validate_docx(render_docx(safe, title="t", language="en-US"), texts)


def test_the_same_markdown_gives_the_same_bytes() -> None:
    source = INJECTION + "\n\n1. a\n\n[x](https://e.com)\n"
    first = render_docx(source, title="t", language="en-US")
    assert first == render_docx(source, title="t", language="en-US")
    with zipfile.ZipFile(io.BytesIO(first)) as package:
        assert {entry.date_time for entry in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_deep_nesting_is_survived() -> None:
    rendered("> " * 200 + "a\n\n" + "- " * 200 + "b\n\n" + "*" * 500 + "c" + "*" * 500)


def test_validation_reads_the_headings_back() -> None:
    data = render_docx("# T\n\n## A `b`\n\n## C", title="t", language="en-US")
    assert docx_headings(data) == ["T", "A b", "C"]
    validate_docx(data, ["T", "C"])
    with pytest.raises(OutputError, match="'A b'"):
        validate_docx(data, ["C", "A b"])
    with pytest.raises(OutputError, match="does not read back"):
        validate_docx(data[:-100])
    with pytest.raises(OutputError, match="does not read back"):
        validate_docx(b"")


def test_the_module_converts_a_file(tmp_path: Path) -> None:
    source, target = tmp_path / "in.md", tmp_path / "out.docx"
    source.write_text("# Título\n\n- item\n", encoding="utf-8")
    subprocess.run(
        [sys.executable, "-m", "techne.documents.docx", str(source), str(target)], check=True, timeout=60
    )
    assert docx_headings(target.read_bytes()) == ["Título"]
