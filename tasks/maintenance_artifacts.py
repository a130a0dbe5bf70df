"""What maintenance leaves in the Prefect UI: what was found, and what was done about it."""

from __future__ import annotations

import logging

from prefect.artifacts import acreate_table_artifact

from techne.tracking.upkeep import UpkeepResult

logger = logging.getLogger(__name__)

MOST_ROWS = 200
"""The UI loads a table whole."""


async def draw_table(result: UpkeepResult) -> None:
    """Show each execution whose worker had gone; a server that can't costs a warning."""
    rows = [
        {
            "execution": told.execution_id,
            "attempt": told.attempt,
            "stage": told.stage,
            "worker": told.owner,
            "since": f"{told.since:%Y-%m-%d %H:%M:%S} UTC",
            "record": told.record,
            "flow run": told.run_id or "",
            "run": told.run,
        }
        for told in result.executions[:MOST_ROWS]
    ]
    text = f"{result.stale_leases} stale leases and {result.dead_runs} dead runs in {result.records} records"
    if len(result.executions) > len(rows):
        text += f"; the first {len(rows)} of {len(result.executions)}"
    if not result.complete:
        text += "; not all records were looked at"
    if result.dry_run:
        text += "; a dry run, so nothing was done"
    try:
        await acreate_table_artifact(table=rows, key="maintenance", description=text)
    except Exception:
        logger.warning("The table could not be shown in the Prefect UI.", exc_info=True)
