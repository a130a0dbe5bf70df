"""Models that annotate: all models at once, and a bounded number of texts within each (S0-9 to S0-13).

Here a text becomes a request, and an answer an annotation. Limits, retries, cache and cost are the
executor's; shards, files and resuming are the flow's.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from techne.annotation.labels import ABSTAIN, LabelSet
from techne.annotation.model import EMBEDDED, Annotation, DatasetItem, ModelSpec
from techne.annotation.prompts import PERCENT, build_question
from techne.errors import BudgetExceededError, ConfigurationError, ProviderAccessError, TechneError
from techne.llm import CostBudget, LLMExecutor, LLMRequest, LLMResponse, Outcome
from techne.llm.accounting import failure_kind

OUTPUT_TOKENS = 256
OUTPUT_TOKENS_WITH_RATIONALE = 512
"""Longest answers: a label, a number and some room for a model's manners; a sentence more."""
EMBEDDED_BATCH = 1000
"""Texts that an embedded annotator takes at once; between two batches others get the processor."""


class BatchAnnotator(Protocol):
    """An annotator of this process that needs no executor."""

    def annotate(self, items: Sequence[DatasetItem]) -> list[Annotation]:
        """One annotation per item, in their order; blocks for as long as it computes."""
        ...


@dataclass(frozen=True, slots=True)
class AskingFor:
    """What the models are asked to say beside the label."""

    confidence: bool = True
    rationale: bool = False
    abstain: bool = True


class LLMAnnotator:
    """Annotates texts with one or more models.

    A failed call is an annotation with status `failed` and its reason. What no other text could fare better
    with, such as missing credentials or a used-up budget, ends the model's stream with its error instead:
    the texts that were not asked are nobody's failures.

    Args:
        executor: The way to the models; None if all of them are embedded.
        models: The panel.
        label_set: Question and labels.
        asking: What is asked for beside the label.
        budget: What all calls together may cost.
    """

    def __init__(
        self,
        executor: LLMExecutor | None,
        models: Sequence[ModelSpec],
        label_set: LabelSet,
        *,
        asking: AskingFor | None = None,
        budget: CostBudget | None = None,
    ) -> None:
        names = [model.label for model in models]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ConfigurationError(
                f"Two models are called {twice!r}.", cure="Give one of them a name of its own."
            )
        self.models = tuple(models)
        self.label_set = label_set
        self.asking = asking or AskingFor()
        self.question = build_question(
            label_set,
            confidence=self.asking.confidence,
            rationale=self.asking.rationale,
            abstain=self.asking.abstain,
        )
        self._executor = executor
        self._budget = budget
        self._slots = _Slots()
        self._embedded: dict[str, BatchAnnotator] = {}

    async def annotate_dataset(self, items: Iterable[DatasetItem]) -> AsyncGenerator[Annotation, None]:
        """Annotate with every model at once; annotations come as they are ready.

        Nothing is held but what is in flight, however long the dataset is.

        Args:
            items: The texts; gone through once per model, so not an iterator.

        Raises:
            TechneError: A model can't go on; the others are stopped.
        """
        if isinstance(items, Iterator):
            raise TypeError("each model goes through the items, so an iterator would serve only the first")
        queue: asyncio.Queue[Annotation] = asyncio.Queue(maxsize=EMBEDDED_BATCH)

        async def run(model: ModelSpec) -> None:
            async with aclosing(self.annotate_model(model, items)) as annotations:
                async for annotation in annotations:
                    await queue.put(annotation)

        async def run_all() -> None:
            async with asyncio.TaskGroup() as group:
                for model in self.models:
                    group.create_task(run(model))

        running = asyncio.create_task(run_all())
        try:
            async for annotation in _until_done(queue, running):
                yield annotation
            try:
                await running
            except BaseExceptionGroup as group:
                raise group.exceptions[0] from None
        finally:
            running.cancel()
            await asyncio.wait({running})

    def annotate_dataset_sync(self, items: Iterable[DatasetItem]) -> Iterator[Annotation]:
        """The same, one text after the other, model after model, for debugging (S0-13)."""
        for model in self.models:
            if model.provider == EMBEDDED:
                for batch in _batches(items):
                    yield from self._embedded_annotator(model).annotate(batch)
                continue
            for item in items:
                request = self.request(model, item)
                try:
                    response = self._required_executor().submit_sync(request)
                except Exception as error:
                    if concerns_all_texts(error):
                        raise
                    yield self._failed(model, item, error)
                else:
                    yield self._answered(model, item, response)

    async def annotate_model(
        self, model: ModelSpec, items: Iterable[DatasetItem]
    ) -> AsyncGenerator[Annotation, None]:
        """Annotate with one model, `max_parallel` texts at once for all callers of this object together.

        Raises:
            TechneError: The model can't go on, as without credentials or money.
        """
        if model.provider == EMBEDDED:
            annotator = await asyncio.to_thread(self._embedded_annotator, model)
            for batch in _batches(items):
                for annotation in await asyncio.to_thread(annotator.annotate, batch):
                    yield annotation
            return
        asked: dict[int, DatasetItem] = {}
        slots = self._slots.of(model)
        stopped_by: Exception | None = None

        async def requests() -> AsyncGenerator[LLMRequest, None]:
            for place, item in enumerate(items):
                await slots.acquire()
                asked[place] = item
                if stopped_by is not None:
                    return
                yield self.request(model, item)

        executor = self._required_executor()
        try:
            async with aclosing(executor.submit_many(requests(), workers=model.max_parallel)) as outcomes:
                async for outcome in outcomes:
                    item = asked.pop(outcome.index)
                    slots.release()
                    if outcome.error is not None and concerns_all_texts(outcome.error):
                        stopped_by = stopped_by or outcome.error  # what is in flight is paid for: wait for it
                        continue
                    yield self._annotation(model, item, outcome)
        finally:
            for _ in asked:
                slots.release()
        if stopped_by is not None:
            raise stopped_by

    def prepare(self, model: ModelSpec) -> None:
        """Have an embedded annotator learn, which may fail; nothing for other models."""
        if model.provider == EMBEDDED:
            self._embedded_annotator(model)

    def request(self, model: ModelSpec, item: DatasetItem) -> LLMRequest:
        """The question about one text. Never answered by another model than the one that was asked."""
        default = OUTPUT_TOKENS_WITH_RATIONALE if self.asking.rationale else OUTPUT_TOKENS
        return LLMRequest(
            provider=model.provider,
            model=model.model,
            system=self.question.system,
            prompt=self.question.user(item.text),
            max_output_tokens=model.max_output_tokens or default,
            temperature=model.temperature,
            json_schema=self.question.json_schema,
            timeout_seconds=model.timeout_seconds,
            request_id=f"{item.id}@{model.label}"[:200],
            fallbacks=(),
            budget=self._budget,
            prompt_version=self.question.version,
        )

    def _annotation(self, model: ModelSpec, item: DatasetItem, outcome: Outcome) -> Annotation:
        if outcome.response is None:
            return self._failed(model, item, outcome.error or TechneError("There is no answer."))
        return self._answered(model, item, outcome.response)

    def _answered(self, model: ModelSpec, item: DatasetItem, response: LLMResponse) -> Annotation:
        labels, confidence, rationale = read_answer(response.parsed, self.label_set)
        return Annotation(
            index=item.index,
            item_id=item.id,
            model=model.label,
            status="abstained" if labels is None else "labelled",
            labels=labels or (),
            confidence=confidence,
            rationale=rationale,
            input_tokens=response.usage.input_tokens,
            output_tokens=response.usage.output_tokens,
            cost_usd=response.cost_usd,
            latency_seconds=response.latency_seconds,
            attempts=response.attempts,
            cached=response.cached,
        )

    def _failed(self, model: ModelSpec, item: DatasetItem, error: Exception) -> Annotation:
        return Annotation(
            index=item.index,
            item_id=item.id,
            model=model.label,
            status="failed",
            failure=failure_kind(error),
            message=str(error)[:1000],
        )

    def _embedded_annotator(self, model: ModelSpec) -> BatchAnnotator:
        if model.label not in self._embedded:
            from techne.annotation.embedded.registry import build

            self._embedded[model.label] = build(model.model or "", self.label_set, model=model.label)
        return self._embedded[model.label]

    def _required_executor(self) -> LLMExecutor:
        if self._executor is None:
            raise ConfigurationError("An annotator of models that are not embedded needs an executor.")
        return self._executor


def concerns_all_texts(error: Exception) -> bool:
    """Whether every further text would meet the same error: nothing is gained by asking on."""
    return isinstance(error, BudgetExceededError | ConfigurationError | ProviderAccessError)


def read_answer(parsed: Any, label_set: LabelSet) -> tuple[tuple[str, ...] | None, float | None, str]:
    """Labels, confidence and rationale of an answer that has passed its schema; no labels if it abstains."""
    confidence = parsed.get("confidence")
    rationale = str(parsed.get("rationale", ""))
    certain = None if confidence is None else min(max(float(confidence) / PERCENT, 0.0), 1.0)
    if label_set.kind != "multi":
        label = parsed["label"]
        return (None if label == ABSTAIN else (label,)), certain, rationale
    given = set(parsed["labels"])
    if ABSTAIN in given:
        return None, certain, rationale
    return tuple(name for name in label_set.names if name in given), certain, rationale


async def _until_done(
    queue: asyncio.Queue[Annotation], running: asyncio.Task[None]
) -> AsyncGenerator[Annotation, None]:
    while not (running.done() and queue.empty()):
        getting = asyncio.ensure_future(queue.get())
        await asyncio.wait({getting, running}, return_when=asyncio.FIRST_COMPLETED)
        if getting.done():
            yield getting.result()
        else:
            getting.cancel()


def _batches(items: Iterable[DatasetItem]) -> Iterator[list[DatasetItem]]:
    source = iter(items)
    while batch := list(itertools.islice(source, EMBEDDED_BATCH)):
        yield batch


class _Slots:
    """How many texts each model may have in flight, shared by all who ask it on one loop."""

    def __init__(self) -> None:
        self._by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, asyncio.Semaphore]] = (
            WeakKeyDictionary()
        )

    def of(self, model: ModelSpec) -> asyncio.Semaphore:
        of_loop = self._by_loop.setdefault(asyncio.get_running_loop(), {})
        return of_loop.setdefault(model.label, asyncio.Semaphore(model.max_parallel))
