"""`BedrockLLMClient` (S1-16 to S1-18): a plain, blocking face of the executor, for scripts and notebooks.

Limits, retries, cache and cost are the executor's. `chat_model()` gives the same model to LangChain.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from techne.llm.answering import LLMChunk
from techne.llm.executor import LLMExecutor
from techne.llm.model import LLMRequest, LLMResponse, Usage
from techne.llm.shared import shared_executor

if TYPE_CHECKING:
    from techne.llm.langchain import ExecutorChatModel

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
        self.model_id = model_id
        self.temperature = temperature
        self.max_tokens = max_tokens
        self._executor = executor

    def invoke(self, prompt: str) -> tuple[str, CallUsage]:
        """The answer as text, and its usage."""
        response = self._own_executor().submit_sync(self._request(prompt))
        return response.text, _usage(response)

    def invoke_with_json_output(
        self, prompt: str, json_schema: dict[str, Any] | None = None
    ) -> tuple[Any, CallUsage]:
        """The answer as a JSON value that matches the schema (by default any object), and its usage."""
        response = self._own_executor().submit_sync(self._request(prompt, json_schema or ANY_JSON_OBJECT))
        return response.parsed, _usage(response)

    def stream(self, prompt: str) -> Generator[str, None, CallUsage]:
        """The answer's text piece by piece; a generator that is closed early breaks the call off.

        Returns:
            The usage, as the value of `yield from`.
        """
        usage = CallUsage()
        chunks = cast("Generator[LLMChunk]", self._own_executor().stream_sync(self._request(prompt)))
        with closing(chunks):
            for chunk in chunks:
                if chunk.text:
                    yield chunk.text
                if chunk.response is not None:
                    usage = _usage(chunk.response)
        return usage

    def chat_model(self) -> ExecutorChatModel:
        """The same model for LangChain.

        Raises:
            ConfigurationError: LangChain is not installed.
        """
        from techne.llm.langchain import ExecutorChatModel

        return ExecutorChatModel(
            executor=self._executor,
            provider="bedrock",
            model=self.model_id,
            temperature=self.temperature,
            max_tokens=self.max_tokens,
        )

    def _own_executor(self) -> LLMExecutor:
        return self._executor or shared_executor()

    def _request(self, prompt: str, json_schema: dict[str, Any] | None = None) -> LLMRequest:
        return LLMRequest(
            provider="bedrock",
            model=self.model_id,
            prompt=prompt,
            temperature=self.temperature,
            max_output_tokens=self.max_tokens,
            json_schema=json_schema,
        )


def _usage(response: LLMResponse) -> CallUsage:
    return CallUsage(**response.usage.model_dump(), cost_usd=response.cost_usd)
