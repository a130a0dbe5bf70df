"""When a call is tried again, and after how long (S1-17)."""

from __future__ import annotations

import random

import pytest

from techne.errors import ProviderUnavailableError, RequestRejectedError, ThrottledError
from techne.llm import LLMExecutor, LLMRequest
from techne.llm.retry import RetryPolicy
from techne.llm.testing import FakeClock, ScriptedProvider
from techne.settings import Settings

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
