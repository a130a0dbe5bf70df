"""The automations that a server needs: runs whose process has gone are marked, failed runs are told of.

A process that is killed can't say so, and a self-hosted server does not look for it: its run would stay
`Running`. A run shows that it lives by a heartbeat each PREFECT_FLOWS_HEARTBEAT_FREQUENCY seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import partial
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState, SendNotification
from prefect.events.schemas.automations import (
    Automation,
    AutomationCore,
    EventTrigger,
    Posture,
)
from prefect.events.schemas.events import ResourceSpecification
from prefect.exceptions import ObjectNotFound

from deployments.bootstrap_plan import MISSING, Finding
from techne.errors import ConfigurationError

ZOMBIES = "techne: zombie flow runs"
FAILURES = "techne: failed flow runs"
MISSED_HEARTBEATS = 3
"""Heartbeats that may be missed before a run counts as dead: one alone may be lost on the way."""
HEARTBEAT = "prefect.flow-run.heartbeat"
LAST_STATES = ("Completed", "Failed", "TimedOut", "Crashed", "Cancelled", "Suspended")
"""Names of the states after which a run sends no heartbeats."""
FAILED_STATES = ("Failed", "TimedOut", "Crashed")


def zombie_automation(heartbeat_seconds: int) -> AutomationCore:
    """Runs that have sent a heartbeat, and then neither another one nor a last state, are crashed.

    Args:
        heartbeat_seconds: Seconds between the heartbeats of the slowest flow on the server.
    """
    within = MISSED_HEARTBEATS * heartbeat_seconds
    trigger = EventTrigger(
        match=ResourceSpecification({"prefect.resource.id": ["prefect.flow-run.*"]}),
        for_each={"prefect.resource.id"},
        after={HEARTBEAT},
        # Not every state: one that follows a heartbeat would count as the next one, and the run be forgotten.
        expect={HEARTBEAT, *map(_event, LAST_STATES)},
        posture=Posture.Proactive,
        threshold=1,
        within=timedelta(seconds=within),
    )
    action = ChangeFlowRunState(
        state=StateType.CRASHED, message=f"No heartbeat for {within} s: the run's process is gone."
    )
    return AutomationCore(
        name=ZOMBIES,
        description="Crashes flow runs whose heartbeats have stopped.",
        trigger=trigger,
        actions=[action],
    )


def failure_automation(notification_block: UUID) -> AutomationCore:
    """Whoever a notification block reaches is told of each run that fails; not of what it was about."""
    trigger = EventTrigger(
        match=ResourceSpecification({"prefect.resource.id": ["prefect.flow-run.*"]}),
        for_each={"prefect.resource.id"},
        expect=set(map(_event, FAILED_STATES)),
        posture=Posture.Reactive,
        threshold=1,
        within=timedelta(0),
    )
    action = SendNotification(
        block_document_id=notification_block,
        subject="{{ flow.name }}/{{ flow_run.name }}: {{ flow_run.state.name }}",
        body="{{ flow_run|ui_url }}",
    )
    return AutomationCore(
        name=FAILURES,
        description="Tells of flow runs that fail, crash or time out.",
        trigger=trigger,
        actions=[action],
    )


def _event(state: str) -> str:
    return f"prefect.flow-run.{state}"


def notification_block(client: SyncPrefectClient, reference: str) -> UUID:
    """The id of a notification block.

    Args:
        client: The server's.
        reference: Block type's slug and name, as `slack-webhook/team`.

    Raises:
        ConfigurationError: There is no such block, or it notifies nobody.
    """
    slug, _, name = reference.partition("/")
    try:
        block = client.read_block_document_by_name(name, slug, include_secrets=False)
    except ObjectNotFound:
        raise ConfigurationError(
            f"The server has no block `{reference}`.", cure="Save it, or name another one: TYPE-SLUG/NAME."
        ) from None
    if block.block_schema is None or "notify" not in block.block_schema.capabilities:
        raise ConfigurationError(
            f"The block `{reference}` notifies nobody.", cure="Name one such as slack-webhook/NAME."
        )
    return block.id


def find_automations(client: SyncPrefectClient, wanted: Iterable[AutomationCore]) -> Iterator[Finding]:
    """Each of these automations, found by its name: there, enabled and the same, or not."""
    for core in wanted:
        found = client.read_automations_by_name(core.name)
        yield Finding("automation", core.name, _difference(core, found), partial(_save, client, core, found))


def _difference(wanted: AutomationCore, found: list[Automation]) -> str | None:
    if not found:
        return MISSING
    if len(found) > 1:
        return f"there are {len(found)} of them"
    if not found[0].enabled:
        return "it is disabled"
    differing = [name for name in AutomationCore.model_fields if _told(wanted, name) != _told(found[0], name)]
    return f"its {', '.join(differing)} differ" if differing else None


def _told(automation: AutomationCore, name: str) -> object:
    value = getattr(automation, name)
    return value.model_dump() if isinstance(value, EventTrigger) else value


def _save(client: SyncPrefectClient, wanted: AutomationCore, found: list[Automation]) -> None:
    if not found:
        client.create_automation(wanted)
        return
    kept, *others = found
    # Validated anew, since an update sends what was set alone, and the types of trigger and actions were not;
    # and without the owner, which only a new automation may name.
    update = AutomationCore.model_validate(wanted.model_dump(exclude={"owner_resource"}))
    client.update_automation(kept.id, update)
    for other in others:
        client.delete_automation(other.id)
