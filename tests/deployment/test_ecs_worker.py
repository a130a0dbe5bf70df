"""Flow runs as ECS tasks, asked for by the template's worker (S1-42, S1-43, S0-14; resolutions 8, 11).

The worker is prefect-aws as it is installed, started with the command and the environment of the stack's task
definition; moto is ECS, SQS, EventBridge and CloudWatch Logs. moto runs no container: the process that one
would run is run here, with the environment that ECS would give it. Proxies before moto keep what was asked,
so that the requests themselves are judged, and the rights that they need.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect.client.schemas.actions import WorkPoolUpdate
from prefect.client.schemas.filters import LogFilter, LogFilterFlowRunId
from prefect.client.schemas.objects import FlowRun

from deployments.bootstrap_work_pools import ECS_POOL
from tests.support.aws_permissions import applied_policy, permissions_of
from tests.support.cloudformation import Stack
from tests.support.deployed import (
    COMMAND_SECONDS,
    IMAGE,
    LOGIN,
    ROOT,
    TEMPLATE,
    Deployed,
    needs_postgres,
)
from tests.support.passing_aws import Record, passing_aws

SAMPLE = ROOT / "samples" / "training-data-platform.en-US.json"
PATIENCE_SECONDS = 180.0
"""Of waiting for the worker; nothing is decided by it."""

pytestmark = [pytest.mark.acceptance, needs_postgres, pytest.mark.timeout(600)]


# The worker, and what it does


@dataclass(frozen=True, slots=True)
class Launched:
    """Flow runs that a worker has made ECS tasks of.

    Attributes:
        docgen: The flow run of the document.
        annotation: The flow run of the experiment.
        record: What the worker asked AWS.
    """

    docgen: UUID
    annotation: UUID
    record: Record

    def run_task(self, flow_run: UUID) -> dict[str, Any]:
        """The one request for a flow run's task."""
        asked = [
            one
            for one in self.record.of("RunTask")
            if tags_of(one)["prefect.io/flow-run-id"] == str(flow_run)
        ]
        assert len(asked) == 1
        return asked[0]

    def override(self, flow_run: UUID) -> dict[str, Any]:
        """What the task's container gets beyond its definition."""
        (container,) = self.run_task(flow_run)["overrides"]["containerOverrides"]
        return dict(container)

    def definition(self, family: str) -> dict[str, Any]:
        """The one task definition that was registered for a family."""
        (definition,) = [one for one in self.record.of("RegisterTaskDefinition") if one["family"] == family]
        return dict(definition)


def tags_of(request: dict[str, Any]) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in request["tags"]}


def environment_of(container: dict[str, Any]) -> dict[str, str]:
    return {item["name"]: item["value"] for item in container["environment"]}


@pytest.fixture(scope="module")
def pool(deployed: Deployed) -> Iterator[None]:
    """Everything deployed onto the pool as bootstrap made it, but that moto asks for a container's memory."""
    with deployed.client() as client:
        template = client.read_work_pool(ECS_POOL).base_job_template
        for_moto = deepcopy(template)
        (container,) = for_moto["job_configuration"]["task_definition"]["containerDefinitions"]
        container["memory"] = 512
        client.update_work_pool(ECS_POOL, WorkPoolUpdate(base_job_template=for_moto))
    done = deployed.deploy(ECS_POOL)
    assert done.exit_code == 0, done
    yield
    with deployed.client() as client:
        client.update_work_pool(ECS_POOL, WorkPoolUpdate(base_job_template=template))


@contextmanager
def template_worker(deployed: Deployed, aws_url: str, *more: str) -> Iterator[subprocess.Popen[bytes]]:
    """The worker of the stack's service, as its task definition starts it."""
    (container,) = Stack(TEMPLATE, Image=IMAGE).properties("WorkerTaskDefinition")["ContainerDefinitions"]
    program, *arguments = container["Command"]
    assert program == "prefect"
    home = deployed.folder / "ecs-worker"
    environment = {
        **process_environment(deployed, aws_url, home),
        **{item["Name"]: item["Value"] for item in container["Environment"]},
        "PREFECT_API_URL": deployed.server.api_url,
        "HOME": str(home),
        "PREFECT_HOME": str(home / "prefect"),
        "PREFECT_WORKER_QUERY_SECONDS": "1",
        "PREFECT_WORKER_WEBSERVER_PORT": "0",
        **{item["Name"]: LOGIN for item in container["Secrets"]},
    }
    with (deployed.folder / "ecs-worker.log").open("ab") as log:
        worker = subprocess.Popen(
            [sys.executable, "-m", "prefect", *arguments, *more],
            env=environment,
            cwd=home,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield worker
    finally:
        worker.kill()
        worker.wait()


def process_environment(deployed: Deployed, aws_url: str, home: Path) -> dict[str, str]:
    """What a container's process has beyond any definition: its role's credentials, and where AWS is."""
    home.mkdir(exist_ok=True)
    given = deployed.environment
    kept = ("PATH", "LANG", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_EC2_METADATA_DISABLED")
    return {name: given[name] for name in kept if name in given} | {
        "AWS_ENDPOINT_URL": aws_url,
        "PYTHONPATH": str(ROOT),
    }


@pytest.fixture(scope="module")
def launched(deployed: Deployed, pool: None) -> Iterator[Launched]:
    """A run of docgen, started as CI does, and one of annotation; the worker looks once and ends."""
    bucket = deployed.outputs["InputBucket"]
    deployed.aws("s3").upload_file(str(SAMPLE), bucket, "ecs/lesson.json")
    transcript = f"s3://{bucket}/ecs/lesson.json"
    docgen = deployed.start_run(
        "docgen/docgen",
        request={"execution_id": "ecs-1", "transcription_s3_uri": transcript, "engine": "extractive"},
    )
    dataset = {"dataset": f"s3://{bucket}/ecs/texts.csv", "labels": f"s3://{bucket}/ecs/labels.json"}
    annotation = deployed_run(deployed, "annotation/annotation", dataset).id
    record = Record()
    with passing_aws(deployed.aws_url, record.add) as aws_url:
        with template_worker(deployed, aws_url, "--run-once") as worker:
            exit_code = worker.wait(COMMAND_SECONDS)
        assert exit_code == 0, deployed.log("ecs-worker.log")
        assert len(record.of("RunTask")) == 2, deployed.log("ecs-worker.log")
        yield Launched(docgen, annotation, record)


def deployed_run(deployed: Deployed, name: str, request: dict[str, Any]) -> FlowRun:
    """A new run of a deployment."""
    with deployed.client() as client:
        found = client.read_deployment_by_name(name)
        return client.create_flow_run_from_deployment(found.id, parameters={"request": request})


# What it asks for


def test_the_task_definition_is_that_of_s1_42(deployed: Deployed, launched: Launched) -> None:
    definition = launched.definition("ai-techne-processor")
    assert definition["taskRoleArn"].endswith(":role/ai-techne-academy-ecs-task-dev")
    assert definition["executionRoleArn"].endswith(":role/ai-techne-academy-ecs-execution-dev")
    assert definition["networkMode"] == "awsvpc"
    assert definition["requiresCompatibilities"] == ["FARGATE"]
    assert (definition["cpu"], definition["memory"]) == ("2048", "8192")
    (container,) = definition["containerDefinitions"]
    assert container["name"] == "processor"
    assert container["image"] == IMAGE
    assert "@sha256:" in IMAGE
    assert container["logConfiguration"] == {
        "logDriver": "awslogs",
        "options": {
            "awslogs-group": "/ecs/ai-techne-academy-processor-dev",
            "awslogs-region": "us-east-1",
            "awslogs-stream-prefix": "ecs",
        },
    }
    expected = {
        "TRACKING_TABLE": deployed.outputs["TrackingTable"],
        "OUTPUT_BUCKET": deployed.outputs["OutputBucket"],
        "AWS_REGION": "us-east-1",
        "LOG_LEVEL": "INFO",
    }
    assert expected.items() <= environment_of(container).items()


def test_the_container_can_write_to_tmp_alone_and_has_no_capabilities(launched: Launched) -> None:
    definition = launched.definition("ai-techne-processor")
    (container,) = definition["containerDefinitions"]
    assert container["readonlyRootFilesystem"] is True
    assert container["mountPoints"] == [{"sourceVolume": "scratch", "containerPath": "/tmp"}]
    assert definition["volumes"] == [{"name": "scratch"}]
    assert container["linuxParameters"]["capabilities"] == {"drop": ["ALL"]}


def test_the_login_goes_by_its_secrets_arn_and_nowhere_as_text(
    deployed: Deployed, launched: Launched
) -> None:
    (container,) = launched.definition("ai-techne-processor")["containerDefinitions"]
    assert container["secrets"] == [
        {
            "name": "PREFECT_API_AUTH_STRING",
            "valueFrom": deployed.outputs["PrefectApiAuthStringSecretArn"],
        }
    ]
    password = LOGIN.partition(":")[2].encode()
    assert [one.operation for one in launched.record.requests if password in one.body] == []


def test_the_task_runs_on_fargate_in_the_stacks_network_under_the_stacks_definition(
    deployed: Deployed, launched: Launched
) -> None:
    asked = launched.run_task(launched.docgen)
    assert asked["launchType"] == "FARGATE"
    assert asked["cluster"] == deployed.outputs["Cluster"]
    assert asked["taskDefinition"].endswith(":task-definition/ai-techne-processor:1")
    assert asked["networkConfiguration"] == {
        "awsvpcConfiguration": {
            "subnets": deployed.outputs["Subnets"].split(","),
            "securityGroups": [deployed.outputs["SecurityGroups"]],
            "assignPublicIp": "DISABLED",
        }
    }
    assert asked["overrides"].keys() == {"containerOverrides"}


def test_the_container_executes_the_flow_run_with_the_deployments_environment(
    deployed: Deployed, launched: Launched
) -> None:
    override = launched.override(launched.docgen)
    assert override["name"] == "processor"
    assert override["command"] == ["prefect", "flow-run", "execute"]
    expected = {
        "PREFECT__FLOW_RUN_ID": str(launched.docgen),
        "PREFECT_API_URL": deployed.server.api_url,
        "TECHNE_BLOCKS": "techne",
        "PREFECT_DEFAULT_RESULT_STORAGE_BLOCK": "s3-bucket/techne-results",
        "PREFECT_LOGGING_EXTRA_LOGGERS": "techne,flows,tasks",
    }
    assert expected.items() <= environment_of(override).items()


def test_annotation_gets_16_vcpu_and_64_gb_under_a_family_of_its_own(launched: Launched) -> None:
    definition = launched.definition("ai-techne-processor-annotation")
    assert (definition["cpu"], definition["memory"]) == ("16384", "65536")
    asked = launched.run_task(launched.annotation)
    assert asked["taskDefinition"].endswith(":task-definition/ai-techne-processor-annotation:1")


# What runs in the container


def test_the_environment_that_ecs_gives_is_all_that_the_flow_needs(
    deployed: Deployed, launched: Launched
) -> None:
    """The override's command, as a process, with the environment of the definition and of the override."""
    (container,) = launched.definition("ai-techne-processor")["containerDefinitions"]
    override = launched.override(launched.docgen)
    secrets = deployed.aws("secretsmanager")
    scratch = deployed.folder / "ecs-container"
    program, *arguments = override["command"]
    assert program == "prefect"
    record = Record()
    with passing_aws(deployed.aws_url, record.add) as aws_url:
        given = {
            **process_environment(deployed, aws_url, scratch),
            **environment_of(container),
            **environment_of(override),
            **{
                secret["name"]: secrets.get_secret_value(SecretId=secret["valueFrom"])["SecretString"]
                for secret in container["secrets"]
            },
        }
        done = subprocess.run(
            [sys.executable, "-m", "prefect", *arguments],
            # /tmp is the task's scratch volume; the worker's own folder stands for its /tmp/prefect.
            env={
                **given,
                "HOME": str(scratch),
                "PREFECT_HOME": str(scratch / "prefect"),
                "TECHNE_HOME": str(scratch / "techne"),
            },
            cwd=scratch,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
    assert done.returncode == 0, done.stderr[-4000:]
    with deployed.client() as client:
        state = client.read_flow_run(launched.docgen).state
    assert state is not None
    assert state.is_completed(), (state, done.stderr[-4000:])
    found = deployed.aws("s3").list_objects_v2(Bucket=deployed.outputs["OutputBucket"], Prefix="ecs-1/")
    assert {"ecs-1/document.md", "ecs-1/document.docx"} <= {one["Key"] for one in found["Contents"]}
    policy = applied_policy(deployed.aws("iam"), deployed.outputs["TaskRoleArn"])
    needed = {
        (permission.action, permission.resource)
        for request in record.requests
        for permission in permissions_of(request)
        if not permission.is_given_by(policy)
    }
    assert needed == set(), "the template's FlowRunRole lacks these"


# Later: another run, and a task's death


@dataclass(frozen=True, slots=True)
class Died:
    """A flow run whose task was killed, as the worker saw it."""

    flow_run: FlowRun
    log: list[str]
    record: Record


@pytest.fixture(scope="module")
def died(deployed: Deployed, launched: Launched) -> Iterator[Died]:
    """A second run of docgen, by a worker started later; ECS kills its task for want of memory."""
    request = {"execution_id": "ecs-2", "transcription_s3_uri": "s3://none/lesson.json"}
    flow_run = deployed_run(deployed, "docgen/docgen", request)
    record = Record()
    with (
        passing_aws(deployed.aws_url, record.add) as aws_url,
        template_worker(deployed, aws_url),
        deployed.client() as client,
    ):
        record.wait_for("RunTask", 1, PATIENCE_SECONDS)
        _kill_task(deployed, flow_run.id)
        record.wait_for("DeleteMessage", 1, PATIENCE_SECONDS)
        wanted = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[flow_run.id]))

        def log() -> list[str]:
            return [line.message for line in client.read_logs(wanted, limit=200)]

        _until(lambda: "MemoryError" in log())
        yield Died(client.read_flow_run(flow_run.id), log(), record)


def _kill_task(deployed: Deployed, flow_run_id: UUID) -> None:
    """Say what ECS says by EventBridge of a killed container (Amazon ECS, "Task state change events")."""
    cluster = deployed.outputs["Cluster"]
    ecs = deployed.aws("ecs")
    arns = ecs.list_tasks(cluster=cluster)["taskArns"]
    tasks = ecs.describe_tasks(cluster=cluster, tasks=arns, include=["TAGS"])["tasks"]
    (task,) = [one for one in tasks if tags_of(one)["prefect.io/flow-run-id"] == str(flow_run_id)]
    group, stream = deployed.outputs["LogGroup"], f"ecs/processor/{task['taskArn'].rpartition('/')[2]}"
    logs = deployed.aws("logs")
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    last_line = {"timestamp": int(time.time() * 1000), "message": "MemoryError"}
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[last_line])
    detail = {
        "clusterArn": task["clusterArn"],
        "taskArn": task["taskArn"],
        "taskDefinitionArn": task["taskDefinitionArn"],
        "group": "family:ai-techne-processor",
        "launchType": "FARGATE",
        "desiredStatus": "STOPPED",
        "lastStatus": "STOPPED",
        "stopCode": "EssentialContainerExited",
        "stoppedReason": "Essential container in task exited",
        "containers": [
            {
                "name": "processor",
                "lastStatus": "STOPPED",
                "exitCode": 137,
                "reason": "OutOfMemoryError: Container killed due to memory usage",
            }
        ],
    }
    event = {
        "Source": "aws.ecs",
        "DetailType": "ECS Task State Change",
        "Resources": [task["taskArn"]],
        "Detail": json.dumps(detail),
    }
    sent = deployed.aws("events").put_events(Entries=[event])
    assert sent["FailedEntryCount"] == 0, sent


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.2)


def test_a_later_worker_takes_the_registered_definition_and_makes_no_second_revision(
    deployed: Deployed, launched: Launched, died: Died
) -> None:
    assert died.record.of("RegisterTaskDefinition") == []
    (asked,) = died.record.of("RunTask")
    assert asked["taskDefinition"] == launched.run_task(launched.docgen)["taskDefinition"]
    found = deployed.aws("ecs").list_task_definitions(familyPrefix="ai-techne-processor")
    revisions = [arn.rpartition("/")[2] for arn in found["taskDefinitionArns"]]
    assert "ai-techne-processor:1" in revisions
    assert not [one for one in revisions if not one.endswith(":1")]


def test_a_run_whose_task_was_killed_is_crashed_and_its_log_says_why(died: Died) -> None:
    """The event goes by the stack's rule to the stack's queue, and from there to the worker."""
    state = died.flow_run.state
    assert state is not None
    assert state.is_crashed(), state
    assert "processor" in (state.message or "")
    assert any("memory" in line.lower() and "Resolution" in line for line in died.log)
    assert "MemoryError" in died.log


def test_the_workers_role_gives_every_right_that_the_worker_used(
    deployed: Deployed, launched: Launched, died: Died
) -> None:
    role = f"arn:aws:iam::123456789012:role/{Stack(TEMPLATE).properties('WorkerRole')['RoleName']}"
    policy = applied_policy(deployed.aws("iam"), role)
    requests = [*launched.record.requests, *died.record.requests]
    assert {"ecs", "sqs", "logs"} == {request.service for request in requests}
    needed = {
        (permission.action, permission.resource)
        for request in requests
        for permission in permissions_of(request)
        if not permission.is_given_by(policy)
    }
    assert needed == set(), "the template's WorkerRole lacks these"
