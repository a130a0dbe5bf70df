"""What a person at a terminal sees of a docgen run: where it stands, then what came out.

Everything goes to standard error, so that standard output carries the result alone.
"""

from __future__ import annotations

import time
from types import TracebackType
from urllib.parse import unquote, urlsplit

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from flows.progress import ProgressEvent
from techne.documents.request import STAGES, DocgenResult

LABELS = {
    "clean": "Reading and cleaning",
    "extract": "Extracting",
    "map": "Mapping problems to solutions",
    "outline": "Outlining",
    "write": "Writing",
    "output": "Rendering and publishing",
}


class LiveProgress:
    """A bar on a terminal; one line a stage where standard error is not one."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._stage = ""
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._task: TaskID | None = None

    def __enter__(self) -> LiveProgress:
        if self._console.is_terminal:
            self._bar.start()
            self._task = self._bar.add_task("Starting Prefect", total=100)
        else:
            self._console.print("Starting Prefect", highlight=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._bar.stop()

    def __call__(self, event: ProgressEvent) -> None:
        """Show a step."""
        label = f"[{STAGES.index(event.stage) + 1}/{len(STAGES)}] {LABELS[event.stage]}"
        if self._task is not None:
            pieces = f" {event.done}/{event.total}" if event.total > 1 else ""
            self._bar.update(self._task, description=label + pieces, completed=event.percentage)
        elif event.stage != self._stage:
            self._console.print(label, highlight=False, markup=False)
        self._stage = event.stage


def print_summary(console: Console, result: DocgenResult, started: float) -> None:
    """The few lines that say what came out and what it cost. `started` is of `time.monotonic`."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for label, uri in (
        ("Markdown", result.markdown_s3_uri),
        ("DOCX", result.docx_s3_uri),
        ("Manifest", result.manifest_s3_uri),
    ):
        table.add_row(label, readable(uri))
    table.add_row("Engine", result.engine + (f" ({', '.join(result.models)})" if result.models else ""))
    table.add_row("", result.engine_reason)
    if result.models:
        tokens = result.tokens_used
        cost = "unknown price" if result.cost_usd is None else f"${result.cost_usd:.4f}"
        table.add_row("Tokens", f"{tokens.input:,} in, {tokens.output:,} out; {cost}")
        table.add_row("Calls", f"{result.calls_sent} sent to the provider in this run")
    checked = result.grounding
    table.add_row("Grounding", f"{checked.verified} of {checked.checked} literals found in the recording")
    table.add_row(
        "Seconds", f"{result.duration_seconds:.1f} working, {time.monotonic() - started:.1f} in all"
    )
    console.print(table)


def readable(uri: str) -> str:
    """A file:// URI as the path that one can paste; any other as it is."""
    parts = urlsplit(uri)
    return unquote(parts.path) if parts.scheme == "file" else uri
