"""Whatever the Markdown: a valid document with its text, every character in its place (S1-13, S1-54, S1-55).

Two sources: documents made as trees, of which it is known what a reader must see, and fragments thrown
together, of which the parser says it. Validity is checked here by the rules that are broken most often, since
validators take a second a file; `tests/acceptance/test_docx_any_markdown.py` asks them.
"""

from __future__ import annotations

import base64
import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from posixpath import normpath

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml.ns import nsmap, qn
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from lxml import etree
from markdown_it.tree import SyntaxTreeNode

from techne.documents.docx import DocxOptions, render_docx
from techne.documents.docx.headings import title_of
from techne.documents.docx.losses import LossKind
from techne.documents.docx.parsing import ParsedMarkdown, parse_markdown
from techne.documents.docx.style_names import AUTHOR, CALLOUT_TITLES, CAPTION, DATE, SUBTITLE, TITLE
from tests.unit.documents import markdown_strategies
from tests.unit.documents.docx.markdown_documents import PICTURE, MarkdownDocument, markdown_documents

_XML_FORBIDS = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_W14 = "http://schemas.microsoft.com/office/word/2010/wordml"
_PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
_LABELS = frozenset({*CALLOUT_TITLES.values(), SUBTITLE, AUTHOR, DATE})
_CAPTION_LABEL = re.compile(r"^\w+ : ")
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_XML_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_OUTSIDE = ("http://", "https://", "mailto:")
_UNIQUE = (
    (qn("w:bookmarkStart"), qn("w:id")),
    (qn("w:bookmarkStart"), qn("w:name")),
    (qn("wp:docPr"), "id"),
    (qn("w:footnote"), qn("w:id")),
    (qn("w:num"), qn("w:numId")),
    (qn("w:abstractNum"), qn("w:abstractNumId")),
    (qn("w:style"), qn("w:styleId")),
)
_ORDERS = {
    line.split(":")[0]: tuple(line.split(":")[1].split())
    for line in """
pPr: pStyle keepNext keepLines pageBreakBefore framePr widowControl numPr suppressLineNumbers pBdr shd tabs \
    suppressAutoHyphens kinsoku wordWrap overflowPunct topLinePunct autoSpaceDE autoSpaceDN bidi \
    adjustRightInd snapToGrid spacing ind contextualSpacing mirrorIndents suppressOverlap jc textDirection \
    textAlignment textboxTightWrap outlineLvl divId cnfStyle rPr sectPr pPrChange
rPr: rStyle rFonts b bCs i iCs caps smallCaps strike dstrike outline shadow emboss imprint noProof \
    snapToGrid vanish webHidden color spacing w kern position sz szCs highlight u effect bdr shd fitText \
    vertAlign rtl cs em lang eastAsianLayout specVanish oMath
tblPr: tblStyle tblpPr tblOverlap bidiVisual tblStyleRowBandSize tblStyleColBandSize tblW jc tblCellSpacing \
    tblInd tblBorders shd tblLayout tblCellMar tblLook tblCaption tblDescription
tcPr: cnfStyle tcW gridSpan hMerge vMerge tcBorders shd noWrap tcMar textDirection tcFitText vAlign hideMark
sectPr: headerReference footerReference footnotePr endnotePr type pgSz pgMar paperSrc pgBorders lnNumType \
    pgNumType cols formProt vAlign noEndnote titlePg textDirection bidi rtlGutter docGrid
lvl: start numFmt lvlRestart pStyle isLgl suff lvlText lvlPicBulletId legacy lvlJc pPr rPr
num: abstractNumId lvlOverride
sdt: sdtPr sdtEndPr sdtContent
style: name aliases basedOn next link autoRedefine hidden uiPriority semiHidden unhideWhenUsed qFormat \
    locked personal personalCompose personalReply rsid pPr rPr tblPr trPr tcPr tblStylePr
""".strip().splitlines()
}
"""The order of an element's parts (ECMA-376 part 1, annex A.1)."""
_REPEATED = frozenset({"headerReference", "footerReference", "tblStylePr", "lvlOverride"})
_BLOCKS = re.compile("p|h[1-6]|t[dhr]|pre|li|[uo]l|blockquote|table|thead|tbody|section")
_FRAGMENTS = (
    *markdown_strategies.FRAGMENTS,
    *("[^1]", "\n[^1]: ", "\n\n[^é]: x\n\n    y\n", "[^é]", "> [!NOTE]\n", "> [!tip]\n> ", "~", "- [x]\t"),
    *("1. [ ] ", "# A\n\n", "[t](#a)", "![i](picture.png)\n\n", '![](picture.png "t")\n\n', "    x\n"),
    *("https://e.com/ã", "<a@e.com>", "www.e.com/a_b_"),
)  # fmt: skip
_fragments = st.one_of(
    markdown_strategies.markdown,
    st.lists(st.one_of(st.sampled_from(_FRAGMENTS), st.text(max_size=4)), max_size=25).map("".join),
)
_lines = st.text(max_size=12)
_options = st.builds(
    DocxOptions,
    title=st.one_of(st.just(""), _lines),
    subtitle=_lines,
    author=_lines,
    date=st.one_of(st.sampled_from(["2026-01-31", "2026-02-31", "31 January"]), _lines),
    language=st.sampled_from(["en-US", "pt-BR", "es", "ar", "zh-Hant-TW", "x"]),
    title_page=st.sampled_from([None, True, False]),
    contents=st.sampled_from([None, True, False]),
)


class Reading:
    """What a reader sees in a DOCX file, from its XML alone.

    What the renderer adds is left out: the table of contents, the cover's other lines, titles of callouts,
    boxes of tasks, the numbers of captions and notes.
    """

    def __init__(self, data: bytes) -> None:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            self.parts = {name: package.read(name) for name in package.namelist()}
        self.xml = {
            name: etree.fromstring(part)
            for name, part in self.parts.items()
            if name.endswith((".xml", ".rels"))
        }
        self.document = self.xml["word/document.xml"]
        self._names = {
            style.get(qn("w:styleId")): style.find(qn("w:name")).get(qn("w:val"))
            for style in self.xml["word/styles.xml"].iter(qn("w:style"))
        }

    def body(self, *, has_title: bool) -> list[str]:
        """The paragraphs of the body with any text."""
        return list(self._texts(self.document, has_title=has_title))

    def footnotes(self) -> list[list[str]]:
        """The same of each note."""
        notes = self.xml.get("word/footnotes.xml")
        shown = [] if notes is None else [note for note in notes if note.get(qn("w:type")) is None]
        return [list(self._texts(note, has_title=False)) for note in shown]

    def _texts(self, root: etree._Element, *, has_title: bool) -> Iterator[str]:
        for paragraph in root.iter(qn("w:p")):
            galleries = [
                gallery.get(qn("w:val"))
                for control in paragraph.iterancestors(qn("w:sdt"))
                for gallery in control.iterfind(f"{qn('w:sdtPr')}/*/{qn('w:docPartGallery')}")
            ]
            style = self.style(paragraph)
            if style in _LABELS or (style == TITLE and not has_title) or "Table of Contents" in galleries:
                continue
            text = shown(paragraph)
            text = _CAPTION_LABEL.sub("", text) if style == CAPTION else text
            if text.strip():
                yield text

    def style(self, paragraph: etree._Element) -> str | None:
        """The name of a paragraph's style."""
        style = paragraph.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
        return None if style is None else self._names[style.get(qn("w:val"))]


def shown(paragraph: etree._Element) -> str:
    """The text of a paragraph, without a task's box, a note's number, and the results of fields."""
    left_out = set(_labels_in(paragraph))
    pieces: list[str] = []
    in_result = False
    for run in paragraph.iter(qn("w:r")):
        if not left_out.isdisjoint((run, *run.iterancestors(qn("w:sdt")))):
            continue
        for node in run:
            if node.tag == qn("w:fldChar"):
                in_result = node.get(qn("w:fldCharType")) == "separate"
            elif in_result:
                continue
            elif node.tag == qn("w:t"):
                pieces.append(node.text or "")
            elif node.tag in (qn("w:tab"), qn("w:br")):
                pieces.append("\t" if node.tag == qn("w:tab") else "\n")
    return "".join(pieces)


def _labels_in(paragraph: etree._Element) -> Iterator[etree._Element]:
    """The boxes and numbers that begin a paragraph, and the runs that set them off."""
    for mark in paragraph.iter(f"{{{_W14}}}checkbox", qn("w:footnoteRef")):
        label = mark.getparent() if mark.tag == qn("w:footnoteRef") else mark.getparent().getparent()
        yield from (label, label.getnext())


def meant(parsed: ParsedMarkdown) -> tuple[list[str], list[list[str]]]:
    """What the parser says that a reader must see: the body's paragraphs, and those of each note."""
    body = list(_paragraphs(parsed.blocks, in_note=False))
    used = dict.fromkeys(node.meta["id"] for block in parsed.blocks for node in _references(block))
    return body, [list(_paragraphs(parsed.footnotes[note].children, in_note=True)) for note in used]


def _references(node: SyntaxTreeNode) -> Iterator[SyntaxTreeNode]:
    """The references to notes, but not those in an image's alternative text."""
    if node.type == "footnote_ref":
        yield node
    elif node.type != "image":
        for part in node.children:
            yield from _references(part)


def _paragraphs(blocks: Sequence[SyntaxTreeNode], *, in_note: bool) -> Iterator[str]:
    for block in blocks:
        if block.type in ("paragraph", "heading", "th", "td"):
            text = "".join(_inline_text(block, in_note=in_note))
        elif block.type in ("fence", "code_block", "html_block"):
            text = block.content
        else:
            inside = [part for part in block.children if part.type not in ("alert_title", "footnote_anchor")]
            yield from _paragraphs(inside, in_note=in_note)
            continue
        if text.strip():
            yield text


def _inline_text(node: SyntaxTreeNode, *, in_note: bool) -> Iterator[str]:
    if node.type in ("softbreak", "hardbreak"):
        yield "\n"
    elif node.type == "footnote_ref" and in_note:
        yield f"[{node.meta['label']}]"
    elif not node.children:
        yield node.content
    for part in node.children:
        yield from _inline_text(part, in_note=in_note)


def carried(texts: Sequence[str]) -> list[str]:
    """The texts without what XML can't carry, but for those of white space alone."""
    return [text for text in (_XML_FORBIDS.sub("", text) for text in texts) if text.strip()]


def on_one_line(texts: Sequence[str]) -> list[str]:
    """The texts without differences that HTML doesn't show either."""
    return [re.sub(r"[ \t]*\n[ \t\n]*|  +", " ", text).strip() for text in carried(texts)]


class GithubPage(HTMLParser):
    """The paragraphs of what cmark-gfm makes of a text, its notes apart."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.body: list[str] = []
        self.footnotes: list[list[str]] = []
        self._place = self.body
        self._text = ""
        self._left_out: list[str] = []
        html = cmarkgfm.markdown_to_html_with_extensions(
            markdown,
            options=Options.CMARK_OPT_FOOTNOTES | Options.CMARK_OPT_UNSAFE,
            extensions=["table", "strikethrough", "autolink", "tasklist"],
        )
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if _BLOCKS.fullmatch(tag):
            self._end_paragraph()
        if tag == "li" and (attributes.get("id") or "").startswith("fn-"):
            self._place = []
            self.footnotes.append(self._place)
        if tag == "img":
            self._text += attributes["alt"] or ""
        if self._left_out or tag == "sup" or "footnote-backref" in (attributes.get("class") or ""):
            self._left_out.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if _BLOCKS.fullmatch(tag):
            self._end_paragraph()
        if tag in self._left_out:
            self._left_out.remove(tag)

    def handle_data(self, data: str) -> None:
        if not self._left_out:
            self._text += data

    def _end_paragraph(self) -> None:
        self._place.append(self._text)
        self._text = ""


def violations(reading: Reading) -> Iterator[str]:
    """What is wrong with a package by the rules that validators know (ECMA-376 part 1 and 2)."""
    for name, root in reading.xml.items():
        if name.startswith("word/") and name.endswith(".xml"):
            yield from (f"{name}: {found}" for found in _misplaced(root))
            yield from (f"{name}: {found}" for found in _unmatched(root))
            yield from (f"{name}: {found}" for found in _unresolved(reading, name, root))
        elif name.endswith(".rels"):
            yield from (f"{name}: {found}" for found in _bad_targets(reading, name, root))


def _misplaced(root: etree._Element) -> Iterator[str]:
    """Children out of their schema's order or twice, and elements without what they must end with."""
    for tag, order in _ORDERS.items():
        for element in root.iter(qn(f"w:{tag}")):
            names = [etree.QName(part).localname for part in element]
            known = [order.index(name) for name in names if name in order]
            if len(known) < len(names):
                yield f"{tag} has {sorted(set(names) - set(order))}"
            twice = {name for name, times in Counter(names).items() if times > 1} - _REPEATED
            if known != sorted(known) or twice:
                yield f"{tag} has its parts as {names}"
    for cell in (*root.iter(qn("w:tc")), *root.findall(qn("w:footnote"))):
        if len(cell) == 0 or cell[-1].tag != qn("w:p"):
            yield f"{etree.QName(cell).localname} doesn't end with a paragraph"
    for row in root.iter(qn("w:tr")):
        columns = len(row.getparent().findall(f"{qn('w:tblGrid')}/{qn('w:gridCol')}"))
        if len(row.findall(qn("w:tc"))) != columns:
            yield "a row has other than its table's columns"
    for text in root.iter(qn("w:t")):
        if (text.text or "") != (text.text or "").strip() and text.get(_XML_SPACE) != "preserve":
            yield f"the white space of {text.text!r} is lost"
    for link in root.iter(qn("w:hyperlink")):
        if next(link.iterancestors(qn("w:hyperlink")), None) is not None:
            yield "a link in a link"


def _unmatched(root: etree._Element) -> Iterator[str]:
    """Ids that are there twice, bookmarks without an end, fields that don't end."""
    for path, attribute in _UNIQUE:
        values = Counter(element.get(attribute) for element in root.iter(path))
        yield from (
            f"{path} {value!r} is there {count} times" for value, count in values.items() if count > 1
        )
    ends = Counter(end.get(qn("w:id")) for end in root.iter(qn("w:bookmarkEnd")))
    if ends != Counter(start.get(qn("w:id")) for start in root.iter(qn("w:bookmarkStart"))):
        yield "bookmarks don't pair"
    open_fields: list[str] = []
    for mark in root.iter(qn("w:fldChar")):
        kind = mark.get(qn("w:fldCharType"))
        before = open_fields.pop() if kind != "begin" and open_fields else ""
        if kind != "begin" and before not in ("begin", "separate")[: 1 if kind == "separate" else 2]:
            yield f"a field's {kind} follows {before or 'nothing'}"
        open_fields += [] if kind == "end" else [str(kind)]
    if open_fields:
        yield "a field doesn't end"


def _unresolved(reading: Reading, name: str, root: etree._Element) -> Iterator[str]:
    """Names of styles, lists, notes, bookmarks and relationships that lead nowhere."""
    styles = {
        (style.get(qn("w:type")), style.get(qn("w:styleId")))
        for style in reading.xml["word/styles.xml"].iter(qn("w:style"))
    }
    for tag, kind in (("pStyle", "paragraph"), ("rStyle", "character"), ("tblStyle", "table")):
        for use in root.iter(qn(f"w:{tag}")):
            if (kind, use.get(qn("w:val"))) not in styles:
                yield f"no {kind} style {use.get(qn('w:val'))!r}"
    for use, definition, attribute in (
        ("numPr/w:numId", "num", "numId"),
        ("num/w:abstractNumId", "abstractNum", "abstractNumId"),
    ):
        roots = [part for part in reading.xml.values() if part.tag == qn("w:numbering")]
        defined = {
            one.get(qn(f"w:{attribute}")) for part in roots for one in part.iter(qn(f"w:{definition}"))
        }
        defined |= {"0"} if definition == "num" else set()  # none, for what a style would number
        for used in root.iterfind(f".//w:{use}", nsmap):
            if used.get(qn("w:val")) not in defined:
                yield f"no {definition} {used.get(qn('w:val'))!r}"
    notes = reading.xml.get("word/footnotes.xml")
    ids = set() if notes is None else {note.get(qn("w:id")) for note in notes}
    for reference in root.iter(qn("w:footnoteReference")):
        if reference.get(qn("w:id")) not in ids or name == "word/footnotes.xml":
            yield f"no note {reference.get(qn('w:id'))!r}, or in a note"
    bookmarks = {mark.get(qn("w:name")) for mark in reading.document.iter(qn("w:bookmarkStart"))}
    targets = [link.get(qn("w:anchor")) for link in root.iter(qn("w:hyperlink"))]
    targets += [
        found.group(1)
        for code in root.iter(qn("w:instrText"))
        if (found := re.match(r"\s*(?:PAGEREF|NOTEREF|REF) (\S+)", code.text or ""))
    ]
    yield from (f"no bookmark {target!r}" for target in targets if target and target not in bookmarks)
    path = PurePosixPath(name)
    relations = reading.xml.get(f"{path.parent}/_rels/{path.name}.rels")
    known = set() if relations is None else {relation.get("Id") for relation in relations}
    for element in root.iter():
        for attribute, value in element.items():
            if attribute.startswith(f"{{{_RELATIONS}}}") and value not in known:
                yield f"no relationship {value!r}"


def _bad_targets(reading: Reading, name: str, root: etree._Element) -> Iterator[str]:
    """Relationships to parts that aren't there, or to the outside other than by web and mail links."""
    folder = PurePosixPath(name).parent.parent
    for relation in root:
        target = relation.get("Target")
        if relation.get("TargetMode") == "External":
            if relation.get("Type") != RELATIONSHIP_TYPE.HYPERLINK or not target.startswith(_OUTSIDE):
                yield f"leads outside to {target!r}"
        elif (
            normpath(f"/{folder}/{target}" if not target.startswith("/") else target)[1:] not in reading.parts
        ):
            yield f"no part {target!r}"


@pytest.fixture(scope="module")
def picture_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    (folder / PICTURE).write_bytes(base64.b64decode(_PNG))
    return folder


@given(markdown_documents())
@settings(max_examples=100, deadline=None)
def test_what_the_trees_mean_is_what_githubs_parser_reads(document: MarkdownDocument) -> None:
    page = GithubPage(document.plain_markdown)
    assert on_one_line(page.body) == on_one_line(document.seen(pictures=False))
    assert [on_one_line(note) for note in page.footnotes] == [
        on_one_line(note) for note in document.seen_below(pictures=False)
    ]


@given(markdown_documents(), _options, st.booleans())
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_character_of_a_document_is_in_its_place(
    picture_folder: Path, document: MarkdownDocument, options: DocxOptions, pictures: bool
) -> None:
    options = replace(options, image_folder=picture_folder if pictures else None)
    rendered = render_docx(document.markdown, options)
    reading = Reading(rendered.data)
    has_title = title_of(parse_markdown(document.markdown).blocks) is not None
    assert reading.body(has_title=has_title) == carried(document.seen(pictures=pictures))
    assert reading.footnotes() == [carried(note) for note in document.seen_below(pictures=pictures)]
    assert list(violations(reading)) == []
    assert render_docx(document.markdown, options) == rendered


@given(_fragments, _options)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example("a\x00b\x07c\ud800", DocxOptions())
@example("[x](https://e.com/\x01)\n\n# \n\n- \n1. \n> \n", DocxOptions(contents=True))
@example("a&#10;&nbsp;b", DocxOptions())
def test_fragments_thrown_together_keep_their_text(markdown: str, options: DocxOptions) -> None:
    rendered = render_docx(markdown, options)
    reading = Reading(rendered.data)
    parsed = parse_markdown(markdown)
    body, notes = meant(parsed)
    assert on_one_line(reading.body(has_title=title_of(parsed.blocks) is not None)) == on_one_line(body)
    assert [on_one_line(note) for note in reading.footnotes()] == [on_one_line(note) for note in notes]
    if len(notes) < len(parsed.footnotes):
        assert LossKind.FOOTNOTE in {loss.kind for loss in rendered.losses}
    assert list(violations(reading)) == []
