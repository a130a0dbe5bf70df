"""What workers that were killed leave behind in the tracking table, as far as the table tells.

A killed worker can't end its execution: the record stays `in_progress`, and its lease lapses. Nor can it tell
its orchestrator, where the run stays under way by name. Here is which records are of that kind. What is done
about them is the store's (`give_up_silent`) and the flow's part.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field

from techne.forms import Form
from techne.tracking.model import ExecutionRecord, ExecutionStatus, silent_since
from techne.tracking.store import TrackingStore, utc_now

logger = logging.getLogger(__name__)

MOST_LEFT_BEHIND = 1000
"""That one run takes on; the next one goes on."""
PAGE_RECORDS = 200


class UpkeepRequest(Form):
    """Executions whose workers were killed, and what is to be done about them."""

    model_config = ConfigDict(title="Look after executions")

    dry_run: bool = Field(
        default=False, title="Dry run", description="Say what would be done, and do nothing."
    )
    silent_minutes: float = Field(
        default=5,
        gt=0,
        le=24 * 60,
        title="Minutes of silence",
        description="A worker counts as dead so long after its lease has lapsed, and a run so long after its "
        "execution has ended.",
    )
    max_records: int = Field(
        default=100_000,
        ge=1,
        le=10_000_000,
        title="Records",
        description="Most records that are read, in the table's own order.",
    )


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """An execution whose worker has gone.

    Args:
        execution_id: The execution.
        lease_id: Of the attempt that is meant.
        attempt: Its number.
        owner: Who had the lease.
        stage: At work last.
        status: In progress if the lease lapsed; else how it was ended, though its run seems to be under way.
        since: When the lease lapsed, or the execution was ended.
        run_id: Its flow run, if that still seems to be under way.
    """

    execution_id: str
    lease_id: str
    attempt: int
    owner: str
    stage: str
    status: ExecutionStatus
    since: datetime
    run_id: str | None

    @property
    def stale(self) -> bool:
        """Whether its lease lapsed without anybody having ended it."""
        return self.status is ExecutionStatus.IN_PROGRESS


@dataclass(slots=True)
class Survey:
    """What was found in a table.

    Attributes:
        found: What workers left behind.
        records: Records that were looked at.
        unreadable: Records that can't be understood; somebody else's, perhaps.
        complete: Whether that was the whole table.
    """

    found: list[LeftBehind] = field(default_factory=list)
    records: int = 0
    unreadable: int = 0
    complete: bool = True


def survey(
    tracking: TrackingStore,
    request: UpkeepRequest,
    running: Mapping[str, datetime],
    *,
    clock: Callable[[], datetime] = utc_now,
) -> Survey:
    """Look through the table for what workers left behind; nothing is written.

    Args:
        tracking: The table.
        request: How much of it, and after which silence.
        running: Flow runs that seem to be under way, and since when.
        clock: Tells the time; the store's.

    Raises:
        ConfigurationError: The table can't be read.
    """
    silence = timedelta(minutes=request.silent_minutes)
    told = Survey()
    for page in tracking.pages(limit=min(PAGE_RECORDS, request.max_records)):
        told.records += len(page.records) + len(page.unreadable)
        told.unreadable += len(page.unreadable)
        for execution_id in page.unreadable:
            logger.warning("The record of execution %r can't be understood", execution_id)
        told.found += _left_behind(page.records, running, silence, clock())
        if page.last is not None and (
            told.records >= request.max_records or len(told.found) >= MOST_LEFT_BEHIND
        ):
            told.complete = False
            break
    return told


def _left_behind(
    records: tuple[ExecutionRecord, ...], running: Mapping[str, datetime], silence: timedelta, now: datetime
) -> Iterator[LeftBehind]:
    for record in records:
        under_way_since = running.get(record.run_id or "")
        run_id = record.run_id if under_way_since and now - under_way_since >= silence else None
        silent = silent_since(record, now)
        if record.status is ExecutionStatus.IN_PROGRESS:
            since = record.lease_expires_at
            gone = silent is not None and silent >= silence
        else:
            since = record.updated_at
            gone = run_id is not None and now - since >= silence
        if gone:
            yield LeftBehind(
                record.execution_id,
                record.lease_id,
                record.attempt,
                record.owner,
                record.stage,
                record.status,
                since,
                run_id,
            )


class PutRight(BaseModel):
    """What became of one execution whose worker has gone."""

    model_config = ConfigDict(extra="forbid")

    execution_id: str
    attempt: int
    owner: str
    stage: str
    since: datetime = Field(description="When the lease lapsed, or the execution was ended.")
    record: str = Field(description="What was done about the record, or would be.")
    run_id: str | None = None
    run: str = Field("", description="What was done about its flow run, or would be.")


class UpkeepResult(BaseModel):
    """What was found, and done about it."""

    model_config = ConfigDict(extra="forbid")

    dry_run: bool
    stale_leases: int = Field(description="Executions in progress whose worker has gone.")
    dead_runs: int = Field(description="Flow runs under way by name alone.")
    records: int
    unreadable: int
    complete: bool = Field(description="Whether the whole table was looked at.")
    executions: tuple[PutRight, ...]
