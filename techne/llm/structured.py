"""Answers that must match a JSON schema: validated, repaired, and asked for again with what was wrong.

However a provider was made to answer in JSON, nothing is believed before it has been validated here. An
answer that was cut off at the token limit is never repaired: closing its brackets would make a valid
document out of half of one.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from techne.errors import OutputValidationError, RequestRejectedError
from techne.llm.model import FinishReason, LLMRequest
from techne.llm.provider import ProviderAnswer

MAX_ASKED_AGAIN = 2
"""Times that an invalid answer is asked for again."""
ENLARGEMENT = 2
"""Factor of the output limit when a JSON answer was cut off."""
_LISTED_PROBLEMS = 5

Schema = dict[str, Any]
_MOST_MIN_ITEMS = 1
_UNSUPPORTED_NATIVELY = frozenset(
    {
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minLength",
        "maxLength",
        "maxItems",
        "uniqueItems",
        "minProperties",
        "maxProperties",
    }
)
_NAMED_SCHEMAS = frozenset({"properties", "$defs", "definitions"})


@dataclass(frozen=True, slots=True)
class StructuredAnswer:
    """A validated answer; `text` is `value` as JSON."""

    text: str
    value: Any
    finish_reason: FinishReason


async def ask_for_json(
    request: LLMRequest,
    ask: Callable[[LLMRequest], Awaitable[ProviderAnswer]],
    count: Callable[[str], None],
    *,
    limit_settings: str,
) -> StructuredAnswer:
    """Ask until the answer matches `request.json_schema`.

    Args:
        request: A request with a schema.
        ask: Makes one call, with its retries.
        count: Books `repairs` and `asked_again`.
        limit_settings: Names of the settings that bound the length of an answer, for the error.

    Raises:
        OutputValidationError: No valid answer came, or it was cut off and can't be longer.
        RequestRejectedError: The schema is none, or the answer was withheld.
    """
    schema = request.json_schema or {}
    check_schema(schema)
    current, asked_again, enlarged = request, 0, False
    while True:
        answer = await ask(current)
        if answer.finish_reason == "content_filter":
            raise RequestRejectedError(f"The content filter of {request.model} withheld the answer.")
        cut_off = answer.finish_reason == "length"
        value, problem, repaired = parse_json(answer.text, schema, repair=not cut_off)
        if problem is None:
            if repaired:
                count("repairs")
            text = json.dumps(value, ensure_ascii=False) if repaired else answer.text
            return StructuredAnswer(text, value, answer.finish_reason)
        if cut_off:
            longer = min(answer.output_limit * ENLARGEMENT, answer.output_ceiling)
            if enlarged or longer <= answer.output_limit:
                raise OutputValidationError(
                    f"The JSON answer of {request.model} was cut off at {answer.output_limit} output tokens.",
                    cure=f"Raise the output limit ({limit_settings}), or send less at once "
                    "(MAX_TOKENS_PER_CHUNK).",
                )
            enlarged = True
            current = current.model_copy(update={"max_output_tokens": longer})
        else:
            if asked_again == MAX_ASKED_AGAIN:
                raise OutputValidationError(
                    f"The answer of {request.model} does not match its JSON schema, asked "
                    f"{asked_again + 1} times: {problem}.",
                    cure="Use a model with native structured output, or a larger one.",
                )
            asked_again += 1
            current = current.model_copy(update=_with_problem(request, problem))
        count("asked_again")


def parse_json(text: str, schema: Schema, *, repair: bool = True) -> tuple[Any, str | None, bool]:
    """The valid value in `text`; or what is wrong, and where; and whether it took a repair."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        problem: str | None = f"not JSON at character {error.pos}: {error.msg}"
    else:
        problem = _mismatch(value, schema)
        if problem is None:
            return value, None, False
    if repair:
        from json_repair import repair_json

        mended = repair_json(text, return_objects=True)
        if mended != "" and _mismatch(mended, schema) is None:
            return mended, None, True
    return None, problem, False


def check_schema(schema: Schema) -> None:
    """Refuse what is not a JSON schema.

    Raises:
        RequestRejectedError: It says where the schema is wrong.
    """
    try:
        text = json.dumps(schema)
    except (TypeError, ValueError) as error:
        raise RequestRejectedError(f"json_schema is not JSON: {error}.") from error
    problem = _schema_problem(text)
    if problem is not None:
        raise RequestRejectedError(f"json_schema is not a JSON schema: {problem}.")


@lru_cache(maxsize=512)
def _schema_problem(text: str) -> str | None:
    """What is wrong with a schema; looking costs more than a call, and one schema goes with many calls."""
    from jsonschema import SchemaError
    from jsonschema.validators import validator_for

    schema = json.loads(text)
    try:
        validator_for(schema).check_schema(schema)
    except SchemaError as error:
        return error.message
    return None


def import_validators() -> None:
    """Import what validates and repairs, ahead of the first answer."""
    import json_repair  # noqa: F401
    import jsonschema  # noqa: F401


def native_schema(schema: Schema) -> Schema | None:
    """The schema as constrained decoding takes it, or None if it can't say what the schema says.

    Constrained decoding wants every object closed and knows no bounds on numbers, lengths and counts:
    those go into the descriptions and are left to our own validation. An object with free keys, and a
    schema that contains itself, can't be expressed.
    """
    if _has_free_keys(schema) or _is_recursive(schema):
        return None
    closed = copy.deepcopy(schema)
    _close(closed)
    return closed


def schema_instruction(schema: Schema) -> str:
    """Words that ask for the schema, for models that can't be made to follow one."""
    return (
        "Answer with one JSON value that matches this JSON schema, and with nothing else: "
        "no explanation, no code fence.\n" + json.dumps(schema, ensure_ascii=False)
    )


def _mismatch(value: Any, schema: Schema) -> str | None:
    from jsonschema.validators import validator_for

    errors = sorted(validator_for(schema)(schema).iter_errors(value), key=lambda error: error.json_path)
    if not errors:
        return None
    return "; ".join(f"at {error.json_path}: {error.message[:200]}" for error in errors[:_LISTED_PROBLEMS])


def _with_problem(request: LLMRequest, problem: str) -> dict[str, Any]:
    said = (
        "\n\nAn earlier answer to this was refused because it does not match the required JSON "
        f"schema ({problem}). Answer again with the whole JSON value, corrected."
    )
    if not request.messages:
        return {"prompt": request.prompt + said}
    *before, last = request.messages
    return {"messages": (*before, last.model_copy(update={"content": last.content + said}))}


def _has_free_keys(schema: Any) -> bool:
    if isinstance(schema, list):
        return any(_has_free_keys(part) for part in schema)
    if not isinstance(schema, dict):
        return False
    is_object = schema.get("type") == "object"
    if is_object and (not schema.get("properties") or schema.get("additionalProperties")):
        return True
    return any(
        any(_has_free_keys(part) for part in value.values())
        if keyword in _NAMED_SCHEMAS and isinstance(value, dict)
        else _has_free_keys(value)
        for keyword, value in schema.items()
        if keyword not in {"enum", "const", "default", "examples"}
    )


def _is_recursive(schema: Schema) -> bool:
    definitions = {**schema.get("definitions", {}), **schema.get("$defs", {})}
    uses = {name: _references(part) for name, part in definitions.items()}

    def reaches_itself(name: str) -> bool:
        seen: set[str] = set()
        ahead = set(uses.get(name, ()))
        while ahead:
            seen |= ahead
            ahead = {used for step in ahead for used in uses.get(step, ())} - seen
        return name in seen

    return "#" in _references(schema) or any(reaches_itself(name) for name in uses)


def _references(schema: Any) -> set[str]:
    if isinstance(schema, list):
        return set().union(*(_references(part) for part in schema))
    if not isinstance(schema, dict):
        return set()
    own = {str(schema["$ref"]).rpartition("/")[2]} if isinstance(schema.get("$ref"), str) else set()
    return own.union(*(_references(part) for part in schema.values()))


def _close(schema: Any) -> None:
    if isinstance(schema, list):
        for part in schema:
            _close(part)
        return
    if not isinstance(schema, dict):
        return
    bounds = sorted(_UNSUPPORTED_NATIVELY & schema.keys())
    if schema.get("minItems", 0) > _MOST_MIN_ITEMS:
        bounds.append("minItems")
    if bounds:  # the model may still read them
        said = ", ".join(f"{keyword} {json.dumps(schema.pop(keyword))}" for keyword in bounds)
        schema["description"] = f"{schema.get('description', '')} ({said})".strip()
    if schema.get("type") == "object":
        schema["additionalProperties"] = False
    for keyword, value in schema.items():
        if keyword in _NAMED_SCHEMAS and isinstance(value, dict):
            for part in value.values():
                _close(part)
        elif keyword not in {"enum", "const", "default", "examples"}:
            _close(value)
