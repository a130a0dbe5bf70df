"""An event loop on a thread of its own, that any thread or loop may give work to, until it is closed."""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import threading
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, ParamSpec, TypeVar

from techne.errors import LLMError
from techne.llm.clock import BACKGROUND

logger = logging.getLogger("techne.llm")

_T = TypeVar("_T")
_P = ParamSpec("_P")


class LoopThread:
    """The executor's loop. It begins with the first work, and its thread doesn't keep a process alive."""

    def __init__(self) -> None:
        self.closed = False
        self._lock = threading.RLock()  # so that nothing is scheduled behind the end of the loop
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def run(self, work: Coroutine[Any, Any, _T]) -> concurrent.futures.Future[_T]:
        """Begin some work; its future may be cancelled.

        Raises:
            LLMError: The loop is closed.
        """
        with self._lock:
            try:
                loop = self._started()
            except LLMError:
                work.close()
                raise
            return asyncio.run_coroutine_threadsafe(work, loop)

    def wait(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Do some work while the calling thread waits.

        Raises:
            LLMError: The loop is closed.
            RuntimeError: The caller is the loop itself.
        """
        if threading.current_thread() is self._thread:
            work.close()
            raise RuntimeError("The executor's own loop can't wait for itself; await submit() there.")
        running = self.run(work)
        try:
            return running.result()
        except BaseException:
            running.cancel()
            raise

    def post(self, call: Callable[_P, object], *args: _P.args, **kwargs: _P.kwargs) -> None:
        """Have a function called on the loop.

        Raises:
            LLMError: The loop is closed.
        """
        with self._lock:
            self._started().call_soon_threadsafe(lambda: call(*args, **kwargs))

    def post_if_open(self, call: Callable[[], object]) -> None:
        """`post`, for what is of no use any more once the loop has closed."""
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # closed
                loop.call_soon_threadsafe(call)

    def close(self, end: Callable[[], Awaitable[None]], timeout_seconds: float) -> bool:
        """Refuse new work, give what is at work some time, then cancel it; False if closed before.

        Args:
            end: Closes what the work has used; called on the loop, when the work is over.
            timeout_seconds: Time for the work.
        """
        with self._lock:
            if self.closed:
                return False
            self.closed = True
            loop, thread = self._loop, self._thread
        if loop is not None and thread is not None:
            drained = asyncio.run_coroutine_threadsafe(_drain(end, timeout_seconds), loop)
            try:
                drained.result(timeout_seconds + 5.0)
            except TimeoutError:
                logger.warning("The LLM executor did not come to rest within %g s.", timeout_seconds)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(timeout_seconds + 5.0)
        return True

    def _started(self) -> asyncio.AbstractEventLoop:
        if self.closed:
            raise LLMError("The LLM executor is closed.", cure="Make a new one.")
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(
                target=_run_loop, args=(self._loop,), name="techne-llm", daemon=True
            )
            self._thread.start()
        return self._loop


async def _drain(end: Callable[[], Awaitable[None]], timeout_seconds: float) -> None:
    own = asyncio.current_task()
    for patience in (timeout_seconds, 0.5, 0.5):  # the second cancel leaves threads behind
        at_work = [task for task in asyncio.all_tasks() if task is not own and task.get_name() != BACKGROUND]
        if not at_work:
            break
        await asyncio.wait(at_work, timeout=patience)
        for task in at_work:
            task.cancel()
    await end()
    for task in asyncio.all_tasks() - {own}:
        task.cancel()


def _run_loop(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
