"""WordprocessingML elements, written directly: python-docx's proxies look every style and place up anew.

Names are those of ECMA-376 part 1. Children must be appended in the schema's order; nothing here sorts them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from docx.oxml.ns import NamespacePrefixedTag, nsdecls
from docx.oxml.parser import OxmlElement, parse_xml
from docx.oxml.xmlchemy import BaseOxmlElement
from lxml import etree

_SPACE = "{http://www.w3.org/XML/1998/namespace}space"


@lru_cache(maxsize=512)
def name(tag: str) -> str:
    """The tag in Clark notation: `w:p` as `{http://...}p`; of the namespace w where no other is said."""
    return str(NamespacePrefixedTag(tag if ":" in tag else f"w:{tag}").clark_name)


def element(tag: str, **attributes: str | int) -> BaseOxmlElement:
    """A new element such as `shd` or `w14:checkbox`.

    Names without a prefix are of the namespace w; an attribute's prefix is written `w14__val`.
    """
    return _with_attributes(OxmlElement(tag if ":" in tag else f"w:{tag}"), attributes)


def child(parent: BaseOxmlElement, tag: str, **attributes: str | int) -> BaseOxmlElement:
    """A new element, appended to its parent."""
    return _with_attributes(etree.SubElement(parent, name(tag)), attributes)


def text_child(parent: BaseOxmlElement, tag: str, text: str) -> BaseOxmlElement:
    """A new element with text whose spaces count, appended to its parent."""
    made = etree.SubElement(parent, name(tag))
    made.text = text
    made.set(_SPACE, "preserve")
    return made  # type: ignore[no-any-return]


def parsed(xml: str, *prefixes: str) -> BaseOxmlElement:
    """An element from trusted XML whose root has `{}` where its namespaces are to be declared."""
    return parse_xml(xml.format(nsdecls("w", *prefixes)))


def _with_attributes(made: Any, attributes: dict[str, str | int]) -> BaseOxmlElement:
    for attribute, value in attributes.items():
        made.set(name(attribute.replace("__", ":")), str(value))
    return made  # type: ignore[no-any-return]
