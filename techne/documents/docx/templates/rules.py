"""What a template may not hold: macros, embedded programs, and whatever Word would fetch from elsewhere."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from docx.opc.constants import CONTENT_TYPE

from techne.documents.docx.templates.package import Package, Relationship
from techne.errors import TemplateError

TEMPLATE_TYPE: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml"
"""Content type of the main part of a .dotx file."""

_OFFICE_DOCUMENT = "/relationships/officeDocument"
_STRICT = "http://purl.oclc.org/ooxml/"
_SAVE_AGAIN = "In Word, save it as a Word Document (.docx)."
_MACROS = ("macroenabled", "vbaproject", "vbadata")
_CONTROLS = ("activex", "oleobject")
_FETCHING_FIELDS = frozenset(
    (
        "DATABASE",
        "DDE",
        "DDEAUTO",
        "EMBED",
        "IMPORT",
        "INCLUDE",
        "INCLUDEPICTURE",
        "INCLUDETEXT",
        "LINK",
        "RD",
    )
)
_ROOTS = {
    CONTENT_TYPE.WML_DOCUMENT_MAIN: "document",
    TEMPLATE_TYPE: "document",
    CONTENT_TYPE.WML_STYLES: "styles",
    CONTENT_TYPE.WML_SETTINGS: "settings",
    CONTENT_TYPE.WML_NUMBERING: "numbering",
    CONTENT_TYPE.WML_HEADER: "hdr",
    CONTENT_TYPE.WML_FOOTER: "ftr",
    CONTENT_TYPE.WML_FOOTNOTES: "footnotes",
    CONTENT_TYPE.WML_ENDNOTES: "endnotes",
    CONTENT_TYPE.OPC_CORE_PROPERTIES: "coreProperties",
}
"""Name of the root element of the parts that a document is written into."""

_REFUSED: Final = {
    "attachedTemplate": (
        "is attached to another template",
        "In Word, under Developer > Document Template, attach Normal, or save it as .dotx.",
    ),
    "vbaProject": ("holds macros", "Save it as .docx, which has none."),
    "wordVbaData": ("holds macros", "Save it as .docx, which has none."),
    "oleObject": ("embeds an object", "Paste it as a picture."),
    "package": ("embeds a file, perhaps a chart's workbook", "Paste it as a picture."),
    "control": ("embeds an ActiveX control", "Use a content control."),
    "activeXControlBinary": ("embeds an ActiveX control", "Use a content control."),
    "aFChunk": ("imports another file", "Open it in Word and save it, which takes the file in."),
    "subDocument": ("is a master document", "Unlink its subdocuments in the outline view."),
    "frame": ("shows another file in a frame", "Remove the frame."),
    "mailMergeSource": ("is a mail merge document", "Under Mailings, make it a normal Word document."),
    "mailMergeHeaderSource": ("is a mail merge document", "Under Mailings, make it a normal Word document."),
    "recipientData": ("is a mail merge document", "Under Mailings, make it a normal Word document."),
}
"""Relationships refused wherever they point, by the end of their type: what they say, and the cure."""


def check_rules(package: Package) -> None:
    """Refuse what a template may not hold.

    Raises:
        TemplateError: The message names the part, and what it points to.
    """
    _check_main_part(package)
    for part, kind in package.parts.items():
        if any(word in kind.lower() for word in _MACROS):
            raise TemplateError(f"{part} of the template holds macros.", cure="Save it as .docx or .dotx.")
        if any(word in kind.lower() for word in _CONTROLS):
            raise TemplateError(f"{part} of the template is an embedded program.", cure="Remove it.")
    for relationship in package.relationships:
        _check_relationship(relationship)
    for part, scan in package.scans.items():
        expected = _ROOTS.get(package.parts[part])
        if expected is not None and scan.root.rpartition(" ")[2] != expected:
            raise TemplateError(f"{part} of the template is no {expected!r}.", cure=_SAVE_AGAIN)
        if scan.unnumbered:
            raise TemplateError(
                f"{part} of the template has a {min(scan.unnumbered)!r} without a number.", cure=_SAVE_AGAIN
            )
        if fetching := sorted(scan.fields & _FETCHING_FIELDS):
            raise TemplateError(
                f"{part} of the template has a field {fetching[0]}, which takes in another file.",
                cure="In Word, click it and press Ctrl+Shift+F9: its result stays.",
            )
        if scan.merges_mail:
            raise TemplateError(
                f"{part} of the template has mail merge settings.",
                cure="In Word, under Mailings > Start Mail Merge, choose Normal Word Document.",
            )


def _check_main_part(package: Package) -> None:
    mains = [
        one for one in package.relationships if one.source == "/" and one.kind.endswith(_OFFICE_DOCUMENT)
    ]
    if len(mains) != 1 or mains[0].external:
        raise TemplateError("The template has no main document part.", cure=_SAVE_AGAIN)
    main = mains[0]
    kind = package.parts.get(main.target, "")
    root = package.scans[main.target].root if main.target in package.scans else ""
    if main.kind.startswith(_STRICT) or root.startswith(_STRICT):
        raise TemplateError(
            "The template is Strict Open XML, which few programs read.",
            cure="In Word, save it as Word Document (.docx), not as Strict Open XML Document.",
        )
    if any(word in kind.lower() for word in _MACROS):
        raise TemplateError("The template may hold macros (.docm, .dotm).", cure=_SAVE_AGAIN)
    if kind not in (CONTENT_TYPE.WML_DOCUMENT_MAIN, TEMPLATE_TYPE):
        raise TemplateError(
            f"The template is no Word document, but {kind or 'nothing known'}.", cure=_SAVE_AGAIN
        )


def _check_relationship(relationship: Relationship) -> None:
    kind = relationship.kind.rpartition("/")[2]
    what = f"{relationship.source} of the template"
    if kind in _REFUSED:
        fault, cure = _REFUSED[kind]
        raise TemplateError(f"{what} {fault}: {relationship.target}.", cure=cure)
    if not relationship.external:
        return
    if kind != "hyperlink":
        raise TemplateError(
            f"{what} takes in {relationship.target} from elsewhere ({kind}).",
            cure="Embed it: in Word, under File > Info > Edit Links to Files, break the link.",
        )
    if not _is_link(relationship.target):
        raise TemplateError(
            f"{what} links to {relationship.target}.", cure="Only http, https and mailto links are allowed."
        )


def _is_link(target: str) -> bool:
    """Whether a target is on the web or a mailbox."""
    try:
        parts = urlsplit(target)
    except ValueError:
        return False
    return bool(parts.netloc) if parts.scheme in ("http", "https") else parts.scheme == "mailto"
