"""The one interface that every way of making a document has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from techne.documents.model import (
    ContentMap,
    Extraction,
    Item,
    Outline,
    OutlineSection,
    Problem,
    WrittenSection,
)
from techne.documents.prompts import Stage
from techne.transcripts.model import Chunk


class DocumentEngine(Protocol):
    """Stages 2 to 5. Every method is pure: the same arguments give the same answer, from a cache if need be.

    `language` is the document's, as a BCP 47 tag (`pt-BR`, `en-US`). Methods may be awaited concurrently
    and from several event loops.
    """

    name: str
    models: tuple[str, ...]
    fingerprint: str
    """Changes whenever the answers may: engine version, models, parameters and prompt versions."""
    stage_fingerprints: Mapping[Stage, str]
    """Of each stage by itself: a new prompt of another stage leaves it as it is."""
    problems_per_call: int
    """Most error items that one `map` call should be given."""

    def chunk_budget(self, language: str) -> int | None:
        """Tokens of transcript that one `extract` call can take, or None where nothing limits it."""

    async def extract(self, chunk: Chunk, language: str) -> Extraction:
        """Stage 2: the items of one chunk, evidence verified against its turns."""

    async def map(
        self, problem_items: Sequence[Item], candidates: Sequence[Item], language: str
    ) -> ContentMap:
        """Stage 3: one problem per error item, with the solutions, steps and prevention that it finds.

        Args:
            problem_items: Error items, each of which is a problem (or joins one) in the answer.
            candidates: Items that may belong to them; `techne.documents.mapping` preselects these.
            language: Document language.
        """

    async def outline(self, items: Sequence[Item], problems: Sequence[Problem], language: str) -> Outline:
        """Stage 4: title, summary and sections; each item is in one section at most."""

    async def write(
        self, section: OutlineSection, items: Sequence[Item], problems: Sequence[Problem], language: str
    ) -> WrittenSection:
        """Stage 5: one section from exactly the items and problems given."""
