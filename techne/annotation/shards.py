"""A shard: one model's answers about some of the texts, in a file of its own; the unit of resuming.

A shard's file is written whole when all of it is done, under a name that is made from everything that decides
its content: if it is there, nobody has to do it again. What is under way when a process dies is in the
executor's cache, call by call.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import aclosing
from decimal import Decimal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from techne.annotation.annotator import AskingFor, LLMAnnotator, concerns_all_texts
from techne.annotation.dataset import Dataset
from techne.annotation.labels import LabelSet
from techne.annotation.model import EMBEDDED, Annotation, DatasetItem, ModelSpec
from techne.annotation.request import AnnotationRequest
from techne.errors import BudgetExceededError, DatasetError, InputError, OutputError
from techne.llm import CostBudget, LLMExecutor
from techne.storage import ObjectStore, ObjectURI

MAX_SHARD_BYTES = 1024**3
MIN_SHARD_ITEMS = 500
MAX_SHARD_ITEMS = 5_000
"""A shard's answers are in memory until it is done; two shards of each model are under way at once."""
RANGES_AIM = 20
"""Ranges of texts that a dataset is cut into: with five models, a hundred tasks."""

OnAnnotation = Callable[[Annotation], None]


class Experiment(BaseModel):
    """What every worker must know, as plain data."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    experiment_id: str
    dataset_sha256: str = Field(description="Of ids and texts.")
    label_set: LabelSet
    confidence: bool = True
    rationale: bool = False
    abstain: bool = True
    budget: CostBudget | None = Field(None, description="Decides how far a run gets, not what is answered.")

    @classmethod
    def of(cls, request: AnnotationRequest, dataset: Dataset, label_set: LabelSet) -> Experiment:
        """What a request asks about a dataset."""
        name, budget = request.experiment_id or "", None
        if request.max_cost_usd is not None:
            budget = CostBudget(name=name, max_cost_usd=Decimal(str(request.max_cost_usd)))
        return cls(
            experiment_id=name,
            dataset_sha256=dataset.sha256,
            label_set=label_set,
            confidence=request.confidence,
            rationale=request.rationale,
            abstain=request.abstain,
            budget=budget,
        )

    def annotator(self, models: tuple[ModelSpec, ...], executor: LLMExecutor | None) -> LLMAnnotator:
        """The models of the experiment, ready to be asked."""
        asking = AskingFor(self.confidence, self.rationale, self.abstain)
        return LLMAnnotator(executor, models, self.label_set, asking=asking, budget=self.budget)


class Shard(BaseModel):
    """Which texts one model is to be asked about."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: ModelSpec
    start: int = Field(ge=0, description="First text, by its index in the dataset.")
    stop: int = Field(gt=0, description="Text after the last.")
    only: tuple[int, ...] | None = Field(
        None, description="Of these, the ones to be asked about; None is all."
    )

    @property
    def items(self) -> int:
        """How many texts."""
        return self.stop - self.start if self.only is None else len(self.only)

    def key(self, experiment: Experiment, version: str) -> str:
        """Hash of everything that decides the answers. `version` is that of the prompt or the algorithm."""
        decisive = self.model.model_dump(mode="json", exclude={"max_parallel", "timeout_seconds"})
        asking = (experiment.confidence, experiment.rationale, experiment.abstain)
        content = [
            experiment.dataset_sha256,
            experiment.label_set.fingerprint,
            asking,
            version,
            decisive,
            self.start,
            self.stop,
            self.only,
        ]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()


class ShardResult(BaseModel):
    """What came of a shard; also the last line of its file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    start: int
    stop: int
    file: str = Field(description="Its file, relative to the experiment's shards.")
    items: int
    labelled: int = 0
    abstained: int = 0
    failed: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: Decimal | None = Field(Decimal(0), description="Of its answers, whenever they were paid.")
    call_seconds: float = Field(0.0, description="Latencies of the calls that were made for it, added up.")
    calls: int = Field(0, description="Calls that were made for it and answered.")
    attempts: int = Field(0, description="Calls that were sent for its answers, retries included.")
    paid_usd: Decimal | None = Field(Decimal(0), description="Of the calls that were made for it.")
    reused: bool = Field(False, description="Whether its file was there already; then nothing was asked.")
    stopped_by: str | None = Field(None, description="Why it ends before its last text, if it does.")

    @property
    def answered(self) -> int:
        """Texts that were asked about."""
        return self.labelled + self.abstained + self.failed

    @property
    def complete(self) -> bool:
        """Whether every text was asked about."""
        return self.stopped_by is None


def ranges(items: int, shard_size: int | None = None) -> list[tuple[int, int]]:
    """Cut a dataset into ranges of at most `shard_size` texts; by default about `RANGES_AIM` of them."""
    size = shard_size or min(max(-(-items // RANGES_AIM), MIN_SHARD_ITEMS), MAX_SHARD_ITEMS)
    return [(start, min(start + size, items)) for start in range(0, items, size)]


class ShardWorker:
    """Does shards of one experiment, and keeps their files.

    Safe for several shards at once on one loop: a model's texts in flight are bounded over all of them.

    Args:
        experiment: What is asked.
        models: The models of all shards that will come.
        dataset: The texts.
        folder: Where the shards' files are.
        store: The store of `folder`.
        executor: The way to the models; None if all are embedded.
    """

    def __init__(
        self,
        experiment: Experiment,
        models: tuple[ModelSpec, ...],
        dataset: Dataset,
        folder: ObjectURI,
        store: ObjectStore,
        executor: LLMExecutor | None,
    ) -> None:
        if dataset.sha256 != experiment.dataset_sha256:
            raise DatasetError(
                f"The dataset {dataset.source} has changed since {experiment.experiment_id} began.",
                cure="Use another experiment id.",
            )
        self.experiment = experiment
        self.dataset = dataset
        self.annotator = experiment.annotator(models, executor)
        self._folder = folder
        self._store = store

    def key(self, shard: Shard) -> str:
        """Hash of everything that decides a shard's answers."""
        return shard.key(self.experiment, self._version(shard.model))

    def file(self, shard: Shard) -> str:
        """Name of a shard's file."""
        return f"{shard.model.slug}/{shard.start:08d}-{shard.stop:08d}-{self.key(shard)[:16]}.jsonl"

    async def run(
        self, shard: Shard, on_annotation: OnAnnotation | None = None, *, again: bool = False
    ) -> ShardResult:
        """Do a shard, unless its file is there.

        Args:
            shard: The shard.
            on_annotation: Told of each answer as it comes, in no order.
            again: Whether failed texts of an earlier run are asked about anew.

        Raises:
            TechneError: The model can't be asked at all; a budget that is used up only ends the shard early.
        """
        done = await asyncio.to_thread(self.finished, shard, again=again)
        if done is not None:
            return done
        annotations: list[Annotation] = []
        stopped_by = None
        try:
            async with aclosing(
                self.annotator.annotate_model(shard.model, _Items(self.dataset, shard))
            ) as coming:
                async for annotation in coming:
                    annotations.append(annotation)
                    if on_annotation is not None:
                        on_annotation(annotation)
        except BudgetExceededError as error:
            stopped_by = str(error)
        except Exception as error:
            if not (annotations and concerns_all_texts(error)):
                raise
            stopped_by = str(error)  # what was answered until then is paid for
        annotations.sort(key=lambda annotation: annotation.index)
        result = _result(shard, self.file(shard), annotations, stopped_by)
        if result.complete or annotations or not await asyncio.to_thread(self.outcome, shard):
            await asyncio.to_thread(self._write, result, annotations)
        return result

    def read(self, result: ShardResult) -> Iterator[Annotation]:
        """The answers of a shard, in the order of the texts, one by one.

        Raises:
            OutputError: Its file is gone or broken.
        """
        uri = self._folder / result.file
        try:
            lines = self._store.read(uri, MAX_SHARD_BYTES).data.splitlines()
            for line in lines[:-1]:
                yield Annotation.model_validate_json(line)
        except (InputError, ValidationError) as error:
            raise OutputError(
                f"The answers in {uri} can't be read back: {error}", cure="Run the experiment again."
            ) from error

    def finished(self, shard: Shard, *, again: bool = False) -> ShardResult | None:
        """What came of a shard that is done; None if it isn't, or not wholly.

        Args:
            shard: The shard.
            again: Whether one with failed texts counts as not done.
        """
        result = self.outcome(shard)
        if result is None or not result.complete or (again and result.failed):
            return None
        return result.model_copy(update={"reused": True})

    def outcome(self, shard: Shard) -> ShardResult | None:
        """What came of a shard, be it cut short or not; None if there is no file of it."""
        uri = self._folder / self.file(shard)
        if not self._store.exists(uri):
            return None
        last = self._store.read(uri, MAX_SHARD_BYTES).data.splitlines()[-1:]
        try:
            return ShardResult.model_validate_json(last[0] if last else b"")
        except ValidationError:
            return None

    def _write(self, result: ShardResult, annotations: list[Annotation]) -> None:
        lines = [annotation.model_dump_json() for annotation in annotations]
        data = "\n".join([*lines, result.model_dump_json()]) + "\n"
        self._store.write(self._folder / result.file, data.encode(), "application/x-ndjson")

    def _version(self, model: ModelSpec) -> str:
        if model.provider == EMBEDDED:
            from techne.annotation.embedded.registry import fingerprint

            return fingerprint(model.model or "", self.experiment.label_set)
        return self.annotator.question.version


class _Items:
    """A shard's texts, to be gone through as often as one likes."""

    def __init__(self, dataset: Dataset, shard: Shard) -> None:
        self._dataset, self._shard = dataset, shard

    def __iter__(self) -> Iterator[DatasetItem]:
        only = None
        if self._shard.only is not None:
            only = np.zeros(len(self._dataset), dtype=np.bool_)
            only[list(self._shard.only)] = True
        return self._dataset.items(self._shard.start, self._shard.stop, only)


def _result(shard: Shard, file: str, annotations: list[Annotation], stopped_by: str | None) -> ShardResult:
    statuses = [annotation.status for annotation in annotations]
    called = [a for a in annotations if a.attempts and not a.cached]
    return ShardResult(
        model=shard.model.label,
        start=shard.start,
        stop=shard.stop,
        file=file,
        items=shard.items,
        labelled=statuses.count("labelled"),
        abstained=statuses.count("abstained"),
        failed=statuses.count("failed"),
        input_tokens=sum(annotation.input_tokens for annotation in annotations),
        output_tokens=sum(annotation.output_tokens for annotation in annotations),
        cost_usd=_sum(annotation.cost_usd for annotation in annotations),
        call_seconds=sum(annotation.latency_seconds for annotation in called),
        calls=len(called),
        attempts=sum(annotation.attempts for annotation in called),
        paid_usd=_sum(annotation.cost_usd for annotation in called),
        stopped_by=stopped_by,
    )


def _sum(costs: Iterable[Decimal | None]) -> Decimal | None:
    known = list(costs)
    return None if None in known else sum((cost for cost in known if cost), Decimal(0))
