"""What a call costs, by the full id of the model or inference profile.

Prices come with the `genai-prices` package, which knows that a geographic profile (`us.`, `eu.`, `jp.`)
of the Claude 4.5 family costs a tenth more than the `global.` one, and what cache reads and writes cost.
It lists no price above 200K input tokens for Bedrock; calls that long need a beta flag that techne
doesn't send.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from techne.llm.model import Usage

logger = logging.getLogger("techne.llm")

LOCAL_PROVIDERS = frozenset({"ollama"})
PRICE_LISTS = {"bedrock": "aws", "openai": "openai", "gemini": "google"}
"""Provider names of `genai-prices`, by ours."""


PER_TOKENS = 1_000_000
_HOUR_SECONDS = 3600


def cost_usd(provider: str, model: str, usage: Usage) -> Decimal | None:
    """Cost of one call in USD; 0 for a local model, None where no price is known."""
    if provider in LOCAL_PROVIDERS:
        return Decimal(0)
    price_list = PRICE_LISTS.get(provider)
    if price_list is None:
        return None
    rates = _flat_rates(price_list, model, int(time.time() // _HOUR_SECONDS))
    if rates is None:
        if usage.total_tokens:  # not where only the list is read ahead of a call
            _say_once_that_no_price_is_known(provider, model)
        return None
    if rates == "tiered":
        return _listed_price(price_list, model, usage)
    read, written = usage.cache_read_tokens, usage.cache_write_tokens
    return (
        rates.input * max(usage.input_tokens - read - written, 0)
        + rates.output * usage.output_tokens
        + rates.cache_read * read
        + rates.cache_write * written
    ) / PER_TOKENS


@dataclass(frozen=True, slots=True)
class _Rates:
    """USD per million tokens."""

    input: Decimal
    output: Decimal
    cache_read: Decimal
    cache_write: Decimal


@lru_cache(maxsize=1024)
def _flat_rates(price_list: str, model: str, hour: int) -> _Rates | Literal["tiered"] | None:
    """Prices per token of a model whose tokens all cost the same; "tiered" if they rise with their number.

    Asking the price list costs more time than all else that the executor does to a call, so it is asked
    once an hour. It tells tiers only by its answers: a small and a huge call must cost the same per token.
    """
    rates = []
    for field in ("input", "output", "cache_read", "cache_write"):
        per_token = set()
        for tokens in (1_000, 10_000_000):
            counted = {f"{field}_tokens": tokens}
            if field.startswith("cache"):
                counted["input_tokens"] = tokens  # reads and writes are input, too
            price = _listed_price(price_list, model, Usage.model_validate(counted))
            if price is None:
                return None
            per_token.add(price * PER_TOKENS / tokens)
        if len(per_token) > 1:
            return "tiered"
        rates.append(per_token.pop())
    return _Rates(*rates)


def _listed_price(price_list: str, model: str, usage: Usage) -> Decimal | None:
    from genai_prices import Usage as PricedUsage
    from genai_prices import calc_price

    try:
        price = calc_price(
            PricedUsage(
                input_tokens=usage.input_tokens,
                output_tokens=usage.output_tokens,
                cache_read_tokens=usage.cache_read_tokens,
                cache_write_tokens=usage.cache_write_tokens,
            ),
            model,
            provider_id=price_list,
        )
    except (LookupError, ValueError):
        return None
    return Decimal(price.total_price)


@lru_cache(maxsize=256)
def _say_once_that_no_price_is_known(provider: str, model: str) -> None:
    logger.warning(
        "No price is known for %s model %s; its calls are counted without a cost.", provider, model
    )
