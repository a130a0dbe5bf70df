"""The least time that calls could take, from latency and limits: what the wall clock is held against.

Wall clock >= max, over models and providers, of calls x mean latency / parallel, calls / rate, tokens / rate.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from techne.llm import ExecutorUsage
from techne.settings import ProviderLimits, Settings

MINUTE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Load:
    """What one model is asked, or was.

    Args:
        provider: Its provider.
        model: Its full id.
        calls: Calls to it.
        tokens: Tokens of these calls, in and out.
        call_seconds: The calls' latencies added up.
        max_parallel: Calls that the experiment has in flight at this model.
    """

    provider: str
    model: str
    calls: int
    tokens: int
    call_seconds: float
    max_parallel: int


@dataclass(frozen=True, slots=True)
class CallsMade:
    """Calls that an executor has made between two looks at it.

    Args:
        attempts: Calls sent.
        by_model: Calls answered, their tokens, and their seconds, by provider and full id of the model.
    """

    attempts: int
    by_model: Mapping[tuple[str, str], tuple[int, int, float]]

    @classmethod
    def since(cls, before: ExecutorUsage, after: ExecutorUsage) -> CallsMade:
        """The difference of two looks."""
        by_model = {}
        for now in after.models:
            then = before.of(now.provider, now.model)
            by_model[now.provider, now.model] = (
                now.answers - then.answers,
                now.tokens.total_tokens - then.tokens.total_tokens,
                now.latency.total_seconds - then.latency.total_seconds,
            )
        return cls(after.attempts - before.attempts, by_model)

    def loads(self, parallel: Mapping[tuple[str, str], int]) -> list[Load]:
        """As `lower_bound` needs them.

        Args:
            parallel: Calls in flight at most, by provider and full id of the model; others are left out.
        """
        return [
            Load(provider, model, *self.by_model.get((provider, model), (0, 0, 0.0)), most)
            for (provider, model), most in parallel.items()
        ]


@dataclass(frozen=True, slots=True)
class Bound:
    """A lower bound of the wall clock, and what sets it."""

    seconds: float
    because: str


def lower_bound(loads: Iterable[Load], settings: Settings) -> Bound:
    """The tightest of all bounds; 0 s where nothing is called.

    A rate lets its first window's worth through at once, as the executor does, so the calls of one window
    take no time.
    """
    by_provider: dict[str, list[Load]] = defaultdict(list)
    bounds = [Bound(0.0, "no calls")]
    for load in loads:
        by_provider[load.provider].append(load)
        parallel = parallel_calls(load, settings)
        if load.calls:
            bounds.append(
                Bound(
                    load.call_seconds / parallel,
                    f"{_in_flight(parallel)} at {load.provider}/{load.model}",
                )
            )
        limits = settings.model_limits(load.provider, load.model)
        bounds.extend(_rate_bounds(f"{load.provider}/{load.model}", limits, load.calls, load.tokens))
    for provider, own in by_provider.items():
        limits = settings.provider_limits(provider)
        calls, tokens = sum(load.calls for load in own), sum(load.tokens for load in own)
        if calls:
            parallel = limits.max_parallel or 1
            seconds = sum(load.call_seconds for load in own) / parallel
            bounds.append(Bound(seconds, f"{_in_flight(parallel)} at {provider}"))
        bounds.extend(_rate_bounds(provider, limits, calls, tokens))
    return max(bounds, key=lambda bound: bound.seconds)


def parallel_calls(load: Load, settings: Settings) -> int:
    """Calls that can be in flight at a model: the smallest of the caps (resolution 3)."""
    caps = [
        load.max_parallel,
        settings.provider_limits(load.provider).max_parallel,
        settings.model_limits(load.provider, load.model).max_parallel,
    ]
    return min(cap for cap in caps if cap is not None)


def _in_flight(parallel: int) -> str:
    return f"{parallel} call{'s' if parallel > 1 else ''} in flight"


def _rate_bounds(name: str, limits: ProviderLimits, calls: int, tokens: int) -> list[Bound]:
    bounds = []
    for amount, rate, window, unit in (
        (calls, limits.qps, 1.0, "calls a second"),
        (calls, limits.rpm, MINUTE_SECONDS, "calls a minute"),
        (tokens, limits.tpm, MINUTE_SECONDS, "tokens a minute"),
    ):
        if rate is not None and amount > rate:
            bounds.append(Bound((amount / rate - 1) * window, f"{rate:g} {unit} at {name}"))
    return bounds
