"""A request that is cancelled after any number of the loop's rounds leaves nothing behind (S4-8)."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Coroutine
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from techne.errors import LLMError
from techne.llm import CostBudget, EmbedRequest, LLMRequest
from techne.llm.cache import SQLiteResponseStore
from techne.llm.dispatch import Dispatcher
from techne.llm.testing import Fault, FaultKind, FaultPlan, FaultyProvider
from techne.settings import ProviderLimits
from tests.support.virtual_time import SteppedLoop, assert_at_rest, dispatcher_of, tasks_left

LIMITS = {
    name: ProviderLimits(max_parallel=1, qps=50, rpm=100, tpm=100_000) for name in ("bedrock", "openai")
}
MODELS = {"bedrock": "anthropic.claude-3-haiku-20240307-v1:0", "openai": "gpt-4o-mini"}
SCHEMA = {"type": "object", "properties": {"why": {"type": "string"}}, "required": ["why"]}
TINY = CostBudget(name="tiny", max_cost_usd=Decimal("0.012"))
MOST_ROUNDS = 400

Work = Callable[[Dispatcher], Coroutine[Any, Any, object]]


def ask(**fields: object) -> LLMRequest:
    return LLMRequest.model_validate(
        {"provider": "bedrock", "prompt": "Why?", "max_output_tokens": 100, **fields}
    )


def submit(**fields: object) -> Work:
    return lambda dispatcher: dispatcher.serve(ask(**fields))


def read_stream(**fields: object) -> Work:
    async def read(dispatcher: Dispatcher) -> None:
        async with aclosing(dispatcher.stream(ask(**fields))) as chunks:
            async for _ in chunks:
                await asyncio.sleep(0)

    return read


@dataclass(frozen=True)
class Situation:
    """What the request is, what its calls meet, and what else is going on."""

    work: Work
    steps: tuple[Fault | FaultKind | None, ...] = ()
    answers: tuple[str, ...] = ("Because of it.",)
    beside: Work | None = None
    cached: bool = False
    settings: dict[str, object] = field(default_factory=dict)


SITUATIONS = {
    "answered": Situation(submit()),
    "slow": Situation(submit(), (Fault(after_seconds=3),)),
    "waits for its turn": Situation(submit(), (Fault(after_seconds=3),), beside=submit(prompt="Who?")),
    "tried again": Situation(submit(), ("unavailable", Fault("throttled", 1, 2.0), "malformed")),
    "times out": Situation(submit(timeout_seconds=5), ("timeout",)),
    "fails": Situation(submit(), ("rejected",)),
    "falls back": Situation(submit(fallbacks=("openai",)), (Fault("timeout"), Fault(after_seconds=1))),
    "breaker": Situation(submit(), ("unavailable",) * 3, settings={"llm_executor_breaker_failures": 1}),
    "json": Situation(submit(json_schema=SCHEMA), answers=("{", '{"who": 1}', '{"why": "so"}')),
    "cached": Situation(submit(), (Fault(after_seconds=1),), cached=True),
    "joins another": Situation(submit(), (Fault(after_seconds=1),), beside=submit(), cached=True),
    "budget": Situation(submit(budget=CostBudget(name="own", max_cost_usd=Decimal(5))), ("unavailable",)),
    "waits for money": Situation(
        submit(budget=TINY, max_output_tokens=8000),
        (Fault(after_seconds=3),),
        beside=submit(prompt="Who?", budget=TINY, max_output_tokens=8000),
        settings={"llm_executor_model_limits": {}},
    ),
    "stream": Situation(read_stream(), (Fault(after_seconds=1),)),
    "stream from the cache": Situation(read_stream(), cached=True, beside=submit()),
    "stream tried again": Situation(read_stream(), (Fault("broken", pieces=0), "throttled")),
    "broken stream": Situation(read_stream(), (Fault("broken", pieces=2),)),
    "vectors": Situation(
        lambda dispatcher: dispatcher.embed(EmbedRequest(provider="bedrock", texts=("Why?",))),
        (Fault("throttled", 1),),
    ),
}


async def follow(loop: SteppedLoop, situation: Situation, cancel_after: int, file: Path) -> bool:
    """Whether the request was over before it could be cancelled."""
    plan = FaultPlan(situation.steps)
    provider = FaultyProvider(plan, situation.answers, name="bedrock", model=MODELS["bedrock"])
    dispatcher = dispatcher_of(
        provider,
        FaultyProvider(FaultPlan(), name="openai", model=MODELS["openai"]),
        store=SQLiteResponseStore(file) if situation.cached else None,
        **{"llm_executor_model_limits": LIMITS, **situation.settings},
    )
    known = [*MODELS.items(), ("bedrock", "scripted-vectors")]
    await asyncio.gather(*(dispatcher.prepare(name, model) for name, model in known))
    beside = None if situation.beside is None else asyncio.create_task(situation.beside(dispatcher))
    task = asyncio.create_task(situation.work(dispatcher))
    loop.count_from_here(cancel_after, task.cancel)
    with suppress(asyncio.CancelledError, LLMError):
        await task
    loop.rounds = None
    was_over = not task.cancelled()
    if beside is not None:
        await beside
    await tasks_left()
    assert_at_rest(dispatcher)
    for pool in dispatcher._pools.values():
        sent = sum(
            model.attempts for model in dispatcher.usage().models if model.provider == pool.provider.name
        )
        for limit in pool.admission.limits[1:]:
            if not limit.counts_tokens:
                assert limit.meter.used <= sent, "a call that was not sent was counted"  # type: ignore[attr-defined]
    provider._plan = FaultPlan()
    async with asyncio.timeout(1000):
        assert (await dispatcher.serve(ask(prompt="And then?"))).text
    assert_at_rest(dispatcher)
    await dispatcher.close()
    assert not await tasks_left()
    return was_over


@pytest.mark.parametrize("name", SITUATIONS)
def test_a_request_cancelled_at_any_moment_leaves_nothing_behind(name: str, tmp_path: Path) -> None:
    troubles: list[dict[str, Any]] = []
    for rounds in range(MOST_ROUNDS):
        with asyncio.Runner(loop_factory=lambda: SteppedLoop(troubles)) as runner:
            loop = runner.get_loop()
            assert isinstance(loop, SteppedLoop)
            was_over = runner.run(follow(loop, SITUATIONS[name], rounds, tmp_path / f"{rounds}.sqlite3"))
        if was_over:
            break
    gc.collect()  # tells of errors that nobody has looked at
    assert was_over
    assert rounds > 3
    assert not troubles
