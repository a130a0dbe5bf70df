"""When to try again, how long to wait before it, and when an outage makes trying again pointless."""

from __future__ import annotations

import random
from dataclasses import dataclass

from techne.errors import LLMError, ProviderTimeoutError, ThrottledError


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential backoff with full jitter that never waits less than the server asks for.

    The wait before attempt n + 1 is uniform between 0 and `min(cap, base * 2 ** (n - 1))` (Brooker,
    "Exponential Backoff And Jitter", AWS 2015); where the server named a wait, it is that wait plus up to
    `base` seconds, so that callers refused together don't return together.

    Args:
        max_attempts: Attempts at one call, the first included.
        base_seconds: Upper bound of the first wait.
        cap_seconds: Upper bound of any wait that the server did not ask for.
        total_seconds: No attempt starts later than this after the first one.
        attempts_before_fallback: Attempts at a call that somebody else can answer; it isn't tried again after
            a time-out, which has cost enough already (S3-2).
    """

    max_attempts: int = 6
    base_seconds: float = 0.5
    cap_seconds: float = 30.0
    total_seconds: float = 900.0
    attempts_before_fallback: int = 2

    def wait_seconds(
        self,
        error: LLMError,
        attempts: int,
        elapsed_seconds: float,
        dice: random.Random,
        *,
        may_fall_back: bool = False,
    ) -> float | None:
        """Seconds to wait after `attempts` failed attempts, or None to give up."""
        if not error.retryable or attempts >= self.max_attempts:
            return None
        if may_fall_back and (
            isinstance(error, ProviderTimeoutError) or attempts >= self.attempts_before_fallback
        ):
            return None
        asked: float | None = getattr(error, "retry_after_seconds", None)
        if asked is None:
            wait = dice.uniform(0.0, min(self.cap_seconds, self.base_seconds * 2.0 ** (attempts - 1)))
        else:
            wait = asked + dice.uniform(0.0, self.base_seconds)
        return wait if elapsed_seconds + wait <= self.total_seconds else None


class RetryBudget:
    """Keeps an outage from being doubled by those who try again.

    Trying again costs one, every answer gives half a one back: a third of all calls may fail for ever, but
    where nothing is answered the attempts end with the budget (as in Finagle and the AWS SDKs). Throttles
    are free: the server's own wait and fewer calls in flight answer them.

    Args:
        size: Attempts that may be ahead of answers.
    """

    REFUND = 0.5

    def __init__(self, size: int) -> None:
        self.left = float(size)
        self._size = float(size)

    def spend(self, error: LLMError) -> bool:
        """Whether a call that failed so may be tried again."""
        if isinstance(error, ThrottledError):
            return True
        if self.left < 1.0:
            return False
        self.left -= 1.0
        return True

    def answered(self) -> None:
        """A call was answered."""
        self.left = min(self._size, self.left + self.REFUND)
