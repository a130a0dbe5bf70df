"""`BedrockLLMClient` (S1-16): a plain, blocking face of the executor, for scripts and notebooks."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from techne.llm.executor import LLMExecutor
from techne.llm.model import LLMRequest, LLMResponse, Usage
from techne.llm.shared import shared_executor

DEFAULT_MODEL_ID = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
ANY_JSON_OBJECT: dict[str, Any] = {"type": "object"}


class CallUsage(Usage):
    """Tokens of one call, and what they cost."""

    cost_usd: Decimal | None = None

    def calculate_cost(self) -> Decimal | None:
        """Cost in USD; None where no price is known."""
        return self.cost_usd


class BedrockLLMClient:
    """Asks one Bedrock model.

    Args:
        model_id: Model or inference profile.
        temperature: Sampling temperature.
        max_tokens: Most tokens of an answer.
        executor: The executor to go through; the process's shared one if omitted.
    """

    def __init__(
        self,
        model_id: str = DEFAULT_MODEL_ID,
        temperature: float = 0.7,
        max_tokens: int = 4096,
        *,
        executor: LLMExecutor | None = None,
    ) -> None:
        self._template = LLMRequest(
            provider="bedrock",
            model=model_id,
            prompt="",
            temperature=temperature,
            max_output_tokens=max_tokens,
        )
        self._executor = executor

    def invoke(self, prompt: str) -> tuple[str, CallUsage]:
        """The answer as text, and its usage."""
        response = self._submit(prompt, None)
        return response.text, _usage(response)

    def invoke_with_json_output(
        self, prompt: str, json_schema: dict[str, Any] | None = None
    ) -> tuple[Any, CallUsage]:
        """The answer as a JSON value that matches the schema (by default any object), and its usage."""
        response = self._submit(prompt, json_schema or ANY_JSON_OBJECT)
        return response.parsed, _usage(response)

    def _submit(self, prompt: str, json_schema: dict[str, Any] | None) -> LLMResponse:
        request = self._template.model_copy(update={"prompt": prompt, "json_schema": json_schema})
        return (self._executor or shared_executor()).submit_sync(request)


def _usage(response: LLMResponse) -> CallUsage:
    return CallUsage(**response.usage.model_dump(), cost_usd=response.cost_usd)
