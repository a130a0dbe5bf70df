"""The annotation experiment's work as Prefect tasks: one per model and shard of texts, never one per text.

Calls inside a task run at once and wait in the executor, which knows the providers' limits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from prefect import task
from prefect.settings import PREFECT_API_URL
from pydantic import BaseModel, ConfigDict, Field

from tasks.quota import use_prefect_quota
from tasks.retrying import RETRIES, RETRY_DELAY_SECONDS, worth_retrying
from techne.annotation.dataset import Dataset
from techne.annotation.fetching import Fetcher, fetching
from techne.annotation.model import EMBEDDED, Annotation, ModelSpec
from techne.annotation.shards import Experiment, Shard, ShardResult, ShardWorker
from techne.llm import LLMExecutor, shared_executor
from techne.settings import Settings, get_settings
from techne.storage import open_store, parse_uri

use_prefect_quota()

OnAnnotation = Callable[[Annotation], None]


class Workplace(BaseModel):
    """An experiment and where its files are, as plain data: enough to work on it in any process."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    experiment: Experiment
    models: tuple[ModelSpec, ...]
    dataset: str = Field(description="URI of the texts.")
    id_column: str
    text_column: str
    folder: str = Field(description="URI of the folder of shards.")

    def open_dataset(self, fetcher: Fetcher, settings: Settings) -> Dataset:
        """The texts, fetched and checked."""
        return open_dataset(self.dataset, self.id_column, self.text_column, fetcher, settings)

    def worker(self, dataset: Dataset, settings: Settings) -> ShardWorker:
        """Who does the shards in this process."""
        folder = parse_uri(self.folder, allowed_prefixes=settings.techne_allowed_uris, folder=True)
        store = open_store(folder, settings)
        executor = executor_for(self.models, settings)
        return ShardWorker(self.experiment, self.models, dataset, folder, store, executor)


def executor_for(models: Sequence[ModelSpec], settings: Settings) -> LLMExecutor | None:
    """The way to the models; None if all of them are embedded."""
    return shared_executor(settings) if any(model.provider != EMBEDDED for model in models) else None


def open_dataset(uri: str, id_column: str, text_column: str, fetcher: Fetcher, settings: Settings) -> Dataset:
    """Fetch and check a dataset.

    Raises:
        InputError: It isn't there, may not be read, or can't be annotated; the message names the place.
    """
    file = fetcher.fetch(uri)
    return Dataset.open(
        file.path,
        id_column=id_column,
        text_column=text_column,
        max_text_characters=settings.techne_max_text_characters,
        max_bytes=settings.techne_max_dataset_bytes,
        source=uri,
    )


@dataclass(slots=True)
class _Office:
    """Who works on which experiment in this context, and who is told of each answer."""

    place: Workplace
    worker: ShardWorker
    on_annotation: OnAnnotation | None


_office: ContextVar[_Office | None] = ContextVar("annotation_office", default=None)


@contextmanager
def working(
    place: Workplace, worker: ShardWorker, on_annotation: OnAnnotation | None = None
) -> Iterator[None]:
    """Have the tasks that are started in this context share one worker: its texts, its bounds, its cache.

    A task elsewhere opens the workplace for itself.
    """
    token = _office.set(_Office(place, worker, on_annotation))
    try:
        yield
    finally:
        _office.reset(token)


def shard_tags(model: ModelSpec) -> tuple[str, ...]:
    """Tags of a model's tasks; a limit on one caps them across the runs of a server (resolution 3)."""
    return (f"provider:{model.provider}",) if model.provider != EMBEDDED and PREFECT_API_URL.value() else ()


@task(
    name="annotate",
    task_run_name="annotate-{shard.model.label}-{shard.start}",
    persist_result=False,
    retries=RETRIES,
    retry_delay_seconds=RETRY_DELAY_SECONDS,
    retry_condition_fn=worth_retrying,
)
async def annotate_shard(place: Workplace, shard: Shard, again: bool = False) -> ShardResult:
    """Ask one model about a shard of the texts. The answers are in the shard's file; this is their count.

    The file is the cache, under a name made from all that decides its content: it serves any process and any
    machine, and can't be remembered when it is gone, as a result that Prefect keeps elsewhere could be.

    Args:
        place: The experiment.
        shard: Model and texts.
        again: Whether texts that failed in an earlier run are asked about anew.
    """
    office = _office.get()
    if office is not None and office.place == place:
        return await office.worker.run(shard, office.on_annotation, again=again)
    settings = get_settings()
    with fetching(settings) as fetcher:
        dataset = await asyncio.to_thread(place.open_dataset, fetcher, settings)
        return await place.worker(dataset, settings).run(shard, again=again)
