"""Questions to the model, and how much of its context is left for data.

The engine's stages go through here; here goes through the executor.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol, TypeVar

from techne.documents.engines.llm.calibration import TokenCalibration
from techne.documents.merging import total_cost
from techne.documents.prompts import Prompt
from techne.errors import ConfigurationError
from techne.llm.model import Capabilities, CostBudget, LLMRequest, LLMResponse, Usage
from techne.settings import Settings
from techne.transcripts.tokens import corrected_estimate, estimate_tokens

T = TypeVar("T")

_FRAMING_TOKENS = 24
"""What chat templates put around a system prompt and a question."""
_LEAST_DATA_TOKENS = 96
_OUTPUT_SHARE = 0.4
"""Most of a context that an answer may take: 800 of 2048 tokens."""
_TELLING_TOKENS = 256
"""Calls from this size on tell how a model counts: what a chat template adds is lost in the margin."""
_TELLING_TOKENS_WITH_SCHEMA = 4096
"""Providers put some 500 tokens around a schema, which must not be taken for dense text."""


class Submits(Protocol):
    """What the engine needs of an executor; `techne.llm.LLMExecutor` is one."""

    async def submit(self, request: LLMRequest) -> LLMResponse:
        """The answer to one request."""

    def capabilities(self, provider: str, model: str | None = None) -> Capabilities:
        """What a provider's model can do."""

    def model(self, provider: str, model: str | None = None) -> str:
        """Full id of the model that would answer."""


@dataclass(slots=True)
class Tally:
    """What the calls of one stage took. Answers from the cache count as use, not as payment."""

    _spent: list[tuple[Usage, Decimal | None]] = field(default_factory=list)
    paid_calls: int = 0
    _models: set[str] = field(default_factory=set)

    def add(self, response: LLMResponse) -> None:
        """Count an answer."""
        self._spent.append((response.usage, response.cost_usd))
        self._models.add(response.model)
        self.paid_calls += 0 if response.cached else response.attempts

    @property
    def models(self) -> tuple[str, ...]:
        """Who answered: by a fallback it may be another model than the one asked."""
        return tuple(sorted(self._models))

    @property
    def usage(self) -> Usage:
        """Tokens of all answers."""
        return sum((usage for usage, _ in self._spent), Usage())

    @property
    def cost_usd(self) -> Decimal | None:
        """What they cost, now or when they were first given."""
        return total_cost(self._spent)


class ModelCalls:
    """Asks one provider's model.

    Args:
        executor: Through which every call goes.
        provider: Registered provider name.
        settings: Output limits.
        model: Model id; None is the provider's configured one.
        token_ratio: The model's tokens for each one that is estimated.
        calibration: Told what the model really counts.
        budget: What the calls may cost together.
    """

    def __init__(
        self,
        executor: Submits,
        provider: str,
        settings: Settings,
        model: str | None,
        *,
        token_ratio: float = 1.0,
        calibration: TokenCalibration | None = None,
        budget: CostBudget | None = None,
    ) -> None:
        self.tokens = corrected_estimate(token_ratio)
        """Tokens of a text, as many as this model makes of it."""
        self._calibration = calibration
        self._budget = budget
        self._executor = executor
        self._provider = provider
        self._model = model
        self._settings = settings
        self.capabilities = executor.capabilities(provider, model)

    def output_tokens(self, prompt: Prompt) -> int:
        """The most that an answer of this stage may have; in a small context the larger part is for data."""
        wanted = (
            self._settings.docgen_write_max_tokens
            if prompt.stage == "write"
            else self._settings.docgen_max_tokens
        )
        limits = self.capabilities
        return min(wanted, limits.max_output_tokens, int(limits.context_tokens * _OUTPUT_SHARE))

    def data_tokens(self, prompt: Prompt, empty_question: str) -> int:
        """The most data that fits beside the prompt and the answer.

        Args:
            prompt: The stage's prompt.
            empty_question: Its user part without data.

        Raises:
            ConfigurationError: Prompt and answer leave no room.
        """
        fixed = self.tokens(prompt.system) + self.tokens(empty_question) + _FRAMING_TOKENS
        room = self.capabilities.context_tokens - self.output_tokens(prompt) - fixed
        if room < _LEAST_DATA_TOKENS:
            raise ConfigurationError(
                f"The context of {self.capabilities.context_tokens} tokens of {self._provider} leaves {room} "
                f"for data beside the {prompt.stage} prompt and an answer of {self.output_tokens(prompt)}.",
                cure="Raise OLLAMA_NUM_CTX or lower OLLAMA_NUM_PREDICT."
                if self._provider == "ollama"
                else "Choose a model with a larger context, or lower DOCGEN_MAX_TOKENS.",
            )
        return room

    async def ask(
        self,
        prompt: Prompt,
        question: str,
        tally: Tally,
        *,
        label: str,
        schema: dict[str, Any] | None = None,
        temperature: float = 0.0,
        prefill: str | None = None,
        max_output_tokens: int | None = None,
    ) -> LLMResponse:
        """One question; what it took is added to `tally`.

        Raises:
            LLMError: As the executor raises it, with the stage and `label` as a note.
        """
        request = LLMRequest(
            provider=self._provider,
            model=self._model,
            system=prompt.system,
            prompt=question,
            prefill=prefill,
            max_output_tokens=max_output_tokens or self.output_tokens(prompt),
            temperature=temperature,
            json_schema=schema,
            request_id=f"{prompt.stage}-{label}",
            when_full="wait",  # a stage asks for all its pieces at once; they are the pipeline's own queue
            prompt_version=prompt.version,
            budget=self._budget,
            tags={"stage": prompt.stage},
        )
        response = await self._executor.submit(request)
        tally.add(response)
        await self._learn(request, response)
        return response

    def line_tokens(self, line: str) -> int:
        """Tokens of a line of data with its line break."""
        return self.tokens(f"{line}\n")

    async def _learn(self, request: LLMRequest, response: LLMResponse) -> None:
        """Compare the provider's count with the estimate, where one call shows nothing but the text."""
        if self._calibration is None or response.cached or response.attempts != 1 or request.prefill:
            return
        estimated = estimate_tokens(request.system or "") + estimate_tokens(request.prompt)
        if estimated >= (_TELLING_TOKENS_WITH_SCHEMA if request.json_schema else _TELLING_TOKENS):
            await asyncio.to_thread(
                self._calibration.record,
                f"{response.provider}/{response.model}",
                estimated=estimated,
                reported=response.usage.input_tokens,
            )


async def together(questions: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """The results in order; at the first failure the others are cancelled and it is raised as it is."""
    try:
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(question) for question in questions]
    except BaseExceptionGroup as failures:
        first = failures.exceptions[0]
        raise first from first.__cause__
    return [task.result() for task in running]


def batched_by_tokens(costs: Sequence[int], *, most_tokens: int, most_items: int) -> list[slice]:
    """Consecutive positions whose costs sum to `most_tokens` at most; one that is larger goes alone."""
    batches: list[slice] = []
    start, tokens = 0, 0
    for position, cost in enumerate(costs):
        if position > start and (tokens + cost > most_tokens or position - start >= most_items):
            batches.append(slice(start, position))
            start, tokens = position, 0
        tokens += cost
    return [*batches, slice(start, len(costs))] if costs else []
