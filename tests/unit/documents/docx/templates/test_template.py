"""A company's file becomes a template, or is refused with its fault named (S1-13, S1-55)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping

import pytest
from docx.opc.constants import CONTENT_TYPE as TYPE
from docx.opc.constants import RELATIONSHIP_TYPE as RELATION
from hypothesis import given, settings
from hypothesis import strategies as st

from techne.documents.docx.templates import package
from techne.documents.docx.templates.default_template import default_template
from techne.documents.docx.templates.rules import TEMPLATE_TYPE
from techne.documents.docx.templates.template import Template, open_template, read_template
from techne.errors import InputError, TemplateError
from tests.support.docx_packages import (
    NAMESPACES,
    Part,
    document_xml,
    packaged,
    paragraph_xml,
    relationships,
    small_template,
    unzipped,
    zipped,
)
from tests.support.docx_templates import company_template, company_template_with_cover

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml"
MACRO = "application/vnd.ms-word.document.macroEnabled.main+xml"
TEMPLATES: tuple[Callable[[], bytes], ...] = (
    default_template,
    company_template,
    company_template_with_cover,
    small_template,
)
DOCUMENT = "word/document.xml"


def with_members(data: bytes, changes: Mapping[str, str | bytes]) -> bytes:
    return zipped({**unzipped(data), **changes})


def with_relation(*relation: str, source: str = DOCUMENT) -> bytes:
    """The small template, with one more relationship."""
    folder, _, name = source.rpartition("/")
    return with_members(
        small_template(),
        {
            f"{folder}/_rels/{name}.rels": relationships(
                [("rId1", RELATION.STYLES, "styles.xml"), ("extra", *relation)]
            )
        },
    )


def field_xml(*instruction: str) -> str:
    pieces = "".join(f"<w:r><w:instrText>{piece}</w:instrText></w:r>" for piece in instruction)
    return (
        f'<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r>{pieces}'
        '<w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>'
    )


def refusal(data: bytes) -> str:
    with pytest.raises(TemplateError) as caught:
        read_template(data, "company.docx")
    assert caught.value.message.startswith("company.docx: ")
    return str(caught.value)


@pytest.mark.parametrize("made", TEMPLATES)
def test_a_sound_file_is_taken_as_it_came(made: Callable[[], bytes]) -> None:
    template = read_template(made(), "company.docx")
    assert template == Template("company.docx", made())
    assert len(template.sha256) == 64


def test_a_word_template_opens_as_a_document() -> None:
    types = unzipped(company_template())[package.CONTENT_TYPES].decode()
    dotx = with_members(
        company_template(), {package.CONTENT_TYPES: types.replace(TYPE.WML_DOCUMENT_MAIN, TEMPLATE_TYPE)}
    )
    document = open_template(read_template(dotx, "company.dotx"))
    assert document.part.content_type == TYPE.WML_DOCUMENT_MAIN
    assert document.paragraphs[0].text == "Modelo da Companhia"


def test_a_template_error_is_the_callers_to_mend() -> None:
    assert issubclass(TemplateError, InputError)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not a readable DOCX file"),
        (b"PK\x03\x04 and no more", "not a readable DOCX file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512, "encrypted"),
        (b"# Markdown", "not a readable DOCX file"),
        (zipped({"mimetype": "application/vnd.oasis.opendocument.text"}), "[Content_Types].xml"),
        (default_template()[:-200], "not a readable DOCX file"),
    ],
)
def test_what_is_no_docx_file_is_refused(data: bytes, said: str) -> None:
    assert said in refusal(data)


def test_a_workbook_is_refused_by_what_it_says_it_is() -> None:
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    assert kind in refusal(packaged([Part("xl/workbook.xml", kind, "<workbook/>")]))


@pytest.mark.parametrize("kind", [MACRO, MACRO.replace("document", "template")])
def test_a_file_for_macros_is_refused_whatever_its_name(kind: str) -> None:
    types = unzipped(small_template())[package.CONTENT_TYPES].decode()
    data = with_members(
        small_template(), {package.CONTENT_TYPES: types.replace(f"{WORD}.document.main+xml", kind)}
    )
    assert "macros" in refusal(data)


def test_macros_are_found_by_their_part_too() -> None:
    types = unzipped(small_template())[package.CONTENT_TYPES].decode()
    override = (
        '<Override PartName="/word/vbaProject.bin" ContentType="application/vnd.ms-office.vbaProject"/>'
    )
    data = with_members(
        small_template(),
        {
            package.CONTENT_TYPES: types.replace("</Types>", f"{override}</Types>"),
            "word/vbaProject.bin": b"\0",
        },
    )
    assert "/word/vbaProject.bin" in refusal(data)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("attachedTemplate", "attached to another template"),
        ("oleObject", "embeds an object"),
        ("package", "embeds a file"),
        ("control", "ActiveX"),
        ("aFChunk", "imports another file"),
        ("subDocument", "master document"),
        ("frame", "frame"),
        ("image", "takes in"),
        ("mailMergeSource", "mail merge"),
        ("whatever", "takes in"),
    ],
)
def test_what_word_would_fetch_is_refused_with_part_and_target(kind: str, said: str) -> None:
    message = refusal(with_relation(f"{OFFICE}/{kind}", "file:///C:/elsewhere.bin", "External"))
    assert said in message
    assert "/word/document.xml" in message
    assert "file:///C:/elsewhere.bin" in message


def test_relationships_of_every_part_are_looked_at() -> None:
    target = "https://tracker.example.com/pixel.png"
    data = with_members(
        company_template(),
        {"word/_rels/header1.xml.rels": relationships([("logo", RELATION.IMAGE, target, "External")])},
    )
    message = refusal(data)
    assert "/word/header1.xml" in message
    assert target in message


@pytest.mark.parametrize("target", ["http://example.com", "HTTPS://example.com/a", "mailto:a@example.com"])
def test_links_to_the_web_and_to_mail_are_allowed(target: str) -> None:
    read_template(with_relation(RELATION.HYPERLINK, target, "External"), "company.docx")


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "javascript:alert(1)", "\\\\server\\share", "http:[", ""]
)
def test_other_links_are_refused(target: str) -> None:
    assert "links to" in refusal(with_relation(RELATION.HYPERLINK, target, "External"))


@pytest.mark.parametrize(
    "body",
    [
        field_xml("INCLUDEPICTURE ", "https://example.com/a.png"),
        field_xml(" DDE", "AUTO c:\\cmd.exe"),
        '<w:p><w:fldSimple w:instr=" includetext x.docx"><w:r/></w:fldSimple></w:p>',
    ],
)
def test_fields_that_take_in_other_files_are_refused(body: str) -> None:
    assert "has a field" in refusal(small_template(body))


def test_fields_for_pages_and_dates_are_allowed() -> None:
    read_template(small_template(field_xml(" PAGE ") + field_xml("DATE")), "company.docx")


def test_mail_merge_settings_are_refused() -> None:
    settings_xml = (
        f'<w:settings {NAMESPACES}><w:mailMerge><w:query w:val="SELECT"/></w:mailMerge></w:settings>'
    )
    data = with_members(company_template(), {"word/settings.xml": settings_xml})
    assert "mail merge" in refusal(data)


def test_strict_open_xml_is_refused_with_the_cure() -> None:
    strict = "http://purl.oclc.org/ooxml/officeDocument/relationships/officeDocument"
    data = with_members(small_template(), {"_rels/.rels": relationships([("rId1", strict, DOCUMENT)])})
    assert "save it as Word Document (.docx)" in refusal(data)


@pytest.mark.parametrize(
    "xml", ["<w:styles", "", '<?xml version="1.0" encoding="unheard-of"?><w:styles xmlns:w="u"/>']
)
def test_broken_xml_is_refused_with_its_part(xml: str) -> None:
    assert "/word/styles.xml of the template is broken XML" in refusal(
        with_members(small_template(), {"word/styles.xml": xml})
    )


@pytest.mark.parametrize(
    "declared",
    ["", ' [<!ENTITY a "b">]', ' SYSTEM "file:///etc/passwd"', ' PUBLIC "p" "http://example.com/d"'],
)
def test_xml_that_declares_a_document_type_is_refused_with_its_part(declared: str) -> None:
    xml = f"<!DOCTYPE styles{declared}><w:styles {NAMESPACES}/>"
    assert "/word/styles.xml of the template declares a document type" in refusal(
        with_members(small_template(), {"word/styles.xml": xml})
    )


@pytest.mark.parametrize("name", ["../evil.xml", "/word/a.xml", "word\\a.xml", "c:a.xml", "word/../a.xml"])
def test_names_that_lead_out_are_refused(name: str) -> None:
    assert "is no part's name" in refusal(with_members(small_template(), {name: b"<a/>"}))


def test_two_files_of_one_name_are_refused() -> None:
    assert "twice" in refusal(with_members(small_template(), {"word/DOCUMENT.xml": document_xml("")}))


def test_bombs_are_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = with_members(small_template(), {"word/media/a.png": b"\0" * 2_000_000})
    assert len(bomb) < 10_000
    read_template(bomb, "company.docx")
    monkeypatch.setattr(package, "UNPACKED_LIMIT", 1_000_000)
    assert "unpacks to" in refusal(bomb)


def test_there_are_limits_on_bytes_files_and_xml(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "MEMBER_LIMIT", 3)
    assert "files" in refusal(small_template())
    monkeypatch.setattr(package, "PACKED_LIMIT", 100)
    assert "bytes" in refusal(small_template())
    monkeypatch.undo()
    monkeypatch.setattr(package, "XML_LIMIT", 100)
    assert "XML unpacks" in refusal(small_template())


def test_an_archive_that_lies_about_a_size_is_refused() -> None:
    data = small_template()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        size = archive.getinfo(DOCUMENT).file_size
    assert "not a readable DOCX file" in refusal(
        data.replace(size.to_bytes(4, "little"), (size - 10).to_bytes(4, "little"))
    )


@pytest.mark.parametrize(
    ("part", "xml"),
    [
        ("word/document.xml", f"<w:document {NAMESPACES}/>"),
        ("word/document.xml", f"<w:body {NAMESPACES}/>"),
        ("word/styles.xml", f'<w:styles {NAMESPACES}><w:style w:type="odd"><w:name/></w:style></w:styles>'),
        ("_rels/.rels", relationships([])),
        ("_rels/.rels", relationships([("rId1", RELATION.OFFICE_DOCUMENT, "word/absent.xml")])),
        ("word/_rels/document.xml.rels", relationships([("rId1", RELATION.STYLES, "absent.xml")])),
    ],
)
def test_what_cannot_be_opened_is_refused_or_mended(part: str, xml: str) -> None:
    data = with_members(small_template(), {part: xml})
    try:
        template = read_template(data, "company.docx")
    except TemplateError:
        return
    open_template(template).save(io.BytesIO())


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_mutated_bytes_are_a_template_or_an_error(drawn: st.DataObject) -> None:
    data = bytearray(drawn.draw(st.sampled_from([made() for made in TEMPLATES])))
    for _ in range(drawn.draw(st.integers(1, 8))):
        position = drawn.draw(st.integers(0, len(data) - 1))
        data[position] = drawn.draw(st.integers(0, 255))
    try:
        read_template(bytes(data), "mutated")
    except TemplateError:
        return


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_mutated_parts_are_a_template_or_an_error(drawn: st.DataObject) -> None:
    members = unzipped(drawn.draw(st.sampled_from(TEMPLATES))())
    name = drawn.draw(st.sampled_from(sorted(members)))
    content = members[name]
    start = drawn.draw(st.integers(0, len(content)))
    length = drawn.draw(st.sampled_from([0, 1, 5, 50]))
    source = drawn.draw(st.integers(0, len(content)))
    members[name] = content[:start] + content[source : source + 30] + content[start + length :]
    try:
        read_template(zipped(members), "mutated")
    except TemplateError:
        return


def test_leftovers_of_the_templates_own_life_stay_behind() -> None:
    extra = [
        ("rId3", RELATION.THUMBNAIL, "docProps/thumbnail.png"),
        ("rId4", f"{OFFICE}/digital-signature/origin", "_xmlsignatures/origin.sigs"),
    ]
    effects = "http://schemas.microsoft.com/office/2007/relationships/stylesWithEffects"
    parts = [
        Part(
            DOCUMENT,
            TYPE.WML_DOCUMENT_MAIN,
            document_xml(paragraph_xml("text")),
            [("rId1", RELATION.STYLES, "styles.xml"), ("rId2", effects, "stylesWithEffects.xml")],
        ),
        Part("word/styles.xml", TYPE.WML_STYLES, f"<w:styles {NAMESPACES}/>"),
        Part("word/stylesWithEffects.xml", "application/vnd.ms-word.stylesWithEffects+xml", "<a/>"),
        Part("docProps/thumbnail.png", TYPE.PNG, b"png"),
        Part("_xmlsignatures/origin.sigs", "application/octet-stream", b"sig"),
    ]
    buffer = io.BytesIO()
    open_template(read_template(packaged(parts, extra), "company.docx")).save(buffer)
    kept = set(unzipped(buffer.getvalue()))
    assert not {name for name in kept if "thumbnail" in name or "Effects" in name or "signatures" in name}


def test_logo_theme_and_custom_parts_stay() -> None:
    buffer = io.BytesIO()
    open_template(read_template(company_template(), "company.docx")).save(buffer)
    before, after = unzipped(company_template()), unzipped(buffer.getvalue())
    for name in ("word/media/logo.png", "word/theme/theme1.xml", "customXml/item1.xml"):
        assert after[name] == before[name]
    assert b"continuationSeparator" in after["word/footnotes.xml"]
    assert b"logo" in after["word/_rels/header1.xml.rels"]


@pytest.mark.parametrize(
    ("part", "xml", "said"),
    [
        ("word/styles.xml", f"<w:numbering {NAMESPACES}/>", "is no 'styles'"),
        (
            "word/document.xml",
            document_xml('<w:p><w:bookmarkStart w:id="a"/></w:p>'),
            "'bookmarkStart' without",
        ),
        (
            "word/footnotes.xml",
            f"<w:footnotes {NAMESPACES}><w:footnote/></w:footnotes>",
            "'footnote' without",
        ),
        (
            "word/document.xml",
            document_xml("", '<w:sectPr><w:pgSz w:w="wide"/></w:sectPr>'),
            "can't be opened",
        ),
    ],
)
def test_what_a_document_could_not_be_written_into_is_refused(part: str, xml: str, said: str) -> None:
    message = refusal(with_members(company_template(), {part: xml}))
    assert said in message


def test_a_part_that_would_be_saved_twice_is_refused() -> None:
    data = with_members(
        small_template(),
        {"word/_rels/document.xml.rels": relationships([("rId1", f"{OFFICE}/people", "styles.xml")])},
    )
    assert "/word/styles.xml is not related to as what it is" in refusal(data)


def test_a_new_numbering_part_takes_no_others_name() -> None:
    data = packaged(
        [
            Part(
                DOCUMENT,
                TYPE.WML_DOCUMENT_MAIN,
                document_xml(""),
                [
                    ("rId1", RELATION.STYLES, "styles.xml"),
                    ("rId2", f"{OFFICE}/people", "numbering.xml"),
                ],
            ),
            Part("word/styles.xml", TYPE.WML_STYLES, f"<w:styles {NAMESPACES}/>"),
            Part("word/numbering.xml", "application/octet-stream", b"another's"),
        ]
    )
    document = open_template(read_template(data, "company.docx"))
    assert document.part.numbering_part.partname != "/word/numbering.xml"
    plain = open_template(read_template(small_template(), "company.docx"))
    assert plain.part.numbering_part.partname == "/word/numbering.xml"


def test_an_opened_template_can_take_numbering_and_a_page() -> None:
    document = open_template(read_template(small_template(), "company.docx"))
    assert document.part.numbering_part.element is not None
    assert len(document.sections) == 1
