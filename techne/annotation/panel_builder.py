"""A panel made of annotations as they come out of shards, in any order, in arrays of fixed size."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from techne.annotation.coding import ABSTAINED, AnswerCodes
from techne.annotation.labels import LabelSet
from techne.annotation.model import EMBEDDED, Annotation, ModelSpec
from techne.annotation.panel import Panel
from techne.annotation.summary import ModelRun
from techne.annotation.votes import FloatArray, Gold
from techne.errors import DatasetError

_UNSEEN = np.iinfo(np.int32).min


@dataclass(slots=True)
class _Spending:
    """What one model's answers took."""

    calls_sent: int = 0
    cached: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: Decimal | None = Decimal(0)
    latency_seconds: float = 0.0
    timed: int = 0
    by_fallback: int = 0

    def add(self, annotation: Annotation) -> None:
        cost = annotation.cost_usd
        self.input_tokens += annotation.input_tokens
        self.output_tokens += annotation.output_tokens
        self.cost_usd = None if cost is None or self.cost_usd is None else self.cost_usd + cost
        self.by_fallback += bool(annotation.answered_by)
        if annotation.cached:
            self.cached += 1
            return
        self.calls_sent += annotation.attempts
        if annotation.status != "failed":
            self.latency_seconds += annotation.latency_seconds
            self.timed += 1


class PanelBuilder:
    """Collects what models answered.

    A second answer of the same model about the same text is counted as a duplicate and never as a vote; only
    if the first was a failure, it takes its place.

    Args:
        label_set: What could be answered.
        ids: Ids of all texts, as `Dataset.ids`.
        workers: Names of all models, as `ModelSpec.label`.

    Attributes:
        duplicates: Answers left out because there was one already.
    """

    def __init__(self, label_set: LabelSet, ids: Sequence[str], workers: Sequence[str]) -> None:
        if len(set(workers)) < len(workers):
            raise DatasetError("Two models have the same name.", cure="Give one of them a `name` of its own.")
        self._ids = ids
        self._workers = tuple(workers)
        self._worker_index = {name: index for index, name in enumerate(workers)}
        self._codes = AnswerCodes(label_set)
        self._answers = np.full((len(ids), len(workers)), _UNSEEN, dtype=np.int32)
        self._confidence: FloatArray | None = None
        self._spending = [_Spending() for _ in workers]
        self.duplicates = 0

    def add(self, annotation: Annotation) -> None:
        """Add an answer.

        Raises:
            DatasetError: It is about no text of this dataset, by no model of this panel, or has a label
                outside of the set.
        """
        task, worker = annotation.index, self._worker_index.get(annotation.model)
        where = f"The annotation of {annotation.item_id[:100]!r} by {annotation.model[:100]!r}"
        if task >= len(self._ids) or self._ids[task] != annotation.item_id:
            raise DatasetError(f"{where} is not of this dataset: item {task} has another id, or isn't there.")
        if worker is None:
            raise DatasetError(f"{where} is by no model of this panel.")
        code = self._code(annotation, where)
        before = self._answers[task, worker]
        if before != _UNSEEN and (before >= ABSTAINED or code < ABSTAINED):
            self.duplicates += code >= ABSTAINED
            return
        self._answers[task, worker] = code
        self._spending[worker].add(annotation)
        if annotation.confidence is not None and code >= 0:
            if self._confidence is None:
                self._confidence = np.full(self._answers.shape, np.nan)
            self._confidence[task, worker] = annotation.confidence

    def extend(self, annotations: Iterable[Annotation]) -> None:
        """Add several, as of a shard."""
        for annotation in annotations:
            self.add(annotation)

    def build(self, gold: Sequence[Gold] | None = None) -> Panel:
        """The panel of all that was added.

        Args:
            gold: Known answers, one per problem, as `KnownAnswers.problems`.
        """
        task_index, worker_index = (index.astype(np.int32) for index in np.nonzero(self._answers >= 0))
        return self._codes.panel(
            self._ids,
            self._workers,
            task_index,
            worker_index,
            self._answers[task_index, worker_index],
            confidence=None if self._confidence is None else self._confidence[task_index, worker_index],
            gold=gold,
        )

    def model_runs(self, specs: Iterable[ModelSpec] = ()) -> tuple[ModelRun, ...]:
        """What each model did, in the order of the workers.

        Args:
            specs: The models, for provider, model and whether it ran locally.
        """
        known = {spec.label: spec for spec in specs}
        task_index, worker_index = np.nonzero(self._answers != _UNSEEN)
        runs = self._codes.model_runs(
            self._workers,
            len(self._ids),
            worker_index.astype(np.int32),
            self._answers[task_index, worker_index],
        )
        filled = []
        for run, spent in zip(runs, self._spending, strict=True):
            spec = known.get(run.name)
            figures = {
                "provider": spec.provider if spec else "",
                "model": (spec.model or "") if spec else "",
                "local": spec is not None and spec.provider == EMBEDDED,
                "calls_sent": spent.calls_sent,
                "cached": spent.cached,
                "input_tokens": spent.input_tokens,
                "output_tokens": spent.output_tokens,
                "cost_usd": None if spent.cost_usd is None else float(spent.cost_usd),
                "mean_latency_seconds": spent.latency_seconds / spent.timed if spent.timed else None,
            }
            filled.append(run.model_copy(update=figures))
        return tuple(filled)

    @property
    def answered_by_fallback(self) -> dict[str, int]:
        """Per model, how many answers another gave in its place; those with none left out."""
        counts = zip(self._workers, (spent.by_fallback for spent in self._spending), strict=True)
        return {name: count for name, count in counts if count}

    def _code(self, annotation: Annotation, where: str) -> int:
        if annotation.status == "abstained":
            return ABSTAINED
        if annotation.status == "failed":
            return self._codes.failed(annotation.failure or "unknown")
        try:
            return self._codes.labelled(annotation.labels)
        except KeyError as error:
            raise DatasetError(f"{where} has the label {error.args[0]!r}, which is not in the set.") from None
        except ValueError as error:
            raise DatasetError(f"{where} can't be counted: {error}.") from None
