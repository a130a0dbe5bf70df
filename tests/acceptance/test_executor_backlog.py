"""A hundred thousand requests in one list (S4-13): no more memory than for a few, and nothing left behind.

What is counted is objects, which no busy machine changes.
"""

from __future__ import annotations

import asyncio
import gc
import threading
from pathlib import Path

import pytest

from benchmarks.backlog import Look, look, looks
from techne.llm import LLMExecutor, LLMRequest, ProviderAnswer, Usage
from techne.llm.testing import ScriptedProvider
from techne.settings import ProviderLimits, Settings

pytestmark = pytest.mark.acceptance

CALLS = 100_000
EVERY = 10_000
PARALLEL = 8
WORKERS = 2 * PARALLEL
READ_AHEAD = 2 * WORKERS
"""Requests that are taken from the list ahead of their answers, as `submit_many` says."""


class TirelessProvider(ScriptedProvider):
    """Answers at once and keeps no record."""

    async def complete(self, request: LLMRequest) -> ProviderAnswer:
        """The same answer to everybody."""
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        await asyncio.sleep(0)
        self.in_flight -= 1
        return ProviderAnswer("An answer.", "stop", Usage(input_tokens=8, output_tokens=3))


def asked(number: int) -> LLMRequest:
    return LLMRequest(provider="scripted", prompt=f"Question {number}?")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    limits = {"scripted": ProviderLimits(max_parallel=PARALLEL)}
    return Settings.model_validate(
        {
            "techne_home": tmp_path,
            "llm_executor_cache": False,
            "llm_executor_queue_size": PARALLEL,
            "llm_executor_bedrock_max_parallel": PARALLEL,
            "llm_executor_model_limits": limits,
        }
    )


def executor_objects() -> int:
    """Objects of the executor's, and of the loop's; those of other tests' servers come and go meanwhile."""
    return sum(
        str(type(thing).__module__).partition(".")[0] in {"techne", "asyncio", "_asyncio"}
        for thing in gc.get_objects()
    )


def requests_alive() -> int:
    """Requests that somebody still holds."""
    gc.collect()
    return sum(isinstance(thing, LLMRequest) for thing in gc.get_objects())


def own_threads(before: set[threading.Thread]) -> set[str]:
    """Names of the executor's threads that have begun since."""
    begun = set(threading.enumerate()) - before
    return {thread.name for thread in begun if thread.name.startswith("techne")}


@pytest.mark.timeout(600)
async def test_a_long_list_takes_no_more_memory_than_a_short_one_and_leaves_nothing_behind(
    settings: Settings,
) -> None:
    provider = TirelessProvider()
    threads_before = set(threading.enumerate())
    tasks_before = asyncio.all_tasks()
    earlier = requests_alive()  # of other tests
    seen: list[tuple[Look, int]] = []
    async with LLMExecutor(settings, providers={"scripted": provider}) as executor:
        async for now in looks(executor, asked, CALLS, EVERY):
            seen.append((now, executor_objects()))
            assert own_threads(threads_before) == {"techne-llm"}
        usage = executor.usage().of("scripted")
        after = look(executor, CALLS, CALLS)
    assert [now.answered for now, _ in seen] == list(range(EVERY, CALLS + 1, EVERY))
    assert (usage.requests, usage.answers, usage.refused) == (CALLS, CALLS, 0)
    assert provider.max_in_flight == PARALLEL
    for now, _ in seen:
        assert now.read - now.answered <= READ_AHEAD
        assert now.waiting <= WORKERS - PARALLEL
        assert now.alive <= earlier + 3 * READ_AHEAD
        assert now.tasks <= 2 * WORKERS + 5
    objects = [count for _, count in seen]
    assert max(objects) - objects[0] < EVERY / 10, objects  # not one for each ten requests of a look
    assert after.waiting == 0
    assert requests_alive() <= earlier
    assert own_threads(threads_before) == set()
    assert asyncio.all_tasks() == tasks_before
