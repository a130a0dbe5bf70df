"""Converse on the wire: requests of ours as its JSON, and its answers as ours."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from techne.errors import MalformedResponseError
from techne.llm.model import FinishReason, LLMRequest, Usage
from techne.llm.provider import Parameters, ProviderAnswer
from techne.llm.providers.bedrock_errors import broken_answer
from techne.llm.providers.bedrock_models import ModelFamily
from techne.llm.structured import native_schema, schema_instruction

TOOL_NAME = "answer"
_CACHE_POINT = {"cachePoint": {"type": "default"}}
_STOP_REASONS: dict[str, FinishReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_use",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
}

SchemaForm = Literal["native", "tool", "words"]


@dataclass(frozen=True, slots=True)
class Conversation:
    """A request in Converse's format.

    Args:
        fields: The body, without a cache checkpoint.
        system: The system text as it is sent.
        prefix: What stands before the turns; requests with the same one share a cached prefix.
        schema_form: How a JSON schema is asked for; None without a schema.
        limit: Most tokens of the answer.
        ceiling: Most that it could be allowed.
    """

    fields: dict[str, Any]
    system: str
    prefix: tuple[str, ...]
    schema_form: SchemaForm | None
    limit: int
    ceiling: int

    def body(self, *, cache_system: bool) -> bytes:
        """The body as JSON.

        Args:
            cache_system: Whether a cache checkpoint follows the system text.
        """
        fields = self.fields
        if cache_system:
            fields = {**fields, "system": [*fields["system"], _CACHE_POINT]}
        return json.dumps(fields).encode()  # escaped: any text at all can be said in ASCII

    def count_input(self) -> bytes:
        """The body that has the tokens of the same request counted."""
        counted = {
            name: self.fields[name] for name in ("messages", "system", "toolConfig") if name in self.fields
        }
        return json.dumps({"input": {"converse": counted}}).encode()


def conversation(
    request: LLMRequest, parameters: Parameters, family: ModelFamily, *, native: bool
) -> Conversation:
    """A request in Converse's format.

    A JSON schema is asked for natively if the model has it and the schema can be expressed, by a tool if the
    model can be given one, and in words otherwise.

    Args:
        request: What is asked.
        parameters: Inference parameters that it goes with.
        family: What the model can do.
        native: Whether to try the native schema; False once Bedrock has refused it.
    """
    ceiling = min(family.max_output_tokens, family.context_tokens)
    limit = min(int(parameters["max_tokens"] or ceiling), ceiling)
    fields: dict[str, Any] = {
        "messages": [
            {"role": turn.role, "content": [{"text": turn.content}]} for turn in request.conversation()
        ],
        "inferenceConfig": _inference(parameters, limit),
    }
    if (top_k := parameters.get("top_k")) is not None:
        nova = "nova" in family.pattern
        fields["additionalModelRequestFields"] = (
            {"inferenceConfig": {"topK": top_k}} if nova else {"top_k": top_k}
        )
    system, schema, form = request.system or "", "", None
    if request.json_schema is not None:
        schema = json.dumps(request.json_schema)
        form = _ask_for_schema(fields, schema, request.json_schema, family, native=native)
        if form == "words":
            instruction = schema_instruction(request.json_schema)
            system = f"{system}\n\n{instruction}" if system else instruction
    if system:
        fields["system"] = [{"text": system}]
    return Conversation(fields, system, (schema, system), form, limit, ceiling)


def read_answer(body: bytes, asked: Conversation) -> ProviderAnswer:
    """The answer in a Converse response.

    Raises:
        MalformedResponseError: It is not one.
    """
    try:
        reply = json.loads(body)
        text, called = _content(reply["output"]["message"]["content"])
        usage = read_usage(reply.get("usage"))
        reason = finish_reason(reply.get("stopReason"), called=called)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise broken_answer(error) from error
    return ProviderAnswer(text, reason, usage, asked.limit, asked.ceiling)


def read_usage(counted: Mapping[str, Any] | None) -> Usage:
    """Tokens as Bedrock counts them: its `inputTokens` leave out what the cache read or wrote."""
    if counted is None:
        return Usage()
    read = counted.get("cacheReadInputTokens") or 0
    written = counted.get("cacheWriteInputTokens") or 0
    return Usage(
        input_tokens=counted["inputTokens"] + read + written,
        output_tokens=counted["outputTokens"],
        cache_read_tokens=read,
        cache_write_tokens=written,
    )


def finish_reason(reason: str | None, *, called: bool) -> FinishReason:
    """Why an answer ended; calling the tool that asks for JSON is a normal end."""
    known = _STOP_REASONS.get(str(reason), "unknown")
    return "stop" if known == "tool_use" and called else known


def read_token_count(body: bytes) -> int:
    """The number in a CountTokens response.

    Raises:
        MalformedResponseError: There is none.
    """
    try:
        return int(json.loads(body)["inputTokens"])
    except (ValueError, KeyError, TypeError) as error:
        raise broken_answer(error) from error


def _inference(parameters: Parameters, limit: int) -> dict[str, Any]:
    inference: dict[str, Any] = {"maxTokens": limit}
    if (temperature := parameters.get("temperature")) is not None:
        inference["temperature"] = temperature
    if (top_p := parameters.get("top_p")) is not None:
        inference["topP"] = top_p
    return inference


def _ask_for_schema(
    fields: dict[str, Any], text: str, schema: dict[str, Any], family: ModelFamily, *, native: bool
) -> SchemaForm:
    closed = _closed(text) if native and family.native_schema else None
    if closed is not None:
        structure = {"jsonSchema": {"schema": closed, "name": TOOL_NAME}}
        fields["outputConfig"] = {"textFormat": {"type": "json_schema", "structure": structure}}
        return "native"
    if family.tool_choice is None:
        return "words"
    tool = {
        "name": TOOL_NAME,
        "description": "Gives the answer. Call it exactly once.",
        "inputSchema": {"json": schema},
    }
    fields["toolConfig"] = {"tools": [{"toolSpec": tool}]}
    if family.tool_choice != "auto":
        choice = {"tool": {"name": TOOL_NAME}} if family.tool_choice == "tool" else {"any": {}}
        fields["toolConfig"]["toolChoice"] = choice
    return "tool"


@lru_cache(maxsize=128)
def _closed(schema: str) -> str | None:
    """The schema as constrained decoding takes it; few schemas are asked for many times."""
    closed = native_schema(json.loads(schema))
    return None if closed is None else json.dumps(closed, ensure_ascii=False)


def _content(blocks: list[dict[str, Any]]) -> tuple[str, bool]:
    for block in blocks:
        if "toolUse" in block:
            return json.dumps(block["toolUse"]["input"], ensure_ascii=False), True
    text = "".join(block["text"] for block in blocks if "text" in block)
    if not isinstance(text, str):
        raise MalformedResponseError("Failed to invoke Bedrock: the answer is not text.")
    return text, False
