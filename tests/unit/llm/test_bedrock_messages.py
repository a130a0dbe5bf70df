"""Requests as Converse takes them, and its answers as ours (S4-6, S4-7)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from techne.errors import MalformedResponseError
from techne.llm.model import FinishReason, LLMRequest, Usage
from techne.llm.providers.bedrock_messages import Conversation, conversation, read_answer, read_token_count
from techne.llm.providers.bedrock_models import family_of

SONNET, NOVA, LLAMA = "anthropic.claude-sonnet-4-5", "amazon.nova-pro-v1:0", "meta.llama3-3-70b"
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"kind": {"type": "string"}},
    "required": ["kind"],
}
FREE_KEYS: dict[str, Any] = {"type": "object", "additionalProperties": {"type": "string"}}


def asked(model: str = SONNET, *, native: bool = True, **fields: Any) -> Conversation:
    request = LLMRequest(provider="bedrock", prompt="Why?", **fields)
    parameters = {"max_tokens": 100, **({"top_k": request.top_k} if request.top_k else {})}
    return conversation(request, parameters, family_of(model), native=native)


def answered(**fields: Any) -> bytes:
    reply: dict[str, Any] = {
        "output": {"message": {"role": "assistant", "content": [{"text": "Because."}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 3, "outputTokens": 2, "totalTokens": 5},
    }
    return json.dumps({**reply, **fields}).encode()


def content(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"message": {"role": "assistant", "content": list(blocks)}}


@pytest.mark.parametrize(
    ("model", "schema", "native", "form"),
    [
        (SONNET, SCHEMA, True, "native"),
        (SONNET, SCHEMA, False, "tool"),
        (SONNET, FREE_KEYS, True, "tool"),
        (NOVA, SCHEMA, True, "tool"),
        (LLAMA, SCHEMA, True, "tool"),
        ("acme.unknown", SCHEMA, True, "words"),
        ("openai.gpt-oss-20b-1:0", SCHEMA, False, "words"),
    ],
)
def test_a_schema_is_asked_for_as_firmly_as_the_model_allows(
    model: str, schema: dict[str, Any], native: bool, form: str
) -> None:
    made = asked(model, native=native, json_schema=schema)
    assert made.schema_form == form
    assert ("outputConfig" in made.fields) is (form == "native")
    assert ("toolConfig" in made.fields) is (form == "tool")
    assert (json.dumps(schema) in made.system) is (form == "words")


@pytest.mark.parametrize(
    ("model", "choice"),
    [(NOVA, {"tool": {"name": "answer"}}), ("mistral.mistral-large-2407-v1:0", {"any": {}}), (LLAMA, None)],
)
def test_a_tool_call_is_forced_as_far_as_the_model_can_be(model: str, choice: dict[str, Any] | None) -> None:
    assert asked(model, json_schema=SCHEMA).fields["toolConfig"].get("toolChoice") == choice


def test_each_family_is_given_top_k_in_its_own_way() -> None:
    assert asked(SONNET, top_k=5).fields["additionalModelRequestFields"] == {"top_k": 5}
    assert asked(NOVA, top_k=5).fields["additionalModelRequestFields"] == {"inferenceConfig": {"topK": 5}}


def test_a_text_that_is_no_unicode_can_still_be_sent() -> None:
    body = asked(system="half a pair: \ud83d").body(cache_system=False)
    assert json.loads(body.decode("ascii"))["system"] == [{"text": "half a pair: \ud83d"}]


def test_a_count_is_asked_for_what_bedrock_counts() -> None:
    made = asked(NOVA, system="Be brief.", json_schema=SCHEMA, top_k=5)
    counted = json.loads(made.count_input())["input"]["converse"]
    assert set(counted) == {"messages", "system", "toolConfig"}


def test_tokens_that_the_cache_read_or_wrote_are_input_too() -> None:
    usage = {"inputTokens": 3, "outputTokens": 2, "cacheReadInputTokens": 40, "cacheWriteInputTokens": 100}
    assert read_answer(answered(usage=usage), asked()).usage == Usage(
        input_tokens=143, output_tokens=2, cache_read_tokens=40, cache_write_tokens=100
    )


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("guardrail_intervened", "content_filter"),
        ("content_filtered", "content_filter"),
        ("tool_use", "tool_use"),
        ("something_new", "unknown"),
    ],
)
def test_each_stop_reason_has_its_meaning(reason: str, finish: FinishReason) -> None:
    assert read_answer(answered(stopReason=reason), asked()).finish_reason == finish


def test_a_tool_call_is_the_json_and_a_normal_end() -> None:
    call = {"toolUse": {"toolUseId": "t", "name": "answer", "input": {"kind": "é"}}}
    output = content({"text": "Let me answer."}, call)
    answer = read_answer(answered(output=output, stopReason="tool_use"), asked(json_schema=SCHEMA))
    assert (answer.text, answer.finish_reason) == ('{"kind": "é"}', "stop")


def test_thoughts_are_no_part_of_the_answer() -> None:
    output = content({"reasoningContent": {}}, {"text": "Be"}, {"text": "cause."})
    assert read_answer(answered(output=output), asked()).text == "Because."


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b'{"output": null}',
        b"\xff",
        answered(output=content({"text": 3})),
        answered(usage={"inputTokens": "many", "outputTokens": 1}),
        answered(usage={"inputTokens": -1, "outputTokens": 1}),
        answered(usage={"outputTokens": 1}),
    ],
)
def test_what_is_no_answer_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedResponseError, match="Failed to invoke Bedrock"):
        read_answer(body, asked())


def test_what_is_no_count_is_malformed() -> None:
    with pytest.raises(MalformedResponseError):
        read_token_count(b'{"tokens": 3}')
