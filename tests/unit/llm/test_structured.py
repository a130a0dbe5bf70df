"""Answers that must match a JSON schema."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from techne.errors import OutputValidationError, RequestRejectedError
from techne.llm import LLMExecutor, LLMRequest, ProviderAnswer, Usage
from techne.llm.structured import native_schema, parse_json
from techne.llm.testing import ScriptedProvider
from techne.settings import Settings

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "items": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "kind": {"enum": ["error", "risk"]},
                    "text": {"type": "string", "minLength": 1},
                },
                "required": ["kind", "text"],
            },
        }
    },
    "required": ["items"],
    "additionalProperties": False,
}
VALID = '{"items": [{"kind": "error", "text": "exit 137"}]}'
INVALID = '{"items": [{"kind": "fault", "text": "exit 137"}]}'
REQUEST = LLMRequest(
    provider="scripted", prompt="Extract.", json_schema=SCHEMA, max_output_tokens=100, request_id="r"
)


def cut_off(text: str, limit: int, ceiling: int = 1000) -> ProviderAnswer:
    return ProviderAnswer(
        text,
        "length",
        Usage(input_tokens=10, output_tokens=limit),
        output_limit=limit,
        output_ceiling=ceiling,
    )


async def answer_to(script: Any, configured: Settings) -> tuple[Any, ScriptedProvider, Any]:
    provider = ScriptedProvider(script)
    async with LLMExecutor(configured, providers={"scripted": provider}) as executor:
        response = await executor.submit(REQUEST)
        return response, provider, executor.usage().of("scripted")


async def test_a_valid_answer_is_parsed(settings: Settings) -> None:
    response, provider, figures = await answer_to(VALID, settings)
    assert response.parsed == json.loads(VALID)
    assert len(provider.requests) == 1
    assert (figures.repairs, figures.asked_again) == (0, 0)


@pytest.mark.parametrize(
    "text",
    [f"```json\n{VALID}\n```", f"Here it is:\n{VALID}", VALID.replace('"', "'"), VALID[:-1] + ",}"],
)
async def test_a_damaged_answer_is_repaired_and_counted(text: str, settings: Settings) -> None:
    response, provider, figures = await answer_to(text, settings)
    assert response.parsed == json.loads(response.text) == json.loads(VALID)
    assert (figures.repairs, len(provider.requests)) == (1, 1)


async def test_an_invalid_answer_is_asked_for_again_with_what_was_wrong(settings: Settings) -> None:
    response, provider, figures = await answer_to([INVALID, VALID], settings)
    assert response.parsed == json.loads(VALID)
    assert "$.items[0].kind" in provider.requests[1].prompt
    assert provider.requests[1].prompt.startswith("Extract.")
    assert (figures.asked_again, response.attempts) == (1, 2)


async def test_usage_of_every_attempt_is_in_the_response(settings: Settings) -> None:
    twice = [
        ProviderAnswer(text, "stop", Usage(input_tokens=10, output_tokens=5)) for text in (INVALID, VALID)
    ]
    response, _, figures = await answer_to(twice, settings)
    assert response.usage == Usage(input_tokens=20, output_tokens=10)
    assert figures.tokens == response.usage


async def test_an_answer_that_stays_invalid_is_an_error_that_says_where(settings: Settings) -> None:
    provider = ScriptedProvider(INVALID)
    async with LLMExecutor(settings, providers={"scripted": provider}) as executor:
        with pytest.raises(OutputValidationError, match=r"\$\.items\[0\]\.kind"):
            await executor.submit(REQUEST)
    assert len(provider.requests) == 3


async def test_a_cut_off_answer_is_asked_for_once_with_more_room(settings: Settings) -> None:
    half = cut_off(VALID[:20], 100)
    response, provider, figures = await answer_to([half, VALID], settings)
    assert response.parsed == json.loads(VALID)
    assert [request.max_output_tokens for request in provider.requests] == [100, 200]
    assert (figures.repairs, figures.asked_again) == (0, 1)


async def test_a_cut_off_answer_is_never_repaired_into_a_valid_half(settings: Settings) -> None:
    half = cut_off('{"items": [{"kind": "error", "text": "a"}, {"kind": "error", "text": "b', 100)
    provider = ScriptedProvider([half])
    async with LLMExecutor(settings, providers={"scripted": provider}) as executor:
        with pytest.raises(OutputValidationError, match=r"cut off at 100 output tokens.*max_output_tokens"):
            await executor.submit(REQUEST)
    assert len(provider.requests) == 2


async def test_no_more_room_is_an_error_at_once(settings: Settings) -> None:
    provider = ScriptedProvider([cut_off(VALID[:20], 100, ceiling=100)])
    async with LLMExecutor(settings, providers={"scripted": provider}) as executor:
        with pytest.raises(OutputValidationError, match="cut off"):
            await executor.submit(REQUEST)
    assert len(provider.requests) == 1


async def test_a_withheld_answer_is_not_asked_for_again(settings: Settings) -> None:
    provider = ScriptedProvider([ProviderAnswer("", "content_filter")])
    async with LLMExecutor(settings, providers={"scripted": provider}) as executor:
        with pytest.raises(RequestRejectedError, match="content filter"):
            await executor.submit(REQUEST)
    assert len(provider.requests) == 1


async def test_a_schema_that_is_none_is_refused_before_anything_is_sent(settings: Settings) -> None:
    provider = ScriptedProvider(VALID)
    request = REQUEST.model_copy(update={"json_schema": {"type": "list"}})
    async with LLMExecutor(settings, providers={"scripted": provider}) as executor:
        with pytest.raises(RequestRejectedError, match="not a JSON schema"):
            await executor.submit(request)
    assert provider.requests == []


def test_a_native_schema_is_closed_and_bounds_go_into_descriptions() -> None:
    native = native_schema(SCHEMA)
    assert native is not None
    item = native["properties"]["items"]["items"]
    assert item["additionalProperties"] is False
    assert item["properties"]["text"] == {"type": "string", "description": "(minLength 1)"}
    assert SCHEMA["properties"]["items"]["items"]["properties"]["text"]["minLength"] == 1


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object"},
        {
            "type": "object",
            "properties": {"map": {"type": "object", "additionalProperties": {"type": "string"}}},
        },
        {
            "type": "object",
            "properties": {"node": {"$ref": "#/$defs/node"}},
            "$defs": {
                "node": {
                    "type": "object",
                    "properties": {"children": {"type": "array", "items": {"$ref": "#/$defs/node"}}},
                }
            },
        },
    ],
)
def test_what_constrained_decoding_cannot_say_is_not_sent_to_it(schema: dict[str, Any]) -> None:
    assert native_schema(schema) is None


def test_properties_named_like_keywords_are_properties() -> None:
    schema = {
        "type": "object",
        "properties": {"default": {"type": "string"}, "minimum": {"type": "integer", "minimum": 3}},
        "required": ["default", "minimum"],
    }
    native = native_schema(schema)
    assert native is not None
    assert set(native["properties"]) == {"default", "minimum"}


@given(
    items=st.lists(
        st.fixed_dictionaries({"kind": st.sampled_from(["error", "risk"]), "text": st.text(min_size=1)})
    )
)
@examples(max_examples=60, deadline=None)
def test_a_valid_value_comes_back_as_it_was(items: list[dict[str, str]]) -> None:
    value, problem, repaired = parse_json(json.dumps({"items": items}), SCHEMA)
    assert (value, problem, repaired) == ({"items": items}, None, False)


@given(text=st.text(max_size=80))
@examples(max_examples=60, deadline=None)
def test_whatever_is_accepted_is_valid(text: str) -> None:
    value, problem, _ = parse_json(text, SCHEMA)
    assert problem is not None or Draft202012Validator(SCHEMA).is_valid(value)
