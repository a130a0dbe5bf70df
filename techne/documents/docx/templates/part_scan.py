"""One pass over an XML part that builds no tree: is it sound, and what does it hold that a template may not?

Expat reads it, since it stops at a document type declaration, before any entity is expanded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat

_WORDPROCESSING = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_NUMBER = re.compile(r"-?[0-9]{1,10}")
_INSTRUCTION_LIMIT = 100
"""Characters after which no more of a field's instruction is kept: its first word is within them."""

_NUMBERS = {
    " abstractNum": f"{_WORDPROCESSING} abstractNumId",
    " bookmarkStart": f"{_WORDPROCESSING} id",
    " endnote": f"{_WORDPROCESSING} id",
    " footnote": f"{_WORDPROCESSING} id",
    " num": f"{_WORDPROCESSING} numId",
}
"""Attributes by which new elements are numbered on from those that are there."""


class UnsafeXmlError(ValueError):
    """XML that is broken or declares a document type; the message goes on from the part's name."""


@dataclass(slots=True)
class PartScan:
    """What was seen in one part.

    Args:
        root: Namespace and name of the root element, a space between them.
        defaults: Attributes of each `Default` of the content types.
        overrides: Attributes of each `Override` of the content types.
        relationships: Attributes of each `Relationship`.
        fields: First word of each field's instruction, upper case, such as `PAGE` (ECMA-376 part 1, 17.16.5).
        merges_mail: Whether there are mail merge settings.
        unnumbered: Names of elements whose number is none.
    """

    root: str = ""
    defaults: list[Mapping[str, str]] = field(default_factory=list)
    overrides: list[Mapping[str, str]] = field(default_factory=list)
    relationships: list[Mapping[str, str]] = field(default_factory=list)
    fields: set[str] = field(default_factory=set)
    merges_mail: bool = False
    unnumbered: set[str] = field(default_factory=set)


def scan_part(data: bytes) -> PartScan:
    """Read one part.

    Raises:
        UnsafeXmlError: It can't be read.
    """
    scanner = _Scanner()
    try:
        scanner.parser.Parse(data, True)
    except (expat.ExpatError, LookupError, UnicodeError) as error:
        raise UnsafeXmlError(f"is broken XML: {error}") from error
    return scanner.scan


class _Scanner:
    """Collects from expat's events."""

    def __init__(self) -> None:
        self.scan = PartScan()
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._refuse_document_type
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self._instructions: list[str] = []
        self._in_instruction = False

    def _refuse_document_type(self, *_: object) -> NoReturn:
        raise UnsafeXmlError("declares a document type, which Office files never do")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.scan.root = self.scan.root or name
        short = name.removeprefix(_WORDPROCESSING).removeprefix(_PACKAGE)
        number = _NUMBERS.get(short)
        if number is not None and _NUMBER.fullmatch(attributes.get(number, "")) is None:
            self.scan.unnumbered.add(short.strip())
        match short:
            case "/content-types Default":
                self.scan.defaults.append(attributes)
            case "/content-types Override":
                self.scan.overrides.append(attributes)
            case "/relationships Relationship":
                self.scan.relationships.append(attributes)
            case " fldSimple":
                self._note_field(attributes.get(f"{_WORDPROCESSING} instr", ""))
            case " fldChar":
                if attributes.get(f"{_WORDPROCESSING} fldCharType") == "begin":
                    self._instructions.append("")
                elif self._instructions:
                    self._note_field(self._instructions.pop())
            case " instrText":
                self._in_instruction = True
            case " mailMerge":
                self.scan.merges_mail = True

    def _end(self, name: str) -> None:
        if name == f"{_WORDPROCESSING} instrText":
            self._in_instruction = False

    def _text(self, text: str) -> None:
        if self._in_instruction and self._instructions and len(self._instructions[-1]) < _INSTRUCTION_LIMIT:
            self._instructions[-1] += text

    def _note_field(self, instruction: str) -> None:
        words = instruction.split(maxsplit=1)
        if words:
            self.scan.fields.add(words[0].upper())
