"""The command line of docgen-inbox: flags or an event in, documents and a table of what was done out."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine, Sequence
from types import TracebackType
from typing import Any

from pydantic import Field
from pydantic_settings import CliImplicitFlag, CliPositionalArg
from rich.console import Console
from rich.progress import TaskID
from rich.table import Table
from rich.text import Text

from flows.command_line import parse_json_event, run_command
from flows.progress import ProgressEvent, listening
from flows.terminal import percent_bars, quiet_prefect, readable
from techne.documents.inbox_request import InboxObject, InboxRequest, InboxResult, Outcome, parse_request
from techne.errors import InputError

MOST_ROWS = 50
"""Of objects that are told on a terminal."""
STYLES = {Outcome.DONE: "green", Outcome.FAILED: "red", Outcome.WAITING: "yellow", Outcome.SKIPPED: "dim"}
EXAMPLE = '{"prefix": "..."}'

InboxFlow = Callable[[InboxRequest], Coroutine[Any, Any, InboxResult]]


class InboxCommand(InboxRequest):
    """Make a document of every transcript below a folder that has none yet.

    A version of an object runs once; one that is replaced runs anew. With EVENT, the S1-30 or S1-31 envelope
    is printed on standard output. Exit codes: 0 done (or nothing to do), 2 the input is wrong, 1 anything
    else, which includes that no attempt gave a document.
    """

    event: CliPositionalArg[str | None] = Field(
        default=None, description="JSON event with the same fields as the flags, instead of flags."
    )
    prefix: str = Field(default="", description=str(InboxRequest.model_fields["prefix"].description))
    dry_run: CliImplicitFlag[bool] = Field(
        default=False, description=str(InboxRequest.model_fields["dry_run"].description)
    )


InboxCommand.__doc__ = inspect.cleandoc(InboxCommand.__doc__ or "")  # argparse prints it as it stands


def main(arguments: Sequence[str], docgen_inbox: InboxFlow) -> int:
    """Look through an inbox as the command line asks, and return the exit code."""

    def work(command: InboxCommand, console: Console) -> InboxResult:
        request = _request(command)
        with quiet_prefect(), DocumentBars(console, request.max_parallel) as bars, listening(bars):
            result = asyncio.run(docgen_inbox(request))
        print_result(console, result)
        return result

    return run_command("docgen-inbox", arguments, InboxCommand, InboxRequest, work)


def _request(command: InboxCommand) -> InboxRequest:
    if command.event is not None:
        return parse_request(parse_json_event(command.event, EXAMPLE))
    if not command.prefix:
        raise InputError("There is no inbox to look through.", cure=f"Pass --prefix FOLDER, or '{EXAMPLE}'.")
    return InboxRequest.model_validate(command.model_dump(exclude={"event"}))


class DocumentBars:
    """A bar for each document that is being made; a line at its begin where no terminal is.

    Nothing tells of a document that failed, so of more bars than documents the one that rests longest goes;
    if that was too early, its next step brings it back.

    Args:
        console: Where they are shown.
        most: Documents that are made at once.
    """

    def __init__(self, console: Console, most: int) -> None:
        self._console = console
        self._most = most
        self._progress = percent_bars(console)
        self._bars: dict[str, TaskID] = {}  # the one that was moved last stands last

    def __enter__(self) -> DocumentBars:
        if self._console.is_terminal:
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def __call__(self, event: ProgressEvent) -> None:
        """Show a step of one of the documents."""
        name = event.execution_id
        bar = self._bars.pop(name, None)
        if bar is None:
            bar = self._progress.add_task(name, total=100)
            if not self._console.is_terminal:
                self._console.print(f"Making {name}", highlight=False, markup=False)
        self._bars[name] = bar
        self._progress.update(bar, completed=event.percentage)
        if event.percentage == 100:
            self._remove(name)
        elif len(self._bars) > self._most:
            self._remove(next(iter(self._bars)))

    def _remove(self, name: str) -> None:
        self._progress.remove_task(self._bars.pop(name))


def print_result(console: Console, result: InboxResult) -> None:
    """What came of each object, this run's own first; what earlier runs did is only counted."""
    table = Table(box=None, pad_edge=False)
    for heading in ("", "Transcript", "Document, or why there is none"):
        table.add_column(heading, overflow="fold")
    told = [one for one in result.objects if one.outcome is not Outcome.SKIPPED]
    for one in told[:MOST_ROWS]:
        table.add_row(Text(one.outcome, STYLES[one.outcome]), Text(readable(one.uri)), _outcome(one))
    if told:
        console.print(table, highlight=False)
    if len(told) > MOST_ROWS:
        console.print(f"and {len(told) - MOST_ROWS:,} more", highlight=False)
    console.print(
        f"{result.done:,} done, {result.failed:,} failed ({result.given_up:,} given up), "
        f"{result.waiting:,} waiting, {result.skipped:,} done before, {result.ignored:,} other objects",
        highlight=False,
    )


def _outcome(told: InboxObject) -> Text:
    return Text(readable(told.markdown_s3_uri) if told.markdown_s3_uri else told.reason)
