"""What goes into the executor and what comes out: requests, responses, usage."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

FinishReason = Literal["stop", "length", "content_filter", "tool_use", "unknown"]


class LLMRequest(BaseModel):
    """One question to one model (S4-6). `max_output_tokens` and the rest default to the provider's own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    provider: str = Field(description="Registered provider name, such as `bedrock` or `ollama`.")
    model: str | None = Field(None, description="Model id; None is the provider's configured one.")
    system: str | None = Field(None, description="Instructions, kept apart from the data in `prompt`.")
    prompt: str
    prefill: str | None = Field(
        None,
        description="Start of an answer that was cut off; the response holds only the rest.",
    )
    max_output_tokens: int | None = Field(None, ge=1)
    temperature: float | None = Field(None, ge=0, le=2)
    json_schema: dict[str, Any] | None = Field(
        None, description="The answer must match it; see `LLMResponse.parsed`."
    )
    request_id: str = Field("", description="For the log; not part of the cache key.")
    timeout_seconds: float | None = Field(None, gt=0)
    when_full: Literal["refuse", "wait"] | None = Field(
        None, description="What a full queue does with it; None is LLM_EXECUTOR_WHEN_FULL (S4-13)."
    )
    prompt_version: str = Field("", description="Version of the prompt file; part of the cache key.")


class Usage(BaseModel):
    """Tokens as the provider counted them, over every attempt that was billed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input_tokens: int = Field(0, ge=0, description="Prompt tokens, cache reads and writes included.")
    output_tokens: int = Field(0, ge=0)
    cache_read_tokens: int = Field(0, ge=0)
    cache_write_tokens: int = Field(0, ge=0)

    @property
    def total_tokens(self) -> int:
        """Tokens in and out."""
        return self.input_tokens + self.output_tokens

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cache_read_tokens=self.cache_read_tokens + other.cache_read_tokens,
            cache_write_tokens=self.cache_write_tokens + other.cache_write_tokens,
        )


class LLMResponse(BaseModel):
    """The answer (S4-7), and what it took to get it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    parsed: Any = Field(None, description="The JSON value, validated, when the request had a schema.")
    provider: str
    model: str
    finish_reason: FinishReason
    usage: Usage = Field(description="Those of the original call if cached: nothing was paid for again.")
    cost_usd: Decimal | None = Field(
        None,
        description="Cost of `usage`; None where no price is known, 0 for local models.",
    )
    latency_seconds: float = Field(
        ge=0, description="From leaving the queue to the answer, retries included."
    )
    attempts: int = Field(
        ge=0, description="Calls sent to the provider; those of the original call if cached."
    )
    cached: bool = False

    @property
    def truncated(self) -> bool:
        """Whether the answer stopped at the token limit."""
        return self.finish_reason == "length"


class Capabilities(BaseModel):
    """What a provider's configured model can do (S4-5)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    context_tokens: int = Field(gt=0, description="Window shared by prompt and answer.")
    max_output_tokens: int = Field(gt=0)
    native_json_schema: bool
    continues_prefill: bool = Field(description="Whether an answer can be continued from its beginning.")
