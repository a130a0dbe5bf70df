"""`python -m deployments.bootstrap`: everything that a Prefect server needs before techne's deployments run.

Here are the command and its words. `bootstrap_desired` says what the server should have; the module of each
kind of thing, how that is told from what is there, and mended.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from pydantic import JsonValue

from deployments.bootstrap_automations import FAILURES, MISSED_HEARTBEATS, ZOMBIES
from deployments.bootstrap_desired import Desired
from deployments.bootstrap_documents import NAME, RESULTS_NAME, RESULTS_TYPE
from deployments.bootstrap_plan import MISSING, Finding
from deployments.bootstrap_work_pools import ECS_POOL, ECS_TEMPLATE, LOCAL_POOL
from tasks.prefect_api import api_address, prefect_errors
from techne.errors import TechneError
from techne.settings import get_settings

DESCRIPTION = """\
Make the Prefect server at PREFECT_API_URL ready for techne's deployments. Repeating it changes nothing.
"""
EPILOG = f"""\
What the server gets, in this order:
  block types   those of the package `blocks`
  blocks        {NAME} of each provider, without its key; tracking-table/{NAME} if TRACKING_TABLE is set,
                document-store/{NAME} if OUTPUT_BUCKET is, {RESULTS_TYPE}/{RESULTS_NAME} with --results-bucket
  work pools    {ECS_POOL} from deployments/{ECS_TEMPLATE.name}, and {LOCAL_POOL}, of processes
  limits        those of `python -m deployments.limits`
  automations   "{ZOMBIES}", which crashes runs whose heartbeats have stopped,
                and "{FAILURES}" with --notify

With --stack, the outputs of the stack of deployments/infrastructure.yaml give the pool's defaults and name,
the bucket of results, and TRACKING_TABLE and OUTPUT_BUCKET where those are not set.

The settings and these arguments say how things should be, so run it with the same ones as the flows, and
again after a change of them; what somebody changed in the UI is put back. What they say nothing of stays:
keys, other fields, paused pools, and what an earlier run with other arguments made.

For flows to keep results in the bucket, the processes that run them need prefect-aws, and
PREFECT_DEFAULT_RESULT_STORAGE_BLOCK={RESULTS_TYPE}/{RESULTS_NAME}. A run counts as dead after
{MISSED_HEARTBEATS} times the PREFECT_FLOWS_HEARTBEAT_FREQUENCY of this command: let it be that of the flows.

Exit codes: 0 done; 1 --check found something missing or different, or the settings or the server are at
fault; 2 wrong arguments.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        address = api_address()
        desired = Desired.of(
            get_settings(),
            stack=options.stack,
            ecs_template=options.ecs_template,
            ecs_defaults=dict(options.ecs),
            results_bucket=options.results_bucket,
            notify=options.notify,
            tags=not options.no_tags,
        )
        with prefect_errors(), get_client(sync_client=True) as client:
            findings = list(desired.find(client))
            changes = [finding for finding in findings if finding.difference is not None]
            for change in changes:
                if not options.check:
                    with suppress(ObjectAlreadyExists):  # somebody else was quicker
                        change.mend()
                sys.stdout.write(_line(change, check=options.check))
    except ObjectNotFound as error:
        sys.stderr.write(f"Something was deleted on the server meanwhile ({error}). Run this again.\n")
        return 1
    except TechneError as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return error.exit_code
    for line in desired.left_out():
        sys.stdout.write(f"left out  {line}\n")
    done = "to change" if options.check else "changed"
    sys.stdout.write(f"{len(changes)} of {len(findings)} {done} on {address}.\n")
    return 1 if options.check and changes else 0


def _line(change: Finding, *, check: bool) -> str:
    if change.difference == MISSING:
        word, reason = "missing" if check else "created", ""
    else:
        word, reason = "differs" if check else "updated", f": {change.difference}"
    return f"{word:<8}  {change.kind:<10}  {change.name}{reason}\n"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m deployments.bootstrap",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--check", action="store_true", help="change nothing; say what is missing or differs, and end with 1"
    )
    parser.add_argument("--stack", metavar="NAME", help="CloudFormation stack that says what the account has")
    parser.add_argument(
        "--results-bucket", metavar="BUCKET", help="S3 bucket that keeps the results of tasks"
    )
    parser.add_argument(
        "--notify", metavar="TYPE/NAME", help="notification block told of failed runs, as slack-webhook/team"
    )
    parser.add_argument(
        "--ecs-template",
        metavar="FILE",
        type=Path,
        default=ECS_TEMPLATE,
        help="base job template of the ECS work pool (default: the one beside this command)",
    )
    parser.add_argument(
        "--ecs",
        metavar="NAME=VALUE",
        type=_default,
        action="append",
        default=[],
        help="default of a variable of the ECS work pool, as JSON or text; may be given several times",
    )
    parser.add_argument(
        "--no-tags", action="store_true", help="leave out the limits of the tasks' tags, slow on SQLite"
    )
    return parser


def _default(argument: str) -> tuple[str, JsonValue]:
    name, equals, text = argument.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"{argument!r} is not NAME=VALUE")
    try:
        return name, json.loads(text)
    except ValueError:
        return name, text


if __name__ == "__main__":
    sys.exit(main())
