"""The syntax tree that cmark-gfm, the reference implementation of GitHub's Markdown, makes of a text.

The package `cmarkgfm` brings the library; its Python functions reach no further than the HTML, in which
markup of the source can't be told from markup that stands for Markdown. The tree can tell, so it is walked
through the library's documented C functions (cmark-gfm.h), in the very library that the package has loaded.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from cmarkgfm import _cmark  # type: ignore[import-untyped,unused-ignore]

FOOTNOTES: Final = 1 << 13
"""CMARK_OPT_FOOTNOTES."""
EXTENSIONS: Final = ("table", "strikethrough", "autolink", "tasklist")
"""GFM's, but for `tagfilter`: raw HTML is compared as text, the disallowed kinds too."""
ORDERED: Final = 2
"""CMARK_ORDERED_LIST."""
NAMELESS: Final = {0x8000 | 0x000B: "footnote_definition", 0xC000 | 0x000B: "footnote_reference"}
"""Types that the library has no name for, by their numbers."""
ALIGNMENTS: Final = {ord("l"): "left", ord("c"): "center", ord("r"): "right"}


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the tree.

    Args:
        kind: The node's type as the library calls it, such as `block_quote`.
        literal: Text of text, code and raw HTML; the label of a footnote's definition or reference.
        children: The nodes in it.
        level: Of a heading.
        start: Number of an ordered list's first item; None for bullets.
        checked: State of a task list's item; None for other items.
        url: Of a link or an image.
        title: Of a link or an image.
        alignments: Of a table's columns: `left`, `center`, `right` or empty.
    """

    kind: str
    literal: str = ""
    children: tuple[Node, ...] = ()
    level: int = 0
    start: int | None = None
    checked: bool | None = None
    url: str = ""
    title: str = ""
    alignments: tuple[str, ...] = field(default=())

    def walk(self) -> Iterator[Node]:
        """This node and all below it, in the order of the text."""
        yield self
        for child in self.children:
            yield from child.walk()


def parse(markdown: str) -> Node:
    """The document node of a text."""
    library = _library()
    parser = library.cmark_parser_new(FOOTNOTES)
    try:
        for name in EXTENSIONS:
            extension = library.cmark_find_syntax_extension(name.encode())
            library.cmark_parser_attach_syntax_extension(parser, extension)
        data = markdown.encode()
        library.cmark_parser_feed(parser, data, len(data))
        root = library.cmark_parser_finish(parser)
        try:
            return _node(library, root)
        finally:
            library.cmark_node_free(root)
    finally:
        library.cmark_parser_free(parser)


@cache
def _library() -> ctypes.CDLL:
    library = ctypes.CDLL(_cmark.__file__)
    pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
    signatures: dict[str, tuple[object, tuple[object, ...]]] = {
        "cmark_parser_new": (pointer, (number,)),
        "cmark_parser_free": (None, (pointer,)),
        "cmark_parser_feed": (None, (pointer, text, ctypes.c_size_t)),
        "cmark_parser_finish": (pointer, (pointer,)),
        "cmark_parser_attach_syntax_extension": (number, (pointer, pointer)),
        "cmark_find_syntax_extension": (pointer, (text,)),
        "cmark_gfm_core_extensions_ensure_registered": (None, ()),
        "cmark_node_free": (None, (pointer,)),
        "cmark_node_first_child": (pointer, (pointer,)),
        "cmark_node_next": (pointer, (pointer,)),
        "cmark_node_get_type": (number, (pointer,)),
        "cmark_node_get_type_string": (text, (pointer,)),
        "cmark_node_get_literal": (text, (pointer,)),
        "cmark_node_get_url": (text, (pointer,)),
        "cmark_node_get_title": (text, (pointer,)),
        "cmark_node_get_heading_level": (number, (pointer,)),
        "cmark_node_get_list_type": (number, (pointer,)),
        "cmark_node_get_list_start": (number, (pointer,)),
        "cmark_node_parent_footnote_def": (pointer, (pointer,)),
        "cmark_gfm_extensions_get_table_columns": (ctypes.c_uint16, (pointer,)),
        "cmark_gfm_extensions_get_table_alignments": (ctypes.POINTER(ctypes.c_uint8), (pointer,)),
        "cmark_gfm_extensions_get_tasklist_item_checked": (ctypes.c_bool, (pointer,)),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    library.cmark_gfm_core_extensions_ensure_registered()
    return library


def _node(library: ctypes.CDLL, pointer: int) -> Node:
    kind = NAMELESS.get(library.cmark_node_get_type(pointer))
    kind = kind or library.cmark_node_get_type_string(pointer).decode()

    def read(name: str) -> str:
        value = getattr(library, f"cmark_node_get_{name}")(pointer)
        return value.decode("utf-8", "replace") if value else ""

    children = []
    child = library.cmark_node_first_child(pointer)
    while child:
        children.append(_node(library, child))
        child = library.cmark_node_next(child)
    literal = read("literal")
    if kind == "footnote_reference":  # its own literal has become a number
        definition = library.cmark_node_parent_footnote_def(pointer)
        literal = library.cmark_node_get_literal(definition).decode("utf-8", "replace")
    ordered = kind == "list" and library.cmark_node_get_list_type(pointer) == ORDERED
    columns = library.cmark_gfm_extensions_get_table_columns(pointer) if kind == "table" else 0
    aligned = library.cmark_gfm_extensions_get_table_alignments(pointer) if columns else ()
    return Node(
        kind=kind,
        literal=literal,
        children=tuple(children),
        level=library.cmark_node_get_heading_level(pointer) if kind == "heading" else 0,
        start=library.cmark_node_get_list_start(pointer) if ordered else None,
        checked=(
            library.cmark_gfm_extensions_get_tasklist_item_checked(pointer) if kind == "tasklist" else None
        ),
        url=read("url") if kind in ("link", "image") else "",
        title=read("title") if kind in ("link", "image") else "",
        alignments=tuple(ALIGNMENTS.get(aligned[column], "") for column in range(columns)),
    )
