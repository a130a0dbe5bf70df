"""What the table of model families says of model ids, profiles and ARNs (S4-5)."""

from __future__ import annotations

import pytest

from techne.llm.providers.bedrock_models import FAMILIES, UNKNOWN, family_of, foundation_model


@pytest.mark.parametrize(
    ("model", "context", "output", "native", "choice"),
    [
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", 200_000, 64_000, True, "tool"),
        ("anthropic.claude-haiku-4-5-20251001-v1:0", 200_000, 64_000, True, "tool"),
        ("global.anthropic.claude-opus-4-6-v1", 1_000_000, 128_000, True, "tool"),
        ("us.anthropic.claude-sonnet-4-20250514-v1:0", 200_000, 64_000, False, "tool"),
        ("us.anthropic.claude-opus-4-1-20250805-v1:0", 200_000, 32_000, False, "tool"),
        ("anthropic.claude-3-haiku-20240307-v1:0", 200_000, 4096, False, "tool"),
        ("eu.anthropic.claude-opus-5", 1_000_000, 128_000, True, "tool"),
        ("eu.anthropic.claude-opus-5-5", 1_000_000, 128_000, True, "auto"),
        ("us.amazon.nova-pro-v1:0", 300_000, 10_000, False, "tool"),
        ("us.meta.llama3-3-70b-instruct-v1:0", 128_000, 4096, False, "auto"),
        ("meta.llama3-70b-instruct-v1:0", 8192, 2048, False, None),
        ("mistral.mistral-large-2407-v1:0", 128_000, 8192, False, "any"),
        ("openai.gpt-oss-120b-1:0", 131_072, 128_000, True, None),
    ],
)
def test_known_models(model: str, context: int, output: int, native: bool, choice: str | None) -> None:
    family = family_of(model)
    assert (family.context_tokens, family.max_output_tokens) == (context, output)
    assert (family.native_schema, family.tool_choice) == (native, choice)


def test_a_profile_s_arn_is_of_its_model_s_family() -> None:
    model = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
    assert family_of(f"arn:aws:bedrock:us-east-1:123456789012:inference-profile/{model}") == family_of(model)


@pytest.mark.parametrize(
    "model", ["acme.model-v1:0", "arn:aws:bedrock:us-east-1:1:application-inference-profile/a1b2"]
)
def test_an_unknown_model_is_credited_with_little(model: str) -> None:
    assert family_of(model) is UNKNOWN
    assert not UNKNOWN.native_schema
    assert UNKNOWN.tool_choice is None
    assert UNKNOWN.cache_minimum_tokens == 0
    assert all(family.context_tokens >= family.max_output_tokens for family in (*FAMILIES, UNKNOWN))


def test_no_family_hides_a_later_one() -> None:
    patterns = [family.pattern for family in FAMILIES]
    assert len(set(patterns)) == len(patterns)
    for at, family in enumerate(FAMILIES):
        plain = family.pattern.replace("\\.", ".").replace("\\b", "")
        if plain.replace(".", "").replace("-", "").isalnum():
            assert family_of(plain) is family, f"row {at} ({family.pattern}) is never met"


@pytest.mark.parametrize(
    ("model", "base"),
    [
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("us-gov.openai.gpt-oss-20b-1:0", "openai.gpt-oss-20b-1:0"),
        ("anthropic.claude-3-haiku-20240307-v1:0", "anthropic.claude-3-haiku-20240307-v1:0"),
        ("arn:aws:bedrock:eu-west-1:1:inference-profile/eu.amazon.nova-pro-v1:0", "amazon.nova-pro-v1:0"),
        ("arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0", "amazon.nova-pro-v1:0"),
    ],
)
def test_the_model_inside_a_profile(model: str, base: str) -> None:
    assert foundation_model(model) == base


def test_an_application_profile_has_no_model_inside() -> None:
    arn = "arn:aws:bedrock:us-east-1:1:application-inference-profile/a1b2"
    assert foundation_model(arn) == arn
