"""One line in the log per call (S4-14), with figures and never a word of prompt or answer."""

from __future__ import annotations

import logging

from techne.errors import LLMError
from techne.llm.accounting import failure_kind
from techne.llm.model import LLMRequest, LLMResponse
from techne.llm.pool import Call

logger = logging.getLogger("techne.llm")


def log_answer(
    request: LLMRequest, response: LLMResponse, *, queue_length: int, latency_seconds: float
) -> None:
    """An answer, from the provider or from the cache."""
    logger.info(
        "request_id=%s provider=%s model=%s queue_len=%d latency_ms=%d finish_reason=%s "
        "attempts=%d tokens=%d cost_usd=%s cached=%s",
        request.request_id,
        response.provider,
        response.model,
        queue_length,
        round(1000 * latency_seconds),
        response.finish_reason,
        response.attempts,
        response.usage.total_tokens,
        response.cost_usd,
        response.cached,
    )


def log_failure(request: LLMRequest, error: LLMError, call: Call, latency_seconds: float) -> None:
    """A request that got no answer; what to do about it is its caller's to say."""
    logger.warning(
        "request_id=%s provider=%s model=%s queue_len=%d latency_ms=%d finish_reason=error "
        "failure=%s attempts=%d tokens=%d cost_usd=%s",
        request.request_id,
        request.provider,
        request.model,
        call.queue_length,
        round(1000 * latency_seconds),
        failure_kind(error),
        call.attempts,
        call.usage.total_tokens,
        call.cost_usd,
    )


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
