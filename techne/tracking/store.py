"""The rules of leases, over a table that can write a record on the condition that nobody else did.

A write is a read, a pure change of the record, and a conditional write of the whole; it starts again when
another write came in between. The tables (SQLite, DynamoDB) know no rule, so they can't differ in any.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from pydantic import JsonValue, ValidationError

from techne.errors import (
    ExecutionConflictError,
    InputError,
    LeaseHeldError,
    LeaseLostError,
    OutputError,
    ServiceUnavailableError,
)
from techne.settings import Settings
from techne.tracking.model import (
    MAX_EXECUTION_ID_CHARACTERS,
    Acquired,
    Completed,
    ExecutionRecord,
    ExecutionStatus,
    Lease,
    Page,
    is_live,
    lease_of,
    silent_since,
)
from techne.tracking.table import RecordTable

MAX_ERROR_CHARACTERS = 4000
MAX_RECORD_BYTES = 380_000
"""A DynamoDB item holds 400 KB, names of attributes included."""

MAX_WRITE_ATTEMPTS = 100
"""Each failed one means that another writer succeeded, so this bounds writers at work on one record."""


def utc_now() -> datetime:
    """The time of this machine."""
    return datetime.now(UTC)


def open_tracking(settings: Settings, *, clock: Callable[[], datetime] = utc_now) -> TrackingStore:
    """The tracking store of these settings: DynamoDB if TRACKING_TABLE is set, else SQLite."""
    if settings.tracking_table:
        from techne.tracking.dynamodb import DynamoDBTable

        return TrackingStore(DynamoDBTable(settings.tracking_table, region=settings.aws_region), clock=clock)
    from techne.tracking.sqlite import SQLiteTable

    return TrackingStore(SQLiteTable(settings.techne_home / "tracking.sqlite3"), clock=clock)


class TrackingStore:
    """Records of executions. One worker at a time writes each of them.

    Args:
        table: Where records are kept.
        clock: Tells the time; workers' clocks may differ by much less than a lease lasts.
    """

    def __init__(self, table: RecordTable, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._table = table
        self._clock = clock

    def check(self) -> None:
        """Raise ConfigurationError, with the cure, unless records can be read and written."""
        self._table.check()

    def get(self, execution_id: str) -> ExecutionRecord | None:
        """The record of an execution, or None."""
        _check_id(execution_id)
        return self._table.get(execution_id)

    def list(self, *, status: ExecutionStatus | None = None, limit: int = 50) -> tuple[ExecutionRecord, ...]:
        """The executions that were updated last, newest first. On DynamoDB this scans the table."""
        return self._table.recent(status=status, limit=limit)

    def pages(self, *, limit: int = 200) -> Iterator[Page]:
        """All records, at most so many at a time. What is written meanwhile may be in it or not."""
        last = None
        while True:
            page = self._table.page(after=last, limit=limit)
            yield page
            if (last := page.last) is None:
                return

    def acquire(
        self,
        execution_id: str,
        fingerprint: str,
        *,
        owner: str,
        lease_seconds: float,
        request: Mapping[str, JsonValue] | None = None,
        force: bool = False,
        is_gone: Callable[[str], bool] | None = None,
        run_id: str | None = None,
    ) -> Acquired | Completed:
        """Take the lease of an execution, or learn that it is done.

        A new execution starts with attempt 1. One that failed, or whose worker went silent, is taken over
        with the next attempt, and with its metadata if the input is the same.

        Args:
            execution_id: The execution.
            fingerprint: Hash of its input. An id keeps its input unless forced.
            owner: This worker, as others are told of it.
            lease_seconds: How long the lease lasts without a heartbeat.
            request: What was asked for, for the record.
            force: Start a new attempt even if it is completed, or had another input.
            is_gone: Whether an owner is certainly dead; its lease is then as good as lapsed.
            run_id: The flow run that this is done for, for the record.

        Raises:
            LeaseHeldError: Another worker is at it.
            ExecutionConflictError: The id was used with another input.
        """
        _check_id(execution_id)
        lease_id = uuid.uuid4().hex
        for _ in range(MAX_WRITE_ATTEMPTS):
            now = self._clock()
            found = self._table.get(execution_id)
            if found is not None:
                if found.lease_id == lease_id:  # our write went through, only its answer was lost
                    return Acquired(lease_of(found, lease_seconds), found)
                _check_input(found, fingerprint, force=force)
                if is_live(found, now) and not (is_gone and is_gone(found.owner)):
                    raise _held(found)
                if found.status is ExecutionStatus.COMPLETED and not force:
                    return Completed(found)
            record = _validated(
                {
                    "execution_id": execution_id,
                    "fingerprint": fingerprint,
                    "status": ExecutionStatus.IN_PROGRESS,
                    "attempt": found.attempt + 1 if found else 1,
                    "owner": owner,
                    "lease_id": lease_id,
                    "lease_expires_at": now + timedelta(seconds=lease_seconds),
                    "run_id": run_id,
                    "request": None if request is None else dict(request),
                    "metadata": found.metadata if found and found.fingerprint == fingerprint else {},
                    "created_at": found.created_at if found else now,
                    "updated_at": now,
                    "revision": found.revision + 1 if found else 1,
                }
            )
            if self._table.put(record, replacing_revision=found.revision if found else None):
                return Acquired(lease_of(record, lease_seconds), record)
        raise _contended(execution_id)

    def heartbeat(self, lease: Lease) -> Lease:
        """Renew a lease; one whose execution its holder has finished is returned as it is.

        Raises:
            LeaseLostError: Another worker took over.
        """
        record = self._change(lease, {})
        return lease_of(record, lease.lease_seconds)

    def update(
        self,
        lease: Lease,
        *,
        stage: str | None = None,
        stages_completed: int | None = None,
        processed_items: int | None = None,
        total_items: int | None = None,
        input_tokens: int | None = None,
        output_tokens: int | None = None,
        cost_usd: Decimal | None = None,
        metadata: Mapping[str, JsonValue] | None = None,
    ) -> ExecutionRecord:
        """Set what is given, leave the rest, and renew the lease. `metadata` is merged key by key.

        Raises:
            LeaseLostError: Another worker took over, or the execution is finished.
        """
        changes: dict[str, Any] = {
            "stage": stage,
            "stages_completed": stages_completed,
            "processed_items": processed_items,
            "total_items": total_items,
            "input_tokens": input_tokens,
            "output_tokens": output_tokens,
            "cost_usd": cost_usd,
            "metadata": None if metadata is None else dict(metadata),
        }
        return self._change(lease, {name: value for name, value in changes.items() if value is not None})

    def complete(self, lease: Lease, result: Mapping[str, JsonValue]) -> ExecutionRecord:
        """Store the result and end the execution. Doing it twice does no harm.

        Raises:
            LeaseLostError: Another worker took over.
        """
        changes = {"status": ExecutionStatus.COMPLETED, "result": dict(result), "error": None}
        return self._change(lease, changes)

    def fail(self, lease: Lease, error: str, *, interrupted: bool = False) -> ExecutionRecord:
        """Store why the attempt failed and end it; the next `acquire` takes over. Twice does no harm.

        Args:
            lease: Of the attempt.
            error: Why it failed.
            interrupted: Whether it was stopped, so that nothing speaks against the next one.

        Raises:
            LeaseLostError: Another worker took over.
        """
        changes = {"status": ExecutionStatus.FAILED, "error": _shortened(error), "interrupted": interrupted}
        return self._change(lease, changes)

    def give_up_silent(
        self, execution_id: str, lease_id: str, *, silent_seconds: float
    ) -> ExecutionRecord | None:
        """End an attempt as failed whose worker has not been heard of; the next `acquire` takes over.

        The lease goes to nobody: a worker that does come back finds it lost, and publishes nothing.

        Args:
            execution_id: The execution.
            lease_id: The lease of the attempt that is meant.
            silent_seconds: How long ago the lease must have lapsed at least.

        Returns:
            The new record; None if the worker was heard of, or somebody else was quicker.
        """
        nobodys = uuid.uuid4().hex
        for _ in range(MAX_WRITE_ATTEMPTS):
            now = self._clock()
            found = self._table.get(execution_id)
            if found is not None and found.lease_id == nobodys:  # our write went through, its answer was lost
                return found
            if found is None or found.lease_id != lease_id:
                return None
            silent = silent_since(found, now)
            if silent is None or silent < timedelta(seconds=silent_seconds):
                return None
            fields = {
                "status": ExecutionStatus.FAILED,
                "lease_id": nobodys,
                "error": f"The worker {found.owner} was not heard of after its lease lapsed at "
                f"{found.lease_expires_at:%Y-%m-%d %H:%M:%S} UTC.",
                "updated_at": now,
                "revision": found.revision + 1,
            }
            record = _validated({**dict(found), **fields})
            if self._table.put(record, replacing_revision=found.revision):
                return record
        raise _contended(execution_id)

    def _change(self, lease: Lease, changes: Mapping[str, Any]) -> ExecutionRecord:
        for _ in range(MAX_WRITE_ATTEMPTS):
            now = self._clock()
            found = self._table.get(lease.execution_id)
            if found is None or found.lease_id != lease.lease_id:
                raise _lost(lease, found)
            if found.status is not ExecutionStatus.IN_PROGRESS:
                # A write whose answer was lost is repeated, by the AWS client or by callers; no harm in it.
                if all(getattr(found, name) == value for name, value in changes.items()):
                    return found
                raise _lost(lease, found)
            # A lease that lapsed while nobody wanted it is as good as new: its id is the fence.
            renewed = {
                "lease_expires_at": now + timedelta(seconds=lease.lease_seconds),
                "updated_at": now,
                "revision": found.revision + 1,
            }
            merged = {"metadata": found.metadata | changes["metadata"]} if "metadata" in changes else {}
            record = _validated({**dict(found), **renewed, **changes, **merged})
            if self._table.put(record, replacing_revision=found.revision):
                return record
        raise _contended(lease.execution_id)


def _check_id(execution_id: str) -> None:
    if not 1 <= len(execution_id) <= MAX_EXECUTION_ID_CHARACTERS:
        raise InputError(
            f"An execution_id has 1 to {MAX_EXECUTION_ID_CHARACTERS} characters, not {len(execution_id)}."
        )


def _check_input(found: ExecutionRecord, fingerprint: str, *, force: bool) -> None:
    if found.fingerprint != fingerprint and not force:
        raise ExecutionConflictError(
            f"Execution {found.execution_id!r} was used before with another input; it is {found.status}.",
            cure="Use another execution id, or force a new attempt.",
        )


def _held(found: ExecutionRecord) -> LeaseHeldError:
    return LeaseHeldError(
        f"Execution {found.execution_id!r} is being worked on by {found.owner}, whose lease lasts until "
        f"{found.lease_expires_at:%Y-%m-%d %H:%M:%S} UTC.",
        cure="Wait for its result, or use another execution id.",
    )


def _validated(fields: Mapping[str, Any]) -> ExecutionRecord:
    """The record of these fields, small enough for every table."""
    try:
        record = ExecutionRecord.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(f"Execution record: {'.'.join(map(str, first['loc']))}: {first['msg']}.") from error
    size = len(record.model_dump_json().encode())
    if size > MAX_RECORD_BYTES:
        raise OutputError(
            f"The record of execution {record.execution_id!r} has {size:,} bytes, over the limit of "
            f"{MAX_RECORD_BYTES:,}.",
            cure="Keep large values in the output folder, and their URIs in the record.",
        )
    return record


def _shortened(error: str) -> str:
    error = error.encode(errors="replace").decode()  # file names may hold what is no UTF-8
    return error if len(error) <= MAX_ERROR_CHARACTERS else f"{error[: MAX_ERROR_CHARACTERS - 1]}…"


def _lost(lease: Lease, found: ExecutionRecord | None) -> LeaseLostError:
    if found is None:
        return LeaseLostError(f"The record of execution {lease.execution_id!r} was deleted.")
    if found.lease_id == lease.lease_id:
        return LeaseLostError(f"Execution {lease.execution_id!r} has already ended: it is {found.status}.")
    if found.attempt == lease.attempt:
        return LeaseLostError(f"Attempt {lease.attempt} of execution {lease.execution_id!r} was given up.")
    return LeaseLostError(
        f"Attempt {lease.attempt} of execution {lease.execution_id!r} lost its lease to {found.owner}, "
        f"which is at attempt {found.attempt} ({found.status}).",
        cure="Nothing needs doing; the other worker's result counts.",
    )


def _contended(execution_id: str) -> ServiceUnavailableError:
    return ServiceUnavailableError(
        f"The record of execution {execution_id!r} changed {MAX_WRITE_ATTEMPTS} times while written.",
        cure="Try again later.",
    )
