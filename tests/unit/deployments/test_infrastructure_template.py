"""The template as a document: CloudFormation takes it, and what a scanner may skip has a reason."""

from __future__ import annotations

import importlib.util

import pytest

from tests.unit.deployments.infrastructure import TEMPLATE, infrastructure

LARGEST_BODY_BYTES = 51_200
"""Of a template that is given in a request (quotas of CloudFormation); larger ones need a bucket."""


@pytest.mark.skipif(importlib.util.find_spec("cfnlint") is None, reason="cfn-lint is not installed")
@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_cfn_lint_finds_nothing(region: str) -> None:
    from cfnlint.api import lint_file  # type: ignore[import-untyped, unused-ignore]
    from cfnlint.config import ManualArgs  # type: ignore[import-untyped, unused-ignore]

    found = lint_file(TEMPLATE, config=ManualArgs(regions=[region]))
    assert [f"{match.rule.id} line {match.linenumber}: {match.message}" for match in found] == []


def test_the_template_fits_into_a_request() -> None:
    assert len(TEMPLATE.read_bytes()) < LARGEST_BODY_BYTES


def test_the_template_needs_no_transform() -> None:
    """So it is the same to CloudFormation, to `sam deploy` and to the tests."""
    assert "Transform" not in infrastructure().source
    assert {resource["Type"].split("::")[0] for resource in infrastructure().resources.values()} == {"AWS"}


def test_every_parameter_is_described_and_grouped() -> None:
    source = infrastructure().source
    groups = source["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    grouped = [name for group in groups for name in group["Parameters"]]
    assert sorted(grouped) == sorted(source["Parameters"])
    assert all(parameter["Description"] for parameter in source["Parameters"].values())


def test_only_the_network_the_server_and_its_secret_have_to_be_given() -> None:
    needed = {
        name for name, declared in infrastructure().source["Parameters"].items() if "Default" not in declared
    }
    assert needed == {"VpcId", "SubnetIds", "PrefectApiUrl", "PrefectApiAuthSecretArn"}


def test_what_a_scanner_skips_has_a_reason() -> None:
    skipped = [
        skip
        for resource in infrastructure(LlmCache="dynamodb").resources.values()
        for skip in resource.get("Metadata", {}).get("checkov", {}).get("skip", [])
    ]
    assert skipped
    assert all(len(skip["comment"].split()) > 4 for skip in skipped)
