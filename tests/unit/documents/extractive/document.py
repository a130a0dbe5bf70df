"""The whole way of a recording through the engine, as its tests read it."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass

from techne.documents.engines.extractive import ExtractiveEngine
from techne.documents.mapping import merge_maps, plan_mapping
from techne.documents.marks import without_marks
from techne.documents.merging import merge_extractions
from techne.documents.model import Item, Outline, Problem
from techne.documents.wording import folded
from techne.transcripts.model import Chunk


@dataclass(frozen=True, slots=True)
class Made:
    """What the engine made of a recording, stage by stage."""

    items: tuple[Item, ...]
    problems: tuple[Problem, ...]
    outline: Outline
    sections: tuple[str, ...]

    @property
    def text(self) -> str:
        """All that a reader sees."""
        summary = [statement.text for statement in self.outline.summary]
        return "\n".join([self.outline.title, *summary, *map(without_marks, self.sections)])

    def blocks(self) -> list[str]:
        """The problems' parts of the document."""
        return [block for section in self.sections for block in re.split(r"^### ", section, flags=re.M)[1:]]


def make(chunk: Chunk, language: str) -> Made:
    """Stages 2 to 5 on one chunk."""
    return asyncio.run(_make(chunk, language))


async def _make(chunk: Chunk, language: str) -> Made:
    engine = ExtractiveEngine()
    extraction = merge_extractions([await engine.extract(chunk, language)])
    plan = plan_mapping(
        extraction.items, max_groups=max(len(extraction.items), 1), per_call=engine.problems_per_call
    )
    maps = [await engine.map(group.problem_items, group.candidates, language) for group in plan]
    problems = merge_maps(maps, extraction.items).problems
    outline = await engine.outline(extraction.items, problems, language)
    sections: list[str] = []
    for section in outline.sections:
        items = [item for item in extraction.items if item.id in section.item_ids]
        own = [problem for problem in problems if problem.id in section.problem_ids]
        sections.append((await engine.write(section, items, own, language)).markdown)
    return Made(extraction.items, problems, outline, tuple(sections))


def says(text: str, alternatives: str) -> bool:
    """Whether a text has one of the phrases, which are divided by bars; signs of Markdown don't matter."""
    plain = folded(text.replace("`", "").replace("\\", ""))
    return any(
        re.search(rf"(?<!\w){re.escape(folded(phrase))}(?!\w)", plain) for phrase in alternatives.split("|")
    )
