"""A DOCX file is read as Word shows it, whoever wrote it (ECMA-376 part 1; S1-13)."""

from __future__ import annotations

import pytest

from tests.support.fidelity.text import FOOTNOTE, Mark
from tests.support.fidelity.word import Word, read_docx
from tests.unit.fidelity.handmade import changed, docx, item, p, r, style

BOLD = frozenset({Mark.STRONG})


def texts(word: Word) -> list[str]:
    return [word.text.reading(block.span) for block in word.blocks]


def numbers(word: Word) -> list[int | None]:
    return [None if block.marker is None else block.marker.number for block in word.blocks]


def test_a_bold_character_style_in_a_bold_paragraph_style_is_marked_though_it_does_not_show() -> None:
    toggled = r("b", '<w:rStyle w:val="Louder"/>')
    word = read_docx(docx(p("a", toggled, r("c", "<w:b/>"), properties=style("Heading1"))))

    plain, by_style, direct = word.text.formats
    assert (plain.marks, plain.shown) == (frozenset(), BOLD)
    assert (by_style.marks, by_style.shown) == (BOLD, frozenset())
    assert (direct.marks, direct.shown) == (BOLD, BOLD)


def test_styles_are_resolved_through_what_they_are_based_on() -> None:
    word = read_docx(docx(p(r("a", '<w:rStyle w:val="Louder"/>'))))

    assert word.text.formats[0].shown == BOLD


def test_an_instance_goes_on_and_one_with_a_start_of_its_own_begins_there() -> None:
    listed = [p("a", properties=item(instance)) for instance in (2, 2, 3, 3, 2)]

    assert numbers(read_docx(docx("".join(listed)))) == [1, 2, 5, 6, 7]


def test_a_deeper_level_begins_anew_under_each_item() -> None:
    listed = [p("a", properties=item(2, level)) for level in (0, 1, 1, 0, 1)]

    assert numbers(read_docx(docx("".join(listed)))) == [1, 1, 2, 2, 1]


def test_an_instance_that_is_nothing_has_no_marker() -> None:
    word = read_docx(docx(p("a", properties=item(0)) + p("b", properties=item(99))))

    assert [block.marker for block in word.blocks] == [None, None]


@pytest.mark.parametrize(
    "contents",
    [
        '<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val="Table of Contents"/></w:docPartObj></w:sdtPr>'
        f"<w:sdtContent>{p('Guia 1')}</w:sdtContent></w:sdt>",
        '<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>TOC \\o</w:instrText></w:r>'
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>Guia 1</w:t></w:r></w:p>'
        '<w:p><w:r><w:t>Outro 2</w:t></w:r></w:p><w:p><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>',
    ],
    ids=["content control", "field"],
)
def test_a_table_of_contents_is_not_the_documents_text(contents: str) -> None:
    assert texts(read_docx(docx(p("a") + contents + p("b")))) == ["a", "b"]


def test_what_is_deleted_or_hidden_does_not_show_and_what_is_inserted_does() -> None:
    paragraph = p(
        "a",
        f"<w:del>{r('b')}</w:del>",
        f"<w:ins>{r(' c')}</w:ins>",
        r("d", "<w:vanish/>"),
        f"<w:sdt><w:sdtContent>{r(' e')}</w:sdtContent></w:sdt>",
    )

    assert texts(read_docx(docx(paragraph))) == ["a c e"]


def test_space_at_a_texts_ends_shows_only_where_it_is_preserved() -> None:
    data = docx(p("a ", "b"))

    assert texts(read_docx(data)) == ["a b"]
    assert texts(read_docx(changed(data, ' xml:space="preserve"', "", count=2))) == ["ab"]


def test_a_hyperlink_may_be_a_field() -> None:
    paragraph = p(
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r>',
        '<w:r><w:instrText xml:space="preserve"> HYPERLINK "https://a.example/" \\o "tip" </w:instrText>'
        "</w:r>",
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r>',
        "a",
        '<w:r><w:fldChar w:fldCharType="end"/></w:r>',
        "b",
    )
    simple = p(f'<w:fldSimple w:instr="HYPERLINK \\l &quot;x&quot;">{r("c")}</w:fldSimple>')

    first, second, third = read_docx(docx(paragraph + simple)).text.formats

    assert first.link is not None
    assert (first.link.target, first.link.title) == ("https://a.example/", "tip")
    assert second.link is None
    assert third.link is not None
    assert third.link.target == "#x"


def test_a_reference_to_a_footnotes_number_is_a_reference_to_the_footnote() -> None:
    body = p(
        "a",
        '<w:bookmarkStart w:id="1" w:name="_n"/>',
        '<w:r><w:footnoteReference w:id="2"/></w:r>',
        '<w:bookmarkEnd w:id="1"/>',
        " b",
        f'<w:fldSimple w:instr="NOTEREF _n \\h">{r("1")}</w:fldSimple>',
    )

    data = docx(body, footnotes=f'<w:footnote w:id="2">{p("n")}</w:footnote>')

    word = read_docx(data)
    assert word.text.characters == ["a", FOOTNOTE, "b", FOOTNOTE]
    assert list(word.references.values()) == ["2", "2"]
    assert len(read_docx(changed(data, ">1<", "><")).references) == 1, "a field that shows nothing is none"


def test_cells_are_counted_with_what_spans_them() -> None:
    def cell(text: str, properties: str = "") -> str:
        return f"<w:tc><w:tcPr>{properties}</w:tcPr>{p(*([text] if text else []))}</w:tc>"

    wide, below = '<w:gridSpan w:val="2"/>', '<w:vMerge w:val="restart"/>'
    first = cell("a", wide) + cell("b", below)
    second = cell("c") + cell("d") + cell("", "<w:vMerge/>")
    table = f"<w:tbl><w:tr>{first}</w:tr><w:tr>{second}</w:tr></w:tbl>"

    word = read_docx(docx(table))

    assert word.tables[0].places == {(0, 0), (0, 2), (1, 0), (1, 1)}
    assert [(block.cell.row, block.cell.column) for block in word.blocks if block.cell] == [
        (0, 0),
        (0, 2),
        (1, 0),
        (1, 1),
    ]


def test_a_rule_may_be_a_border_or_a_drawn_line_and_an_empty_paragraph_is_neither() -> None:
    drawn = '<w:r><w:pict><v:rect o:hr="t"/></w:pict></w:r>'
    body = p(properties='<w:pBdr><w:top w:val="single"/></w:pBdr>') + p(drawn) + p() + p("a")

    assert [block.rule for block in read_docx(docx(body)).blocks] == [True, True, False]


def test_the_indent_is_the_paragraphs_own_then_its_lists_then_its_styles() -> None:
    own = '<w:ind w:left="70"/>'
    body = p("a", properties=item(1)) + p("b", properties=item(1) + own) + p("c", properties=own) + p("d")

    assert [block.indent for block in read_docx(docx(body)).blocks] == [500, 70, 70, 0]


@pytest.mark.parametrize("data", [b"", b"PK", b"no zip file"])
def test_what_is_no_docx_file_is_refused(data: bytes) -> None:
    import zipfile

    with pytest.raises(zipfile.BadZipFile):
        read_docx(data)
