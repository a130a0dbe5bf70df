"""An Office Open XML package from untrusted bytes: bounded, unambiguous, and well-formed in every XML part.

ECMA-376 part 2 (Open Packaging Conventions). What a package may hold is `rules.py`'s to say.
"""

from __future__ import annotations

import io
import posixpath
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from techne.documents.docx.templates.part_scan import PartScan, UnsafeXmlError, scan_part
from techne.errors import TemplateError

PACKED_LIMIT: Final = 50 * 2**20
"""Bytes of a file."""
UNPACKED_LIMIT: Final = 200 * 2**20
"""Bytes of all that it holds."""
XML_LIMIT: Final = 10 * 2**20
"""Bytes of its XML parts together: read, they take several times as much memory."""
MEMBER_LIMIT: Final = 2_000

CONTENT_TYPES: Final = "[Content_Types].xml"
_COMPOUND_FILE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = 0x1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BROKEN_ZIP = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, NotImplementedError,
    RuntimeError,
)  # fmt: skip
_SAVE_AGAIN = "Open it in Word and save it as a Word Document (.docx)."


@dataclass(frozen=True, slots=True)
class Relationship:
    """A relationship from a part, or from the package itself.

    Args:
        source: Part that has it, `/` for the package.
        kind: Its type, a URI.
        target: What it points to: a part's name, or for an external one the URI as written.
        external: Whether it leaves the package.
    """

    source: str
    kind: str
    target: str
    external: bool


@dataclass(frozen=True, slots=True)
class Package:
    """A package that can be read as a whole.

    Args:
        parts: Content type by part's name, such as `/word/document.xml`.
        relationships: Every relationship of every part.
        scans: What was seen in each XML part, by its name.
    """

    parts: Mapping[str, str]
    relationships: tuple[Relationship, ...]
    scans: Mapping[str, PartScan]


def read_package(data: bytes) -> Package:
    """Read all of a package.

    Raises:
        TemplateError: It is too large, encrypted, no package, ambiguous, or has XML that is broken or that
            declares a document type; the message names the part.
    """
    if len(data) > PACKED_LIMIT:
        raise TemplateError(
            f"The template has {len(data):,} bytes; {PACKED_LIMIT:,} are allowed.", cure="Shrink its images."
        )
    if data.startswith(_COMPOUND_FILE):
        raise TemplateError(
            "The template is encrypted, or of a Word before 2007.",
            cure="Save it as .docx without a password.",
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _package(archive)
    except _BROKEN_ZIP as error:
        raise TemplateError(
            f"The template is not a readable DOCX file: {error}.", cure=_SAVE_AGAIN
        ) from error


def _package(archive: zipfile.ZipFile) -> Package:
    members = _members(archive)
    if CONTENT_TYPES not in members:
        raise TemplateError(f"The template has no {CONTENT_TYPES}: it is no Office file.", cure=_SAVE_AGAIN)
    types = _scan(archive, CONTENT_TYPES)
    overrides = {names.get("PartName", "").lower(): names.get("ContentType", "") for names in types.overrides}
    defaults = {names.get("Extension", "").lower(): names.get("ContentType", "") for names in types.defaults}
    parts: dict[str, str] = {}
    scans: dict[str, PartScan] = {}
    relationships: list[Relationship] = []
    xml_bytes = 0
    for member in members:
        if member == CONTENT_TYPES:
            continue
        part = f"/{member}"
        extension = member.rpartition(".")[2].lower()
        kind = overrides.get(part.lower()) or defaults.get(extension, "")
        if extension != "rels" and not kind.lower().endswith(("+xml", "/xml")):
            parts[part] = kind
            archive.read(member)  # its checksum is checked
            continue
        xml_bytes += archive.getinfo(member).file_size
        if xml_bytes > XML_LIMIT:
            raise TemplateError(f"The template's XML unpacks to more than {XML_LIMIT:,} bytes.")
        scan = _scan(archive, member)
        if extension == "rels":
            relationships += _relationships(part, scan)
        else:
            parts[part], scans[part] = kind, scan
    return Package(parts, tuple(relationships), scans)


def _members(archive: zipfile.ZipFile) -> list[str]:
    """Names of the files in the archive, each safe and each there once."""
    entries = archive.infolist()
    if len(entries) > MEMBER_LIMIT:
        raise TemplateError(f"The template holds {len(entries):,} files; {MEMBER_LIMIT:,} are allowed.")
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > UNPACKED_LIMIT:
        raise TemplateError(
            f"The template unpacks to {unpacked:,} bytes; {UNPACKED_LIMIT:,} are allowed.",
            cure="Shrink its images.",
        )
    seen: dict[str, str] = {}
    for entry in entries:
        name = entry.filename
        if entry.flag_bits & _ENCRYPTED or entry.compress_type not in _METHODS:
            raise TemplateError(f"{name!r} in the template is encrypted or oddly packed.", cure=_SAVE_AGAIN)
        if name.startswith("/") or "\\" in name or ":" in name or ".." in name.split("/"):
            raise TemplateError(f"{name!r} in the template is no part's name.", cure=_SAVE_AGAIN)
        if name.lower() in seen:
            raise TemplateError(f"{name!r} is in the template twice.", cure=_SAVE_AGAIN)
        if not name.endswith("/"):
            seen[name.lower()] = name
    return list(seen.values())


def _scan(archive: zipfile.ZipFile, member: str) -> PartScan:
    try:
        return scan_part(archive.read(member))
    except UnsafeXmlError as error:
        raise TemplateError(f"/{member} of the template {error}.", cure=_SAVE_AGAIN) from error


def _relationships(part: str, scan: PartScan) -> list[Relationship]:
    """Relationships in a part such as `/word/_rels/document.xml.rels`."""
    folder, name = posixpath.split(part)
    base = posixpath.dirname(folder)
    source = posixpath.join(base, name.removesuffix(".rels"))
    found = []
    for names in scan.relationships:
        target = names.get("Target", "")
        external = names.get("TargetMode", "").lower() == "external"
        where = target if external else posixpath.normpath(posixpath.join(base, target))
        found.append(Relationship(source, names.get("Type", ""), where, external))
    return found
