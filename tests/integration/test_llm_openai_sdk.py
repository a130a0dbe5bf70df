"""OpenAI's own SDK as the oracle: it reads what the loopback server says, and sends what we send (S4-6)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from techne.llm.model import EmbedRequest, LLMRequest
from techne.llm.providers.openai import OpenAIProvider
from techne.settings import Settings
from tests.loopback import Fault, FaultPlan, RecordedRequest, Reply
from tests.loopback.exchange import minimal_instance
from tests.loopback.openai import OpenAIServer, RefusedReply

openai = pytest.importorskip("openai", minversion="2")

LONG = "An answer that is long enough to come in several pieces, one after the other."
CLOSED = {
    "type": "object",
    "properties": {"kind": {"type": "string"}},
    "required": ["kind"],
    "additionalProperties": False,
}
USER = {"role": "user", "content": "Why, café?"}
TURNS = [{"role": "system", "content": "Be brief."}, USER]


def respond(request: RecordedRequest) -> Reply:
    text = LONG if request.json_schema is None else json.dumps(minimal_instance(request.json_schema))
    return Reply(text, input_tokens=20, output_tokens=30, cache_read_tokens=4)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAIServer]:
    """A server that both take for api.openai.com."""
    for name in ("HTTP_PROXY", "no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with OpenAIServer(respond) as running:
        for name, value in running.as_openai().items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def client(server: OpenAIServer) -> Iterator[Any]:
    """The SDK, as its environment makes it."""
    with openai.OpenAI(max_retries=0) as client:
        yield client


@pytest.fixture
async def provider(server: OpenAIServer) -> AsyncIterator[OpenAIProvider]:
    """Ours, likewise."""
    provider = OpenAIProvider(Settings())
    yield provider
    await provider.close()


def test_it_reads_an_answer(client: Any) -> None:
    answer = client.chat.completions.create(model="gpt-4.1-mini", messages=TURNS)
    assert (answer.choices[0].message.content, answer.choices[0].finish_reason) == (LONG, "stop")
    assert (answer.usage.prompt_tokens, answer.usage.prompt_tokens_details.cached_tokens) == (20, 4)


def test_it_reads_a_stream(client: Any) -> None:
    stream = client.chat.completions.create(
        model="gpt-4.1-mini", messages=TURNS, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == LONG
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].usage.completion_tokens == 30


def test_it_reads_a_refusal(client: Any, server: OpenAIServer) -> None:
    server.responder = lambda _: RefusedReply("No.")
    answer = client.chat.completions.create(model="gpt-4.1-mini", messages=TURNS)
    assert (answer.choices[0].message.refusal, answer.choices[0].message.content) == ("No.", None)


def test_it_reads_a_call_of_a_function(client: Any) -> None:
    tool = {"type": "function", "function": {"name": "answer", "parameters": CLOSED}}
    answer = client.chat.completions.create(model="gpt-4.1-mini", messages=TURNS, tools=[tool])
    assert answer.choices[0].message.tool_calls[0].function.arguments == '{"kind": "x"}'


def test_it_reads_vectors_packed_or_not(client: Any) -> None:
    packed = client.embeddings.create(model="text-embedding-3-small", input=["one", "two"])
    plain = client.embeddings.create(
        model="text-embedding-3-small", input=["one", "two"], encoding_format="float"
    )
    for one, other in zip(packed.data, plain.data, strict=True):
        assert one.embedding == pytest.approx(other.embedding, abs=1e-6)


def test_it_reads_models(client: Any, server: OpenAIServer) -> None:
    assert [model.id for model in client.models.list()] == list(server.models)
    assert client.models.retrieve("gpt-4.1-mini").id == "gpt-4.1-mini"
    with pytest.raises(openai.NotFoundError, match="does not exist"):
        client.models.retrieve("gpt-none")


@pytest.mark.parametrize(
    ("kind", "error", "code"),
    [
        ("throttle", "RateLimitError", "rate_limit_exceeded"),
        ("internal_error", "InternalServerError", None),
        ("unavailable", "InternalServerError", None),
        ("access_denied", "AuthenticationError", "invalid_api_key"),
        ("unknown_model", "NotFoundError", "model_not_found"),
        ("inference_profile", "PermissionDeniedError", "model_not_found"),
        ("too_long", "BadRequestError", "context_length_exceeded"),
        ("schema", "BadRequestError", "invalid_json_schema"),
    ],
)
def test_it_knows_the_server_s_errors(
    kind: Any, error: str, code: str | None, client: Any, server: OpenAIServer
) -> None:
    server.faults = FaultPlan([Fault(kind, retry_after=2)])
    with pytest.raises(getattr(openai, error)) as caught:
        client.chat.completions.create(model="gpt-4.1-mini", messages=TURNS)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("fields", "asked"),
    [
        ({"temperature": 0.2, "top_p": 0.9}, {"temperature": 0.2, "top_p": 0.9}),
        ({"max_output_tokens": 64}, {"temperature": 0.7, "max_completion_tokens": 64}),
        (
            {"json_schema": CLOSED},
            {
                "temperature": 0.7,
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "answer", "schema": CLOSED, "strict": True},
                },
            },
        ),
        ({"model": "gpt-5.6-sol"}, {"model": "gpt-5.6-sol"}),
    ],
    ids=["sampling", "limit", "schema", "reasoning"],
)
@pytest.mark.parametrize("stream", [False, True])
async def test_a_chat_is_sent_as_it_sends_it(
    fields: dict[str, Any],
    asked: dict[str, Any],
    stream: bool,
    client: Any,
    provider: OpenAIProvider,
    server: OpenAIServer,
) -> None:
    request = LLMRequest(provider="openai", system="Be brief.", prompt="Why, café?", **fields)
    if stream:
        asked = {**asked, "stream": True, "stream_options": {"include_usage": True}}
        assert [piece async for piece in provider.stream(request)]
    else:
        await provider.complete(request)
    defaults = {"model": "gpt-4.1-mini", "max_completion_tokens": 4096}
    answer = client.chat.completions.create(messages=TURNS, **{**defaults, **asked})
    assert not stream or list(answer)
    ours, its = server.requests
    assert ours.body == its.body
    assert (ours.outcome, its.outcome) == ("ok", "ok")


async def test_vectors_are_asked_for_as_it_asks(
    client: Any, provider: OpenAIProvider, server: OpenAIServer
) -> None:
    found = await provider.embed(EmbedRequest(provider="openai", texts=("one", "two"), dimensions=4))
    its = client.embeddings.create(
        model="text-embedding-3-small", input=["one", "two"], dimensions=4, encoding_format="float"
    )
    assert server.requests[0].body == server.requests[1].body
    assert [list(vector) for vector in found.vectors] == [entry.embedding for entry in its.data]


async def test_its_strict_schema_of_a_model_is_one_that_ours_accepts_too(
    client: Any, provider: OpenAIProvider, server: OpenAIServer
) -> None:
    from pydantic import BaseModel

    class Step(BaseModel):
        text: str
        seconds: int | None

    class Plan(BaseModel):
        title: str
        steps: list[Step]

    client.chat.completions.parse(model="gpt-4.1-mini", messages=[USER], response_format=Plan)
    await provider.complete(
        LLMRequest(provider="openai", prompt="Why, café?", json_schema=Plan.model_json_schema())
    )
    its, ours = (request.body["response_format"]["json_schema"] for request in server.requests)
    assert (its["schema"], its["strict"]) == (ours["schema"], ours["strict"])
