"""What stands where: title page, contents and text, in the places that the template has for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from docx.oxml.xmlchemy import BaseOxmlElement
from markdown_it.tree import SyntaxTreeNode

from techne.documents.docx.contents import Contents, write_contents
from techne.documents.docx.elements import child, element, name
from techne.documents.docx.headings import outline
from techne.documents.docx.losses import LossKind
from techne.documents.docx.options import DocxOptions
from techne.documents.docx.paragraphs import add_paragraph
from techne.documents.docx.rendering import Place, Rendering
from techne.documents.docx.templates.places import Places
from techne.documents.docx.title_page import title_page, write_title

_HEADINGS_WORTH_CONTENTS = 4
_LEAST_LINE_TWIPS = 20
_BEFORE_PAGE_BREAK = (name("w:keepNext"), name("w:keepLines"))
"""What the schema wants between a paragraph's style and its page break."""


def compose(
    rendering: Rendering,
    places: Places,
    blocks: Sequence[SyntaxTreeNode],
    title: SyntaxTreeNode | None,
    options: DocxOptions,
    front: Place,
) -> Contents | None:
    """Write the title, the contents and the text, each where the template wants it.

    Args:
        rendering: The document.
        places: Where the template wants what.
        blocks: The text, its own title included.
        title: That title, the first block.
        options: What is known beside the text.
        front: A place of no document yet.

    Returns:
        The table of contents, if there is one.
    """
    text = blocks if title is None else blocks[1:]
    headings = outline(rendering, text)
    has_contents, has_title_page = _front_matter(options, places, len(headings), has_title=title is not None)
    body = replace(front, parent=element("body"))
    if has_title_page:
        front.parent.append(title_page(rendering, options, title, front))
    elif title is not None and places.shows_title:
        _stand_in(rendering, title, front)
    elif title is not None:
        write_title(rendering, title, front)
    rendering.write(text, body)
    contents = None
    if has_contents:
        numbered = options.count_pages is not None
        contents = write_contents(rendering, headings, front, begins_page=has_title_page, numbered=numbered)
    # The text would stick to contents that stand right before it, unless it begins a page.
    apart = has_title_page or (places.shows_title and _follows_contents(places) and contents is not None)
    if places.contents is not None:
        _put(places.contents, [] if contents is None else [contents.block])
    elif contents is not None:
        front.parent.append(contents.block)
    if apart:
        _begin_page(rendering, body)
    if has_title_page or options.template is None:
        places.section.different_first_page_header_footer = has_title_page
    _put(places.document, [*front.parent, *body.parent])
    return contents


def _follows_contents(places: Places) -> bool:
    return places.contents is None or places.contents.getnext() is places.document


def _front_matter(
    options: DocxOptions, places: Places, headings: int, *, has_title: bool
) -> tuple[bool, bool]:
    """Whether there is a table of contents, and a title page."""
    has_contents = options.contents
    if has_contents is None:
        has_contents = headings >= _HEADINGS_WORTH_CONTENTS
    has_title_page = has_contents if options.title_page is None else options.title_page
    can_have = (has_title or bool(options.title)) and not places.shows_title
    return has_contents, has_title_page and can_have


def _stand_in(rendering: Rendering, title: SyntaxTreeNode, place: Place) -> None:
    """Where the template shows the title itself: the bookmark that links to it lead to, and what was lost."""
    if any(node.type in ("footnote_ref", "link", "image") for node in title.walk()):
        rendering.losses.add(
            LossKind.TITLE, "the template's cover shows the title without its links, images and footnotes", 1
        )
    bookmark = rendering.anchors.bookmark_of(title)
    if bookmark is not None:
        number = rendering.anchors.next_id()
        child(place.parent, "bookmarkStart", id=number, name=bookmark)
        child(place.parent, "bookmarkEnd", id=number)


def _begin_page(rendering: Rendering, body: Place) -> None:
    """Let the text begin a page."""
    first = body.parent[0] if len(body.parent) else None
    if first is None or first.tag != name("w:p"):
        first = add_paragraph(rendering, body, body.style)
        child(first[0], "spacing", before=0, after=0, line=_LEAST_LINE_TWIPS, lineRule="exact")
        body.parent.insert(0, first)
    style = first.find(f"{name('w:pPr')}/{name('w:pStyle')}")
    following = [following for following in style.itersiblings() if following.tag in _BEFORE_PAGE_BREAK]
    (following[-1] if following else style).addnext(element("pageBreakBefore"))


def _put(place: BaseOxmlElement, blocks: Iterable[BaseOxmlElement]) -> None:
    """Blocks in place of the paragraph that kept their place."""
    for block in list(blocks):
        place.addprevious(block)
    place.getparent().remove(place)
