"""`prefect deploy --all` on a real server: what prefect.yaml says is what the server has (S1-42, S0-14)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.responses import DeploymentResponse
from prefect.settings import PREFECT_API_URL, temporary_settings

from deployments.bootstrap_work_pools import (
    ECS_POOL,
    LOCAL_POOL,
    ecs_pool,
    find_work_pools,
    local_pool,
    read_template,
)
from tests.support.limits_server import Server, running_limits_server

ROOT = Path(__file__).resolve().parents[2]
IMAGE = "registry.example/ai-techne-academy/processor@sha256:" + "0" * 64
VOLATILE = {"updated", "status", "last_polled", "created_by", "updated_by"}
"""Fields that tell of the act of deploying."""
NAMES = ["annotation", "annotation-review", "annotation-shards", "docgen", "docgen-inbox", "maintenance"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with (
        running_limits_server(tmp_path_factory.mktemp("prefect")) as server,
        temporary_settings({PREFECT_API_URL: server.url}),
        get_client(sync_client=True) as client,
    ):
        for finding in find_work_pools(client, [ecs_pool(read_template(), {}), local_pool()]):
            finding.mend()
        yield server


@pytest.fixture
def client(server: Server) -> Iterator[SyncPrefectClient]:
    with (
        temporary_settings({PREFECT_API_URL: server.url}),
        get_client(sync_client=True) as client,
    ):
        yield client


def deploy(server: Server, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run Prefect's own command, as at a desk where nobody answers questions."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("TECHNE_")}
    environment = ours | {"PREFECT_API_URL": server.url, "TECHNE_IMAGE": IMAGE, **variables}
    return subprocess.run(
        [sys.executable, "-m", "prefect", "deploy", *arguments, "--no-prompt"],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def deployed(client: SyncPrefectClient) -> dict[str, DeploymentResponse]:
    return {one.name: one for one in client.read_deployments()}


def told(deployments: dict[str, DeploymentResponse]) -> dict[str, Any]:
    """What stays as it was if nothing was changed; schedules are made anew under their names."""
    fields = {name: one.model_dump(mode="json", exclude=VOLATILE) for name, one in deployments.items()}
    for one in fields.values():
        for schedule in one["schedules"]:
            for name in ("id", "created", "updated"):
                schedule.pop(name)
    return fields


def test_all_deployments_are_made_and_made_again_without_a_change(
    server: Server, client: SyncPrefectClient
) -> None:
    production = {
        "TECHNE_WORK_POOL": ECS_POOL,
        "TECHNE_ENVIRONMENT": "prod",
        "TECHNE_INBOX": "s3://lessons/inbox",
        "DOCX_TEMPLATE": "s3://lessons/company.docx",
    }
    first = deploy(server, "--all", **production)
    assert first.returncode == 0, first.stdout + first.stderr
    found = deployed(client)
    assert sorted(found) == NAMES

    docgen = found["docgen"]
    assert docgen.work_pool_name == ECS_POOL
    assert docgen.entrypoint == "flows/docgen.py:docgen"
    assert docgen.tags == ["techne", "docgen", "environment:prod"]
    assert docgen.enforce_parameter_schema is True
    assert docgen.job_variables == {
        "image": IMAGE,
        "family": "ai-techne-processor",
        "cpu": 2048,
        "memory": 8192,
        "env": {
            "TECHNE_BLOCKS": "techne",
            "TECHNE_ENVIRONMENT": "prod",
            "DOCX_TEMPLATE": "s3://lessons/company.docx",
            "METRICS": "emf",
            "PREFECT_LOGGING_SETTINGS_PATH": "/opt/techne/deployments/logging.yml",
            "PREFECT_LOGGING_EXTRA_LOGGERS": "techne,flows,tasks",
            "PREFECT_DEFAULT_RESULT_STORAGE_BLOCK": "s3-bucket/techne-results",
            "PREFECT_CLIENT_RETRY_EXTRA_CODES": "500",
        },
    }
    assert docgen.pull_steps == [
        {"prefect.deployments.steps.set_working_directory": {"directory": "/opt/techne"}}
    ]
    assert "**Markdown and DOCX document**" in (docgen.description or "")
    form = docgen.parameter_openapi_schema or {}
    assert form["definitions"]["DocgenRequest"]["properties"]["transcription_s3_uri"]["title"] == "Transcript"

    assert found["docgen-inbox"].parameters == {"request": {"prefix": "s3://lessons/inbox"}}
    assert all(schedule.active for name in NAMES for schedule in found[name].schedules)
    assert {name: len(found[name].schedules) for name in NAMES if found[name].schedules} == {
        "docgen-inbox": 1,
        "maintenance": 1,
    }
    for name, limit, strategy in (
        ("docgen-inbox", 1, "ENQUEUE"),
        ("maintenance", 1, "CANCEL_NEW"),
        ("annotation", 2, "ENQUEUE"),
    ):
        one = found[name]
        assert one.global_concurrency_limit is not None
        assert one.global_concurrency_limit.limit == limit
        assert one.concurrency_options is not None
        assert one.concurrency_options.collision_strategy.value == strategy

    second = deploy(server, "--all", **production)
    assert second.returncode == 0, second.stdout + second.stderr
    assert told(deployed(client)) == told(found)


def test_a_pool_of_processes_takes_the_same_deployments(server: Server, client: SyncPrefectClient) -> None:
    done = deploy(
        server,
        "-n",
        "docgen-inbox",
        TECHNE_WORK_POOL=LOCAL_POOL,
        TECHNE_ROOT=str(ROOT),
        TECHNE_RESULTS_BLOCK="",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    inbox = deployed(client)["docgen-inbox"]
    assert inbox.work_pool_name == LOCAL_POOL
    assert inbox.pull_steps == [{"prefect.deployments.steps.set_working_directory": {"directory": str(ROOT)}}]
    assert [schedule.active for schedule in inbox.schedules] == [False]
    assert inbox.job_variables["env"]["PREFECT_DEFAULT_RESULT_STORAGE_BLOCK"] is None
    assert inbox.job_variables["env"]["DOCX_TEMPLATE"] == ""
    run = client.create_flow_run_from_deployment(inbox.id)  # the server checks all job variables here
    assert run.deployment_id == inbox.id


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({}, "{{ $TECHNE_WORK_POOL }}"),
        ({"TECHNE_WORK_POOL": ECS_POOL, "TECHNE_ENVIRONMENT": "prod"}, "TECHNE_INBOX must name the folder"),
    ],
    ids=["no pool", "no inbox in prod"],
)
def test_what_is_missing_is_named(server: Server, variables: dict[str, str], message: str) -> None:
    done = deploy(server, "-n", "docgen", **variables)
    assert done.returncode == 1
    assert message in " ".join((done.stdout + done.stderr).split())
