"""The job template of the ECS work pool: what a flow run becomes (S1-42), and what a deployment may set."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from prefect.client.schemas.objects import FlowRun
from prefect.server.schemas.actions import WorkPoolCreate
from prefect.settings import PREFECT_API_AUTH_STRING, temporary_settings
from prefect.utilities.schema_tools import validate
from prefect.utilities.schema_tools.validation import ValidationError
from prefect.utilities.templating import apply_values, find_placeholders

from techne.settings import Settings
from tests.unit.deployments.infrastructure import SECRET, infrastructure

TEMPLATE: dict[str, Any] = json.loads(
    (Path(__file__).parents[3] / "deployments" / "work_pool.json").read_text("utf-8")
)
VARIABLES = TEMPLATE["variables"]["properties"]
GIVEN_BY_DEPLOYMENT = {"image"}
"""Variables without a default that no output of the stack has: a deployment names its image."""
DEV = {
    "image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/ai-techne-academy/processor:abc1234",
    "cluster": "ai-techne-academy-dev",
    "task_role_arn": "arn:aws:iam::123456789012:role/ai-techne-academy-ecs-task-dev",
    "execution_role_arn": "arn:aws:iam::123456789012:role/ai-techne-academy-ecs-execution-dev",
    "prefect_api_auth_string_secret_arn": SECRET,
    "subnets": ["subnet-1", "subnet-2"],
    "security_groups": ["sg-1"],
    "output_bucket": "ai-techne-academy-output-dev-123456789012",
    "llm_executor_cache_uri": "s3://ai-techne-academy-results-dev-123456789012/llm-cache",
}
"""What the bootstrap and a deployment give, in an account's dev."""
FARGATE_MEMORY_OF_CPU = {
    256: range(512, 2049, 512),
    512: range(1024, 4097, 1024),
    1024: range(2048, 8193, 1024),
    2048: range(4096, 16385, 1024),
    4096: range(8192, 30721, 1024),
    8192: range(16384, 61441, 4096),
    16384: range(32768, 122881, 8192),
}
"""Pairs that Fargate takes, in units and MiB (Amazon ECS Developer Guide, "Task CPU and memory")."""


def configuration(**variables: Any) -> Any:
    """The job configuration that Prefect makes of the template, its defaults and a deployment's variables."""
    defaults = {name: variable["default"] for name, variable in VARIABLES.items() if "default" in variable}
    return apply_values(TEMPLATE["job_configuration"], {**defaults, **DEV, **variables})


def container(**variables: Any) -> Any:
    (only,) = configuration(**variables)["task_definition"]["containerDefinitions"]
    return only


def environment(**variables: Any) -> dict[str, str]:
    return {item["name"]: item["value"] for item in container(**variables)["environment"]}


# What a flow run becomes


def test_the_task_definition_is_that_of_s1_42() -> None:
    definition = configuration()["task_definition"]
    assert definition["family"] == "ai-techne-processor"
    assert definition["networkMode"] == "awsvpc"
    assert (definition["cpu"], definition["memory"]) == (2048, 8192)
    assert definition["taskRoleArn"].endswith("role/ai-techne-academy-ecs-task-dev")
    assert definition["executionRoleArn"].endswith("role/ai-techne-academy-ecs-execution-dev")
    assert configuration()["task_run_request"]["launchType"] == "FARGATE"


def test_the_container_is_that_of_s1_42() -> None:
    assert container()["name"] == configuration()["container_name"] == "processor"
    assert container()["logConfiguration"] == {
        "logDriver": "awslogs",
        "options": {
            "awslogs-group": "/ecs/ai-techne-academy-processor-dev",
            "awslogs-region": "us-east-1",
            "awslogs-stream-prefix": "ecs",
        },
    }
    variables = environment()
    assert variables["TRACKING_TABLE"] == "ai-techne-academy-tracking-dev"
    assert variables["OUTPUT_BUCKET"] == "ai-techne-academy-output-dev-123456789012"
    assert variables["AWS_REGION"] == "us-east-1"
    assert variables["LOG_LEVEL"] == "INFO"


@pytest.mark.parametrize(("cpu", "memory"), [(2048, 8192), (2048, 16384), (16384, 65536)])
def test_the_sizes_that_are_asked_for_are_fargates(cpu: int, memory: int) -> None:
    """The default, more memory for what ran out of it (S1-47), and the experiment's (S0-14)."""
    assert memory in FARGATE_MEMORY_OF_CPU[cpu]
    validate({"cpu": cpu, "memory": memory}, TEMPLATE["variables"], raise_on_error=True, ignore_required=True)
    definition = configuration(cpu=cpu, memory=memory)["task_definition"]
    assert (definition["cpu"], definition["memory"]) == (cpu, memory)


def test_all_of_fargates_cpus_can_be_chosen() -> None:
    assert VARIABLES["cpu"]["enum"] == list(FARGATE_MEMORY_OF_CPU)
    assert VARIABLES["cpu"]["default"] in FARGATE_MEMORY_OF_CPU
    assert VARIABLES["memory"]["maximum"] == max(FARGATE_MEMORY_OF_CPU[16384])


def test_the_container_can_write_nowhere_but_to_its_scratch() -> None:
    assert container()["readonlyRootFilesystem"] is True
    assert container()["mountPoints"] == [{"sourceVolume": "scratch", "containerPath": "/tmp"}]
    assert container()["linuxParameters"]["capabilities"] == {"drop": ["ALL"]}
    homes = {name: value for name, value in environment().items() if name.endswith("HOME")}
    assert set(homes) == {"HOME", "PREFECT_HOME", "TECHNE_HOME"}
    assert all(value == "/tmp" or value.startswith("/tmp/") for value in homes.values())


def test_a_stopped_flow_run_has_time_to_record_its_state() -> None:
    assert 30 < container()["stopTimeout"] <= 120  # the run's own 30 seconds, and the most that Fargate gives
    assert Settings().stop_grace_seconds < 30


def test_a_stopped_flow_run_is_scheduled_again() -> None:
    """Without it Prefect's supervisor ends at once on SIGTERM, and the container with it."""
    assert environment()["PREFECT_FLOW_RUN_EXECUTE_SIGTERM_BEHAVIOR"] == "reschedule"


def test_the_network_is_named_so_that_the_worker_needs_not_look_it_up() -> None:
    assert configuration(assign_public_ip="ENABLED")["task_run_request"]["networkConfiguration"] == {
        "awsvpcConfiguration": {
            "subnets": ["subnet-1", "subnet-2"],
            "securityGroups": ["sg-1"],
            "assignPublicIp": "ENABLED",
        }
    }
    assert "vpc_id" not in TEMPLATE["job_configuration"]


def test_secrets_come_from_secrets_manager() -> None:
    key = {"name": "OPENAI_API_KEY", "valueFrom": f"{SECRET}2"}
    assert container(secrets=[key])["secrets"] == [key]
    assert configuration()["prefect_api_auth_string_secret_arn"] == SECRET
    assert not [name for name in environment() if re.search("AUTH|KEY|PASSWORD|SECRET|TOKEN", name)]


# What may be set


def test_prefect_takes_the_template() -> None:
    WorkPoolCreate(name="techne-ecs", type="ecs", base_job_template=TEMPLATE)


def test_every_variable_is_used_described_and_has_a_title() -> None:
    used = {placeholder.name for placeholder in find_placeholders(TEMPLATE["job_configuration"])}
    assert used == set(VARIABLES)
    assert all(variable["title"] and variable["description"] for variable in VARIABLES.values())


def test_what_has_no_default_comes_from_the_stack_or_the_deployment() -> None:
    def output(variable: str) -> str:
        return "".join(part.capitalize() for part in variable.split("_"))

    required = set(TEMPLATE["variables"]["required"])
    assert required == set(DEV)
    assert not [name for name in required if "default" in VARIABLES[name]]
    outputs = infrastructure().outputs
    assert {name for name in required if output(name) not in outputs} == GIVEN_BY_DEPLOYMENT


def test_defaults_are_the_names_that_the_stack_gives_in_dev() -> None:
    stack = infrastructure()
    assert VARIABLES["tracking_table"]["default"] == stack.properties("TrackingTable")["TableName"]
    assert VARIABLES["log_group"]["default"] == stack.properties("ProcessorLogGroup")["LogGroupName"]
    assert VARIABLES["assign_public_ip"]["default"] == stack.outputs["AssignPublicIp"]


@pytest.mark.parametrize("family", ["ai-techne-processor", "ai-techne-processor-annotation", "another"])
def test_only_families_that_the_worker_may_run_are_taken(family: str) -> None:
    may_run = any(
        statement.allows("ecs:RunTask", f"arn:aws:ecs:us-east-1:123456789012:task-definition/{family}:1")
        for statement in infrastructure().role_statements("WorkerRole")
    )
    assert bool(re.search(VARIABLES["family"]["pattern"], family)) is may_run


@pytest.mark.parametrize(
    "variables",
    [
        {"cpu": 3000},
        {"memory": "lots"},
        {"launch_type": "FARGATE_SPOT"},
        {"log_level": "LOUD"},
        {"subnets": []},
        {"family": "somebody-elses"},
        {"enviroment": {}},
        {"secrets": [{"name": "OPENAI_API_KEY", "value": "sk-1"}]},
    ],
)
def test_what_ecs_would_refuse_or_ignore_is_refused_at_once(variables: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        validate(variables, TEMPLATE["variables"], raise_on_error=True, ignore_required=True)


@pytest.mark.parametrize(
    "variables", [{"env": {"MAX_TOKENS_PER_CHUNK": "50000"}}, {"env.MAX_TOKENS_PER_CHUNK": "50000"}]
)
def test_a_run_may_change_its_environment(variables: dict[str, Any]) -> None:
    validate({**DEV, **variables}, TEMPLATE["variables"], raise_on_error=True)


@pytest.mark.skipif(importlib.util.find_spec("prefect_aws") is None, reason="prefect-aws is not installed")
@pytest.mark.parametrize("secret", [SECRET, None])
def test_the_workers_own_secret_is_not_handed_on_in_clear(
    monkeypatch: pytest.MonkeyPatch, secret: str | None
) -> None:
    """It would be, among the rest of PREFECT_*, without the secret's ARN: hence the ARN is required."""
    from prefect_aws.workers.ecs_worker import ECSJobConfiguration

    assert set(TEMPLATE["job_configuration"]) <= set(ECSJobConfiguration.model_fields)
    made = ECSJobConfiguration(**configuration(prefect_api_auth_string_secret_arn=secret))
    with temporary_settings({PREFECT_API_AUTH_STRING: "admin:hidden"}):
        made.prepare_for_flow_run(FlowRun(name="run", flow_id=uuid4()))
    assert made.command == "prefect flow-run execute"
    assert ("hidden" in str(made.model_dump())) is (secret is None)
