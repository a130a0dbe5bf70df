"""Many requests: read a little ahead, answered as they are ready, and nothing hangs (S4-2, S4-10)."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from techne.errors import LLMError, RequestRejectedError
from techne.llm import LLMExecutor, LLMRequest, LLMResponse, Outcome
from techne.llm.executor import READ_AHEAD
from techne.llm.many import Desk
from techne.llm.testing import Gate, ScriptedProvider, run_virtual
from techne.settings import Settings
from tests.support.virtual_time import moments

POLL_SECONDS = 0.002
WORKERS = 3


class SourceError(Exception):
    """What a source of requests may raise."""


def numbered(count: int, taken: list[int] | None = None, *, breaks: bool = False) -> Iterator[LLMRequest]:
    for number in range(count):
        if taken is not None:
            taken.append(number)
        yield LLMRequest(provider="scripted", prompt=str(number))
    if breaks:
        raise SourceError


async def asynchronous(requests: Iterator[LLMRequest]) -> AsyncIterator[LLMRequest]:
    for request in requests:
        await asyncio.sleep(0)
        yield request


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - the change happens on another loop
            await asyncio.sleep(POLL_SECONDS)


def answer(request: LLMRequest) -> str:
    if request.prompt.endswith("7"):
        raise RequestRejectedError("no sevens")
    return f"Answer to {request.prompt}"


def executor_of(settings: Settings, gate: Gate | None = None) -> tuple[LLMExecutor, ScriptedProvider]:
    provider = ScriptedProvider(answer, gate=gate)
    return LLMExecutor(settings, providers={"scripted": provider}), provider


async def collect(many: AsyncIterator[Outcome], outcomes: list[Outcome]) -> None:
    async for outcome in many:
        outcomes.append(outcome)  # noqa: PERF401 - what came before an error counts


def check(outcomes: list[Outcome], count: int) -> None:
    assert sorted(outcome.index for outcome in outcomes) == list(range(count))
    for outcome in outcomes:
        assert outcome.request.prompt == str(outcome.index)
        if outcome.index % 10 == 7:
            with pytest.raises(RequestRejectedError):
                outcome.result()
        else:
            assert outcome.result().text == f"Answer to {outcome.index}"


@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize("count", [0, 1, 100])
async def test_every_request_has_one_outcome(settings: Settings, count: int, waits: bool) -> None:
    executor, provider = executor_of(settings)
    async with executor:
        source = asynchronous(numbered(count)) if waits else numbered(count)
        outcomes = [outcome async for outcome in executor.submit_many(source, workers=WORKERS)]
    check(outcomes, count)
    assert provider.max_in_flight <= WORKERS


def test_every_request_has_one_outcome_without_a_loop(settings: Settings) -> None:
    executor, _ = executor_of(settings)
    with executor:
        check(list(executor.submit_many_sync(numbered(100), workers=WORKERS)), 100)


@pytest.mark.parametrize("waits", [False, True])
async def test_requests_are_read_only_a_little_ahead(settings: Settings, waits: bool) -> None:
    gate, taken = Gate(), list[int]()
    executor, provider = executor_of(settings, gate)
    async with executor:
        source = numbered(10**9, taken)
        outcomes = executor.submit_many(asynchronous(source) if waits else source, workers=WORKERS)
        first = asyncio.ensure_future(anext(outcomes))
        await until(lambda: provider.in_flight == WORKERS and len(taken) >= READ_AHEAD * WORKERS)
        await moments(50)
        assert len(taken) <= READ_AHEAD * WORKERS + 1
        gate.open()
        await first
        for _ in range(20):
            await anext(outcomes)
        assert len(taken) <= 21 + 2 * READ_AHEAD * WORKERS + 1
        await outcomes.aclose()
        await until(lambda: executor.usage().lanes[0].in_flight == 0)


async def test_a_source_that_waits_for_an_outcome_gets_it(settings: Settings) -> None:
    executor, _ = executor_of(settings)
    answered = asyncio.Event()

    async def one_by_one() -> AsyncIterator[LLMRequest]:
        for request in numbered(5):
            yield request
            await answered.wait()
            answered.clear()

    async with executor, asyncio.timeout(20):
        outcomes = []
        async for outcome in executor.submit_many(one_by_one(), workers=WORKERS):
            outcomes.append(outcome)
            answered.set()
    check(outcomes, 5)


async def test_a_reader_that_leaves_ends_the_calls(settings: Settings) -> None:
    gate, taken = Gate(), list[int]()
    executor, provider = executor_of(settings, gate)
    async with executor:
        outcomes = executor.submit_many(numbered(10**9, taken), workers=WORKERS)
        first = asyncio.ensure_future(anext(outcomes))
        await until(lambda: provider.in_flight == WORKERS)
        first.cancel()
        await until(lambda: provider.in_flight == 0)
        await outcomes.aclose()
        gate.open()
        usage = executor.usage()
    assert usage.of("scripted").cancelled == WORKERS
    assert len(provider.requests) == WORKERS


@pytest.mark.parametrize("waits", [False, True])
async def test_an_error_of_the_source_comes_after_the_outcomes(settings: Settings, waits: bool) -> None:
    executor, _ = executor_of(settings)
    outcomes: list[Outcome] = []
    async with executor:
        source = numbered(8, breaks=True)
        many = executor.submit_many(asynchronous(source) if waits else source, workers=2)
        with pytest.raises(SourceError):
            await collect(many, outcomes)
    check(outcomes, 8)


def test_an_error_of_the_source_comes_after_the_outcomes_without_a_loop(settings: Settings) -> None:
    executor, _ = executor_of(settings)
    outcomes: list[Outcome] = []
    with executor, pytest.raises(SourceError):
        outcomes.extend(executor.submit_many_sync(numbered(8, breaks=True), workers=2))
    check(outcomes, 8)


@pytest.mark.parametrize("waits", [False, True])
async def test_closing_the_executor_ends_the_reading(settings: Settings, waits: bool) -> None:
    executor, provider = executor_of(settings, Gate())
    outcomes: list[Outcome] = []

    source = numbered(10**9)
    many = executor.submit_many(asynchronous(source) if waits else source, workers=WORKERS)
    reading = asyncio.ensure_future(collect(many, outcomes))
    await until(lambda: provider.in_flight == WORKERS)
    await executor.aclose(timeout_seconds=0.01)
    async with asyncio.timeout(20):
        with pytest.raises(LLMError, match="closed"):
            await reading
    assert len(outcomes) >= WORKERS
    assert all(isinstance(outcome.error, LLMError) for outcome in outcomes)


def test_closing_the_executor_ends_the_reading_of_a_thread(settings: Settings) -> None:
    executor, provider = executor_of(settings, Gate())
    ended: list[BaseException] = []

    def read() -> None:
        try:
            for outcome in executor.submit_many_sync(numbered(10**9), workers=WORKERS):
                assert outcome.error is not None
        except LLMError as error:
            ended.append(error)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    asyncio.run(until(lambda: provider.in_flight == WORKERS))
    executor.close(timeout_seconds=0.01)
    reader.join(20)
    assert len(ended) == 1


def test_what_is_accepted_at_the_moment_a_worker_ends_is_worked_on() -> None:
    """A worker that has ended must not be counted, or the last request would lie there for ever."""

    async def run() -> list[int]:
        loop = asyncio.get_running_loop()
        gate = loop.create_future()
        delivered: list[int] = []

        async def serve(request: LLMRequest) -> LLMResponse:
            await gate
            raise LLMError(request.prompt)

        desk = Desk(serve, 1, lambda: None)
        desk.accept([(0, LLMRequest(prompt="first"))])
        await moments(2)
        gate.set_result(None)  # the worker's next step is its last ...
        loop.call_soon(desk.accept, [(1, LLMRequest(prompt="second"))])  # ... and this comes right behind it
        await moments(10)
        delivered += [outcome.index for outcome in desk.collect()]
        return delivered

    assert run_virtual(run()) == [0, 1]
