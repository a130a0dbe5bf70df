"""A model that fails again and again is left alone for a while, then tried with one call.

The circuit breaker of M. Nygard, "Release It!" (2007).
"""

from __future__ import annotations

from typing import Literal

from techne.errors import MalformedResponseError, ProviderTimeoutError, ProviderUnavailableError

BreakerState = Literal["closed", "open", "half_open"]
MOST_DOUBLINGS = 3
"""The pause is at most 2 ** this times the configured one."""


class Breaker:
    """State of one model: closed (calls pass), open (none does), half open (one does, as a probe).

    Failures are those of a server that isn't there: unreachable, 5xx, no answer, garbage. A refusal, even a
    throttle, is the word of a server that works.

    Args:
        failures: Failures in a row that open it.
        pause_seconds: How long it stays open the first time; doubled by each failed probe.
    """

    def __init__(self, failures: int, pause_seconds: float) -> None:
        self.state: BreakerState = "closed"
        self.open_until = 0.0
        self.opened = 0
        self._most_failures = failures
        self._pause_seconds = pause_seconds
        self._failures = 0
        self._probes_failed = 0
        self._probing = False

    def wait_seconds(self, now: float) -> float:
        """Until a call may pass; infinite while a probe is on its way."""
        if self.state == "closed":
            return 0.0
        if self._probing:
            return float("inf")
        return max(self.open_until - now, 0.0)

    def sent(self) -> None:
        """A call passes; it is the probe if the breaker is not closed."""
        if self.state != "closed":
            self.state = "half_open"
            self._probing = True

    def answered(self) -> None:
        """A call was answered, if only with a refusal."""
        self.state = "closed"
        self._failures = self._probes_failed = 0
        self._probing = False

    def failed(self, now: float, *, probe: bool) -> bool:
        """A call found no working server; whether that opened the breaker.

        Args:
            now: Time.
            probe: Whether the call was sent as the probe; late failures of older calls tell nothing new.
        """
        if probe and self.state != "closed":  # else an older call was answered meanwhile
            self._probing = False
            self._probes_failed += 1
        elif self.state == "closed":
            self._failures += 1
            if self._failures < self._most_failures:
                return False
        else:
            return False
        self.state = "open"
        self.opened += 1
        self.open_until = now + self._pause_seconds * 2.0 ** min(self._probes_failed, MOST_DOUBLINGS)
        return True

    def given_up(self, *, probe: bool) -> None:
        """A call ended without telling anything: cancelled. The next one is the probe."""
        if probe:
            self._probing = False


def is_outage(error: BaseException) -> bool:
    """Whether an error says that no working server was found."""
    return isinstance(error, ProviderUnavailableError | ProviderTimeoutError | MalformedResponseError)
