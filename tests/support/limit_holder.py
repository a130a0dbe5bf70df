"""A process that competes for a shared limit: `python -m tests.support.limit_holder LIMIT AMOUNT TIMES`.

It takes units and gives them back as often as it is told, and prints when it held them, as JSON lines
of `[from, until]`. With 0 times it takes them once, prints `held`, and keeps them until it is killed.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from tasks.quota import PrefectQuota
from techne.llm.quota import QuotaLease
from tests.support.short_leases import FastClock


async def hold(limit: str, amount: int, times: int) -> None:
    """Compete for units."""
    quota = PrefectQuota(clock=FastClock())
    if not times:
        await _take(quota, limit, amount)
        print("held", flush=True)
        await asyncio.Event().wait()
    for _ in range(times):
        lease = await _take(quota, limit, amount)
        begin = time.monotonic()
        await asyncio.sleep(0)
        print(json.dumps([begin, time.monotonic()]), flush=True)
        await quota.give_back(lease)
    await quota.close()


async def _take(quota: PrefectQuota, limit: str, amount: int) -> QuotaLease:
    while True:
        lease = await quota.lease(limit, amount)
        if lease is not None:
            return lease
        await asyncio.sleep(0.01)


if __name__ == "__main__":
    asyncio.run(hold(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
