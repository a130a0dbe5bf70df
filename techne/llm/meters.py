"""Counted resources in front of a provider: calls in flight, calls and tokens per time.

A meter says how long an amount would have to wait, takes it when the wait is over, and learns afterwards what
was really used. `techne.llm.admission` asks several of them at once and takes from all or from none.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Protocol

FOREVER = math.inf
"""A wait that ends only when something is given back."""
MARGIN_SHARE = 0.01
LEAST_MARGIN_SECONDS = 0.03
MOMENT_SHARE = 0.001
"""Part of a window within which what is taken is remembered as taken at once."""
_ROUNDING = 1e-9


class Hold(Protocol):
    """An amount that was taken."""

    def settle(self, amount: float) -> None:
        """Say what was really used; the rest can be taken by others. Only rates care."""
        ...

    def end(self) -> None:
        """The call is over. Only calls in flight care."""
        ...


class Meter(Protocol):
    """One limit."""

    capacity: float
    """Most that one request can ever take."""

    def wait_seconds(self, amount: float, now: float) -> float:
        """Seconds until the amount could be taken: 0 for now, FOREVER for when something comes back.

        Raises:
            LLMError: The limit can't be kept, since its keeper is not there.
        """
        ...

    def take(self, amount: float, now: float) -> Hold:
        """Take an amount for which there is no wait."""
        ...


class SlotMeter:
    """Calls in flight, with a limit that yields to throttles (additive increase, multiplicative decrease).

    A throttle lowers the limit at once, but only once per round of calls: those that were sent before the
    last decrease tell nothing new. A round of answers raises it by one, never over `capacity`.
    This is TCP's congestion avoidance (Chiu and Jain, 1989), with calls for packets.

    Args:
        capacity: The configured limit.
        adaptive: Whether throttles lower it.
    """

    DECREASE = 0.7

    def __init__(self, capacity: int, *, adaptive: bool = False) -> None:
        self.capacity = float(capacity)
        self.in_flight = 0
        self.max_in_flight = 0
        self._limit = float(capacity)
        self._adaptive = adaptive
        self._lowered_at = -FOREVER

    @property
    def limit(self) -> int:
        """Calls that may be in flight now."""
        return max(1, int(self._limit))

    def wait_seconds(self, amount: float, now: float) -> float:
        """No wait, or until a call ends."""
        return 0.0 if self.in_flight < self.limit else FOREVER

    def take(self, amount: float, now: float) -> Hold:
        """One slot, whatever the amount."""
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        return _Slot(self)

    def throttled(self, sent_at: float, now: float) -> None:
        """A call that was sent then was refused for coming too soon."""
        if self._adaptive and sent_at > self._lowered_at:
            self._limit = max(1.0, self._limit * self.DECREASE)
            self._lowered_at = now

    def answered(self) -> None:
        """A call was answered."""
        if self._limit < self.capacity:
            self._limit = min(self.capacity, self._limit + 1.0 / max(1.0, self._limit))


class _Slot:
    __slots__ = ("_meter",)

    def __init__(self, meter: SlotMeter) -> None:
        self._meter: SlotMeter | None = meter

    def settle(self, amount: float) -> None:
        pass

    def end(self) -> None:
        if self._meter is not None:
            self._meter.in_flight -= 1
            self._meter = None


class WindowMeter:
    """An amount per window of time: in no window of that length is more taken than the capacity.

    A token bucket lets twice its capacity pass in one window after a rest, and servers that count in windows
    refuse that. So this one remembers what was taken when (a sliding-window log). The window is a little
    longer than the server's, because calls don't travel equally fast. What is taken within a thousandth of
    the window is remembered as one, as late as the last of it, so the log stays small at any rate.

    Args:
        capacity: Amount per window.
        window_seconds: Length of the window.
    """

    def __init__(self, capacity: float, window_seconds: float) -> None:
        self.capacity = float(capacity)
        self._window = window_seconds + window_margin(window_seconds)
        self._moments: deque[_Moment] = deque()
        self.used = 0.0

    def wait_seconds(self, amount: float, now: float) -> float:
        """Until enough of what was taken has left the window."""
        self._forget(now)
        missing = self.used + amount - self.capacity
        if missing <= _ROUNDING:
            return 0.0
        for moment in self._moments:
            missing -= moment.amount
            if missing <= _ROUNDING:
                return max(moment.until + self._window - now, 0.0)
        return FOREVER

    def take(self, amount: float, now: float) -> Hold:
        """Count an amount from now on."""
        moment = self._moments[-1] if self._moments else None
        if moment is None or now - moment.since >= self._window * MOMENT_SHARE:
            moment = _Moment(now)
            self._moments.append(moment)
        moment.until = now
        moment.amount += amount
        self.used += amount
        return _Taken(self, moment, amount)

    def settle(self, moment: _Moment, difference: float) -> None:
        """Correct what was taken in a moment, as long as the window remembers it; for its holds."""
        if not moment.is_over:
            moment.amount += difference
            self.used += difference

    def _forget(self, now: float) -> None:
        moments = self._moments
        while moments and moments[0].until + self._window <= now:
            gone = moments.popleft()
            self.used -= gone.amount
            gone.is_over = True
        if not moments:
            self.used = 0.0  # no drift of rounding errors


class _Moment:
    """What was taken from one time to another, shortly after."""

    __slots__ = ("amount", "is_over", "since", "until")

    def __init__(self, now: float) -> None:
        self.since = now
        self.until = now
        self.amount = 0.0
        self.is_over = False


class _Taken:
    __slots__ = ("_amount", "_meter", "_moment")

    def __init__(self, meter: WindowMeter, moment: _Moment, amount: float) -> None:
        self._meter = meter
        self._moment = moment
        self._amount = amount

    def settle(self, amount: float) -> None:
        self._meter.settle(self._moment, amount - self._amount)
        self._amount = amount

    def end(self) -> None:
        pass


def window_margin(window_seconds: float) -> float:
    """How much longer than the server's a window is, for calls that travel at different speeds."""
    return max(window_seconds * MARGIN_SHARE, LEAST_MARGIN_SECONDS)
