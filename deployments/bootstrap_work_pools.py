"""The work pools that techne's deployments name: ECS in production, processes for development.

The template of the ECS pool's jobs is `work_pool.json`; defaults that only an account knows, as its cluster
and subnets, go over it. Whether a pool is paused, and how many runs it takes, is left to its operators.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
from prefect.client.schemas.objects import WorkPool
from prefect.exceptions import ObjectNotFound
from prefect.workers.process import ProcessWorker
from pydantic import JsonValue

from deployments.bootstrap_plan import MISSING, Finding, differing
from techne.errors import ConfigurationError

ECS_POOL = "techne-ecs"
LOCAL_POOL = "techne-local"
ECS_TEMPLATE = Path(__file__).with_name("work_pool.json")

JobTemplate = dict[str, Any]
"""A base job template: `variables` is their JSON schema, `job_configuration` what a worker fills in."""


@dataclass(frozen=True, slots=True)
class WorkPoolSpec:
    """A work pool that a server should have."""

    name: str
    type: str
    description: str
    template: JobTemplate


def ecs_pool(
    template: JobTemplate, defaults: Mapping[str, JsonValue], *, name: str = ECS_POOL
) -> WorkPoolSpec:
    """The pool of ECS tasks.

    Args:
        template: Its base job template.
        defaults: Defaults of the template's variables, by name, that go over its own.
        name: Its name.

    Raises:
        ConfigurationError: The template has no variable of that name.
    """
    template = deepcopy(template)
    variables = template["variables"]["properties"]
    for variable, value in defaults.items():
        if variable not in variables:
            known = ", ".join(sorted(variables))
            raise ConfigurationError(
                f"The ECS work pool has no variable {variable!r}.", cure=f"It has {known}."
            )
        variables[variable]["default"] = value
    return WorkPoolSpec(name, "ecs", "Runs of techne, each as an ECS task of its own.", template)


def local_pool() -> WorkPoolSpec:
    """The pool of processes on the worker's own machine."""
    template = ProcessWorker.get_default_base_job_template()
    return WorkPoolSpec(LOCAL_POOL, "process", "Runs of techne, as processes beside their worker.", template)


def variables_without_default(template: JobTemplate) -> list[str]:
    """Variables of a template that each deployment must give."""
    variables = template["variables"]
    return [
        name
        for name in variables.get("required", [])
        if "default" not in variables["properties"].get(name, {})
    ]


def read_template(path: Path = ECS_TEMPLATE) -> JobTemplate:
    """Read a base job template.

    Raises:
        ConfigurationError: There is no such file, or it is no base job template.
    """
    try:
        template = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path} can't be read as a base job template: {error}.") from error
    match template:
        case {"variables": {"properties": {}}, "job_configuration": {}}:
            return dict(template)
    raise ConfigurationError(f"{path} is no base job template: it lacks variables or job_configuration.")


def find_work_pools(client: SyncPrefectClient, specs: Iterable[WorkPoolSpec]) -> Iterator[Finding]:
    """Each of these pools: created with its template, or not.

    Raises:
        ConfigurationError: There is a pool of that name and another type, which no update changes.
    """
    for spec in specs:
        pool = _WorkPool(client, spec)
        yield Finding("work pool", spec.name, pool.difference(), pool.save)


class _WorkPool:
    def __init__(self, client: SyncPrefectClient, spec: WorkPoolSpec) -> None:
        self._client = client
        self._spec = spec
        self._found = self._read()
        if self._found is not None and self._found.type != spec.type:
            raise ConfigurationError(
                f"The work pool `{spec.name}` is of type `{self._found.type}`, not `{spec.type}`.",
                cure=f"Delete it with `prefect work-pool delete {spec.name}`, which deletes its queues too.",
            )

    def _read(self) -> WorkPool | None:
        try:
            return self._client.read_work_pool(self._spec.name)
        except ObjectNotFound:
            return None

    def difference(self) -> str | None:
        """What differs between the pool and its specification."""
        if self._found is None:
            return MISSING
        if difference := differing({"description": self._spec.description}, self._found.model_dump()):
            return difference
        return _template_difference(self._spec.template, self._found.base_job_template)

    def save(self) -> None:
        """Create the pool, or update its description and template."""
        if self._found is None:
            created = WorkPoolCreate(
                name=self._spec.name,
                type=self._spec.type,
                description=self._spec.description,
                base_job_template=self._spec.template,
            )
            self._client.create_work_pool(created)
        else:
            update = WorkPoolUpdate(description=self._spec.description, base_job_template=self._spec.template)
            self._client.update_work_pool(self._spec.name, update)


def _template_difference(wanted: JobTemplate, found: JobTemplate) -> str | None:
    if wanted == found:
        return None
    wanted_defaults, found_defaults = _defaults(wanted), _defaults(found)
    return differing(wanted_defaults, found_defaults) or "its base job template differs"


def _defaults(template: JobTemplate) -> dict[str, object]:
    variables = template.get("variables", {}).get("properties", {})
    return {f"default of {name}": variable.get("default") for name, variable in variables.items()}
