"""One line in the log per call (S4-14), with figures and never a word of prompt or answer.

The message is `key=value`, for people and grep; the same figures are in the record's `llm` dictionary, for
those that write JSON. What a caller may choose (ids, tags, models) can't forge a line, or a part of one.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from techne.llm.accounting import failure_kind
from techne.llm.model import EmbedRequest, EmbedResponse, LLMRequest, LLMResponse

if TYPE_CHECKING:
    from techne.errors import LLMError
    from techne.llm.pool import Call

logger = logging.getLogger("techne.llm")

MOST_CHARACTERS = 200
"""Of one value; ids and tags that are longer are cut."""
MOST_REASON_CHARACTERS = 1000

_PLAIN = re.compile(r'[^ ="\\]*')

Figure = str | int | Decimal | dict[str, str] | None


def log_answer(
    request: LLMRequest, response: LLMResponse, *, queue_length: int, latency_seconds: float
) -> None:
    """An answer, from the provider or from the cache."""
    if logger.isEnabledFor(logging.INFO):
        _log(
            logging.INFO,
            {
                **_start(request, response.provider, response.model, queue_length, latency_seconds),
                "finish_reason": response.finish_reason,
                "attempts": response.attempts,
                "tokens": response.usage.total_tokens,
                "cost_usd": response.cost_usd,
                "cached": response.cached,
                "tags": request.tags,
            },
        )


def log_vectors(request: EmbedRequest, response: EmbedResponse, *, queue_length: int) -> None:
    """Vectors that were made."""
    if logger.isEnabledFor(logging.INFO):
        provider, model, latency = response.provider, response.model, response.latency_seconds
        _log(
            logging.INFO,
            {
                **_start(request, provider, model, queue_length, latency),
                "finish_reason": "stop",
                "attempts": response.attempts,
                "tokens": response.usage.total_tokens,
                "cost_usd": response.cost_usd,
                "vectors": len(response.vectors),
            },
        )


def log_failure(
    request: LLMRequest | EmbedRequest, error: LLMError, call: Call, latency_seconds: float
) -> None:
    """A request that got no answer; what to do about it is its caller's to say."""
    if logger.isEnabledFor(logging.WARNING):
        provider, model = request.provider, request.model or ""
        _log(
            logging.WARNING,
            {
                **_start(request, provider, model, call.queue_length, latency_seconds),
                "finish_reason": "error",
                "failure": failure_kind(error),
                "attempts": call.attempts,
                "tokens": call.usage.total_tokens,
                "cost_usd": call.cost_usd,
                "tags": {} if isinstance(request, EmbedRequest) else request.tags,
            },
        )


def log_retry(
    request: LLMRequest | EmbedRequest, error: LLMError, *, attempt: int, wait_seconds: float
) -> None:
    """An attempt that failed and will be followed by another."""
    if logger.isEnabledFor(logging.WARNING):
        figures: dict[str, Figure] = {
            "request_id": request.request_id,
            "provider": request.provider,
            "model": request.model or "",
            "attempt": attempt,
            "failure": failure_kind(error),
            "next_in_ms": round(1000 * wait_seconds),
        }
        reason = one_line(error.message, MOST_REASON_CHARACTERS)
        logger.warning("%s: %s", _line(figures), reason, extra={"llm": _fields(figures)})


def log_summary(title: str, response: LLMResponse) -> None:
    """The line of S1-44, such as `Bedrock response: 2500 chars, 8000 tokens, $0.135`."""
    price = "price unknown" if response.cost_usd is None else f"${response.cost_usd:.3f}"
    logger.info(
        "%s response: %d chars, %d tokens, %s",
        title,
        len(response.text),
        response.usage.total_tokens,
        price,
    )


def one_line(text: str, most_characters: int = MOST_CHARACTERS) -> str:
    """Text without anything that a terminal or a reader of lines would act on, and of bounded length."""
    if len(text) > most_characters:
        text = f"{text[:most_characters]}…"
    return text if text.isprintable() else "".join(map(_escaped, text))


def _escaped(character: str) -> str:
    return character if character.isprintable() else ascii(character)[1:-1]


def _start(
    request: LLMRequest | EmbedRequest, provider: str, model: str, queue_length: int, latency_seconds: float
) -> dict[str, Figure]:
    return {
        "request_id": request.request_id,
        "provider": provider,
        "model": model,
        "queue_len": queue_length,
        "latency_ms": round(1000 * latency_seconds),
    }


def _log(level: int, figures: Mapping[str, Figure]) -> None:
    logger.log(level, "%s", _line(figures), extra={"llm": _fields(figures)})


def _fields(figures: Mapping[str, Figure]) -> dict[str, object]:
    """For JSON, which has no decimals."""
    return {key: float(value) if isinstance(value, Decimal) else value for key, value in figures.items()}


def _line(figures: Mapping[str, Figure]) -> str:
    parts = []
    for key, value in figures.items():
        if isinstance(value, str):
            parts.append(f"{key}={_quoted(value)}")
        elif isinstance(value, dict):
            parts += [f"tag.{_quoted(tag)}={_quoted(text)}" for tag, text in value.items()]
        else:
            parts.append(f"{key}={value:f}" if isinstance(value, Decimal) else f"{key}={value}")
    return " ".join(parts)


def _quoted(text: str) -> str:
    """Text as logfmt has it: in quotes where it could be taken for more than one value."""
    if len(text) <= MOST_CHARACTERS and _PLAIN.fullmatch(text) and text.isprintable():
        return text
    return '"' + one_line(text.replace("\\", "\\\\").replace('"', '\\"')) + '"'
