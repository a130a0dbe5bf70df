"""The evidence file: everything behind a document that would be too long to print in it."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from techne.documents.grounding import GroundingReport
from techne.documents.model import Document, Item, Problem
from techne.transcripts.cleaning import verbatim
from techne.transcripts.model import DroppedSpeech, Frozen, Transcript


class EvidenceFile(Frozen):
    """The content of `evidence.json`, next to the document."""

    execution_id: str
    language: str
    items: tuple[Item, ...] = Field(description="Every item, with its quotes and their times.")
    problems: tuple[Problem, ...]
    dropped: tuple[DroppedSpeech, ...] = Field(
        description="Speech kept out of the document, with the reason."
    )
    grounding: GroundingReport


def evidence_file(
    document: Document, dropped: Sequence[DroppedSpeech], report: GroundingReport
) -> EvidenceFile:
    """What goes into `evidence.json`; write it with `model_dump_json`."""
    return EvidenceFile(
        execution_id=document.facts.execution_id,
        language=document.facts.language,
        items=document.items,
        problems=document.problems,
        dropped=tuple(dropped),
        grounding=report,
    )


def quoted_as_said(items: Sequence[Item], transcript: Transcript) -> tuple[Item, ...]:
    """The items with every quote as the recording has it, the fillers that cleaning took out included.

    A quote that is not found, which extraction does not let through, stays as it is.
    """
    said = {turn.id: turn.text for turn in transcript.turns}
    return tuple(
        item.model_copy(
            update={
                "evidence": tuple(
                    evidence.model_copy(
                        update={
                            "quote": verbatim(said.get(evidence.turn_id, ""), evidence.quote)
                            or evidence.quote
                        }
                    )
                    for evidence in item.evidence
                )
            }
        )
        for item in items
    )
