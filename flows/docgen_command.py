"""The command line of docgen: an event or flags in, a document and a short summary out.

Exit codes: 0 done, 2 the input is wrong, 1 anything else. With an event, standard output carries the
envelope of S1-30 or S1-31 and nothing else; everything meant for a person goes to standard error.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import os
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_LOGGING_LEVEL,
    PREFECT_SERVER_ANALYTICS_ENABLED,
    PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS,
    PREFECT_SERVER_LOGGING_LEVEL,
    temporary_settings,
)
from pydantic import AliasChoices, Field, ValidationError
from pydantic_settings import CliApp, CliPositionalArg, SettingsError
from rich.console import Console

from flows.progress import listening
from flows.terminal import LiveProgress, print_summary
from techne.documents.request import (
    DocgenRequest,
    DocgenResult,
    describe_validation,
    error_envelope,
    parse_request,
    success_envelope,
)
from techne.errors import InputError, TechneError
from techne.logs import configure_logging
from techne.settings import get_settings

SAMPLE = Path(__file__).resolve().parent.parent / "samples" / "treinamento-pagamentos.pt-BR.json"
SAMPLE_EXECUTION_ID = "sample"
STARTUP_TIMEOUT_SECONDS = 180


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
        described = describe_validation(error) if isinstance(error, ValidationError) else str(error)
        return _failed(InputError(described), console, as_event=as_event)
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
    with _quiet_prefect(), LiveProgress(console) as progress, listening(progress):
        result = asyncio.run(docgen(request))
    print_summary(console, result, started)
    return result


@contextmanager
def _quiet_prefect() -> Iterator[None]:
    """Prefect's settings for a person at a terminal: patient at start, and silent unless LOG_LEVEL=DEBUG.

    What matters of a run is told by its own messages; the local API that Prefect starts when no server is
    configured is an implementation detail of the embedded mode.
    """
    debug = get_settings().log_level == "DEBUG"
    level = "DEBUG" if debug else "CRITICAL"
    updates: dict[Any, Any] = {PREFECT_LOGGING_LEVEL: level, PREFECT_SERVER_LOGGING_LEVEL: level}
    if not PREFECT_API_URL.value():
        updates |= {
            PREFECT_SERVER_ANALYTICS_ENABLED: False,
            PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS: STARTUP_TIMEOUT_SECONDS,
        }
    with temporary_settings(updates):
        for name in ("prefect", "prefect.flow_runs", "prefect.task_runs"):
            logging.getLogger(name).setLevel(level)
        yield


def _failed(error: Exception, console: Console, *, as_event: bool) -> int:
    """Say what went wrong in one sentence; the traceback is for LOG_LEVEL=DEBUG."""
    if as_event:
        print(json.dumps(error_envelope(error), ensure_ascii=False, indent=2))  # noqa: T201
    if isinstance(error, TechneError):
        message = str(error)
    else:
        message = f"Unexpected {type(error).__name__}: {error}. Set LOG_LEVEL=DEBUG to see where."
    console.print(f"docgen: {message}", style="red", highlight=False, markup=False, soft_wrap=True)
    if logging.getLogger("techne").isEnabledFor(logging.DEBUG):
        console.print_exception()
    return error.exit_code if isinstance(error, TechneError) else 1
