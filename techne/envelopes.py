"""What a flow answers to an event: the envelope of a success (S1-30) or of a failure (S1-31)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from techne.errors import InputError, TechneError

logger = logging.getLogger(__name__)

Request = TypeVar("Request", bound=BaseModel)


def success_envelope(result: BaseModel) -> dict[str, Any]:
    """The 200 answer of S1-30."""
    return {"statusCode": 200, "body": result.model_dump(mode="json")}


def error_envelope(error: Exception) -> dict[str, Any]:
    """The 400 or 500 answer of S1-31: 400 if the caller's input is wrong, 500 if we or a provider failed."""
    status = error.status_code if isinstance(error, TechneError) else 500
    name = type(error).__name__ if isinstance(error, InputError) else "ProcessingError"
    return {"statusCode": status, "body": {"error": name, "message": str(error)}}


def enveloped(work: Callable[[], BaseModel]) -> dict[str, Any]:
    """Do something, and answer with the envelope of what came of it."""
    try:
        return success_envelope(work())
    except TechneError as error:
        return error_envelope(error)
    except Exception as error:
        logger.exception("Unexpected failure")
        return error_envelope(error)


def parse_event(model: type[Request], event: object, *, example: str) -> Request:
    """The request of a JSON event (S1-28).

    Raises:
        InputError: The event is not an object, or a field is missing, unknown or out of bounds.
    """
    if not isinstance(event, dict):
        raise InputError("The event is not a JSON object.", cure=f"Send {example}.")
    try:
        return model.model_validate(event)
    except ValidationError as error:
        raise InputError(describe_validation(error, model)) from None


def describe_validation(error: ValidationError, model: type[BaseModel]) -> str:
    """One sentence that names the first wrong field, what is wrong with it, and how many more there are."""
    problems = error.errors(include_url=False, include_input=False)
    first = problems[0]
    place = ".".join(str(part) for part in first["loc"])
    rest = f" ({len(problems) - 1} more)" if len(problems) > 1 else ""
    known = ", ".join(model.model_fields)
    told = first["msg"].removeprefix("Value error, ")
    message = "is not a known field" if first["type"] == "extra_forbidden" else told[0].lower() + told[1:]
    where = f"In the request, {place}" if place else "In the request"
    return f"{where}: {message}{rest}. Known fields: {known}."
