"""Every provider that comes with techne is one by the protocol (S4-5, resolution 14)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from techne.llm import LLMRequest, Provider
from techne.llm.providers.bedrock import BedrockProvider
from techne.llm.providers.gemini import GeminiProvider
from techne.llm.providers.ollama import OllamaProvider
from techne.llm.providers.openai import OpenAIProvider
from techne.settings import Settings

PROVIDERS: tuple[Callable[[Settings], Provider], ...] = (  # mypy compares them with the protocol
    BedrockProvider,
    GeminiProvider,
    OllamaProvider,
    OpenAIProvider,
)


@pytest.mark.parametrize("build", PROVIDERS)
def test_it_says_what_a_call_may_answer_at_most_within_what_its_model_can(
    build: Callable[[Settings], Provider],
) -> None:
    provider = build(Settings())
    small = LLMRequest(provider=provider.name, prompt="Why?", max_output_tokens=100)
    huge = small.model_copy(update={"max_output_tokens": 10_000_000})
    assert provider.output_limit(small) == 100
    assert provider.output_limit(huge) == provider.capabilities().max_output_tokens
    assert 0 < provider.output_limit(small.model_copy(update={"max_output_tokens": None})) <= 8192


@pytest.mark.parametrize("build", PROVIDERS)
def test_it_has_a_model_of_answers_and_one_of_vectors(build: Callable[[Settings], Provider]) -> None:
    provider = build(Settings())
    assert provider.resolve(None) == provider.resolve(provider.model)
    assert provider.embedding_model
