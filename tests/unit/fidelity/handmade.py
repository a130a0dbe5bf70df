"""DOCX files written by hand, as small as can be, and changes to the markup of others."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

from tests.support.fidelity.word_package import NAMESPACES

_DECLARED = " ".join(
    f'xmlns:{prefix}="{address}"' for prefix, address in NAMESPACES.items() if prefix != "rel"
)
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_ROOT_RELATIONSHIPS = (
    f'<Relationships xmlns="{NAMESPACES["rel"]}"><Relationship Id="rId1" Type="{_OFFICE}/officeDocument" '
    'Target="word/document.xml"/></Relationships>'
)
BULLET_AND_NUMBER = (
    '<w:abstractNum w:abstractNumId="1">'
    + "".join(
        f'<w:lvl w:ilvl="{level}"><w:start w:val="1"/><w:numFmt w:val="bullet"/><w:lvlText w:val="•"/>'
        f'<w:pPr><w:ind w:left="{(level + 1) * 500}" w:hanging="250"/></w:pPr></w:lvl>'
        for level in range(9)
    )
    + '</w:abstractNum><w:abstractNum w:abstractNumId="2">'
    + "".join(
        f'<w:lvl w:ilvl="{level}"><w:start w:val="1"/><w:numFmt w:val="decimal"/>'
        f'<w:lvlText w:val="%{level + 1}."/>'
        f'<w:pPr><w:ind w:left="{(level + 1) * 500}" w:hanging="250"/></w:pPr></w:lvl>'
        for level in range(9)
    )
    + "</w:abstractNum>"
    '<w:num w:numId="1"><w:abstractNumId w:val="1"/></w:num>'
    '<w:num w:numId="2"><w:abstractNumId w:val="2"/></w:num>'
    '<w:num w:numId="3"><w:abstractNumId w:val="2"/>'
    '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride></w:num>'
)
"""Instance 1 has bullets, 2 numbers from 1, and 3 numbers from 5."""
STYLES = (
    '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/><w:pPr>'
    '<w:outlineLvl w:val="0"/></w:pPr><w:rPr><w:b/></w:rPr></w:style>'
    '<w:style w:type="paragraph" w:styleId="Title"><w:name w:val="Title"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="Quote"><w:name w:val="Quote"/><w:rPr><w:i/></w:rPr></w:style>'
    '<w:style w:type="paragraph" w:styleId="Pre"><w:name w:val="Listing"/><w:pPr><w:pBdr>'
    '<w:left w:val="single"/></w:pBdr><w:ind w:left="100"/></w:pPr>'
    '<w:rPr><w:rFonts w:ascii="Consolas" w:hAnsi="Consolas"/></w:rPr></w:style>'
    '<w:style w:type="character" w:styleId="Loud"><w:name w:val="Loud"/><w:rPr><w:b/></w:rPr></w:style>'
    '<w:style w:type="character" w:styleId="Louder"><w:name w:val="Louder"/><w:basedOn w:val="Loud"/>'
    "</w:style>"
)


def docx(
    body: str,
    *,
    footnotes: str = "",
    links: Mapping[str, str] | None = None,
    images: Mapping[str, str] | None = None,
) -> bytes:
    """A file with a body, footnotes, links by relationship id, and empty images by relationship id."""
    relationships = "".join(
        f'<Relationship Id="{kind}" Type="{_OFFICE}/{kind}" Target="{kind}.xml"/>'
        for kind in ("styles", "numbering", "footnotes")
    )
    for name, target in (links or {}).items():
        relationships += (
            f'<Relationship Id="{name}" Type="{_OFFICE}/hyperlink" Target="{target}" TargetMode="External"/>'
        )
    for name, target in (images or {}).items():
        relationships += f'<Relationship Id="{name}" Type="{_OFFICE}/image" Target="{target}"/>'
    parts = {
        "_rels/.rels": _ROOT_RELATIONSHIPS,
        "word/_rels/document.xml.rels": (
            f'<Relationships xmlns="{NAMESPACES["rel"]}">{relationships}</Relationships>'
        ),
        "word/document.xml": f"<w:document {_DECLARED}><w:body>{body}</w:body></w:document>",
        "word/styles.xml": f"<w:styles {_DECLARED}>{STYLES}</w:styles>",
        "word/numbering.xml": f"<w:numbering {_DECLARED}>{BULLET_AND_NUMBER}</w:numbering>",
        "word/footnotes.xml": f"<w:footnotes {_DECLARED}>{footnotes}</w:footnotes>",
        **{f"word/{target}": "" for target in (images or {}).values()},
    }
    return _zipped({name: text.encode() for name, text in parts.items()})


def p(*content: str, properties: str = "") -> str:
    """A paragraph; plain text becomes a run."""
    runs = "".join(part if part.startswith("<") else r(part) for part in content)
    return f"<w:p><w:pPr>{properties}</w:pPr>{runs}</w:p>"


def r(text: str, properties: str = "") -> str:
    """A run."""
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def style(name: str) -> str:
    """The property that gives a paragraph its style."""
    return f'<w:pStyle w:val="{name}"/>'


def item(instance: int, level: int = 0) -> str:
    """The property that makes a paragraph a list item."""
    return f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{instance}"/></w:numPr>'


def changed(data: bytes, old: str, new: str, part: str = "word/document.xml", count: int = 1) -> bytes:
    """A file with some markup replaced.

    Raises:
        AssertionError: The markup isn't there.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    text = parts[part].decode()
    assert old in text, f"{old!r} is not in {part}"
    parts[part] = text.replace(old, new, count).encode()
    return _zipped(parts)


def markup(data: bytes, part: str = "word/document.xml") -> str:
    """The text of a part."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(part).decode()


def _zipped(parts: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return stream.getvalue()
