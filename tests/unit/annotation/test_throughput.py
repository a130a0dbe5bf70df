"""The least time that calls could take: every kind of bound binds in its case, and none is too high."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import settings as with_settings
from hypothesis import strategies as st

from techne.annotation.throughput import CallsMade, Load, lower_bound, parallel_calls
from techne.llm import ExecutorUsage, Histogram, ModelUsage, Usage
from techne.settings import ProviderLimits, Settings

MODEL, OTHER = "m", "n"


def limited(provider: ProviderLimits, *models: ProviderLimits) -> Settings:
    """Limits of the provider `p` and of its models `m` and `n`."""
    by_name = {
        "p": provider,
        **{f"p/{name}": limits for name, limits in zip((MODEL, OTHER), models, strict=False)},
    }
    return Settings(llm_executor_model_limits=tuple(by_name.items()))


def load(
    calls: int = 100, *, model: str = MODEL, tokens: int = 0, seconds: float = 0, parallel: int = 10
) -> Load:
    return Load("p", model, calls, tokens, seconds, parallel)


@pytest.mark.parametrize(
    ("limits", "loads", "seconds", "because"),
    [
        (limited(ProviderLimits(max_parallel=50)), [load(seconds=60)], 6, "10 calls in flight at p/m"),
        (
            limited(ProviderLimits(max_parallel=50), ProviderLimits(max_parallel=3)),
            [load(seconds=60)],
            20,
            "3 calls in flight at p/m",
        ),
        (
            limited(ProviderLimits(max_parallel=12)),
            [load(seconds=60), load(seconds=60, model=OTHER)],
            10,
            "12 calls in flight at p",
        ),
        (limited(ProviderLimits(max_parallel=50, qps=5)), [load()], 19, "5 calls a second at p"),
        (limited(ProviderLimits(max_parallel=50, rpm=40)), [load()], 90, "40 calls a minute at p"),
        (limited(ProviderLimits(tpm=1000)), [load(tokens=2500)], 90, "1000 tokens a minute at p"),
        (
            limited(ProviderLimits(max_parallel=50, rpm=100), ProviderLimits(rpm=25)),
            [load()],
            180,
            "25 calls a minute at p/m",
        ),
        (
            limited(ProviderLimits(max_parallel=50, rpm=100)),
            [load(), load(model=OTHER)],
            60,
            "100 calls a minute at p",
        ),
    ],
)
def test_the_tightest_limit_sets_the_bound(
    limits: Settings, loads: list[Load], seconds: float, because: str
) -> None:
    bound = lower_bound(loads, limits)
    assert bound.seconds == pytest.approx(seconds)
    assert bound.because == because


def test_the_calls_of_one_window_take_no_time() -> None:
    assert lower_bound([load(40)], limited(ProviderLimits(rpm=40, qps=40))).seconds == 0


def test_without_calls_there_is_no_bound() -> None:
    bound = lower_bound([load(0)], limited(ProviderLimits(rpm=1)))
    assert (bound.seconds, bound.because) == (0, "no calls")


def test_the_calls_in_flight_are_the_smallest_of_the_caps() -> None:
    """Resolution 3."""
    three = (ProviderLimits(max_parallel=6), ProviderLimits(max_parallel=5))
    assert parallel_calls(load(parallel=4), limited(*three)) == 4
    assert parallel_calls(load(parallel=9), limited(*three)) == 5
    assert parallel_calls(load(parallel=9), limited(three[0])) == 6


def test_what_was_called_between_two_looks_is_their_difference() -> None:
    def look(answers: int, seconds: float) -> ExecutorUsage:
        latency = Histogram(total_seconds=seconds)
        tokens = Usage(input_tokens=10 * answers, output_tokens=answers)
        of_model = ModelUsage(
            provider="p", model=MODEL, answers=answers, attempts=2 * answers, tokens=tokens, latency=latency
        )
        return ExecutorUsage(models=(of_model,))

    made = CallsMade.since(look(5, 1.0), look(25, 7.5))
    assert made.attempts == 40
    assert made.loads({("p", MODEL): 3, ("p", OTHER): 2}) == [
        Load("p", MODEL, 20, 220, 6.5, 3),
        Load("p", OTHER, 0, 0, 0.0, 2),
    ]


@dataclass(slots=True)
class Bucket:
    """A rate with a burst of one window, refilled steadily: what the executor lets through."""

    rate: float
    window: float
    level: float = field(init=False)
    at: float = 0.0

    def __post_init__(self) -> None:
        self.level = self.rate

    def take(self, amount: float, now: float) -> float:
        """When, from `now` on, so much has come together."""
        self._refill(now)
        wait = max(amount - self.level, 0) * self.window / self.rate
        self._refill(now + wait)
        self.level -= amount
        return now + wait

    def _refill(self, now: float) -> None:
        self.level = min(self.rate, self.level + (now - self.at) * self.rate / self.window)
        self.at = now


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a schedule."""

    model: str
    seconds: float
    tokens: int


def schedule(calls: Sequence[Call], parallel: dict[str, int], settings: Settings) -> float:
    """How long it takes to make the calls in this order, each as soon as the limits let it."""
    limits = settings.provider_limits("p")
    ends_at_provider: list[float] = []
    ends: dict[str, list[float]] = {name: [] for name in parallel}
    buckets = [
        (Bucket(rate, window), counted)
        for rate, window, counted in (
            (limits.qps, 1.0, False),
            (limits.rpm, 60.0, False),
            (limits.tpm, 60.0, True),
        )
        if rate is not None
    ]
    now = last = 0.0
    for call in calls:
        for running, most in (
            (ends_at_provider, limits.max_parallel),
            (ends[call.model], parallel[call.model]),
        ):
            if len(running) == most:
                now = max(now, heapq.heappop(running))
        for bucket, counted in buckets:
            now = bucket.take(call.tokens if counted else 1, now)
        for running in (ends_at_provider, ends[call.model]):
            heapq.heappush(running, now + call.seconds)
        last = max(last, now + call.seconds)
    return last


calls_of_two_models = st.lists(
    st.builds(Call, st.sampled_from([MODEL, OTHER]), st.floats(0, 20), st.integers(1, 50)), max_size=60
)
rates = st.none() | st.integers(1, 40).map(float)


@given(
    calls=calls_of_two_models,
    parallel=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    at_provider=st.integers(1, 8),
    qps=rates,
    rpm=rates,
    tpm=st.none() | st.integers(50, 500).map(float),
)
@with_settings(max_examples=100, deadline=None)
def test_no_schedule_that_keeps_the_limits_is_quicker_than_the_bound(
    calls: list[Call],
    parallel: tuple[int, int],
    at_provider: int,
    qps: float | None,
    rpm: float | None,
    tpm: float | None,
) -> None:
    settings = limited(ProviderLimits(max_parallel=at_provider, qps=qps, rpm=rpm, tpm=tpm))
    most = dict(zip((MODEL, OTHER), parallel, strict=True))
    loads = [
        Load(
            "p",
            name,
            sum(call.model == name for call in calls),
            sum(call.tokens for call in calls if call.model == name),
            sum(call.seconds for call in calls if call.model == name),
            most[name],
        )
        for name in most
    ]
    assert lower_bound(loads, settings).seconds <= schedule(calls, most, settings) + 1e-6
