"""Amazon Bedrock Runtime's Converse and ConverseStream, on the wire.

Formats follow the service's published model (as botocore carries it): errors name their kind in the
`x-amzn-ErrorType` header, streams are `application/vnd.amazon.eventstream` messages with both checksums.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from typing import Any, Literal
from zlib import crc32

from tests.loopback.command import main
from tests.loopback.exchange import RecordedRequest, Reply
from tests.loopback.faults import Fault
from tests.loopback.server import LoopbackHandler, LoopbackServer

STOP_REASONS = {"stop": "end_turn", "length": "max_tokens", "content_filter": "content_filtered"}
ERRORS = {
    "throttle": (429, "ThrottlingException", "Too many requests, please wait before trying again."),
    "internal_error": (500, "InternalServerException", "The system encountered an unexpected error."),
    "unavailable": (503, "ServiceUnavailableException", "Bedrock is unable to process your request."),
    "access_denied": (
        403,
        "AccessDeniedException",
        "User: test is not authorized to perform: bedrock:InvokeModel",
    ),
    "unknown_model": (400, "ValidationException", "The provided model identifier is invalid."),
    "inference_profile": (
        400,
        "ValidationException",
        "Invocation of model ID with on-demand throughput isn’t supported. "
        "Retry your request with the ID or ARN of an inference profile that contains this model.",
    ),
    "schema": (400, "ValidationException", "The model doesn't support the outputConfig.textFormat field."),
    "too_long": (400, "ValidationException", "Input is too long for requested model."),
}


def event_message(event: str, payload: dict[str, Any]) -> bytes:
    """One message of an AWS event stream."""
    headers = b"".join(
        struct.pack(">B", len(name))
        + name.encode()
        + b"\x07"
        + struct.pack(">H", len(value))
        + value.encode()
        for name, value in (
            (":event-type", event),
            (":content-type", "application/json"),
            (":message-type", "event"),
        )
    )
    body = json.dumps(payload).encode()
    prelude = struct.pack(">II", 16 + len(headers) + len(body), len(headers))
    message = prelude + struct.pack(">I", crc32(prelude)) + headers + body
    return message + struct.pack(">I", crc32(message))


class BedrockHandler(LoopbackHandler):
    """POST /model/{id}/converse and /model/{id}/converse-stream."""

    def do_POST(self) -> None:  # noqa: N802 - named by http.server
        """Take a model call."""
        body = self.read_json()
        _, _, rest = self.route.partition("/model/")
        model, _, operation = rest.rpartition("/")
        if operation not in {"converse", "converse-stream"}:
            self.send_json(None, {"message": f"Unknown operation {self.route}"}, status=404)
            return
        schema, schema_by = _schema(body)
        self.serve(
            RecordedRequest(
                number=0,
                operation=operation,
                model=model,
                body=body,
                system="\n".join(block.get("text", "") for block in body.get("system", [])),
                messages=[
                    (turn["role"], "".join(block.get("text", "") for block in turn["content"]))
                    for turn in body["messages"]
                ],
                json_schema=schema,
                schema_by=schema_by,
                max_tokens=body.get("inferenceConfig", {}).get("maxTokens"),
            )
        )

    def answer(self, request: RecordedRequest, reply: Reply) -> None:
        """A Converse response, whole or as a stream."""
        if request.operation == "converse-stream":
            stream = b"".join(event_message(event, payload) for event, payload in _events(request, reply))
            self.send_bytes(request, stream, "application/vnd.amazon.eventstream")
            return
        message = {"role": "assistant", "content": [_block(request, reply)]}
        self.send_json(
            request,
            {
                "output": {"message": message},
                "stopReason": _stop_reason(request, reply),
                "usage": _usage(request, reply),
                "metrics": {"latencyMs": 1},
            },
        )

    def refuse(self, request: RecordedRequest, fault: Fault) -> None:
        """An error of the service."""
        status, kind, message = ERRORS[fault.kind]
        headers = {"x-amzn-ErrorType": f"{kind}:http://internal.amazon.com/coral/com.amazon.bedrock/"}
        if fault.retry_after is not None:
            headers["Retry-After"] = f"{fault.retry_after:g}"
        self.send_json(request, {"message": message}, status=status, headers=headers)


class BedrockServer(LoopbackServer):
    """Loopback Amazon Bedrock Runtime."""

    handler = BedrockHandler

    def environment(self) -> dict[str, str]:
        """Endpoint, region and test credentials."""
        return {
            "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": self.url,
            "AWS_ENDPOINT_URL_BEDROCK": self.url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
        }


def _schema(body: dict[str, Any]) -> tuple[dict[str, Any] | None, Literal["native", "tool"] | None]:
    text_format = body.get("outputConfig", {}).get("textFormat", {})
    if text_format.get("type") == "json_schema":
        return json.loads(text_format["structure"]["jsonSchema"]["schema"]), "native"
    for tool in body.get("toolConfig", {}).get("tools", []):
        if "toolSpec" in tool:
            return tool["toolSpec"]["inputSchema"]["json"], "tool"
    return None, None


def _tool(request: RecordedRequest) -> str | None:
    if request.schema_by != "tool":
        return None
    return str(request.body["toolConfig"]["tools"][0]["toolSpec"]["name"])


def _block(request: RecordedRequest, reply: Reply) -> dict[str, Any]:
    name = _tool(request)
    if name is None:
        return {"text": reply.text}
    try:
        arguments = json.loads(reply.text)
    except json.JSONDecodeError:  # cut off by the token limit: the service hands over what it has
        arguments = {}
    return {"toolUse": {"toolUseId": f"tooluse_{request.number}", "name": name, "input": arguments}}


def _stop_reason(request: RecordedRequest, reply: Reply) -> str:
    return "tool_use" if _tool(request) and reply.finish == "stop" else STOP_REASONS[reply.finish]


def _usage(request: RecordedRequest, reply: Reply) -> dict[str, int]:
    sent, received = reply.counted(request)
    return {
        "inputTokens": sent - reply.cache_read_tokens,
        "outputTokens": received,
        "totalTokens": sent + received,
        "cacheReadInputTokens": reply.cache_read_tokens,
        "cacheWriteInputTokens": 0,
    }


def _events(request: RecordedRequest, reply: Reply) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "messageStart", {"role": "assistant"}
    name = _tool(request)
    if name is not None:
        start = {"toolUse": {"toolUseId": f"tooluse_{request.number}", "name": name}}
        yield "contentBlockStart", {"start": start, "contentBlockIndex": 0}
    for at in range(0, len(reply.text), 24):
        piece = reply.text[at : at + 24]
        delta = {"toolUse": {"input": piece}} if name is not None else {"text": piece}
        yield "contentBlockDelta", {"delta": delta, "contentBlockIndex": 0}
    yield "contentBlockStop", {"contentBlockIndex": 0}
    yield "messageStop", {"stopReason": _stop_reason(request, reply)}
    yield "metadata", {"usage": _usage(request, reply), "metrics": {"latencyMs": 1}}


if __name__ == "__main__":
    main(BedrockServer)
