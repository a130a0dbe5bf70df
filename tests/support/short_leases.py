"""Leases whose time runs faster, for a Prefect server under test: its API grants none under a minute.

The server loads this module as PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE; `FastClock` is the same time for
those who renew.
"""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from uuid import UUID

from prefect.server.concurrency.lease_storage import ConcurrencyLimitLeaseMetadata
from prefect.server.concurrency.lease_storage.memory import ConcurrencyLeaseStorage as _MemoryStorage
from prefect.server.utilities.leasing import ResourceLease

SPEED = 15.0
"""Seconds of a lease that pass in one second."""


class ConcurrencyLeaseStorage(_MemoryStorage):
    """Prefect's own storage, with shorter lives."""

    async def create_lease(
        self,
        resource_ids: list[UUID],
        ttl: timedelta,
        metadata: ConcurrencyLimitLeaseMetadata | None = None,
    ) -> ResourceLease[ConcurrencyLimitLeaseMetadata]:
        """A lease that lapses early."""
        return await super().create_lease(resource_ids, ttl / SPEED, metadata)

    async def renew_lease(self, lease_id: UUID, ttl: timedelta) -> bool:
        """A renewal that lapses early."""
        return await super().renew_lease(lease_id, ttl / SPEED)


class FastClock:
    """The machine's clock, as much faster."""

    def monotonic(self) -> float:
        """Seconds of the fast time."""
        return time.monotonic() * SPEED

    async def sleep(self, seconds: float) -> None:
        """Sleep for seconds of the fast time."""
        await asyncio.sleep(seconds / SPEED)
