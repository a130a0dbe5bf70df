"""Small documents and transcripts for tests."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from techne.documents.model import (
    Document,
    Evidence,
    Item,
    ItemKind,
    Outline,
    OutlineSection,
    RecordingFacts,
    WrittenSection,
)
from techne.transcripts.model import Transcript, Turn


def transcript_of(*texts: str, language: str = "pt-BR") -> Transcript:
    """A transcript with one turn of ten seconds per text."""
    return Transcript(
        language=language,
        duration_seconds=10.0 * len(texts),
        speakers=("spk_0",),
        turns=tuple(
            Turn(
                id=f"t{number:04d}",
                speaker="spk_0",
                start_seconds=10.0 * number,
                end_seconds=10.0 * number + 9,
                text=text,
            )
            for number, text in enumerate(texts, start=1)
        ),
        source_format="test",
        word_count=sum(len(text.split()) for text in texts),
    )


def item(item_id: str, *, seconds: float | None = None, text: str = "o que foi dito") -> Item:
    """An item said at `seconds`, or at a minute per number of its id."""
    start = 60.0 * int(item_id[1:]) if seconds is None else seconds
    return Item(
        id=item_id,
        kind=ItemKind.ERROR,
        text=text,
        evidence=(Evidence(turn_id="t0001", quote="dito", start_seconds=start),),
    )


def document_of(
    *sections: str,
    title: str = "um treinamento",
    summary: tuple[Any, ...] = (),
    problems: tuple[Any, ...] = (),
    items: tuple[Item, ...] = (),
    language: str = "pt-BR",
    facts: dict[str, Any] | None = None,
    section_title: str = "uma parte",
) -> Document:
    """A document with one section per Markdown text, `s01` onwards."""
    ids = [f"s{number:02d}" for number in range(1, len(sections) + 1)]
    return Document(
        facts=RecordingFacts.model_validate(
            {
                "execution_id": "test-123",
                "transcript_uri": "s3://in/t.json",
                "language": language,
                "recording_language": language,
                "generated_on": "2026-01-31",
                "duration_seconds": 930.0,
                "speakers": ("spk_0", "spk_1"),
                "turns": 5,
                "engine": "bedrock",
                "cost_usd": Decimal("0.57"),
                **(facts or {}),
            }
        ),
        items=items or (item("i001"), item("i002")),
        problems=problems,
        outline=Outline(
            title=title,
            summary=summary,
            sections=tuple(OutlineSection(id=section_id, title=section_title) for section_id in ids),
        ),
        sections=tuple(
            WrittenSection(section_id=section_id, markdown=markdown)
            for section_id, markdown in zip(ids, sections, strict=True)
        ),
    )
