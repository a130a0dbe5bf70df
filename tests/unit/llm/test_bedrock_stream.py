"""Event streams read as their bytes come, whole and damaged."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techne.errors import MalformedResponseError, ProviderUnavailableError, ThrottledError
from techne.llm.model import LLMRequest, Usage
from techne.llm.provider import ProviderAnswer
from techne.llm.providers.bedrock_messages import conversation
from techne.llm.providers.bedrock_models import family_of
from techne.llm.providers.bedrock_stream import AnswerReader
from tests.loopback.bedrock import event_message

MODEL = "us.amazon.nova-pro-v1:0"
SCHEMA: dict[str, Any] = {"type": "object", "properties": {"kind": {"type": "string"}}}
END = [
    event_message("messageStop", {"stopReason": "end_turn"}),
    event_message("metadata", {"usage": {"inputTokens": 3, "outputTokens": 2, "totalTokens": 5}}),
]


def reader(**fields: Any) -> AnswerReader:
    request = LLMRequest(provider="bedrock", prompt="Why?", **fields)
    asked = conversation(request, {"max_tokens": 100}, family_of(MODEL), native=True)
    return AnswerReader(asked, MODEL, "us-east-1")


def said(text: str) -> bytes:
    return event_message("contentBlockDelta", {"delta": {"text": text}, "contentBlockIndex": 0})


def called(arguments: str) -> bytes:
    return event_message("contentBlockDelta", {"delta": {"toolUse": {"input": arguments}}})


def read(stream: AnswerReader, *data: bytes) -> tuple[list[str], str, ProviderAnswer]:
    pieces = [text for part in data for text in stream.feed(part)]
    held_back, answer = stream.end()
    return pieces, held_back, answer


@given(texts=st.lists(st.text(min_size=1), max_size=5), size=st.integers(1, 300))
def test_bytes_may_come_cut_anywhere(texts: list[str], size: int) -> None:
    data = b"".join([event_message("messageStart", {"role": "assistant"}), *map(said, texts), *END])
    pieces, _, answer = read(reader(), *(data[at : at + size] for at in range(0, len(data), size)))
    assert pieces == texts
    assert (answer.text, answer.finish_reason) == ("".join(texts), "stop")
    assert answer.usage == Usage(input_tokens=3, output_tokens=2)


def test_thoughts_and_unknown_events_are_no_text() -> None:
    thought = event_message("contentBlockDelta", {"delta": {"reasoningContent": {"text": "Hm."}}})
    news = event_message("somethingNew", {"text": "?"})
    assert read(reader(), thought, news, said("Because."), *END)[0] == ["Because."]


def test_words_around_a_tool_call_are_no_json() -> None:
    parts = [said("Let me answer."), called('{"kind":'), called(' "risk"}'), *END]
    pieces, held_back, answer = read(reader(json_schema=SCHEMA), *parts)
    assert json.loads("".join(pieces)) == json.loads(answer.text) == {"kind": "risk"}
    assert held_back == ""


def test_words_in_place_of_a_tool_call_are_given_at_the_end() -> None:
    pieces, held_back, answer = read(reader(json_schema=SCHEMA), said('{"kind": "risk"}'), *END)
    assert (pieces, held_back) == ([], answer.text)
    assert json.loads(answer.text) == {"kind": "risk"}


@pytest.mark.parametrize("missing", [0, 1])
def test_a_stream_without_its_end_is_malformed(missing: int) -> None:
    stream = reader()
    list(stream.feed(said("Because.") + END[missing]))
    with pytest.raises(MalformedResponseError, match="ended early"):
        stream.end()


@pytest.mark.parametrize("at", [0, 4, 9, 30, -1])
def test_a_damaged_message_is_malformed(at: int) -> None:
    data = bytearray(said("Because."))
    data[at] ^= 0xFF
    with pytest.raises(MalformedResponseError, match="not its protocol"):
        list(reader().feed(bytes(data)))


def test_an_event_of_another_shape_is_malformed() -> None:
    with pytest.raises(MalformedResponseError, match="KeyError"):
        list(reader().feed(event_message("contentBlockDelta", {})))


def test_an_exception_is_the_service_s_own_error() -> None:
    throttle = event_message("throttlingException", {"message": "Too many."}, category="exception")
    stream = reader()
    with pytest.raises(ThrottledError, match=r"ThrottlingException \(Too many\)"):
        list(stream.feed(said("Be") + throttle))


def test_an_exception_of_the_model_may_pass() -> None:
    failure = event_message("modelStreamErrorException", {"message": "Oops"}, category="exception")
    with pytest.raises(ProviderUnavailableError, match="ModelStreamErrorException"):
        list(reader().feed(failure))
