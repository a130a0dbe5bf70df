"""A limit that processes share, as a meter: units are leased from a `SharedQuota` in batches and spent here.

A rate is made of plain units by holding each one for a window after its use. So the sum over all processes is
bound in every window, a killed process gives its units back when its leases lapse, and nothing depends on
how the keeper counts time. Calls in flight are units that come back when the call ends; they are handed
round after a while, so that no process sits on them.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Callable, Coroutine
from typing import Any

from techne.errors import ProviderUnavailableError, TechneError
from techne.llm.clock import BACKGROUND, Clock
from techne.llm.meters import FOREVER, Hold, window_margin
from techne.llm.quota import QuotaLease, SharedQuota

BATCH_SHARE = 0.02
"""Part of a limit that is leased at once: small enough to be spent soon, large enough to save round trips."""
IDLE_SECONDS = 2.0
"""Unspent units go back after this long."""
SLOT_SECONDS = 20.0
"""A slot for calls in flight isn't used again in this process once it has been held for this long."""
FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 2.0
_TIDY_SECONDS = 0.5


class _Batch:
    """Units of one lease."""

    __slots__ = ("free", "lease", "leased_at", "out", "used_at")

    def __init__(self, lease: QuotaLease, now: float) -> None:
        self.lease = lease
        self.free = float(lease.amount)
        self.leased_at = now
        self.used_at: float | None = None
        self.out = 0


class LeasedMeter:
    """A limit shared with other processes.

    Args:
        quota: Keeper of the limit.
        limit: Its name there.
        capacity: The limit, in whole units.
        window_seconds: Length of a rate's window; None for calls in flight.
        clock: Time.
        wake: Called when waiting has come to an end.
    """

    def __init__(
        self,
        quota: SharedQuota,
        limit: str,
        capacity: float,
        *,
        window_seconds: float | None,
        clock: Clock,
        wake: Callable[[], None],
    ) -> None:
        self.capacity = float(math.floor(capacity))
        self._quota = quota
        self._limit = limit
        self._held_for = None if window_seconds is None else window_seconds + window_margin(window_seconds)
        self._clock = clock
        self._wake = wake
        self._batches: list[_Batch] = []
        self._missing = 0.0
        self._others_first_until = 0.0
        self._error: TechneError | None = None
        self._refilling: asyncio.Task[None] | None = None
        self._tidying: asyncio.Task[None] | None = None
        self._given_back: set[asyncio.Task[None]] = set()

    def wait_seconds(self, amount: float, now: float) -> float:
        """No wait, or until a lease has come; asks for one."""
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        free = sum(batch.free for batch in self._batches if self._is_fresh(batch, now))
        if free >= amount:
            return 0.0
        self._missing = max(self._missing, amount - free)
        if self._refilling is None:
            self._refilling = _background(self._refill())
        return FOREVER

    def take(self, amount: float, now: float) -> Hold:
        """Spend leased units, the oldest first."""
        parts: list[tuple[_Batch, float]] = []
        missing = amount
        for batch in self._batches:
            if missing > 0 and batch.free > 0 and self._is_fresh(batch, now):
                part = min(batch.free, missing)
                batch.free -= part
                batch.used_at = now
                batch.out += 1
                missing -= part
                parts.append((batch, part))
        return _Spent(self, parts, amount)

    async def close(self) -> None:
        """Give back what is free: slots, and units of a rate that were never spent.

        A rate's spent units stay held until their lease lapses, or other processes would spend them again
        within the same window.
        """
        for task in (self._refilling, self._tidying):
            if task is not None:
                task.cancel()
        batches, self._batches = self._batches, []
        free = [batch.lease for batch in batches if self._held_for is None or batch.used_at is None]
        await asyncio.gather(*self._given_back, *(self._quota.give_back(lease) for lease in free))

    def end(self, spent: _Spent) -> None:
        """A call is over: slots come back, a rate's units stay spent until the window has passed."""
        for batch, part in spent.parts:
            batch.out -= 1
            if self._held_for is None:
                batch.free += part
        if self._held_for is None:
            self._tidy(self._clock.monotonic())
            self._wake()

    def settle(self, spent: _Spent, amount: float) -> None:
        """Less was used than taken: the rest can be spent again. More is owed by the oldest batch."""
        if self._held_for is None:
            return
        surplus = spent.amount - amount
        spent.amount = amount
        for batch, _ in spent.parts:
            batch.free += surplus
            if surplus > 0:
                self._wake()
            break

    def _is_fresh(self, batch: _Batch, now: float) -> bool:
        return now - batch.leased_at < (SLOT_SECONDS if self._held_for is None else self._held_for)

    async def _refill(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        try:
            rest = self._others_first_until - self._clock.monotonic()
            if rest > 0:
                await self._clock.sleep(rest)
            while self._missing > 0:
                lease = await self._lease()
                if lease is None:
                    await self._clock.sleep(random.uniform(0.5, 1.0) * pause)  # noqa: S311
                    pause = min(pause * 1.5, LONGEST_PAUSE_SECONDS)
                    continue
                self._batches.append(_Batch(lease, self._clock.monotonic()))
                self._missing = 0.0
                if self._tidying is None or self._tidying.done():
                    self._tidying = _background(self._keep_tidy())
        except TechneError as error:
            self._error = error
            self._missing = 0.0
        except Exception as error:  # noqa: BLE001 - a keeper may be anybody's; whoever waits is to be told
            self._error = ProviderUnavailableError(
                f"The keeper of the limit {self._limit} failed ({type(error).__name__})."
            )
            self._error.__cause__ = error
            self._missing = 0.0
        finally:
            self._refilling = None
        self._wake()
        self._error = None  # who waited has been told; who comes later asks anew

    async def _lease(self) -> QuotaLease | None:
        needed = min(math.ceil(self._missing), int(self.capacity))
        batch = max(needed, math.ceil(self.capacity * BATCH_SHARE))
        lease = await self._quota.lease(self._limit, batch)
        if lease is None and batch > needed:
            lease = await self._quota.lease(self._limit, needed)
        return lease

    async def _keep_tidy(self) -> None:
        while self._batches:
            await self._clock.sleep(_TIDY_SECONDS)
            self._tidy(self._clock.monotonic())

    def _tidy(self, now: float) -> None:
        kept = []
        for batch in self._batches:
            if self._is_due(batch, now):
                if self._held_for is None and not self._is_fresh(batch, now):
                    self._others_first_until = now + LONGEST_PAUSE_SECONDS  # they ask this often
                task = asyncio.ensure_future(self._quota.give_back(batch.lease))
                self._given_back.add(task)
                task.add_done_callback(self._given_back.discard)
            else:
                kept.append(batch)
        self._batches = kept

    def _is_due(self, batch: _Batch, now: float) -> bool:
        if batch.used_at is None:
            return now - batch.leased_at >= IDLE_SECONDS
        if self._held_for is not None:
            return now - batch.used_at >= self._held_for
        return batch.out == 0 and (not self._is_fresh(batch, now) or now - batch.used_at >= IDLE_SECONDS)


def _background(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    return asyncio.get_running_loop().create_task(work, name=BACKGROUND)


class _Spent:
    __slots__ = ("amount", "meter", "parts")

    def __init__(self, meter: LeasedMeter, parts: list[tuple[_Batch, float]], amount: float) -> None:
        self.meter: LeasedMeter | None = meter
        self.parts = parts
        self.amount = amount

    def settle(self, amount: float) -> None:
        if self.meter is not None:
            self.meter.settle(self, amount)

    def end(self) -> None:
        if self.meter is not None:
            self.meter.end(self)
            self.meter = None
