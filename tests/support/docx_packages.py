"""DOCX packages made of any parts, sound or not, by code."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from docx.opc.constants import CONTENT_TYPE as TYPE
from docx.opc.constants import RELATIONSHIP_TYPE as RELATION

NAMESPACES = " ".join(
    f'xmlns:{prefix}="{uri}"'
    for prefix, uri in (
        ("w", "http://schemas.openxmlformats.org/wordprocessingml/2006/main"),
        ("r", "http://schemas.openxmlformats.org/officeDocument/2006/relationships"),
        ("wp", "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"),
        ("a", "http://schemas.openxmlformats.org/drawingml/2006/main"),
        ("pic", "http://schemas.openxmlformats.org/drawingml/2006/picture"),
        ("mc", "http://schemas.openxmlformats.org/markup-compatibility/2006"),
        ("wps", "http://schemas.microsoft.com/office/word/2010/wordprocessingShape"),
        ("v", "urn:schemas-microsoft-com:vml"),
    )
)
PACKAGE = "http://schemas.openxmlformats.org/package/2006"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a package.

    Args:
        name: Such as `word/styles.xml`.
        kind: Content type.
        content: XML or bytes.
        relations: Relationships to others, each an id, a type and a target; external ones have a fourth item.
    """

    name: str
    kind: str
    content: str | bytes
    relations: Sequence[tuple[str, ...]] = field(default=())


def packaged(parts: Sequence[Part], relations: Sequence[tuple[str, ...]] = ()) -> bytes:
    """A package of these parts, the first of them the main one; the same bytes each time."""
    members: dict[str, str | bytes] = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
        f'<Default Extension="rels" ContentType="{TYPE.OPC_RELATIONSHIPS}"/>'
        + "".join(f'<Override PartName="/{part.name}" ContentType="{part.kind}"/>' for part in parts)
        + "</Types>",
        "_rels/.rels": relationships([("rId1", RELATION.OFFICE_DOCUMENT, parts[0].name), *relations]),
    }
    for part in parts:
        members[part.name] = part.content
        if part.relations:
            folder, _, name = part.name.rpartition("/")
            members[f"{folder}/_rels/{name}.rels"] = relationships(part.relations)
    return zipped(members)


def relationships(relations: Sequence[tuple[str, ...]]) -> str:
    """A part of relationships."""
    shown = "".join(
        f'<Relationship Id="{key}" Type="{kind}" Target="{target}"'
        + "".join(f' TargetMode="{mode}"' for mode in rest)
        + "/>"
        for key, kind, target, *rest in relations
    )
    return f'<Relationships xmlns="{PACKAGE}/relationships">{shown}</Relationships>'


def zipped(members: Mapping[str, str | bytes]) -> bytes:
    """A zip file with these members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def unzipped(data: bytes) -> dict[str, bytes]:
    """Members of a zip file."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def document_xml(body: str, section: str = "") -> str:
    """A main part with this body, and properties of its last section."""
    return f"<w:document {NAMESPACES}><w:body>{body}{section}</w:body></w:document>"


def paragraph_xml(*texts: str, style: str = "", properties: str = "") -> str:
    """A paragraph with a run for each text."""
    named = f'<w:pStyle w:val="{style}"/>' if style else ""
    runs = "".join(f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>' for text in texts)
    return f"<w:p><w:pPr>{named}{properties}</w:pPr>{runs}</w:p>"


def small_template(body: str = "", *, styles: str = "", section: str = "") -> bytes:
    """The least that is a document, with this body and these styles."""
    parts = [
        Part(
            "word/document.xml",
            TYPE.WML_DOCUMENT_MAIN,
            document_xml(body, section),
            [("rId1", RELATION.STYLES, "styles.xml")],
        ),
        Part("word/styles.xml", TYPE.WML_STYLES, f"<w:styles {NAMESPACES}>{styles}</w:styles>"),
    ]
    return packaged(parts)
