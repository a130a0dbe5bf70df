"""Chat completions and vectors as servers of the protocol give them, odd ones and broken ones included."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techne.errors import MalformedResponseError
from techne.llm.model import LLMRequest, Usage
from techne.llm.provider import ProviderAnswer
from techne.llm.providers.openai_messages import (
    Conversation,
    StreamedAnswer,
    conversation,
    read_answer,
    read_chunk,
    read_model_ids,
    read_vectors,
)

ASKED = conversation(
    LLMRequest(provider="openai", prompt="Why?"),
    "m",
    {"max_tokens": 64},
    limit_field="max_tokens",
    ceiling=128,
    forms=("native", "tool"),
)


def completion(message: dict[str, Any], finish: str | None = "stop", **fields: Any) -> bytes:
    return json.dumps({"choices": [{"message": message, "finish_reason": finish}], **fields}).encode()


def call(arguments: str) -> dict[str, Any]:
    return {"id": "1", "type": "function", "function": {"name": "answer", "arguments": arguments}}


@pytest.mark.parametrize(
    ("message", "finish", "text", "reason"),
    [
        ({"content": "Because."}, "stop", "Because.", "stop"),
        ({"content": [{"type": "text", "text": "Be"}, {"text": "cause."}]}, "stop", "Because.", "stop"),
        ({"content": None}, "length", "", "length"),
        ({"content": "x"}, "content_filter", "x", "content_filter"),
        ({"content": None, "refusal": "No."}, "stop", "No.", "content_filter"),
        ({"content": None, "tool_calls": [call("{}"), call("[]")]}, "tool_calls", "{}", "stop"),
        ({"content": None, "tool_calls": [call('{"a')]}, "length", '{"a', "length"),
        ({"content": "x", "tool_calls": []}, "tool_calls", "x", "tool_use"),
        ({"content": "x"}, "eos", "x", "unknown"),
        ({"content": "x"}, None, "x", "unknown"),
    ],
)
def test_answers_are_read(message: dict[str, Any], finish: str | None, text: str, reason: str) -> None:
    answer = read_answer(completion(message, finish), ASKED)
    assert (answer.text, answer.finish_reason) == (text, reason)
    assert (answer.usage, answer.output_limit, answer.output_ceiling) == (Usage(), 64, 128)


def test_tokens_of_the_cache_are_part_of_the_prompt_s() -> None:
    usage = {
        "prompt_tokens": 30,
        "completion_tokens": 4,
        "prompt_tokens_details": {"cached_tokens": 20, "cache_write_tokens": 8},
    }
    assert read_answer(completion({"content": "x"}, usage=usage), ASKED).usage == Usage(
        input_tokens=30, output_tokens=4, cache_read_tokens=20, cache_write_tokens=8
    )
    bare = {"prompt_tokens": 30, "completion_tokens": None, "prompt_tokens_details": None}
    assert read_answer(completion({"content": "x"}, usage=bare), ASKED).usage == Usage(input_tokens=30)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"choices": []}',
        b'{"choices": [{}]}',
        completion({"content": 3}),
        completion({"content": ["x"]}),
        completion({"content": "x", "tool_calls": [{}]}),
        completion({"content": "x"}, usage={"prompt_tokens": -1}),
        completion({"content": "x"}, usage={"prompt_tokens": "many"}),
        completion({"content": "x"}, usage=7),
    ],
)
def test_what_is_no_answer_says_so(body: bytes) -> None:
    with pytest.raises(MalformedResponseError, match="not its protocol"):
        read_answer(body, ASKED)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                ["choices", "message", "delta", "content", "tool_calls", "function", "usage", "data", "index"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=10,
)


@given(said=ANYTHING)
def test_any_json_is_read_or_refused(said: Any) -> None:
    body = json.dumps(said)
    readers = (
        lambda: read_answer(body.encode(), ASKED),
        lambda: StreamedAnswer(ASKED).feed(read_chunk(body)),
        lambda: read_vectors(body.encode(), 1),
        lambda: read_model_ids(body.encode()),
    )
    for read in readers:
        try:
            read()
        except MalformedResponseError as error:
            assert "OpenAI" in str(error)  # noqa: PT017 - nothing has to be raised


def streamed(*deltas: dict[str, Any], finish: str | None = "stop") -> tuple[list[str], ProviderAnswer]:
    answer = StreamedAnswer(ASKED)
    chunks = [{"choices": [{"delta": delta, "finish_reason": None}]} for delta in deltas]
    pieces = [answer.feed({"choices": [], "prompt_filter_results": []})]  # Azure begins so
    pieces += [answer.feed(chunk) for chunk in chunks]
    pieces.append(answer.feed({"choices": [{"delta": {}, "finish_reason": finish}]}))
    return pieces, answer.end()


def test_a_stream_is_the_sum_of_its_chunks() -> None:
    pieces, answer = streamed({"role": "assistant", "content": ""}, {"content": "Be"}, {"content": "cause."})
    assert "".join(pieces) == answer.text == "Because."
    assert (answer.finish_reason, answer.usage) == ("stop", Usage())


def test_a_streamed_call_is_its_first_function_s_arguments() -> None:
    _, answer = streamed(
        {"content": None, "tool_calls": [{"index": 0, **call("")}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"a"'}}]},
        {"tool_calls": [{"index": 1, **call("{}")}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": ": 1}"}}]},
        finish="tool_calls",
    )
    assert (answer.text, answer.finish_reason) == ('{"a": 1}', "stop")


def test_a_stream_without_an_end_is_no_answer() -> None:
    with pytest.raises(MalformedResponseError, match="too early"):
        streamed({"content": "Be"}, finish=None)


def test_vectors_are_put_in_the_order_of_their_texts() -> None:
    data = [{"index": 1, "embedding": [2, 3]}, {"index": 0, "embedding": [0.5, 1]}]
    found = read_vectors(json.dumps({"data": data, "usage": {"prompt_tokens": 4}}).encode(), 2)
    assert found.vectors == ((0.5, 1.0), (2.0, 3.0))
    assert found.usage == Usage(input_tokens=4)


@pytest.mark.parametrize("indices", [[0], [0, 0], [1, 2], [0, 1, 2]])
def test_not_one_vector_per_text_is_no_answer(indices: list[int]) -> None:
    data = [{"index": index, "embedding": [1.0]} for index in indices]
    with pytest.raises(MalformedResponseError, match="one vector per text"):
        read_vectors(json.dumps({"data": data}).encode(), 2)


@given(text=st.text())
def test_any_text_can_be_asked(text: str) -> None:
    asked = Conversation("m", {"messages": [{"role": "user", "content": text + "\ud800"}]}, None, None, 1, 1)
    assert json.loads(asked.body())["messages"][0]["content"] == text + "\ud800"
