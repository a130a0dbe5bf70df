"""How far the asking is: answers, rate, cost and time left, told every other second."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal

from flows.progress import RunProgress
from techne.annotation.model import Annotation
from techne.annotation.plan_table import duration
from techne.annotation.shards import ShardResult

INTERVAL_SECONDS = 2.0
MINUTE_SECONDS = 60
_SETTLED_SECONDS = 5.0
"""Before that a rate tells nothing."""


@dataclass(slots=True)
class Tally:
    """Counts answers as they come.

    Args:
        calls: How many there will be, as far as is known.
    """

    calls: int
    answered: int = 0
    failed: int = 0
    paid_usd: Decimal = Decimal(0)
    skipped: int = 0
    started: float = field(default_factory=time.monotonic)

    def add(self, annotation: Annotation) -> None:
        """Count an answer."""
        self.answered += 1
        self.failed += annotation.status == "failed"
        if not annotation.cached and annotation.cost_usd is not None:
            self.paid_usd += annotation.cost_usd

    def add_shard(self, result: ShardResult) -> None:
        """Count the answers of a shard that was done before, or elsewhere."""
        if result.reused:
            self.skipped += result.answered
            return
        self.answered += result.answered
        self.failed += result.failed
        self.paid_usd += result.paid_usd or Decimal(0)

    def skip(self, calls: int) -> None:
        """Calls that need not be made."""
        self.skipped += calls

    @property
    def done(self) -> int:
        """Calls that are over, were made before, or will not be made."""
        return self.answered + self.skipped

    def note(self) -> str:
        """Rate, cost, failures and time left, as a person would ask for them."""
        seconds = time.monotonic() - self.started
        rate = self.answered / seconds if seconds else 0.0
        parts = [f"{rate:,.0f}/s" if rate >= 1 else f"{rate * MINUTE_SECONDS:,.1f}/min"]
        if self.paid_usd:
            parts.append(f"${self.paid_usd:.4f}")
        if self.failed:
            parts.append(f"{self.failed:,} failed")
        if rate and seconds >= _SETTLED_SECONDS and self.done < self.calls:
            parts.append(f"{duration((self.calls - self.done) / rate)} left")
        return ", ".join(parts)


@asynccontextmanager
async def telling(tally: Tally, progress: RunProgress) -> AsyncIterator[None]:
    """Have the progress follow the tally while the block lasts."""

    async def tell() -> None:
        while True:
            await asyncio.sleep(INTERVAL_SECONDS)
            await progress.reach(tally.done, tally.note())

    telling_on = asyncio.create_task(tell())
    try:
        yield
    finally:
        telling_on.cancel()
        await asyncio.wait({telling_on})
    await progress.reach(tally.done, tally.note())
