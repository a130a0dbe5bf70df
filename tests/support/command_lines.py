"""Command lines as files and guides have them, held against the programs that they name; none is run.

Prefect's are parsed by Prefect's own parser; of our commands, the options are looked up in their `--help`.
"""

from __future__ import annotations

import importlib.util
import re
import runpy
import shlex
import sys
import warnings
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from functools import lru_cache
from io import StringIO
from pathlib import Path
from unittest.mock import patch

from tests.support.aws_command_lines import aws_problem

ROOT = Path(__file__).parents[2]
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*=")
_OPERATORS = {"&&", "||", "|", ";", "then", "do", "if", "else", "fi", "done", "!"}
_UUID = "00000000-0000-0000-0000-000000000000"


def commands(script: str) -> Iterator[list[str]]:
    """The commands of a shell script, each as words; variables stay as they are written."""
    lexer = shlex.shlex(re.sub(r"\\\n\s*", " ", script), posix=True, punctuation_chars="|&;()<>\n")
    lexer.whitespace, lexer.commenters, lexer.whitespace_split = " \t", "", True
    command: list[str] = []
    for word in lexer:
        if word in _OPERATORS or set(word) <= set("()&;|\n"):
            yield from _without_variables(command)
            command = []
        else:
            command.append(word)
    yield from _without_variables(command)


def _without_variables(command: list[str]) -> Iterator[list[str]]:
    while command and (_VARIABLE.match(command[0]) or command[0] in ("export", "sudo")):
        command = command[1:]
    if command:
        yield command


def problem(command: list[str]) -> str | None:
    """What is wrong with a command; None if nothing is, or if it is no command of Prefect's or ours."""
    program, *arguments = command
    arguments = _without_redirections(arguments)
    match program, arguments:
        case "prefect", _:
            return _prefect_problem(arguments)
        case "techne-bootstrap", _:
            return _options_problem("-m", "deployments.bootstrap", arguments)
        case (("python" | "python3"), ["-m", module, *options]):
            return _module_problem(module, options)
        case (("python" | "python3"), [file, *options]) if file.endswith(".py"):
            return _options_problem("", file, options) if (ROOT / file).is_file() else f"no file {file}"
        case "aws", [service, operation, *options]:
            return aws_problem(service, operation, options, ROOT)
        case "make", _:
            makefile = (ROOT / "Makefile").read_text("utf-8").replace("$(VENV)", ".venv")
            targets = set(re.findall(r"^([a-z./-]+):", makefile, re.MULTILINE))
            missing = [name for name in arguments if "=" not in name and name not in targets]
            return f"no target {missing[0]}" if missing else None
    if program.startswith(("scripts/", "./scripts/", ".ci/", "bash .ci/")):
        return None if (ROOT / program).is_file() else f"no file {program}"
    return None


def _without_redirections(words: list[str]) -> list[str]:
    kept: list[str] = []
    skipped = False
    for word in words:
        if skipped or set(word) <= set("<>"):
            skipped = bool(word) and set(word) <= set("<>")
        else:
            kept.append(word)
    return kept


def _prefect_problem(arguments: list[str]) -> str | None:
    import prefect.cli  # noqa: F401 - registers the commands
    from cyclopts import CycloptsError
    from prefect.cli._app import _app

    # A shell's variable may stand where a command asks for an id or a number.
    plain = [_standing_for(word) for word in arguments]
    try:
        _, session, _ = _app.meta.parse_args(plain, print_error=False, exit_on_error=False)
        _app.parse_args(list(session.arguments.get("tokens", ())), print_error=False, exit_on_error=False)
    except CycloptsError as error:
        return str(error)
    return None


def _standing_for(word: str) -> str:
    if re.fullmatch(r"\$\{?\w*(ID|id)\}?", word):
        return _UUID
    return "1" if re.fullmatch(r"\$\{?\w*SECONDS\}?", word) else word


def _module_problem(module: str, options: list[str]) -> str | None:
    try:
        found = importlib.util.find_spec(module)
    except ModuleNotFoundError:
        found = None
    if found is None:
        return f"no module {module}"
    ours = module.split(".")[0] in ("techne", "flows", "tasks", "deployments")
    return _options_problem("-m", module, options) if ours else None


def _options_problem(how: str, what: str, arguments: list[str]) -> str | None:
    text = help_text(how, what)
    for word in arguments:
        option = word.split("=")[0]
        if re.fullmatch(r"--[a-z][a-z.-]*", option) and not re.search(rf"{option}(?![\w-])", text):
            return f"{what} has no {option}"
    return None


@lru_cache(maxsize=32)
def help_text(how: str, what: str) -> str:
    """What `python [-m] WHAT --help` prints, said by this process."""
    argv = [what, "--help"]
    with (
        patch.object(sys, "argv", argv),
        patch.dict("os.environ", {"COLUMNS": "200"}),
        redirect_stdout(StringIO()) as out,
        redirect_stderr(StringIO()),
        warnings.catch_warnings(action="ignore"),
    ):
        try:
            if how == "-m":
                runpy.run_module(what, run_name="__main__", alter_sys=False)
            else:
                runpy.run_path(str(ROOT / what), run_name="__main__")
        except SystemExit:
            pass
    return out.getvalue()
