"""Shards: the unit of resuming. What is done is never done again, and what isn't, always is."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as with_settings
from hypothesis import strategies as st

from techne.annotation.dataset import Dataset
from techne.annotation.labels import Label, LabelSet
from techne.annotation.model import Annotation, ModelSpec
from techne.annotation.shards import (
    MAX_SHARD_ITEMS,
    MIN_SHARD_ITEMS,
    Experiment,
    Shard,
    ShardWorker,
    ranges,
)
from techne.errors import DatasetError, OutputError, ProviderAccessError, RequestRejectedError
from techne.llm import CostBudget, LLMExecutor, LLMRequest, ProviderAnswer, Usage
from techne.llm.testing import ScriptedProvider
from techne.settings import Settings
from techne.storage import open_store, parse_uri

LABELS = LabelSet.of_names(("error", "how-to"))
MODEL = ModelSpec(provider="openai", model="gpt-4.1-mini")
TEXTS = 10
WHOLE = Shard(model=MODEL, start=0, stop=TEXTS)
EXPERIMENT = Experiment(experiment_id="e", dataset_sha256="d", label_set=LABELS)


def dataset(folder: Path, texts: int = TEXTS) -> Dataset:
    path = folder / "texts.csv"
    path.write_text("id,text\n" + "".join(f"t{n},Text number {n}.\n" for n in range(texts)))
    return Dataset.open(path, max_text_characters=1000)


def plain(request: LLMRequest) -> ProviderAnswer:
    return ProviderAnswer(
        '{"label": "error", "confidence": 75}', "stop", Usage(input_tokens=90, output_tokens=9)
    )


class Site:
    """A folder of shards, a provider, and workers as processes have them, one after the other."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.script: Callable[[LLMRequest], ProviderAnswer] = plain
        self.provider = ScriptedProvider(
            lambda request: self.script(request), name="openai", model="gpt-4.1-mini"
        )
        self.folder = folder / "shards"
        self.dataset = dataset(folder)
        self._settings = settings

    @asynccontextmanager
    async def worker(self, budget_usd: str | None = None) -> AsyncIterator[ShardWorker]:
        """A worker in a new process: an executor of its own."""
        budget = None if budget_usd is None else CostBudget(name="e", max_cost_usd=Decimal(budget_usd))
        experiment = EXPERIMENT.model_copy(update={"dataset_sha256": self.dataset.sha256, "budget": budget})
        uri = parse_uri(str(self.folder), folder=True)
        store = open_store(uri, self._settings)
        async with LLMExecutor(self._settings, providers={"openai": self.provider}) as executor:
            yield ShardWorker(experiment, (MODEL,), self.dataset, uri, store, executor)

    def file(self, worker: ShardWorker) -> Path:
        return self.folder / worker.file(WHOLE)


@pytest.fixture
def site(tmp_path: Path, settings: Settings) -> Site:
    return Site(tmp_path, settings)


DECISIVE: dict[str, dict[str, object]] = {
    "model": {"model": MODEL.model_copy(update={"model": "gpt-4.1"})},
    "provider": {"model": MODEL.model_copy(update={"provider": "gemini"})},
    "name": {"model": MODEL.model_copy(update={"name": "judge"})},
    "temperature": {"model": MODEL.model_copy(update={"temperature": 0.5})},
    "output tokens": {"model": MODEL.model_copy(update={"max_output_tokens": 9})},
    "start": {"start": 1},
    "stop": {"stop": TEXTS - 1},
    "texts": {"only": (1, 2)},
}
DECISIVE_OF_THE_EXPERIMENT: dict[str, dict[str, object]] = {
    "dataset": {"dataset_sha256": "other"},
    "labels": {"label_set": LabelSet.of_names(("error", "howto"))},
    "order of the labels": {"label_set": LabelSet.of_names(("how-to", "error"))},
    "kind": {"label_set": LabelSet.of_names(("error", "how-to"), "multi")},
    "examples": {
        "label_set": LabelSet(labels=(Label(name="error", examples=("It fails.",)), Label(name="how-to")))
    },
    "confidence": {"confidence": False},
    "rationale": {"rationale": True},
    "abstain": {"abstain": False},
}
INDIFFERENT: dict[str, tuple[dict[str, object], dict[str, object]]] = {
    "max_parallel": ({"model": MODEL.model_copy(update={"max_parallel": 3})}, {}),
    "timeout": ({"model": MODEL.model_copy(update={"timeout_seconds": 3.0})}, {}),
    "budget": ({}, {"budget": CostBudget(name="e", max_cost_usd=Decimal(1))}),
    "experiment id": ({}, {"experiment_id": "f"}),
}


def key(shard: dict[str, object], experiment: dict[str, object], version: str = "v1") -> str:
    return WHOLE.model_copy(update=shard).key(EXPERIMENT.model_copy(update=experiment), version)


def test_whatever_decides_the_answers_makes_another_key() -> None:
    keys = [key({}, {}), key({}, {}, "v2")]
    keys += [key(change, {}) for change in DECISIVE.values()]
    keys += [key({}, change) for change in DECISIVE_OF_THE_EXPERIMENT.values()]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("what", INDIFFERENT)
def test_what_decides_only_how_fast_or_how_far_makes_none(what: str) -> None:
    assert key(*INDIFFERENT[what]) == key({}, {})


def test_every_model_has_a_folder_of_its_own_whatever_its_name(site: Site) -> None:
    names = ("../../etc", "a/b", "a-b", "A B", "", "x" * 128)
    slugs = {MODEL.model_copy(update={"name": name}).slug for name in names}
    assert len(slugs) == len(names)
    assert all("/" not in slug and ".." not in slug and len(slug) < 80 for slug in slugs)


async def test_what_is_written_reads_back_equal_in_the_order_of_the_texts(site: Site) -> None:
    told: list[Annotation] = []
    async with site.worker() as worker:
        result = await worker.run(WHOLE, told.append)
        read = list(worker.read(result))
        assert worker.outcome(WHOLE) == result
    assert read == sorted(told, key=lambda one: one.index)
    assert [one.item_id for one in read] == [f"t{n}" for n in range(TEXTS)]
    assert (result.items, result.labelled, result.answered, result.calls) == (TEXTS, TEXTS, TEXTS, TEXTS)
    assert result.paid_usd == result.cost_usd == sum(one.cost_usd or 0 for one in read) > 0
    assert result.complete
    assert not result.reused


async def test_a_shard_that_is_done_is_not_done_again_in_any_process(site: Site) -> None:
    async with site.worker() as worker:
        first = await worker.run(WHOLE)
    async with site.worker() as worker:
        again = await worker.run(WHOLE)
    assert len(site.provider.requests) == TEXTS
    assert again == first.model_copy(update={"reused": True})


@pytest.mark.parametrize("part", ["nothing", "half", "last line cut", "last line lost"])
async def test_a_file_that_was_cut_is_done_again(site: Site, part: str) -> None:
    async with site.worker() as worker:
        await worker.run(WHOLE)
        data = site.file(worker).read_bytes()
    last = data.rindex(b"\n", 0, -1) + 1
    kept = {"nothing": 0, "half": len(data) // 2, "last line cut": len(data) - 9, "last line lost": last}
    async with site.worker() as worker:
        site.file(worker).write_bytes(data[: kept[part]])
        assert worker.finished(WHOLE) is None
        again = await worker.run(WHOLE)
        assert len(list(worker.read(again))) == TEXTS
    assert len(site.provider.requests) == 2 * TEXTS


async def test_a_shard_that_a_budget_cut_short_keeps_its_answers_and_is_done_again(site: Site) -> None:
    async with site.worker("0.0008") as worker:
        stopped = await worker.run(WHOLE)
        kept = list(worker.read(stopped))
        assert worker.finished(WHOLE) is None
        assert worker.outcome(WHOLE) == stopped
    asked = len(site.provider.requests)
    assert 0 < stopped.answered == len(kept) == asked < TEXTS
    assert "budget e" in (stopped.stopped_by or "")
    assert stopped.paid_usd is not None
    assert stopped.paid_usd <= Decimal("0.0008")
    async with site.worker("1") as worker:
        finished = await worker.run(WHOLE)
    assert finished.complete
    assert finished.labelled == TEXTS


async def test_a_budget_for_no_call_at_all_leaves_its_reason(site: Site) -> None:
    async with site.worker("0.000001") as worker:
        await worker.run(WHOLE)
    async with site.worker() as worker:
        outcome = worker.outcome(WHOLE)
    assert outcome is not None
    assert outcome.answered == 0
    assert not outcome.complete
    assert site.provider.requests == []


async def test_failed_texts_are_asked_about_again_only_if_that_is_wished(site: Site) -> None:
    def one_refused(request: LLMRequest) -> ProviderAnswer:
        if "number 3." in request.prompt and len(site.provider.requests) <= TEXTS:
            raise RequestRejectedError("Blocked.")
        return plain(request)

    site.script = one_refused
    async with site.worker() as worker:
        first = await worker.run(WHOLE)
        assert (first.labelled, first.failed, first.complete) == (TEXTS - 1, 1, True)
        assert (await worker.run(WHOLE)).failed == 1
        assert len(site.provider.requests) == TEXTS
        again = await worker.run(WHOLE, again=True)
        assert (again.labelled, again.failed) == (TEXTS, 0)
        asked = len(site.provider.requests)
        assert (await worker.run(WHOLE, again=True)).reused
        assert len(site.provider.requests) == asked


async def test_a_refusal_before_the_first_answer_is_raised_and_leaves_no_file(site: Site) -> None:
    def refused(request: LLMRequest) -> ProviderAnswer:
        raise ProviderAccessError("Who are you?")

    site.script = refused
    async with site.worker() as worker:
        with pytest.raises(ProviderAccessError):
            await worker.run(WHOLE)
        assert worker.outcome(WHOLE) is None


async def test_only_the_wanted_texts_are_asked_about(site: Site) -> None:
    async with site.worker() as worker:
        some = await worker.run(Shard(model=MODEL, start=2, stop=8, only=(3, 7)))
        assert [one.index for one in worker.read(some)] == [3, 7]
        rest = await worker.run(Shard(model=MODEL, start=2, stop=4))
        assert [one.index for one in worker.read(rest)] == [2, 3]
    assert (some.items, rest.items) == (2, 2)


async def test_a_file_that_is_gone_or_broken_is_named(site: Site) -> None:
    async with site.worker() as worker:
        result = await worker.run(WHOLE)
        path = site.file(worker)
        path.write_bytes(path.read_bytes().replace(b'"index":4', b'"index":-4'))
        with pytest.raises(OutputError, match=path.name):
            list(worker.read(result))
        path.unlink()
        with pytest.raises(OutputError, match=path.name):
            list(worker.read(result))


def test_a_worker_refuses_another_dataset(site: Site, tmp_path: Path, settings: Settings) -> None:
    uri = parse_uri(str(tmp_path), folder=True)
    with pytest.raises(DatasetError, match="has changed"):
        ShardWorker(EXPERIMENT, (MODEL,), site.dataset, uri, open_store(uri, settings), None)


async def test_shards_at_once_keep_within_the_models_bound(site: Site, settings: Settings) -> None:
    model = MODEL.model_copy(update={"max_parallel": 2})
    async with site.worker() as worker:
        halves = [Shard(model=model, start=0, stop=5), Shard(model=model, start=5, stop=TEXTS)]
        await asyncio.gather(*(worker.run(half) for half in halves))
    assert len(site.provider.requests) == TEXTS
    assert site.provider.max_in_flight <= 2


@given(items=st.integers(1, 2_000_000), size=st.none() | st.integers(1, 100_000))
@with_settings(max_examples=100)
def test_ranges_cover_every_text_once_and_none_is_too_long(items: int, size: int | None) -> None:
    if size is not None:
        items = min(items, 200 * size)
    cut = ranges(items, size)
    assert cut[0][0] == 0
    assert cut[-1][1] == items
    assert all(stop == start for (_, stop), (start, _) in itertools.pairwise(cut))
    lengths = [stop - start for start, stop in cut]
    assert all(lengths)
    assert max(lengths) <= (size or MAX_SHARD_ITEMS)
    assert size is not None or len(cut) == 1 or max(lengths) >= MIN_SHARD_ITEMS
