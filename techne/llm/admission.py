"""Who may call a provider, and when: a bounded queue in front of every limit, first come first served.

Each model has a lane: its queue, its own limits, its breaker, and the pause that its server asked for.
The provider's limits stand behind all lanes. A request goes when every limit has room, and takes from all
of them at once or from none. Within a lane nobody overtakes, so a large request can't starve; a lane that
must wait for itself doesn't hold up the others; and at the provider's own limits the request that came
first goes first.

Everything here happens on the executor's loop, between awaits, so there are no locks.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Sequence

from techne.errors import (
    ProviderUnavailableError,
    QueueFullError,
    RequestTooLargeError,
    TechneError,
    ThrottledError,
)
from techne.llm.breaker import is_outage
from techne.llm.clock import BACKGROUND, Clock
from techne.llm.lanes import Lane, Limit, Permit, Waiter, longest_wait
from techne.llm.meters import FOREVER, SlotMeter

LONGEST_PAUSE_SECONDS = 900.0
"""A server that asks for a longer wait is believed this far."""
MOST_PATIENCE_SECONDS = 30.0
"""Who has somebody else to ask doesn't sit through a longer pause."""


class Admission:
    """Queue and limits of one provider; to be used from one event loop.

    Args:
        name: Provider, for messages.
        limits: The provider's own limits.
        lane: Makes the lane of a model.
        queue_size: Most that may wait.
        wait_when_full: Let callers wait outside a full queue instead of refusing them (S4-13).
        queue_timeout_seconds: Longest wait for a turn.
        most_probes: Failed probes after which a waiting request fails, too.
        clock: Time.
    """

    def __init__(
        self,
        name: str,
        limits: Sequence[Limit],
        lane: Callable[[str], Lane],
        *,
        queue_size: int,
        clock: Clock,
        wait_when_full: bool = False,
        queue_timeout_seconds: float = 3600.0,
        most_probes: int = 6,
    ) -> None:
        self.limits = tuple(limits)
        self.slots: SlotMeter | None = None
        self.lanes: dict[str, Lane] = {}
        self.waiting = 0
        self._name = name
        self._make_lane = lane
        self._queue_size = queue_size
        self._wait_when_full = wait_when_full
        self._queue_timeout_seconds = queue_timeout_seconds
        self._most_probes = most_probes
        self._clock = clock
        self._orders = itertools.count()
        self._alarm: asyncio.Task[None] | None = None
        self._alarm_at = FOREVER

    def lane(self, model: str) -> Lane:
        """The lane of a model."""
        lane = self.lanes.get(model)
        if lane is None:
            lane = self.lanes[model] = self._make_lane(model)
        return lane

    def counts_tokens(self, model: str) -> bool:
        """Whether any limit of the model is one of tokens."""
        return self.lane(model).counts_tokens or any(limit.counts_tokens for limit in self.limits)

    def largest(self, model: str) -> float:
        """Most tokens that one request to the model can ever reserve; infinite where none are limited."""
        limits = (*self.lane(model).limits, *self.limits)
        return min((limit.meter.capacity for limit in limits if limit.counts_tokens), default=FOREVER)

    async def admit(
        self,
        model: str,
        tokens: float = 0.0,
        *,
        wait_when_full: bool | None = None,
        may_fall_back: bool = False,
        order: int | None = None,
    ) -> Permit:
        """Wait for a turn.

        Args:
            model: Full model id.
            tokens: Reserved where tokens are limited.
            wait_when_full: This caller's own choice; None is that of the queue.
            may_fall_back: Don't wait for a model that is left alone; the caller has somebody else to ask.
            order: That of an earlier permit: a call that was admitted before goes ahead, full or not.

        Raises:
            QueueFullError: The queue is full and callers are to be refused, or the turn didn't come in time.
            RequestTooLargeError: More than a limit can ever give; it names the setting.
            ProviderUnavailableError: The model is left alone since it failed too often.
        """
        lane = self.lane(model)
        self._refuse_too_large(lane, tokens)
        now = self._clock.monotonic()
        if may_fall_back:
            self._send_on(lane, now)
        again = order is not None
        waits = self._wait_when_full if wait_when_full is None else wait_when_full
        waiter = Waiter(
            lane, tokens, next(self._orders) if order is None else order, may_fall_back=may_fall_back
        )
        if again:
            place = sum(other.order < waiter.order for other in lane.queue)
            lane.queue.insert(place, waiter)
        else:
            lane.queue.append(waiter)
        self.waiting += 1
        self.serve()
        if not waiter.future.done():
            if not again and not waits and self.waiting > self._queue_size:
                self._leave(waiter)
                raise QueueFullError(
                    f"The queue of {self._name} is full ({self._queue_size} requests wait); "
                    "nothing was sent.",
                    cure="Submit fewer at once, or raise LLM_EXECUTOR_QUEUE_SIZE, "
                    "or set LLM_EXECUTOR_WHEN_FULL=wait.",
                )
            await self._turn(waiter)
        return waiter.future.result()

    def learn(self, permit: Permit, error: BaseException) -> None:
        """Take from a failed call what it says about the model."""
        lane, now = permit.lane, self._clock.monotonic()
        if is_outage(error):
            if lane.breaker.failed(now, probe=permit.is_probe):
                self._opened(permit, error, now)
        elif isinstance(error, asyncio.CancelledError):
            lane.breaker.given_up(probe=permit.is_probe)
        else:
            lane.breaker.answered()
        if isinstance(error, ThrottledError):
            lane.slots.throttled(permit.sent_at, now)
        seconds = getattr(error, "retry_after_seconds", None)
        if seconds is not None:
            lane.paused_until = max(lane.paused_until, now + min(seconds, LONGEST_PAUSE_SECONDS))
            if lane.paused_until - now > MOST_PATIENCE_SECONDS:
                for waiter in lane.queue:
                    if waiter.may_fall_back and not waiter.future.done():
                        waiter.future.set_exception(self._paused(lane, now))
        self.serve()

    def serve(self) -> None:
        """Let everyone go whose turn it is."""
        now = self._clock.monotonic()
        held_up: set[str] = set()
        wake_in = FOREVER
        while self.waiting:
            first: Waiter | None = None
            for lane in self.lanes.values():
                head = self._head(lane)
                if head is None or lane.model in held_up or (first and first.order < head.order):
                    continue
                wait = self._wait(head, lane.wait_seconds, now)
                if wait > 0:
                    held_up.add(lane.model)
                    wake_in = min(wake_in, wait)
                else:
                    first = head
            if first is None:
                break
            wait = self._wait(first, self._provider_wait, now)
            if wait > 0:
                wake_in = min(wake_in, wait)
                break
            if not first.future.done():  # its limit's keeper may have refused it just now
                first.lane.queue.popleft()
                self.waiting -= 1
                first.future.set_result(Permit(self, first, now))
        self._set_alarm(now, wake_in)

    async def close(self) -> None:
        """End the alarm, and the limits' own tasks."""
        if self._alarm is not None:
            self._alarm.cancel()
        for limit in [*self.limits, *(limit for lane in self.lanes.values() for limit in lane.limits)]:
            closing = getattr(limit.meter, "close", None)
            if closing is not None:
                await closing()

    def _head(self, lane: Lane) -> Waiter | None:
        queue = lane.queue
        while queue and queue[0].future.done():  # cancelled, or refused while it waited
            queue.popleft()
            self.waiting -= 1
        return queue[0] if queue else None

    def _provider_wait(self, waiter: Waiter, now: float) -> float:
        return longest_wait(self.limits, waiter.tokens, now)

    def _wait(self, waiter: Waiter, ask: Callable[[Waiter, float], float], now: float) -> float:
        try:
            return ask(waiter, now)
        except TechneError as error:  # a shared limit's keeper: this request fails, the next one asks again
            waiter.future.set_exception(error)
            return FOREVER

    async def _turn(self, waiter: Waiter) -> None:
        try:
            async with asyncio.timeout(self._queue_timeout_seconds):
                await waiter.future
        except TimeoutError:
            self._abandon(waiter)
            raise QueueFullError(
                f"No turn at {self._name} within {self._queue_timeout_seconds:g} s; nothing was sent.",
                cure="Submit fewer at once, or raise LLM_EXECUTOR_QUEUE_TIMEOUT_SECONDS.",
            ) from None
        except asyncio.CancelledError:
            self._abandon(waiter)
            raise
        except BaseException:
            self._leave(waiter)
            raise

    def _abandon(self, waiter: Waiter) -> None:
        future = waiter.future
        if future.done() and not future.cancelled() and future.exception() is None:
            permit = future.result()  # it came together with the cancellation
            permit.unsent()
            permit.release()
        else:
            self._leave(waiter)

    def _leave(self, waiter: Waiter) -> None:
        try:
            waiter.lane.queue.remove(waiter)
        except ValueError:
            return
        self.waiting -= 1
        self.serve()

    def _send_on(self, lane: Lane, now: float) -> None:
        """Refuse who has somebody else to ask, if the model won't be asked soon."""
        if lane.breaker.wait_seconds(now) > 0:
            raise self._left_alone(lane, now)
        if lane.paused_until - now > MOST_PATIENCE_SECONDS:
            raise self._paused(lane, now)

    def _paused(self, lane: Lane, now: float) -> ThrottledError:
        seconds = lane.paused_until - now
        error = ThrottledError(
            f"{self._name} asked for a pause of its model {lane.model} that lasts another {seconds:.0f} s.",
            cure="Request a higher quota, or lower the limits of LLM_EXECUTOR_*.",
        )
        error.retry_after_seconds = seconds
        return error

    def _opened(self, permit: Permit, error: BaseException, now: float) -> None:
        lane = permit.lane
        for waiter in list(lane.queue):
            waiter.probes_failed += permit.is_probe
            if waiter.future.done():
                continue
            if waiter.may_fall_back or waiter.probes_failed >= self._most_probes:
                waiter.future.set_exception(self._left_alone(lane, now, error))

    def _left_alone(
        self, lane: Lane, now: float, cause: BaseException | None = None
    ) -> ProviderUnavailableError:
        seconds = lane.breaker.wait_seconds(now)
        error = ProviderUnavailableError(
            f"{self._name} model {lane.model} failed too often and is left alone"
            + (f" for {seconds:.0f} s." if seconds < FOREVER else " until a probe has answered."),
            cure="See the log for its errors, and LLM_EXECUTOR_BREAKER_FAILURES.",
        )
        error.__cause__ = cause
        return error

    def _refuse_too_large(self, lane: Lane, tokens: float) -> None:
        for limit in (*lane.limits, *self.limits):
            if limit.counts_tokens and tokens > limit.meter.capacity:
                raise RequestTooLargeError(
                    f"The request needs about {tokens:.0f} tokens, answer included; {limit.setting} allows "
                    f"{limit.meter.capacity:.0f} a minute, so it could never be sent.",
                    cure=f"Lower MAX_TOKENS_PER_CHUNK or the output limit, or raise {limit.setting}.",
                )

    def _set_alarm(self, now: float, wake_in: float) -> None:
        at = now + wake_in
        if wake_in == FOREVER or (self._alarm is not None and self._alarm_at <= at):
            return
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm_at = at
        self._alarm = asyncio.get_running_loop().create_task(self._ring(wake_in), name=BACKGROUND)

    async def _ring(self, seconds: float) -> None:
        await self._clock.sleep(seconds)
        self._alarm, self._alarm_at = None, FOREVER
        self.serve()
