"""One executor for every caller (S4-1): queues, cancellation, books, logs."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from techne.errors import ConfigurationError, LLMError, ProviderTimeoutError, QueueFullError
from techne.llm import (
    LLMExecutor,
    LLMRequest,
    ProviderAnswer,
    Usage,
    close_shared_executors,
    register_provider,
    shared_executor,
)
from techne.llm.testing import FakeClock, Gate, ScriptedProvider
from techne.settings import Settings

POLL_SECONDS = 0.002


def ask(prompt: str = "Why?", **fields: object) -> LLMRequest:
    return LLMRequest.model_validate({"provider": "scripted", "prompt": prompt, **fields})


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - the change happens on another loop
            await asyncio.sleep(POLL_SECONDS)


class GatedProvider(ScriptedProvider):
    """Answers when the test opens the gate."""

    def __init__(self) -> None:
        self.gate = Gate()
        super().__init__(lambda request: f"Answer to {request.prompt}", gate=self.gate)


async def test_no_more_calls_are_in_flight_than_allowed(settings: Settings) -> None:
    provider = GatedProvider()
    async with LLMExecutor(settings, providers={"scripted": provider}) as executor:
        tasks = [asyncio.create_task(executor.submit(ask(str(number)))) for number in range(20)]
        await until(lambda: provider.in_flight == 4)
        provider.gate.open()
        responses = await asyncio.gather(*tasks)
        usage = executor.usage()
    assert [response.text for response in responses] == [f"Answer to {number}" for number in range(20)]
    assert [request.prompt for request in provider.requests] == [str(number) for number in range(20)]
    assert provider.max_in_flight == 4
    assert usage.max_in_flight == {"scripted": 4}


async def test_a_refused_request_sends_nothing_and_is_counted(settings: Settings) -> None:
    provider = GatedProvider()
    small = settings.model_copy(update={"llm_executor_queue_size": 2})
    async with LLMExecutor(small, providers={"scripted": provider}) as executor:
        tasks = [asyncio.create_task(executor.submit(ask(str(number)))) for number in range(6)]
        await until(lambda: provider.in_flight == 4)
        with pytest.raises(QueueFullError):
            await executor.submit(ask("one too many"))
        provider.gate.open()
        await asyncio.gather(*tasks)
        figures = executor.usage().of("scripted")
    assert figures.refused == 1
    assert figures.attempts == figures.answers == 6


async def test_a_full_queue_lets_callers_wait_by_configuration(settings: Settings) -> None:
    provider = ScriptedProvider("Yes.")
    patient = settings.model_copy(update={"llm_executor_queue_size": 1, "llm_executor_when_full": "wait"})
    async with LLMExecutor(patient, providers={"scripted": provider}) as executor:
        responses = await asyncio.gather(*(executor.submit(ask(str(number))) for number in range(50)))
    assert len(responses) == 50


async def test_callers_on_several_threads_and_loops_share_the_limits(settings: Settings) -> None:
    provider = GatedProvider()
    with LLMExecutor(settings, providers={"scripted": provider}) as executor:

        def on_a_loop_of_its_own(name: str) -> list[str]:
            async def both() -> list[str]:
                responses = await asyncio.gather(*(executor.submit(ask(f"{name}{n}")) for n in range(5)))
                return [response.text for response in responses]

            return asyncio.run(both())

        with ThreadPoolExecutor(5) as threads:
            loops = [threads.submit(on_a_loop_of_its_own, name) for name in "abc"]
            blocking = [threads.submit(executor.submit_sync, ask(name)) for name in "xy"]
            await until(lambda: provider.in_flight == 4)
            provider.gate.open()
            texts = [loop.result() for loop in loops]
            texts.append([future.result().text for future in blocking])
    assert texts[0] == [f"Answer to a{n}" for n in range(5)]
    assert texts[3] == ["Answer to x", "Answer to y"]
    assert provider.max_in_flight == 4


async def test_a_cancelled_caller_frees_its_slot(settings: Settings) -> None:
    provider = GatedProvider()
    async with LLMExecutor(settings, providers={"scripted": provider}) as executor:
        in_flight = [asyncio.create_task(executor.submit(ask(str(number)))) for number in range(4)]
        await until(lambda: provider.in_flight == 4)
        queued = asyncio.create_task(executor.submit(ask("queued")))
        for task in in_flight:
            task.cancel()
        await asyncio.gather(*in_flight, return_exceptions=True)
        await until(lambda: provider.in_flight == 1)
        provider.gate.open()
        assert (await queued).text == "Answer to queued"
        figures = executor.usage().of("scripted")
    assert (figures.attempts, figures.answers, figures.cancelled) == (5, 1, 4)


async def test_a_cancelled_caller_leaves_the_queue(settings: Settings) -> None:
    provider = GatedProvider()
    async with LLMExecutor(settings, providers={"scripted": provider}) as executor:
        tasks = [asyncio.create_task(executor.submit(ask(str(number)))) for number in range(8)]
        await until(lambda: provider.in_flight == 4)
        for task in tasks[4:]:
            task.cancel()
        await asyncio.gather(*tasks[4:], return_exceptions=True)
        provider.gate.open()
        await asyncio.gather(*tasks[:4])
        assert (await executor.submit(ask("after"))).text == "Answer to after"
    assert len(provider.requests) == 5


async def test_identical_requests_in_flight_are_one_call(caching_settings: Settings) -> None:
    provider = GatedProvider()
    async with LLMExecutor(caching_settings, providers={"scripted": provider}) as executor:
        tasks = [asyncio.create_task(executor.submit(ask(request_id=str(n)))) for n in range(5)]
        await until(lambda: executor.usage().of("scripted").requests == 5)
        tasks[0].cancel()
        await until(lambda: provider.in_flight == 1)
        provider.gate.open()
        responses = await asyncio.gather(*tasks[1:])
        figures = executor.usage().of("scripted")
    assert len(provider.requests) == 1
    assert {response.text for response in responses} == {"Answer to Why?"}
    assert (figures.attempts, figures.cancelled) == (1, 0)


async def test_the_last_caller_to_go_cancels_the_shared_call(caching_settings: Settings) -> None:
    provider = GatedProvider()
    async with LLMExecutor(caching_settings, providers={"scripted": provider}) as executor:
        tasks = [asyncio.create_task(executor.submit(ask())) for _ in range(2)]
        await until(lambda: provider.in_flight == 1)
        await until(lambda: executor.usage().of("scripted").requests == 2)
        for task in tasks:
            task.cancel()
        await until(lambda: provider.in_flight == 0)
        assert executor.usage().of("scripted").cancelled == 1


async def test_a_call_without_an_answer_times_out(settings: Settings) -> None:
    provider = GatedProvider()
    once = settings.model_copy(update={"llm_executor_max_attempts": 1})
    async with LLMExecutor(once, providers={"scripted": provider}) as executor:
        with pytest.raises(ProviderTimeoutError, match=r"within 0\.02 s"):
            await executor.submit(ask(timeout_seconds=0.02))
        await until(lambda: provider.in_flight == 0)
        assert executor.usage().of("scripted").failures == {"timeout": 1}


async def test_a_request_after_close_is_refused(settings: Settings) -> None:
    provider = ScriptedProvider()
    executor = LLMExecutor(settings, providers={"scripted": provider})
    await executor.submit(ask())
    await executor.aclose()
    assert provider.closed
    with pytest.raises(LLMError, match="closed"):
        await executor.submit(ask())


async def test_close_ends_calls_that_do_not_end_by_themselves(settings: Settings) -> None:
    provider = GatedProvider()
    executor = LLMExecutor(settings, providers={"scripted": provider})
    task = asyncio.create_task(executor.submit(ask()))
    await until(lambda: provider.in_flight == 1)
    await executor.aclose(timeout_seconds=0.05)
    with pytest.raises(LLMError, match="closed before"):  # and not as if the caller had been cancelled
        await task
    assert provider.in_flight == 0


async def test_an_unknown_provider_is_named_with_those_there_are(settings: Settings) -> None:
    async with LLMExecutor(settings) as executor:
        with pytest.raises(ConfigurationError, match=r"'acme'.*bedrock.*ollama"):
            await executor.submit(LLMRequest(provider="acme", prompt="Why?"))


async def test_a_new_provider_is_a_registration(settings: Settings) -> None:
    register_provider("registered", lambda _: ScriptedProvider("Here.", name="registered"))
    async with LLMExecutor(settings) as executor:
        response = await executor.submit(LLMRequest(provider="registered", prompt="Where?"))
    assert (response.text, response.provider, response.cost_usd) == ("Here.", "registered", None)


async def test_each_call_is_logged_without_its_words(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    provider = ScriptedProvider("a secret answer")
    with caplog.at_level(logging.DEBUG, "techne.llm"):
        async with LLMExecutor(settings, providers={"scripted": provider}, clock=FakeClock()) as executor:
            await executor.submit(ask("a secret question", request_id="r-1"))
    line = next(record.getMessage() for record in caplog.records if "request_id" in record.getMessage())
    assert line.startswith(
        "request_id=r-1 provider=scripted model=scripted-model queue_len=0 latency_ms=0 finish_reason=stop"
    )
    assert "secret" not in caplog.text


async def test_the_response_line_tells_characters_tokens_and_cost(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    usage = Usage(input_tokens=0, output_tokens=8000)
    provider = ScriptedProvider(
        [ProviderAnswer("x" * 2500, "stop", usage)],
        name="bedrock",
        model="global.anthropic.claude-sonnet-4-5-20250929-v1:0",
    )
    provider.title = "Bedrock"
    with caplog.at_level(logging.INFO, "techne.llm"):
        async with LLMExecutor(settings, providers={"bedrock": provider}) as executor:
            await executor.submit(LLMRequest(provider="bedrock", prompt="Why?"))
    assert "Bedrock response: 2500 chars, 8000 tokens, $0.120" in caplog.messages


def test_one_executor_is_shared_by_the_process(settings: Settings) -> None:
    try:
        with ThreadPoolExecutor(8) as threads:
            executors = set(threads.map(lambda _: shared_executor(settings), range(16)))
        assert len(executors) == 1
        close_shared_executors()
        assert shared_executor(settings) not in executors
    finally:
        close_shared_executors()


def test_a_forked_child_makes_an_executor_of_its_own() -> None:
    script = """
import os
from techne.llm import LLMRequest, register_provider, shared_executor
from techne.llm.testing import ScriptedProvider
from techne.settings import Settings
register_provider("scripted", lambda settings: ScriptedProvider("Here."))
settings = Settings(llm_executor_cache=False)
request = LLMRequest(provider="scripted", prompt="Where?")
shared_executor(settings).submit_sync(request)
child = os.fork()
if child == 0:
    os._exit(0 if shared_executor(settings).submit_sync(request).text == "Here." else 1)
assert os.waitpid(child, 0)[1] == 0
"""
    finished = subprocess.run([sys.executable, "-c", script], check=False, timeout=60, capture_output=True)
    assert finished.returncode == 0, finished.stderr.decode()


def test_importing_the_package_imports_no_client() -> None:
    script = (
        "import sys, techne.llm; "
        "heavy = {'boto3', 'langchain_aws', 'langchain_core', 'ollama', 'jsonschema', 'genai_prices'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    printed = subprocess.run([sys.executable, "-c", script], check=True, timeout=60, capture_output=True)
    assert printed.stdout.decode().strip() == "[]"
