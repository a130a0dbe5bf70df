"""Keeping a lease alive while its holder works."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from types import TracebackType

from techne.errors import LeaseLostError, TechneError
from techne.tracking.model import Lease
from techne.tracking.store import TrackingStore, utc_now

BEATS_PER_LEASE = 3

_logger = logging.getLogger(__name__)


class Heartbeat:
    """Renews a lease from a thread of its own, three times in its span, for as long as the block lasts.

    A renewal that fails for a passing reason is tried again at the next beat, until the lease has lapsed:
    from then on another worker may hold it, so it counts as lost.

        with Heartbeat(store, lease) as heartbeat:
            ...
            heartbeat.check()    # between steps: costs nothing
            heartbeat.confirm()  # before publishing: asks the store

    Args:
        store: Where the lease was acquired.
        lease: The lease.
        interval_seconds: Time between beats; a third of the lease if None.
        clock: Tells the time; the store's.
    """

    def __init__(
        self,
        store: TrackingStore,
        lease: Lease,
        *,
        interval_seconds: float | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._store = store
        self._lease = lease
        self._interval_seconds = interval_seconds or lease.lease_seconds / BEATS_PER_LEASE
        self._clock = clock
        self._stopped = threading.Event()
        self._error: LeaseLostError | None = None
        self._thread = threading.Thread(target=self._run, name=f"heartbeat-{lease.execution_id}", daemon=True)

    @property
    def lease(self) -> Lease:
        """The lease as last renewed."""
        return self._lease

    @property
    def lost(self) -> bool:
        """Whether the lease is another worker's, or may be."""
        return self._error is not None

    def check(self) -> None:
        """Raise LeaseLostError if the lease is lost, as far as the last beat knew."""
        if not self.lost and self._clock() >= self._lease.expires_at:
            self.beat()  # the machine slept, or the thread is late: find out
        if self._error is not None:
            raise LeaseLostError(self._error.message, cure=self._error.cure) from self._error

    def confirm(self) -> None:
        """Renew the lease now and raise LeaseLostError if that shows it lost."""
        if not self.lost:
            self.beat()
        self.check()

    def beat(self) -> None:
        """Renew the lease once, now."""
        try:
            self._lease = self._store.heartbeat(self._lease)
        except LeaseLostError as error:
            self._lose(error)
        except TechneError as error:
            if self._clock() >= self._lease.expires_at:
                self._lose(
                    LeaseLostError(
                        f"The lease of execution {self._lease.execution_id!r} lapsed at "
                        f"{self._lease.expires_at:%H:%M:%S} UTC and could not be renewed: {error}"
                    )
                )
            else:
                _logger.warning("Lease not renewed, trying again: %s", error)

    def _lose(self, error: LeaseLostError) -> None:
        _logger.error("%s", error)
        self._error = error

    def _run(self) -> None:
        while not self.lost and not self._stopped.wait(self._interval_seconds):
            self.beat()

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stopped.set()
        self._thread.join()
