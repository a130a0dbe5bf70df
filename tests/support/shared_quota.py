"""A keeper of shared limits in memory, for several executors on one loop in virtual time."""

from __future__ import annotations

import asyncio
import itertools

from techne.errors import ProviderUnavailableError
from techne.llm.quota import QuotaLease

ROUND_TRIP_SECONDS = 0.01


class MemoryQuota:
    """Units by limit; asking takes as long as a server does. It also counts what it was asked."""

    def __init__(self, limits: dict[str, int]) -> None:
        self.limits = limits
        self.held: dict[str, QuotaLease] = {}
        self.asked = 0
        self.is_down = False
        self.closed = False
        self._handles = itertools.count()

    def used(self, limit: str) -> int:
        return sum(lease.amount for lease in self.held.values() if lease.limit == limit)

    async def lease(self, limit: str, amount: int) -> QuotaLease | None:
        assert amount > 0
        self.asked += 1
        await asyncio.sleep(ROUND_TRIP_SECONDS / 2)
        if self.is_down:
            raise ProviderUnavailableError("The keeper is away.")
        lease = None
        if self.used(limit) + amount <= self.limits[limit]:
            lease = QuotaLease(limit, amount, str(next(self._handles)))
            self.held[lease.handle] = lease
        await asyncio.sleep(ROUND_TRIP_SECONDS / 2)
        return lease

    async def give_back(self, lease: QuotaLease) -> None:
        await asyncio.sleep(ROUND_TRIP_SECONDS / 2)
        del self.held[lease.handle]
        await asyncio.sleep(ROUND_TRIP_SECONDS / 2)

    async def close(self) -> None:
        self.closed = True
