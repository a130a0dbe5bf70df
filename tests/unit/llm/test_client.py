"""`BedrockLLMClient` (S1-16 to S1-18): what scripts call, through the executor."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from decimal import Decimal

import pytest
from pydantic import ValidationError

from techne.errors import OutputValidationError, RequestRejectedError
from techne.llm import LLMExecutor, ProviderAnswer, Usage
from techne.llm.client import DEFAULT_MODEL_ID, BedrockLLMClient, CallUsage
from techne.llm.testing import ScriptedProvider
from techne.settings import Settings
from tests.unit.llm.test_executor import until

ANSWER = ProviderAnswer("Because of it.", "stop", Usage(input_tokens=5000, output_tokens=3000))


def scripted(*steps: ProviderAnswer | str | Exception) -> ScriptedProvider:
    return ScriptedProvider(steps or (ANSWER,), name="bedrock", model="default")


def test_a_client_is_made_without_a_question_and_without_a_call() -> None:
    client = BedrockLLMClient()
    assert (client.model_id, client.temperature, client.max_tokens) == (DEFAULT_MODEL_ID, 0.7, 4096)


def test_an_answer_comes_with_its_usage_and_cost(settings: Settings) -> None:
    provider = scripted()
    with LLMExecutor(settings, providers={"bedrock": provider}) as executor:
        client = BedrockLLMClient(
            "global.anthropic.claude-sonnet-4-5-20250929-v1:0", 0.2, 300, executor=executor
        )
        text, usage = client.invoke("Why?")
    assert text == "Because of it."
    assert (usage.total_tokens, usage.calculate_cost()) == (8000, Decimal("0.06"))
    (request,) = provider.requests
    assert (request.provider, request.prompt, request.temperature, request.max_output_tokens) == (
        "bedrock",
        "Why?",
        0.2,
        300,
    )


def test_json_is_any_object_or_what_the_schema_says(settings: Settings) -> None:
    provider = scripted('{"kind": "risk"}')
    schema = {"type": "object", "required": ["level"]}
    with LLMExecutor(settings, providers={"bedrock": provider}) as executor:
        client = BedrockLLMClient(executor=executor)
        value, usage = client.invoke_with_json_output("What?")
        with pytest.raises(OutputValidationError):
            client.invoke_with_json_output("What?", schema)
    assert value == {"kind": "risk"}
    assert usage.total_tokens > 0
    assert provider.requests[-1].json_schema == schema


def test_a_stream_gives_text_piece_by_piece_and_the_usage_at_its_end(settings: Settings) -> None:
    usages = []

    def through(stream: Generator[str, None, CallUsage]) -> Generator[str]:
        usages.append((yield from stream))

    with LLMExecutor(settings, providers={"bedrock": scripted()}) as executor:
        client = BedrockLLMClient("global.anthropic.claude-sonnet-4-5-20250929-v1:0", executor=executor)
        pieces = list(through(client.stream("Why?")))
        figures = executor.usage().of("bedrock")
    assert pieces == ["Because ", "of ", "it."]
    assert (usages[0].total_tokens, usages[0].calculate_cost()) == (8000, Decimal("0.06"))
    assert figures.tokens.total_tokens == 8000


async def test_a_stream_that_is_closed_early_breaks_the_call_off(settings: Settings) -> None:
    async with LLMExecutor(settings, providers={"bedrock": scripted("word " * 5000)}) as executor:
        stream = BedrockLLMClient(executor=executor).stream("Why?")
        assert next(stream) == "word "
        stream.close()
        await until(lambda: executor.usage().of("bedrock").cancelled == 1)


def test_an_error_in_a_stream_reaches_its_reader(settings: Settings) -> None:
    with LLMExecutor(settings, providers={"bedrock": scripted(RequestRejectedError("No."))}) as executor:
        stream = BedrockLLMClient(executor=executor).stream("Why?")
        with pytest.raises(RequestRejectedError):
            next(stream)


def test_an_empty_question_is_refused(settings: Settings) -> None:
    provider = scripted()
    with LLMExecutor(settings, providers={"bedrock": provider}) as executor:
        client = BedrockLLMClient(executor=executor)
        with pytest.raises(ValidationError, match="prompt"):
            client.invoke("")
    assert provider.requests == []


async def test_langchain_gets_the_same_model(settings: Settings) -> None:
    provider = scripted()
    async with LLMExecutor(settings, providers={"bedrock": provider}) as executor:
        client = BedrockLLMClient("us.amazon.nova-pro-v1:0", 0.3, 99, executor=executor)
        answer = await client.chat_model().ainvoke("Why?")
        text, _ = await asyncio.to_thread(client.invoke, "Why?")
    assert answer.content == text == "Because of it."
    first, second = provider.requests
    assert first.model_copy(update={"request_id": ""}) == second
