"""What a server should have, put together from the settings, a stack and the command's arguments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from prefect.client.orchestration import SyncPrefectClient
from prefect.events.schemas.automations import AutomationCore
from prefect.settings import get_current_settings
from pydantic import JsonValue

from deployments.bootstrap_automations import (
    FAILURES,
    ZOMBIES,
    failure_automation,
    find_automations,
    notification_block,
    zombie_automation,
)
from deployments.bootstrap_block_types import find_block_types
from deployments.bootstrap_documents import (
    NAME,
    RESULTS_NAME,
    RESULTS_TYPE,
    DocumentSpec,
    find_documents,
    results_document,
    settings_documents,
)
from deployments.bootstrap_limits import find_limits
from deployments.bootstrap_plan import Finding
from deployments.bootstrap_stack import read_outputs, settings_of_stack, variables_of_stack
from deployments.bootstrap_work_pools import (
    ECS_POOL,
    WorkPoolSpec,
    ecs_pool,
    find_work_pools,
    local_pool,
    read_template,
    variables_without_default,
)
from techne.settings import Settings


@dataclass(frozen=True, slots=True)
class Desired:
    """What a server should have.

    Attributes:
        settings: The flows' settings.
        documents: Blocks that are saved.
        ecs: The pool of ECS tasks.
        notify: Notification block that is told of failures, as `slack-webhook/team`; None leaves that out.
        heartbeat_seconds: Seconds between a flow run's heartbeats; None if it sends none.
        tags: Whether the limits of the tasks' tags are wanted.
    """

    settings: Settings
    documents: tuple[DocumentSpec, ...]
    ecs: WorkPoolSpec
    notify: str | None = None
    heartbeat_seconds: int | None = None
    tags: bool = True

    @classmethod
    def of(
        cls,
        settings: Settings,
        *,
        stack: str | None,
        ecs_template: Path,
        ecs_defaults: Mapping[str, JsonValue],
        results_bucket: str | None,
        notify: str | None,
        tags: bool,
    ) -> Self:
        """Put it together. Arguments go over the stack's outputs, which go over what is not set.

        Raises:
            ConfigurationError: The stack, the template or a setting can't be used.
            UnsafeURIError: There can be no bucket of such a name.
        """
        outputs = read_outputs(stack, settings.aws_region) if stack else {}
        template = read_template(ecs_template)
        defaults = {**variables_of_stack(outputs, template), **ecs_defaults}
        settings = settings_of_stack(outputs, settings)
        results_bucket = results_bucket or outputs.get("ResultsBucket")
        results = (results_document(results_bucket),) if results_bucket else ()
        return cls(
            settings=settings,
            documents=(*settings_documents(settings), *results),
            ecs=ecs_pool(template, defaults, name=outputs.get("WorkPoolName", ECS_POOL)),
            notify=notify,
            heartbeat_seconds=get_current_settings().flows.heartbeat_frequency,
            tags=tags,
        )

    def find(self, client: SyncPrefectClient) -> Iterator[Finding]:
        """Everything that the server should have, and how it is, in the order in which it can be mended.

        Raises:
            ConfigurationError: What is wanted can't be had; the message says what to correct.
        """
        yield from find_block_types(client)
        yield from find_documents(client, self.documents)
        yield from find_work_pools(client, (self.ecs, local_pool()))
        yield from find_limits(client, self.settings, tags=self.tags)
        yield from find_automations(client, self._automations(client))

    def _automations(self, client: SyncPrefectClient) -> Sequence[AutomationCore]:
        wanted = []
        if self.heartbeat_seconds is not None:
            wanted.append(zombie_automation(self.heartbeat_seconds))
        if self.notify is not None:
            wanted.append(failure_automation(notification_block(client, self.notify)))
        return wanted

    def left_out(self) -> Iterator[str]:
        """What a server could have besides, and what it would take."""
        if not self.settings.tracking_table:
            yield f"tracking-table/{NAME}: TRACKING_TABLE is not set"
        if not self.settings.output_bucket:
            yield f"document-store/{NAME}: OUTPUT_BUCKET is not set"
        if all(document.type_slug != RESULTS_TYPE for document in self.documents):
            yield f"{RESULTS_TYPE}/{RESULTS_NAME}: neither --results-bucket nor --stack"
        if without := variables_without_default(self.ecs.template):
            yield f"defaults of {self.ecs.name}, left to deployments: {', '.join(without)}"
        if self.heartbeat_seconds is None:
            yield f"{ZOMBIES}: PREFECT_FLOWS_HEARTBEAT_FREQUENCY is off"
        if self.notify is None:
            yield f"{FAILURES}: no --notify"
