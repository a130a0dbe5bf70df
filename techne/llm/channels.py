"""From the executor's loop to a caller on another loop or thread: streams, and answers of many requests."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from typing import Generic, TypeVar

T = TypeVar("T")

STREAM_BUFFER = 256
"""Pieces that may lie between a model and a slow reader."""


class Channel(Generic[T]):
    """A bounded queue with one end on the executor's loop and the other anywhere.

    Args:
        wake: Wakes the reader; called on the executor's loop, once per batch that is waiting.
        size: Things that may wait before `put` does.
    """

    def __init__(self, wake: Callable[[], None], size: int = STREAM_BUFFER) -> None:
        self._wake = wake
        self._size = size
        self._items: deque[T] = deque()
        self._lock = threading.Lock()
        self._woken = False
        self._closed = False
        self._error: BaseException | None = None
        self._room: asyncio.Future[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    # On the executor's loop

    async def put(self, item: T) -> None:
        """Hand something over; waits while the reader is behind."""
        while True:
            with self._lock:
                if len(self._items) < self._size:
                    self._items.append(item)
                    break
                self._loop = asyncio.get_running_loop()
                room = self._room = self._loop.create_future()
            await room
        self._notify()

    def close(self, error: BaseException | None = None) -> None:
        """Nothing more will come; or an error ended it."""
        with self._lock:
            self._error = error
            self._closed = True
        self._notify()

    def _notify(self) -> None:
        with self._lock:
            if self._woken:
                return
            self._woken = True
        self._wake()

    # On the reader's side

    def take(self) -> tuple[list[T], bool]:
        """All that waits, and whether it is the end.

        Raises:
            BaseException: What ended it, when everything before has been taken.
        """
        with self._lock:
            items = list(self._items)
            self._items.clear()
            self._woken = False
            room, self._room = self._room, None
            closed, error = self._closed, self._error
        if room is not None and self._loop is not None:
            with suppress(RuntimeError):  # closed: nobody waits there any more
                self._loop.call_soon_threadsafe(_set, room)
        if error is not None and not items:
            raise error
        return items, closed and error is None


def _set(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


async def read(channel: Channel[T], ready: asyncio.Event) -> AsyncIterator[T]:
    """Everything that comes, on a loop; `ready` is what the channel's `wake` sets."""
    ended = False
    while not ended:
        await ready.wait()
        ready.clear()
        items, ended = channel.take()
        for item in items:
            yield item
        if items and not ended:
            ready.set()  # an error may stand behind the last item


def read_blocking(channel: Channel[T], ready: threading.Event) -> Iterator[T]:
    """Everything that comes, for a thread without a loop."""
    ended = False
    while not ended:
        ready.wait()
        ready.clear()
        items, ended = channel.take()
        yield from items
        if items and not ended:
            ready.set()


def loop_waker(loop: asyncio.AbstractEventLoop, ready: asyncio.Event) -> Callable[[], None]:
    """Sets an event of another loop; a loop that has closed has nobody left to wake."""

    def wake() -> None:
        try:
            loop.call_soon_threadsafe(ready.set)
        except RuntimeError:
            return

    return wake
