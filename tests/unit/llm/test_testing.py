"""What `techne.llm.testing` offers to tests of other code."""

from __future__ import annotations

import asyncio
import threading

import pytest

from techne.errors import LLMError, ProviderTimeoutError
from techne.llm import EmbedRequest, LLMExecutor, LLMRequest
from techne.llm.testing import (
    FakeClock,
    Fault,
    FaultPlan,
    FaultyProvider,
    Gate,
    StalledError,
    VirtualClock,
    run_virtual,
)
from techne.settings import Settings

REQUEST = LLMRequest(provider="bedrock", prompt="Why?")


def test_an_hour_passes_at_once_for_sleeps_time_outs_timers_and_clocks() -> None:
    async def run() -> None:
        loop, clock, rung = asyncio.get_running_loop(), VirtualClock(), list[float]()
        loop.call_later(1800, lambda: rung.append(loop.time()))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3600):
                await clock.sleep(7200)
        assert (rung, clock.monotonic(), loop.time()) == ([1800], 3600, 3600)

    run_virtual(run())


def test_functions_for_threads_run_in_place() -> None:
    async def run() -> tuple[int, str]:
        with pytest.raises(ZeroDivisionError):
            await asyncio.to_thread(lambda: 1 // 0)
        return await asyncio.to_thread(threading.get_ident), await asyncio.to_thread("a{}".format, "b")

    assert run_virtual(run()) == (threading.get_ident(), "ab")


def test_threads_are_waited_for_where_no_timer_is_set() -> None:
    async def run() -> None:
        gate = Gate()
        threading.Thread(target=gate.open, daemon=True).start()
        await gate.wait()

    run_virtual(run())


def test_what_would_wait_for_ever_is_an_error() -> None:
    async def run() -> None:
        await Gate().wait()

    with pytest.raises(StalledError, match="nothing is left that could wake one"):
        run_virtual(run())


async def test_a_plan_is_followed_call_by_call_and_then_answers(settings: Settings) -> None:
    provider = FaultyProvider(FaultPlan(["throttled", "unavailable"]), name="bedrock")
    async with LLMExecutor(settings, providers={"bedrock": provider}, clock=FakeClock()) as executor:
        response = await executor.submit(REQUEST)
    assert (response.text, response.attempts) == ("An answer.", 3)
    assert [fault.kind for fault in provider.met] == ["throttled", "unavailable", None]
    assert len(provider.requests) == 3


async def met(plan: FaultPlan) -> list[str]:
    provider, words = FaultyProvider(plan, "one two three"), []
    loop = asyncio.get_running_loop()
    for _ in range(40):
        began = loop.time()
        try:
            async with asyncio.timeout(60):
                said = [part async for part in provider.stream(REQUEST)]
            words.append(f"{len(said)} parts")
        except TimeoutError:
            words.append("timeout")
        except LLMError as error:
            words.append(f"{type(error).__name__} {getattr(error, 'retry_after_seconds', None)}")
        words[-1] += f" after {loop.time() - began:.3f} s"
    assert provider.in_flight == 0
    return words


def drawn(seed: int) -> FaultPlan:
    chances = {"throttled": 0.2, "timeout": 0.2, "broken": 0.2, "malformed": 0.1}
    return FaultPlan(seed=seed, chances=chances, seconds=(0.1, 2), retry_after_seconds=3)  # type: ignore[arg-type]


def test_a_drawn_plan_is_the_same_for_the_same_seed() -> None:
    first = run_virtual(met(drawn(1)))
    assert first == run_virtual(met(drawn(1)))
    assert first != run_virtual(met(drawn(2)))
    kinds = {word.split(" after")[0] for word in first}
    assert {"timeout", "4 parts", "ThrottledError 3", "ThrottledError None"} <= kinds


def test_a_written_fault_says_when_and_with_what_wait() -> None:
    words = run_virtual(
        met(FaultPlan([Fault("throttled", 2, 7.0), Fault(after_seconds=5), Fault("rejected")]))
    )
    assert words[:4] == [
        "ThrottledError 7.0 after 2.000 s",
        "4 parts after 5.000 s",
        "RequestRejectedError None after 0.000 s",
        "4 parts after 0.000 s",
    ]


async def test_vectors_fail_by_plan_too(settings: Settings) -> None:
    provider = FaultyProvider(FaultPlan(["timeout"]), name="bedrock")
    request = EmbedRequest(provider="bedrock", texts=("Why?",), timeout_seconds=0.01)
    one = settings.model_copy(update={"llm_executor_max_attempts": 1})
    async with LLMExecutor(one, providers={"bedrock": provider}) as executor:
        with pytest.raises(ProviderTimeoutError):
            await executor.embed(request)
        assert len((await executor.embed(request.model_copy(update={"timeout_seconds": 60.0}))).vectors) == 1


@pytest.mark.parametrize("chances", [{"throttled": 1.2}, {"broken": -0.1}, {"asleep": 0.1}])
def test_chances_that_are_none_are_refused(chances: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="chances are"):
        FaultPlan(chances=chances)  # type: ignore[arg-type]
