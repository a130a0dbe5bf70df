"""Random faults, limits, fallbacks, cancellations: each request ends once, the books add up, nothing stays.

A thousand plans go through the dispatcher in virtual time, a few through the executor and its thread (S4-4,
S4-8). A plan that fails is run again by its seed.
"""

from __future__ import annotations

import asyncio
import gc
import random
from contextlib import aclosing
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from techne.errors import ConfigurationError, LLMError
from techne.llm import CostBudget, LLMExecutor, LLMRequest, LLMResponse
from techne.llm.accounting import ExecutorUsage
from techne.llm.cache import ResponseStore, SQLiteResponseStore
from techne.llm.dispatch import Dispatcher
from techne.llm.testing import FakeClock, FaultKind, FaultPlan, FaultyProvider
from techne.settings import ProviderLimits
from tests.support.virtual_time import SteppedLoop, assert_at_rest, dispatcher_of, settings_of, tasks_left

PLANS = 1000
BATCHES = 4
MODELS = {
    "bedrock": ("anthropic.claude-3-haiku-20240307-v1:0", "amazon.nova-lite-v1:0"),
    "openai": ("gpt-4o-mini",),
    "gemini": ("gemini-2.5-flash",),
}
KINDS: tuple[FaultKind, ...] = ("throttled", "unavailable", "timeout", "malformed", "rejected", "broken")
SCHEMA = {"type": "object", "properties": {"why": {"type": "string"}}, "required": ["why"]}
ANSWERS = ('{"why": "so"}', '{"why": "so"', '{"who": 1}', "[]")


@dataclass
class World:
    """One seed's settings, providers and requests."""

    seed: int
    dice: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)

    def settings(self) -> dict[str, object]:
        dice = self.dice
        return {
            "llm_executor_model_limits": {
                name: self.limits() for name in [*MODELS, "bedrock/" + MODELS["bedrock"][1]]
            },
            "llm_executor_max_attempts": dice.randint(1, 4),
            "llm_executor_breaker_failures": dice.randint(1, 6),
            "llm_executor_retry_budget": dice.choice([0, 3, 100]),
            "llm_executor_queue_size": dice.choice([2, 100]),
            "llm_executor_when_full": dice.choice(["refuse", "wait"]),
            "llm_executor_queue_timeout_seconds": dice.choice([5.0, 3600.0]),
            "llm_executor_adaptive": dice.random() < 0.8,
            "llm_executor_fallbacks": tuple(dice.sample(list(MODELS), dice.randint(0, 3))),
            "llm_executor_providers": tuple(MODELS),
            "llm_executor_max_cost_usd": dice.choice([None, Decimal("0.05")]),
            **{f"{name}_timeout_seconds": 5.0 for name in MODELS},
        }

    def limits(self) -> ProviderLimits:
        dice = self.dice
        return ProviderLimits(
            max_parallel=dice.randint(1, 4),
            qps=dice.choice([None, 2.0, 20.0]),
            rpm=dice.choice([None, 10.0, 100.0]),
            tpm=dice.choice([None, 2000.0, 100_000.0]),
        )

    def provider(
        self, name: str, kinds: tuple[FaultKind, ...] = KINDS, *, most_seconds: float = 0.0
    ) -> FaultyProvider:
        dice = self.dice
        badness = dice.choice([0.0, 0.3, 0.6, 1.0])
        weights = [dice.random() for _ in kinds]
        chances = {kind: badness * weight / sum(weights) for kind, weight in zip(kinds, weights, strict=True)}
        answers = random.Random(self.seed)
        return FaultyProvider(
            FaultPlan(
                seed=dice.randrange(10**9),
                chances=chances,
                seconds=(0.0, dice.choice([0.0, most_seconds])),
                retry_after_seconds=2.0,
            ),
            lambda _: answers.choice(ANSWERS),
            name=name,
            model=MODELS[name][0],
        )

    def request(self) -> LLMRequest:
        dice = self.dice
        provider = dice.choice([*MODELS, "auto"])
        budget = CostBudget(name="small", max_cost_usd=Decimal("0.001"))
        return LLMRequest(
            provider=provider,
            model=dice.choice([None, *MODELS[provider]]) if provider in MODELS else None,
            prompt=dice.choice(["Why?", "Who?", "When? " * 50, f"And {dice.random()}?"]),
            prompt_version=str(self.seed),
            max_output_tokens=dice.choice([50, 400]),
            json_schema=dice.choice([None, None, SCHEMA]),
            timeout_seconds=dice.choice([None, 2.0]),
            when_full=dice.choice([None, "wait", "refuse"]),
            fallbacks=dice.choice([None, (), ("openai", f"bedrock/{MODELS['bedrock'][1]}")]),
            budget=dice.choice([None, None, None, budget]),
        )


async def ask(
    dispatcher: Dispatcher | LLMExecutor, request: LLMRequest, *, streamed: bool
) -> LLMResponse | Exception:
    try:
        if not streamed:
            serve = dispatcher.serve if isinstance(dispatcher, Dispatcher) else dispatcher.submit
            return await serve(request)
        response, text = None, ""
        async with aclosing(dispatcher.stream(request)) as chunks:  # type: ignore[type-var]
            async for chunk in chunks:
                assert response is None, "something came after the end"
                text, response = text + chunk.text, chunk.response
        assert response is not None
        assert text == response.text
    except (LLMError, ConfigurationError) as error:
        return error
    return response


async def live(world: World, store: ResponseStore | None) -> None:
    settings, providers = world.settings(), [world.provider(name, most_seconds=4.0) for name in MODELS]
    dispatcher = dispatcher_of(*providers, store=store, **settings)
    await asyncio.gather(
        *(dispatcher.prepare(name, model) for name, models in MODELS.items() for model in models)
    )
    dice, tasks, cancelled = world.dice, [], set()
    loop = asyncio.get_running_loop()
    for _ in range(dice.randint(3, 20)):
        await asyncio.sleep(dice.choice([0, 0, 0, 0.5, 10]))
        task = asyncio.create_task(ask(dispatcher, world.request(), streamed=dice.random() < 0.3))
        tasks.append(task)
        if dice.random() < 0.25:
            cancelled.add(task)
            loop.call_later(dice.choice([0, 0.01, 0.5, 2, 20]), task.cancel)
    async with asyncio.timeout(100_000):
        await asyncio.wait(tasks)
    for task in tasks:
        assert not task.cancelled() or task in cancelled
        if not task.cancelled():
            assert isinstance(task.result(), LLMResponse | LLMError | ConfigurationError)
    await tasks_left()
    assert_at_rest(dispatcher)
    limits: Any = settings["llm_executor_model_limits"]
    for provider in providers:
        assert provider.max_in_flight <= limits[provider.name].max_parallel
        check_books(dispatcher.usage(), provider)
    for budget in dispatcher._budgets.values():
        assert budget.spent_usd <= budget.max_cost_usd
    await dispatcher.close()
    assert not await tasks_left()


def check_books(usage: ExecutorUsage, provider: FaultyProvider) -> None:
    mine = [model for model in usage.models if model.provider == provider.name]
    begun, cancelled = sum(model.attempts for model in mine), sum(model.cancelled for model in mine)
    assert begun - cancelled <= len(provider.met) <= begun  # one can be cancelled before it has begun
    kinds = [fault.kind for fault in provider.met]
    failures: dict[str, int] = {}
    for model in mine:
        for kind, count in model.failures.items():
            failures[kind] = failures.get(kind, 0) + count
    each: tuple[FaultKind, ...] = ("throttled", "malformed", "rejected")
    for kind in each:
        told = failures.get(kind, 0)
        assert told <= kinds.count(kind) <= told + cancelled + failures.get("timeout", 0)
    assert sum(model.answers for model in mine) <= kinds.count(None)


@pytest.mark.parametrize("batch", range(BATCHES))
def test_a_thousand_plans_of_faults_end_well(batch: int, tmp_path: Path) -> None:
    store = SQLiteResponseStore(tmp_path / "answers.sqlite3")
    troubles: list[dict[str, Any]] = []
    for seed in range(batch, PLANS, BATCHES):
        with asyncio.Runner(loop_factory=lambda: SteppedLoop(troubles)) as runner:
            try:
                runner.run(live(World(seed), store if seed % 3 else None))
            except BaseException as error:
                error.add_note(f"seed {seed}")
                raise
        assert not troubles, f"seed {seed}"
    gc.collect()
    assert not troubles
    store.close()


@pytest.mark.parametrize("seed", range(20))
async def test_plans_end_well_through_the_executor_and_its_thread(seed: int, tmp_path: Path) -> None:
    world = World(seed)
    providers = [
        world.provider(name, kinds=tuple(kind for kind in KINDS if kind != "timeout")) for name in MODELS
    ]
    values = {**world.settings(), "llm_executor_queue_timeout_seconds": 3600.0, "techne_home": tmp_path}
    executor = LLMExecutor(
        settings_of(values), providers={provider.name: provider for provider in providers}, clock=FakeClock()
    )
    async with executor, asyncio.timeout(60):
        requests = [(world.request(), world.dice.random()) for _ in range(20)]
        tasks = [
            asyncio.create_task(ask(executor, request, streamed=drawn < 0.3)) for request, drawn in requests
        ]
        for task in world.dice.sample(tasks, 4):
            await asyncio.sleep(0)
            task.cancel()
        await asyncio.wait(tasks)
    assert sum(task.cancelled() for task in tasks) <= 4
    usage = executor.usage()
    assert all((lane.waiting, lane.in_flight) == (0, 0) for lane in usage.lanes)
    for model in usage.models:
        assert model.attempts == model.answers + model.cancelled + sum(model.failures.values()), model
    for provider in providers:
        assert (provider.in_flight, provider.closed) == (
            0,
            any(m.provider == provider.name for m in usage.models),
        )
