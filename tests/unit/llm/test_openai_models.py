"""Which family a model belongs to, and what that means for a call (S4-5)."""

from __future__ import annotations

import pytest

from techne.llm.providers.openai import OpenAIProvider
from techne.llm.providers.openai_models import FAMILIES, FOREIGN, UNKNOWN, family_of
from techne.settings import Settings


@pytest.mark.parametrize(
    ("model", "context", "output", "native", "sampling", "reasoning"),
    [
        ("gpt-3.5-turbo-0125", 16_385, 4096, False, True, False),
        ("gpt-4", 8192, 8192, False, True, False),
        ("gpt-4-0613", 8192, 8192, False, True, False),
        ("gpt-4-turbo-2024-04-09", 128_000, 4096, False, True, False),
        ("gpt-4o-mini", 128_000, 16_384, True, True, False),
        ("gpt-4o-2024-05-13", 128_000, 4096, False, True, False),
        ("ft:gpt-4o-mini-2024-07-18:us::abc", 128_000, 16_384, True, True, False),
        ("gpt-4.1-mini-2025-04-14", 1_047_576, 32_768, True, True, False),
        ("openai/gpt-4.1", 1_047_576, 32_768, True, True, False),
        ("o4-mini-2025-04-16", 200_000, 100_000, True, False, True),
        ("gpt-5-mini", 400_000, 128_000, True, False, True),
        ("gpt-5-chat-latest", 128_000, 16_384, True, True, False),
        ("gpt-5.2-2025-12-11", 400_000, 128_000, True, True, True),
        ("gpt-5.4", 1_050_000, 128_000, True, True, True),
        ("gpt-5.4-nano-2026-03-17", 400_000, 128_000, True, True, True),
        ("GPT-5.6-Sol", 1_050_000, 128_000, True, False, True),
        ("gpt-6.1-terra", 1_050_000, 128_000, True, False, True),
    ],
)
def test_models_have_their_family_s_limits(
    model: str, context: int, output: int, native: bool, sampling: bool, reasoning: bool
) -> None:
    family = family_of(model)
    assert (family.context_tokens, family.max_output_tokens) == (context, output)
    assert (family.native_schema, family.sampling, family.reasoning) == (native, sampling, reasoning)


def test_an_unknown_model_has_what_its_server_s_models_have() -> None:
    assert family_of("marvin-1") is UNKNOWN
    assert family_of("meta-llama/Llama-3.1-8B-Instruct", foreign=True) is FOREIGN
    assert family_of("gpt-oss-120b", foreign=True) is FOREIGN


def test_no_model_may_answer_with_more_than_its_window() -> None:
    assert all(family.max_output_tokens <= family.context_tokens for family in FAMILIES)


@pytest.mark.parametrize(
    ("address", "foreign"),
    [
        ("https://api.openai.com/v1", False),
        ("https://eu.api.openai.com/v1/", False),
        ("https://api.openai.com.evil.example/v1", True),
        ("http://localhost:8000/v1", True),
        ("localhost:8000/v1", True),
        ("http://[::1", True),
    ],
)
def test_the_default_limits_follow_the_server(address: str, foreign: bool) -> None:
    provider = OpenAIProvider(Settings(openai_base_url=address))
    expected = FOREIGN if foreign else UNKNOWN
    assert provider.capabilities("marvin-1").context_tokens == expected.context_tokens
