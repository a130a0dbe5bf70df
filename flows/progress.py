"""Where a run stands, told to whoever wants to know: the tracking record, Prefect's UI, a terminal."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from uuid import UUID

from prefect.artifacts import acreate_progress_artifact, aupdate_progress_artifact

from tasks.artifact_keys import artifact_key
from techne.tracking import Lease, TrackingStore

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ProgressEvent:
    """A step of the run. `total` counts the stage's pieces; `done` of them are ready.

    `note` is what else a person would like to know, such as the rate and the time left.
    """

    execution_id: str
    stage: str
    done: int
    total: int
    percentage: int
    note: str = ""


Listener = Callable[[ProgressEvent], None]
_listener: ContextVar[Listener | None] = ContextVar("progress_listener", default=None)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Have `listener` told of every step of the runs that are started in this context."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


@dataclass(frozen=True, slots=True)
class StageTime:
    """How long a stage took, and over how many pieces."""

    stage: str
    pieces: int
    seconds: float


@dataclass(slots=True)
class RunProgress:
    """The progress of one execution, stage by stage.

    The tracking record is written by the lease's holder only; a lost lease surfaces here as
    `LeaseLostError`. The UI's bar is a courtesy: a server that can't draw it doesn't stop the run.

    Args:
        flow: The flow's name, for the UI.
        stages: Names of its stages in their order, with their weights in the whole run.
    """

    flow: str
    stages: Mapping[str, float]
    execution_id: str
    store: TrackingStore
    lease: Lease
    times: list[StageTime] = field(default_factory=list)
    _stage: str = ""
    _done: int = 0
    _total: int = 0
    _started: float = 0.0
    _note: str = ""
    _artifact: UUID | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def start(self, stage: str, pieces: int) -> None:
        """Enter `stage`, which has `pieces` pieces of work."""
        self._stage, self._done, self._total, self._started = stage, 0, pieces, time.monotonic()
        self._note = ""
        await self._tell()

    async def advance(self, pieces: int = 1) -> None:
        """Count `pieces` of the current stage as done."""
        self._done = min(self._done + pieces, self._total)
        await self._tell()

    async def reach(self, done: int, note: str = "") -> None:
        """Say how many pieces of the current stage are done, and what else there is to say of them."""
        self._done, self._note = min(done, self._total), note
        await self._tell()

    async def finish(self) -> None:
        """Leave the current stage."""
        self._done = self._total
        self.times.append(StageTime(self._stage, self._total, time.monotonic() - self._started))
        await self._tell()

    @property
    def percentage(self) -> int:
        """Of the whole run, rounded down (S3-10)."""
        share = self._done / self._total if self._total else 1.0
        weights = list(self.stages.values())
        before = weights[: self._place]
        return int(100 * (sum(before) + share * weights[self._place]) / sum(weights))

    @property
    def _place(self) -> int:
        return list(self.stages).index(self._stage)

    async def _tell(self) -> None:
        event = ProgressEvent(
            self.execution_id, self._stage, self._done, self._total, self.percentage, self._note
        )
        listener = _listener.get()
        if listener is not None:
            listener(event)
        async with self._turn:  # pieces finish concurrently; the record must not go back
            await asyncio.to_thread(
                self.store.update,
                self.lease,
                stage=event.stage,
                stages_completed=self._place + (event.done == event.total),
                processed_items=event.done,
                total_items=event.total,
            )
            await self._draw(event)

    async def _draw(self, event: ProgressEvent) -> None:
        description = f"{event.execution_id}: {event.stage} {event.done}/{event.total}"
        if event.note:
            description += f", {event.note}"
        key = artifact_key(f"{self.flow}-progress", event.execution_id)
        try:
            if self._artifact is None:
                self._artifact = await acreate_progress_artifact(
                    progress=event.percentage, key=key, description=description
                )
            else:
                await aupdate_progress_artifact(
                    self._artifact, progress=event.percentage, description=description
                )
        except Exception:
            logger.warning("The progress bar in the Prefect UI could not be updated.", exc_info=True)
