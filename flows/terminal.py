"""What a person at a terminal sees of a run: where it stands, and in one sentence what went wrong.

Everything goes to standard error, so that standard output carries the result alone.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any
from urllib.parse import unquote, urlsplit

from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_LOGGING_LEVEL,
    PREFECT_SERVER_ANALYTICS_ENABLED,
    PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS,
    PREFECT_SERVER_LOGGING_LEVEL,
    temporary_settings,
)
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from flows.progress import ProgressEvent
from techne.errors import TechneError
from techne.settings import get_settings

STARTUP_TIMEOUT_SECONDS = 180
PREFECT_LOGGERS = ("prefect", "prefect.flow_runs", "prefect.task_runs", "EventsWorker", "APILogWorker")
"""The last two are services that log under their own names, as that they still have something to send."""


def percent_bars(console: Console) -> Progress:
    """Bars of what is under way, which go when it is over."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )


class LiveProgress:
    """A bar on a terminal; one line a stage where standard error is not one.

    Args:
        console: Where it is shown.
        labels: What each stage is called, by its name, in the stages' order.
    """

    def __init__(self, console: Console, labels: Mapping[str, str]) -> None:
        self._console = console
        self._labels = labels
        self._stage = ""
        self._tenths = 0
        self._bar = percent_bars(console)
        self._task: TaskID | None = None

    def __enter__(self) -> LiveProgress:
        if self._console.is_terminal:
            self._bar.start()
            self._task = self._bar.add_task("Starting Prefect", total=100)
        else:
            self._console.print("Starting Prefect", highlight=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._bar.stop()

    def __call__(self, event: ProgressEvent) -> None:
        """Show a step."""
        place = list(self._labels).index(event.stage) + 1
        label = f"[{place}/{len(self._labels)}] {self._labels[event.stage]}"
        pieces = f" {event.done:,}/{event.total:,}" if event.total > 1 else ""
        pieces += f", {event.note}" if event.note else ""
        if self._task is not None:
            self._bar.update(self._task, description=label + pieces, completed=event.percentage)
        elif event.stage != self._stage:
            self._console.print(label, highlight=False, markup=False)
            self._tenths = 0
        elif event.note and (tenths := 10 * event.done // max(event.total, 1)) > self._tenths:
            self._console.print(label + pieces, highlight=False, markup=False)
            self._tenths = tenths
        self._stage = event.stage


def readable(uri: str) -> str:
    """A file:// URI as the path that one can paste; any other as it is."""
    parts = urlsplit(uri)
    return unquote(parts.path) if parts.scheme == "file" else uri


@contextmanager
def quiet_prefect() -> Iterator[None]:
    """Prefect's settings for a person at a terminal: patient at start, and silent unless LOG_LEVEL=DEBUG.

    What matters of a run is told by its own messages; the local API that Prefect starts when no server is
    configured is an implementation detail of the embedded mode.
    """
    debug = get_settings().log_level == "DEBUG"
    level = "DEBUG" if debug else "CRITICAL"
    updates: dict[Any, Any] = {PREFECT_LOGGING_LEVEL: level, PREFECT_SERVER_LOGGING_LEVEL: level}
    if not PREFECT_API_URL.value():
        updates |= {
            PREFECT_SERVER_ANALYTICS_ENABLED: False,
            PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS: STARTUP_TIMEOUT_SECONDS,
        }
    with temporary_settings(updates):
        for name in PREFECT_LOGGERS:
            logging.getLogger(name).setLevel(level)
        yield


def tell_failure(command: str, error: Exception, console: Console) -> int:
    """Say what went wrong in one sentence, and return the exit code; the traceback is for LOG_LEVEL=DEBUG."""
    if isinstance(error, TechneError):
        message = str(error)
    else:
        message = f"Unexpected {type(error).__name__}: {error}. Set LOG_LEVEL=DEBUG to see where."
    console.print(f"{command}: {message}", style="red", highlight=False, markup=False, soft_wrap=True)
    if logging.getLogger("techne").isEnabledFor(logging.DEBUG):
        console.print_exception()
    return error.exit_code if isinstance(error, TechneError) else 1
