"""The line per call (S4-14) and the summary of S1-44: figures for people and for JSON, none forged."""

from __future__ import annotations

import json
import logging
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import techne.llm.call_log as call_log
from techne.errors import LLMError, RequestRejectedError, ThrottledError
from techne.llm import EmbedRequest, LLMExecutor, LLMRequest, LLMResponse, ProviderAnswer, Usage
from techne.llm.call_log import MOST_CHARACTERS, log_answer, log_summary, one_line
from techne.llm.testing import FakeClock, ScriptedProvider, Step
from techne.settings import Settings

ANSWER = ProviderAnswer("a secret answer", "length", Usage(input_tokens=5000, output_tokens=3000))
NASTY = "\n\r\x1b[31m\x00\x7f\x85\u2028\u202e\ud800"


def ask(prompt: str = "a secret question", **fields: object) -> LLMRequest:
    return LLMRequest.model_validate({"provider": "bedrock", "prompt": prompt, **fields})


def answered(**fields: object) -> LLMResponse:
    whole = {
        "text": "",
        "provider": "bedrock",
        "model": "m",
        "finish_reason": "stop",
        "usage": Usage(),
        "latency_seconds": 0.0,
        "attempts": 1,
    }
    return LLMResponse.model_validate({**whole, **fields})


def call_lines(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if hasattr(record, "llm")]


def figures(record: logging.LogRecord) -> dict[str, Any]:
    told: dict[str, Any] = record.llm  # type: ignore[attr-defined]
    return told


async def test_an_answer_is_told_to_people_and_to_machines(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    clock = FakeClock()
    provider = ScriptedProvider([ThrottledError("Slow."), ANSWER], name="bedrock", model="us.claude")
    with caplog.at_level(logging.INFO, "techne.llm"):
        async with LLMExecutor(settings, providers={"bedrock": provider}, clock=clock) as executor:
            response = await executor.submit(ask(request_id="run-7/3", tags={"execution_id": "abc"}))
    record = call_lines(caplog)[-1]
    latency = round(1000 * response.latency_seconds)
    assert record.getMessage() == (
        f"request_id=run-7/3 provider=bedrock model=us.claude queue_len=0 latency_ms={latency} "
        "finish_reason=length attempts=2 tokens=8000 cost_usd=None cached=False tag.execution_id=abc"
    )
    assert figures(record) == {
        "request_id": "run-7/3",
        "provider": "bedrock",
        "model": "us.claude",
        "queue_len": 0,
        "latency_ms": latency,
        "finish_reason": "length",
        "attempts": 2,
        "tokens": 8000,
        "cost_usd": None,
        "cached": False,
        "tags": {"execution_id": "abc"},
    }
    assert "secret" not in caplog.text


async def test_every_line_can_be_written_as_json(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    steps: list[Step] = [ThrottledError("Slow."), ANSWER, RequestRejectedError("No.")]
    provider = ScriptedProvider(steps, name="openai", model="gpt-4.1-mini")
    with caplog.at_level(logging.INFO, "techne.llm"):
        async with LLMExecutor(settings, providers={"openai": provider}, clock=FakeClock()) as executor:
            response = await executor.submit(ask(provider="openai"))
            with pytest.raises(RequestRejectedError):
                await executor.submit(ask(provider="openai", tags={"kind": "x"}))
            await executor.embed(EmbedRequest(provider="openai", texts=("one", "two"), request_id="e-1"))
    told = [json.loads(json.dumps(figures(record))) for record in call_lines(caplog)]
    assert [line.get("failure", "") for line in told] == ["throttled", "", "rejected", ""]
    retry, answer, failure, vectors = told
    assert (retry["attempt"], "next_in_ms" in retry) == (1, True)
    assert response.cost_usd is not None
    assert answer["cost_usd"] == float(response.cost_usd) > 0
    assert (failure["finish_reason"], failure["tags"]) == ("error", {"kind": "x"})
    assert (vectors["request_id"], vectors["vectors"], vectors["attempts"]) == ("e-1", 2, 1)


async def test_a_failure_is_a_warning_with_the_same_figures(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    provider = ScriptedProvider([RequestRejectedError("No.")], name="bedrock", model="us.claude")
    with caplog.at_level(logging.WARNING, "techne.llm"):
        async with LLMExecutor(settings, providers={"bedrock": provider}, clock=FakeClock()) as executor:
            with pytest.raises(RequestRejectedError):
                await executor.submit(ask(request_id="r"))
    (record,) = call_lines(caplog)
    assert record.levelno == logging.WARNING
    assert record.getMessage() == (
        "request_id=r provider=bedrock model=us.claude queue_len=0 latency_ms=0 "
        "finish_reason=error failure=rejected attempts=1 tokens=0 cost_usd=0"
    )


async def test_nothing_a_caller_or_a_provider_says_makes_a_line_of_its_own(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    steps: list[Step] = [
        ThrottledError(f"Slow.{NASTY}ERROR forged"),
        ANSWER,
        RequestRejectedError(f"No.{NASTY}"),
    ]
    provider = ScriptedProvider(steps, name="bedrock")
    nasty: dict[str, Any] = {
        "request_id": "1\nERROR forged request_id=2",
        "model": 'm" finish_reason=stop',
        "tags": {"a\nb": "c\r\nERROR forged", "finish_reason": "stop provider=x"},
    }
    with caplog.at_level(logging.INFO, "techne.llm"):
        async with LLMExecutor(settings, providers={"bedrock": provider}, clock=FakeClock()) as executor:
            await executor.submit(ask(**nasty))
            with pytest.raises(RequestRejectedError):
                await executor.submit(ask(**nasty))
    messages = [record.getMessage() for record in call_lines(caplog)]
    assert len(messages) == 3
    assert all(message.isprintable() for message in messages)
    assert messages[1].startswith(
        'request_id="1\\nERROR forged request_id=2" provider=bedrock model="m\\" finish'
    )
    assert messages[1].endswith('tag."a\\nb"="c\\r\\nERROR forged" tag.finish_reason="stop provider=x"')


def test_long_values_are_cut(caplog: pytest.LogCaptureFixture) -> None:
    request = ask(request_id="x" * 100_000, tags={"note": "y" * 100_000})
    with caplog.at_level(logging.INFO, "techne.llm"):
        log_answer(request, answered(), queue_length=0, latency_seconds=0.0)
    assert len(caplog.messages[0]) < 3 * MOST_CHARACTERS
    assert "x" * MOST_CHARACTERS + "…" in caplog.messages[0]


def test_small_costs_are_written_out(caplog: pytest.LogCaptureFixture) -> None:
    response = answered(cost_usd=Decimal("0.0000001"))
    with caplog.at_level(logging.INFO, "techne.llm"):
        log_answer(ask(), response, queue_length=0, latency_seconds=0.0)
    assert "cost_usd=0.0000001 " in caplog.messages[0]


def test_nothing_is_formatted_for_a_level_that_is_off(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Untouchable:
        def __getattr__(self, name: str) -> object:
            raise AssertionError(f"{name} was read")

    caplog.set_level(logging.WARNING, "techne.llm")
    nothing: Any = Untouchable()
    log_answer(nothing, nothing, queue_length=0, latency_seconds=0.0)
    call_log.log_vectors(nothing, nothing, queue_length=0)
    caplog.set_level(logging.ERROR, "techne.llm")
    call_log.log_failure(nothing, LLMError("No."), nothing, 0.0)
    call_log.log_retry(nothing, LLMError("No."), attempt=1, wait_seconds=0.0)
    assert caplog.records == []


def test_the_summary_has_the_words_of_the_requirement(caplog: pytest.LogCaptureFixture) -> None:
    response = answered(
        text=2500 * "x",
        usage=Usage(input_tokens=5000, output_tokens=3000),
        cost_usd=Decimal("0.1350"),
    )
    with caplog.at_level(logging.INFO, "techne.llm"):
        log_summary("Bedrock", response)
    assert caplog.messages == ["Bedrock response: 2500 chars, 8000 tokens, $0.135"]


async def test_a_stream_and_a_cached_answer_have_their_line(
    caching_settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    provider = ScriptedProvider([ProviderAnswer("Yes.", "stop", Usage(input_tokens=3, output_tokens=2))])
    with caplog.at_level(logging.INFO, "techne.llm"):
        async with LLMExecutor(caching_settings, providers={"bedrock": provider}) as executor:
            async for _ in executor.stream(ask(request_id="first")):
                pass
            await executor.submit(ask(request_id="second"))
    told = [figures(record) for record in call_lines(caplog)]
    assert [(line["request_id"], line["cached"], line["attempts"]) for line in told] == [
        ("first", False, 1),
        ("second", True, 1),
    ]
    assert caplog.messages.count("Scripted provider response: 4 chars, 5 tokens, price unknown") == 1


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_one_line_is_one_printable_line(text: str) -> None:
    line = one_line(text)
    assert line.isprintable()
    assert len(line.splitlines()) <= 1
    if text.isprintable() and len(text) <= MOST_CHARACTERS:
        assert line == text
