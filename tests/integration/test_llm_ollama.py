"""Ollama through its real client, against a loopback server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from techne.errors import (
    LLMError,
    MalformedResponseError,
    ModelNotFoundError,
    ProviderAccessError,
    ProviderTimeoutError,
    ProviderUnavailableError,
    RequestTooLargeError,
    ThrottledError,
)
from techne.llm import LLMExecutor, LLMRequest, Usage
from techne.llm.retry import RetryPolicy
from techne.llm.testing import FakeClock
from techne.settings import Settings
from tests.loopback import Fault, FaultPlan, Reply, Responder, default_responder
from tests.loopback.ollama import OllamaServer

Start = Callable[..., OllamaServer]
SCHEMA = {"type": "object", "properties": {"kind": {"type": "string"}}, "required": ["kind"]}


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts servers, and closes them."""
    servers: list[OllamaServer] = []

    def begin(responder: Responder = default_responder, **options: Any) -> OllamaServer:
        servers.append(OllamaServer(responder, **options).start())
        return servers[-1]

    yield begin
    for server in servers:
        server.close()


def executor_at(server: OllamaServer, tmp_path: Path, *, max_attempts: int = 1, **fields: Any) -> LLMExecutor:
    settings = Settings.model_validate(
        {"techne_home": tmp_path, "llm_executor_cache": False, "ollama_host": server.url, **fields}
    )
    return LLMExecutor(settings, clock=FakeClock(), retry=RetryPolicy(max_attempts=max_attempts))


def ask(prompt: str = "Why?", **fields: Any) -> LLMRequest:
    return LLMRequest(provider="ollama", prompt=prompt, **fields)


async def test_an_answer_with_its_tokens(start: Start, tmp_path: Path) -> None:
    server = start(lambda _: Reply("Because.", input_tokens=20, output_tokens=3))
    async with executor_at(server, tmp_path) as executor:
        response = await executor.submit(ask(system="Be brief."))
    assert (response.text, response.finish_reason, response.model) == ("Because.", "stop", "qwen2:7b")
    assert response.usage == Usage(input_tokens=20, output_tokens=3)
    assert response.cost_usd == 0
    sent = server.requests[0]
    assert (sent.system, sent.prompt) == ("Be brief.", "Why?")
    assert sent.body["options"] == {"num_ctx": 2048, "num_predict": 800, "temperature": 0.7}
    assert sent.body["keep_alive"] == "5m"


@pytest.mark.parametrize(("asked", "sent"), [(None, 800), (300, 300), (100_000, 2036)])
async def test_the_answer_s_length_is_the_call_s_then_the_setting_s_within_the_window(
    asked: int | None, sent: int, start: Start, tmp_path: Path
) -> None:
    server = start()
    async with executor_at(server, tmp_path) as executor:
        await executor.submit(ask("one two three", max_output_tokens=asked))
    assert server.requests[0].max_tokens == pytest.approx(sent, abs=3)


async def test_a_schema_goes_out_as_the_format(start: Start, tmp_path: Path) -> None:
    server = start(lambda _: Reply('{"kind": "risk"}'))
    async with executor_at(server, tmp_path) as executor:
        response = await executor.submit(ask(json_schema=SCHEMA))
    assert response.parsed == {"kind": "risk"}
    assert server.requests[0].body["format"] == SCHEMA


async def test_an_alias_names_its_model(start: Start, tmp_path: Path) -> None:
    server = start()
    async with executor_at(server, tmp_path) as executor:
        response = await executor.submit(ask(model="llama3.1-8b"))
    assert (response.model, server.requests[0].model) == ("llama3.1:8b", "llama3.1:8b")


async def test_a_prompt_that_cannot_fit_is_refused_unsent(start: Start, tmp_path: Path) -> None:
    server = start()
    async with executor_at(server, tmp_path) as executor:
        with pytest.raises(RequestTooLargeError, match="OLLAMA_NUM_CTX"):
            await executor.submit(ask("word " * 2040))
    assert server.requests == []


async def test_a_prompt_that_ollama_cut_is_noticed(start: Start, tmp_path: Path) -> None:
    server = start(lambda _: Reply("Half an answer.", input_tokens=2048))
    async with executor_at(server, tmp_path) as executor:
        with pytest.raises(RequestTooLargeError, match="cut the prompt"):
            await executor.submit(ask())


async def test_a_truncated_answer_says_so(start: Start, tmp_path: Path) -> None:
    server = start(faults=FaultPlan(["max_tokens"]))
    async with executor_at(server, tmp_path) as executor:
        assert (await executor.submit(ask())).truncated


async def test_an_answer_that_ran_over_the_window_is_truncated(start: Start, tmp_path: Path) -> None:
    server = start(lambda _: Reply("Rambling.", input_tokens=2000, output_tokens=700))
    async with executor_at(server, tmp_path) as executor:
        assert (await executor.submit(ask())).truncated


@pytest.mark.parametrize(
    ("fault", "kind", "says"),
    [
        (Fault("throttle"), ThrottledError, "server busy"),
        (Fault("internal_error"), ProviderUnavailableError, "runner process"),
        (Fault("unavailable"), ProviderUnavailableError, "503"),
        (Fault("reset"), ProviderUnavailableError, "broke off"),
        (Fault("broken_json"), MalformedResponseError, "not its protocol"),
        (Fault("truncated_body"), ProviderUnavailableError, "broke off"),
        (Fault("timeout", stall_seconds=5), ProviderTimeoutError, "within 0.1 s"),
        (Fault("access_denied"), ProviderAccessError, "OLLAMA_API_KEY"),
        (Fault("unknown_model"), ModelNotFoundError, "ollama pull qwen2:7b"),
        (Fault("too_long"), RequestTooLargeError, "OLLAMA_NUM_CTX"),
    ],
    ids=lambda value: value.kind if isinstance(value, Fault) else None,
)
async def test_every_fault_is_typed_and_says_what_to_do(
    fault: Fault, kind: type[LLMError], says: str, start: Start, tmp_path: Path
) -> None:
    server = start(faults=FaultPlan([fault]))
    timeout = 0.1 if fault.kind == "timeout" else 10
    async with executor_at(server, tmp_path, ollama_timeout_seconds=timeout) as executor:
        with pytest.raises(kind) as caught:
            await executor.submit(ask())
        figures = executor.usage().of("ollama")
        assert executor.usage().max_in_flight == {"ollama": 1}
        assert (await executor.submit(ask("And now?", timeout_seconds=10))).text
    assert says in str(caught.value)
    assert sum(figures.failures.values()) == figures.attempts == 1


async def test_nobody_listening_says_how_to_start_it(start: Start, tmp_path: Path) -> None:
    server = start()
    server.close()
    async with executor_at(server, tmp_path) as executor:
        with pytest.raises(ProviderUnavailableError, match="ollama serve"):
            await executor.submit(ask())
        with pytest.raises(ProviderUnavailableError, match="ollama serve"):
            await executor.check("ollama")


async def test_the_check_wants_the_model_pulled(start: Start, tmp_path: Path) -> None:
    server = start(models=["llama3.1:8b"])
    async with executor_at(server, tmp_path) as executor:
        with pytest.raises(ModelNotFoundError, match="ollama pull qwen2:7b"):
            await executor.check("ollama")
    async with executor_at(server, tmp_path, ollama_model="llama3.1-8b") as executor:
        await executor.check("ollama")
    assert server.requests == []


async def test_a_cancelled_call_drops_its_connection_and_slot(start: Start, tmp_path: Path) -> None:
    server = start(faults=FaultPlan([Fault("timeout")]))
    async with executor_at(server, tmp_path) as executor:
        first = asyncio.create_task(executor.submit(ask("first")))
        await asyncio.to_thread(server.wait_for, 1)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert (await executor.submit(ask("second"))).text
        assert executor.usage().of("ollama").cancelled == 1


async def test_the_server_never_sees_more_calls_than_allowed(start: Start, tmp_path: Path) -> None:
    server = start(latency_seconds=0.02)
    async with executor_at(server, tmp_path, llm_executor_ollama_max_parallel=2) as executor:
        await asyncio.gather(*(executor.submit(ask(str(n))) for n in range(10)))
    assert (len(server.requests), server.max_in_flight) == (10, 2)


async def test_with_a_fifth_of_all_calls_broken_every_request_is_answered(
    start: Start, tmp_path: Path
) -> None:
    kinds = ["throttle", "internal_error", "unavailable", "reset", "broken_json", "truncated_body"]
    server = start(
        lambda request: Reply(f"Answer to {request.prompt}"),
        faults=FaultPlan(probability=0.2, seed=3, kinds=kinds),  # type: ignore[arg-type]
    )
    async with executor_at(server, tmp_path, max_attempts=6) as executor:
        responses = await asyncio.gather(*(executor.submit(ask(str(n))) for n in range(40)))
        figures = executor.usage().of("ollama")
    assert [response.text for response in responses] == [f"Answer to {n}" for n in range(40)]
    assert figures.attempts == len(server.requests) == figures.answers + sum(figures.failures.values())
    assert figures.retries == sum(figures.failures.values()) > 0
