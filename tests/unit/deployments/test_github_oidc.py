"""deployments/github_oidc.yaml: the workflows' roles, who may take them, and all that they may do."""

from __future__ import annotations

import importlib.util
import re
from functools import lru_cache
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped, unused-ignore]

from tests.support.cloudformation import Stack, statements
from tests.support.command_lines import ROOT
from tests.unit.deployments.infrastructure import infrastructure

TEMPLATE = ROOT / "deployments" / "github_oidc.yaml"
WORKFLOWS = ROOT / ".github" / "workflows"
ROLES = ("ImageRole", "DeployRole", "RunRole")
TOKENS = "token.actions.githubusercontent.com"
WITHOUT_RESOURCES = {"ecr:GetAuthorizationToken", "cloudformation:GetTemplateSummary"}
REPOSITORY = "arn:aws:ecr:us-east-1:123456789012:repository/ai-techne-academy/processor"


@lru_cache(maxsize=8)
def oidc(**parameters: str) -> Stack:
    return Stack(TEMPLATE, **{"Repository": "owner/techne", "InputBucketNames": "in,more", **parameters})


def may(role: str, action: str, resource: str, **parameters: str) -> bool:
    return any(one.allows(action, resource) for one in oidc(**parameters).role_statements(role))


def subject(role: str, **parameters: str) -> str:
    (trust,) = statements(oidc(**parameters).properties(role)["AssumeRolePolicyDocument"])
    assert trust.actions == ("sts:AssumeRoleWithWebIdentity",)
    assert trust.principals == (f"arn:aws:iam::123456789012:oidc-provider/{TOKENS}",)
    assert set(trust.conditions) == {"StringEquals"}  # no pattern that another repository could fit
    equal = trust.conditions["StringEquals"]
    assert equal[f"{TOKENS}:aud"] == "sts.amazonaws.com"
    return str(equal[f"{TOKENS}:sub"])


@pytest.mark.skipif(importlib.util.find_spec("cfnlint") is None, reason="cfn-lint is not installed")
def test_cfn_lint_finds_nothing() -> None:
    from cfnlint.api import lint_file  # type: ignore[import-untyped, unused-ignore]
    from cfnlint.config import ManualArgs  # type: ignore[import-untyped, unused-ignore]

    found = lint_file(TEMPLATE, config=ManualArgs(regions=["us-east-1", "eu-west-1"]))
    assert [f"{match.rule.id} line {match.linenumber}: {match.message}" for match in found] == []


def test_images_are_pushed_from_the_branch_and_environments_are_deployed_to_by_themselves() -> None:
    assert subject("ImageRole") == "repo:owner/techne:ref:refs/heads/main"
    for role in ("DeployRole", "RunRole"):
        assert subject(role) == "repo:owner/techne:environment:dev"
        assert subject(role, Environment="prod") == "repo:owner/techne:environment:prod"


def test_the_workflows_ask_as_who_they_are_trusted() -> None:
    """A job in an environment says so in its token, in place of its branch."""
    for name, job, role in (
        ("image", "image", "ImageRole"),
        ("deploy", "deploy", "DeployRole"),
        ("run", "run", "RunRole"),
    ):
        body = yaml.safe_load((WORKFLOWS / f"{name}.yaml").read_text("utf-8"))["jobs"][job]
        assert ("environment" in body) is (":environment:" in subject(role))


def test_each_role_is_the_variable_that_a_workflow_takes() -> None:
    taken = {
        variable
        for path in WORKFLOWS.iterdir()
        for variable in re.findall(r"role-to-assume: \$\{\{ vars\.(\w+) \}\}", path.read_text("utf-8"))
    }
    outputs = oidc().source["Outputs"]
    assert taken == {re.findall(r"AWS_\w+", output["Description"])[0] for output in outputs.values()}
    assert oidc().outputs["ImageRoleArn"].endswith(oidc().properties("ImageRole")["RoleName"])


@pytest.mark.parametrize("role", ROLES)
def test_every_action_and_resource_is_named(role: str) -> None:
    for statement in oidc().role_statements(role):
        assert statement.effect == "Allow"
        assert all(re.fullmatch(r"[a-z0-9]+:[A-Za-z]+", action) for action in statement.actions)
        if "*" in statement.resources:
            assert set(statement.actions) <= WITHOUT_RESOURCES


@pytest.mark.parametrize("role", ROLES)
def test_no_role_can_become_or_make_another(role: str) -> None:
    services = {a.split(":")[0] for one in oidc().role_statements(role) for a in one.actions}
    assert not services & {"iam", "sts", "ecs", "secretsmanager", "lambda"}


def test_images_go_to_the_one_repository() -> None:
    assert REPOSITORY.split("/", 1)[1] == infrastructure().properties("ProcessorRepository")["RepositoryName"]
    for action in ("PutImage", "UploadLayerPart", "DescribeImageScanFindings"):
        assert may("ImageRole", f"ecr:{action}", REPOSITORY)
        assert not may("ImageRole", f"ecr:{action}", f"{REPOSITORY}-other")
    assert not may("ImageRole", "ecr:BatchDeleteImage", REPOSITORY)


def test_the_image_role_may_all_that_scripts_push_asks_of_ecr() -> None:
    source = (ROOT / "deployments" / "image_repository.py").read_text("utf-8")
    calls = set(re.findall(r"_client\.(\w+)\(", source))
    assert "put_image" in calls
    for call in calls:
        action = "ecr:" + "".join(part.capitalize() for part in call.split("_"))
        assert may("ImageRole", action, REPOSITORY) or may("ImageRole", action, "*"), action


def test_the_one_stack_is_changed_and_never_deleted() -> None:
    stack = "arn:aws:cloudformation:us-east-1:123456789012:stack/techne-dev/0123"
    for action in ("CreateChangeSet", "ExecuteChangeSet", "DescribeStacks"):
        assert may("DeployRole", f"cloudformation:{action}", stack)
        assert not may("DeployRole", f"cloudformation:{action}", stack.replace("dev", "prod"))
    for action in ("DeleteStack", "SetStackPolicy", "UpdateStack", "CreateStack"):
        assert not may("DeployRole", f"cloudformation:{action}", stack)


def test_inputs_are_looked_for_and_never_written() -> None:
    for bucket in ("in", "more"):
        assert may("RunRole", "s3:GetObject", f"arn:aws:s3:::{bucket}/a/b.json")
        assert may("RunRole", "s3:ListBucket", f"arn:aws:s3:::{bucket}")
        assert not may("RunRole", "s3:PutObject", f"arn:aws:s3:::{bucket}/a/b.json")
    assert not may("RunRole", "s3:GetObject", "arn:aws:s3:::another/a")


def test_the_second_environment_uses_what_the_first_has_made() -> None:
    second: dict[str, Any] = oidc(Environment="prod", CreateShared="false").resources
    assert set(second) == {"DeployRole", "RunRole"}
    names = {told["Properties"]["RoleName"] for told in second.values()}
    assert not names & {told["Properties"].get("RoleName") for told in oidc().resources.values()}
