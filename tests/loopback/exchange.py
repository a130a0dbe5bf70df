"""What is said between a client and a loopback server: recorded requests, and replies to them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(slots=True)
class RecordedRequest:
    """One request to a model, as the server saw it."""

    number: int
    operation: str
    model: str
    body: dict[str, Any]
    system: str = ""
    messages: list[tuple[str, str]] = field(default_factory=list)
    json_schema: dict[str, Any] | None = None
    schema_by: Literal["native", "tool"] | None = None
    max_tokens: int | None = None
    started: float = 0.0
    ended: float | None = None
    outcome: str = "ok"

    @property
    def prompt(self) -> str:
        """Text of the last user turn."""
        return next((text for role, text in reversed(self.messages) if role == "user"), "")


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model says."""

    text: str
    input_tokens: int | None = None
    output_tokens: int | None = None
    finish: Literal["stop", "length", "content_filter"] = "stop"
    cache_read_tokens: int = 0

    def counted(self, request: RecordedRequest) -> tuple[int, int]:
        """Tokens in and out, a quarter of the characters where the reply doesn't say."""
        sent = len(request.system) + sum(len(text) for _, text in request.messages)
        return (
            sent // 4 + 1 if self.input_tokens is None else self.input_tokens,
            len(self.text) // 4 + 1 if self.output_tokens is None else self.output_tokens,
        )

    def cut(self) -> Reply:
        """The first half of it, as if the token limit had been met there."""
        return Reply(
            self.text[: len(self.text) // 2],
            input_tokens=self.input_tokens,
            finish="length",
            cache_read_tokens=self.cache_read_tokens,
        )


Responder = Callable[[RecordedRequest], Reply]


def minimal_instance(schema: dict[str, Any], root: dict[str, Any] | None = None) -> Any:
    """A small value that matches the usual kinds of JSON schema."""
    root = root or schema
    if reference := schema.get("$ref"):
        target: Any = root
        for part in str(reference).removeprefix("#/").split("/"):
            target = target[part]
        return minimal_instance(target, root)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    for keyword in ("anyOf", "oneOf", "allOf"):
        if keyword in schema:
            return minimal_instance(schema[keyword][0], root)
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        required = schema.get("required", [])
        return {
            name: minimal_instance(part, root)
            for name, part in schema.get("properties", {}).items()
            if name in required
        }
    if kind == "array":
        return [minimal_instance(schema.get("items", {}), root)] * int(schema.get("minItems", 0))
    scalars: dict[str, Any] = {
        "string": "x" * int(schema.get("minLength", 1)),
        "integer": int(schema.get("minimum", 0)),
        "number": float(schema.get("minimum", 0)),
        "boolean": False,
        "null": None,
    }
    return scalars[kind]


def default_responder(request: RecordedRequest) -> Reply:
    """A minimal instance of the schema, or a short paragraph."""
    if request.json_schema is not None:
        return Reply(json.dumps(minimal_instance(request.json_schema)))
    return Reply("A short answer from the loopback server.")
