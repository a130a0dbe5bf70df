"""The limits of tags and of shared quotas, as findings; what they are is told in `deployments.limits`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from prefect.client.orchestration import SyncPrefectClient

from deployments.bootstrap_plan import MISSING, Finding, differing
from deployments.limits import LimitStep, carry_out, implied_limits, plan_limits
from techne.settings import Settings


def find_limits(client: SyncPrefectClient, settings: Settings, *, tags: bool) -> Iterator[Finding]:
    """Each limit that the settings imply: there, or not.

    Args:
        client: The server's.
        settings: The flows' settings.
        tags: Whether the limits of the tasks' tags are wanted.
    """
    for step in plan_limits(client, implied_limits(settings, tags=tags), delete=False):
        yield Finding("limit", step.name, _difference(step), partial(carry_out, client, step))


def _difference(step: LimitStep) -> str | None:
    if step.found is None:
        return MISSING
    wanted = {"limit": step.limit, "active": True, "slot_decay_per_second": 0.0}
    return differing(wanted, step.found.model_dump(include=set(wanted)))
