"""A Markdown text becomes a DOCX file: the template opened, the text written where it goes, all packed."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from docx.document import Document as DocxDocument
from docx.shared import Length, Mm

from techne.documents.docx import style_names
from techne.documents.docx.blocks import WRITERS
from techne.documents.docx.composition import compose
from techne.documents.docx.elements import element, name
from techne.documents.docx.footnotes import Footnotes
from techne.documents.docx.frames import frames_of
from techne.documents.docx.headings import headings_in, title_of
from techne.documents.docx.images import Images
from techne.documents.docx.links import Anchors, Relations
from techne.documents.docx.losses import Losses, LossKind
from techne.documents.docx.numbering import Numbering
from techne.documents.docx.options import DocxOptions, RenderedDocx
from techne.documents.docx.packing import packed
from techne.documents.docx.parsing import ParsedMarkdown, parse_markdown
from techne.documents.docx.properties import set_language, set_properties
from techne.documents.docx.rendering import Place, Rendering
from techne.documents.docx.templates.placeholders import fill_placeholders
from techne.documents.docx.templates.places import Places, content_place
from techne.documents.docx.templates.styles import style_ids
from techne.documents.docx.templates.template import open_template
from techne.documents.docx.texts import one_line, text_of
from techne.documents.docx.title_page import LONGEST_LINE
from techne.documents.docx.wording import wording_for

_LEAST_ROOM_TWIPS = 1440


def render_docx(markdown: str, options: DocxOptions = DocxOptions()) -> RenderedDocx:  # noqa: B008 - frozen
    """The Markdown as a DOCX file; the same arguments give the same bytes.

    Args:
        markdown: CommonMark with GitHub's extensions. HTML is shown as text; links lead to headings or are
            http, https or mailto; what can't be carried is among the result's losses.
        options: Title, language, template and so on.

    Raises:
        TemplateError: The template's placeholders can't be used.
    """
    with _collection_paused():
        return _render(markdown, options)


@contextmanager
def _collection_paused() -> Iterator[None]:
    """Keep the cyclic garbage collector from looking through a long text's tree again and again.

    Nothing in it is garbage before the end; at 1,000 pages the looking takes a third of the time.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _render(markdown: str, options: DocxOptions) -> RenderedDocx:
    parsed = parse_markdown(markdown)
    document = open_template(options.template)
    places = content_place(document)
    title = title_of(parsed.blocks)
    title_text = options.title or (text_of(title) if title is not None else "")
    lines = {
        "title": title_text,
        "subtitle": options.subtitle,
        "author": options.author,
        "date": options.date,
    }
    # Before the text is there: what reads like a placeholder in it is text.
    fill_placeholders(document, {key: one_line(line, LONGEST_LINE) for key, line in lines.items()})
    rendering = _rendering(document, places, parsed, options, shift=int(title is not None))
    front = Place(element("body"), document.part, rendering.page_width, style_names.BODY)
    contents = compose(rendering, places, parsed.blocks, title, options, front)
    rendering.footnotes.note_unwritten(rendering.losses)
    set_language(document, options.language)
    set_properties(
        document, title=title_text, author=options.author, day=options.day, language=options.language
    )
    if contents is not None and options.count_pages is not None:
        contents.number(options.count_pages(packed(document), contents.bookmarks))
    return RenderedDocx(packed(document), tuple(rendering.losses))


def _rendering(
    document: DocxDocument, places: Places, parsed: ParsedMarkdown, options: DocxOptions, *, shift: int
) -> Rendering:
    losses = _lost_in_parsing(parsed)
    relations = Relations()
    width, height = _room(places)
    styles = style_ids(document)
    return Rendering(
        writers=WRITERS,
        styles=styles,
        frames=frames_of(document, styles),
        wording=wording_for(options.language),
        losses=losses,
        anchors=_anchors(document, parsed),
        relations=relations,
        numbering=Numbering(document),
        images=Images(options.image_folder, relations, losses, height, _part_names(document)),
        footnotes=Footnotes(document, parsed.footnotes, width),
        page_width=width,
        page_height=height,
        heading_shift=shift,
    )


def _lost_in_parsing(parsed: ParsedMarkdown) -> Losses:
    losses = Losses()
    for line in parsed.too_deep:
        losses.add(LossKind.NESTING, "blocks nested this deeply are shown as they were written", line)
    for label in parsed.unused_footnotes:
        losses.add(LossKind.FOOTNOTE, f"nothing refers to the footnote {one_line(label, 100)!r}")
    return losses


def _room(places: Places) -> tuple[int, int]:
    """Width and height from margin to margin, in twips; A4's where the template says nothing."""
    section = places.section
    width = (section.page_width or Mm(210)) - (section.left_margin or 0) - (section.right_margin or 0)
    # A negative margin holds its place whatever the header needs.
    height = (section.page_height or Mm(297)) - abs(section.top_margin or 0) - abs(section.bottom_margin or 0)
    return max(int(Length(width).twips), _LEAST_ROOM_TWIPS), max(int(Length(height).twips), _LEAST_ROOM_TWIPS)


def _anchors(document: DocxDocument, parsed: ParsedMarkdown) -> Anchors:
    marks = list(document.element.iter(name("w:bookmarkStart")))
    ids = (str(mark.get(name("w:id"))) for mark in marks)
    anchors = Anchors(
        first_id=max((int(number) for number in ids if number.isdecimal()), default=0) + 1,
        taken=frozenset(str(mark.get(name("w:name"))) for mark in marks),
    )
    for heading in headings_in(parsed.blocks):
        anchors.add(heading)
    return anchors


def _part_names(document: DocxDocument) -> frozenset[str]:
    package = document.part.package
    return frozenset() if package is None else frozenset(part.partname for part in package.iter_parts())
