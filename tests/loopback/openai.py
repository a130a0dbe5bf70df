"""OpenAI's HTTP API, on the wire: chat completions (stream and not), embeddings, models.

It refuses what OpenAI refuses (see `openai_rules`), or, with `lenient=True`, is a server of the same protocol
that takes all of that, as vLLM does. It is an HTTP proxy as well, so that a client can believe that it talks
to api.openai.com: `as_openai()` is the environment for that.
"""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from tests.loopback.command import main
from tests.loopback.exchange import RecordedRequest, Reply, Responder, default_responder
from tests.loopback.faults import Fault, FaultPlan
from tests.loopback.openai_rules import ALWAYS_REASON, broken_rule, error_body
from tests.loopback.server import LoopbackServer
from tests.loopback.streaming import StreamingHandler
from tests.loopback.vectors import vector_of

CREATED = 1_767_225_600
API_KEY = "sk-loopback-0123456789abcdef"
ERRORS: dict[str, tuple[int, str, str, str | None]] = {
    "throttle": (429, "Rate limit reached for requests.", "requests", "rate_limit_exceeded"),
    "internal_error": (500, "The server had an error while processing your request.", "server_error", None),
    "unavailable": (503, "The engine is currently overloaded, please try again later.", "server_error", None),
    "unknown_model": (
        404,
        "The model does not exist or you do not have access to it.",
        "invalid_request_error",
        "model_not_found",
    ),
    "inference_profile": (
        403,
        "Project `proj_x` does not have access to model.",
        "invalid_request_error",
        "model_not_found",
    ),
    "too_long": (
        400,
        "This model's maximum context length is 128000 tokens. However, your messages resulted in 130000 "
        "tokens. Please reduce the length of the messages.",
        "invalid_request_error",
        "context_length_exceeded",
    ),
}


@dataclass(frozen=True, slots=True)
class RefusedReply(Reply):
    """What the model says when it declines to answer."""


class OpenAIHandler(StreamingHandler):
    """The routes that a client of chat and embedding models uses."""

    loopback: OpenAIServer
    stream_type = "text/event-stream; charset=utf-8"

    @property
    def route(self) -> str:
        """Path of the request, be it sent to us or through us."""
        return unquote(urlsplit(self.path).path)

    def do_GET(self) -> None:  # noqa: N802 - named by http.server
        """The models that are there."""
        if not self._let_in():
            return
        models = {name: _model(name) for name in self.loopback.models}
        wanted = self.route.removeprefix("/v1/models/")
        if self.route == "/v1/models" and "list" in self.loopback.model_routes:
            self.send_json(None, {"object": "list", "data": list(models.values())})
        elif "one" not in self.loopback.model_routes or wanted == self.route:
            self.send_json(None, {"detail": "Not Found"}, status=404)
        elif wanted in models:
            self.send_json(None, models[wanted])
        else:
            self._refuse_model(wanted)

    def do_POST(self) -> None:  # noqa: N802 - named by http.server
        """Chat with a model, or have vectors made."""
        body = self.read_json()
        if not self._let_in():
            return
        model = str(body.get("model", ""))
        if model not in self.loopback.models:
            self._refuse_model(model)
        elif self.route == "/v1/chat/completions":
            self._chat(model, body)
        elif self.route == "/v1/embeddings":
            self._embed(model, body)
        else:
            message = f"Invalid URL (POST {self.route})"
            self.send_json(None, error_body(message), status=404)

    def _chat(self, model: str, body: dict[str, Any]) -> None:
        turns = [(turn["role"], turn.get("content") or "") for turn in body["messages"]]
        schema, schema_by = _schema(body)
        request = RecordedRequest(
            number=0,
            operation="chat",
            model=model,
            body=body,
            system="\n".join(text for role, text in turns if role in {"system", "developer"}),
            messages=[(role, text) for role, text in turns if role not in {"system", "developer"}],
            json_schema=schema,
            schema_by=schema_by,
            max_tokens=body.get("max_completion_tokens", body.get("max_tokens")),
        )
        problem = None if self.loopback.lenient else broken_rule(body, self.loopback.always_reason)
        if problem is None:
            self.serve(request)
            return
        self.loopback.begin(request)
        request.outcome = "refused"
        self.send_json(request, problem, status=400)

    def _embed(self, model: str, body: dict[str, Any]) -> None:
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        self.serve(
            RecordedRequest(
                number=0,
                operation="embed",
                model=model,
                body=body,
                messages=[("user", text) for text in texts],
            )
        )

    def _let_in(self) -> bool:
        key = self.loopback.api_key
        if key is None or self.headers.get("Authorization") == f"Bearer {key}":
            return True
        self.send_json(None, _wrong_key(self.headers.get("Authorization", "")), status=401)
        return False

    def _refuse_model(self, model: str) -> None:
        message = f"The model `{model}` does not exist or you do not have access to it."
        self.send_json(None, error_body(message, code="model_not_found"), status=404)

    def answer_whole(self, request: RecordedRequest, reply: Reply) -> None:
        """One JSON document."""
        if request.operation == "embed":
            self.send_json(request, _embeddings(request, reply, self.loopback.dimensions))
            return
        message: dict[str, Any] = {"role": "assistant", "content": reply.text, "refusal": None}
        if isinstance(reply, RefusedReply):
            message |= {"content": None, "refusal": reply.text}
        elif request.schema_by == "tool":
            message |= {"content": None, "tool_calls": [_call(request, reply.text)]}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reply.finish}
        self.send_json(
            request,
            {
                "id": f"chatcmpl-{request.number}",
                "object": "chat.completion",
                "created": CREATED,
                "model": request.model,
                "choices": [choice],
                "usage": _usage(request, reply),
                "service_tier": "default",
                "system_fingerprint": "fp_loopback",
            },
        )

    def pieces(self, request: RecordedRequest, reply: Reply) -> list[bytes] | None:
        """Server-sent events, if the client asked for them."""
        if not request.body.get("stream"):
            return None
        return [_event(chunk) for chunk in _chunks(request, reply)] + [b"data: [DONE]\n\n"]

    def error_piece(self, request: RecordedRequest, fault: Fault) -> bytes:
        """The error as an event."""
        _, message, kind, code = ERRORS[fault.kind]
        return _event(error_body(message, kind, code))

    def refuse(self, request: RecordedRequest, fault: Fault) -> None:
        """An error of the service."""
        if fault.kind == "access_denied":
            self.send_json(request, _wrong_key(self.headers.get("Authorization", "")), status=401)
            return
        if fault.kind == "schema":
            param = "tools[0].function.parameters" if request.schema_by == "tool" else "response_format"
            message = f"Invalid schema for {param} 'answer'."
            self.send_json(request, error_body(message, code="invalid_json_schema", param=param), status=400)
            return
        status, message, kind, code = ERRORS[fault.kind]
        headers: dict[str, str] = {}
        if fault.retry_after is not None:
            milliseconds = round(fault.retry_after * 1000)
            headers = {"retry-after-ms": str(milliseconds), "retry-after": str(-(-milliseconds // 1000))}
        self.send_json(request, error_body(message, kind, code), status=status, headers=headers)


class OpenAIServer(LoopbackServer):
    """Loopback OpenAI that knows the models it is given.

    Args:
        models: What it serves.
        api_key: Asked for as a bearer token; None asks for none.
        lenient: Whether it takes what OpenAI itself refuses.
        always_reason: Models that always reason, as a regular expression.
        model_routes: `one` is GET /models/{id}, `list` is GET /models.
        dimensions: Length of vectors when the client doesn't choose one.
    """

    handler = OpenAIHandler

    def __init__(
        self,
        responder: Responder = default_responder,
        *,
        models: Sequence[str] = ("gpt-4.1-mini", "gpt-4-turbo", "gpt-5.6-sol", "text-embedding-3-small"),
        latency_seconds: float = 0.0,
        faults: FaultPlan | None = None,
        port: int = 0,
        log: Path | None = None,
        api_key: str | None = API_KEY,
        lenient: bool = False,
        always_reason: str = ALWAYS_REASON,
        model_routes: Sequence[Literal["one", "list"]] = ("one", "list"),
        dimensions: int = 8,
    ) -> None:
        self.models = tuple(models)
        self.api_key = api_key
        self.lenient = lenient
        self.always_reason = always_reason
        self.model_routes = frozenset(model_routes)
        self.dimensions = dimensions
        super().__init__(responder, latency_seconds=latency_seconds, faults=faults, port=port, log=log)

    def environment(self) -> dict[str, str]:
        """Address and key."""
        key = {} if self.api_key is None else {"OPENAI_API_KEY": self.api_key}
        # a model that takes every parameter
        return {"OPENAI_BASE_URL": f"{self.url}/v1", "OPENAI_MODEL": "gpt-4.1-mini", **key}

    def as_openai(self) -> dict[str, str]:
        """Environment of a client that is to believe that this is api.openai.com."""
        return {**self.environment(), "OPENAI_BASE_URL": "http://api.openai.com/v1", "http_proxy": self.url}


def _schema(body: dict[str, Any]) -> tuple[dict[str, Any] | None, Literal["native", "tool"] | None]:
    described = body.get("response_format", {})
    if described.get("type") == "json_schema":
        return described["json_schema"]["schema"], "native"
    for tool in body.get("tools", []):
        return tool["function"]["parameters"], "tool"
    return None, None


def _call(request: RecordedRequest, arguments: str) -> dict[str, Any]:
    name = request.body["tools"][0]["function"]["name"]
    function = {"name": name, "arguments": arguments}
    return {"id": f"call_{request.number}", "type": "function", "function": function}


def _chunks(request: RecordedRequest, reply: Reply) -> Iterator[dict[str, Any]]:
    counted = bool((request.body.get("stream_options") or {}).get("include_usage"))

    def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        return {
            "id": f"chatcmpl-{request.number}",
            "object": "chat.completion.chunk",
            "created": CREATED,
            "model": request.model,
            "system_fingerprint": "fp_loopback",
            "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}],
            **({"usage": None} if counted else {}),
        }

    if request.schema_by == "tool":
        yield chunk(
            {"role": "assistant", "content": None, "tool_calls": [{"index": 0, **_call(request, "")}]}
        )
    else:
        yield chunk({"role": "assistant", "content": "", "refusal": None})
    for at in range(0, len(reply.text), 24):
        piece = reply.text[at : at + 24]
        if isinstance(reply, RefusedReply):
            yield chunk({"refusal": piece})
        elif request.schema_by == "tool":
            yield chunk({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
        else:
            yield chunk({"content": piece})
    yield chunk({}, reply.finish)
    if counted:
        yield {**chunk({}), "choices": [], "usage": _usage(request, reply)}


def _event(data: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(data).encode() + b"\n\n"


def _usage(request: RecordedRequest, reply: Reply) -> dict[str, Any]:
    sent, received = reply.counted(request)
    return {
        "prompt_tokens": sent,
        "completion_tokens": received,
        "total_tokens": sent + received,
        "prompt_tokens_details": {"cached_tokens": reply.cache_read_tokens, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }


def _embeddings(request: RecordedRequest, reply: Reply, dimensions: int) -> dict[str, Any]:
    length = request.body.get("dimensions") or dimensions
    packed = request.body.get("encoding_format") == "base64"

    def vector(text: str) -> list[float] | str:
        numbers = vector_of(text, length)
        return base64.b64encode(struct.pack(f"<{length}f", *numbers)).decode() if packed else numbers

    data = [
        {"object": "embedding", "index": index, "embedding": vector(text)}
        for index, (_, text) in enumerate(request.messages)
    ]
    sent = reply.counted(request)[0]
    usage = {"prompt_tokens": sent, "total_tokens": sent}
    return {"object": "list", "data": data, "model": request.model, "usage": usage}


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": CREATED, "owned_by": "openai"}


def _wrong_key(authorization: str) -> dict[str, Any]:
    key = authorization.removeprefix("Bearer ")
    shown = f"{key[:8]}{'*' * 8}{key[-4:]}"
    message = (
        f"Incorrect API key provided: {shown}. You can find your API key at https://platform.openai.com."
    )
    return error_body(message, code="invalid_api_key")


if __name__ == "__main__":
    main(OpenAIServer)
