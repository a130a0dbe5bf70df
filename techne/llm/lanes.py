"""What stands between a request and its provider: limits, lanes of models, and the permits to call.

`techne.llm.admission` decides who goes; here is what it decides on.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Protocol

from techne.llm.breaker import Breaker
from techne.llm.meters import FOREVER, Hold, Meter, SlotMeter


class Keeper(Protocol):
    """What permits report to; `Admission` is one."""

    limits: tuple[Limit, ...]

    def serve(self) -> None:
        """Let everyone go whose turn it is."""
        ...

    def learn(self, permit: Permit, error: BaseException) -> None:
        """Take from a failed call what it says about the model."""
        ...


class Limit:
    """A meter, what it counts, and the setting that a person would change."""

    __slots__ = ("counts_tokens", "meter", "setting")

    def __init__(self, meter: Meter, setting: str, *, counts_tokens: bool = False) -> None:
        self.meter = meter
        self.setting = setting
        self.counts_tokens = counts_tokens


class Lane:
    """One model's queue and limits.

    Args:
        model: Full model id.
        slots: Its calls in flight.
        limits: Its other limits.
        breaker: Its breaker.
        output_token_weight: Tokens that one output token counts for.
    """

    def __init__(
        self,
        model: str,
        slots: SlotMeter,
        limits: Sequence[Limit],
        breaker: Breaker,
        *,
        output_token_weight: float = 1.0,
    ) -> None:
        self.model = model
        self.slots = slots
        self.limits = (Limit(slots, "max_parallel"), *limits)
        self.breaker = breaker
        self.output_token_weight = output_token_weight
        self.counts_tokens = any(limit.counts_tokens for limit in limits)
        self.paused_until = 0.0
        self.queue: deque[Waiter] = deque()

    def wait_seconds(self, waiter: Waiter, now: float) -> float:
        """Until the lane itself would let this one pass."""
        wait = max(self.paused_until - now, self.breaker.wait_seconds(now), 0.0)
        return max(wait, longest_wait(self.limits, waiter.tokens, now)) if wait < FOREVER else wait


class Waiter:
    """A request in a lane's queue, from its admission to its permit."""

    __slots__ = ("future", "lane", "may_fall_back", "order", "probes_failed", "tokens")

    def __init__(self, lane: Lane, tokens: float, order: int, *, may_fall_back: bool) -> None:
        self.lane = lane
        self.tokens = tokens
        self.order = order
        self.may_fall_back = may_fall_back
        self.probes_failed = 0
        self.future: asyncio.Future[Permit] = asyncio.get_running_loop().create_future()


class Permit:
    """The right to make one call. Its end can be told more than once."""

    __slots__ = ("_holds", "_keeper", "_tokens", "held", "is_probe", "lane", "order", "sent_at")

    def __init__(self, keeper: Keeper, waiter: Waiter, now: float) -> None:
        lane = waiter.lane
        self._keeper = keeper
        self.lane = lane
        self.order = waiter.order
        self.sent_at = now
        self.held = True
        self.is_probe = lane.breaker.state != "closed"
        self._holds: list[Hold] = []
        self._tokens: list[Hold] = []
        for limit in (*lane.limits, *keeper.limits):
            hold = limit.meter.take(waiter.tokens if limit.counts_tokens else 1.0, now)
            self._holds.append(hold)
            if limit.counts_tokens:
                self._tokens.append(hold)
        lane.breaker.sent()

    def answered(self, input_tokens: int, output_tokens: int) -> None:
        """An answer came, and took so many tokens."""
        used = input_tokens + self.lane.output_token_weight * output_tokens
        for hold in self._tokens:
            hold.settle(used)
        self.lane.breaker.answered()
        self.lane.slots.answered()
        if self._tokens or self.is_probe:
            self._keeper.serve()

    def failed(self, error: BaseException) -> None:
        """No answer came: the limits, the lane's pause and its breaker learn from why."""
        self._keeper.learn(self, error)

    def refund_tokens(self) -> None:
        """The provider took the call for nothing: a refusal costs no tokens."""
        for hold in self._tokens:
            hold.settle(0.0)

    def unsent(self) -> None:
        """The call was never made: all that was taken for it comes back, and the model learns nothing."""
        for hold in self._holds:
            hold.settle(0.0)
        self.failed(asyncio.CancelledError())

    def release(self) -> None:
        """The call is over and its answer is safe; the next may go."""
        if self.held:
            self.held = False
            self._end()

    def release_after(self, call: asyncio.Task[object]) -> None:
        """Part with the permit now, but keep it taken until `call` has really ended."""
        if self.held:
            self.held = False
            call.add_done_callback(lambda _: self._end())

    def _end(self) -> None:
        for hold in self._holds:
            hold.end()
        self._keeper.serve()


def longest_wait(limits: Sequence[Limit], tokens: float, now: float) -> float:
    """Until every limit could give what one request takes."""
    longest = 0.0
    for limit in limits:
        wait = limit.meter.wait_seconds(tokens if limit.counts_tokens else 1.0, now)
        if wait > longest:
            longest = wait
            if wait == FOREVER:
                break
    return longest
