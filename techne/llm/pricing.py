"""What a call costs, by the full id of the model or inference profile.

Prices come with the `genai-prices` package, which knows that a geographic profile (`us.`, `eu.`, `jp.`)
of the Claude 4.5 family costs a tenth more than the `global.` one, and what cache reads and writes cost.
It lists no price above 200K input tokens for Bedrock; calls that long need a beta flag that techne
doesn't send.
"""

from __future__ import annotations

import logging
from decimal import Decimal
from functools import lru_cache

from techne.llm.model import Usage

logger = logging.getLogger("techne.llm")

LOCAL_PROVIDERS = frozenset({"ollama"})
PRICE_LISTS = {"bedrock": "aws", "openai": "openai", "gemini": "google"}
"""Provider names of `genai-prices`, by ours."""


def cost_usd(provider: str, model: str, usage: Usage) -> Decimal | None:
    """Cost of one call in USD; 0 for a local model, None where no price is known."""
    if provider in LOCAL_PROVIDERS:
        return Decimal(0)
    price_list = PRICE_LISTS.get(provider)
    if price_list is None:
        return None
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
        _say_once_that_no_price_is_known(provider, model)
        return None
    return Decimal(price.total_price)


@lru_cache(maxsize=256)
def _say_once_that_no_price_is_known(provider: str, model: str) -> None:
    logger.warning(
        "No price is known for %s model %s; its calls are counted without a cost.", provider, model
    )
