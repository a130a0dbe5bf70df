"""maintenance: what killed processes left behind is found, and the records are put right.

    python flows/maintenance.py              put the records right
    python flows/maintenance.py --dry-run    what would be done

A worker that is killed leaves an execution in progress, and a flow run that is `Running` for ever. The
execution is marked as failed once its lease has been stale for a while, so that records say what is so; the
run, once its execution is stale or was ended, as crashed. Runs without an execution of their own, such as an
inbox's, are left to the server's automation, which goes by heartbeats (`deployments.bootstrap_automations`).
"""

from __future__ import annotations

import asyncio
import logging
import sys

from prefect import flow
from prefect.client.orchestration import PrefectClient, get_client

from flows.running import running
from tasks.flow_runs import crash_if_running, running_since
from tasks.maintenance_artifacts import draw_table
from tasks.prefect_api import prefect_errors
from techne.errors import TechneError
from techne.tracking import ExecutionStatus, TrackingStore, open_tracking
from techne.tracking.upkeep import LeftBehind, PutRight, Survey, UpkeepRequest, UpkeepResult, survey

logger = logging.getLogger(__name__)

FLOWS_WITH_EXECUTIONS = ("docgen", "annotation")
"""Flows whose runs hold the lease of an execution."""
DEFAULTS = UpkeepRequest()
WOULD_FAIL, FAILED, ALIVE = "would be marked as failed", "marked as failed", "taken up meanwhile"
WOULD_CRASH, CRASHED, MOVED_ON = "would be marked as crashed", "marked as crashed", "went on meanwhile"


@flow(name="maintenance", persist_result=True, result_serializer="json")
async def maintenance(request: UpkeepRequest = DEFAULTS) -> UpkeepResult:
    """Find what killed processes left behind, and put the records right.

    Whoever is alive is never touched: a lease must have lapsed a while ago, and a record is written on the
    condition that it is still as it was.

    Args:
        request: What to look for, and whether to do anything about it.

    Raises:
        ConfigurationError: The records can't be read or written.
        ProviderUnavailableError: The Prefect server can't be reached.
    """
    async with running("maintenance") as run:
        with prefect_errors():
            tracking = open_tracking(run.settings)
            await asyncio.to_thread(tracking.check)
            async with get_client() as client:
                under_way = await running_since(client, FLOWS_WITH_EXECUTIONS)
                found = await asyncio.to_thread(survey, tracking, request, under_way)
                stale = sum(one.stale for one in found.found)
                run.metrics.count_stale_leases(stale)
                logger.info("%d stale leases in %d records", stale, found.records)
                if not found.complete:
                    logger.warning("Not all records were looked at: there are more than %d", found.records)
                worked = [await _put_right(one, request, tracking, client) for one in found.found]
            result = _result(request, found, worked)
            await draw_table(result)
            return result


async def _put_right(
    one: LeftBehind, request: UpkeepRequest, tracking: TrackingStore, client: PrefectClient
) -> PutRight:
    if request.dry_run:
        record = WOULD_FAIL if one.stale else f"is {one.status}"
        return _told(one, record, WOULD_CRASH if one.run_id else "")
    try:
        record = await asyncio.to_thread(_mend_record, one, request, tracking)
    except TechneError as error:  # others can be put right all the same
        logger.warning("The record of execution %s could not be written", one.execution_id, exc_info=True)
        return _told(one, str(error), "")
    if one.run_id is None or record == ALIVE:
        return _told(one, record, "")
    reason = f"The worker of execution {one.execution_id!r} is gone since {one.since:%Y-%m-%d %H:%M:%S} UTC."
    crashed = await crash_if_running(client, one.run_id, reason)
    return _told(one, record, CRASHED if crashed else MOVED_ON)


def _mend_record(one: LeftBehind, request: UpkeepRequest, tracking: TrackingStore) -> str:
    """Mark the record if it is still what it was, and say how it is."""
    if one.stale:
        mended = tracking.give_up_silent(
            one.execution_id, one.lease_id, silent_seconds=60 * request.silent_minutes
        )
        return FAILED if mended is not None else ALIVE
    now = tracking.get(one.execution_id)
    if now is None or now.lease_id != one.lease_id or now.status is ExecutionStatus.IN_PROGRESS:
        return ALIVE
    return f"is {now.status}"


def _told(one: LeftBehind, record: str, run: str) -> PutRight:
    logger.info("Execution %s, of %s: %s; its run: %s", one.execution_id, one.owner, record, run or "-")
    return PutRight(
        execution_id=one.execution_id,
        attempt=one.attempt,
        owner=one.owner,
        stage=one.stage,
        since=one.since,
        record=record,
        run_id=one.run_id,
        run=run,
    )


def _result(request: UpkeepRequest, found: Survey, worked: list[PutRight]) -> UpkeepResult:
    return UpkeepResult(
        dry_run=request.dry_run,
        stale_leases=sum(one.stale for one in found.found),
        dead_runs=sum(one.run_id is not None for one in found.found),
        records=found.records,
        unreadable=found.unreadable,
        complete=found.complete,
        executions=tuple(worked),
    )


if __name__ == "__main__":
    from flows.maintenance_command import main

    sys.exit(main(sys.argv[1:], maintenance))
