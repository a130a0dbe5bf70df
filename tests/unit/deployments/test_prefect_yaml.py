"""prefect.yaml as a file: by Prefect's schema, and in keeping with what it names (S1-42, S0-14, S0-17)."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from prefect.cli.deploy._models import PrefectYamlModel
from prefect.flows import Flow, load_flow_from_entrypoint
from prefect.utilities.callables import parameter_schema

from blocks import BLOCKS
from deployments.bootstrap_documents import NAME as BLOCKS_NAME
from deployments.bootstrap_documents import RESULTS_NAME, RESULTS_TYPE
from deployments.bootstrap_work_pools import read_template
from deployments.deploy_step import DeployEnvironment, describe_environment
from deployments.limits import implied_limits
from techne.annotation.request import AnnotationRequest
from techne.errors import ConfigurationError
from techne.settings import Settings

ROOT = Path(__file__).resolve().parents[3]
PLACEHOLDER = re.compile(r"{{\s*(\S+?)\s*}}")
FARGATE_MEMORY = {
    256: {512, 1024, 2048},
    512: set(range(1024, 4097, 1024)),
    1024: set(range(2048, 8193, 1024)),
    2048: set(range(4096, 16385, 1024)),
    4096: set(range(8192, 30721, 1024)),
    8192: set(range(16384, 61441, 4096)),
    16384: set(range(32768, 122881, 8192)),
}
"""MiB by CPU units, as AWS's "Task definition parameters for Amazon ECS" has them."""


@cache
def prefect_yaml() -> dict[str, Any]:
    document = yaml.safe_load((ROOT / "prefect.yaml").read_text())
    assert isinstance(document, dict)
    return document


def deployments() -> list[dict[str, Any]]:
    return list(prefect_yaml()["deployments"])


def named(name: str) -> dict[str, Any]:
    (deployment,) = [one for one in deployments() if one["name"] == name]
    return deployment


def closed_schema() -> dict[str, Any]:
    """Prefect's schema, in which no object takes a key that it doesn't know.

    Prefect publishes it as schemas/prefect.yaml.schema.json of its repository, which its release makes of
    this model; so this is the schema of the version that is installed. Its objects let unknown keys pass, and
    Prefect ignores them without a word.
    """
    schema = PrefectYamlModel.model_json_schema()
    for closed in (schema, *schema["$defs"].values()):
        closed.setdefault("additionalProperties", False)
    schema["properties"]["definitions"] = {"type": "object"}  # where YAML's anchors stand
    return schema


def problems(document: dict[str, Any]) -> list[str]:
    return [error.json_path for error in Draft202012Validator(closed_schema()).iter_errors(document)]


def values(of: object) -> Iterator[str]:
    """All texts below."""
    if isinstance(of, str):
        yield of
    elif isinstance(of, dict):
        for value in of.values():
            yield from values(value)
    elif isinstance(of, list):
        for value in of:
            yield from values(value)


def flow_of(deployment: dict[str, Any]) -> Flow[..., Any]:
    return load_flow_from_entrypoint(str(ROOT / deployment["entrypoint"]))


def steps(kind: str) -> list[tuple[str, dict[str, Any]]]:
    return [next(iter(step.items())) for step in prefect_yaml()[kind]]


def test_it_is_as_prefects_schema_says() -> None:
    assert problems(prefect_yaml()) == []


@pytest.mark.parametrize(
    ("place", "key"),
    [
        ((), "deployment"),
        (("deployments", 0), "concurency_limit"),
        (("deployments", 0, "work_pool"), "image"),
    ],
)
def test_an_unknown_key_is_found(place: tuple[str | int, ...], key: str) -> None:
    document: Any = deepcopy(prefect_yaml())
    there = document
    for step in place:
        there = there[step]
    there[key] = "anything"
    assert problems(document) != []


def test_the_deployments_are_those_that_are_documented() -> None:
    assert [one["name"] for one in deployments()] == [
        "docgen",
        "docgen-inbox",
        "annotation",
        "annotation-shards",
        "annotation-review",
        "maintenance",
    ]
    default = AnnotationRequest.model_fields["fan_out_deployment"].default
    assert default == "annotation-shards/annotation-shards"


@pytest.mark.parametrize("deployment", deployments(), ids=lambda one: one["name"])
class TestDeployment:
    def test_its_flow_is_there_and_bears_its_name(self, deployment: dict[str, Any]) -> None:
        assert flow_of(deployment).name == deployment["name"]

    def test_its_job_variables_are_those_of_the_ecs_pool(self, deployment: dict[str, Any]) -> None:
        schema = {**read_template()["variables"], "required": []}
        job_variables = deployment["work_pool"]["job_variables"]
        assert [error.message for error in Draft202012Validator(schema).iter_errors(job_variables)] == []

    def test_fargate_has_tasks_of_its_size(self, deployment: dict[str, Any]) -> None:
        job_variables = deployment["work_pool"]["job_variables"]
        assert job_variables["memory"] in FARGATE_MEMORY[job_variables["cpu"]]

    def test_it_says_what_happens_when_runs_are_many(self, deployment: dict[str, Any]) -> None:
        limit = deployment["concurrency_limit"]
        assert limit["limit"] >= 1
        assert limit["collision_strategy"] in ("ENQUEUE", "CANCEL_NEW")

    def test_no_tag_of_it_is_one_that_limits_tasks(self, deployment: dict[str, Any]) -> None:
        # Tasks inherit their run's tags, so each of them would wait for a slot, whatever it does.
        limited = {spec.name for spec in implied_limits(Settings())}
        assert not limited & {f"tag:{tag}" for tag in deployment["tags"]}
        assert "techne" in deployment["tags"]

    def test_its_form_explains_every_field(self, deployment: dict[str, Any]) -> None:
        schema = parameter_schema(flow_of(deployment)).model_dump()
        assert deployment["enforce_parameter_schema"] is True
        assert all(one.get("description") for one in schema["properties"].values())
        if deployment["name"] == "annotation-shards":  # nobody fills it in
            return
        for model in schema["definitions"].values():
            for name, one in model.get("properties", {}).items():
                assert one.get("title"), name
                assert one.get("description"), name

    def test_its_parameters_are_what_the_flow_takes(self, deployment: dict[str, Any]) -> None:
        flow = flow_of(deployment)
        if deployment.get("parameters"):
            flow.validate_parameters(deployment["parameters"])
        elif deployment.get("schedules"):
            flow.validate_parameters({})


def test_each_deployment_has_a_family_of_its_own() -> None:
    families = {one["work_pool"]["job_variables"]["family"] for one in deployments()}
    assert len(families) == len(deployments())


def test_docgen_and_annotation_have_the_sizes_that_were_asked_for() -> None:
    docgen, annotation = (named(name)["work_pool"]["job_variables"] for name in ("docgen", "annotation"))
    assert (docgen["family"], docgen["cpu"], docgen["memory"]) == ("ai-techne-processor", 2048, 8192)
    assert (annotation["cpu"], annotation["memory"]) == (16384, 65536)


def test_an_inbox_is_looked_through_by_one_run_at_a_time() -> None:
    assert named("docgen-inbox")["concurrency_limit"] == {"limit": 1, "collision_strategy": "ENQUEUE"}


def test_runs_read_the_blocks_that_bootstrap_saves() -> None:
    for deployment in deployments():
        env = deployment["work_pool"]["job_variables"]["env"]
        assert env["TECHNE_BLOCKS"] == BLOCKS_NAME
        assert all(value is None or isinstance(value, str) for value in env.values())
    assert len(BLOCKS) == len({block.get_block_type_slug() for block in BLOCKS})
    assert DeployEnvironment().results_block == f"{RESULTS_TYPE}/{RESULTS_NAME}"


@pytest.mark.parametrize("kind", ["build", "push", "pull"])
def test_steps_are_functions_that_take_what_they_are_given(kind: str) -> None:
    for name, given in steps(kind):
        module, _, function = name.rpartition(".")
        step = getattr(import_module(module), function)
        inspect.signature(step).bind(**{key: value for key, value in given.items() if key != "id"})


def test_placeholders_name_outputs_of_steps_the_work_pool_or_the_template() -> None:
    told = {f"environment.{output}" for output in describe_environment()}
    told |= {
        f"{given['id']}.stdout" for kind in ("build", "push") for _, given in steps(kind) if "id" in given
    }
    document = json.loads(json.dumps(prefect_yaml()))
    used = {match for text in values(document) for match in PLACEHOLDER.findall(text)}
    assert used <= told | {"$TECHNE_WORK_POOL", "$DOCX_TEMPLATE"}
    assert {"push-image.stdout", "$TECHNE_WORK_POOL"} <= used
    # A list's item that is nothing but a placeholder is lost before the steps run.
    assert not [tag for one in deployments() for tag in one["tags"] if PLACEHOLDER.fullmatch(tag)]


class TestEnvironment:
    def test_dev_needs_no_variable(self) -> None:
        told = DeployEnvironment.of({})
        assert (told.environment, told.root, told.inbox) == ("dev", "/opt/techne", "inbox")

    def test_schedules_are_active_in_prod_alone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert describe_environment()["schedules_active"] is False
        monkeypatch.setenv("TECHNE_ENVIRONMENT", "prod")
        monkeypatch.setenv("TECHNE_INBOX", "s3://lessons/inbox")
        told = describe_environment()
        assert (told["schedules_active"], told["name"], told["inbox"]) == (True, "prod", "s3://lessons/inbox")

    def test_runs_may_keep_results_beside_them(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TECHNE_RESULTS_BLOCK", "")
        assert describe_environment()["results_block"] is None

    @pytest.mark.parametrize(
        ("variables", "message"),
        [
            ({"TECHNE_ENVIRONMENT": "prod"}, "TECHNE_INBOX must name the folder"),
            ({"TECHNE_ENVIRONMENT": "staging"}, "TECHNE_ENVIRONMENT: Input should be 'dev' or 'prod'"),
            ({"TECHNE_ROOT": ""}, "TECHNE_ROOT: String should have at least 1 character"),
            ({"TECHNE_RESULTS_BLOCK": "results"}, "TECHNE_RESULTS_BLOCK: String should match pattern"),
        ],
    )
    def test_a_wrong_variable_is_named(self, variables: dict[str, str], message: str) -> None:
        with pytest.raises(ConfigurationError, match=re.escape(message)):
            DeployEnvironment.of(variables)
