"""What three providers' whole answers and refusals look like on the wire, as cheap to write as can be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class WireProtocol:
    """How one provider answers and refuses.

    Args:
        answer: Body of an answer, from the text as JSON, the model as JSON, tokens in and tokens out.
        refusal: Body and further header lines of a 429, from the limit and the seconds to wait.
    """

    answer: Callable[[str, str, int, int], str]
    refusal: Callable[[str, float], tuple[object, str]]


def prompt_characters(body: dict[str, Any]) -> int:
    """Length of what is said in a call's body; all three name it alike.

    Raises:
        KeyError, TypeError, AttributeError: It is no call.
    """
    return _length(body.get("system")) + sum(_length(turn.get("content")) for turn in body["messages"])


def _length(content: object) -> int:
    """Characters of a text, or of the texts in a list of blocks."""
    if isinstance(content, str):
        return len(content)
    blocks = content if isinstance(content, list) else []
    return sum(len(block.get("text") or "") for block in blocks if isinstance(block, dict))


def _openai_answer(text: str, model: str, sent: int, received: int) -> str:
    return (
        f'{{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":{model},"choices":[{{"index":0,'
        f'"message":{{"role":"assistant","content":{text},"refusal":null}},"logprobs":null,'
        f'"finish_reason":"stop"}}],"usage":{{"prompt_tokens":{sent},"completion_tokens":{received},'
        f'"total_tokens":{sent + received},"prompt_tokens_details":{{"cached_tokens":0}}}}}}'
    )


def _openai_refusal(limit: str, seconds: float) -> tuple[object, str]:
    kind = "tokens" if limit == "tpm" else "requests"
    message = f"Rate limit reached on {limit}. Please try again in {seconds:.3f}s."
    error = {"message": message, "type": kind, "param": None, "code": "rate_limit_exceeded"}
    milliseconds = int(seconds * 1000) + 1
    return {"error": error}, f"retry-after-ms: {milliseconds}\r\nretry-after: {int(seconds) + 1}\r\n"


def _bedrock_answer(text: str, _: str, sent: int, received: int) -> str:
    return (
        f'{{"output":{{"message":{{"role":"assistant","content":[{{"text":{text}}}]}}}},'
        f'"stopReason":"end_turn","usage":{{"inputTokens":{sent},"outputTokens":{received},'
        f'"totalTokens":{sent + received}}},"metrics":{{"latencyMs":1}}}}'
    )


def _bedrock_refusal(limit: str, _: float) -> tuple[object, str]:
    message = f"Too many {'tokens' if limit == 'tpm' else 'requests'}, please wait before trying again."
    return {"message": message}, "x-amzn-ErrorType: ThrottlingException\r\n"


def _ollama_answer(text: str, model: str, sent: int, received: int) -> str:
    return (
        f'{{"model":{model},"created_at":"2026-01-01T00:00:00Z","message":{{"role":"assistant",'
        f'"content":{text}}},"done":true,"done_reason":"stop","total_duration":1,'
        f'"prompt_eval_count":{sent},"eval_count":{received}}}\n'
    )


def _ollama_refusal(limit: str, _: float) -> tuple[object, str]:
    return {"error": f"too many requests ({limit}), please try again"}, ""


PROTOCOLS = {
    "openai": WireProtocol(_openai_answer, _openai_refusal),
    "bedrock": WireProtocol(_bedrock_answer, _bedrock_refusal),
    "ollama": WireProtocol(_ollama_answer, _ollama_refusal),
}
ROUTES = {"/chat/completions": "openai", "/converse": "bedrock", "/api/chat": "ollama"}
TAGS_ROUTE = "/api/tags"
TAGS = b'{"models": [{"name": "qwen2:7b", "model": "qwen2:7b"}]}'
"""What an Ollama server has; clients look before they ask."""
