"""What the executor did: every attempt, failure, retry, token and cent, per provider and model."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

from techne.errors import (
    BudgetExceededError,
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
from techne.llm.breaker import BreakerState
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
    BudgetExceededError: "budget",
}
LATENCY_BOUNDS_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 1000.0, 3600.0)
"""Upper bounds of the histograms' buckets; one more holds what is longer."""


def failure_kind(error: BaseException) -> str:
    """Name of an error's kind in figures and logs."""
    return next((kind for type_, kind in FAILURE_KINDS.items() if isinstance(error, type_)), "unexpected")


class Histogram(BaseModel):
    """Durations by size: `counts[i]` were within `LATENCY_BOUNDS_SECONDS[i]`, the last ones were longer."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    counts: tuple[int, ...] = (0,) * (len(LATENCY_BOUNDS_SECONDS) + 1)
    total_seconds: float = 0.0

    @property
    def mean_seconds(self) -> float:
        """Mean duration; 0 where nothing was measured."""
        count = sum(self.counts)
        return self.total_seconds / count if count else 0.0


class ModelUsage(BaseModel):
    """Figures of one model. `attempts == answers + cancelled + sum(failures.values()) + those in flight`."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

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
    fallbacks: int = Field(0, description="Requests that were passed on to somebody else.")
    latency: Histogram = Field(default_factory=Histogram, description="Of answered calls, one attempt each.")
    queue_wait: Histogram = Field(default_factory=Histogram, description="Waits for the first attempt.")

    @property
    def hit_ratio(self) -> float:
        """Part of the requests that cost no call of their own."""
        return self.cached / self.requests if self.requests else 0.0


class LaneState(BaseModel):
    """One model's limits as they are now."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    provider: str
    model: str
    waiting: int
    in_flight: int
    max_parallel: int = Field(description="Calls that may be in flight now; throttles lower it.")
    breaker: BreakerState
    breaker_opened: int = Field(description="Times that the breaker has opened.")


class ExecutorUsage(BaseModel):
    """Snapshot of an executor's figures."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    models: tuple[ModelUsage, ...] = ()
    max_in_flight: dict[str, int] = Field(
        default_factory=dict, description="Most calls in flight at once, by provider."
    )
    lanes: tuple[LaneState, ...] = ()

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


class _Durations:
    __slots__ = ("counts", "total_seconds")

    def __init__(self) -> None:
        self.counts = [0] * (len(LATENCY_BOUNDS_SECONDS) + 1)
        self.total_seconds = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(LATENCY_BOUNDS_SECONDS, seconds)] += 1
        self.total_seconds += seconds

    def snapshot(self) -> Histogram:
        return Histogram(counts=tuple(self.counts), total_seconds=self.total_seconds)


@dataclass(slots=True)
class _Entry:
    counts: dict[str, int] = field(default_factory=dict)
    failures: Counter[str] = field(default_factory=Counter)
    tokens: list[int] = field(default_factory=lambda: [0, 0, 0, 0])
    cost_usd: Decimal = Decimal(0)
    latency: _Durations = field(default_factory=_Durations)
    queue_wait: _Durations = field(default_factory=_Durations)

    def count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1


class Ledger:
    """The executor's books; safe from any thread."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], _Entry] = {}
        self._lock = threading.Lock()

    def count(self, provider: str, model: str, *what: str) -> None:
        """Add one to each of the named figures of `ModelUsage`."""
        with self._lock:
            entry = self._entry(provider, model)
            for name in what:
                entry.count(name)

    def waited(self, provider: str, model: str, seconds: float) -> None:
        """Book the wait before a request's first attempt."""
        with self._lock:
            self._entry(provider, model).queue_wait.add(seconds)

    def failure(self, provider: str, model: str, error: BaseException) -> None:
        """Book an attempt that failed."""
        with self._lock:
            self._entry(provider, model).failures[failure_kind(error)] += 1

    def answer(
        self, provider: str, model: str, usage: Usage, cost_usd: Decimal | None, seconds: float
    ) -> None:
        """Book an attempt that was answered."""
        with self._lock:
            entry = self._entry(provider, model)
            entry.count("answers")
            entry.latency.add(seconds)
            tokens = entry.tokens
            tokens[0] += usage.input_tokens
            tokens[1] += usage.output_tokens
            tokens[2] += usage.cache_read_tokens
            tokens[3] += usage.cache_write_tokens
            if cost_usd is None:
                entry.count("unpriced_calls")
            else:
                entry.cost_usd += cost_usd

    def snapshot(self, max_in_flight: dict[str, int], lanes: tuple[LaneState, ...] = ()) -> ExecutorUsage:
        """The figures as they are now."""
        with self._lock:
            models = tuple(
                ModelUsage(
                    provider=provider,
                    model=model,
                    failures=dict(entry.failures),
                    tokens=Usage(
                        input_tokens=entry.tokens[0],
                        output_tokens=entry.tokens[1],
                        cache_read_tokens=entry.tokens[2],
                        cache_write_tokens=entry.tokens[3],
                    ),
                    cost_usd=entry.cost_usd,
                    latency=entry.latency.snapshot(),
                    queue_wait=entry.queue_wait.snapshot(),
                    **entry.counts,
                )
                for (provider, model), entry in sorted(self._entries.items())
            )
        return ExecutorUsage(models=models, max_in_flight=max_in_flight, lanes=lanes)

    def _entry(self, provider: str, model: str) -> _Entry:
        entry = self._entries.get((provider, model))
        if entry is None:
            entry = self._entries[provider, model] = _Entry()
        return entry
