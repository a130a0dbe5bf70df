"""Flow runs that a server believes to be under way, and how it is told that one is not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.responses import OrchestrationResult, SetStateStatus
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound
from prefect.states import Crashed

PAGE_RUNS = 200
"""The most that a server gives at once by default."""
MOST_RUNS = 10_000


async def running_since(client: PrefectClient, flows: Sequence[str]) -> dict[str, datetime]:
    """Flow runs of these flows that are `Running`, the longest first, and since when; by their ids.

    One that begins or ends meanwhile may be among them or not.
    """
    running = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.RUNNING])))
    found: dict[str, datetime] = {}
    for offset in range(0, MOST_RUNS, PAGE_RUNS):
        page = await client.read_flow_runs(
            flow_filter=FlowFilter(name=FlowFilterName(any_=list(flows))),
            flow_run_filter=running,
            sort=FlowRunSort.START_TIME_ASC,
            limit=PAGE_RUNS,
            offset=offset,
        )
        found |= {str(run.id): run.state.timestamp for run in page if run.state is not None}
        if len(page) < PAGE_RUNS:
            break
    return found


async def crash_if_running(client: PrefectClient, run_id: str, message: str) -> bool:
    """Have the server mark a flow run as crashed, unless it has come to another state.

    Args:
        client: The server's.
        run_id: The run.
        message: Why.

    Returns:
        Whether it is marked now.
    """
    try:
        run = await client.read_flow_run(UUID(run_id))
    except ObjectNotFound:
        return False
    if run.state is None or run.state.type is not StateType.RUNNING:
        return False
    answer: OrchestrationResult[Any] = await client.set_flow_run_state(run.id, Crashed(message=message))
    return answer.status is SetStateStatus.ACCEPT
