"""Time as the executor sees it, so that tests can move it."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

BACKGROUND = "techne-llm-background"
"""Name of tasks that only wait for time: closing doesn't wait for them."""


class Clock(Protocol):
    """A clock that can be waited on."""

    def monotonic(self) -> float:
        """Seconds since some fixed moment."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return when that many seconds have passed."""
        ...


class SystemClock:
    """The machine's clock."""

    def monotonic(self) -> float:
        """Seconds of `time.monotonic`."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Sleep on the running loop."""
        await asyncio.sleep(seconds)
