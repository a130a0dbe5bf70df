"""Running a piece of work once: under a lease, with its outcome on the record, whatever becomes of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from prefect.runtime import flow_run
from pydantic import BaseModel

from flows.stopping import INTERRUPTED, holding, stopping
from techne.errors import TechneError
from techne.logs import add_log_fields
from techne.settings import Settings
from techne.tracking import Acquired, Completed, ExecutionRecord, Heartbeat, TrackingStore
from techne.tracking.owner import is_gone, this_owner

logger = logging.getLogger(__name__)

Result = TypeVar("Result", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Execution:
    """A piece of work by its id.

    Args:
        execution_id: Its name; the same one runs once.
        fingerprint: Hash of all that decides the result; another one under the same id is a conflict.
        request: What was asked for, for the record.
        force: Whether a completed one is done again.
    """

    execution_id: str
    fingerprint: str
    request: BaseModel
    force: bool


async def run_once(
    execution: Execution,
    tracking: TrackingStore,
    settings: Settings,
    *,
    work: Callable[[Acquired, Heartbeat], Awaitable[Result]],
    stored: Callable[[ExecutionRecord], Awaitable[Result]],
    unfinished: Callable[[Result], str | None] = lambda _: None,
) -> Result:
    """Do the work if nobody has done it or is at it.

    Args:
        execution: What is to be done.
        tracking: Where leases and records are.
        settings: For how long a lease lasts.
        work: Does it, holding the lease.
        stored: Makes the result of a completed execution's record.
        unfinished: Why a result is not the last word, if it isn't: then the same id goes on next time.

    Raises:
        ExecutionConflictError: The id was used for something else.
        LeaseHeldError: Somebody is at it.
    """
    add_log_fields(execution_id=execution.execution_id)
    outcome = await _acquired(execution, tracking, settings)
    if isinstance(outcome, Completed):
        return await stored(outcome.record)
    with Heartbeat(tracking, outcome.lease) as heartbeat, holding(tracking, outcome.lease):
        try:
            result = await work(outcome, heartbeat)
            reason = unfinished(result)
            if reason is None:
                await asyncio.to_thread(tracking.complete, outcome.lease, result.model_dump(mode="json"))
            else:
                await asyncio.to_thread(tracking.fail, outcome.lease, reason)
        except BaseException as error:  # a cancelled or interrupted run is a failed one on the record
            _record_failure(tracking, outcome, error)
            raise
    return result


async def _acquired(
    execution: Execution, tracking: TrackingStore, settings: Settings
) -> Acquired | Completed:
    """`_acquire` on a thread. It can't be broken off: a lease that comes after a cancellation is released."""
    acquiring = asyncio.ensure_future(asyncio.to_thread(_acquire, execution, tracking, settings))
    try:
        return await asyncio.shield(acquiring)
    except asyncio.CancelledError as error:
        await asyncio.wait({acquiring})
        if not acquiring.cancelled() and not acquiring.exception():
            outcome = acquiring.result()
            if isinstance(outcome, Acquired):
                _record_failure(tracking, outcome, error)
        raise


def _acquire(execution: Execution, tracking: TrackingStore, settings: Settings) -> Acquired | Completed:
    return tracking.acquire(
        execution.execution_id,
        execution.fingerprint,
        owner=this_owner(),
        lease_seconds=settings.lease_seconds,
        request=execution.request.model_dump(mode="json"),
        force=execution.force,
        is_gone=is_gone,
        run_id=flow_run.id,
    )


def _record_failure(tracking: TrackingStore, acquired: Acquired, error: BaseException) -> None:
    message = str(error) if isinstance(error, TechneError) else f"{type(error).__name__}: {error}"
    stopped = stopping() and not isinstance(error, Exception)
    try:
        tracking.fail(acquired.lease, INTERRUPTED if stopped else message, interrupted=stopped)
    except TechneError:
        logger.exception("The failure could not be recorded")
