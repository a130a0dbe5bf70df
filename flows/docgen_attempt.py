"""The six stages of one attempt at a document: their order, what runs in parallel, and under which tags."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from flows.docgen_sources import Sources, settled_template
from flows.outputs import output_folder
from flows.progress import RunProgress
from flows.settled_engine import settled_engine
from tasks import docgen as stages
from tasks.artifacts import draw_artifacts
from tasks.batching import MAX_EXTRACT_TASKS, MAX_MAP_TASKS, MAX_WRITE_TASKS, deal
from tasks.engines import EngineSpec
from tasks.publishing import publish_outputs
from techne.documents.engine import DocumentEngine
from techne.documents.engines.selection import EngineChoice
from techne.documents.mapping import MappingGroup, merge_maps, plan_mapping
from techne.documents.merging import merge_extractions
from techne.documents.model import (
    ContentMap,
    Document,
    Extraction,
    Item,
    Outline,
    OutlineSection,
    Problem,
    RecordingFacts,
    WrittenSection,
)
from techne.documents.outputs import DocumentFiles
from techne.documents.request import STAGES, DocgenRequest, DocgenResult, GroundingSummary, TokensUsed
from techne.documents.spending import Spending
from techne.errors import EmptyTranscriptError
from techne.llm import shared_executor
from techne.settings import Settings
from techne.storage import OutputFile, PublishedOutputs, open_store
from techne.tracking import Acquired, Heartbeat, TrackingStore
from techne.transcripts.chunking import chunk_transcript
from techne.transcripts.model import Chunk, CleanTranscript, Transcript
from techne.transcripts.tokens import corrected_estimate

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Attempt:
    """One attempt at one execution, by the holder of its lease."""

    request: DocgenRequest
    settings: Settings
    tracking: TrackingStore
    acquired: Acquired
    heartbeat: Heartbeat
    started: float
    calls_before: int = 0

    async def generate(self, sources: Sources) -> DocgenResult:
        """Run the six stages and publish the document.

        Raises:
            TemplateError: The template can't be used; no model was asked.
        """
        execution_id = self.acquired.record.execution_id
        self.calls_before = _calls_sent(self.settings)
        logger.info("Starting document generation for execution %s", execution_id)
        destination = output_folder(self.request.output, self.settings, execution_id)
        await asyncio.to_thread(open_store(destination, self.settings).check_writable, destination)
        template = await settled_template(sources, self.tracking, self.acquired)
        progress = RunProgress(
            "docgen", dict.fromkeys(STAGES, 1.0), execution_id, self.tracking, self.acquired.lease
        )
        spending = Spending()

        await progress.start("clean", 1)
        transcript, cleaned = await stages.clean(sources.transcript.data, self.request.transcription_s3_uri)
        language = self.request.language or transcript.language
        choice, spec = await settled_engine(self.request, self.settings, self.tracking, self.acquired)
        logger.info("%s", choice.reason)
        chunks = self._chunks(cleaned, choice.engine, spec, language)
        await progress.finish()

        extraction = await self._extract(spec, chunks, language, progress)
        spending.add(extraction)
        content = await self._map(spec, choice.engine, extraction.items, language, progress)
        spending.add(content)
        outline = await self._outline(spec, extraction.items, content.problems, language, progress)
        spending.add(outline)
        sections = await self._write(spec, outline, extraction.items, content.problems, language, progress)
        spending.add(*sections)
        logger.info(
            "Stage 5 complete: %d tokens, %d chars",
            sum(section.usage.total_tokens for section in sections),
            sum(len(section.markdown) for section in sections),
        )

        document = Document(
            facts=self._facts(transcript, cleaned, choice, language, len(chunks), spending),
            items=extraction.items,
            problems=content.problems,
            outline=outline,
            sections=tuple(sections),
        )
        await progress.start("output", 2)
        files = await stages.render(document, transcript, cleaned, list(extraction.rejected), template)
        await progress.advance()
        published = await publish_outputs(
            {
                files.MARKDOWN: OutputFile(files.markdown.encode()),
                files.DOCX: OutputFile(files.docx),
                files.EVIDENCE: OutputFile(files.evidence.encode()),
            },
            destination,
            self.acquired.record.attempt,
            files.details,
            self.heartbeat.confirm,
        )
        result = self._result(document, files, published, spending, choice, sources)
        await progress.finish()
        await draw_artifacts(result, files.markdown, [asdict(stage) for stage in progress.times])
        logger.info(
            "Document generation complete: %.1fs, %s, %d chars",
            result.duration_seconds,
            "unknown cost" if result.cost_usd is None else f"${result.cost_usd:.2f}",
            len(files.markdown),
        )
        return result

    def _chunks(
        self, cleaned: CleanTranscript, engine: DocumentEngine, spec: EngineSpec, language: str
    ) -> list[Chunk]:
        if not cleaned.transcript.turns:
            raise EmptyTranscriptError(
                f"Nothing in {self.request.transcription_s3_uri} is about a technical subject: "
                f"all {len(cleaned.dropped)} turns are greetings, audio checks and the like.",
                cure="Check that it is the transcript of the training.",
            )
        budget = engine.chunk_budget(language)
        most = self.settings.max_tokens_per_chunk
        return list(
            chunk_transcript(
                cleaned.transcript,
                max_tokens=most if budget is None else min(most, budget),
                overlap_turns=self.settings.chunk_overlap_turns,
                estimate=corrected_estimate(spec.token_ratio),
            )
        )

    async def _extract(
        self, spec: EngineSpec, chunks: Sequence[Chunk], language: str, progress: RunProgress
    ) -> Extraction:
        await progress.start("extract", len(chunks))
        task = stages.extract.with_options(tags=spec.tags)

        async def batch(chunks: list[Chunk]) -> list[Extraction]:
            self.heartbeat.check()
            extractions = await task(spec, chunks, language, chunks[0].index)
            await progress.advance(len(chunks))
            return extractions

        batches = await asyncio.gather(*(batch(part) for part in deal(chunks, MAX_EXTRACT_TASKS)))
        merged = merge_extractions([extraction for part in batches for extraction in part])
        await progress.finish()
        if not merged.items:
            raise EmptyTranscriptError(
                f"Nothing worth documenting was found in {self.request.transcription_s3_uri}.",
                cure="Check that it is the transcript of a technical training.",
            )
        return merged

    async def _map(
        self,
        spec: EngineSpec,
        engine: DocumentEngine,
        items: Sequence[Item],
        language: str,
        progress: RunProgress,
    ) -> ContentMap:
        groups = plan_mapping(items, max_groups=max(len(items), 1), per_call=engine.problems_per_call)
        await progress.start("map", len(groups))
        task = stages.map_problems.with_options(tags=spec.tags)

        async def batch(groups: list[MappingGroup]) -> ContentMap:
            self.heartbeat.check()
            content = await task(spec, groups, language, groups[0].problem_items[0].id)
            await progress.advance(len(groups))
            return content

        maps = await asyncio.gather(*(batch(part) for part in deal(groups, MAX_MAP_TASKS)))
        content = merge_maps(maps, items)
        await progress.finish()
        return content

    async def _outline(
        self,
        spec: EngineSpec,
        items: Sequence[Item],
        problems: Sequence[Problem],
        language: str,
        progress: RunProgress,
    ) -> Outline:
        self.heartbeat.check()
        await progress.start("outline", 1)
        outline = await stages.outline.with_options(tags=spec.tags)(
            spec, list(items), list(problems), language
        )
        await progress.finish()
        return outline

    async def _write(
        self,
        spec: EngineSpec,
        outline: Outline,
        items: Sequence[Item],
        problems: Sequence[Problem],
        language: str,
        progress: RunProgress,
    ) -> list[WrittenSection]:
        await progress.start("write", len(outline.sections))
        task = stages.write.with_options(tags=spec.tags)

        async def batch(sections: list[OutlineSection]) -> list[WrittenSection]:
            self.heartbeat.check()
            material = [stages.SectionMaterial.of(section, items, problems) for section in sections]
            written = await task(spec, material, language, sections[0].id)
            await progress.advance(len(sections))
            return written

        batches = await asyncio.gather(*(batch(part) for part in deal(outline.sections, MAX_WRITE_TASKS)))
        await progress.finish()
        return [section for part in batches for section in part]

    def _facts(
        self,
        transcript: Transcript,
        cleaned: CleanTranscript,
        choice: EngineChoice,
        language: str,
        chunks: int,
        spending: Spending,
    ) -> RecordingFacts:
        return RecordingFacts(
            execution_id=self.acquired.record.execution_id,
            transcript_uri=self.request.transcription_s3_uri,
            video_uri=self.request.video_s3_uri,
            language=language,
            recording_language=transcript.language,
            # The first attempt's day, so that a resumed run writes the same document.
            generated_on=self.acquired.record.created_at.date().isoformat(),
            duration_seconds=transcript.duration_seconds,
            speakers=transcript.speakers,
            turns=len(cleaned.transcript.turns),
            engine=choice.name,
            engine_reason=choice.reason,
            models=spending.models or choice.engine.models,
            usage=spending.usage,
            cost_usd=spending.cost_usd,
            chunks=chunks,
            prompt_version=choice.engine.fingerprint,
        )

    def _result(
        self,
        document: Document,
        files: DocumentFiles,
        published: PublishedOutputs,
        spending: Spending,
        choice: EngineChoice,
        sources: Sources,
    ) -> DocgenResult:
        usage = spending.usage
        return DocgenResult(
            execution_id=self.acquired.record.execution_id,
            markdown_s3_uri=published.uri_of(files.MARKDOWN),
            docx_s3_uri=published.uri_of(files.DOCX),
            manifest_s3_uri=published.manifest_uri,
            tokens_used=TokensUsed(
                input=usage.input_tokens, output=usage.output_tokens, total=usage.total_tokens
            ),
            cost_usd=None if spending.cost_usd is None else float(spending.cost_usd),
            duration_seconds=round(time.monotonic() - self.started, 3),
            chunks_processed=document.facts.chunks,
            stages_completed=6,
            engine=choice.name,
            engine_reason=choice.reason,
            models=spending.models or choice.engine.models,
            attempt=self.acquired.record.attempt,
            calls_sent=_calls_sent(self.settings) - self.calls_before,
            grounding=GroundingSummary(
                checked=files.report.checked_total,
                verified=files.report.verified_total,
                unused_items=len(files.report.unused_item_ids),
            ),
            transcript_sha256=sources.transcript.sha256,
            template_sha256=sources.template_sha256,
        )


def _calls_sent(settings: Settings) -> int:
    """Attempts of this process at any provider so far."""
    return shared_executor(settings).usage().attempts
