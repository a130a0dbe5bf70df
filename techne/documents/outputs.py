"""Stage 6 before anything is stored: the document's files, made and checked in memory."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from pydantic import JsonValue

from techne.documents.assembly import assemble_markdown
from techne.documents.docx import render_docx, validate_docx
from techne.documents.docx.options import DocxOptions, RenderedDocx
from techne.documents.docx.templates.template import Template
from techne.documents.evidence import evidence_file, quoted_as_said
from techne.documents.grounding import GroundingReport, check_grounding
from techne.documents.labels import labels_for
from techne.documents.markdown import parse
from techne.documents.model import Document
from techne.transcripts.model import CleanTranscript, Transcript

logger = logging.getLogger(__name__)

MOST_LOSSES_LOGGED = 5
"""In the log; the manifest has all of them."""


@dataclass(frozen=True, slots=True)
class DocumentFiles:
    """The files of one document, what the check found, and what the manifest says of them."""

    MARKDOWN: ClassVar[str] = "document.md"
    DOCX: ClassVar[str] = "document.docx"
    EVIDENCE: ClassVar[str] = "evidence.json"

    markdown: str
    docx: bytes
    evidence: str
    report: GroundingReport
    details: dict[str, JsonValue]


def render_files(
    document: Document,
    transcript: Transcript,
    cleaned: CleanTranscript,
    rejected: Sequence[str],
    template: Template | None = None,
) -> DocumentFiles:
    """Check a document against the recording and render it.

    Args:
        document: What the engine made.
        transcript: The recording as read; the document is checked against every word of it.
        cleaned: The recording as the engine saw it, for what was kept out.
        rejected: Items that extraction refused, with the reason.
        template: What the DOCX looks like, if not like the renderer's own template.

    Raises:
        OutputError: The DOCX does not read back with the document's headings.
    """
    document = document.model_copy(update={"items": quoted_as_said(document.items, transcript)})
    report = check_grounding(document, transcript)
    markdown = assemble_markdown(document, report, transcript)
    rendered = _rendered(markdown, document, template)
    # A template's cover shows the title in a style of its own.
    validate_docx(rendered.data, _headings(markdown)[1 if template else 0 :])
    return DocumentFiles(
        markdown=markdown,
        docx=rendered.data,
        evidence=evidence_file(document, cleaned.dropped, report).model_dump_json(indent=1) + "\n",
        report=report,
        details=_details(document, transcript, cleaned, rejected, report)
        | {"docx": _docx_details(rendered, template)},
    )


def _rendered(markdown: str, document: Document, template: Template | None) -> RenderedDocx:
    facts = document.facts
    labels = labels_for(facts.language)
    day = date.fromisoformat(facts.generated_on)
    options = DocxOptions(
        title=document.outline.title,
        subtitle=labels.subtitle,
        date=labels.written_out(day),
        day=day,
        language=facts.language,
        template=template,
        title_page=True,
        contents=True,
    )
    rendered = render_docx(markdown, options)
    if rendered.losses:
        told = "; ".join(str(loss) for loss in rendered.losses[:MOST_LOSSES_LOGGED])
        logger.warning("Losses in the Word document: %d. %s", len(rendered.losses), told)
    return rendered


def _docx_details(rendered: RenderedDocx, template: Template | None) -> JsonValue:
    return {
        "template": {"name": template.name, "sha256": template.sha256} if template else None,
        "losses": [str(loss) for loss in rendered.losses],
    }


def _headings(markdown: str) -> list[str]:
    """The headings of a text as a reader sees them."""
    tokens = parse(markdown)
    inlines = [tokens[place + 1] for place, token in enumerate(tokens) if token.type == "heading_open"]
    return ["".join(child.content for child in inline.children or ()) for inline in inlines]


def _details(
    document: Document,
    transcript: Transcript,
    cleaned: CleanTranscript,
    rejected: Sequence[str],
    report: GroundingReport,
) -> dict[str, JsonValue]:
    facts = document.facts
    return {
        "facts": facts.model_dump(mode="json"),
        "transcript": {
            "format": transcript.source_format,
            "words": transcript.word_count,
            "turns": len(transcript.turns),
            "turns_kept": len(cleaned.transcript.turns),
            "speech_dropped": len(cleaned.dropped),
        },
        "content": {
            "items": len(document.items),
            "items_rejected": list(rejected),
            "problems": len(document.problems),
            "sections": len(document.sections),
            "sections_truncated": [part.section_id for part in document.sections if part.truncated],
        },
        "grounding": report.model_dump(mode="json"),
    }
