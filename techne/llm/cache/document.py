"""An answer as the stores keep it: one JSON document."""

from __future__ import annotations

import logging

from pydantic import ValidationError

from techne.llm.model import LLMResponse

logger = logging.getLogger("techne.llm")


def to_document(response: LLMResponse) -> bytes | None:
    """The answer without what was true of one call alone; None if it has no JSON form."""
    lasting = response.model_copy(update={"cached": False, "passed_over": ()})
    try:
        return lasting.model_dump_json().encode()
    except ValueError as error:  # half a surrogate pair has no UTF-8
        logger.debug("An answer of %s can't be kept: %s", response.model, error)
        return None


def from_document(document: bytes) -> LLMResponse | None:
    """The answer, marked as cached; None if it can't be read, as when another version wrote it."""
    try:
        response = LLMResponse.model_validate_json(document)
    except ValidationError:
        return None
    return response.model_copy(update={"cached": True})
