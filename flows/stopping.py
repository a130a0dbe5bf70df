"""Stopping when told to: SIGTERM ends a run in time, wherever it is, and what it was at is on the record.

Prefect raises `TerminationSignal` in the main thread. That unwinds most runs: the lease is released, the
server is told, the process ends. It doesn't if the exception comes up where asyncio drops it, if a thread
hangs that Python waits for at exit, or if a task waits for a concurrency slot (Prefect's waiter goes on
asking until it gets one, and the exit waits for it). So a thread of its own hears the signal as well, by
`signal.set_wakeup_fd`, which needs neither the main thread nor an event loop and leaves Prefect's handler in
its place, as Prefect demands of runs that its supervisor may stop. It cancels what was not unwound, and when
the time is over it writes the records itself and ends the process.

Nothing here can help while a single call into C keeps the interpreter's lock; then the lease lapses.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.runtime import flow_run
from prefect.settings import PREFECT_API_URL
from prefect.states import Crashed

from techne.errors import TechneError
from techne.metrics import tell_unfinished_runs
from techne.tracking import Lease, TrackingStore

logger = logging.getLogger(__name__)

TERMINATED = 128 + signal.SIGTERM
"""The exit code that shells and containers give a process that SIGTERM ended."""
INTERRUPTED = "Stopped by SIGTERM. The next run of the same execution goes on where it was."
UNWINDING_SECONDS = 2.0
"""Time for Prefect's exception to reach the run, before the run is cancelled."""
LEAVING_SECONDS = 3.0
"""Time for the process to end by itself, after the run has: Prefect tells its server."""
RECORDING_SECONDS = 5.0
"""Kept of the grace for recording from outside what the run could not record itself."""

_NO_SIGNAL = b"\0"
_heard = threading.Event()
_watch: _Watch | None = None


@contextmanager
def listening(grace_seconds: float) -> Iterator[None]:
    """Have SIGTERM end the process within `grace_seconds` from now on, until the flow in the block is over.

    Inner blocks, such as those of subflows, belong to the outermost one. Does nothing outside of the main
    thread, where Prefect doesn't listen either.
    """
    global _watch
    run_id = UUID(flow_run.id) if flow_run.id else None
    if _watch is not None or threading.current_thread() is not threading.main_thread():
        with _watch.flow_run(run_id) if _watch is not None else _nothing():
            yield
        return
    _watch = _Watch(grace_seconds)
    try:
        with _watch.flow_run(run_id):
            yield
    finally:
        _watch.close()
        _watch = None


@contextmanager
def holding(tracking: TrackingStore, lease: Lease) -> Iterator[None]:
    """Have the lease released, if the block is still at work when the time after a SIGTERM is over."""
    watch = _watch
    if watch is None:
        yield
        return
    watch.leases[lease.lease_id] = (tracking, lease)
    try:
        yield
    finally:
        del watch.leases[lease.lease_id]


def stopping() -> bool:
    """Whether a SIGTERM has come."""
    if _watch is not None:
        _watch.catch_up()
    return _heard.is_set()


@contextmanager
def terminable() -> Iterator[None]:
    """Have a command exit with 143 on SIGTERM: from its start, also as PID 1, and however a flow unwinds."""
    main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGTERM, _exit) if main else None
    try:
        yield
    except BaseException as error:
        if stopping():
            raise SystemExit(TERMINATED) from error
        raise
    finally:
        if main:
            signal.signal(signal.SIGTERM, before)


def _exit(number: int, frame: FrameType | None) -> NoReturn:
    _heard.set()
    raise SystemExit(TERMINATED)


@contextmanager
def _nothing() -> Iterator[None]:
    yield


class _Watch:
    """Hears SIGTERM on a thread of its own, and sees to it that the process ends.

    Attributes:
        leases: What is being worked on, by the leases' ids.
    """

    def __init__(self, grace_seconds: float) -> None:
        self.leases: dict[str, tuple[TrackingStore, Lease]] = {}
        self._grace_seconds = grace_seconds
        self._flow_runs: set[UUID] = set()
        self._outermost: UUID | None = None
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        self._over = threading.Event()
        self._caught_up = threading.Event()
        self._context = contextvars.copy_context()  # Prefect's settings, on the other threads
        self._receiver, self._sender = socket.socketpair()
        self._sender.setblocking(False)
        _heard.clear()
        self._before = signal.set_wakeup_fd(self._sender.fileno(), warn_on_full_buffer=False)
        self._start("sigterm", self._listen)

    @contextmanager
    def flow_run(self, run_id: UUID | None) -> Iterator[None]:
        """A flow run is under way in the block."""
        if run_id is None:
            yield
            return
        self._outermost = self._outermost or run_id
        self._flow_runs.add(run_id)
        yield
        self._flow_runs.discard(run_id)  # not if it fails: its state may not be at the server yet

    def catch_up(self) -> None:
        """Have the thread hear what has come; the main thread may be ahead of it, unwinding."""
        self._caught_up.clear()
        if not _heard.is_set():
            with suppress(OSError):  # closed
                self._sender.send(_NO_SIGNAL)
                self._caught_up.wait(UNWINDING_SECONDS)

    def close(self) -> None:
        """The flow is over: listen no more, but see the process end if it is to."""
        signal.set_wakeup_fd(self._before)
        self.catch_up()
        if _heard.is_set():
            # Prefect tells of the outermost run; of inner ones whose tasks it has dropped nobody does.
            self._crash_runs(self._flow_runs - {self._outermost})
        self._over.set()
        self._sender.shutdown(socket.SHUT_RDWR)
        self._sender.close()

    def _listen(self) -> None:
        while numbers := self._receiver.recv(64):
            if self._before != -1:
                with suppress(OSError):
                    os.write(self._before, numbers.replace(_NO_SIGNAL, b""))
            if signal.SIGTERM in numbers:
                _heard.set()
                self._caught_up.set()
                self._stop(time.monotonic() + self._grace_seconds)
            self._caught_up.set()
        self._receiver.close()

    def _stop(self, deadline: float) -> NoReturn:
        # On a thread, as all that may block: logs wait for their reader, which may be why we are stopped.
        self._start("sigterm-log", self._tell_log)
        if not self._over.wait(UNWINDING_SECONDS):
            self._cancel()
        if self._over.wait(deadline - RECORDING_SECONDS - time.monotonic()):
            time.sleep(max(0.0, min(LEAVING_SECONDS, deadline - RECORDING_SECONDS - time.monotonic())))
        self._start("sigterm-record", self._record).join(max(0.0, deadline - time.monotonic()))
        os._exit(TERMINATED)

    def _cancel(self) -> None:
        if self._task is not None and not self._task.cancelling():  # twice would break off its tidying up
            with suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._task.cancel)

    def _tell_log(self) -> None:
        at_work = ", ".join(sorted(lease.execution_id for _, lease in self.leases.values()))
        logger.warning(
            "Stopping %s on SIGTERM, within %g s", at_work or "before any execution", self._grace_seconds
        )

    def _record(self) -> None:
        """Write down what the run could not."""
        for tracking, lease in list(self.leases.values()):
            try:
                tracking.fail(lease, INTERRUPTED, interrupted=True)
            except TechneError:
                logger.exception("The interruption could not be recorded")
        # The supervisor of a process tells the server of that process's own run.
        told_by_others = {os.environ.get("PREFECT__FLOW_RUN_ID")}
        self._crash_runs({one for one in self._flow_runs if str(one) not in told_by_others})
        tell_unfinished_runs(INTERRUPTED)
        _stop_own_server()

    def _crash_runs(self, run_ids: set[UUID]) -> None:
        for run_id in run_ids:
            try:
                _crash(run_id)
            except Exception:
                logger.exception("The Prefect server could not be told")

    def _start(self, name: str, work: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=self._context.copy().run, args=(work,), name=name, daemon=True)
        thread.start()
        return thread


def _crash(run_id: UUID) -> None:
    with get_client(sync_client=True) as client:
        state = client.read_flow_run(run_id).state
        if state is None or not state.is_final():
            client.set_flow_run_state(run_id, Crashed(message=INTERRUPTED), force=True)


def _stop_own_server() -> None:
    """Stop the server that Prefect starts where none is configured, which it would do at a normal exit."""
    module = sys.modules.get("prefect.server.api.server")
    if module is not None and not PREFECT_API_URL.value():
        module.SubprocessASGIServer().stop()
