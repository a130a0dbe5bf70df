"""What calls cost (S1-50, resolutions 7 and 8)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from techne.llm.model import Usage
from techne.llm.pricing import cost_usd

SONNET = "anthropic.claude-sonnet-4-5-20250929-v1:0"


@pytest.mark.parametrize(("output_tokens", "cost"), [(8_000, Decimal("0.57")), (10_000, Decimal("0.60"))])
def test_the_figures_of_the_requirements(output_tokens: int, cost: Decimal) -> None:
    usage = Usage(input_tokens=150_000, output_tokens=output_tokens)
    assert cost_usd("bedrock", f"global.{SONNET}", usage) == cost


@pytest.mark.parametrize("geography", ["us", "eu", "jp", "au"])
def test_a_geographic_profile_costs_a_tenth_more(geography: str) -> None:
    usage = Usage(input_tokens=1_000_000, output_tokens=1_000_000)
    assert cost_usd("bedrock", f"{geography}.{SONNET}", usage) == Decimal("19.80")
    assert cost_usd("bedrock", f"global.{SONNET}", usage) == Decimal(18)


def test_a_profile_may_be_named_by_its_arn() -> None:
    arn = f"arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.{SONNET}"
    assert cost_usd("bedrock", arn, Usage(input_tokens=1_000_000)) == Decimal("3.30")


def test_cache_reads_cost_a_tenth_and_writes_a_quarter_more() -> None:
    usage = Usage(input_tokens=3_000_000, cache_read_tokens=1_000_000, cache_write_tokens=1_000_000)
    assert cost_usd("bedrock", f"global.{SONNET}", usage) == Decimal("3") + Decimal("0.30") + Decimal("3.75")


def test_local_models_cost_nothing() -> None:
    assert cost_usd("ollama", "qwen2:7b", Usage(input_tokens=10**9)) == Decimal(0)


@pytest.mark.parametrize(("provider", "model"), [("bedrock", "acme.unheard-of-v1:0"), ("acme", SONNET)])
def test_no_known_price_is_no_cost_rather_than_none(provider: str, model: str) -> None:
    assert cost_usd(provider, model, Usage(input_tokens=1)) is None
