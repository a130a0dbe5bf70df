"""Spans of calls: OpenTelemetry's GenAI conventions, without a word of prompt or answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode

from techne.errors import (
    BudgetExceededError,
    ConfigurationError,
    LLMError,
    ProviderTimeoutError,
    RequestRejectedError,
    ThrottledError,
)
from techne.llm import CostBudget, EmbedRequest, LLMChunk, LLMExecutor, LLMRequest, ProviderAnswer, Usage
from techne.llm.testing import FakeClock, Gate, ScriptedProvider
from techne.llm.tracing import operation
from techne.settings import Settings
from tests.support.spans import RecordingTracerProvider
from tests.unit.llm.test_executor import until

SONNET = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
SECRET = "the-patient-is-called-Ana"
ANSWER = ProviderAnswer(
    f"Indeed {SECRET}.",
    "stop",
    Usage(input_tokens=1000, output_tokens=50, cache_read_tokens=600, cache_write_tokens=100),
)


@pytest.fixture
def tracing(monkeypatch: pytest.MonkeyPatch) -> RecordingTracerProvider:
    """The process's tracer provider, for the time of a test."""
    provider = RecordingTracerProvider()
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    return provider


def ask(prompt: str = SECRET, **fields: object) -> LLMRequest:
    return LLMRequest.model_validate({"provider": "bedrock", "prompt": prompt, **fields})


async def test_a_call_is_a_client_span_with_the_conventions_names(
    settings: Settings, tracing: RecordingTracerProvider
) -> None:
    provider = ScriptedProvider([ANSWER], name="bedrock", model=SONNET)
    async with LLMExecutor(settings, providers={"bedrock": provider}) as executor:
        response = await executor.submit(
            ask(
                system=SECRET,
                max_output_tokens=300,
                temperature=0.2,
                top_p=0.9,
                top_k=40,
                request_id="run-7/3",
                tags={"execution_id": "abc"},
            )
        )
    (span,) = tracing.of_calls()
    assert (span.name, span.kind, span.is_over) == (f"chat {SONNET}", SpanKind.CLIENT, True)
    assert span.status is StatusCode.UNSET
    assert response.cost_usd is not None
    assert span.attributes == {
        "techne.cost_usd": float(response.cost_usd),
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "aws.bedrock",
        "gen_ai.request.model": SONNET,
        "gen_ai.request.max_tokens": 300,
        "gen_ai.request.temperature": 0.2,
        "gen_ai.request.top_p": 0.9,
        "gen_ai.request.top_k": 40.0,
        "gen_ai.response.model": SONNET,
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.usage.input_tokens": 1000,
        "gen_ai.usage.output_tokens": 50,
        "gen_ai.usage.cache_read.input_tokens": 600,
        "gen_ai.usage.cache_creation.input_tokens": 100,
        "techne.attempts": 1,
        "techne.request_id": "run-7/3",
        "techne.tag.execution_id": "abc",
    }


async def read(chunks: AsyncIterator[LLMChunk]) -> None:
    async for _ in chunks:
        pass


@pytest.mark.parametrize("way", ["submit", "submit_sync", "submit_many", "stream", "stream_sync", "embed"])
async def test_the_parent_is_the_callers_span_though_the_call_runs_elsewhere(
    settings: Settings, tracing: RecordingTracerProvider, way: str
) -> None:
    provider = ScriptedProvider([ANSWER], name="bedrock")
    vectors = EmbedRequest(provider="bedrock", texts=("a",))
    async with LLMExecutor(settings, providers={"bedrock": provider}) as executor:
        with tracing.get_tracer("caller").start_as_current_span("caller") as caller:
            match way:
                case "submit":
                    await executor.submit(ask())
                case "submit_sync":
                    executor.submit_sync(ask())
                case "submit_many":
                    async for outcome in executor.submit_many([ask()]):
                        outcome.result()
                case "stream":
                    await read(executor.stream(ask()))
                case "stream_sync":
                    list(executor.stream_sync(ask()))
                case _:
                    await executor.embed(vectors)
            assert trace.get_current_span() is caller
    (span,) = tracing.of_calls()
    assert span.parent == caller.get_span_context()
    assert span.thread == "techne-llm"
    assert tracing.spans[0].thread != "techne-llm"


async def test_callers_on_several_threads_each_get_their_own(
    settings: Settings, tracing: RecordingTracerProvider
) -> None:
    gate = Gate()
    provider = ScriptedProvider(lambda request: request.prompt, name="bedrock", gate=gate)

    def work(name: str) -> None:
        with tracing.get_tracer("caller").start_as_current_span(name):
            executor.submit_sync(ask("Why?", tags={"caller": name}))

    with LLMExecutor(settings, providers={"bedrock": provider}) as executor, ThreadPoolExecutor(3) as threads:
        running = [threads.submit(work, f"caller-{number}") for number in range(3)]
        await until(lambda: provider.in_flight == 3)
        gate.open()
        for future in running:
            future.result()
    names = {recorded.span.get_span_context().span_id: recorded.name for recorded in tracing.spans}
    calls = tracing.of_calls()
    assert len(calls) == 3
    assert all(
        span.parent is not None and names[span.parent.span_id] == span.attributes["techne.tag.caller"]
        for span in calls
    )


async def test_the_span_is_current_while_the_provider_is_asked(
    settings: Settings, tracing: RecordingTracerProvider
) -> None:
    seen: list[Any] = []

    def answer(_: LLMRequest) -> ProviderAnswer:
        seen.append(trace.get_current_span())
        return ANSWER

    async with LLMExecutor(settings, providers={"bedrock": ScriptedProvider(answer)}) as executor:
        await executor.submit(ask())
        await read(executor.stream(ask()))
    assert seen == [recorded.span for recorded in tracing.of_calls()]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ThrottledError(f"Slow down: {SECRET}."), "throttled"),
        (ProviderTimeoutError(f"Late: {SECRET}."), "timeout"),
        (RequestRejectedError(f"Refused: {SECRET}."), "rejected"),
        (LLMError(f"Odd: {SECRET}."), "LLMError"),
        (ConfigurationError(f"None: {SECRET}."), "ConfigurationError"),
    ],
)
@pytest.mark.parametrize("way", ["submit", "stream"])
async def test_a_failure_is_noted_by_its_kind_alone(
    settings: Settings, tracing: RecordingTracerProvider, error: Exception, kind: str, way: str
) -> None:
    provider = ScriptedProvider([error], name="bedrock")
    once = settings.model_copy(update={"llm_executor_max_attempts": 1})
    async with LLMExecutor(once, providers={"bedrock": provider}, clock=FakeClock()) as executor:
        with pytest.raises(type(error)):
            await (executor.submit(ask()) if way == "submit" else read(executor.stream(ask())))
    (span,) = tracing.of_calls()
    assert span.attributes["error.type"] == kind
    assert span.status is StatusCode.ERROR
    assert span.is_over
    assert SECRET not in span.words


async def test_neither_prompt_nor_answer_gets_into_a_span(
    settings: Settings, tracing: RecordingTracerProvider
) -> None:
    async with LLMExecutor(settings, providers={"bedrock": ScriptedProvider([ANSWER])}) as executor:
        await executor.submit(ask(system=SECRET, prefill=SECRET))
        await read(executor.stream(ask(system=SECRET)))
        await executor.embed(EmbedRequest(provider="bedrock", texts=(SECRET,)))
    assert len(tracing.of_calls()) == 3
    assert all(SECRET not in span.words for span in tracing.spans)


async def test_a_stream_notes_when_its_first_piece_came(
    settings: Settings, tracing: RecordingTracerProvider
) -> None:
    clock = FakeClock()

    class Slow(ScriptedProvider):
        async def stream(self, request: LLMRequest) -> AsyncIterator[str | ProviderAnswer]:
            for piece in ("Be", "cause"):
                await clock.sleep(2.0)
                yield piece
            yield ANSWER

    async with LLMExecutor(settings, providers={"bedrock": Slow()}, clock=clock) as executor:
        await read(executor.stream(ask()))
    (span,) = tracing.of_calls()
    assert span.attributes["gen_ai.request.stream"] is True
    assert span.attributes["gen_ai.response.time_to_first_chunk"] == 2.0
    assert span.attributes["gen_ai.usage.output_tokens"] == 50


async def test_a_reader_who_leaves_ends_the_span_without_a_fault(
    settings: Settings, tracing: RecordingTracerProvider
) -> None:
    class Endless(ScriptedProvider):
        async def stream(self, request: LLMRequest) -> AsyncIterator[str | ProviderAnswer]:
            while True:
                await asyncio.sleep(0)
                yield "more "

    async with LLMExecutor(settings, providers={"bedrock": Endless()}) as executor:
        chunks = executor.stream(ask())
        await anext(chunks)
        await chunks.aclose()  # type: ignore[attr-defined]
        await until(lambda: tracing.of_calls()[0].is_over)
    (span,) = tracing.of_calls()
    assert span.attributes["techne.cancelled"] is True
    assert span.status is StatusCode.UNSET
    assert "error.type" not in span.attributes


async def test_a_cancelled_caller_ends_the_span_without_a_fault(
    settings: Settings, tracing: RecordingTracerProvider
) -> None:
    provider = ScriptedProvider(gate=Gate())
    async with LLMExecutor(settings, providers={"bedrock": provider}) as executor:
        task = asyncio.create_task(executor.submit(ask()))
        await until(lambda: provider.in_flight == 1)
        task.cancel()
        await until(lambda: tracing.of_calls()[0].is_over)
    (span,) = tracing.of_calls()
    assert span.attributes["techne.cancelled"] is True
    assert span.status is StatusCode.UNSET


async def test_vectors_are_a_span_of_their_own_kind(
    settings: Settings, tracing: RecordingTracerProvider
) -> None:
    async with LLMExecutor(settings, providers={"openai": ScriptedProvider(name="openai")}) as executor:
        response = await executor.embed(
            EmbedRequest(provider="openai", texts=("one", "two"), dimensions=256, request_id="e-1")
        )
    (span,) = tracing.of_calls()
    assert span.name == "embeddings scripted-vectors"
    assert span.attributes["gen_ai.operation.name"] == "embeddings"
    assert span.attributes["gen_ai.provider.name"] == "openai"
    assert span.attributes["gen_ai.embeddings.dimension.count"] == 256
    assert span.attributes["gen_ai.usage.input_tokens"] == response.usage.input_tokens > 0
    assert "gen_ai.usage.output_tokens" not in span.attributes


async def test_retries_are_one_span_and_a_fallback_another(
    settings: Settings, tracing: RecordingTracerProvider
) -> None:
    first = ScriptedProvider([ThrottledError("Slow."), ThrottledError("Slow."), ANSWER], name="bedrock")
    broken = ScriptedProvider([RequestRejectedError("No."), ANSWER], name="openai", model="small")
    gone = ScriptedProvider([ProviderTimeoutError("Late.")], name="gemini", model="flash")
    async with LLMExecutor(
        settings, providers={"bedrock": first, "openai": broken, "gemini": gone}, clock=FakeClock()
    ) as executor:
        await executor.submit(ask())
        await executor.submit(ask(provider="gemini", fallbacks=("bedrock",)))
    retried, late, taken_over = tracing.of_calls()
    assert retried.attributes["techne.attempts"] == 3
    assert late.attributes["gen_ai.provider.name"] == "gcp.gemini"
    assert late.attributes["error.type"] == "timeout"
    assert taken_over.attributes["gen_ai.provider.name"] == "aws.bedrock"
    assert taken_over.status is StatusCode.UNSET


async def test_a_cached_answer_is_no_call(
    caching_settings: Settings, tracing: RecordingTracerProvider
) -> None:
    async with LLMExecutor(caching_settings, providers={"bedrock": ScriptedProvider([ANSWER])}) as executor:
        await executor.submit(ask(json_schema=None))
        assert (await executor.submit(ask())).cached
    assert len(tracing.of_calls()) == 1


async def test_a_schema_shows_as_json(settings: Settings, tracing: RecordingTracerProvider) -> None:
    async with LLMExecutor(settings, providers={"bedrock": ScriptedProvider('{"a": 1}')}) as executor:
        await executor.submit(ask(json_schema={"type": "object"}))
    assert tracing.of_calls()[0].attributes["gen_ai.output.type"] == "json"


async def test_a_refusal_before_the_call_is_told(
    settings: Settings, tracing: RecordingTracerProvider
) -> None:
    provider = ScriptedProvider([ANSWER], name="openai", model="gpt-4.1-mini")
    async with LLMExecutor(settings, providers={"openai": provider}) as executor:
        with pytest.raises(BudgetExceededError):
            await executor.submit(
                ask(
                    provider="openai", budget=CostBudget.model_validate({"name": "b", "max_cost_usd": "1e-9"})
                )
            )
    assert provider.requests == []
    assert tracing.of_calls()[0].attributes["error.type"] == "budget"


@pytest.mark.parametrize("provider", [None, trace.NoOpTracerProvider()])
def test_where_nobody_collects_nothing_is_made(
    monkeypatch: pytest.MonkeyPatch, provider: trace.TracerProvider | None
) -> None:
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    spans = {id(operation("chat", ask(str(number)))) for number in range(3)}
    assert len(spans) == 1
    with operation("chat", ask()):
        assert not trace.get_current_span().get_span_context().is_valid


def test_a_provider_that_is_set_later_gets_the_spans(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = RecordingTracerProvider(), RecordingTracerProvider()
    for provider in (first, second):
        monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
        before = trace.get_current_span()
        with operation("chat", ask()):
            assert trace.get_current_span() is provider.spans[0].span
        assert trace.get_current_span() is before
    assert len(first.of_calls()) == len(second.of_calls()) == 1
