"""The engine that needs no model: rules, cues and sentence selection, in Portuguese and English."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from techne.documents.engines.extractive.lexicon import lexicon_for
from techne.documents.engines.extractive.outlining import outline_of
from techne.documents.engines.extractive.pairing import problems_of
from techne.documents.engines.extractive.selection import items_of
from techne.documents.engines.extractive.writing import markdown_of
from techne.documents.model import (
    ContentMap,
    Extraction,
    Item,
    Outline,
    OutlineSection,
    Problem,
    WrittenSection,
)
from techne.documents.prompts import STAGES, Stage
from techne.transcripts.model import Chunk

VERSION = 3
"""Raised whenever the same transcript may give another document."""


class ExtractiveEngine:
    """Makes a document of the speakers' own sentences; the same transcript always gives the same one."""

    name = "extractive"
    models: tuple[str, ...] = ()
    fingerprint = f"extractive/{VERSION}"
    stage_fingerprints: Mapping[Stage, str] = MappingProxyType(dict.fromkeys(STAGES, fingerprint))
    problems_per_call = 1000
    """All at once: which error continues which is seen only side by side."""

    def chunk_budget(self, language: str) -> int | None:
        """No limit: a recording of any length is one chunk."""
        return None

    async def extract(self, chunk: Chunk, language: str) -> Extraction:
        """Stage 2: the sentences worth keeping, classified; values that were taken back are gone."""
        return Extraction(items=tuple(items_of(chunk.turns, lexicon_for(language), language)))

    async def map(
        self, problem_items: Sequence[Item], candidates: Sequence[Item], language: str
    ) -> ContentMap:
        """Stage 3: errors told together are one problem; what is told with them belongs to it."""
        return ContentMap(problems=tuple(problems_of(problem_items, candidates, lexicon_for(language))))

    async def outline(self, items: Sequence[Item], problems: Sequence[Problem], language: str) -> Outline:
        """Stage 4: sections by kind; what belongs to a problem stays with it."""
        return outline_of(items, problems, lexicon_for(language), language)

    async def write(
        self, section: OutlineSection, items: Sequence[Item], problems: Sequence[Problem], language: str
    ) -> WrittenSection:
        """Stage 5: the section's statements as lists, with commands as code and a mark each."""
        return WrittenSection(
            section_id=section.id,
            markdown=markdown_of(section, items, problems, lexicon_for(language), language),
        )
