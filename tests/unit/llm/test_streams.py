"""Streams: tried again until the first piece, bounded between model and reader, ended by either (S4-8)."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing

import pytest

from techne.errors import LLMError, MalformedResponseError, ProviderTimeoutError, ProviderUnavailableError
from techne.llm import LLMExecutor, LLMRequest, ProviderAnswer
from techne.llm.channels import STREAM_BUFFER, Channel, read, read_blocking
from techne.llm.dispatch import Dispatcher
from techne.llm.testing import Fault, FaultKind, FaultPlan, FaultyProvider, ScriptedProvider, run_virtual
from techne.settings import ProviderLimits, Settings
from tests.support.virtual_time import assert_at_rest, dispatcher_of, moments, tasks_left

REQUEST = LLMRequest(provider="bedrock", prompt="Why?")
LONG = "word " * 5000
POLL_SECONDS = 0.002


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - the change happens on another loop
            await asyncio.sleep(POLL_SECONDS)


def faulty(*steps: Fault | FaultKind | None, name: str = "bedrock") -> FaultyProvider:
    return FaultyProvider(FaultPlan(steps), "one two three", name=name)


async def pieces(dispatcher: Dispatcher, request: LLMRequest = REQUEST) -> list[str]:
    async with aclosing(dispatcher.stream(request)) as chunks:
        return [chunk.text for chunk in [chunk async for chunk in chunks] if chunk.response is None]


class Counting(ScriptedProvider):
    """Streams for ever, and counts what it has given."""

    def __init__(self) -> None:
        super().__init__(name="bedrock")
        self.given = 0
        self.ended = False

    async def stream(self, request: LLMRequest) -> AsyncIterator[str | ProviderAnswer]:
        try:
            while True:
                await asyncio.sleep(0)
                self.given += 1
                yield f"{self.given} "
        finally:
            self.ended = True


def test_a_stream_is_tried_again_and_passed_on_before_its_first_piece() -> None:
    async def run() -> None:
        first, second = faulty(Fault("broken", pieces=0), "throttled"), faulty("unavailable", name="openai")
        dispatcher = dispatcher_of(first, second)
        request = REQUEST.model_copy(update={"fallbacks": ("openai",)})
        async with aclosing(dispatcher.stream(request)) as chunks:
            got = [chunk async for chunk in chunks]
        assert [chunk.text for chunk in got] == ["one ", "two ", "three", ""]
        response = got[-1].response
        assert response is not None
        assert [(one.provider, one.reason) for one in response.passed_over] == [("bedrock", "throttled")]
        assert (len(first.met), len(second.met), response.attempts) == (2, 2, 2)
        assert_at_rest(dispatcher)
        await dispatcher.close()

    run_virtual(run())


def test_nothing_is_tried_again_after_the_first_piece() -> None:
    async def run() -> None:
        first, second = faulty(Fault("broken", pieces=1)), faulty(name="openai")
        dispatcher = dispatcher_of(first, second)
        request = REQUEST.model_copy(update={"fallbacks": ("openai",)})
        got = []
        with pytest.raises(ProviderUnavailableError):
            async with aclosing(dispatcher.stream(request)) as chunks:
                got += [chunk.text async for chunk in chunks]
        assert (len(first.met), len(second.met)) == (1, 0)
        assert_at_rest(dispatcher)
        await dispatcher.close()

    run_virtual(run())


def test_a_stream_that_falls_silent_times_out() -> None:
    async def run() -> None:
        dispatcher = dispatcher_of(faulty("timeout"), llm_executor_max_attempts=1)
        with pytest.raises(ProviderTimeoutError):
            await pieces(dispatcher, REQUEST.model_copy(update={"timeout_seconds": 7}))
        assert asyncio.get_running_loop().time() == 7
        assert_at_rest(dispatcher)
        await dispatcher.close()

    run_virtual(run())


class Endless(ScriptedProvider):
    async def stream(self, request: LLMRequest) -> AsyncIterator[str | ProviderAnswer]:
        yield "a piece, and no answer"


def test_a_stream_without_an_answer_is_malformed() -> None:
    async def run() -> None:
        dispatcher = dispatcher_of(Endless(name="bedrock"))
        with pytest.raises(MalformedResponseError, match="without an answer"):
            await pieces(dispatcher)
        assert_at_rest(dispatcher)
        await dispatcher.close()

    run_virtual(run())


def test_a_reader_that_leaves_ends_the_call_before_it_is_gone() -> None:
    async def run() -> None:
        provider = Counting()
        dispatcher = dispatcher_of(
            provider, llm_executor_model_limits={"bedrock": ProviderLimits(max_parallel=1)}
        )
        async with aclosing(dispatcher.stream(REQUEST)) as chunks:
            async for _ in chunks:
                break
        assert provider.ended
        assert_at_rest(dispatcher)
        assert dispatcher.usage().of("bedrock").cancelled == 1
        await dispatcher.close()
        assert not await tasks_left()

    run_virtual(run())


class SlowToClose(ScriptedProvider):
    async def stream(self, request: LLMRequest) -> AsyncIterator[str | ProviderAnswer]:
        try:
            yield await self.complete(request)
        finally:
            await asyncio.sleep(5)


def test_an_answer_counts_even_if_its_reader_leaves_while_the_connection_is_closed() -> None:
    async def run() -> None:
        dispatcher = dispatcher_of(SlowToClose(name="bedrock"))
        await dispatcher.prepare("bedrock", None)
        task = asyncio.create_task(pieces(dispatcher))
        await asyncio.sleep(1)
        task.cancel()
        await asyncio.wait({task})
        await asyncio.sleep(10)
        assert_at_rest(dispatcher)
        assert dispatcher.usage().of("bedrock").answers == 1
        await dispatcher.close()

    run_virtual(run())


async def test_a_slow_reader_holds_up_the_model(settings: Settings) -> None:
    provider = Counting()
    async with LLMExecutor(settings, providers={"bedrock": provider}) as executor:
        stream = executor.stream(REQUEST)
        assert (await anext(stream)).text == "1 "
        await until(lambda: provider.given >= STREAM_BUFFER)
        before = 0
        while before != provider.given:
            before = provider.given
            await executor.count_tokens(REQUEST)  # the executor's loop has gone round, and given no more
        assert (
            provider.given <= 2 * STREAM_BUFFER + 1
        )  # a batch with the reader, one in the buffer, one in hand
        got = [(await anext(stream)).text for _ in range(3 * STREAM_BUFFER)]
        assert got == [f"{number} " for number in range(2, 3 * STREAM_BUFFER + 2)]
        await stream.aclose()  # type: ignore[attr-defined]
        await until(lambda: provider.ended)
        await until(lambda: executor.usage().of("bedrock").cancelled == 1)
        assert executor.usage().lanes[0].in_flight == 0


def test_a_blocking_reader_may_leave_too(settings: Settings) -> None:
    provider = Counting()
    with LLMExecutor(settings, providers={"bedrock": provider}) as executor:
        stream = executor.stream_sync(REQUEST)
        assert next(stream).text == "1 "
        stream.close()  # type: ignore[attr-defined]
    assert provider.ended
    assert executor.usage().of("bedrock").cancelled == 1


async def test_closing_the_executor_ends_a_stream_with_an_error_after_what_had_come(
    settings: Settings,
) -> None:
    provider = Counting()
    executor = LLMExecutor(settings, providers={"bedrock": provider})
    stream = executor.stream(REQUEST)
    got = [(await anext(stream)).text]
    await until(lambda: provider.given > STREAM_BUFFER)  # the model waits for room, the reader for nothing
    await executor.aclose(timeout_seconds=0.01)

    async def read_on() -> None:
        async for chunk in stream:
            got.append(chunk.text)  # noqa: PERF401 - what came before the error counts

    with pytest.raises(LLMError, match="closed in the middle"):
        await read_on()
    assert got == [f"{number} " for number in range(1, len(got) + 1)]
    assert len(got) >= STREAM_BUFFER


@pytest.mark.parametrize("fails", [False, True])
def test_a_channel_gives_everything_in_order_and_then_its_error(fails: bool) -> None:
    async def run() -> list[int]:
        ready = asyncio.Event()
        channel: Channel[int] = Channel(ready.set, size=3)

        async def write() -> None:
            for number in range(20):
                await channel.put(number)
                assert len(channel._items) <= 3
            channel.close(LLMError("broken") if fails else None)

        writing = asyncio.create_task(write())
        got = []
        try:
            async for number in read(channel, ready):
                got.append(number)
                await moments(number % 3)
        except LLMError:
            assert fails
        await writing
        return got

    assert run_virtual(run()) == list(range(20))


def test_a_channel_can_be_read_by_a_thread() -> None:
    ready = threading.Event()
    channel: Channel[int] = Channel(ready.set, size=2)
    got: list[int] = []
    reader = threading.Thread(target=lambda: got.extend(read_blocking(channel, ready)), daemon=True)
    reader.start()

    async def write() -> None:
        for number in range(100):
            await channel.put(number)
        channel.close()

    asyncio.run(write())
    reader.join(10)
    assert got == list(range(100))
