"""What OpenAI refuses of a chat, and the form of its errors.

An unknown parameter, `max_tokens` or a temperature for models that always reason, and a schema that is said
to be strict but leaves a property optional or has what strict mode doesn't know. Messages are OpenAI's own.
"""

from __future__ import annotations

import re
from typing import Any

CHAT_PARAMETERS = frozenset(
    {
        "model",
        "messages",
        "max_tokens",
        "max_completion_tokens",
        "temperature",
        "top_p",
        "response_format",
        "tools",
        "tool_choice",
        "stream",
        "stream_options",
    }
)
ALWAYS_REASON = r"o\d|gpt-5(-(mini|nano|pro|20).*)?$|gpt-5\.[5-9]|gpt-[6-9]"
"""Models that do, as a regular expression."""


def error_body(
    message: str, kind: str = "invalid_request_error", code: str | None = None, param: str | None = None
) -> dict[str, Any]:
    """An error in OpenAI's form."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def broken_rule(body: dict[str, Any], always_reason: str = ALWAYS_REASON) -> dict[str, Any] | None:
    """The error that OpenAI gives for a chat that breaks its rules."""
    for name in body.keys() - CHAT_PARAMETERS:
        return error_body(f"Unknown parameter: '{name}'.", code="unknown_parameter", param=name)
    if re.match(always_reason, body["model"]):
        if "max_tokens" in body:
            message = (
                "Unsupported parameter: 'max_tokens' is not supported with this model. "
                "Use 'max_completion_tokens' instead."
            )
            return error_body(message, code="unsupported_parameter", param="max_tokens")
        for name in ("temperature", "top_p"):
            if body.get(name, 1) != 1:
                message = f"Unsupported value: '{name}' does not support {body[name]} with this model."
                return error_body(message, code="unsupported_value", param=name)
    described = body.get("response_format", {}).get("json_schema", {})
    if described.get("strict") and (problem := _not_strict(described["schema"])):
        message = f"Invalid schema for response_format '{described['name']}': {problem}"
        return error_body(message, code="invalid_json_schema", param="response_format")
    return None


def _not_strict(schema: Any) -> str | None:
    """What strict mode has against a schema, if anything."""
    if not isinstance(schema, dict):
        return "schema must be an object."
    if not {"type", "anyOf", "$ref"} & schema.keys():
        return "schema must have a 'type' key."
    if "$ref" in schema and len(schema) > 1:
        return "$ref cannot have other keywords."
    for keyword in ("oneOf", "allOf", "not", "default", "maxLength", "uniqueItems"):
        if keyword in schema:
            return f"'{keyword}' is not permitted."
    parts = [*schema.get("anyOf", []), *schema.get("$defs", {}).values()]
    if schema.get("type") == "object" or "properties" in schema:
        properties = schema.get("properties", {})
        if schema.get("additionalProperties") is not False:
            return "'additionalProperties' is required to be supplied and to be false."
        if missing := properties.keys() - set(schema.get("required", [])):
            return (
                "'required' is required to be supplied and to be an array including every key in "
                f"properties. Missing '{min(missing)}'."
            )
        parts += properties.values()
    if "items" in schema:
        parts.append(schema["items"])
    return next((problem for part in parts if (problem := _not_strict(part))), None)
