"""`python -m deployments.limits`: the limits that the settings imply, created on a Prefect server.

Here are the names and sizes of limits, and the command. Units of them are taken by `tasks.quota`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate, GlobalConcurrencyLimitUpdate
from prefect.client.schemas.responses import GlobalConcurrencyLimitResponse
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound

from tasks.prefect_api import api_address, prefect_errors
from tasks.quota import KEEP_LEASES, prefect_limit_name
from techne.errors import ConfigurationError, TechneError
from techne.llm.limits import RATES, setting_of, whole_units
from techne.llm.quota import limit_name
from techne.settings import ProviderLimits, Settings, get_settings

PROVIDERS = ("bedrock", "gemini", "openai", "ollama")
"""Providers whose limits have settings of their own."""
SHARED_NAMES = {"max_parallel": "parallel", **{field: shared for field, _, shared in RATES}}
"""Fields of `ProviderLimits`, and what their limits are called."""
LARGEST_LIMIT = 2**31 - 1
"""Most units that Prefect's database can count."""
PAGE = 200
DESCRIPTION = (
    "Create or update the limits that LLM_EXECUTOR_* implies, on the Prefect server at PREFECT_API_URL."
)
EPILOG = f"""\
With LLM_EXECUTOR_LIMITS=prefect all processes keep to these limits together. Each provider, and each model of
LLM_EXECUTOR_MODEL_LIMITS, has one for each of max_parallel, qps, rpm and tpm that is set. The limit
`tag:provider:NAME` caps the tasks that work with a provider at once. Limits are counted in whole units. Run
this with the same settings as the flows, and again after a change of them; repeating it changes nothing.

The server: use PostgreSQL. On SQLite a task under a limited tag takes two seconds more (see --no-tags).
{KEEP_LEASES}
Otherwise units that are held during a restart stay held for good; --delete and a second run free them.

Exit codes: 0 done, 1 the settings or the server are at fault, 2 wrong arguments.
"""

Change = Literal["create", "update", "keep", "delete", "absent"]


@dataclass(frozen=True, slots=True)
class LimitSpec:
    """A limit that settings imply.

    Attributes:
        name: As `techne.llm.quota.limit_name` has it, or `tag:` and a task's tag.
        limit: Units that may be held at once.
        setting: Setting that implies it.
    """

    name: str
    limit: int
    setting: str


def implied_limits(settings: Settings, *, tags: bool = True) -> list[LimitSpec]:
    """The shared limits that an executor with these settings asks for, and those of the tasks' tags.

    Args:
        settings: The executor's settings.
        tags: Whether to include the limits of the tasks' tags.

    Raises:
        ConfigurationError: A limit that is not a whole number, or too large; the message names the setting.
    """
    specs: list[LimitSpec] = []
    for provider in _providers(settings):
        limits = settings.provider_limits(provider)
        specs += _specs(settings, provider, None, limits)
        if tags and limits.max_parallel is not None:
            setting = setting_of(settings, provider, None, "max_parallel")
            specs.append(LimitSpec(f"tag:provider:{provider}", limits.max_parallel, setting))
    for key, limits in settings.llm_executor_model_limits:
        provider, _, model = key.partition("/")
        if model:
            specs += _specs(settings, provider, model, limits)
    return specs


def _providers(settings: Settings) -> list[str]:
    named = (
        *settings.llm_executor_providers,
        *settings.llm_executor_fallbacks,
        *(key for key, _ in settings.llm_executor_model_limits),
    )
    return list(dict.fromkeys((*PROVIDERS, *(name.partition("/")[0] for name in named))))


def _specs(
    settings: Settings, provider: str, model: str | None, limits: ProviderLimits
) -> Iterator[LimitSpec]:
    for field, shared in SHARED_NAMES.items():
        value = getattr(limits, field)
        if value is not None:
            setting = setting_of(settings, provider, model, field)
            yield LimitSpec(limit_name(provider, model, shared), _countable(value, setting), setting)


def _countable(value: float, setting: str) -> int:
    units = whole_units(value, setting)
    if units > LARGEST_LIMIT:
        raise ConfigurationError(
            f"{setting} is {value:g}, more than the {LARGEST_LIMIT} that Prefect can count.",
            cure="Use less, or `unlimited`.",
        )
    return units


@dataclass(frozen=True, slots=True)
class LimitStep:
    """What is to be done about one limit."""

    change: Change
    name: str
    limit: int
    found: GlobalConcurrencyLimitResponse | None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        specs = implied_limits(get_settings(), tags=not options.no_tags)
        address = api_address()
        with prefect_errors(), get_client(sync_client=True) as client:
            steps = plan_limits(client, specs, delete=options.delete)
            if not options.dry_run:
                for step in steps:
                    carry_out(client, step)
    except TechneError as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return error.exit_code
    done = "would change" if options.dry_run else "changed"
    changes = sum(step.change not in ("keep", "absent") for step in steps)
    sys.stdout.write(f"{_table(steps)}\n{changes} of {len(steps)} limits {done} on {address}.\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m deployments.limits",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--dry-run", action="store_true", help="show what would change, and change nothing")
    parser.add_argument("--delete", action="store_true", help="remove these limits instead")
    parser.add_argument("--no-tags", action="store_true", help="leave out the limits of the tasks' tags")
    return parser


def plan_limits(client: SyncPrefectClient, specs: list[LimitSpec], *, delete: bool) -> list[LimitStep]:
    """What is to be done about each of these limits so that it is there; with `delete`, so that it isn't."""
    present = {limit.name: limit for limit in _limits(client)}
    steps = []
    for spec in specs:
        name = prefect_limit_name(spec.name)
        found = present.get(name)
        steps.append(LimitStep(_change(spec, found, delete=delete), name, spec.limit, found))
    return steps


def _limits(client: SyncPrefectClient) -> Iterator[GlobalConcurrencyLimitResponse]:
    offset = 0
    while True:
        page = client.read_global_concurrency_limits(limit=PAGE, offset=offset)
        yield from page
        if len(page) < PAGE:
            return
        offset += PAGE


def _change(spec: LimitSpec, found: GlobalConcurrencyLimitResponse | None, *, delete: bool) -> Change:
    if found is None:
        return "absent" if delete else "create"
    if delete:
        return "delete"
    as_implied = found.limit == spec.limit and found.active and found.slot_decay_per_second == 0
    return "keep" if as_implied else "update"


def carry_out(client: SyncPrefectClient, step: LimitStep) -> None:
    """Make one change."""
    if step.change == "create":
        try:
            client.create_global_concurrency_limit(
                GlobalConcurrencyLimitCreate(name=step.name, limit=step.limit, slot_decay_per_second=0.0)
            )
        except ObjectAlreadyExists:  # somebody else was quicker
            _update(client, step)
    elif step.change == "update":
        _update(client, step)
    elif step.change == "delete":
        try:
            client.delete_global_concurrency_limit_by_name(step.name)
        except ObjectNotFound:
            return


def _update(client: SyncPrefectClient, step: LimitStep) -> None:
    client.update_global_concurrency_limit(
        step.name, GlobalConcurrencyLimitUpdate(limit=step.limit, active=True, slot_decay_per_second=0.0)
    )


def _table(steps: list[LimitStep]) -> str:
    rows = [("change", "limit", "was", "held", "is")]
    for step in steps:
        was, held = (
            ("-", "-") if step.found is None else (str(step.found.limit), str(step.found.active_slots))
        )
        after = "-" if step.change in ("delete", "absent") else str(step.limit)
        rows.append((step.change, step.name, was, held, after))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        f"{row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  "
        + "  ".join(f"{cell:>{width}}" for cell, width in zip(row[2:], widths[2:], strict=True))
        for row in rows
    )


if __name__ == "__main__":
    sys.exit(main())
