"""When a call is tried again, and after how long (S1-17)."""

from __future__ import annotations

import asyncio
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techne.errors import (
    LLMError,
    MalformedResponseError,
    ProviderTimeoutError,
    ProviderUnavailableError,
    RequestRejectedError,
    ThrottledError,
)
from techne.llm import LLMExecutor, LLMRequest
from techne.llm.retry import RetryBudget, RetryPolicy
from techne.llm.testing import FakeClock, Fault, FaultPlan, FaultyProvider, ScriptedProvider, run_virtual
from techne.settings import ProviderLimits, Settings
from tests.support.virtual_time import dispatcher_of

REQUEST = LLMRequest(provider="scripted", prompt="Why?")


def throttled(retry_after_seconds: float | None = None) -> ThrottledError:
    error = ThrottledError("Failed to invoke Bedrock: ThrottlingException (slow down).", cure="Wait.")
    error.retry_after_seconds = retry_after_seconds
    return error


def executor_of(
    provider: ScriptedProvider, settings: Settings, clock: FakeClock, retry: RetryPolicy | None = None
) -> LLMExecutor:
    return LLMExecutor(
        settings,
        providers={provider.name: provider},
        clock=clock,
        retry=retry,
        dice=random.Random(1),
    )


async def test_a_failed_call_is_tried_again_until_it_succeeds(settings: Settings) -> None:
    provider = ScriptedProvider([ProviderUnavailableError("down"), throttled(), "Because."])
    clock = FakeClock()
    async with executor_of(provider, settings, clock) as executor:
        response = await executor.submit(REQUEST)
        figures = executor.usage().of("scripted")
    assert (response.text, response.attempts) == ("Because.", 3)
    assert figures.failures == {"unavailable": 1, "throttled": 1}
    assert (figures.attempts, figures.answers, figures.retries) == (3, 1, 2)
    assert response.latency_seconds == pytest.approx(sum(clock.slept))


async def test_waits_grow_and_stay_under_their_bound(settings: Settings) -> None:
    provider = ScriptedProvider([throttled()])
    clock = FakeClock()
    retry = RetryPolicy(max_attempts=9, base_seconds=1, cap_seconds=8)
    async with executor_of(provider, settings, clock, retry) as executor:
        with pytest.raises(ThrottledError):
            await executor.submit(REQUEST)
    bounds = [1, 2, 4, 8, 8, 8, 8, 8]
    assert len(clock.slept) == len(bounds)
    assert all(0 <= wait <= bound for wait, bound in zip(clock.slept, bounds, strict=True))
    assert max(clock.slept) > 4


async def test_the_server_s_wait_is_honoured(settings: Settings) -> None:
    provider = ScriptedProvider([throttled(12), "Because."])
    clock = FakeClock()
    async with executor_of(provider, settings, clock) as executor:
        await executor.submit(REQUEST)
    assert 12 <= clock.slept[0] <= 12.5


async def test_a_wait_beyond_the_total_is_not_begun(settings: Settings) -> None:
    provider = ScriptedProvider([throttled(3600)])
    clock = FakeClock()
    async with executor_of(provider, settings, clock) as executor:
        with pytest.raises(ThrottledError):
            await executor.submit(REQUEST)
    assert clock.slept == []
    assert len(provider.requests) == 1


async def test_what_cannot_succeed_is_not_tried_again(settings: Settings) -> None:
    provider = ScriptedProvider([RequestRejectedError("no")])
    async with executor_of(provider, settings, FakeClock()) as executor:
        with pytest.raises(RequestRejectedError):
            await executor.submit(REQUEST)
    assert len(provider.requests) == 1


async def test_after_the_last_attempt_the_error_says_what_and_how_often(settings: Settings) -> None:
    provider = ScriptedProvider([throttled()])
    async with executor_of(provider, settings, FakeClock(), RetryPolicy(max_attempts=3)) as executor:
        with pytest.raises(ThrottledError) as caught:
            await executor.submit(REQUEST)
    assert str(caught.value) == (
        "Failed to invoke Bedrock: ThrottlingException (slow down) after 3 attempts. Wait."
    )
    assert len(provider.requests) == 3


async def test_the_number_of_attempts_is_a_setting() -> None:
    provider = ScriptedProvider([throttled()])
    settings = Settings(llm_executor_cache=False, llm_executor_max_attempts=2)
    async with executor_of(provider, settings, FakeClock()) as executor:
        with pytest.raises(ThrottledError):
            await executor.submit(REQUEST)
    assert len(provider.requests) == 2


@given(
    attempts=st.integers(1, 8),
    asked=st.none() | st.floats(0, 100),
    elapsed=st.floats(0, 100),
    may_fall_back=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_a_wait_is_never_under_the_server_s_nor_over_a_bound(
    attempts: int, asked: float | None, elapsed: float, may_fall_back: bool, seed: int
) -> None:
    policy = RetryPolicy(max_attempts=6, base_seconds=1, cap_seconds=8, total_seconds=90)
    wait = policy.wait_seconds(
        throttled(asked), attempts, elapsed, random.Random(seed), may_fall_back=may_fall_back
    )
    if attempts >= (2 if may_fall_back else 6):
        assert wait is None
    elif wait is None:
        assert elapsed + (8 if asked is None else asked + 1) > 90
    else:
        assert elapsed + wait <= 90
        least, most = (0.0, min(8.0, 2.0 ** (attempts - 1))) if asked is None else (asked, asked + 1)
        assert least <= wait <= most


@pytest.mark.parametrize(
    ("error", "attempts", "tried_again"),
    [
        (ProviderTimeoutError("late"), 1, False),
        (ProviderUnavailableError("down"), 1, True),
        (ProviderUnavailableError("down"), 2, False),
        (MalformedResponseError("garbage"), 1, True),
        (RequestRejectedError("no"), 1, False),
    ],
)
def test_a_call_that_another_can_answer_is_given_up_sooner(
    error: LLMError, attempts: int, tried_again: bool
) -> None:
    policy = RetryPolicy(max_attempts=6)
    wait = policy.wait_seconds(error, attempts, 0, random.Random(1), may_fall_back=True)
    assert (wait is not None) is tried_again


def test_an_outage_ends_the_retries_with_their_budget() -> None:
    async def run() -> tuple[int, int]:
        provider = FaultyProvider(FaultPlan(chances={"unavailable": 1.0}))
        dispatcher = dispatcher_of(
            provider,
            llm_executor_retry_budget=10,
            llm_executor_breaker_failures=1000,
            llm_executor_model_limits={"scripted": ProviderLimits(max_parallel=50)},
        )
        outcomes = await asyncio.gather(
            *(dispatcher.serve(REQUEST.model_copy(update={"prompt": str(n)})) for n in range(40)),
            return_exceptions=True,
        )
        assert {type(outcome) for outcome in outcomes} == {ProviderUnavailableError}
        await dispatcher.close()
        return len(provider.met), dispatcher.usage().of("scripted").retries

    assert run_virtual(run()) == (50, 10)


def test_throttles_cost_no_retry_budget() -> None:
    budget = RetryBudget(1)
    assert all(budget.spend(throttled()) for _ in range(10))
    assert [budget.spend(ProviderUnavailableError("down")) for _ in range(2)] == [True, False]


def test_answers_give_half_a_retry_back_up_to_the_budget() -> None:
    budget = RetryBudget(2)
    for _ in range(2):
        budget.spend(ProviderUnavailableError("down"))
    budget.answered()
    assert not budget.spend(ProviderUnavailableError("down"))
    for _ in range(100):
        budget.answered()
    assert budget.left == 2


def test_a_call_gives_its_slot_to_others_while_it_waits_to_try_again() -> None:
    async def run() -> list[str]:
        ended: list[str] = []
        provider = FaultyProvider(FaultPlan([Fault("unavailable", 1), None]), lambda request: request.prompt)
        dispatcher = dispatcher_of(
            provider,
            llm_executor_backoff_seconds=30,
            llm_executor_model_limits={"scripted": ProviderLimits(max_parallel=1)},
        )
        await dispatcher.prepare("scripted", None)

        async def ask(prompt: str) -> None:
            ended.append((await dispatcher.serve(LLMRequest(provider="scripted", prompt=prompt))).text)

        await asyncio.gather(ask("first"), ask("second"))
        await dispatcher.close()
        return ended

    assert run_virtual(run()) == ["second", "first"]


def test_a_server_s_wait_holds_up_every_call_to_its_model_and_no_other() -> None:
    async def run() -> None:
        plan = FaultPlan([Fault("throttled", retry_after_seconds=20)])
        dispatcher = dispatcher_of(FaultyProvider(plan))
        await asyncio.gather(dispatcher.prepare("scripted", "a"), dispatcher.prepare("scripted", "b"))
        times: dict[str, float] = {}
        loop = asyncio.get_running_loop()

        async def ask(name: str, model: str) -> None:
            await dispatcher.serve(LLMRequest(provider="scripted", model=model, prompt=name))
            times[name] = loop.time()

        async with asyncio.TaskGroup() as group:
            group.create_task(ask("throttled", "a"))
            await asyncio.sleep(1)
            group.create_task(ask("behind", "a"))
            group.create_task(ask("beside", "b"))
        assert times["beside"] == 1
        assert times["behind"] == 20
        assert 20 <= times["throttled"] <= 20.5
        await dispatcher.close()

    run_virtual(run())
