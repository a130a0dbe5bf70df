"""Ollama: the provider against a loopback server, and the official client as the oracle of what is sent.

S4-2 (Ollama behind the executor), S4-9 (typed failures), S4-10 (limits), resolutions 12 and 13.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import ollama
import pytest

from techne.errors import (
    LLMError,
    MalformedResponseError,
    ModelNotFoundError,
    ProviderAccessError,
    ProviderTimeoutError,
    ProviderUnavailableError,
    RequestRejectedError,
    RequestTooLargeError,
    ThrottledError,
)
from techne.llm import LLMExecutor, LLMRequest, Usage
from techne.llm.model import CONTINUE_INSTRUCTION, EmbedRequest, Message
from techne.llm.provider import ProviderAnswer
from techne.llm.providers.ollama import OllamaProvider
from techne.llm.retry import RetryPolicy
from techne.llm.testing import FakeClock
from techne.settings import Settings
from tests.loopback import Fault, FaultPlan, RecordedRequest, Reply, Responder, default_responder
from tests.loopback.ollama import ERRORS, OllamaHandler, OllamaServer

Start = Callable[..., OllamaServer]
Connect = Callable[..., OllamaProvider]
SCHEMA = {"type": "object", "properties": {"kind": {"type": "string"}}, "required": ["kind"]}
MODELS = ("qwen2:7b", "llama3.1:8b", "nomic-embed-text:latest")
LONG = "An answer that is long enough to come in several pieces, one after the other."


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts servers, and closes them."""
    servers: list[OllamaServer] = []

    def begin(responder: Responder = default_responder, **options: Any) -> OllamaServer:
        servers.append(OllamaServer(responder, **{"models": MODELS, **options}).start())
        return servers[-1]

    yield begin
    for server in servers:
        server.close()


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """Builds providers, and closes them."""
    providers: list[OllamaProvider] = []

    def build(server: OllamaServer, **fields: Any) -> OllamaProvider:
        settings = Settings.model_validate({"ollama_host": server.url, **fields})
        providers.append(OllamaProvider(settings))
        return providers[-1]

    yield build
    for provider in providers:
        await provider.close()


def executor_at(server: OllamaServer, tmp_path: Path, *, max_attempts: int = 1, **fields: Any) -> LLMExecutor:
    settings = Settings.model_validate(
        {"techne_home": tmp_path, "llm_executor_cache": False, "ollama_host": server.url, **fields}
    )
    return LLMExecutor(settings, clock=FakeClock(), retry=RetryPolicy(max_attempts=max_attempts))


def ask(prompt: str = "Why?", **fields: Any) -> LLMRequest:
    return LLMRequest(provider="ollama", prompt=prompt, **fields)


def streamed(provider: OllamaProvider, request: LLMRequest) -> aclosing[Any]:
    return aclosing(cast("Any", provider.stream(request)))


async def test_an_answer_with_its_tokens(start: Start, connect: Connect) -> None:
    server = start(lambda _: Reply("Because.", input_tokens=20, output_tokens=3))
    answer = await connect(server).complete(ask(system="Be brief."))
    assert (answer.text, answer.finish_reason) == ("Because.", "stop")
    assert answer.usage == Usage(input_tokens=20, output_tokens=3)
    sent = server.requests[0]
    assert (sent.model, sent.system, sent.prompt) == ("qwen2:7b", "Be brief.", "Why?")
    assert sent.body["options"] == {"num_ctx": 2048, "num_predict": 800, "temperature": 0.7}
    assert sent.body["keep_alive"] == "5m"


async def test_a_local_answer_costs_nothing(start: Start, tmp_path: Path) -> None:
    async with executor_at(start(), tmp_path) as executor:
        response = await executor.submit(ask())
    assert (response.model, response.cost_usd) == ("qwen2:7b", Decimal(0))


async def test_sampling_goes_out_as_options_and_into_the_cache_key(start: Start, connect: Connect) -> None:
    server = start()
    provider = connect(server)
    request = ask(temperature=0, top_p=0.9, top_k=5)
    await provider.complete(request)
    sampling = {"temperature": 0, "top_p": 0.9, "top_k": 5}
    assert server.requests[0].body["options"].items() >= sampling.items()
    assert provider.parameters(request).items() >= sampling.items()


@pytest.mark.parametrize(("asked", "sent"), [(None, 800), (300, 300), (100_000, 2036)])
async def test_the_answer_s_length_is_the_call_s_then_the_setting_s_within_the_window(
    asked: int | None, sent: int, start: Start, connect: Connect
) -> None:
    server = start()
    answer = await connect(server).complete(ask("one two three", max_output_tokens=asked))
    assert server.requests[0].max_tokens == answer.output_limit == pytest.approx(sent, abs=3)
    assert answer.output_ceiling == pytest.approx(2036, abs=3)


async def test_a_schema_goes_out_as_the_format(start: Start, connect: Connect) -> None:
    server = start(lambda _: Reply('{"kind": "risk"}'))
    answer = await connect(server).complete(ask(json_schema=SCHEMA))
    assert answer.text == '{"kind": "risk"}'
    assert server.requests[0].body["format"] == SCHEMA


async def test_a_conversation_goes_out_turn_by_turn(start: Start, connect: Connect) -> None:
    server = start()
    turns = (
        Message(role="user", content="One?"),
        Message(role="assistant", content="One."),
        Message(role="user", content="Two?"),
    )
    await connect(server).complete(LLMRequest(provider="ollama", messages=turns))
    assert server.requests[0].messages == [("user", "One?"), ("assistant", "One."), ("user", "Two?")]


async def test_a_cut_off_answer_is_continued_by_asking_for_the_rest(start: Start, connect: Connect) -> None:
    server = start()
    await connect(server).complete(ask(prefill="Because the"))
    assert server.requests[0].messages == [
        ("user", "Why?"),
        ("assistant", "Because the"),
        ("user", CONTINUE_INSTRUCTION),
    ]


async def test_an_alias_names_its_model(start: Start, connect: Connect) -> None:
    server = start()
    await connect(server).complete(ask(model="llama3.1-8b"))
    assert server.requests[0].model == "llama3.1:8b"


async def test_a_key_goes_out_as_a_bearer_token(start: Start, connect: Connect) -> None:
    server = start(api_key="sesame")
    assert (await connect(server, ollama_api_key="sesame").complete(ask())).text
    with pytest.raises(ProviderAccessError, match="OLLAMA_API_KEY") as caught:
        await connect(server, ollama_api_key="wrong").complete(ask())
    assert "wrong" not in str(caught.value)


async def test_a_prompt_that_cannot_fit_is_refused_unsent(start: Start, connect: Connect) -> None:
    server = start()
    provider = connect(server)
    with pytest.raises(RequestTooLargeError, match="OLLAMA_NUM_CTX"):
        await provider.complete(ask("word " * 2040))
    with pytest.raises(RequestTooLargeError, match="OLLAMA_NUM_CTX"):
        await anext(provider.stream(ask("word " * 2040)))
    assert server.requests == []


async def test_a_prompt_that_ollama_cut_is_noticed(start: Start, connect: Connect) -> None:
    provider = connect(start(lambda _: Reply("Half an answer.", input_tokens=2048)))
    with pytest.raises(RequestTooLargeError, match="cut the prompt"):
        await provider.complete(ask())
    with pytest.raises(RequestTooLargeError, match="cut the prompt"):
        [piece async for piece in provider.stream(ask())]


async def test_a_truncated_answer_says_so(start: Start, connect: Connect) -> None:
    server = start(faults=FaultPlan(["max_tokens"]))
    assert (await connect(server).complete(ask())).finish_reason == "length"


async def test_an_answer_that_ran_over_the_window_is_truncated(start: Start, connect: Connect) -> None:
    server = start(lambda _: Reply("Rambling.", input_tokens=2000, output_tokens=700))
    assert (await connect(server).complete(ask())).finish_reason == "length"


@pytest.mark.parametrize(
    ("fault", "kind", "says"),
    [
        ("throttle", ThrottledError, "server busy"),
        ("internal_error", ProviderUnavailableError, "runner process"),
        ("unavailable", ProviderUnavailableError, "503"),
        ("reset", ProviderUnavailableError, "broke off"),
        ("broken_json", MalformedResponseError, "not its protocol"),
        ("truncated_body", MalformedResponseError, "not its protocol"),
        ("access_denied", ProviderAccessError, "OLLAMA_API_KEY"),
        ("unknown_model", ModelNotFoundError, "ollama pull qwen2:7b"),
        ("too_long", RequestTooLargeError, "OLLAMA_NUM_CTX"),
        ("schema", RequestRejectedError, "invalid JSON schema"),
    ],
)
async def test_every_fault_is_typed_and_says_what_to_do(
    fault: Any, kind: type[LLMError], says: str, start: Start, connect: Connect
) -> None:
    server = start(faults=FaultPlan([fault, fault]))
    provider = connect(server)
    with pytest.raises(kind, match=says):
        await provider.complete(ask())
    with pytest.raises(kind, match=says):
        [piece async for piece in provider.stream(ask(LONG))]
    assert (await provider.complete(ask("And now?"))).text


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (500, "input length exceeds maximum context length", RequestTooLargeError),
        (400, "prompt exceeds the available context size", RequestTooLargeError),
        (500, "context deadline exceeded", ProviderUnavailableError),
        (501, "this model does not support embeddings", RequestRejectedError),
        (301, "Moved Permanently", RequestRejectedError),
    ],
)
async def test_what_ollama_says_decides_where_the_status_does_not(
    status: int,
    message: str,
    kind: type[LLMError],
    start: Start,
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(ERRORS, "internal_error", (status, message))
    server = start(faults=FaultPlan(["internal_error"]))
    with pytest.raises(LLMError, match=message) as caught:
        await connect(server).embed(EmbedRequest(provider="ollama", texts=("one",)))
    assert type(caught.value) is kind


async def test_a_stream_gives_the_words_and_then_the_whole_answer(start: Start, connect: Connect) -> None:
    server = start(lambda _: Reply(LONG, input_tokens=20, output_tokens=15))
    provider = connect(server)
    *pieces, answer = [piece async for piece in provider.stream(ask(json_schema=SCHEMA))]
    assert len(pieces) > 1
    assert "".join(cast("list[str]", pieces)) == LONG
    assert isinstance(answer, ProviderAnswer)
    assert (answer.text, answer.finish_reason) == (LONG, "stop")
    assert answer.usage == Usage(input_tokens=20, output_tokens=15)
    assert server.requests[0].body["format"] == SCHEMA


async def test_words_arrive_before_the_answer_is_over_and_leaving_ends_the_call(
    start: Start, connect: Connect
) -> None:
    server = start(lambda _: Reply(LONG), faults=FaultPlan(["timeout"]))
    async with streamed(connect(server), ask()) as stream:
        assert LONG.startswith(await anext(stream))
        assert server.in_flight == 1
    await asyncio.to_thread(server.wait_for, ended=1)  # the server sees its client go


async def test_a_stream_that_ends_before_the_answer_does_is_malformed(start: Start, connect: Connect) -> None:
    class ShortHandler(OllamaHandler):
        def pieces(self, request: RecordedRequest, reply: Reply) -> list[bytes] | None:
            return (super().pieces(request, reply) or [])[:-1]

    class Short(OllamaServer):
        handler = ShortHandler

    with Short(lambda _: Reply(LONG)) as server, pytest.raises(MalformedResponseError, match="too early"):
        [piece async for piece in connect(server).stream(ask())]


async def test_vectors_come_one_per_text_in_order(start: Start, connect: Connect) -> None:
    server = start()
    provider = connect(server)
    texts = ("one", "two", "three")
    answer = await provider.embed(EmbedRequest(provider="ollama", texts=texts))
    turned = await provider.embed(EmbedRequest(provider="ollama", texts=texts[::-1]))
    assert answer.vectors == turned.vectors[::-1]
    assert len(set(answer.vectors)) == 3
    assert answer.usage.input_tokens > 0
    assert server.requests[0].model == provider.embedding_model == "nomic-embed-text"


async def test_texts_for_vectors_are_never_cut_silently(start: Start, connect: Connect) -> None:
    server = start(faults=FaultPlan(["too_long"]))
    with pytest.raises(RequestTooLargeError):
        await connect(server).embed(EmbedRequest(provider="ollama", texts=("long",)))
    assert server.requests[0].body["truncate"] is False


async def test_the_length_of_vectors_can_be_chosen(start: Start, connect: Connect) -> None:
    answer = await connect(start()).embed(EmbedRequest(provider="ollama", texts=("one",), dimensions=5))
    assert len(answer.vectors[0]) == 5


async def test_a_server_that_ignores_the_chosen_length_is_found_out(start: Start, connect: Connect) -> None:
    class OldHandler(OllamaHandler):
        def read_json(self) -> dict[str, Any]:
            return {name: value for name, value in super().read_json().items() if name != "dimensions"}

    class Old(OllamaServer):
        handler = OldHandler

    with Old(models=MODELS) as server, pytest.raises(RequestRejectedError, match="not of 5"):
        await connect(server).embed(EmbedRequest(provider="ollama", texts=("one",), dimensions=5))


async def test_prompt_tokens_are_estimated_without_a_call(start: Start, connect: Connect) -> None:
    server = start()
    provider = connect(server)
    short, long = await provider.count_tokens(ask()), await provider.count_tokens(ask("word " * 100))
    assert 0 < short < 100 < long
    assert server.requests == []


async def test_nobody_listening_says_how_to_start_it(start: Start, connect: Connect) -> None:
    server = start()
    server.close()
    provider = connect(server)
    for call in (
        provider.complete(ask()),
        provider.check(),
        anext(provider.stream(ask())),
        provider.embed(EmbedRequest(provider="ollama", texts=("one",))),
    ):
        with pytest.raises(ProviderUnavailableError, match="ollama serve"):
            await call


async def test_the_check_wants_the_model_pulled(start: Start, connect: Connect) -> None:
    server = start(models=["llama3.1:8b"])
    with pytest.raises(ModelNotFoundError, match="ollama pull qwen2:7b"):
        await connect(server).check()
    await connect(server, ollama_model="llama3.1-8b").check()
    assert server.requests == []


async def test_the_official_client_would_send_the_same(start: Start, connect: Connect) -> None:
    server = start()
    provider, client = connect(server), ollama.AsyncClient(host=server.url)
    request = ask(system="Be brief.", json_schema=SCHEMA, top_p=0.9, top_k=5, max_output_tokens=50)
    said = await provider.complete(request)
    pieces = [piece async for piece in provider.stream(request)]
    vectors = (await provider.embed(EmbedRequest(provider="ollama", texts=("a", "b"), dimensions=4))).vectors
    told: dict[str, Any] = {
        "model": "qwen2:7b",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Why?"}],
        "format": SCHEMA,
        "options": {"num_ctx": 2048, "num_predict": 50, "temperature": 0.7, "top_p": 0.9, "top_k": 5},
        "keep_alive": "5m",
    }
    theirs = await client.chat(**told)
    their_pieces = [part async for part in await client.chat(**told, stream=True)]
    their_vectors = await client.embed(
        "nomic-embed-text", ["a", "b"], truncate=False, dimensions=4, keep_alive="5m"
    )
    await client.close()  # type: ignore[no-untyped-call]
    ours, official = server.requests[:3], server.requests[3:]
    # their client lists no tools where ours says nothing of them
    without_tools = [{name: value for name, value in sent.body.items() if value != []} for sent in official]
    assert [sent.body for sent in ours] == without_tools
    assert said.text == theirs.message.content
    assert [piece for piece in pieces if isinstance(piece, str)] == [
        part.message.content for part in their_pieces if part.message.content
    ]
    assert vectors == tuple(map(tuple, their_vectors.embeddings))


async def test_a_stalled_server_is_left_when_the_time_is_over(start: Start, tmp_path: Path) -> None:
    server = start(faults=FaultPlan(["timeout"]))
    async with executor_at(server, tmp_path, ollama_timeout_seconds=0.1) as executor:
        with pytest.raises(ProviderTimeoutError, match=r"within 0\.1 s"):
            await executor.submit(ask())
        assert (await executor.submit(ask("And now?", timeout_seconds=10))).text


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
