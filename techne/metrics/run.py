"""What one run of a flow comes to, told in one line when the run ends, however it ends.

Tokens, cost and calls are those that the run's process paid for while the run lasted: retries count, answers
from the cache don't. A run inside another one leaves them to the outer one, so that sums over flows count
nothing twice.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

from techne.errors import TechneError
from techne.llm.accounting import ExecutorUsage
from techne.llm.shared import usage_of_process
from techne.logs import known_log_fields
from techne.metrics.embedded import Metric, Unit, embedded_line, write_line
from techne.settings import ObservationSettings

logger = logging.getLogger(__name__)

MetricName = Literal[
    "Success", "Duration", "InputTokens", "OutputTokens", "CostUsd", "Calls", "Chunks", "Documents", "Items"
]
UNITS: Mapping[MetricName, Unit] = {
    "Success": "Count",
    "Duration": "Seconds",
    "InputTokens": "Count",
    "OutputTokens": "Count",
    "CostUsd": "None",
    "Calls": "Count",
    "Chunks": "Count",
    "Documents": "Count",
    "Items": "Count",
}
_ENDED: tuple[MetricName, ...] = ("Success", "Duration")
_PAID: tuple[MetricName, ...] = ("InputTokens", "OutputTokens", "CostUsd", "Calls")
FLOW_METRICS: Mapping[str, tuple[MetricName, ...]] = {
    "docgen": (*_ENDED, *_PAID, "Chunks"),
    "docgen-inbox": (*_ENDED, *_PAID, "Documents"),
    "annotation": (*_ENDED, *_PAID, "Items"),
    "annotation-shards": (*_ENDED, *_PAID),
    "maintenance": _ENDED,
}
"""What the lines of each flow may have."""
STALE_LEASES = "StaleLeases"
"""A member of maintenance's line that deployments/infrastructure.yaml makes a metric of."""

DIMENSION = "Flow"
MOST_REASON_CHARACTERS = 200
"""With \\u escapes the line still goes through a pipe in one piece."""

_current: ContextVar[RunMetrics | None] = ContextVar("run_metrics", default=None)
_open: dict[int, RunMetrics] = {}
_lock = threading.Lock()


class RunMetrics:
    """The figures of a run, and its line.

    Args:
        flow: One of `FLOW_METRICS`.
        settings: Whether there is to be a line, and of which environment.
        paying: Whether the calls of this process are this run's.

    Attributes:
        shortcoming: Why a run that ends without an error is no success all the same.
    """

    def __init__(self, flow: str, settings: ObservationSettings, *, paying: bool) -> None:
        self.flow = flow
        self.shortcoming: str | None = None
        self._settings = settings
        self._before = usage_of_process() if paying and "Calls" in FLOW_METRICS[flow] else None
        self._started = time.monotonic()
        self._identity = known_log_fields()
        self._counts: dict[MetricName, int] = {}
        self._members: dict[str, int] = {}

    def count(self, metric: MetricName, value: int) -> None:
        """Say how many there were.

        Raises:
            ValueError: Lines of this flow have no such metric.
        """
        if metric not in FLOW_METRICS[self.flow] or metric in (*_ENDED, *_PAID):
            raise ValueError(f"{metric} is none of the figures that {self.flow} counts")
        self._counts[metric] = value

    def count_stale_leases(self, value: int) -> None:
        """Say how many executions are in progress whose worker is gone; 0 ends an alarm."""
        self._members[STALE_LEASES] = value

    def line(self, error: BaseException | str | None) -> bytes:
        """The line of a run that ends now, with what it was ended by if it failed."""
        success = error is None and self.shortcoming is None
        seconds = round(time.monotonic() - self._started, 3)
        figures: dict[MetricName, float] = {"Success": int(success), "Duration": seconds, **self._counts}
        if self._before is not None:
            figures |= _paid(self._before, usage_of_process())
        return embedded_line(
            namespace(self._settings),
            {DIMENSION: self.flow},
            [Metric(name, value, UNITS[name]) for name, value in figures.items()],
            timestamp_seconds=time.time(),
            properties={**self._identity, **self._members, **_described(error, self.shortcoming)},
        )

    def tell(self, error: BaseException | str | None) -> None:
        """Write the line if METRICS asks for it; the first one counts."""
        with _lock:
            told = _open.pop(id(self), None) is None
        if told or self._settings.metrics != "emf":
            return
        try:
            write_line(self.line(error))
        except OSError as trouble:
            logger.warning("The run's metrics could not be written: %s", trouble)


def namespace(settings: ObservationSettings) -> str:
    """The namespace of an environment's metrics."""
    return f"Techne/{settings.techne_environment}"


@contextmanager
def measured(flow: str, settings: ObservationSettings) -> Iterator[RunMetrics]:
    """Measure the run of a flow that the block is, and write its line at the end."""
    run = RunMetrics(flow, settings, paying=_current.get() is None)
    with _lock:
        _open[id(run)] = run
    outer = _current.set(run)
    try:
        yield run
    except BaseException as error:  # a run that is cancelled, or stopped by a signal, has a line too
        run.tell(error)
        raise
    else:
        run.tell(None)
    finally:
        _current.reset(outer)


def tell_unfinished_runs(reason: str) -> None:
    """Write the lines of all runs that are under way: for a process that ends without unwinding them."""
    with _lock:
        runs = list(_open.values())
    for run in reversed(runs):
        run.tell(reason)


def _described(error: BaseException | str | None, shortcoming: str | None) -> dict[str, str]:
    """Why a run is no success. Only our own errors are known to say nothing of what was worked on."""
    described = {"error": type(error).__name__} if isinstance(error, BaseException) else {}
    reason = error if isinstance(error, str) else shortcoming
    if isinstance(error, TechneError):
        reason = str(error)
    return described if reason is None else {**described, "reason": reason[:MOST_REASON_CHARACTERS]}


def _paid(before: ExecutorUsage, after: ExecutorUsage) -> dict[MetricName, float]:
    """What was paid between two looks; no cost where a price isn't known."""
    paid: dict[MetricName, float] = {
        "InputTokens": after.tokens.input_tokens - before.tokens.input_tokens,
        "OutputTokens": after.tokens.output_tokens - before.tokens.output_tokens,
        "Calls": after.attempts - before.attempts,
    }
    if _unpriced(after) == _unpriced(before):
        paid["CostUsd"] = float(after.cost_usd - before.cost_usd)
    return paid


def _unpriced(usage: ExecutorUsage) -> int:
    return sum(model.unpriced_calls for model in usage.models)
