"""What is expected of a text is what the specifications say of it (CommonMark 0.31.2, GFM 0.29; S1-13)."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import html

from tests.support.fidelity import specs
from tests.support.fidelity.cmark import parse
from tests.support.fidelity.source import read_markdown
from tests.support.fidelity.source_blocks import Item, Quote, Role, Source
from tests.support.fidelity.text import CHECKED, UNCHECKED, Format, Mark, Text

MARKS = {"strong": Mark.STRONG, "em": Mark.EMPHASIS, "del": Mark.STRIKETHROUGH, "code": Mark.CODE}


def of_html(page: str) -> Text:
    """The characters of the HTML that a specification gives for an example."""
    text = Text()

    def add(element: html.HtmlElement, marks: frozenset[Mark]) -> None:
        name = str(element.tag)
        inside = marks | {MARKS[name]} if name in MARKS else marks
        if name == "img":
            text.add(element.get("alt", ""), Format(marks))
        if name == "input":
            text.add(UNCHECKED if element.get("checked") is None else CHECKED, Format(marks))
        text.add(element.text or "", Format(inside))
        for child in element:
            add(child, inside)
            text.add(child.tail or "", Format(inside))

    add(html.fragment_fromstring(page, create_parent="div"), frozenset())
    return text


def has_raw_html(markdown: str) -> bool:
    """Whether markup of the text would be the page's too."""
    return any(node.kind in ("html_block", "html_inline") for node in parse(markdown).walk())


@pytest.mark.skipif(not specs.available(), reason="npm has not installed the specifications")
def test_every_example_of_the_specifications_reads_as_its_html_does() -> None:
    compared = 0
    for example in (*specs.commonmark_examples(), *specs.gfm_examples()):
        if has_raw_html(example.reading):
            continue
        read, expected = read_markdown(example.reading).text, of_html(example.html)
        assert "".join(read.characters) == "".join(expected.characters), example
        assert [one.marks for one in read.formats] == [one.marks for one in expected.formats], example
        compared += 1
    assert compared > 550


def test_raw_html_is_text_and_markup_of_markdown_is_not() -> None:
    read = read_markdown('a <b title="*x*">*c*</b>\n\n<div>\n*d*\n</div>\n')

    assert [read.text.reading(block.span) for block in read.blocks] == [
        'a <b title="*x*">c</b>',
        "<div> *d* </div>",
    ]
    assert [block.role for block in read.blocks] == [Role.PARAGRAPH, Role.HTML]
    assert [
        character
        for character, format_ in zip(read.text.characters, read.text.formats, strict=True)
        if format_.marks
    ] == ["c"]


def quotes(read: Source) -> list[tuple[str, list[str]]]:
    return [
        (read.text.reading(block.span), [part.callout for part in block.path if isinstance(part, Quote)])
        for block in read.blocks
    ]


@pytest.mark.parametrize("kind", ["note", "tip", "important", "warning", "caution"])
def test_a_quote_whose_first_line_names_a_kind_is_a_callout(kind: str) -> None:
    read = read_markdown(f"> [!{kind.upper()}]\n> a\n>\n> b\n")

    assert quotes(read) == [("a", [kind]), ("b", [kind])]


@pytest.mark.parametrize(
    "markdown",
    [
        "> [!NOTE]\n",
        "> [!NOTE] a\n> b\n",
        "> [!OTHER]\n> a\n",
        "> > [!NOTE]\n> > a\n",
        "- > [!NOTE]\n  > a\n",
    ],
)
def test_a_quote_is_no_callout_without_content_by_another_name_or_within_something(markdown: str) -> None:
    assert not any(kind for _, kinds in quotes(read_markdown(markdown)) for kind in kinds)


def test_items_are_numbered_from_the_lists_start_and_open_with_their_first_block() -> None:
    read = read_markdown("7. a\n\n   b\n8. - c\n9.\n")

    opened = [[item.number for item in block.opens] for block in read.blocks]
    assert opened == [[7], [], [8, None], [9]]
    assert [block.role for block in read.blocks][-1] is Role.EMPTY_ITEM
    assert [len([part for part in block.path if isinstance(part, Item)]) for block in read.blocks] == [
        1,
        1,
        2,
        1,
    ]


def test_a_box_makes_a_task_in_a_quote_and_in_a_list_on_the_same_line_too() -> None:
    read = read_markdown("> - [x] *a*\n\n1. - [ ] b\n2. [c\n3. [ ]d\n")

    assert [item.checked for block in read.blocks for item in block.opens] == [True, None, False, None, None]
    assert read.text.reading(read.blocks[0].span) == f"{CHECKED} a"


def test_characters_that_no_document_can_hold_are_not_expected() -> None:
    assert read_markdown("a\x01b\ufffe\n").text.characters == ["a", "b"]


def test_headings_of_the_same_text_have_names_of_their_own() -> None:
    read = read_markdown("# É `x_y`, não?\n\n## a\n\n## a\n\n## a-1\n")

    assert list(read.anchors) == ["é-x_y-não", "a", "a-1", "a-1-1"]


def asked(markdown: str) -> list[tuple[str, bool]]:
    links = {one.link: None for one in read_markdown(markdown).text.formats if one.link}
    return [(link.target, link.asked) for link in links]


def test_links_to_the_web_to_mailboxes_and_to_headings_are_asked_for_and_no_others() -> None:
    markdown = "# a\n\n[1](http://x.example) <b@x.example> [2](#a) [3](#b) [4](file:///x) [5](y.md) [6](https://..)\n"

    assert asked(markdown) == [
        ("http://x.example", True),
        ("mailto:b@x.example", True),
        ("#a", True),
        ("#b", False),
        ("file:///x", False),
        ("y.md", False),
        ("https://..", False),
    ]


def test_a_bare_address_is_a_link_only_where_the_specification_has_it_too() -> None:
    assert asked("https://a.example (www.b.example) <https://c.example>") == [
        ("https://a.example", True),
        ("http://www.b.example", True),
        ("https://c.example", True),
    ]
    assert asked('"https://d.example"') == [("https://d.example", False)]


def test_only_local_images_that_are_there_are_expected_as_pictures(tmp_path: Path) -> None:
    folder = tmp_path / "text"
    folder.mkdir()
    for path in (folder / "a b.png", folder / "notes.txt", tmp_path / "outside.png"):
        path.write_bytes(b"")
    markdown = "![one *x*](a%20b.png) ![two](none.png) ![three](https://x.example/a%20b.png)"

    read = read_markdown(f"{markdown} ![four](../outside.png) ![five](notes.txt)", folder)

    assert [picture.alternative for picture in read.pictures.values()] == ["one x"]
    assert read.text.reading(read.blocks[0].span) == "[picture] two three four five"
    assert read_markdown(markdown).pictures == {}


def test_footnotes_are_read_by_label_wherever_they_are_referred_to() -> None:
    read = read_markdown("a[^x] b[^y] c[^x]\n\n[^y]: why\n[^x]: ex\n\n    more\n[^z]: unused\n")

    assert list(read.references.values()) == ["x", "y", "x"]
    assert {label: len(note.blocks) for label, note in read.notes.items()} == {"x": 2, "y": 1}


def test_a_tables_cells_have_places_and_alignments() -> None:
    table = read_markdown("|a|b|c|\n|:-|-:|:-:|\n|1|\\||\n").tables[0]

    assert table.alignments == ("left", "right", "center")
    assert set(table.cells) == {(row, column) for row in range(2) for column in range(3)}
    assert not table.cells[1, 2]
