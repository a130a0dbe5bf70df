"""Asking the models of an experiment: plan, shards, and what came of them as votes, files and figures."""

from __future__ import annotations

import asyncio
import heapq
import logging
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

import numpy as np

from flows.annotation_answers import Answers
from flows.annotation_inputs import Inputs
from flows.annotation_progress import Tally, telling
from flows.annotation_shards import AskShards, DeployedShards, LocalShards
from flows.annotation_waves import Asked, ask_cascade, ask_panel
from flows.progress import RunProgress
from tasks.annotation import Workplace, executor_for, working
from techne.annotation.annotation_file import AnnotationWriter
from techne.annotation.cascade import AGREEMENT
from techne.annotation.cascade_replay import judge_run
from techne.annotation.dataset import Dataset
from techne.annotation.model import EMBEDDED
from techne.annotation.panel import Panel
from techne.annotation.panel_builder import PanelBuilder
from techne.annotation.plan import Plan, plan_dataset
from techne.annotation.request import AnnotationRequest
from techne.annotation.shards import Experiment, ShardResult, ShardWorker, ranges
from techne.annotation.summary import CascadeRun, ModelRun, Timing
from techne.annotation.throughput import CallsMade, Load, lower_bound
from techne.annotation.votes import BoolArray, Gold
from techne.errors import BudgetExceededError, ProcessingError
from techne.llm import ExecutorUsage, LLMExecutor
from techne.settings import Settings
from techne.storage import ObjectURI, parse_uri

logger = logging.getLogger(__name__)

SHARDS_FOLDER = "shards"


@dataclass(slots=True)
class Asking:
    """The asking of one attempt.

    Args:
        request: What is asked for.
        dataset: The texts.
        inputs: Their label set and gold.
        settings: Limits and places.
        destination: Folder of the experiment; shards go below it.
        progress: Told how far it is.
        check: Raises where this attempt must not go on.
        again: Whether failed texts of an earlier attempt are asked about anew.
    """

    request: AnnotationRequest
    dataset: Dataset
    inputs: Inputs
    settings: Settings
    destination: ObjectURI
    progress: RunProgress
    check: Callable[[], None]
    again: bool
    _worker: ShardWorker = field(init=False)
    _place: Workplace = field(init=False)
    _before: ExecutorUsage = field(init=False)

    def __post_init__(self) -> None:
        """Say what every worker must know."""
        request = self.request
        self._place = Workplace(
            experiment=Experiment.of(request, self.dataset, self.inputs.label_set),
            models=request.models,
            # Absolute: a run elsewhere has another working directory.
            dataset=str(parse_uri(str(request.dataset), allowed_prefixes=self.settings.techne_allowed_uris)),
            id_column=request.id_column,
            text_column=request.text_column,
            folder=str(self.destination / SHARDS_FOLDER),
        )
        self._worker = self._place.worker(self.dataset, self.settings)
        self._before = _usage(self.executor)

    @property
    def executor(self) -> LLMExecutor | None:
        """The way to the models; None if all are embedded."""
        return executor_for(self.request.models, self.settings)

    async def check_models(self) -> None:
        """Have every model looked for before a call is paid.

        Raises:
            TechneError: What is missing, and how to get it.
        """
        for model in self.request.models:
            if model.provider == EMBEDDED:
                await asyncio.to_thread(self._worker.annotator.prepare, model)
        executor = self.executor
        if executor is not None:
            asked = dict.fromkeys(
                (m.provider, m.model) for m in self.request.models if m.provider != EMBEDDED
            )
            await asyncio.gather(*(executor.check(provider, model) for provider, model in asked))

    def plan(self) -> Plan:
        """What it will cost and how long it will take at least."""
        return plan_dataset(self._worker.annotator, self.executor, self.dataset, self.settings)

    async def ask(self, plan: Plan, files: Path) -> Answers:
        """Ask, and write the annotations down in the folder `files`."""
        request = self.request
        cost_per_call = {
            model.name: model.expected_cost_usd / plan.items
            for model in plan.models
            if model.expected_cost_usd is not None
        }
        tally = Tally(len(self.dataset) * len(request.models))
        await self.progress.start("annotate", tally.calls)
        started = time.monotonic()
        with working(self._place, self._worker, tally.add):
            async with telling(tally, self.progress):
                asked = await self._asked(tally, cost_per_call)
        seconds = time.monotonic() - started
        await self.progress.finish()
        answers = await asyncio.to_thread(self._read, asked, files, cost_per_call)
        made = CallsMade.since(self._before, _usage(self.executor))
        elsewhere = request.fan_out == "deployments"
        return replace(
            answers,
            cost_per_call=cost_per_call,
            calls_sent=sum(one.attempts for one in _asked_now(asked.results)) if elsewhere else made.attempts,
            timing=self._timing(asked.results, made, seconds, tally.answered),
        )

    async def _asked(self, tally: Tally, cost_per_call: Mapping[str, float]) -> Asked:
        request = self.request
        parts = ranges(len(self.dataset), request.shard_size)
        ask: AskShards = LocalShards(self._place, self.again, self.check, tally.add_shard)
        if request.fan_out == "deployments":
            ask = DeployedShards(
                self._place,
                self._worker,
                request.fan_out_deployment,
                request.fan_out_runs,
                self.settings,
                self.again,
                self.check,
                tally.add_shard,
            )
        if request.strategy == "panel":
            return await ask_panel(request.models, parts, ask)
        return await ask_cascade(
            request.models,
            parts,
            ask,
            panel_of=lambda results: self._builder(results).build(self._gold),
            gold=self._known,
            cost_per_call=cost_per_call,
            threshold=request.threshold,
            skipped=tally.skip,
        )

    @property
    def _gold(self) -> Sequence[Gold] | None:
        return None if self.inputs.gold is None else self.inputs.gold.problems

    @property
    def _known(self) -> BoolArray:
        """Shape (texts,): whose answer is known."""
        known = np.full(len(self.dataset), self.inputs.gold is not None)
        for gold in self._gold or ():
            known &= gold.known
        return known

    def _builder(
        self, results: Iterable[ShardResult], writer: AnnotationWriter | None = None
    ) -> PanelBuilder:
        """All answers of these shards, written down in the order of the texts and models."""
        models = [model.label for model in self.request.models]
        builder = PanelBuilder(self.inputs.label_set, self.dataset.ids, models)
        place = {name: number for number, name in enumerate(models)}
        by_range: dict[int, list[ShardResult]] = defaultdict(list)
        for result in results:
            if result.answered:
                by_range[result.start].append(result)
        for start in sorted(by_range):
            read = [self._worker.read(result) for result in by_range[start]]
            for annotation in heapq.merge(*read, key=lambda one: (one.index, place[one.model])):
                builder.add(annotation)
                if writer is not None:
                    writer.write(annotation)
        return builder

    def _read(self, asked: Asked, files: Path, cost_per_call: Mapping[str, float]) -> Answers:
        stopped = [result for result in asked.results if not result.complete]
        if stopped and not any(result.answered for result in asked.results):
            raise BudgetExceededError(str(stopped[0].stopped_by))
        with AnnotationWriter(files, self.inputs.label_set) as writer:
            builder = self._builder(asked.results, writer)
        panel = builder.build(self._gold)
        models = builder.model_runs(self.request.models)
        if not any(model.labelled for model in models):
            raise _nothing_labelled(models)
        return Answers(
            panel=panel,
            models=models,
            files={path.name: path for path in writer.paths},
            prompt_version=self._worker.annotator.question.version if self.executor is not None else "",
            chosen=_method_of(asked),
            cascade=self._cascade(asked, panel, models, cost_per_call),
            paid_usd=_paid(asked.results),
            unasked=sum(model.not_asked for model in models) if stopped else 0,
            stopped_by=stopped[0].stopped_by if stopped else None,
            duplicates=builder.duplicates,
        )

    def _cascade(
        self, asked: Asked, panel: Panel, models: Sequence[ModelRun], cost_per_call: Mapping[str, float]
    ) -> CascadeRun | None:
        if asked.policy is None:
            return None
        costs = [model.cost_usd for model in models]
        full = [cost_per_call.get(model.name) for model in models]
        run = CascadeRun(
            method=asked.policy.method,
            threshold=asked.policy.threshold,
            threshold_source=asked.policy.threshold_source,
            waves=asked.policy.waves,
            items_per_wave=asked.items_per_wave,
            calls=sum(model.items - model.not_asked for model in models),
            calls_full_panel=len(self.dataset) * len(models),
            cost_usd=None if None in costs else sum(cost for cost in costs if cost),
            cost_full_panel_usd=None if None in full else sum(c for c in full if c) * len(self.dataset),
            accuracy=None,
        )
        if not panel.has_gold:
            return run
        return judge_run(run, panel, cost_per_call=cost_per_call, threshold=self.request.threshold)

    def _parallel(self) -> dict[tuple[str, str], int]:
        """Texts in flight by provider and full id of the model; entries of the same one share it."""
        parallel: dict[tuple[str, str], int] = defaultdict(int)
        for model in self.request.models:
            if model.provider != EMBEDDED and self.executor is not None:
                parallel[model.provider, self.executor.model(model.provider, model.model)] += (
                    model.max_parallel
                )
        return parallel

    def _timing(
        self, results: Sequence[ShardResult], made: CallsMade, seconds: float, answered: int
    ) -> Timing:
        loads = made.loads(self._parallel())
        if self.request.fan_out == "deployments":  # the calls were made elsewhere, and told by their shards
            asked = _asked_now(results)
            loads = [
                Load(
                    provider=model.provider,
                    model=model.model or "",
                    calls=sum(one.calls for one in asked if one.model == model.label),
                    tokens=sum(
                        one.input_tokens + one.output_tokens for one in asked if one.model == model.label
                    ),
                    call_seconds=sum(one.call_seconds for one in asked if one.model == model.label),
                    max_parallel=model.max_parallel * self.request.fan_out_runs,
                )
                for model in self.request.models
            ]
        bound = lower_bound(loads, self.settings).seconds
        return Timing(
            wall_seconds=seconds,
            lower_bound_seconds=bound or None,
            efficiency=bound / seconds if bound and seconds else None,
            items_per_second=answered / seconds if seconds else None,
        )


def _nothing_labelled(models: Sequence[ModelRun]) -> ProcessingError:
    """The error that there is nothing to find a consensus of."""
    kinds = Counter[str]()
    for model in models:
        kinds.update(model.failures)
    failed = ", ".join(f"{kind} {count:,}" for kind, count in kinds.most_common())
    abstained = sum(model.abstained for model in models)
    return ProcessingError(
        f"No text got a label: {kinds.total():,} answers failed{f' ({failed})' if failed else ''} and "
        f"{abstained:,} abstained.",
        cure="Mend what failed and run the same experiment with force, or describe the labels better.",
    )


def _asked_now(results: Iterable[ShardResult]) -> list[ShardResult]:
    """Those that were not done before."""
    return [result for result in results if not result.reused]


def _paid(results: Iterable[ShardResult]) -> Decimal | None:
    """What the calls of this run cost; None where a price isn't known."""
    costs = [result.paid_usd for result in _asked_now(results)]
    return None if None in costs else sum((cost for cost in costs if cost), Decimal(0))


def _usage(executor: LLMExecutor | None) -> ExecutorUsage:
    return ExecutorUsage() if executor is None else executor.usage()


def _method_of(asked: Asked) -> str | None:
    """The consensus method whose posterior decided when a cascade was sure."""
    if asked.policy is None:
        return None
    return "majority" if asked.policy.method == AGREEMENT else asked.policy.method
