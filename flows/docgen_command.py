"""The command line of docgen: an event or flags in, a document and a short summary out.

Exit codes: 0 done, 2 the input is wrong, 1 anything else. With an event, standard output carries the
envelope of S1-30 or S1-31 and nothing else; everything meant for a person goes to standard error.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import time
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from pydantic import AliasChoices, Field, ValidationError
from pydantic_settings import CliApp, CliPositionalArg, SettingsError
from rich.console import Console
from rich.table import Table

from flows.progress import listening
from flows.terminal import LiveProgress, quiet_prefect, readable, tell_failure
from techne.documents.request import (
    DocgenRequest,
    DocgenResult,
    parse_request,
)
from techne.envelopes import describe_validation, error_envelope, success_envelope
from techne.errors import InputError
from techne.logs import configure_logging
from techne.settings import get_settings

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
    console = Console(stderr=True)
    as_event = False
    try:
        settings = get_settings()
        configure_logging(
            "WARNING" if console.is_terminal and settings.log_level == "INFO" else settings.log_level
        )
        command = CliApp.run(DocgenCommand, cli_args=list(arguments), cli_exit_on_error=True)
        as_event = command.event is not None
        request = _request(command)
        result = _run(request, docgen, console)
    except (ValidationError, SettingsError) as error:
        told = describe_validation(error, DocgenRequest) if isinstance(error, ValidationError) else str(error)
        return _failed(InputError(told), console, as_event=as_event)
    except KeyboardInterrupt:
        console.print("Interrupted. Run the same command again to go on.", style="yellow")
        return 130
    except Exception as error:  # noqa: BLE001 - the last resort; a person gets a sentence, not a traceback
        return _failed(error, console, as_event=as_event)
    if as_event:
        print(json.dumps(success_envelope(result), ensure_ascii=False, indent=2))  # noqa: T201
    return 0


def _request(command: DocgenCommand) -> DocgenRequest:
    if command.event is not None:
        try:
            event = json.loads(command.event)
        except (ValueError, RecursionError) as error:
            raise InputError(
                f"The event is not JSON: {error}.",
                cure='Pass \'{"transcription_s3_uri": "..."}\', or use flags: see --help.',
            ) from None
        return parse_request(event)
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


def _failed(error: Exception, console: Console, *, as_event: bool) -> int:
    if as_event:
        print(json.dumps(error_envelope(error), ensure_ascii=False, indent=2))  # noqa: T201
    return tell_failure("docgen", error, console)


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
