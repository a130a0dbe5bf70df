"""Gemini: the provider against a loopback server, and Google's own SDK as the oracle of what is sent.

S4-9 (typed failures), S4-16 (a further provider is one class and one registration).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from decimal import Decimal
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
from techne.llm.providers.gemini import GeminiProvider
from techne.llm.testing import FakeClock
from techne.settings import Settings
from tests.loopback import Fault, FaultPlan, RecordedRequest, Reply, Responder, default_responder
from tests.loopback.gemini import GeminiHandler, GeminiServer

Start = Callable[..., GeminiServer]
Connect = Callable[..., GeminiProvider]
LONG = "An answer that is long enough to come in several pieces, one after the other."
SCHEMA = {
    "type": "object",
    "properties": {"kind": {"type": "string"}, "count": {"type": "integer", "minimum": 1}},
    "required": ["kind"],
}
NATIVE = {
    "type": "object",
    "properties": {"kind": {"type": "string"}, "count": {"type": "integer", "description": "(minimum 1)"}},
    "required": ["kind"],
    "additionalProperties": False,
}
FREE = {"type": "object", "additionalProperties": {"type": "string"}}
"""A schema that constrained decoding can't express."""


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts servers, and closes them."""
    servers: list[GeminiServer] = []

    def begin(responder: Responder = default_responder, **options: Any) -> GeminiServer:
        servers.append(GeminiServer(responder, **options).start())
        return servers[-1]

    yield begin
    for server in servers:
        server.close()


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """Builds providers, and closes them."""
    providers: list[GeminiProvider] = []

    def build(server: GeminiServer, **fields: Any) -> GeminiProvider:
        settings = {"gemini_base_url": server.url, "gemini_api_key": server.api_key, **fields}
        providers.append(GeminiProvider(Settings.model_validate(settings)))
        return providers[-1]

    yield build
    for provider in providers:
        await provider.close()


def ask(prompt: str = "Why?", **fields: Any) -> LLMRequest:
    return LLMRequest(provider="gemini", prompt=prompt, **fields)


def embed(*texts: str, **fields: Any) -> EmbedRequest:
    return EmbedRequest(provider="gemini", texts=texts, **fields)


async def test_an_answer_with_its_tokens(start: Start, connect: Connect) -> None:
    server = start(lambda _: Reply("Because.", input_tokens=20, output_tokens=3, cache_read_tokens=16))
    answer = await connect(server).complete(ask(system="Be brief."))
    assert (answer.text, answer.finish_reason) == ("Because.", "stop")
    assert answer.usage == Usage(input_tokens=20, output_tokens=3, cache_read_tokens=16)
    assert server.requests[0].body == {
        "contents": [{"role": "user", "parts": [{"text": "Why?"}]}],
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "generationConfig": {"temperature": 0.7, "maxOutputTokens": 8192},
    }
    assert server.requests[0].model == "gemini-2.5-flash"


def test_the_provider_is_registered() -> None:
    assert isinstance(build_provider("gemini", Settings()), GeminiProvider)


async def test_sampling_goes_out_and_into_the_cache_key(start: Start, connect: Connect) -> None:
    server = start()
    provider = connect(server)
    request = ask(temperature=0, top_p=0.9, top_k=5, max_output_tokens=50)
    await provider.complete(request)
    assert server.requests[0].body["generationConfig"] == {
        "temperature": 0,
        "topP": 0.9,
        "topK": 5,
        "maxOutputTokens": 50,
    }
    assert provider.parameters(request) == {"temperature": 0, "top_p": 0.9, "top_k": 5, "max_tokens": 50}


@pytest.mark.parametrize(
    ("model", "sent"), [("gemini-2.5-flash", 65_536), ("gemini-2.0-flash", 8192), ("gemma-3-27b-it", 8192)]
)
async def test_no_more_output_is_asked_for_than_the_family_gives(
    model: str, sent: int, start: Start, connect: Connect
) -> None:
    server = start()
    provider = connect(server)
    answer = await provider.complete(ask(model=model, max_output_tokens=100_000))
    assert server.requests[0].max_tokens == answer.output_limit == answer.output_ceiling == sent
    assert provider.capabilities(model).max_output_tokens == sent


async def test_little_is_expected_of_an_unknown_model(start: Start, connect: Connect) -> None:
    unknown = connect(start()).capabilities("something-new")
    assert not unknown.native_json_schema
    assert unknown.context_tokens <= 32_768


async def test_a_conversation_goes_out_turn_by_turn(start: Start, connect: Connect) -> None:
    server = start()
    turns = (
        Message(role="user", content="One?"),
        Message(role="assistant", content="One."),
        Message(role="user", content="Two?"),
    )
    await connect(server).complete(LLMRequest(provider="gemini", messages=turns))
    assert server.requests[0].messages == [("user", "One?"), ("model", "One."), ("user", "Two?")]


async def test_a_cut_off_answer_is_continued_by_asking_for_the_rest(start: Start, connect: Connect) -> None:
    server = start()
    await connect(server).complete(ask(prefill="Because the"))
    assert server.requests[0].messages == [
        ("user", "Why?"),
        ("model", "Because the"),
        ("user", CONTINUE_INSTRUCTION),
    ]


async def test_a_truncated_answer_says_so(start: Start, connect: Connect) -> None:
    server = start(faults=FaultPlan(["max_tokens"]))
    assert (await connect(server).complete(ask())).finish_reason == "length"


async def test_a_filtered_answer_says_so(start: Start, connect: Connect) -> None:
    server = start(lambda _: Reply("", finish="content_filter"))
    assert (await connect(server).complete(ask())).finish_reason == "content_filter"


@pytest.mark.parametrize(
    ("model", "schema", "by", "sent"),
    [
        ("gemini-2.5-flash", SCHEMA, "native", NATIVE),
        ("gemini-2.0-flash", SCHEMA, "tool", SCHEMA),
        ("gemini-2.5-flash", FREE, "tool", FREE),
        ("gemini-2.0-flash", {"type": "array", "items": {"type": "string"}}, None, None),
    ],
)
async def test_a_schema_goes_out_the_best_way_that_there_is(
    model: str,
    schema: dict[str, Any],
    by: str | None,
    sent: dict[str, Any] | None,
    start: Start,
    connect: Connect,
) -> None:
    server = start(lambda _: Reply('{"kind": "risk"}'))
    provider = connect(server)
    answer = await provider.complete(ask(model=model, json_schema=schema, system="Be brief."))
    *_, last = [piece async for piece in provider.stream(ask(model=model, json_schema=schema))]
    assert isinstance(last, ProviderAnswer)
    assert json.loads(answer.text) == json.loads(last.text) == {"kind": "risk"}
    assert answer.finish_reason == last.finish_reason == "stop"
    for recorded in server.requests:
        assert (recorded.schema_by, recorded.json_schema) == (by, sent)
        assert (json.dumps(schema) in recorded.system) == (by is None)


async def test_a_constant_goes_out_as_a_choice_of_one(start: Start, connect: Connect) -> None:
    server = start()
    schema = {"type": "object", "properties": {"const": {"const": "risk", "type": "string"}}}
    await connect(server).complete(ask(json_schema=schema))
    sent = server.requests[0].json_schema
    assert sent is not None
    assert sent["properties"] == {"const": {"enum": ["risk"], "type": "string"}}


async def test_a_refused_schema_goes_out_the_next_way(start: Start, connect: Connect) -> None:
    server = start(lambda _: Reply('{"kind": "risk"}'), faults=FaultPlan(["schema", "schema"]))
    provider = connect(server)
    for _ in range(2):
        with pytest.raises(ProviderUnavailableError, match="too many states"):  # so it is tried again
            await provider.complete(ask(json_schema=SCHEMA))
    await provider.complete(ask(json_schema=SCHEMA))
    another = {**SCHEMA, "title": "Another"}
    await provider.complete(ask(json_schema=another))
    assert [sent.schema_by for sent in server.requests] == ["native", "tool", None, "native"]


@pytest.mark.parametrize(
    ("fault", "kind", "says"),
    [
        ("throttle", ThrottledError, "exceeded your current quota"),
        ("internal_error", ProviderUnavailableError, "500 INTERNAL"),
        ("unavailable", ProviderUnavailableError, "503 UNAVAILABLE"),
        ("reset", ProviderUnavailableError, "broke off"),
        ("broken_json", MalformedResponseError, "not its protocol"),
        ("truncated_body", MalformedResponseError, "not its protocol"),
        ("access_denied", ProviderAccessError, "GEMINI_API_KEY"),
        ("inference_profile", ProviderAccessError, "billing"),
        ("unknown_model", ModelNotFoundError, "GEMINI_MODEL"),
        ("too_long", RequestTooLargeError, "MAX_TOKENS_PER_CHUNK"),
    ],
)
async def test_every_fault_is_typed_and_says_what_to_do(
    fault: Any, kind: type[LLMError], says: str, start: Start, connect: Connect
) -> None:
    server = start(lambda _: Reply(LONG), faults=FaultPlan([fault] * 4))
    provider = connect(server)
    calls: list[Callable[[], Any]] = [
        lambda: provider.complete(ask()),
        lambda: collect(provider, ask()),
        lambda: provider.embed(embed("one")),
        lambda: provider.count_tokens(ask()),
    ]
    for call in calls:
        with pytest.raises(kind, match=says) as caught:
            await call()
        assert server.api_key not in str(caught.value)
    assert (await provider.complete(ask("And now?"))).text


async def collect(provider: GeminiProvider, request: LLMRequest) -> list[str | ProviderAnswer]:
    return [piece async for piece in provider.stream(request)]


async def test_a_throttle_says_how_long_to_wait(start: Start, connect: Connect) -> None:
    server = start(faults=FaultPlan([Fault("throttle", retry_after=17.5)]))
    with pytest.raises(ThrottledError) as caught:
        await connect(server).complete(ask())
    assert caught.value.retry_after_seconds == 17.5


async def test_without_a_key_nothing_is_sent(start: Start, connect: Connect) -> None:
    server = start()
    provider = connect(server, gemini_api_key=" ")
    for call in (
        provider.complete(ask()),
        collect(provider, ask()),
        provider.embed(embed("one")),
        provider.count_tokens(ask()),
        provider.check(),
        asyncio.to_thread(provider.prepare, "gemini-2.5-flash"),
    ):
        with pytest.raises(ProviderAccessError, match="GEMINI_API_KEY"):
            await call
    assert server.requests == []


async def test_a_refused_key_is_named_and_not_shown(start: Start, connect: Connect) -> None:
    with pytest.raises(ProviderAccessError, match="GEMINI_API_KEY") as caught:
        await connect(start(), gemini_api_key="hunter2").check()
    assert "hunter2" not in str(caught.value)


async def test_a_server_that_repeats_the_key_does_not_get_it_into_messages(connect: Connect) -> None:
    class Talkative(GeminiHandler):
        def do_POST(self) -> None:  # noqa: N802 - named by http.server
            said = f"I don't like {self.headers['x-goog-api-key']}."
            self.send_json(None, {"error": {"code": 400, "message": said}}, status=400)

    class TalkativeServer(GeminiServer):
        handler = Talkative

    with TalkativeServer() as server, pytest.raises(RequestRejectedError, match="I don't like") as caught:
        await connect(server).complete(ask())
    assert server.api_key not in str(caught.value)


@pytest.mark.parametrize("model", ["../../secrets", "x?key=1", "models/a/b", "", "a b"])
async def test_an_impossible_model_is_refused_unsent(model: str, start: Start, connect: Connect) -> None:
    server = start()
    with pytest.raises(ModelNotFoundError, match="GEMINI_MODEL"):
        await connect(server).complete(ask(model=model))
    assert server.requests == []


async def test_a_model_may_carry_the_api_s_prefix(start: Start, connect: Connect) -> None:
    server = start()
    provider = connect(server, gemini_model="models/gemini-2.5-pro")
    await provider.complete(ask())
    assert server.requests[0].model == provider.model == "gemini-2.5-pro"


async def test_the_address_may_name_the_api_s_version(start: Start, connect: Connect) -> None:
    server = start()
    for version in ("", "/", "/v1", "/v1beta/"):
        await connect(server, gemini_base_url=server.url + version).check()


async def test_nobody_listening_names_the_address_s_setting(start: Start, connect: Connect) -> None:
    server = start()
    server.close()
    provider = connect(server)
    for call in (provider.complete(ask()), collect(provider, ask()), provider.check()):
        with pytest.raises(ProviderUnavailableError, match="GEMINI_BASE_URL"):
            await call


async def test_a_stream_gives_the_words_and_then_the_whole_answer(start: Start, connect: Connect) -> None:
    server = start(lambda _: Reply(LONG, input_tokens=20, output_tokens=15))
    *pieces, answer = await collect(connect(server), ask())
    assert len(pieces) > 1
    assert "".join(cast("list[str]", pieces)) == LONG
    assert isinstance(answer, ProviderAnswer)
    assert (answer.text, answer.finish_reason) == (LONG, "stop")
    assert answer.usage == Usage(input_tokens=20, output_tokens=15)


async def test_words_arrive_before_the_answer_is_over_and_leaving_ends_the_call(
    start: Start, connect: Connect
) -> None:
    server = start(lambda _: Reply(LONG), faults=FaultPlan(["timeout"]))
    async with aclosing(cast("Any", connect(server).stream(ask()))) as stream:
        assert LONG.startswith(await anext(stream))
        assert server.in_flight == 1
    await asyncio.to_thread(server.wait_for, ended=1)  # the server sees its client go


async def test_a_stream_that_ends_before_the_answer_does_is_malformed(connect: Connect) -> None:
    class ShortHandler(GeminiHandler):
        def pieces(self, request: RecordedRequest, reply: Reply) -> list[bytes] | None:
            return (super().pieces(request, reply) or [])[:-1]

    class Short(GeminiServer):
        handler = ShortHandler

    with Short(lambda _: Reply(LONG)) as server, pytest.raises(MalformedResponseError, match="before"):
        await collect(connect(server), ask())


async def test_with_a_fifth_of_all_calls_broken_every_request_is_answered_and_priced(
    start: Start, tmp_path: Path
) -> None:
    server = start(
        lambda request: Reply(f"Answer to {request.prompt}", input_tokens=1_000_000, output_tokens=0),
        faults=FaultPlan(probability=0.2, seed=3, kinds=["throttle", "unavailable", "reset", "broken_json"]),
    )
    settings = Settings.model_validate(
        {
            "techne_home": tmp_path,
            "llm_executor_cache": False,
            "gemini_base_url": server.url,
            "gemini_api_key": server.api_key,
        }
    )
    async with LLMExecutor(settings, clock=FakeClock()) as executor:
        responses = await asyncio.gather(*(executor.submit(ask(str(n))) for n in range(40)))
    assert [response.text for response in responses] == [f"Answer to {n}" for n in range(40)]
    assert {response.cost_usd for response in responses} == {Decimal("0.3")}
    assert len(server.requests) > 40


async def test_a_cancelled_call_drops_its_connection(start: Start, connect: Connect) -> None:
    server = start(faults=FaultPlan(["timeout"]))
    call = asyncio.create_task(connect(server).complete(ask()))
    await asyncio.to_thread(server.wait_for, 1)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await asyncio.to_thread(server.wait_for, ended=1)


async def test_vectors_come_one_per_text_in_order(start: Start, connect: Connect) -> None:
    server = start()
    provider = connect(server)
    texts = ("one", "two", "three")
    answer, turned = await provider.embed(embed(*texts)), await provider.embed(embed(*texts[::-1]))
    assert answer.vectors == turned.vectors[::-1]
    assert len(set(answer.vectors)) == 3
    assert answer.usage.input_tokens > 0  # estimated: the API tells none
    assert server.requests[0].model == provider.embedding_model == "gemini-embedding-001"


async def test_shortened_vectors_have_length_one(start: Start, connect: Connect) -> None:
    (vector,) = (await connect(start()).embed(embed("one", dimensions=5))).vectors
    assert len(vector) == 5
    assert sum(part * part for part in vector) == pytest.approx(1)


async def test_a_text_that_gemini_would_cut_is_refused_unsent(start: Start, connect: Connect) -> None:
    server = start()
    with pytest.raises(RequestTooLargeError, match="Text 1"):
        await connect(server).embed(embed("short", "word " * 2100))
    assert server.requests == []


async def test_prompt_tokens_are_the_api_s_own_count(start: Start, connect: Connect) -> None:
    server = start(lambda _: Reply("", input_tokens=123))
    provider = connect(server)
    assert await provider.count_tokens(ask()) == 123
    await provider.count_tokens(ask(system="Be brief."))
    await provider.count_tokens(ask(json_schema=SCHEMA))
    bare, instructed, structured = server.requests
    assert bare.operation == "countTokens"
    assert bare.body.keys() == {"contents"}
    assert (instructed.system, instructed.prompt) == ("Be brief.", "Why?")
    assert structured.json_schema == NATIVE


async def test_the_check_wants_the_model_to_be_there(start: Start, connect: Connect) -> None:
    server = start(models=["gemini-2.5-pro"])
    with pytest.raises(ModelNotFoundError, match=r"gemini-2\.5-flash"):
        await connect(server).check()
    await connect(server).check("gemini-2.5-pro")
    assert server.requests == []


async def test_google_s_sdk_would_send_the_same(start: Start, connect: Connect) -> None:
    genai = pytest.importorskip("google.genai")
    types = genai.types
    server = start(lambda request: Reply(LONG if request.json_schema is None else '{"kind": "risk"}'))
    provider = connect(server)
    request = ask(system="Be brief.", top_p=0.9, top_k=5, max_output_tokens=50)
    structured = request.model_copy(update={"json_schema": SCHEMA})
    called = structured.model_copy(update={"model": "gemini-2.0-flash"})
    ours = [
        (await provider.complete(request)).text,
        "".join(piece for piece in await collect(provider, request) if isinstance(piece, str)),
        (await provider.complete(structured)).text,
        json.loads((await provider.complete(called)).text),
        (await provider.embed(embed("a", "b"))).vectors,
        await provider.count_tokens(ask()),
    ]

    options = types.HttpOptions(base_url=server.url, retry_options=types.HttpRetryOptions(attempts=1))
    client = genai.Client(api_key=server.api_key, http_options=options).aio
    # their own conversions give an instruction and texts to be embedded a role, which means nothing there
    common = {
        "system_instruction": types.Content(parts=[types.Part(text="Be brief.")]),
        "temperature": 0.7,
        "top_p": 0.9,
        "top_k": 5,
        "max_output_tokens": 50,
    }
    native = {"response_mime_type": "application/json", "response_json_schema": NATIVE}
    declared = types.FunctionDeclaration(
        name="answer",
        description="Gives the answer. Call it exactly once.",
        parameters_json_schema=SCHEMA,
    )
    choice = types.FunctionCallingConfig(mode="ANY", allowed_function_names=["answer"])
    tool = {
        "tools": [types.Tool(function_declarations=[declared])],
        "tool_config": types.ToolConfig(function_calling_config=choice),
        "automatic_function_calling": types.AutomaticFunctionCallingConfig(disable=True),
    }
    flash = "gemini-2.5-flash"
    models = client.models
    texts = [types.Content(parts=[types.Part(text=text)]) for text in ("a", "b")]
    try:
        plain = await models.generate_content(model=flash, contents="Why?", config=common)
        streamed = await models.generate_content_stream(model=flash, contents="Why?", config=common)
        pieces = [chunk.text async for chunk in streamed]
        shaped = await models.generate_content(model=flash, contents="Why?", config={**common, **native})
        by_tool = await models.generate_content(
            model="gemini-2.0-flash", contents="Why?", config={**common, **tool}
        )
        embedded = await models.embed_content(model="gemini-embedding-001", contents=texts)
        counted = await models.count_tokens(model=flash, contents="Why?")
        assert (await models.get(model=flash)).name == f"models/{flash}"
    finally:
        await client.aclose()

    assert ours == [
        plain.text,
        "".join(pieces),
        shaped.text,
        by_tool.function_calls[0].args,
        tuple(tuple(one.values) for one in embedded.embeddings),
        counted.total_tokens,
    ]
    half = len(server.requests) // 2
    for sent, theirs in zip(server.requests[:half], server.requests[half:], strict=True):
        spelt = json.dumps(theirs.body).replace("parameters_json_schema", "parametersJsonSchema")
        assert (sent.operation, sent.model, sent.body) == (theirs.operation, theirs.model, json.loads(spelt))


@pytest.mark.parametrize(("fault", "code"), [("throttle", 429), ("unavailable", 503), ("too_long", 400)])
async def test_google_s_sdk_understands_the_loopback_server_s_errors(
    fault: Any, code: int, start: Start
) -> None:
    genai = pytest.importorskip("google.genai")
    server = start(faults=FaultPlan([Fault(fault, retry_after=17)]))
    options = genai.types.HttpOptions(
        base_url=server.url, retry_options=genai.types.HttpRetryOptions(attempts=1)
    )
    client = genai.Client(api_key=server.api_key, http_options=options).aio
    try:
        with pytest.raises(genai.errors.APIError) as caught:
            await client.models.generate_content(model="gemini-2.5-flash", contents="Why?")
    finally:
        await client.aclose()
    assert caught.value.code == code
    assert {"retryDelay": "17s"}.items() <= caught.value.details["error"]["details"][-1].items()
