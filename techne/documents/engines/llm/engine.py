"""The document engine that asks a language model, stage by stage."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from techne.documents.engines.llm.calibration import TokenCalibration
from techne.documents.engines.llm.calls import ModelCalls, Submits
from techne.documents.engines.llm.extraction import KIND_GROUPS, ChunkReader, chunk_budget
from techne.documents.engines.llm.outlining import Outliner
from techne.documents.engines.llm.problems import ProblemMapper, problems_per_call
from techne.documents.engines.llm.writing import SectionWriter
from techne.documents.model import (
    ContentMap,
    Extraction,
    Item,
    ItemKind,
    Outline,
    OutlineSection,
    Problem,
    WrittenSection,
)
from techne.documents.prompts import STAGES, Stage, prompts_fingerprint
from techne.llm.model import CostBudget
from techne.settings import Settings
from techne.transcripts.model import Chunk

_VERSION = "1"
"""Raise it when the same answers of a model would make another document."""


class LLMEngine:
    """Stages 2 to 5 by one model of one provider; see `techne.documents.engine.DocumentEngine`.

    The transcript and what comes of it are data in every prompt: delimited, and never instructions. Whatever
    does not fit the model's context is asked in parts, and nothing in an answer is believed that its data
    does not bear out: quotes are looked up, ids must exist, every item reaches the document.

    Args:
        executor: An `LLMExecutor`, or anything else that submits requests.
        provider: Registered provider name, such as `bedrock`; also the engine's name.
        settings: Output limits, and whether to extract by kind.
        model: Model id; the provider's configured one if omitted.
        token_ratio: The model's tokens for each one that is estimated; it shapes every question.
        calibration: Told what the model really counts, for later executions.
        budget: What the calls may cost together.

    Raises:
        ConfigurationError: No such provider.
    """

    def __init__(
        self,
        executor: Submits,
        *,
        provider: str,
        settings: Settings,
        model: str | None = None,
        token_ratio: float = 1.0,
        calibration: TokenCalibration | None = None,
        budget: CostBudget | None = None,
    ) -> None:
        self.name = provider
        self.models: tuple[str, ...] = (executor.model(provider, model),)
        self._calls = ModelCalls(
            executor,
            provider,
            settings,
            model,
            token_ratio=token_ratio,
            calibration=calibration,
            budget=budget,
        )
        self.problems_per_call = problems_per_call(self._calls)
        self._groups = KIND_GROUPS if settings.docgen_extract_by_kind else (tuple(ItemKind),)
        capabilities = self._calls.capabilities
        parameters = (
            settings.docgen_max_tokens,
            settings.docgen_write_max_tokens,
            settings.docgen_extract_by_kind,
            capabilities.context_tokens,
            capabilities.max_output_tokens,
            capabilities.continues_prefill,
            token_ratio,
        )

        def fingerprint(*stages: Stage) -> str:
            told = repr((_VERSION, prompts_fingerprint(*stages), parameters))
            return f"llm/{provider}/{self.models[0]}/{hashlib.sha256(told.encode()).hexdigest()[:16]}"

        self.fingerprint = fingerprint()
        self.stage_fingerprints: Mapping[Stage, str] = {stage: fingerprint(stage) for stage in STAGES}

    def chunk_budget(self, language: str) -> int:
        """Tokens of transcript that one `extract` call can take and answer completely.

        Raises:
            ConfigurationError: The model's context is too small for the prompt and an answer.
        """
        return chunk_budget(self._calls, language)

    async def extract(self, chunk: Chunk, language: str) -> Extraction:
        """Stage 2: the items of one chunk, evidence verified against its turns.

        Raises:
            ProcessingError: No valid answer even for a small part of the chunk.
            LLMError: The provider failed.
        """
        return await ChunkReader(self._calls, chunk, language).read(self._groups)

    async def map(
        self, problem_items: Sequence[Item], candidates: Sequence[Item], language: str
    ) -> ContentMap:
        """Stage 3: the problems that the error items are, with what belongs to them.

        Raises:
            ProcessingError: No valid answer even for a single error.
            LLMError: The provider failed.
        """
        return await ProblemMapper(self._calls, language).map(problem_items, candidates)

    async def outline(self, items: Sequence[Item], problems: Sequence[Problem], language: str) -> Outline:
        """Stage 4: title, summary and at most a dozen sections; each item is in exactly one.

        Raises:
            ProcessingError: No valid answer even for a few items.
            LLMError: The provider failed.
        """
        return await Outliner(self._calls, language).outline(items, problems)

    async def write(
        self, section: OutlineSection, items: Sequence[Item], problems: Sequence[Problem], language: str
    ) -> WrittenSection:
        """Stage 5: one section, in which every item is cited.

        Raises:
            LLMError: The provider failed.
        """
        return await SectionWriter(self._calls, section, language).write(items, problems)
