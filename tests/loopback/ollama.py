"""Ollama's HTTP API, on the wire: chat (stream and not), embed, tags, show, ps, version."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.loopback.command import main
from tests.loopback.exchange import RecordedRequest, Reply, Responder, default_responder
from tests.loopback.faults import Fault, FaultPlan
from tests.loopback.server import LoopbackServer
from tests.loopback.streaming import StreamingHandler
from tests.loopback.vectors import vector_of

CREATED = "2026-01-01T00:00:00Z"
SHOWN = {
    "details": {"family": "qwen2"},
    "model_info": {"general.architecture": "qwen2", "qwen2.context_length": 32768},
    "capabilities": ["completion"],
}
ERRORS = {
    "throttle": (503, "server busy, please try again.  maximum pending requests exceeded"),
    "internal_error": (500, "llama runner process has terminated: exit status 2"),
    "unavailable": (503, "service unavailable"),
    "access_denied": (401, "unauthorized"),
    "unknown_model": (404, "model not found"),
    "inference_profile": (400, "invalid model name"),
    "schema": (400, "invalid JSON schema in format"),
    "too_long": (400, "the input length exceeds the context length"),
}


class OllamaHandler(StreamingHandler):
    """The routes that a client of chat and embedding models uses."""

    loopback: OllamaServer
    stream_type = "application/x-ndjson"

    def do_GET(self) -> None:  # noqa: N802 - named by http.server
        """Version, and the models that are there."""
        models = [
            {"name": name, "model": name, "size": 1, "digest": "0" * 64, "modified_at": CREATED}
            for name in self.loopback.models
        ]
        answers: dict[str, object] = {
            "/api/version": {"version": "0.12.6"},
            "/api/tags": {"models": models},
            "/api/ps": {"models": models},
        }
        if not self._let_in():
            return
        if self.route in answers:
            self.send_json(None, answers[self.route])
        else:
            self.send_bytes(None, b"404 page not found", "text/plain", status=404)

    def do_POST(self) -> None:  # noqa: N802 - named by http.server
        """Chat with a model, or show it."""
        body = self.read_json()
        model = str(body.get("model", ""))
        if not self._let_in():
            return
        if not {model, f"{model}:latest"} & set(self.loopback.models):
            self.send_json(None, {"error": f"model '{model}' not found"}, status=404)
        elif self.route == "/api/show":
            self.send_json(None, SHOWN)
        elif self.route == "/api/chat":
            self._chat(model, body)
        elif self.route == "/api/embed":
            self._embed(model, body)
        else:
            self.send_bytes(None, b"404 page not found", "text/plain", status=404)

    def _chat(self, model: str, body: dict[str, Any]) -> None:
        turns = [(turn["role"], turn.get("content") or "") for turn in body["messages"]]
        schema = body.get("format")
        self.serve(
            RecordedRequest(
                number=0,
                operation="chat",
                model=model,
                body=body,
                system="\n".join(text for role, text in turns if role == "system"),
                messages=[(role, text) for role, text in turns if role != "system"],
                json_schema=schema if isinstance(schema, dict) else None,
                schema_by="native" if isinstance(schema, dict) else None,
                max_tokens=body.get("options", {}).get("num_predict"),
            )
        )

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
        self.send_json(None, {"error": "unauthorized"}, status=401)
        return False

    def answer_whole(self, request: RecordedRequest, reply: Reply) -> None:
        """One JSON document."""
        if request.operation == "embed":
            length = request.body.get("dimensions") or self.loopback.dimensions
            answer: dict[str, Any] = {
                "model": request.model,
                "embeddings": [vector_of(text, length) for _, text in request.messages],
                "total_duration": 1,
                "load_duration": 1,
                "prompt_eval_count": reply.counted(request)[0],
            }
        else:
            answer = {
                **_last(request, reply),
                "message": {"role": "assistant", "content": reply.text},
            }
        self.send_json(request, answer)

    def pieces(self, request: RecordedRequest, reply: Reply) -> list[bytes] | None:
        """Lines of JSON, unless the client declined them."""
        if request.operation == "embed" or not request.body.get("stream", True):
            return None
        lines = [
            {
                "model": request.model,
                "created_at": CREATED,
                "done": False,
                "message": {"role": "assistant", "content": reply.text[at : at + 24]},
            }
            for at in range(0, len(reply.text), 24)
        ]
        lines.append({**_last(request, reply), "message": {"role": "assistant", "content": ""}})
        return [json.dumps(line).encode() + b"\n" for line in lines]

    def error_piece(self, request: RecordedRequest, fault: Fault) -> bytes:
        """A line with nothing but the error."""
        return json.dumps({"error": ERRORS[fault.kind][1]}).encode() + b"\n"

    def refuse(self, request: RecordedRequest, fault: Fault) -> None:
        """An error of the server."""
        status, message = ERRORS[fault.kind]
        headers = {} if fault.retry_after is None else {"Retry-After": f"{fault.retry_after:g}"}
        self.send_json(request, {"error": message}, status=status, headers=headers)


def _last(request: RecordedRequest, reply: Reply) -> dict[str, Any]:
    sent, received = reply.counted(request)
    return {
        "model": request.model,
        "created_at": CREATED,
        "done": True,
        "done_reason": "length" if reply.finish == "length" else "stop",
        "total_duration": 1,
        "prompt_eval_count": sent,
        "eval_count": received,
    }


class OllamaServer(LoopbackServer):
    """Loopback Ollama that knows the models it is given.

    Args:
        models: What has been pulled.
        api_key: Asked for as a bearer token, if given.
        dimensions: Length of vectors when the client doesn't choose one.
    """

    handler = OllamaHandler

    def __init__(
        self,
        responder: Responder = default_responder,
        *,
        models: Sequence[str] = ("qwen2:7b", "llama3.1:8b"),
        latency_seconds: float = 0.0,
        faults: FaultPlan | None = None,
        port: int = 0,
        log: Path | None = None,
        api_key: str | None = None,
        dimensions: int = 8,
    ) -> None:
        self.models = tuple(models)
        self.api_key = api_key
        self.dimensions = dimensions
        super().__init__(responder, latency_seconds=latency_seconds, faults=faults, port=port, log=log)

    def environment(self) -> dict[str, str]:
        """Address of the server."""
        return {"OLLAMA_HOST": self.url}


if __name__ == "__main__":
    main(OllamaServer)
