"""The command line of docgen: an event or flags in, a document and a short summary out."""

from __future__ import annotations

import asyncio
import inspect
import os
import time
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from pydantic import AliasChoices, Field
from pydantic_settings import CliPositionalArg
from rich.console import Console
from rich.table import Table

from flows.command_line import parse_json_event, run_command
from flows.progress import listening
from flows.terminal import LiveProgress, quiet_prefect, readable
from techne.documents.request import (
    DocgenRequest,
    DocgenResult,
    parse_request,
)

SAMPLE = Path(__file__).resolve().parent.parent / "samples" / "treinamento-pagamentos.pt-BR.json"
SAMPLE_EXECUTION_ID = "sample"

LABELS = {
    "clean": "Reading and cleaning",
    "extract": "Extracting",
    "map": "Mapping problems to solutions",
    "outline": "Outlining",
    "write": "Writing",
    "output": "Rendering and publishing",
}


DocgenFlow = Callable[[DocgenRequest], Coroutine[Any, Any, DocgenResult]]


class DocgenCommand(DocgenRequest):
    """Turn a recorded training's transcript into a grounded Markdown and DOCX document.

    Without arguments: the bundled sample, in the folder 'output'. With EVENT, the S1-30 or S1-31 envelope is
    printed on standard output. Exit codes: 0 done, 2 the input is wrong, 1 anything else.
    """

    event: CliPositionalArg[str | None] = Field(
        default=None, description="JSON event with the same fields as the flags, instead of flags."
    )
    transcription_s3_uri: str = Field(
        default="",
        validation_alias=AliasChoices("transcription_s3_uri", "transcript"),
        description=f"{DocgenRequest.model_fields['transcription_s3_uri'].description} Default: the sample.",
    )


DocgenCommand.__doc__ = inspect.cleandoc(DocgenCommand.__doc__ or "")  # argparse prints it as it stands


def main(arguments: Sequence[str], docgen: DocgenFlow) -> int:
    """Run docgen as the command line asks, and return the exit code."""

    def work(command: DocgenCommand, console: Console) -> DocgenResult:
        return _run(_request(command), docgen, console)

    return run_command("docgen", arguments, DocgenCommand, DocgenRequest, work)


def _request(command: DocgenCommand) -> DocgenRequest:
    if command.event is not None:
        return parse_request(parse_json_event(command.event, '{"transcription_s3_uri": "..."}'))
    fields = command.model_dump(exclude={"event"})
    if not command.transcription_s3_uri:
        fields |= {"transcription_s3_uri": os.path.relpath(SAMPLE), "force": True}
        fields["execution_id"] = command.execution_id or SAMPLE_EXECUTION_ID
    return DocgenRequest.model_validate(fields)


def _run(request: DocgenRequest, docgen: DocgenFlow, console: Console) -> DocgenResult:
    started = time.monotonic()
    with quiet_prefect(), LiveProgress(console, LABELS) as progress, listening(progress):
        result = asyncio.run(docgen(request))
    print_summary(console, result, started)
    return result


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
