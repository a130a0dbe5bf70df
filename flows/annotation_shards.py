"""Asking the models: shards as tasks of this run, or of flow runs of their own on the work pool (S0-17).

    prefect deployment run annotation-shards/annotation-shards    is what `--fan-out deployments` does

Which shards there are, and in which order they are asked for, is `flows.annotation_waves`' part.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from prefect import flow
from prefect.client.schemas.objects import StateType
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound
from pydantic import TypeAdapter

from flows.running import running
from tasks.annotation import Workplace, annotate_shard, shard_tags, working
from techne.annotation.fetching import fetching
from techne.annotation.model import EMBEDDED
from techne.annotation.shards import Shard, ShardResult, ShardWorker
from techne.errors import ConfigurationError, ProcessingError
from techne.settings import Settings
from techne.storage import open_store, parse_uri

logger = logging.getLogger(__name__)

SHARDS_AT_ONCE = 2
"""Of one model: while the last answers of one shard come in, the next one keeps the model busy."""
WATCH_SECONDS = 10.0
"""How often flow runs elsewhere are looked after."""
MAX_WORK_BYTES = 256 * 1024**2
_LEAST_USD = Decimal("0.000001")
"""Enough for no call; a budget of nothing can't be stated."""
_SHARDS = TypeAdapter(list[Shard])

AskShards = Callable[[Sequence[Shard]], Awaitable[list[ShardResult]]]


@dataclass(frozen=True, slots=True)
class LocalShards:
    """Does shards in this process, all models at once.

    Args:
        place: The experiment, as tasks get it.
        again: Whether texts that failed in an earlier run are asked about anew.
        check: Called before each shard; raises where this run must not go on.
        told: Told of each shard that was done before; of other shards, the answers are told one by one.
    """

    place: Workplace
    again: bool = False
    check: Callable[[], None] = lambda: None
    told: Callable[[ShardResult], None] = lambda _: None

    async def __call__(self, shards: Sequence[Shard]) -> list[ShardResult]:
        """Do them; a model that is out of money, or refuses us, is not asked about its further shards."""
        by_model: dict[str, list[Shard]] = defaultdict(list)
        for shard in shards:
            by_model[shard.model.label].append(shard)
        done = await asyncio.gather(*(self._model(own) for own in by_model.values()))
        return [result for results in done for result in results]

    async def _model(self, shards: Sequence[Shard]) -> list[ShardResult]:
        waiting = iter(shards)
        task = annotate_shard.with_options(tags=shard_tags(shards[0].model))
        results: list[ShardResult] = []
        stopped = False

        async def work() -> None:
            nonlocal stopped
            for shard in waiting:
                if stopped:
                    return
                self.check()
                result = await task(self.place, shard, self.again)
                results.append(result)
                if result.reused:
                    self.told(result)
                stopped = stopped or not result.complete

        async with asyncio.TaskGroup() as group:
            embedded = shards[0].model.provider == EMBEDDED  # nothing to wait for
            for _ in range(1 if embedded else SHARDS_AT_ONCE):
                group.create_task(work())
        return results


@dataclass(slots=True)
class DeployedShards:
    """Does shards in flow runs of a deployment, and waits for them.

    Args:
        place: The experiment, as the runs get it.
        worker: Looks for the shards' files in this process.
        deployment: Name of the deployment, as `flow/deployment`.
        runs: Most flow runs at once.
        settings: Where files may be.
        again: Whether texts that failed in an earlier run are asked about anew.
        check: Called from time to time; raises where this run must not go on.
        told: Told of each shard that is done.
    """

    place: Workplace
    worker: ShardWorker
    deployment: str
    runs: int
    settings: Settings
    again: bool = False
    check: Callable[[], None] = lambda: None
    told: Callable[[ShardResult], None] = lambda _: None
    _paid_usd: Decimal = field(default=Decimal(0), init=False)

    async def __call__(self, shards: Sequence[Shard]) -> list[ShardResult]:
        """Deal the shards that are not done yet into flow runs.

        Raises:
            ConfigurationError: There is no such deployment.
            ProcessingError: A run has not done its part; what is done stays done.
        """
        ready = await asyncio.to_thread(self._finished, shards)
        waiting = [shard for shard, result in zip(shards, ready, strict=True) if result is None]
        for result in ready:
            if result is not None:
                self.told(result)
        return [result for result in ready if result is not None] + await self._deal(waiting)

    async def _deal(self, shards: Sequence[Shard]) -> list[ShardResult]:
        if not shards:
            return []
        work = await asyncio.to_thread(self._lay_out, shards)
        dealt = [list(range(first, len(shards), self.runs)) for first in range(min(self.runs, len(shards)))]
        place = self._with_share_of_budget(len(dealt))
        runs = asyncio.gather(*(self._run(place, work, numbers) for numbers in dealt))
        try:
            await self._watch(runs, shards)
        except BaseException:
            runs.cancel()
            raise
        states = runs.result()
        outcomes = await asyncio.to_thread(lambda: [self.worker.outcome(shard) for shard in shards])
        results = [outcome for outcome in outcomes if outcome is not None]
        missing = len(shards) - sum(result.complete for result in results)
        # A run that ended well left out only what it had no money for, or was refused.
        if missing and set(states) != {StateType.COMPLETED}:
            raise ProcessingError(
                f"{missing} of {len(shards)} shards were not done by the runs of {self.deployment} "
                f"({', '.join(sorted(state.value.lower() for state in set(states)))}).",
                cure="Look at their logs, and run the same experiment again: what is done stays done.",
            )
        self._paid_usd += sum((result.paid_usd or Decimal(0) for result in results), Decimal(0))
        return results

    async def _watch(self, runs: asyncio.Future[list[StateType]], shards: Sequence[Shard]) -> None:
        """Follow the runs by the files that they leave, until all have ended."""
        waiting = list(shards)
        while not runs.done():
            await asyncio.wait({runs}, timeout=WATCH_SECONDS)
            self.check()
            found = await asyncio.to_thread(self._finished, waiting)
            for result in found:
                if result is not None:
                    self.told(result.model_copy(update={"reused": False}))
            waiting = [shard for shard, result in zip(waiting, found, strict=True) if result is None]
        runs.result()

    def _finished(self, shards: Sequence[Shard]) -> list[ShardResult | None]:
        return [self.worker.finished(shard, again=self.again) for shard in shards]

    def _with_share_of_budget(self, runs: int) -> Workplace:
        """The place as each of so many runs gets it: none can know what the others spend."""
        budget = self.place.experiment.budget
        if budget is None:
            return self.place
        share = max((budget.max_cost_usd - self._paid_usd) / runs, _LEAST_USD)
        own = budget.model_copy(update={"max_cost_usd": share})
        experiment = self.place.experiment.model_copy(update={"budget": own})
        return self.place.model_copy(update={"experiment": experiment})

    async def _run(self, place: Workplace, work: str, numbers: list[int]) -> StateType:
        parameters = {
            "place": place.model_dump(mode="json"),
            "work": work,
            "numbers": numbers,
            "again": self.again,
        }
        try:
            run = await run_deployment(self.deployment, parameters=parameters)  # type: ignore[misc]
        except ObjectNotFound:
            raise ConfigurationError(
                f"There is no deployment {self.deployment!r} at the Prefect server.",
                cure="Deploy it with `prefect deploy`, or run without fan_out.",
            ) from None
        return run.state.type if run.state else StateType.CRASHED

    def _lay_out(self, shards: Sequence[Shard]) -> str:
        """Write down the work: lists of texts are too long for a flow run's parameters."""
        data = _SHARDS.dump_json(list(shards))
        folder = parse_uri(self.place.folder, allowed_prefixes=self.settings.techne_allowed_uris, folder=True)
        uri = folder / f"work-{hashlib.sha256(data).hexdigest()[:16]}.json"
        open_store(uri, self.settings).write(uri, data, "application/json")
        return str(uri)


@flow(name="annotation-shards", persist_result=False)
async def annotation_shards(
    place: Workplace, work: str, numbers: list[int], again: bool = False
) -> list[ShardResult]:
    """Do a part of an experiment's shards; `--fan-out deployments` starts these runs.

    Args:
        place: The experiment.
        work: URI of the list of shards.
        numbers: Which of them are this run's.
        again: Whether texts that failed in an earlier run are asked about anew.
    """
    async with running("annotation-shards") as run:
        settings = run.settings
        uri = parse_uri(work, allowed_prefixes=settings.techne_allowed_uris)
        store = open_store(uri, settings)
        data = await asyncio.to_thread(store.read, uri, MAX_WORK_BYTES)
        shards = _SHARDS.validate_json(data.data)
        with fetching(settings) as fetcher:
            dataset = await asyncio.to_thread(place.open_dataset, fetcher, settings)
            worker = place.worker(dataset, settings)
            with working(place, worker):
                return await LocalShards(place, again)([shards[number] for number in numbers])
