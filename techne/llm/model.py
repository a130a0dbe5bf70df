"""What goes into the executor and what comes out: requests, responses, usage."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

FinishReason = Literal["stop", "length", "content_filter", "tool_use", "unknown"]

CONTINUE_INSTRUCTION = (
    "Your answer was cut off at its length limit. Continue it exactly where it stopped: your first character "
    "is the one that would have come next. Repeat nothing, introduce nothing, keep its language and format."
)
"""Last turn of a continuation. A trailing assistant turn would be shorter, but newer models refuse it."""


class Message(BaseModel):
    """One turn of a conversation."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    role: Literal["user", "assistant"]
    content: str


class CostBudget(BaseModel):
    """Money that requests of one name may spend together, in one executor."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    name: str = Field(description="Requests with the same name share the budget.")
    max_cost_usd: Decimal = Field(gt=0)


class LLMRequest(BaseModel):
    """One question to one model (S4-6). `max_output_tokens` and the rest default to the provider's own."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    provider: str = Field(
        "auto", description="Registered provider name, such as `bedrock`; `auto` lets the executor choose."
    )
    model: str | None = Field(None, description="Model id; None is the provider's configured one.")
    system: str | None = Field(None, description="Instructions, kept apart from the data in `prompt`.")
    prompt: str = Field("", description="The question; or give `messages`.")
    messages: tuple[Message, ...] = Field((), description="A conversation that ends with a user's turn.")
    prefill: str | None = Field(
        None,
        description="Start of an answer that was cut off; the response holds only the rest.",
    )
    max_output_tokens: int | None = Field(None, ge=1)
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, gt=0, le=1)
    top_k: int | None = Field(None, ge=1)
    json_schema: dict[str, Any] | None = Field(
        None, description="The answer must match it; see `LLMResponse.parsed`."
    )
    request_id: str = Field("", description="For the log; not part of the cache key.")
    timeout_seconds: float | None = Field(None, gt=0, description="Of one attempt.")
    when_full: Literal["refuse", "wait"] | None = Field(
        None, description="What a full queue does with it; None is LLM_EXECUTOR_WHEN_FULL (S4-13)."
    )
    fallbacks: tuple[str, ...] | None = Field(
        None,
        description="Who is asked next, as `provider` or `provider/model`; None is LLM_EXECUTOR_FALLBACKS.",
    )
    budget: CostBudget | None = Field(None, description="Refused before it could pass this budget.")
    tags: dict[str, str] = Field(default_factory=dict, description="For log and spans; not part of the key.")
    prompt_version: str = Field("", description="Version of the prompt file; part of the cache key.")

    @model_validator(mode="after")
    def _asks_one_thing(self) -> Self:
        if bool(self.prompt) == bool(self.messages):
            raise ValueError("give a prompt or messages, and not both")
        if self.messages and self.messages[-1].role != "user":
            raise ValueError("the last of the messages must be the user's")
        return self

    def conversation(self) -> tuple[Message, ...]:
        """The turns as they go to the provider; an answer that was cut off is continued by asking for it."""
        turns = self.messages or (Message(role="user", content=self.prompt),)
        if self.prefill and not self.prefill.isspace():
            turns = (
                *turns,
                Message(role="assistant", content=self.prefill),
                Message(role="user", content=CONTINUE_INSTRUCTION),
            )
        return turns


class EmbedRequest(BaseModel):
    """Texts to be made vectors of, in one call."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    provider: str
    model: str | None = Field(None, description="Model id; None is the provider's embedding model.")
    texts: tuple[str, ...] = Field(min_length=1)
    dimensions: int | None = Field(None, ge=1, description="Length of the vectors, if it can be chosen.")
    request_id: str = ""
    timeout_seconds: float | None = Field(None, gt=0)
    when_full: Literal["refuse", "wait"] | None = None
    budget: CostBudget | None = None


class Usage(BaseModel):
    """Tokens as the provider counted them, over every attempt that was billed."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

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


class PassedOver(BaseModel):
    """Somebody who was to answer, and why another did."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    provider: str
    model: str
    reason: str = Field(description="Kind of failure, such as `timeout` or `unavailable`.")


class LLMResponse(BaseModel):
    """The answer (S4-7), and what it took to get it."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

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
    repairs: int = Field(0, ge=0, description="JSON answers that were repaired or asked for again.")
    passed_over: tuple[PassedOver, ...] = Field((), description="Who was asked before, by fallback.")

    @property
    def truncated(self) -> bool:
        """Whether the answer stopped at the token limit."""
        return self.finish_reason == "length"


class EmbedResponse(BaseModel):
    """One vector per text, in the order of the texts."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    vectors: tuple[tuple[float, ...], ...]
    provider: str
    model: str
    usage: Usage
    cost_usd: Decimal | None = None
    latency_seconds: float = Field(ge=0)
    attempts: int = Field(ge=0)


class Capabilities(BaseModel):
    """What a provider's configured model can do (S4-5)."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    context_tokens: int = Field(gt=0, description="Window shared by prompt and answer.")
    max_output_tokens: int = Field(gt=0)
    native_json_schema: bool
    continues_prefill: bool = Field(description="Whether an answer can be continued from its beginning.")
