"""The command line of maintenance: flags in, records put right and a table of them out."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from pydantic import Field
from pydantic_settings import CliImplicitFlag
from rich.console import Console
from rich.table import Table
from rich.text import Text

from flows.command_line import run_command
from flows.terminal import quiet_prefect
from techne.tracking.upkeep import UpkeepRequest, UpkeepResult

MaintenanceFlow = Callable[[UpkeepRequest], Coroutine[Any, Any, UpkeepResult]]


class MaintenanceCommand(UpkeepRequest):
    """Mark executions as failed whose worker was killed, and their flow runs as crashed.

    Exit codes: 0 done (or nothing to do), 2 a flag is wrong, 1 anything else.
    """

    dry_run: CliImplicitFlag[bool] = Field(
        default=False, description=str(UpkeepRequest.model_fields["dry_run"].description)
    )


MaintenanceCommand.__doc__ = inspect.cleandoc(MaintenanceCommand.__doc__ or "")  # argparse prints it as is


def main(arguments: Sequence[str], maintenance: MaintenanceFlow) -> int:
    """Look after the executions as the command line asks, and return the exit code."""

    def work(command: MaintenanceCommand, console: Console) -> None:
        request = UpkeepRequest.model_validate(command.model_dump())
        with quiet_prefect():
            result = asyncio.run(maintenance(request))
        print_result(console, result)

    return run_command("maintenance", arguments, MaintenanceCommand, UpkeepRequest, work)


def print_result(console: Console, result: UpkeepResult) -> None:
    """Each execution whose worker had gone, and what was done about it."""
    table = Table(box=None, pad_edge=False)
    for heading in ("Execution", "Worker", "Gone since", "Record", "Flow run"):
        table.add_column(heading, overflow="fold")
    for told in result.executions:
        since = f"{told.since:%Y-%m-%d %H:%M:%S} UTC"
        row = (f"{told.execution_id} #{told.attempt}", told.owner, since, told.record, told.run)
        table.add_row(*map(Text, row))
    if result.executions:
        console.print(table, highlight=False)
    console.print(
        f"{result.stale_leases:,} stale leases, {result.dead_runs:,} dead runs in {result.records:,} records",
        highlight=False,
    )
    if not result.complete:
        console.print("Not all records were looked at: see --max_records.", style="yellow")
