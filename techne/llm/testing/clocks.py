"""Time for tests: a clock that jumps, and an event loop on which all of time does.

`FakeClock` moves the clock of one executor, and leaves time-outs and timers to the machine's. On a
`VirtualTimeLoop` everything agrees: `asyncio.sleep`, `asyncio.timeout`, `call_later`, `loop.time`, and a
`VirtualClock`. An hour of rate limits passes in milliseconds, and in the same way each time.
"""

from __future__ import annotations

import asyncio
import selectors
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, TypeVarTuple, Unpack

_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")

_THREADS_POLL_SECONDS = 0.02


class FakeClock:
    """A clock on which sleeping takes no time and moves the hands."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        """Seconds slept so far."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Move on."""
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


class VirtualClock:
    """The running loop's own time, which on a `VirtualTimeLoop` costs nothing."""

    def monotonic(self) -> float:
        """Seconds of the running loop."""
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        """Let the loop's time pass."""
        await asyncio.sleep(seconds)


class StalledError(RuntimeError):
    """Every task waits, no timer is set, and no thread is at work: it would have waited for ever."""


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop that never sleeps: when nothing is ready, its time jumps to the next timer.

    Its time begins at 0. `run_in_executor` calls the function at once, in place, so that no thread decides
    what comes first. Where no timer is set it waits for sockets and threads as any loop does, and raises
    `StalledError` if there is no thread that could end the wait.
    """

    def __init__(self) -> None:
        self._now = 0.0
        super().__init__(_JumpingSelector(self._jump))

    def time(self) -> float:
        """Seconds that have passed on this loop."""
        return self._now

    def run_in_executor(
        self, executor: Any, func: Callable[[Unpack[_Ts]], _T], *args: *_Ts
    ) -> asyncio.Future[_T]:
        """Call `func` now; the future is done."""
        done: asyncio.Future[_T] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - it belongs to whoever waits
            done.set_exception(error)
        return done

    def _jump(self, seconds: float) -> None:
        self._now += seconds


class _JumpingSelector(selectors.DefaultSelector):
    def __init__(self, jump: Callable[[float], None]) -> None:
        super().__init__()
        self._jump = jump
        self._earlier_threads = set(threading.enumerate())

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if timeout is None:
            while not ready:
                at_work = set(threading.enumerate()) - self._earlier_threads
                ready = super().select(_THREADS_POLL_SECONDS if at_work else 0)
                if not ready and not at_work:
                    raise StalledError("Every task waits, and nothing is left that could wake one.")
        elif not ready and timeout > 0:
            self._jump(timeout)
        return ready


def run_virtual(work: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine on a `VirtualTimeLoop`, as `asyncio.run` does on a real one.

        async def nap() -> float:
            await asyncio.sleep(3600)
            return asyncio.get_running_loop().time()

        assert run_virtual(nap()) == 3600

    Raises:
        StalledError: It would never have ended.
    """
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(work)
