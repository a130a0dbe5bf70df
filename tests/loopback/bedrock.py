"""Amazon Bedrock Runtime on the wire: Converse, ConverseStream, CountTokens, and InvokeModel for vectors.

Formats follow the service's published model (as botocore carries it): errors name their kind in the
`x-amzn-ErrorType` header, streams are `application/vnd.amazon.eventstream` messages with both checksums.
Of the control plane there is GetInferenceProfile.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote
from zlib import crc32

from tests.loopback.command import main
from tests.loopback.exchange import RecordedRequest, Reply, Responder, default_responder
from tests.loopback.faults import Fault
from tests.loopback.server import LoopbackServer
from tests.loopback.streaming import StreamingHandler
from tests.loopback.vectors import vector_of

VECTOR_LENGTH = 8
"""Of vectors, where the request names none."""
PROFILED_MODEL = "anthropic.claude-sonnet-4-5-20250929-v1:0"
"""Model behind every application inference profile here."""

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
NO_CACHE = "You invoked an unsupported model or your request did not allow prompt caching."


@dataclass(frozen=True, slots=True)
class Received:
    """An HTTP request as it came, for those who check its signature."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def access_key(self) -> str:
        """Key id that it is signed with."""
        return self.headers["Authorization"].partition("Credential=")[2].partition("/")[0]

    def is_signed_with(self, secret_key: str) -> bool:
        """Whether the signature is right, computed as the Signature Version 4 specification says."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        found = re.fullmatch(
            r"AWS4-HMAC-SHA256 Credential=[^/]+/(.+), SignedHeaders=(.+), Signature=(.+)",
            headers["authorization"],
        )
        if found is None:
            return False
        scope, names, signature = found.groups()
        lines = [f"{name}:{headers[name].strip()}" for name in names.split(";")]
        # The path was percent-encoded when it was sent, and is so once more before it is signed
        canonical = ["POST", quote(self.path, safe="/~-._"), "", *lines, "", names]
        canonical.append(hashlib.sha256(self.body).hexdigest())
        digest = hashlib.sha256("\n".join(canonical).encode()).hexdigest()
        text = "\n".join(["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, digest])
        key = f"AWS4{secret_key}".encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        return hmac.digest(key, text.encode(), "sha256").hex() == signature


def event_message(event: str, payload: dict[str, Any], *, category: str = "event") -> bytes:
    """One message of an AWS event stream; `category` may be `exception`."""
    headers = b"".join(
        struct.pack(">B", len(name))
        + name.encode()
        + b"\x07"
        + struct.pack(">H", len(value))
        + value.encode()
        for name, value in (
            (f":{category}-type", event),
            (":content-type", "application/json"),
            (":message-type", category),
        )
    )
    body = json.dumps(payload).encode()
    prelude = struct.pack(">II", 16 + len(headers) + len(body), len(headers))
    message = prelude + struct.pack(">I", crc32(prelude)) + headers + body
    return message + struct.pack(">I", crc32(message))


class BedrockHandler(StreamingHandler):
    """POST /model/{id}/{converse, converse-stream, count-tokens, invoke}, GET /inference-profiles/{id}."""

    loopback: BedrockServer
    stream_type = "application/vnd.amazon.eventstream"

    def do_GET(self) -> None:  # noqa: N802 - named by http.server
        """Tell what model a profile stands for."""
        arn = f"arn:aws:bedrock:us-east-1::foundation-model/{PROFILED_MODEL}"
        self.send_json(None, {"inferenceProfileName": "test", "models": [{"modelArn": arn}]})

    def do_POST(self) -> None:  # noqa: N802 - named by http.server
        """Take a model call."""
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.loopback.received.append(Received(self.path, dict(self.headers), raw))
        body = json.loads(raw)
        _, _, rest = self.route.partition("/model/")
        model, _, operation = rest.rpartition("/")
        if operation in {"converse", "converse-stream"}:
            self.serve(_recorded(operation, model, body, body))
        elif operation == "count-tokens":
            self.serve(_recorded(operation, model, body, body["input"]["converse"]))
        elif operation == "invoke":
            texts = [body["inputText"]] if "inputText" in body else body["texts"]
            turns = [("user", text) for text in texts]
            self.serve(RecordedRequest(number=0, operation=operation, model=model, body=body, messages=turns))
        else:
            self.send_json(None, {"message": f"Unknown operation {self.route}"}, status=404)

    def pieces(self, request: RecordedRequest, reply: Reply) -> list[bytes] | None:
        """The events of ConverseStream."""
        if request.operation != "converse-stream":
            return None
        usage = self.loopback.counted(request, reply)
        return [event_message(event, payload) for event, payload in _events(request, reply, usage)]

    def error_piece(self, request: RecordedRequest, fault: Fault) -> bytes:
        """An exception amid the events."""
        return event_message(
            "internalServerException", {"message": ERRORS["internal_error"][2]}, category="exception"
        )

    def answer_whole(self, request: RecordedRequest, reply: Reply) -> None:
        """A count, vectors, or a Converse response."""
        if request.operation == "count-tokens":
            self._count(request, reply)
        elif request.operation == "invoke":
            self._embed(request)
        elif not self.loopback.caches and "cachePoint" in json.dumps(request.body):
            self._refuse(request, "AccessDeniedException", NO_CACHE, status=403)
        else:
            self._converse(request, reply)

    def _converse(self, request: RecordedRequest, reply: Reply) -> None:
        self.send_json(
            request,
            {
                "output": {"message": {"role": "assistant", "content": [_block(request, reply)]}},
                "stopReason": _stop_reason(request, reply),
                "usage": self.loopback.counted(request, reply),
                "metrics": {"latencyMs": 1},
            },
        )

    def _count(self, request: RecordedRequest, reply: Reply) -> None:
        if not request.model.startswith("anthropic."):  # as the real one refuses all profiles
            self._refuse(
                request, "ValidationException", "The provided model doesn't support counting tokens."
            )
        else:
            self.send_json(request, {"inputTokens": reply.counted(request)[0]})

    def _embed(self, request: RecordedRequest) -> None:
        texts = [text for _, text in request.messages]
        tokens = sum(len(text) // 4 + 1 for text in texts)
        length = request.body.get("dimensions") or request.body.get("output_dimension") or VECTOR_LENGTH
        vectors = [vector_of(text, length) for text in texts]
        if "inputText" in request.body:
            answer = {"embedding": vectors[0], "inputTextTokenCount": tokens}
        else:
            answer = {"embeddings": {"float": vectors}, "id": "1", "response_type": "embeddings_by_type"}
        self.send_json(request, answer, headers={"X-Amzn-Bedrock-Input-Token-Count": str(tokens)})

    def _refuse(self, request: RecordedRequest, kind: str, message: str, *, status: int = 400) -> None:
        self.send_json(request, {"message": message}, status=status, headers={"x-amzn-ErrorType": kind})

    def refuse(self, request: RecordedRequest, fault: Fault) -> None:
        """An error of the service."""
        status, kind, message = ERRORS[fault.kind]
        headers = {"x-amzn-ErrorType": f"{kind}:http://internal.amazon.com/coral/com.amazon.bedrock/"}
        if fault.retry_after is not None:
            headers["Retry-After"] = f"{fault.retry_after:g}"
        self.send_json(request, {"message": message}, status=status, headers=headers)


class BedrockServer(LoopbackServer):
    """Loopback Amazon Bedrock Runtime.

    Args:
        responder: Gives the answer to a recorded request.
        caches: Whether models take cache checkpoints.
        options: As LoopbackServer.
    """

    handler = BedrockHandler

    def __init__(
        self, responder: Responder = default_responder, *, caches: bool = True, **options: Any
    ) -> None:
        super().__init__(responder, **options)
        self.caches = caches
        self.received: list[Received] = []
        self._cached: set[tuple[str, str]] = set()

    def counted(self, request: RecordedRequest, reply: Reply) -> dict[str, int]:
        """Tokens as Bedrock reports them: those that its cache read or wrote are no `inputTokens`."""
        sent, received = reply.counted(request)
        read, written = reply.cache_read_tokens, 0
        if "cachePoint" in (request.body.get("system") or [{}])[-1]:
            tokens, key = len(request.system) // 4, (request.model, request.system)
            read, written = (tokens, 0) if key in self._cached else (0, tokens)
            self._cached.add(key)
        return {
            "inputTokens": sent - read - written,
            "outputTokens": received,
            "totalTokens": sent + received,
            "cacheReadInputTokens": read,
            "cacheWriteInputTokens": written,
        }

    def environment(self) -> dict[str, str]:
        """Endpoint, region and test credentials."""
        return {
            "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": self.url,
            "AWS_ENDPOINT_URL_BEDROCK": self.url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "LLM_EXECUTOR_BEDROCK_RPM": "unlimited",  # this server has no quota
            "LLM_EXECUTOR_BEDROCK_TPM": "unlimited",
        }


def _recorded(operation: str, model: str, body: dict[str, Any], asked: dict[str, Any]) -> RecordedRequest:
    schema, schema_by = _schema(asked)
    return RecordedRequest(
        number=0,
        operation=operation,
        model=model,
        body=body,
        system="\n".join(block.get("text", "") for block in asked.get("system", [])).rstrip("\n"),
        messages=[
            (turn["role"], "".join(block.get("text", "") for block in turn["content"]))
            for turn in asked["messages"]
        ],
        json_schema=schema,
        schema_by=schema_by,
        max_tokens=asked.get("inferenceConfig", {}).get("maxTokens"),
    )


def _schema(body: dict[str, Any]) -> tuple[dict[str, Any] | None, Literal["native", "tool"] | None]:
    text_format = body.get("outputConfig", {}).get("textFormat", {})
    if text_format.get("type") == "json_schema":
        return json.loads(text_format["structure"]["jsonSchema"]["schema"]), "native"
    for tool in body.get("toolConfig", {}).get("tools", []):
        if "toolSpec" in tool:
            return tool["toolSpec"]["inputSchema"]["json"], "tool"
    return None, None


def _tool(request: RecordedRequest) -> str | None:
    if request.schema_by != "tool" or "toolChoice" not in request.body["toolConfig"]:
        return None  # a model that is not made to call a tool says it in words
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


def _events(
    request: RecordedRequest, reply: Reply, usage: dict[str, int]
) -> Iterator[tuple[str, dict[str, Any]]]:
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
    yield "metadata", {"usage": usage, "metrics": {"latencyMs": 1}}


if __name__ == "__main__":
    main(BedrockServer)
