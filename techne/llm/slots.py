"""Slots of one provider: so many calls in flight, a bounded queue for the rest, first come first served."""

from __future__ import annotations

import asyncio
from collections import deque

from techne.errors import QueueFullError


class Slot:
    """The right to have one call in flight. Releasing it twice is harmless."""

    __slots__ = ("_held", "_slots")

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self._held = True

    @property
    def held(self) -> bool:
        """Whether this slot still stands for its holder."""
        return self._held

    def release(self) -> None:
        """Give the slot to the next in the queue."""
        if self._held:
            self._held = False
            self._slots.give_back()

    def release_after(self, call: asyncio.Task[object]) -> None:
        """Part with the slot now, but keep it busy until `call` has really ended."""
        if self._held:
            self._held = False
            call.add_done_callback(lambda _: self._slots.give_back())


class Slots:
    """Counted slots with a fair queue; to be used from one event loop.

    Args:
        name: Provider, for the error message.
        max_parallel: Slots there are.
        queue_size: Most that may wait.
        wait_when_full: Let callers wait outside a full queue instead of refusing them (S4-13).
    """

    def __init__(
        self, name: str, *, max_parallel: int, queue_size: int, wait_when_full: bool = False
    ) -> None:
        self.max_parallel = max_parallel
        self.max_in_flight = 0
        self._name = name
        self._queue_size = queue_size
        self._wait_when_full = wait_when_full
        self._in_flight = 0
        self._queue: deque[asyncio.Future[None]] = deque()

    @property
    def in_flight(self) -> int:
        """Slots in use."""
        return self._in_flight

    @property
    def waiting(self) -> int:
        """Callers in the queue."""
        return len(self._queue)

    async def acquire(self, *, ahead: bool = False, wait_when_full: bool | None = None) -> Slot:
        """Wait for a slot.

        Args:
            ahead: Go to the head of the queue, full or not: for a call that was admitted before.
            wait_when_full: This caller's own choice; None is that of the queue.

        Raises:
            QueueFullError: The queue is full, and callers are to be refused rather than wait.
        """
        if self._in_flight < self.max_parallel and not self._queue:
            self._take()
            return Slot(self)
        waits = self._wait_when_full if wait_when_full is None else wait_when_full
        if not ahead and not waits and self.waiting >= self._queue_size:
            raise QueueFullError(
                f"The queue of {self._name} is full ({self._queue_size} requests wait); nothing was sent.",
                cure="Submit fewer at once, or raise LLM_EXECUTOR_QUEUE_SIZE, "
                "or set LLM_EXECUTOR_WHEN_FULL=wait.",
            )
        waiter = asyncio.get_running_loop().create_future()
        if ahead:
            self._queue.appendleft(waiter)
        else:
            self._queue.append(waiter)
        self._serve()  # those before it may have been cancelled just now
        try:
            await waiter
        except asyncio.CancelledError:
            if not waiter.cancelled():
                self.give_back()  # the slot came together with the cancellation
            elif waiter in self._queue:
                self._queue.remove(waiter)
            raise
        return Slot(self)

    def give_back(self) -> None:
        """Return a slot; called by `Slot` alone."""
        self._in_flight -= 1
        self._serve()

    def _serve(self) -> None:
        while self._queue and self._in_flight < self.max_parallel:
            waiter = self._queue.popleft()
            if not waiter.done():
                self._take()
                waiter.set_result(None)

    def _take(self) -> None:
        self._in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self._in_flight)
