"""What the executor did: every attempt, failure, retry, token and cent, per provider and model."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

from techne.errors import (
    LLMError,
    MalformedResponseError,
    ModelNotFoundError,
    OutputValidationError,
    ProviderAccessError,
    ProviderTimeoutError,
    ProviderUnavailableError,
    QueueFullError,
    RequestRejectedError,
    RequestTooLargeError,
    ThrottledError,
)
from techne.llm.model import Usage

FAILURE_KINDS: dict[type[LLMError], str] = {
    ThrottledError: "throttled",
    ProviderUnavailableError: "unavailable",
    ProviderTimeoutError: "timeout",
    MalformedResponseError: "malformed",
    OutputValidationError: "invalid_output",
    ModelNotFoundError: "model_not_found",
    ProviderAccessError: "access",
    RequestTooLargeError: "too_large",
    RequestRejectedError: "rejected",
    QueueFullError: "queue_full",
}


def failure_kind(error: BaseException) -> str:
    """Name of an error's kind in figures and logs."""
    return next((kind for type_, kind in FAILURE_KINDS.items() if isinstance(error, type_)), "unexpected")


class ModelUsage(BaseModel):
    """Figures of one model. `attempts == answers + cancelled + sum(failures.values()) + those in flight`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    provider: str
    model: str
    requests: int = Field(0, description="Requests taken, cached ones included.")
    cached: int = Field(0, description="Requests answered from the cache, or by an identical one in flight.")
    refused: int = Field(0, description="Requests refused because the queue was full.")
    attempts: int = Field(0, description="Calls sent to the provider.")
    answers: int = Field(0, description="Calls that were answered.")
    cancelled: int = Field(0, description="Calls given up by the caller.")
    failures: dict[str, int] = Field(default_factory=dict, description="Calls that failed, by kind.")
    retries: int = Field(0, description="Calls sent because an earlier one failed.")
    repairs: int = Field(0, description="JSON answers that had to be repaired.")
    asked_again: int = Field(0, description="JSON answers that were asked for again: invalid, or cut off.")
    tokens: Usage = Field(default_factory=Usage)
    cost_usd: Decimal = Field(Decimal(0), description="Cost of the calls with a known price.")
    unpriced_calls: int = Field(0, description="Answered calls without a known price.")


class ExecutorUsage(BaseModel):
    """Snapshot of an executor's figures."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    models: tuple[ModelUsage, ...] = ()
    max_in_flight: dict[str, int] = Field(
        default_factory=dict, description="Most calls in flight at once, by provider."
    )

    @property
    def attempts(self) -> int:
        """Calls sent, all models together."""
        return sum(model.attempts for model in self.models)

    @property
    def tokens(self) -> Usage:
        """Tokens of all models together."""
        return sum((model.tokens for model in self.models), Usage())

    @property
    def cost_usd(self) -> Decimal:
        """Known cost of all models together."""
        return sum((model.cost_usd for model in self.models), Decimal(0))

    def of(self, provider: str, model: str | None = None) -> ModelUsage:
        """Figures of one model; of the provider's only model if none is named."""
        for entry in self.models:
            if entry.provider == provider and model in {None, entry.model}:
                return entry
        return ModelUsage(provider=provider, model=model or "")


@dataclass(slots=True)
class _Entry:
    counts: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    tokens: Usage = field(default_factory=Usage)
    cost_usd: Decimal = Decimal(0)


class Ledger:
    """The executor's books; safe from any thread."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], _Entry] = {}
        self._lock = threading.Lock()

    def count(self, provider: str, model: str, *what: str) -> None:
        """Add one to each of the named figures of `ModelUsage`."""
        with self._lock:
            self._entry(provider, model).counts.update(what)

    def failure(self, provider: str, model: str, error: BaseException) -> None:
        """Book an attempt that failed."""
        with self._lock:
            self._entry(provider, model).failures[failure_kind(error)] += 1

    def answer(self, provider: str, model: str, usage: Usage, cost_usd: Decimal | None) -> None:
        """Book an attempt that was answered."""
        with self._lock:
            entry = self._entry(provider, model)
            entry.counts["answers"] += 1
            entry.tokens += usage
            if cost_usd is None:
                entry.counts["unpriced_calls"] += 1
            else:
                entry.cost_usd += cost_usd

    def snapshot(self, max_in_flight: dict[str, int]) -> ExecutorUsage:
        """The figures as they are now."""
        with self._lock:
            models = tuple(
                ModelUsage(
                    provider=provider,
                    model=model,
                    failures=dict(entry.failures),
                    tokens=entry.tokens,
                    cost_usd=entry.cost_usd,
                    **entry.counts,
                )
                for (provider, model), entry in sorted(self._entries.items())
            )
        return ExecutorUsage(models=models, max_in_flight=max_in_flight)

    def _entry(self, provider: str, model: str) -> _Entry:
        return self._entries.setdefault((provider, model), _Entry())
