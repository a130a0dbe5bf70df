""".github/workflows: what GitHub may do, what it is told by whoever starts it, that what it calls is there.

That workflows are taken by GitHub is asked of its schema; that they are safe, here.
"""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml  # type: ignore[import-untyped, unused-ignore]
from pydantic import BaseModel

from deployments.bootstrap_work_pools import ECS_POOL
from deployments.deploy_step import PREFIX, DeployEnvironment
from techne.annotation.request import AnnotationRequest
from techne.documents.inbox_request import InboxRequest
from techne.documents.request import DocgenRequest
from tests.support.command_lines import ROOT, commands, problem

FOLDER = ROOT / ".github" / "workflows"
NAMES = ("ci", "deploy", "image", "run")
REQUESTS: dict[str, type[BaseModel]] = {
    "docgen": DocgenRequest,
    "docgen-inbox": InboxRequest,
    "annotation": AnnotationRequest,
}


@dataclass(frozen=True, slots=True)
class Step:
    """A step, with the names of its workflow and job."""

    workflow: str
    job: str
    body: dict[str, Any]

    @property
    def script(self) -> str:
        return str(self.body.get("run", ""))


def workflow(name: str) -> dict[Any, Any]:
    loaded: dict[Any, Any] = yaml.safe_load((FOLDER / f"{name}.yaml").read_text("utf-8"))
    return loaded


def triggers(name: str) -> dict[str, Any]:
    told: dict[str, Any] = workflow(name)[True]  # `on` is a truth value in YAML 1.1
    return told


def jobs() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for name in NAMES:
        for job, body in workflow(name)["jobs"].items():
            yield name, job, body


def steps(name: str | None = None) -> list[Step]:
    return [
        Step(workflow_, job, step)
        for workflow_, job, body in jobs()
        for step in body.get("steps", ())
        if name in (None, workflow_)
    ]


def step(name: str, title: str) -> Step:
    (found,) = (one for one in steps(name) if one.body.get("name") == title)
    return found


def test_these_are_all() -> None:
    assert sorted(path.name for path in FOLDER.iterdir()) == [f"{name}.yaml" for name in NAMES]


@pytest.mark.skipif(
    importlib.util.find_spec("check_jsonschema") is None, reason="check-jsonschema is not installed"
)
@pytest.mark.parametrize("name", NAMES)
def test_github_takes_it(name: str) -> None:
    vendored = files("check_jsonschema.builtin_schemas.vendor") / "github-workflows.json"
    as_json = {("on" if key is True else key): value for key, value in workflow(name).items()}
    jsonschema.validate(as_json, json.loads(vendored.read_text("utf-8")))


# What GitHub may do


def test_a_job_has_only_the_permissions_that_it_names() -> None:
    for name in NAMES:
        assert workflow(name)["permissions"] == {}
    for name, job, body in jobs():
        granted = body["permissions"]
        assert granted.pop("contents") == "read"
        assert granted in ({}, {"id-token": "write"}), f"{name}/{job} may {granted}"


def test_only_jobs_that_take_a_role_may_ask_for_tokens() -> None:
    for name, job, body in jobs():
        takes_role = any("role-to-assume" in one.get("with", {}) for one in body.get("steps", ()))
        calls_one = body.get("uses") == "./.github/workflows/image.yaml"
        assert ("id-token" in body["permissions"]) is (takes_role or calls_one), f"{name}/{job}"


def test_changes_of_strangers_meet_no_secret_and_no_role() -> None:
    assert [name for name in NAMES if "pull_request_target" in triggers(name)] == []
    assert [name for name in NAMES if "pull_request" in triggers(name)] == ["ci"]
    text = (FOLDER / "ci.yaml").read_text("utf-8")
    assert "secrets." not in text
    assert "id-token" not in text


def test_actions_are_pinned_by_commit_and_say_which_version_that_is() -> None:
    """The commits are those of checkout 5.0.0, setup-python 6.0.0 and configure-aws-credentials 5.0.0."""
    used = set()
    for name in NAMES:
        text = (FOLDER / f"{name}.yaml").read_text("utf-8")
        for action in re.findall(r"uses: (.+)", text):
            if not action.startswith("./"):
                assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), action
                used.add(action)
    assert len(used) == len({action.split("@")[0] for action in used})  # each in one version alone


def test_checkouts_leave_no_credentials_behind() -> None:
    checkouts = [one for one in steps() if one.body.get("uses", "").startswith("actions/checkout@")]
    assert {one.workflow for one in checkouts} == set(NAMES)
    assert all(one.body["with"]["persist-credentials"] is False for one in checkouts)


def test_every_job_ends_some_day() -> None:
    assert all(body["timeout-minutes"] <= 350 for _, _, body in jobs() if "steps" in body)


# What it is told


def test_nothing_is_put_into_a_script() -> None:
    """A script is never made of what somebody typed: it comes by the environment, and is quoted there."""
    for one in steps():
        assert "${{" not in one.script, f"{one.workflow}: {one.script}"


def test_scripts_quote_what_they_were_given() -> None:
    for one in steps():
        unquoted = re.sub(r"'[^']*'|\"[^\"]*\"", "", one.script)
        assert not re.search(r"\$\{?\w", unquoted), one.script
        assert "eval" not in one.script
        assert "$((" not in one.script  # which evaluates what its variables say


def test_a_failure_within_a_pipe_is_a_failure() -> None:
    for name, job, body in jobs():
        if any("|" in one.get("run", "") for one in body.get("steps", ())):
            assert body["defaults"]["run"]["shell"] == "bash", f"{name}/{job}"


def test_choices_are_choices() -> None:
    asked = triggers("run")["workflow_dispatch"]["inputs"]
    assert {name for name, told in asked.items() if told["type"] != "choice"} == {"request"}
    for name in ("deploy", "run"):
        told = triggers(name)["workflow_dispatch"]["inputs"]["environment"]
        assert told["options"] == ["dev", "prod"]
        assert told["default"] == "dev"


def test_an_environments_rules_hold_for_whatever_touches_it() -> None:
    for name, job in (("deploy", "deploy"), ("run", "run")):
        assert "inputs.environment" in workflow(name)["jobs"][job]["environment"]


# That what it calls is there


@pytest.mark.parametrize("name", NAMES)
def test_every_command_is_understood(name: str) -> None:
    lines = [line for one in steps(name) for line in commands(one.script)]
    lines += [line[1:] for line in lines if line[0] == "image=$(" and line[1:]]
    assert lines
    assert [found for line in lines if (found := problem(line))] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_file_is_there_and_scripts_can_be_run(name: str) -> None:
    text = (FOLDER / f"{name}.yaml").read_text("utf-8")
    for path in set(re.findall(r"(?<![\w./])(?:\.ci|scripts|deployments|docs)/[\w./]+\w", text)):
        assert (ROOT / path).is_file(), path
        if path.startswith((".ci", "scripts")):
            assert (ROOT / path).stat().st_mode & 0o100, f"{path} can't be run"


def test_scripts_are_shell() -> None:
    for one in steps():
        if one.script:
            done = subprocess.run(["bash", "-n"], input=one.script, text=True, capture_output=True)
            assert done.returncode == 0, done.stderr


def test_the_make_target_installs_the_commands_that_are_called() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = {
        word for one in steps() for line in commands(one.script) if line[0] == "make" for word in line[1:]
    }
    assert targets == {".venv/.runtime"}
    assert re.search(r"^\$\(VENV\)/\.runtime:", makefile, re.MULTILINE)
    assert "VENV := .venv" in makefile


def test_ci_tests_each_python_that_is_supported() -> None:
    pyproject = (ROOT / "pyproject.toml").read_text("utf-8")
    supported = re.findall(r"Python :: (3\.\d+)", pyproject)
    assert workflow("ci")["jobs"]["test"]["strategy"]["matrix"]["python"] == supported


def test_a_deployment_is_told_all_that_prefect_yaml_asks_for() -> None:
    given = set(workflow("deploy")["jobs"]["deploy"]["env"])
    asked = {f"{PREFIX}{name.upper()}" for name in DeployEnvironment.model_fields}
    left_to_defaults = {"TECHNE_ROOT", "TECHNE_RESULTS_BLOCK"}
    assert asked - left_to_defaults <= given
    assert {"TECHNE_WORK_POOL", "TECHNE_IMAGE", "PREFECT_API_URL"} <= given
    assert workflow("deploy")["jobs"]["deploy"]["env"]["TECHNE_WORK_POOL"] == ECS_POOL


def test_the_stack_comes_before_the_server_and_that_before_the_flows() -> None:
    names = [one.body["name"] for one in steps("deploy") if "name" in one.body]
    order = ["Update the stack", "Make the server ready", "Deploy the flows"]
    assert [name for name in names if name in order] == order


def test_a_dry_run_changes_nothing() -> None:
    calling = [
        one for one in steps("deploy") if re.search("cloudformation|techne-bootstrap|prefect", one.script)
    ]
    by_condition: dict[str, list[str]] = {}
    for one in calling:
        by_condition.setdefault(one.body["if"], []).append(one.script)
    assert set(by_condition) == {"${{ inputs.dry_run }}", "${{ !inputs.dry_run }}"}
    (dry,) = by_condition["${{ inputs.dry_run }}"]
    assert "--no-execute-changeset" in dry
    assert all("--check" in line for line in dry.splitlines() if "techne-bootstrap" in line)
    assert "prefect" not in dry
    assert "!inputs.dry_run" in workflow("deploy")["jobs"]["image"]["if"]


def test_the_image_is_handed_on_by_digest() -> None:
    outputs = triggers("image")["workflow_call"]["outputs"]
    assert outputs["image"]["value"] == "${{ jobs.image.outputs.image }}"
    push = step("image", "Push")
    assert push.body["id"] == "push"
    assert (
        'image="$(scripts/push)"' in push.script
    )  # and a failure there ends the step, as in `echo "$(...)"` it would not
    assert "needs.image.outputs.image" in workflow("deploy")["jobs"]["deploy"]["env"]["TECHNE_IMAGE"]


def test_a_run_can_be_started_of_what_takes_a_request() -> None:
    prefect_yaml = yaml.safe_load((ROOT / "prefect.yaml").read_text("utf-8"))
    deployed = {told["name"]: told["entrypoint"] for told in prefect_yaml["deployments"]}
    choices = triggers("run")["workflow_dispatch"]["inputs"]["deployment"]["options"]
    for choice in choices:
        flow, _, name = choice.partition("/")
        assert deployed[name].endswith(f":{flow.replace('-', '_')}")
    assert {choice.split("/")[1] for choice in choices} == set(REQUESTS)


@pytest.mark.parametrize(
    ("deployment", "request_", "looked_for"),
    [
        (
            "docgen/docgen",
            {"transcription_s3_uri": "s3://in/a b.json"},
            "head-object --bucket=in --key=a b.json",
        ),
        (
            "docgen-inbox/docgen-inbox",
            {"prefix": "s3://in/x"},
            "list-objects-v2 --bucket=in --prefix=x --max-items=1",
        ),
        ("annotation/annotation", {"dataset": "s3://in/d.csv"}, "head-object --bucket=in --key=d.csv"),
        ("docgen/docgen", {"transcription_s3_uri": "s3://in/$(touch pwned)'\"; touch pwned"}, "touch pwned"),
        ("docgen/docgen", {"transcription_s3_uri": "samples/talk.json"}, "::notice::"),
        ("docgen/docgen", {}, "::notice::"),
    ],
)
def test_the_input_is_looked_for_where_the_request_says(
    tmp_path: Path, deployment: str, request_: dict[str, str], looked_for: str
) -> None:
    if not Path("/usr/bin/jq").exists():
        pytest.skip("jq is not installed; GitHub's runners have it")
    done = _run(step("run", "Look for the input").script, tmp_path, deployment, json.dumps(request_))
    assert done.returncode == 0, done.stderr
    assert looked_for in (tmp_path / "said").read_text() + done.stdout
    assert not (tmp_path / "pwned").exists()
    for field in request_:
        assert field in REQUESTS[deployment.split("/")[1]].model_fields


def _run(script: str, folder: Path, deployment: str, request: str) -> subprocess.CompletedProcess[str]:
    (folder / "said").touch()
    called = 'aws() { shift; echo "$@" >> said; }; '
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", called + script],  # as GitHub runs `bash`
        env={"DEPLOYMENT": deployment, "REQUEST": request, "PATH": "/usr/bin:/bin"},
        cwd=folder,
        capture_output=True,
        text=True,
    )


def test_a_request_that_is_no_object_is_refused(tmp_path: Path) -> None:
    if not Path("/usr/bin/jq").exists():
        pytest.skip("jq is not installed; GitHub's runners have it")
    for request in ("[]", '"x"', "not json", ""):
        script = step("run", "Look for the input").script
        assert _run(script, tmp_path, "docgen/docgen", request).returncode == 1
