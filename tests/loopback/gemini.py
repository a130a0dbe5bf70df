"""The Gemini API (v1 and v1beta), on the wire: generateContent, its stream, embeddings, token counts, models.

Errors are Google's JSON with `google.rpc` details. The key is taken from the `x-goog-api-key` header alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from tests.loopback.command import main
from tests.loopback.exchange import RecordedRequest, Reply, Responder, default_responder
from tests.loopback.faults import Fault, FaultPlan
from tests.loopback.server import LoopbackServer
from tests.loopback.streaming import StreamingHandler
from tests.loopback.vectors import vector_of

OPERATIONS = frozenset({"generateContent", "streamGenerateContent", "batchEmbedContents", "countTokens"})
FINISH_REASONS = {"stop": "STOP", "length": "MAX_TOKENS", "content_filter": "SAFETY"}
TYPE = "type.googleapis.com/google.rpc."
KEY_INVALID = {
    "@type": f"{TYPE}ErrorInfo",
    "reason": "API_KEY_INVALID",
    "domain": "googleapis.com",
    "metadata": {"service": "generativelanguage.googleapis.com"},
}
MINUTE_QUOTA = {
    "@type": f"{TYPE}QuotaFailure",
    "violations": [
        {
            "quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests",
            "quotaId": "GenerateRequestsPerMinutePerProjectPerModel-FreeTier",
            "quotaDimensions": {"location": "global", "model": "gemini-2.5-flash"},
            "quotaValue": "10",
        }
    ],
}
ERRORS: dict[str, tuple[int, str, str]] = {
    "throttle": (
        429,
        "RESOURCE_EXHAUSTED",
        "You exceeded your current quota, please check your plan and billing details.",
    ),
    "internal_error": (500, "INTERNAL", "An internal error has occurred. Please retry or report it."),
    "unavailable": (503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
    "access_denied": (400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."),
    "unknown_model": (
        404,
        "NOT_FOUND",
        "The model is not found for API version v1beta, or is not supported for generateContent.",
    ),
    "inference_profile": (
        400,
        "FAILED_PRECONDITION",
        "User location is not supported for the API use.",
    ),
    "schema": (
        400,
        "INVALID_ARGUMENT",
        "The specified schema produces a constraint that has too many states for serving.",
    ),
    "too_long": (
        400,
        "INVALID_ARGUMENT",
        "The input token count (1200293) exceeds the maximum number of tokens allowed (1048576).",
    ),
}


class GeminiHandler(StreamingHandler):
    """The routes that a client of the Gemini API uses."""

    loopback: GeminiServer
    stream_type = "text/event-stream"

    def do_GET(self) -> None:  # noqa: N802 - named by http.server
        """The models, or one of them."""
        if not self._let_in():
            return
        models = {f"models/{name}": _model(name) for name in self.loopback.models}
        name = self._resource
        if name == "models":
            self.send_json(None, {"models": list(models.values())})
        elif name in models:
            self.send_json(None, models[name])
        else:
            self._send_error(None, "unknown_model")

    def do_POST(self) -> None:  # noqa: N802 - named by http.server
        """Take a call of a model."""
        body = self.read_json()
        if not self._let_in():
            return
        model, _, operation = self._resource.removeprefix("models/").rpartition(":")
        if model not in self.loopback.models or operation not in OPERATIONS:
            self._send_error(None, "unknown_model")
            return
        asked = body.get("generateContentRequest", body)
        schema, schema_by = _schema(asked)
        self.serve(
            RecordedRequest(
                number=0,
                operation=operation,
                model=model,
                body=body,
                system=_text(asked.get("systemInstruction")),
                messages=[(turn.get("role", "user"), _text(turn)) for turn in asked.get("contents", [])]
                or [("user", _text(part["content"])) for part in asked.get("requests", [])],
                json_schema=schema,
                schema_by=schema_by,
                max_tokens=asked.get("generationConfig", {}).get("maxOutputTokens"),
            )
        )

    def pieces(self, request: RecordedRequest, reply: Reply) -> list[bytes] | None:
        """Server-sent events, of which the last tells the reason and the tokens."""
        if request.operation != "streamGenerateContent":
            return None
        if request.schema_by == "tool":
            texts = [reply.text]
        else:
            texts = [reply.text[at : at + 24] for at in range(0, len(reply.text), 24)]
        chunks = [_response(request, [_part(request, text)]) for text in texts[:-1]]
        chunks.append(_response(request, [_part(request, texts[-1])] if texts else [], reply))
        return [_event(chunk) for chunk in chunks]

    def error_piece(self, request: RecordedRequest, fault: Fault) -> bytes:
        """An event with nothing but the error."""
        return _event(_error(fault.kind))

    def answer_whole(self, request: RecordedRequest, reply: Reply) -> None:
        """One JSON document."""
        answers = {
            "generateContent": self._generated,
            "batchEmbedContents": self._embedded,
            "countTokens": self._counted,
        }
        self.send_json(request, answers[request.operation](request, reply))

    def refuse(self, request: RecordedRequest, fault: Fault) -> None:
        """An error of the API."""
        self._send_error(request, fault.kind, fault.retry_after)

    def _generated(self, request: RecordedRequest, reply: Reply) -> dict[str, Any]:
        return _response(request, [_part(request, reply.text)], reply)

    def _embedded(self, request: RecordedRequest, reply: Reply) -> dict[str, Any]:
        vectors = []
        for part in request.body["requests"]:
            length = part.get("outputDimensionality")
            vector = vector_of(_text(part["content"]), length or self.loopback.dimensions)
            # the API leaves shortened vectors at the length they happen to have
            vectors.append({"values": [number / 2 for number in vector] if length else vector})
        return {"embeddings": vectors}

    def _counted(self, request: RecordedRequest, reply: Reply) -> dict[str, Any]:
        tokens = reply.counted(request)[0]
        return {
            "totalTokens": tokens,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": tokens}],
        }

    @property
    def _resource(self) -> str:
        return re.sub(r"^/v1(beta)?/", "", self.route)

    def _let_in(self) -> bool:
        if self.headers.get("x-goog-api-key") == self.loopback.api_key:
            return True
        self._send_error(None, "access_denied")
        return False

    def _send_error(
        self, request: RecordedRequest | None, kind: str, retry_after: float | None = None
    ) -> None:
        self.send_json(request, _error(kind, retry_after), status=ERRORS[kind][0])


class GeminiServer(LoopbackServer):
    """Loopback Gemini API.

    Args:
        models: Those that there are.
        api_key: The one key that it lets in.
        dimensions: Length of vectors when the client doesn't choose one.
    """

    handler = GeminiHandler

    def __init__(
        self,
        responder: Responder = default_responder,
        *,
        models: Sequence[str] = (
            "gemini-2.5-flash",
            "gemini-2.5-pro",
            "gemini-2.0-flash",
            "gemma-3-27b-it",
            "gemini-embedding-001",
        ),
        latency_seconds: float = 0.0,
        faults: FaultPlan | None = None,
        port: int = 0,
        log: Path | None = None,
        api_key: str = "loopback-key",
        dimensions: int = 8,
    ) -> None:
        self.models = tuple(models)
        self.api_key = api_key
        self.dimensions = dimensions
        super().__init__(responder, latency_seconds=latency_seconds, faults=faults, port=port, log=log)

    def environment(self) -> dict[str, str]:
        """Address and key."""
        return {"GEMINI_BASE_URL": self.url, "GEMINI_API_KEY": self.api_key}


def _model(name: str) -> dict[str, Any]:
    return {
        "name": f"models/{name}",
        "version": "001",
        "displayName": name,
        "inputTokenLimit": 1_048_576,
        "outputTokenLimit": 65_536,
        "supportedGenerationMethods": ["generateContent", "countTokens"],
    }


def _text(content: dict[str, Any] | None) -> str:
    return "".join(part.get("text", "") for part in (content or {}).get("parts", []))


def _schema(asked: dict[str, Any]) -> tuple[dict[str, Any] | None, Literal["native", "tool"] | None]:
    generation = asked.get("generationConfig", {})
    schema = generation.get("responseJsonSchema") or generation.get("responseSchema")
    if schema is not None and generation.get("responseMimeType") == "application/json":
        return schema, "native"
    for tool in asked.get("tools", []):
        for declared in tool.get("functionDeclarations", []):
            # protobuf's JSON takes either spelling, and Google's own SDK uses both
            names = ("parametersJsonSchema", "parameters_json_schema", "parameters")
            return next((declared[name] for name in names if name in declared), None), "tool"
    return None, None


def _part(request: RecordedRequest, text: str) -> dict[str, Any]:
    if request.schema_by != "tool":
        return {"text": text}
    try:
        arguments = json.loads(text)
    except json.JSONDecodeError:  # cut off by the token limit: the API hands over what it has
        arguments = {}
    name = request.body["tools"][0]["functionDeclarations"][0]["name"]
    return {"functionCall": {"name": name, "args": arguments}}


def _response(
    request: RecordedRequest, parts: list[dict[str, Any]], last: Reply | None = None
) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"parts": parts, "role": "model"}, "index": 0}
    response: dict[str, Any] = {
        "candidates": [candidate],
        "modelVersion": request.model,
        "responseId": f"response-{request.number}",
    }
    if last is not None:
        sent, received = last.counted(request)
        candidate["finishReason"] = FINISH_REASONS[last.finish]
        response["usageMetadata"] = {
            "promptTokenCount": sent,
            "candidatesTokenCount": received,
            "totalTokenCount": sent + received,
            "cachedContentTokenCount": last.cache_read_tokens,
        }
    return response


def _event(chunk: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(chunk).encode() + b"\r\n\r\n"


def _error(kind: str, retry_after: float | None = None) -> dict[str, Any]:
    status, name, message = ERRORS[kind]
    details: list[dict[str, Any]] = []
    if kind == "access_denied":
        details.append(KEY_INVALID)
    if kind == "throttle":
        details.append(MINUTE_QUOTA)
    if retry_after is not None:
        details.append({"@type": f"{TYPE}RetryInfo", "retryDelay": f"{retry_after:g}s"})
    error: dict[str, Any] = {"code": status, "message": message, "status": name}
    return {"error": {**error, "details": details} if details else error}


if __name__ == "__main__":
    main(GeminiServer)
