"""Blocking work beside the event loop, on daemon threads: a process that exits doesn't wait for them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

_T = TypeVar("_T")


async def on_daemon_thread(work: Callable[[], _T], *, name: str) -> _T:
    """Run blocking work on a thread of its own.

    A thread can't be broken off: when cancelled, this ends only when the thread has ended, or when
    cancelled once more.
    """
    outcome: Future[_T] = Future()

    def run() -> None:
        try:
            outcome.set_result(work())
        except BaseException as error:  # noqa: BLE001 - it belongs to whoever waits
            outcome.set_exception(error)

    threading.Thread(target=run, name=name, daemon=True).start()
    waiter = asyncio.wrap_future(outcome)
    try:
        return await asyncio.shield(waiter)
    except asyncio.CancelledError:
        await asyncio.wait({waiter})
        if not waiter.cancelled():
            waiter.exception()
        raise
