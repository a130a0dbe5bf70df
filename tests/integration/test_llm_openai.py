"""OpenAI: the provider against a loopback server. test_llm_openai_sdk.py has the official SDK as the oracle.

S4-5, S4-6 and S4-7 (capabilities, requests, responses), S4-16 (a new provider is a registration).
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any, cast

import pytest

from techne.errors import (
    LLMError,
    MalformedResponseError,
    ModelNotFoundError,
    ProviderAccessError,
    ProviderUnavailableError,
    RequestRejectedError,
    RequestTooLargeError,
    ThrottledError,
)
from techne.llm import LLMExecutor
from techne.llm.model import CONTINUE_INSTRUCTION, EmbedRequest, LLMRequest, Message, Usage
from techne.llm.provider import ProviderAnswer, build_provider
from techne.llm.providers.openai import OpenAIProvider
from techne.llm.testing import FakeClock
from techne.settings import Settings
from tests.loopback import Fault, FaultPlan, Reply, Responder, default_responder
from tests.loopback.openai import API_KEY, OpenAIServer, RefusedReply

Start = Callable[..., OpenAIServer]
Connect = Callable[..., OpenAIProvider]
LONG = "An answer that is long enough to come in several pieces, one after the other."
CLOSED = {
    "type": "object",
    "properties": {"kind": {"type": "string"}},
    "required": ["kind"],
    "additionalProperties": False,
}
WITH_OPTIONAL = {
    "type": "object",
    "properties": {"kind": {"type": "string"}, "code": {"type": "string"}},
    "required": ["kind"],
}
FREE_KEYS = {"type": "object", "additionalProperties": {"type": "string"}}


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts servers, and closes them."""
    servers: list[OpenAIServer] = []

    def begin(responder: Responder = default_responder, **options: Any) -> OpenAIServer:
        servers.append(OpenAIServer(responder, **options).start())
        return servers[-1]

    yield begin
    for server in servers:
        server.close()


@pytest.fixture
async def connect(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Connect]:
    """Builds providers, and closes them. They take the server for api.openai.com, unless it is foreign."""
    providers: list[OpenAIProvider] = []
    for name in ("http_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)

    def build(server: OpenAIServer, *, foreign: bool = False, **fields: Any) -> OpenAIProvider:
        environment = server.environment() if foreign or server.lenient else server.as_openai()
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        provider = build_provider("openai", Settings(**fields))
        assert isinstance(provider, OpenAIProvider)
        providers.append(provider)
        return provider

    yield build
    for provider in providers:
        await provider.close()


def ask(prompt: str = "Why?", **fields: Any) -> LLMRequest:
    return LLMRequest(provider="openai", prompt=prompt, **fields)


def streamed(provider: OpenAIProvider, request: LLMRequest) -> aclosing[Any]:
    return aclosing(cast("Any", provider.stream(request)))


async def test_an_answer_with_its_tokens(start: Start, connect: Connect) -> None:
    server = start(lambda _: Reply("Because.", input_tokens=20, output_tokens=3, cache_read_tokens=16))
    answer = await connect(server).complete(ask(system="Be brief."))
    assert (answer.text, answer.finish_reason) == ("Because.", "stop")
    assert answer.usage == Usage(input_tokens=20, output_tokens=3, cache_read_tokens=16)
    assert server.requests[0].body == {
        "model": "gpt-4.1-mini",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why?"}],
        "max_completion_tokens": 4096,
        "temperature": 0.7,
    }


async def test_a_conversation_and_a_continuation_go_out_turn_by_turn(start: Start, connect: Connect) -> None:
    server = start()
    turns = (
        Message(role="user", content="One?"),
        Message(role="assistant", content="One."),
        Message(role="user", content="Two?"),
    )
    await connect(server).complete(LLMRequest(provider="openai", messages=turns, prefill="Tw"))
    assert server.requests[0].messages == [
        ("user", "One?"),
        ("assistant", "One."),
        ("user", "Two?"),
        ("assistant", "Tw"),
        ("user", CONTINUE_INSTRUCTION),
    ]


async def test_sampling_goes_out_where_it_is_taken(
    start: Start, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    server = start()
    provider = connect(server)
    request = ask(temperature=0, top_p=0.9, top_k=5)
    await provider.complete(request)
    assert server.requests[0].body.items() >= {"temperature": 0, "top_p": 0.9}.items()
    assert provider.parameters(request) == {"max_tokens": 4096, "temperature": 0, "top_p": 0.9}
    assert "is not sent top_k" in caplog.text


async def test_our_default_temperature_gives_way_to_a_top_p(start: Start, connect: Connect) -> None:
    assert "temperature" not in connect(start()).parameters(ask(top_p=0.9))


async def test_a_model_that_always_reasons_is_sent_no_sampling(start: Start, connect: Connect) -> None:
    server = start()
    answer = await connect(server).complete(ask(model="gpt-5.6-sol", temperature=0.2))
    assert answer.finish_reason == "stop"
    assert "temperature" not in server.requests[0].body


async def test_a_foreign_server_gets_max_tokens_and_top_k(start: Start, connect: Connect) -> None:
    server = start(lenient=True, models=["qwen"])
    await connect(server).complete(ask(model="qwen", top_k=5, max_output_tokens=64))
    sent = server.requests[0].body
    assert (sent["max_tokens"], sent["top_k"]) == (64, 5)
    assert "max_completion_tokens" not in sent


async def test_a_foreign_server_may_ask_for_no_key(start: Start, connect: Connect) -> None:
    server = start(lenient=True, api_key=None)
    assert (await connect(server).complete(ask())).finish_reason == "stop"


async def test_the_answer_s_length_is_the_call_s_then_the_setting_s_within_the_model_s(
    start: Start, connect: Connect
) -> None:
    server = start()
    provider = connect(server, openai_max_tokens=100)
    for asked in (None, 300, 100_000):
        answer = await provider.complete(ask(max_output_tokens=asked))
        assert answer.output_ceiling == provider.capabilities().max_output_tokens == 32_768
    assert [request.max_tokens for request in server.requests] == [100, 300, 32_768]


@pytest.mark.parametrize("stream", [False, True])
async def test_a_closed_schema_is_asked_for_strictly(stream: bool, start: Start, connect: Connect) -> None:
    server = start(lambda _: Reply('{"kind": "risk"}'))
    provider, request = connect(server), ask(json_schema=CLOSED)
    answer = (await whole(provider, request))[1] if stream else await provider.complete(request)
    assert answer.text == '{"kind": "risk"}'
    described = server.requests[0].body["response_format"]["json_schema"]
    assert described == {"name": "answer", "schema": CLOSED, "strict": True}


async def test_what_may_be_left_out_may_be_null_on_the_wire_and_is_left_out_of_the_answer(
    start: Start, connect: Connect
) -> None:
    server = start(lambda _: Reply('{"kind": "risk", "code": null}'))
    answer = await connect(server).complete(ask(json_schema=WITH_OPTIONAL))
    assert json.loads(answer.text) == {"kind": "risk"}
    described = server.requests[0].body["response_format"]["json_schema"]
    assert (described["strict"], described["schema"]["required"]) == (True, ["kind", "code"])
    assert described["schema"]["properties"]["code"] == {"type": ["string", "null"]}


async def test_a_stream_with_what_may_be_left_out_is_not_strict(start: Start, connect: Connect) -> None:
    server = start(lambda _: Reply('{"kind": "risk"}'))
    pieces, answer = await whole(connect(server), ask(json_schema=WITH_OPTIONAL))
    assert "".join(pieces) == answer.text == '{"kind": "risk"}'
    described = server.requests[0].body["response_format"]["json_schema"]
    assert described == {"name": "answer", "schema": WITH_OPTIONAL, "strict": False}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("model", "schema"), [("gpt-4.1-mini", FREE_KEYS), ("gpt-4-turbo", CLOSED)])
async def test_what_cannot_be_asked_for_natively_is_a_function_to_call(
    model: str, schema: dict[str, Any], stream: bool, start: Start, connect: Connect
) -> None:
    server = start(lambda _: Reply('{"kind": "risk"}'))
    provider, request = connect(server), ask(model=model, json_schema=schema)
    answer = (await whole(provider, request))[1] if stream else await provider.complete(request)
    assert (answer.text, answer.finish_reason) == ('{"kind": "risk"}', "stop")
    sent = server.requests[0]
    assert (sent.schema_by, sent.json_schema) == ("tool", schema)
    assert sent.body["tool_choice"] == {"type": "function", "function": {"name": "answer"}}


async def test_a_schema_of_no_object_is_asked_for_in_words(start: Start, connect: Connect) -> None:
    server = start(lambda _: Reply("[1]"))
    answer = await connect(server).complete(ask(system="Count.", json_schema={"type": "array"}))
    assert answer.text == "[1]"
    assert server.requests[0].json_schema is None
    assert server.requests[0].system.startswith("Count.\n\nAnswer with one JSON value")


async def test_refused_ways_of_asking_for_a_schema_are_not_tried_again(
    start: Start, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    server = start(lambda _: Reply('{"kind": "risk"}'), faults=FaultPlan(["schema", "schema"]))
    provider, request = connect(server), ask(json_schema=CLOSED)
    for _ in range(2):
        with pytest.raises(ProviderUnavailableError, match="Invalid schema for"):
            await provider.complete(request)
    assert not provider.capabilities().native_json_schema
    assert provider.capabilities("gpt-4.1").native_json_schema
    assert (await provider.complete(request)).text == '{"kind": "risk"}'
    assert [sent.schema_by for sent in server.requests] == ["native", "tool", None]
    assert "takes no native JSON schema here" in caplog.text


async def test_refused_parameters_are_not_sent_again(start: Start, connect: Connect) -> None:
    server = start(models=["house-model"], always_reason="house-model")
    provider, request = connect(server, foreign=True), ask(model="house-model")
    for refused in ("max_tokens", "temperature"):
        with pytest.raises(ProviderUnavailableError, match=refused):
            await provider.complete(request)
    assert (await provider.complete(request)).finish_reason == "stop"
    assert [sent.outcome for sent in server.requests] == ["refused", "refused", "ok"]
    assert server.requests[-1].body.keys() == {"model", "messages", "max_completion_tokens"}


async def whole(provider: OpenAIProvider, request: LLMRequest) -> tuple[list[str], ProviderAnswer]:
    """The pieces of a stream, and its last word."""
    async with streamed(provider, request) as stream:
        *pieces, answer = [piece async for piece in stream]
    assert isinstance(answer, ProviderAnswer)
    return pieces, answer


async def test_a_stream_gives_pieces_and_then_the_whole(start: Start, connect: Connect) -> None:
    server = start(lambda _: Reply(LONG, input_tokens=20, output_tokens=30, cache_read_tokens=4))
    pieces, answer = await whole(connect(server), ask())
    assert len(pieces) > 1
    assert "".join(pieces) == answer.text == LONG
    assert answer.usage == Usage(input_tokens=20, output_tokens=30, cache_read_tokens=4)
    assert (answer.finish_reason, answer.output_limit) == ("stop", 4096)


async def test_a_stream_that_is_left_ends_the_call(start: Start, connect: Connect) -> None:
    server = start(lambda _: Reply(LONG), faults=FaultPlan([Fault("timeout", stall_seconds=3600)]))
    async with streamed(connect(server), ask()) as stream:
        assert await anext(stream)
    await asyncio.to_thread(server.wait_for, ended=1)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("internal_error", ProviderUnavailableError),
        ("truncated_body", MalformedResponseError),
        ("broken_json", MalformedResponseError),
        ("throttle", ThrottledError),
    ],
)
async def test_a_stream_that_breaks_says_so(
    kind: Any, error: type[LLMError], start: Start, connect: Connect
) -> None:
    server = start(lambda _: Reply(LONG), faults=FaultPlan([kind]))
    with pytest.raises(error, match="Failed to invoke OpenAI"):
        await whole(connect(server), ask())


@pytest.mark.parametrize("stream", [False, True])
async def test_a_refusal_is_told_as_the_content_filter(stream: bool, start: Start, connect: Connect) -> None:
    server = start(lambda _: RefusedReply("I can't help with that."))
    provider = connect(server)
    answer = (await whole(provider, ask()))[1] if stream else await provider.complete(ask())
    assert (answer.text, answer.finish_reason) == ("I can't help with that.", "content_filter")


@pytest.mark.parametrize("finish", ["length", "content_filter"])
async def test_why_an_answer_ended(finish: Any, start: Start, connect: Connect) -> None:
    server = start(lambda _: Reply("Half", finish=finish))
    assert (await connect(server).complete(ask())).finish_reason == finish


@pytest.mark.parametrize(
    ("kind", "error", "cure"),
    [
        ("throttle", ThrottledError, "LLM_EXECUTOR_OPENAI_MAX_PARALLEL"),
        ("internal_error", ProviderUnavailableError, "Try again"),
        ("unavailable", ProviderUnavailableError, "Try again"),
        ("reset", ProviderUnavailableError, "broke off"),
        ("broken_json", MalformedResponseError, "not its protocol"),
        ("truncated_body", MalformedResponseError, "not its protocol"),
        ("access_denied", ProviderAccessError, "OPENAI_API_KEY"),
        ("unknown_model", ModelNotFoundError, "OPENAI_MODEL"),
        ("inference_profile", ModelNotFoundError, "OPENAI_MODEL"),
        ("too_long", RequestTooLargeError, "MAX_TOKENS_PER_CHUNK"),
        ("schema", RequestRejectedError, "Invalid schema"),
    ],
)
async def test_failures_are_typed_and_name_their_cure(
    kind: Any, error: type[LLMError], cure: str, start: Start, connect: Connect
) -> None:
    server = start(faults=FaultPlan([kind]))
    with pytest.raises(error, match=cure) as caught:
        await connect(server).complete(ask())
    assert "OpenAI" in str(caught.value)
    assert API_KEY not in str(caught.value)


async def test_a_throttle_says_how_long_to_wait(start: Start, connect: Connect) -> None:
    server = start(faults=FaultPlan([Fault("throttle", retry_after=0.25)]))
    with pytest.raises(ThrottledError) as caught:
        await connect(server).complete(ask())
    assert caught.value.retry_after_seconds == 0.25


@pytest.mark.parametrize("key", [None, "sk-no\nkey", "ключ"])
async def test_without_a_key_nothing_is_sent_to_openai(
    key: str | None, start: Start, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start(api_key=None)
    if key is not None:
        monkeypatch.setenv("OPENAI_API_KEY", key)
    provider = connect(server)
    for call in (provider.complete(ask()), provider.check(), whole(provider, ask())):
        with pytest.raises(ProviderAccessError, match="Set OPENAI_API_KEY"):
            await call
    assert server.requests == []


async def test_a_wrong_key_is_not_repeated(
    start: Start, connect: Connect, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server = start()
    provider = connect(server, openai_api_key="sk-wrong-key-9876543210")
    with pytest.raises(ProviderAccessError, match="OPENAI_API_KEY") as caught:
        await provider.complete(ask())
    for secret in ("sk-wrong", "3210"):
        assert secret not in f"{caught.value} {caught.value!r} {provider!r} {caplog.text}"


async def test_an_address_where_nobody_listens_names_the_setting(connect: Connect, start: Start) -> None:
    server = start(lenient=True)
    provider = connect(server)
    server.close()
    with pytest.raises(ProviderUnavailableError, match="OPENAI_BASE_URL"):
        await provider.complete(ask())


@pytest.mark.parametrize(
    "routes", [("one", "list"), ("list",), ("one",), ()], ids=["openai", "vllm", "one", "none"]
)
async def test_a_check_finds_the_model_where_the_server_tells(
    routes: Any, start: Start, connect: Connect
) -> None:
    server = start(lenient=True, model_routes=routes)
    provider = connect(server)
    usage = await provider.check()
    assert (len(server.requests), usage.output_tokens > 0) == ((0, False) if routes else (1, True))
    with pytest.raises(ModelNotFoundError, match="OPENAI_MODEL"):
        await provider.check("gpt-none/ever")


async def test_a_check_with_a_wrong_key_says_so(start: Start, connect: Connect) -> None:
    with pytest.raises(ProviderAccessError, match="OPENAI_API_KEY"):
        await connect(start(), openai_api_key="sk-wrong").check()


async def test_vectors_come_in_the_order_of_their_texts(start: Start, connect: Connect) -> None:
    server = start()
    provider = connect(server)
    both = await provider.embed(EmbedRequest(provider="openai", texts=("one", "two"), dimensions=5))
    one = await provider.embed(EmbedRequest(provider="openai", texts=("one",), dimensions=5))
    assert both.vectors[0] == one.vectors[0] != both.vectors[1]
    assert [len(vector) for vector in both.vectors] == [5, 5]
    assert both.usage.input_tokens > 0
    assert server.requests[0].model == "text-embedding-3-small"


@pytest.mark.parametrize(
    ("kind", "error"), [("unknown_model", ModelNotFoundError), ("broken_json", MalformedResponseError)]
)
async def test_failures_of_vectors_are_typed(
    kind: Any, error: type[LLMError], start: Start, connect: Connect
) -> None:
    server = start(faults=FaultPlan([kind]))
    with pytest.raises(error) as caught:
        await connect(server).embed(EmbedRequest(provider="openai", texts=("one",)))
    assert error is not ModelNotFoundError or "OPENAI_EMBEDDING_MODEL" in str(caught.value)


async def test_an_address_that_is_none_names_the_setting() -> None:
    provider = OpenAIProvider(Settings(openai_base_url="http://[::1"))
    with pytest.raises(LLMError, match="OPENAI_BASE_URL"):
        await provider.complete(ask())
    await provider.close()


async def test_the_executor_asks_again_in_another_way_and_waits_as_told(start: Start, tmp_path: Path) -> None:
    faults = FaultPlan(["schema", Fault("throttle", retry_after=7)])
    server = start(lambda _: Reply('{"kind": "risk"}'), faults=faults, api_key=None, lenient=True)
    settings = Settings(techne_home=tmp_path, openai_base_url=f"{server.url}/v1", openai_model="gpt-4.1-mini")
    clock = FakeClock()
    async with LLMExecutor(settings, clock=clock) as executor:
        response = await executor.submit(ask(json_schema=CLOSED))
    assert (response.parsed, response.attempts) == ({"kind": "risk"}, 3)
    assert [sent.schema_by for sent in server.requests] == ["native", "tool", "tool"]
    assert max(clock.slept) >= 7


async def test_the_tokens_of_a_prompt_are_estimated_without_a_call(start: Start, connect: Connect) -> None:
    server = start()
    assert await connect(server).count_tokens(ask("one two three")) == 11
    assert server.requests == []
