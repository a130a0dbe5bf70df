"""What is sent to Gemini: conversations, generation parameters, and JSON schemas in one of three ways."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

from techne.llm.model import LLMRequest
from techne.llm.provider import Parameters
from techne.llm.providers.gemini_models import family
from techne.llm.structured import native_schema, schema_instruction

TOOL_NAME = "answer"
Way = Literal["native", "tool", "words"]


@dataclass(frozen=True, slots=True)
class Structure:
    """How a model is made to follow a JSON schema.

    Args:
        way: As native structured output, as a function that must be called, or by asking for it.
        asked: The request's schema.
        sent: What is sent of it.
    """

    way: Way
    asked: dict[str, Any]
    sent: dict[str, Any]

    @property
    def name(self) -> str:
        """The same for the same schema."""
        return json.dumps(self.asked, sort_keys=True)


def structures(schema: dict[str, Any], model: str) -> list[Structure]:
    """The ways that a model could be made to follow a schema, best first."""
    ways = [Structure("words", schema, schema)]
    if schema.get("type") == "object":
        ways.insert(0, Structure("tool", schema, _const_as_enum(schema)))
    closed = native_schema(schema) if family(model).native_json_schema else None
    if closed is not None:
        ways.insert(0, Structure("native", schema, _const_as_enum(closed)))
    return ways


def model_path(model: str) -> str:
    """The name of a model as a resource of the API."""
    return model if model.startswith("tunedModels/") else f"models/{model}"


def generation_body(
    request: LLMRequest, parameters: Parameters, limit: int, structure: Structure | None
) -> dict[str, Any]:
    """Body of generateContent and of its stream.

    Args:
        request: What is asked.
        parameters: The provider's parameters of the call.
        limit: Most tokens of the answer.
        structure: How a schema is to be followed, if there is one.
    """
    generation: dict[str, Any] = {"temperature": parameters["temperature"], "maxOutputTokens": limit}
    if request.top_p is not None:
        generation["topP"] = request.top_p
    if request.top_k is not None:
        generation["topK"] = request.top_k
    body: dict[str, Any] = {
        "contents": [
            {"role": "model" if turn.role == "assistant" else "user", "parts": [{"text": turn.content}]}
            for turn in request.conversation()
        ],
        "generationConfig": generation,
    }
    system = request.system or ""
    if structure is not None and structure.way == "native":
        generation["responseMimeType"] = "application/json"
        generation["responseJsonSchema"] = structure.sent
    elif structure is not None and structure.way == "tool":
        declared = {
            "name": TOOL_NAME,
            "description": "Gives the answer. Call it exactly once.",
            "parametersJsonSchema": structure.sent,
        }
        body["tools"] = [{"functionDeclarations": [declared]}]
        body["toolConfig"] = {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": [TOOL_NAME]}}
    elif structure is not None:
        system = "\n\n".join(part for part in (system, schema_instruction(structure.sent)) if part)
    if system:
        body["systemInstruction"] = {"parts": [{"text": system}]}
    return body


def token_count_body(model: str, body: dict[str, Any]) -> dict[str, Any]:
    """Body of countTokens for a call: instructions and schemas are counted only in a whole request."""
    if (
        body.keys() == {"contents", "generationConfig"}
        and "responseJsonSchema" not in body["generationConfig"]
    ):
        return {"contents": body["contents"]}
    return {"generateContentRequest": {"model": model_path(model), **body}}


def embedding_body(model: str, texts: tuple[str, ...], dimensions: int | None) -> dict[str, Any]:
    """Body of batchEmbedContents."""
    asked: dict[str, Any] = {"model": model_path(model)}
    if dimensions is not None:
        asked["outputDimensionality"] = dimensions
    return {"requests": [{**asked, "content": {"parts": [{"text": text}]}} for text in texts]}


def _const_as_enum(schema: Any) -> Any:
    """A copy in which a constant text is a choice of one: Gemini overlooks `const`."""
    if isinstance(schema, list):
        return [_const_as_enum(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    copied: dict[str, Any] = {}
    for keyword, value in schema.items():
        if keyword in {"properties", "$defs", "definitions"} and isinstance(value, dict):
            copied[keyword] = {name: _const_as_enum(part) for name, part in value.items()}
        elif keyword in {"enum", "default", "examples"}:
            copied[keyword] = value
        elif keyword == "const" and isinstance(value, str):
            copied["enum"] = [value]
        else:
            copied[keyword] = _const_as_enum(value)
    return copied
