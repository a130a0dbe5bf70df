"""Bedrock through the executor (S4-1, S4-6 to S4-13), against a loopback server that speaks its protocol."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
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
from techne.llm.client import BedrockLLMClient
from techne.llm.retry import RetryPolicy
from techne.llm.testing import FakeClock
from techne.settings import Settings
from tests.loopback import Fault, FaultPlan, RecordedRequest, Reply, Responder, default_responder
from tests.loopback.bedrock import BedrockServer

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"kind": {"type": "string", "minLength": 2}},
    "required": ["kind"],
}
SONNET = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"

Start = Callable[..., BedrockServer]


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Starts servers that the environment leads to."""
    servers: list[BedrockServer] = []
    monkeypatch.delenv("AWS_PROFILE", raising=False)

    def begin(responder: Responder = default_responder, **options: Any) -> BedrockServer:
        server = BedrockServer(responder, **options).start()
        servers.append(server)
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        return server

    yield begin
    for server in servers:
        server.close()


def configured(tmp_path: Path, **fields: Any) -> Settings:
    """Settings without cache and without rates, which have tests of their own."""
    alone = {"llm_executor_cache": False, "llm_executor_bedrock_rpm": None, "llm_executor_bedrock_tpm": None}
    return Settings.model_validate({"techne_home": tmp_path, **alone, **fields})


def ask(prompt: str = "Why?", **fields: Any) -> LLMRequest:
    return LLMRequest(provider="bedrock", prompt=prompt, **fields)


def impatient(settings: Settings, max_attempts: int = 1) -> LLMExecutor:
    return LLMExecutor(settings, clock=FakeClock(), retry=RetryPolicy(max_attempts=max_attempts))


async def test_an_answer_with_its_tokens_and_cost(start: Start, tmp_path: Path) -> None:
    server = start(lambda _: Reply("Because.", input_tokens=1000, output_tokens=100, cache_read_tokens=400))
    async with LLMExecutor(configured(tmp_path)) as executor:
        response = await executor.submit(ask(system="Be brief.", max_output_tokens=77, temperature=0.0))
    assert (response.text, response.finish_reason, response.model) == ("Because.", "stop", SONNET)
    assert response.usage == Usage(input_tokens=1000, output_tokens=100, cache_read_tokens=400)
    assert response.cost_usd == Decimal("0.0033") * Decimal("0.6") + Decimal("0.000132") + Decimal("0.00165")
    sent = server.requests[0]
    assert (sent.system, sent.prompt, sent.max_tokens) == ("Be brief.", "Why?", 77)
    assert sent.body["inferenceConfig"]["temperature"] == 0.0


async def test_a_schema_goes_out_as_native_structured_output(start: Start, tmp_path: Path) -> None:
    server = start(lambda _: Reply('{"kind": "risk"}'))
    async with LLMExecutor(configured(tmp_path)) as executor:
        response = await executor.submit(ask(json_schema=SCHEMA))
    assert response.parsed == {"kind": "risk"}
    assert (server.requests[0].operation, server.requests[0].schema_by) == ("converse", "native")
    sent = server.requests[0].json_schema
    assert sent is not None
    assert sent["additionalProperties"] is False
    assert "minLength" not in sent["properties"]["kind"]


async def test_a_model_without_it_is_made_to_call_a_tool(start: Start, tmp_path: Path) -> None:
    server = start(lambda _: Reply('{"kind": "risk"}'))
    async with LLMExecutor(configured(tmp_path)) as executor:
        response = await executor.submit(ask(json_schema=SCHEMA, model="us.amazon.nova-pro-v1:0"))
    assert (response.parsed, response.finish_reason) == ({"kind": "risk"}, "stop")
    assert server.requests[0].schema_by == "tool"
    assert server.requests[0].body["toolConfig"]["toolChoice"] == {"tool": {"name": "answer"}}


async def test_a_refused_native_schema_becomes_a_tool_and_stays_one(start: Start, tmp_path: Path) -> None:
    server = start(lambda _: Reply('{"kind": "risk"}'), faults=FaultPlan(["schema"]))
    async with impatient(configured(tmp_path), max_attempts=2) as executor:
        response = await executor.submit(ask(json_schema=SCHEMA))
        await executor.submit(ask("And then?", json_schema=SCHEMA))
        figures = executor.usage().of("bedrock")
    assert (response.parsed, response.attempts) == ({"kind": "risk"}, 2)
    assert [request.schema_by for request in server.requests] == ["native", "tool", "tool"]
    assert (figures.attempts, figures.failures) == (3, {"unavailable": 1})


async def test_a_model_with_neither_is_told_in_words(start: Start, tmp_path: Path) -> None:
    server = start(lambda _: Reply('Here you are:\n```json\n{"kind": "risk"}\n```'))
    async with LLMExecutor(configured(tmp_path)) as executor:
        response = await executor.submit(ask(json_schema=SCHEMA, model="amazon.titan-text-express-v1"))
        assert executor.usage().of("bedrock").repairs == 1
    assert response.parsed == {"kind": "risk"}
    assert server.requests[0].schema_by is None
    assert json.dumps(SCHEMA) in server.requests[0].system


async def test_a_truncated_answer_says_so_and_can_be_continued(start: Start, tmp_path: Path) -> None:
    server = start(
        lambda request: Reply("The whole." if request.max_tokens else "?"), faults=FaultPlan(["max_tokens"])
    )
    async with LLMExecutor(configured(tmp_path)) as executor:
        first = await executor.submit(ask())
        await executor.submit(ask(prefill=first.text))
    assert first.truncated
    roles = [role for role, _ in server.requests[1].messages]
    assert roles == ["user", "assistant", "user"]
    assert server.requests[1].messages[1] == ("assistant", first.text)


@pytest.mark.parametrize(
    ("fault", "kind", "says"),
    [
        (Fault("throttle"), ThrottledError, "Failed to invoke Bedrock: ThrottlingException (Too many"),
        (Fault("internal_error"), ProviderUnavailableError, "InternalServerException"),
        (Fault("unavailable"), ProviderUnavailableError, "ServiceUnavailableException"),
        (Fault("reset"), ProviderUnavailableError, "Failed to invoke Bedrock"),
        (Fault("broken_json"), MalformedResponseError, "not its protocol"),
        (Fault("truncated_body"), MalformedResponseError, "not its protocol"),
        (Fault("timeout"), ProviderTimeoutError, "no answer from"),
        (Fault("access_denied"), ProviderAccessError, "bedrock:InvokeModel"),
        (Fault("unknown_model"), ModelNotFoundError, "BEDROCK_MODEL_ID"),
        (Fault("inference_profile"), ModelNotFoundError, f"such as {SONNET}"),
        (Fault("too_long"), RequestTooLargeError, "MAX_TOKENS_PER_CHUNK"),
    ],
    ids=lambda value: value.kind if isinstance(value, Fault) else None,
)
async def test_every_fault_is_typed_and_says_what_to_do(
    fault: Fault, kind: type[LLMError], says: str, start: Start, tmp_path: Path
) -> None:
    server = start(faults=FaultPlan([fault]))
    settings = configured(tmp_path, bedrock_timeout_seconds=0.2 if fault.kind == "timeout" else 10)
    model = SONNET.removeprefix("us.") if fault.kind == "inference_profile" else None
    async with impatient(settings) as executor:
        with pytest.raises(kind) as caught:
            await executor.submit(ask(model=model))
        figures = executor.usage().of("bedrock")
    assert says in str(caught.value)
    assert len(server.requests) == figures.attempts == sum(figures.failures.values()) == 1


@pytest.mark.parametrize(
    "kind", ["throttle", "internal_error", "unavailable", "reset", "broken_json", "truncated_body"]
)
async def test_what_passes_is_tried_again(kind: Any, start: Start, tmp_path: Path) -> None:
    server = start(faults=FaultPlan([kind, kind]))
    async with impatient(configured(tmp_path), max_attempts=3) as executor:
        response = await executor.submit(ask())
        figures = executor.usage().of("bedrock")
    assert response.attempts == len(server.requests) == 3
    assert (figures.retries, figures.answers, sum(figures.failures.values())) == (2, 1, 2)


async def test_the_server_s_wait_is_honoured(start: Start, tmp_path: Path) -> None:
    start(faults=FaultPlan([Fault("throttle", retry_after=17)]))
    clock = FakeClock()
    async with LLMExecutor(configured(tmp_path), clock=clock) as executor:
        await executor.submit(ask())
    assert 17 <= clock.slept[0] <= 17.5


async def test_the_server_never_sees_more_calls_than_allowed(start: Start, tmp_path: Path) -> None:
    server = start(latency_seconds=0.02)
    settings = configured(tmp_path, llm_executor_bedrock_max_parallel=3)
    with LLMExecutor(settings) as executor:

        def on_a_loop_of_its_own(name: str) -> None:
            async def several() -> None:
                await asyncio.gather(*(executor.submit(ask(f"{name}{n}")) for n in range(6)))

            asyncio.run(several())

        with ThreadPoolExecutor(4) as threads:
            work = [threads.submit(on_a_loop_of_its_own, name) for name in "abc"]
            work += [threads.submit(executor.submit_sync, ask("d"))]  # type: ignore[arg-type]
            await asyncio.to_thread(lambda: [future.result() for future in work])
    assert len(server.requests) == 19
    assert server.max_in_flight == 3


async def test_a_call_cancelled_in_flight_ends_at_once_and_frees_its_slot(
    start: Start, tmp_path: Path
) -> None:
    server = start(faults=FaultPlan(["timeout"]))
    settings = configured(tmp_path, llm_executor_bedrock_max_parallel=1)
    async with LLMExecutor(settings) as executor:
        first = asyncio.create_task(executor.submit(ask("first")))
        await asyncio.to_thread(server.wait_for, 1)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        await asyncio.to_thread(server.wait_for, 1, 1)
        await executor.submit(ask("second"))
        assert executor.usage().of("bedrock").cancelled == 1
    assert server.max_in_flight == 1


async def test_a_call_timed_out_in_flight_ends_before_the_next_attempt(start: Start, tmp_path: Path) -> None:
    server = start(faults=FaultPlan(["timeout"] * 3))
    settings = configured(tmp_path, llm_executor_bedrock_max_parallel=1)
    async with impatient(settings, max_attempts=3) as executor:
        with pytest.raises(ProviderTimeoutError, match="after 3 attempts"):
            await executor.submit(ask(timeout_seconds=0.05))
        figures = executor.usage().of("bedrock")
        await asyncio.to_thread(server.wait_for, 0, len(server.requests))
    assert figures.failures == {"timeout": 3}


async def test_no_credentials_is_said_before_anything_is_sent(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    async with LLMExecutor(configured(tmp_path)) as executor:
        with pytest.raises(ProviderAccessError, match="AWS_PROFILE"):
            await executor.check("bedrock")
    assert server.requests == []


async def test_nobody_listening_is_unavailable(tmp_path: Path, start: Start) -> None:
    start().close()
    async with impatient(configured(tmp_path)) as executor:
        with pytest.raises(ProviderUnavailableError, match=r"Bedrock is not reachable at .*AWS_REGION"):
            await executor.submit(ask())


async def test_the_check_asks_for_one_token_and_is_accounted(start: Start, tmp_path: Path) -> None:
    server = start()
    async with LLMExecutor(configured(tmp_path)) as executor:
        await executor.check("bedrock")
        assert executor.usage().of("bedrock").attempts == 1
    assert server.requests[0].max_tokens == 1


def test_capabilities_are_those_of_the_model_s_family(start: Start, tmp_path: Path) -> None:
    start()
    with LLMExecutor(configured(tmp_path)) as executor:
        sonnet = executor.capabilities("bedrock")
        nova = executor.capabilities("bedrock", "us.amazon.nova-pro-v1:0")
    assert (sonnet.context_tokens, sonnet.max_output_tokens, sonnet.native_json_schema) == (
        200_000,
        64_000,
        True,
    )
    assert not nova.native_json_schema


async def test_with_a_fifth_of_all_calls_broken_every_request_is_answered(
    start: Start, tmp_path: Path
) -> None:
    kinds = ["throttle", "internal_error", "unavailable", "reset", "broken_json", "truncated_body"]
    server = start(
        lambda request: Reply(f"Answer to {request.prompt}"),
        faults=FaultPlan(probability=0.2, seed=5, kinds=kinds),  # type: ignore[arg-type]
    )
    async with impatient(configured(tmp_path), max_attempts=6) as executor:
        responses = await asyncio.gather(*(executor.submit(ask(str(n))) for n in range(40)))
        figures = executor.usage().of("bedrock")
    assert [response.text for response in responses] == [f"Answer to {n}" for n in range(40)]
    assert figures.attempts == len(server.requests) == figures.answers + sum(figures.failures.values())
    assert sum(figures.failures.values()) == sum(server.outcomes.values()) - server.outcomes["ok"] > 0


def test_the_plain_client(start: Start, tmp_path: Path) -> None:
    def answer(request: RecordedRequest) -> Reply:
        text = '{"kind": "risk"}' if request.json_schema is not None else "Because."
        return Reply(text, input_tokens=150_000, output_tokens=8_000)

    server = start(answer)
    with LLMExecutor(configured(tmp_path)) as executor:
        client = BedrockLLMClient(f"global.{SONNET.removeprefix('us.')}", executor=executor)
        text, usage = client.invoke("Why?")
        value, _ = client.invoke_with_json_output("What?")
    assert (text, usage.total_tokens, usage.calculate_cost()) == ("Because.", 158_000, Decimal("0.57"))
    assert value == {"kind": "risk"}
    assert server.requests[0].body["inferenceConfig"] == {"maxTokens": 4096, "temperature": 0.7}
