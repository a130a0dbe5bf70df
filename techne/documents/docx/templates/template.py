"""Templates: a company's DOCX file whose styles, page, headers and logo a document takes over.

What a file may hold to be one is `rules.py`'s to say; what it lacks is added by `styles.py`.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass

import docx
from docx.document import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.parts.numbering import NumberingPart

from techne.documents.docx.elements import parsed
from techne.documents.docx.templates.default_template import default_template
from techne.documents.docx.templates.package import CONTENT_TYPES, read_package
from techne.documents.docx.templates.placeholders import fill_placeholders
from techne.documents.docx.templates.places import content_place
from techne.documents.docx.templates.rules import TEMPLATE_TYPE, check_rules
from techne.documents.docx.templates.styles import add_missing_styles
from techne.errors import TemplateError

_SAVE_AGAIN = "Open it in Word and save it as a Word Document (.docx)."
_LEFT_OUT = (
    "/thumbnail",
    "/stylesWithEffects",
    "/glossaryDocument",
    "/digital-signature/origin",
)
"""Ends of relationship types whose parts a document made from the template does not take over."""


@dataclass(frozen=True, slots=True)
class Template:
    """A DOCX file that documents are made from.

    Args:
        name: Name for messages, such as the file's.
        data: The file as it came.
    """

    name: str
    data: bytes

    @property
    def sha256(self) -> str:
        """Digest of the file, hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()


def read_template(data: bytes, name: str) -> Template:
    """Check that documents can be made from a file.

    Args:
        data: A .docx or .dotx file, from whomever.
        name: Name for messages.

    Raises:
        TemplateError: They can't; the message names the part at fault and the cure.
    """
    template = Template(name, data)
    try:
        check_rules(read_package(data))
        document = open_template(template)
        content_place(document)
        fill_placeholders(document, {})
        _look_at(document)
        document.save(io.BytesIO())
    except TemplateError as error:
        raise TemplateError(f"{name}: {error.message}", cure=error.cure) from error
    except Exception as error:  # python-docx raises whatever malformed parts lead it to
        raise TemplateError(
            f"{name}: The template can't be opened: {type(error).__name__}: {error}.",
            cure=_SAVE_AGAIN,
        ) from error
    return template


def _look_at(document: Document) -> None:
    """Read what python-docx reads no sooner than a document is written."""
    for section in document.sections:
        _ = section.page_width, section.page_height, section.different_first_page_header_footer
        _ = section.left_margin, section.right_margin, section.top_margin, section.bottom_margin
    _ = document.styles.default(WD_STYLE_TYPE.PARAGRAPH), document.core_properties.title, document.settings
    package = document.part.package
    names = [] if package is None else [part.partname for part in package.iter_parts()]
    if len(names) > len(set(names)):
        raise TemplateError(
            f"The template's {max(names, key=names.count)} is not related to as what it is.", cure=_SAVE_AGAIN
        )


def open_template(template: Template | None) -> Document:
    """A document to write into, with every style of `style_names.py` and a numbering part.

    Args:
        template: One that `read_template` gave; None for the default template.
    """
    data = default_template() if template is None else _as_document(template.data)
    document = docx.Document(io.BytesIO(data))
    _leave_out(document)
    document.element.body.get_or_add_sectPr()
    _provide_numbering(document)
    add_missing_styles(document)
    return document


def _as_document(data: bytes) -> bytes:
    """A .dotx file as a .docx file: its main part is called a template's, which python-docx opens as none."""
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        types = source.read(CONTENT_TYPES)
        document_types = types.replace(TEMPLATE_TYPE.encode(), CONTENT_TYPE.WML_DOCUMENT_MAIN.encode())
        if types == document_types:
            return data
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as target:
            for member in source.namelist():
                target.writestr(member, document_types if member == CONTENT_TYPES else source.read(member))
    return buffer.getvalue()


def _leave_out(document: Document) -> None:
    package = document.part.package
    for relations in (document.part.rels, {} if package is None else package.rels):
        for key, relation in list(relations.items()):
            if relation.reltype.endswith(_LEFT_OUT):
                del relations[key]


def _provide_numbering(document: Document) -> None:
    """Give the document a numbering part: python-docx can't make one."""
    package = document.part.package
    if package is None or any(
        relation.reltype == RELATIONSHIP_TYPE.NUMBERING for relation in document.part.rels.values()
    ):
        return
    name = PackURI("/word/numbering.xml")
    if any(part.partname == name for part in package.iter_parts()):
        name = package.next_partname("/word/numbering%d.xml")
    part = NumberingPart(name, CONTENT_TYPE.WML_NUMBERING, parsed("<w:numbering {}/>"), package)
    document.part.relate_to(part, RELATIONSHIP_TYPE.NUMBERING)
