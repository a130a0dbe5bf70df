"""The six stages as Prefect tasks. A task is a batch of chunks, problems or sections, never a single call.

Model calls inside a task run at once and wait in the executor, which knows the providers' limits; a failed
call has been retried there before its task fails.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from pydantic import BaseModel, ConfigDict

from tasks.caching import content_key
from tasks.engines import EngineSpec
from tasks.retrying import RETRIES, RETRY_DELAY_SECONDS, worth_retrying
from techne.documents.docx.templates.package import PACKED_LIMIT
from techne.documents.docx.templates.template import Template
from techne.documents.mapping import MappingGroup, merge_maps
from techne.documents.model import (
    ContentMap,
    Document,
    Extraction,
    Item,
    Outline,
    OutlineSection,
    Problem,
    WrittenSection,
)
from techne.documents.outputs import DocumentFiles, render_files
from techne.errors import ObjectTooLargeError
from techne.settings import get_settings
from techne.storage import (
    StoredObject,
    open_store,
    parse_uri,
)
from techne.transcripts.cleaning import clean_transcript
from techne.transcripts.model import Chunk, CleanTranscript, Transcript
from techne.transcripts.reading import read_transcript

_RETRYING: dict[str, Any] = {
    "retries": RETRIES,
    "retry_delay_seconds": RETRY_DELAY_SECONDS,
    "retry_condition_fn": worth_retrying,
}
_STORED: dict[str, Any] = {
    **_RETRYING,
    "persist_result": True,
    "result_serializer": "json",
    "cache_key_fn": content_key,
}


class SectionMaterial(BaseModel):
    """A section to be written, and all that it may be written from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    section: OutlineSection
    items: tuple[Item, ...]
    problems: tuple[Problem, ...]

    @classmethod
    def of(
        cls, section: OutlineSection, items: Sequence[Item], problems: Sequence[Problem]
    ) -> SectionMaterial:
        """Pick the section's own from all items and problems."""
        return cls(
            section=section,
            items=tuple(item for item in items if item.id in section.item_ids),
            problems=tuple(problem for problem in problems if problem.id in section.problem_ids),
        )


@task(name="read-transcript", persist_result=False, **_RETRYING)
async def read_stored_transcript(uri: str) -> StoredObject:
    """The transcript's bytes, checked for place and size first."""
    settings = get_settings()
    parsed = parse_uri(uri, allowed_prefixes=settings.techne_allowed_uris)
    return await asyncio.to_thread(open_store(parsed, settings).read, parsed)


@task(name="read-template", persist_result=False, **_RETRYING)
async def read_stored_template(uri: str) -> StoredObject:
    """A DOCX template's bytes, checked for place and size first."""
    settings = get_settings()
    parsed = parse_uri(uri, allowed_prefixes=settings.techne_allowed_uris)
    try:
        return await asyncio.to_thread(open_store(parsed, settings).read, parsed, PACKED_LIMIT)
    except ObjectTooLargeError as error:
        raise ObjectTooLargeError(error.message, cure="Shrink the template's images.") from error


@task(name="clean", persist_result=False)
async def clean(data: bytes, uri: str) -> tuple[Transcript, CleanTranscript]:
    """Stage 1: the transcript as the file has it, and as it is worth reading."""
    transcript = await asyncio.to_thread(read_transcript, data, source=uri)
    return transcript, await asyncio.to_thread(clean_transcript, transcript)


@task(name="extract", task_run_name="extract-{first}", **_STORED)
async def extract(engine: EngineSpec, chunks: list[Chunk], language: str, first: int) -> list[Extraction]:
    """Stage 2 for some chunks, in parallel (S4-10). `first` numbers the batch's first chunk."""
    worker = engine.engine()
    return list(await asyncio.gather(*(worker.extract(chunk, language) for chunk in chunks)))


@task(name="map", task_run_name="map-{first}", **_STORED)
async def map_problems(
    engine: EngineSpec, groups: list[MappingGroup], language: str, first: str
) -> ContentMap:
    """Stage 3 for some groups of problems, in parallel (S4-11)."""
    worker = engine.engine()
    maps = await asyncio.gather(
        *(worker.map(group.problem_items, group.candidates, language) for group in groups)
    )
    return merge_maps(maps)


@task(name="outline", **_STORED)
async def outline(engine: EngineSpec, items: list[Item], problems: list[Problem], language: str) -> Outline:
    """Stage 4: title, summary and sections, without their content."""
    return await engine.engine().outline(items, problems, language)


@task(name="write", task_run_name="write-{first}", **_STORED)
async def write(
    engine: EngineSpec, material: list[SectionMaterial], language: str, first: str
) -> list[WrittenSection]:
    """Stage 5 for some sections, in parallel, each from its own items and problems only."""
    worker = engine.engine()
    return list(
        await asyncio.gather(
            *(worker.write(part.section, part.items, part.problems, language) for part in material)
        )
    )


@task(name="render", persist_result=False, cache_policy=NO_CACHE)
async def render(
    document: Document,
    transcript: Transcript,
    cleaned: CleanTranscript,
    rejected: list[str],
    template: Template | None,
) -> DocumentFiles:
    """Stage 6, first half: grounding, Markdown and DOCX, checked.

    The template comes as the bytes that were checked when the run began, and not as an address to read anew:
    without a cache, Prefect neither hashes a task's parameters nor stores them.
    """
    return await asyncio.to_thread(render_files, document, transcript, cleaned, rejected, template)
