"""What the flows' command lines share: arguments or an event in, an exit code and an envelope out.

Exit codes: 0 done, 2 the input is wrong, 130 interrupted, 143 terminated, 1 anything else. With an event,
standard output carries the envelope of S1-30 or S1-31 and nothing else; everything meant for a person goes
to standard error.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_settings import CliApp, SettingsError
from rich.console import Console

from flows.stopping import terminable
from flows.terminal import tell_failure
from techne.envelopes import describe_validation, error_envelope, success_envelope
from techne.errors import InputError
from techne.logs import configure_logging
from techne.settings import get_settings

INTERRUPTED = 130

Command = TypeVar("Command", bound=BaseModel)


def run_command(
    name: str,
    arguments: Sequence[str],
    command_type: type[Command],
    request_type: type[BaseModel],
    work: Callable[[Command, Console], BaseModel | None],
) -> int:
    """Parse the arguments, do the work, and say what came of it.

    Args:
        name: The command's, for messages.
        arguments: What follows it on the command line.
        command_type: The flags; with a field `event`, which holds a JSON event instead of flags.
        request_type: The request that is made of them; messages name its fields.
        work: Does it; returns what an envelope is to carry, if anything.

    Returns:
        The exit code.
    """
    console = Console(stderr=True)
    as_event = False
    try:
        with terminable():
            settings = get_settings()
            level = settings.log_level
            quiet = console.is_terminal and level == "INFO"
            configure_logging("WARNING" if quiet else level, settings.log_format)
            command = CliApp.run(command_type, cli_args=list(arguments), cli_exit_on_error=True)
            as_event = getattr(command, "event", None) is not None
            result = work(command, console)
    except KeyboardInterrupt:
        console.print("Interrupted. Run the same command again to go on.", style="yellow")
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last resort; a person gets a sentence, not a traceback
        told = _told(error, request_type)
        if as_event:
            _print(error_envelope(told))
        return tell_failure(name, told, console)
    if as_event and result is not None:
        _print(success_envelope(result))
    return 0


def parse_json_event(text: str, example: str) -> object:
    """The event on a command line.

    Raises:
        InputError: It is not JSON.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"The event is not JSON: {error}.", cure=f"Pass '{example}', or use flags: see --help."
        ) from None


def _told(error: Exception, request_type: type[BaseModel]) -> Exception:
    """What a wrong flag or field is, in a sentence."""
    if isinstance(error, ValidationError):
        return InputError(describe_validation(error, request_type))
    return InputError(str(error)) if isinstance(error, SettingsError) else error


def _print(envelope: dict[str, Any]) -> None:
    print(json.dumps(envelope, ensure_ascii=False, indent=2))  # noqa: T201
