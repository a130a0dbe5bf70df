"""What Gemini says is read as it is meant: reasons, thoughts, token counts, events (S4-7)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techne.errors import MalformedResponseError
from techne.llm.model import Usage
from techne.llm.providers.gemini_answers import AnswerReader, EventReader


def response(*parts: dict[str, Any], finish: str | None = "STOP", **fields: Any) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": list(parts)}}
    if finish is not None:
        candidate["finishReason"] = finish
    return {"candidates": [candidate], **fields}


def read(*said: dict[str, Any]) -> AnswerReader:
    reader = AnswerReader()
    for one in said:
        reader.read(one)
    return reader


@pytest.mark.parametrize(
    ("finish", "reason"),
    [
        ("STOP", "stop"),
        ("MAX_TOKENS", "length"),
        ("SAFETY", "content_filter"),
        ("RECITATION", "content_filter"),
        ("BLOCKLIST", "content_filter"),
        ("PROHIBITED_CONTENT", "content_filter"),
        ("SPII", "content_filter"),
        ("OTHER", "unknown"),
        ("NEWER_THAN_THIS", "unknown"),
    ],
)
def test_the_reason_is_told_in_the_executor_s_words(finish: str, reason: str) -> None:
    assert read(response({"text": "Yes."}, finish=finish)).finish_reason == reason


@pytest.mark.parametrize("finish", ["MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "MALFORMED_RESPONSE"])
def test_an_answer_that_the_api_could_not_parse_may_be_tried_again(finish: str) -> None:
    with pytest.raises(MalformedResponseError, match=finish) as caught:
        _ = read(response(finish=finish)).finish_reason
    assert caught.value.retryable


def test_a_blocked_prompt_ends_with_the_content_filter() -> None:
    reader = read({"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 7}})
    assert reader.is_over
    assert (reader.text, reader.finish_reason) == ("", "content_filter")
    assert reader.usage == Usage(input_tokens=7)


def test_a_blocked_answer_without_content_is_read() -> None:
    reader = read({"candidates": [{"finishReason": "SAFETY"}]})
    assert (reader.text, reader.finish_reason) == ("", "content_filter")


def test_thoughts_are_no_text_but_output_tokens() -> None:
    reader = read(
        response(
            {"text": "Let me see.", "thought": True},
            {"text": "Yes."},
            usageMetadata={
                "promptTokenCount": 100,
                "cachedContentTokenCount": 60,
                "candidatesTokenCount": 2,
                "thoughtsTokenCount": 40,
                "totalTokenCount": 142,
            },
        )
    )
    assert reader.text == "Yes."
    assert reader.usage == Usage(input_tokens=100, output_tokens=42, cache_read_tokens=60)


def test_a_function_call_s_arguments_are_the_text() -> None:
    reader = read(response({"functionCall": {"name": "answer", "args": {"kind": "risque"}}}))
    assert json.loads(reader.text) == {"kind": "risque"}


def test_the_last_counts_of_a_stream_are_those_of_the_answer() -> None:
    reader = read(
        response({"text": "Y"}, finish=None, usageMetadata={"promptTokenCount": 9}),
        response({"text": "es"}, usageMetadata={"promptTokenCount": 9, "candidatesTokenCount": 1}),
    )
    assert (reader.text, reader.usage) == ("Yes", Usage(input_tokens=9, output_tokens=1))


def test_an_answer_is_not_over_before_the_model_says_why_it_ended() -> None:
    assert not read(response({"text": "Y"}, finish=None)).is_over


@pytest.mark.parametrize(
    "said",
    [
        {"candidates": "none"},
        {"candidates": [3]},
        {"candidates": [{"content": "text"}]},
        {"candidates": [{"content": {"parts": [{"text": 3}]}}]},
        {"promptFeedback": "blocked"},
    ],
)
def test_what_is_not_the_protocol_is_malformed(said: dict[str, Any]) -> None:
    with pytest.raises(MalformedResponseError):
        read(said)


@pytest.mark.parametrize("counted", [{"promptTokenCount": "many"}, {"promptTokenCount": -1}, [1]])
def test_token_counts_that_are_none_are_malformed(counted: Any) -> None:
    with pytest.raises(MalformedResponseError):
        _ = read(response({"text": "Yes."}, usageMetadata=counted)).usage


async def events(*pieces: bytes) -> list[dict[str, Any]]:
    async def come() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    return [event async for event in EventReader().read(come())]


@given(st.lists(st.dictionaries(st.text(), st.text()), max_size=5), st.integers(1, 40), st.booleans())
async def test_events_are_read_wherever_the_network_cuts_them(
    said: list[dict[str, str]], size: int, unix: bool
) -> None:
    end = b"\n\n" if unix else b"\r\n\r\n"
    sent = b"".join(b"data: " + json.dumps(one).encode() + end for one in said)
    assert await events(*(sent[at : at + size] for at in range(0, len(sent), size))) == said


async def test_comments_and_other_fields_are_passed_over() -> None:
    assert await events(b': hello\nevent: message\nid: 1\nretry: 3\ndata: {"a": 1}\n\n') == [{"a": 1}]


async def test_an_error_after_the_last_event_is_given_although_it_is_none() -> None:
    told = {"error": {"code": 503, "message": "High demand.", "status": "UNAVAILABLE"}}
    sent = b'data: {"a": 1}\r\n\r\n' + json.dumps(told, indent=2).encode()
    assert await events(sent) == [{"a": 1}, told]


@pytest.mark.parametrize("sent", [b"data: {\n\n", b"data: 3\n\n", b"<html>\n"])
async def test_an_event_that_is_no_json_object_is_malformed(sent: bytes) -> None:
    with pytest.raises(MalformedResponseError):
        await events(sent)
