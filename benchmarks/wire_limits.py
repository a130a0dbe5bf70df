"""Limits as a strict server keeps them, and counts of who broke them: sliding windows of arrivals.

Serving is `benchmarks.wire_server`'s affair. Here is no clock: the caller says what time it is.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Literal, TypedDict

LimitName = Literal["parallel", "rpm", "tpm"]


class Counts(TypedDict):
    """What the callers did since the start or the last reset."""

    arrived: int
    answered: int
    throttled: int
    throttled_by: dict[LimitName, int]
    """Refusals by the limit that was met first."""
    abandoned: int
    """Calls whose connection was closed before the answer."""
    in_flight: int
    max_in_flight: int
    """Most calls open at one moment; one that is refused counts as open."""
    tokens: int
    """Tokens of the calls that were let in, as they are reported to them."""
    window_peak_requests: int
    """Most calls that arrived in one window, refused ones included."""
    window_peak_tokens: int
    """Most tokens of the calls that arrived in one window, refused ones included."""


SUMMED = ("arrived", "answered", "throttled", "abandoned", "in_flight", "tokens")
PEAKS = ("max_in_flight", "window_peak_requests", "window_peak_tokens")


@dataclass(frozen=True, slots=True)
class Limits:
    """What is let through; None is unlimited.

    Args:
        rpm: Calls per window.
        tpm: Tokens per window, prompts and answers, counted at a call's arrival.
        parallel: Calls open at one moment.
        window_seconds: Length of the window. It slides: no stretch of that length holds more.
    """

    rpm: int | None = None
    tpm: int | None = None
    parallel: int | None = None
    window_seconds: float = 60.0


class Book:
    """What was let in and what was refused.

    Only calls that are let in count against the limits: a client that comes back when it was told to must not
    be refused for having been refused.
    """

    def __init__(self, limits: Limits, *, in_flight: int = 0) -> None:
        self.limits = limits
        self.counts = Counts(
            arrived=0,
            answered=0,
            throttled=0,
            throttled_by={},
            abandoned=0,
            in_flight=in_flight,
            max_in_flight=in_flight,
            tokens=0,
            window_peak_requests=0,
            window_peak_tokens=0,
        )
        self._admitted = _Window(limits.window_seconds)
        self._arrived = _Window(limits.window_seconds)

    def arrive(self, tokens: int, now: float) -> tuple[LimitName, float] | None:
        """Let a call in; or the limit that it broke, and the seconds until there may be room."""
        counts, arrived = self.counts, self._arrived
        counts["arrived"] += 1
        counts["max_in_flight"] = max(counts["max_in_flight"], counts["in_flight"] + 1)
        arrived.add(tokens, now)
        counts["window_peak_requests"] = max(counts["window_peak_requests"], arrived.calls)
        counts["window_peak_tokens"] = max(counts["window_peak_tokens"], arrived.tokens)
        broken = self._broken(tokens, now)
        if broken is not None:
            counts["throttled"] += 1
            counts["throttled_by"][broken[0]] = counts["throttled_by"].get(broken[0], 0) + 1
            return broken
        self._admitted.add(tokens, now)
        counts["tokens"] += tokens
        counts["in_flight"] += 1
        return None

    def leave(self, *, answered: bool) -> None:
        """A call that was let in is over."""
        self.counts["in_flight"] -= 1
        self.counts["answered" if answered else "abandoned"] += 1

    def _broken(self, tokens: int, now: float) -> tuple[LimitName, float] | None:
        limits, window = self.limits, self._admitted
        window.forget(now)
        if limits.parallel is not None and self.counts["in_flight"] >= limits.parallel:
            return "parallel", 0.0
        if limits.rpm is not None and window.calls >= limits.rpm:
            return "rpm", window.seconds_until_room(now)
        if limits.tpm is not None and window.tokens + tokens > limits.tpm:
            return "tpm", window.seconds_until_room(now)
        return None


class _Window:
    """Calls and tokens of the last seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._entries: deque[tuple[float, int]] = deque()
        self.tokens = 0

    @property
    def calls(self) -> int:
        return len(self._entries)

    def add(self, tokens: int, now: float) -> None:
        self.forget(now)
        self._entries.append((now, tokens))
        self.tokens += tokens

    def forget(self, now: float) -> None:
        while self._entries and self._entries[0][0] + self._seconds <= now:
            self.tokens -= self._entries.popleft()[1]

    def seconds_until_room(self, now: float) -> float:
        return self._entries[0][0] + self._seconds - now if self._entries else self._seconds
