"""The business record of an execution, and the lease that lets one worker write it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, computed_field

MAX_EXECUTION_ID_CHARACTERS = 256


class ExecutionStatus(StrEnum):
    """Where an execution is (S3-11)."""

    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"


class ExecutionRecord(BaseModel):
    """All that is kept of one execution id. Figures are those of the current attempt."""

    # Unknown fields are ignored: a record may have been written by a newer version.
    model_config = ConfigDict(frozen=True, extra="ignore")

    execution_id: str = Field(min_length=1, max_length=MAX_EXECUTION_ID_CHARACTERS)
    fingerprint: str = Field(description="Hash of the input's content and the options that shape the result.")
    status: ExecutionStatus
    attempt: int = Field(ge=1, description="1 for the first worker, one more for each that took over.")
    owner: str = Field(description="Worker that holds the lease, or held it last; a name for people.")
    lease_id: str = Field(description="Drawn at random when the lease was taken; tells one run from another.")
    lease_expires_at: AwareDatetime
    run_id: str | None = Field(None, description="Flow run of the current attempt, where there is one.")
    stage: str = Field("", description="Stage at work, or where it failed.")
    stages_completed: int = Field(0, ge=0)
    processed_items: int = Field(0, ge=0, description="Of `total_items`, in the unit of the stage.")
    total_items: int = Field(0, ge=0)
    input_tokens: int = Field(0, ge=0)
    output_tokens: int = Field(0, ge=0)
    cost_usd: Decimal = Field(Decimal(0), ge=0, max_digits=38, description="Kept exactly.")
    error: str | None = Field(None, description="Why the last attempt failed.")
    interrupted: bool = Field(
        False, description="Whether the last attempt failed by being stopped, not by what it did."
    )
    request: dict[str, JsonValue] | None = Field(None, description="What was asked for.")
    result: dict[str, JsonValue] | None = Field(None, description="Body of the success envelope.")
    metadata: dict[str, JsonValue] = Field(
        default_factory=dict, description="What later attempts at the same input go by too."
    )
    created_at: AwareDatetime
    updated_at: AwareDatetime
    revision: int = Field(1, ge=1, description="Grows by one at every write; the condition of the next one.")

    @computed_field  # type: ignore[prop-decorator]
    @property
    def progress_percentage(self) -> int:
        """Processed of all items, rounded down (S3-10); 100 only when completed or all are processed."""
        if self.status is ExecutionStatus.COMPLETED:
            return 100
        return min(100, 100 * self.processed_items // self.total_items) if self.total_items else 0


class Lease(BaseModel):
    """The right to work on an execution. Its id is the fence: with a stale one nothing can be changed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    execution_id: str
    attempt: int = Field(ge=1)
    lease_id: str
    lease_seconds: float = Field(gt=0, description="Each renewal lasts this long.")
    expires_at: AwareDatetime


@dataclass(frozen=True, slots=True)
class Acquired:
    """The execution is ours to run."""

    lease: Lease
    record: ExecutionRecord


@dataclass(frozen=True, slots=True)
class Completed:
    """The execution was completed before with the same input; its record holds the result."""

    record: ExecutionRecord


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a table's records, in an order of its own.

    Args:
        records: Those that can be understood.
        unreadable: Ids of the others.
        last: Where the next page goes on; None at the end of the table.
    """

    records: tuple[ExecutionRecord, ...]
    unreadable: tuple[str, ...]
    last: str | None


def lease_of(record: ExecutionRecord, lease_seconds: float) -> Lease:
    """The lease that a record's owner holds."""
    return Lease(
        execution_id=record.execution_id,
        attempt=record.attempt,
        lease_id=record.lease_id,
        lease_seconds=lease_seconds,
        expires_at=record.lease_expires_at,
    )


def silent_since(record: ExecutionRecord, now: datetime) -> timedelta | None:
    """How long ago a lease lapsed whose execution nobody has ended; None otherwise."""
    if record.status is not ExecutionStatus.IN_PROGRESS or now < record.lease_expires_at:
        return None
    return now - record.lease_expires_at


def is_live(record: ExecutionRecord, now: datetime) -> bool:
    """Whether somebody holds the record's lease."""
    return record.status is ExecutionStatus.IN_PROGRESS and now < record.lease_expires_at
