"""When to try again, and how long to wait before it."""

from __future__ import annotations

import random
from dataclasses import dataclass

from techne.errors import LLMError


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential backoff with full jitter that never waits less than the server asks for.

    The wait before attempt n + 1 is uniform between 0 and `min(cap, base * 2 ** (n - 1))`; where the server
    named a wait, it is that wait plus up to `base` seconds, so that callers refused together don't return
    together.

    Args:
        max_attempts: Attempts at one call, the first included.
        base_seconds: Upper bound of the first wait.
        cap_seconds: Upper bound of any wait that the server did not ask for.
        total_seconds: No attempt starts later than this after the first one.
    """

    max_attempts: int = 6
    base_seconds: float = 0.5
    cap_seconds: float = 30.0
    total_seconds: float = 900.0

    def wait_seconds(
        self, error: LLMError, attempts: int, elapsed_seconds: float, dice: random.Random
    ) -> float | None:
        """Seconds to wait after `attempts` failed attempts, or None to give up."""
        if not error.retryable or attempts >= self.max_attempts:
            return None
        asked: float | None = getattr(error, "retry_after_seconds", None)
        if asked is None:
            wait = dice.uniform(0.0, min(self.cap_seconds, self.base_seconds * 2.0 ** (attempts - 1)))
        else:
            wait = asked + dice.uniform(0.0, self.base_seconds)
        return wait if elapsed_seconds + wait <= self.total_seconds else None
