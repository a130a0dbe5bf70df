"""What an account gives to a server: the outputs of the stack that `infrastructure.yaml` made."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pydantic import JsonValue

from deployments.bootstrap_work_pools import JobTemplate
from techne.aws import aws_errors
from techne.settings import Settings


def read_outputs(stack: str, region: str) -> dict[str, str]:
    """Read a stack's outputs, which needs cloudformation:DescribeStacks.

    Raises:
        ConfigurationError: There is no such stack, or we may not read it.
        ServiceUnavailableError: CloudFormation can't be reached.
    """
    with aws_errors(f"Stack {stack} in {region}", action="cloudformation:DescribeStacks"):
        import boto3

        response = boto3.client("cloudformation", region_name=region).describe_stacks(StackName=stack)
    outputs = response["Stacks"][0].get("Outputs", [])
    return {output["OutputKey"]: output["OutputValue"] for output in outputs}


def variables_of_stack(outputs: Mapping[str, str], template: JobTemplate) -> dict[str, JsonValue]:
    """Defaults of a pool's variables: the output `TaskRoleArn` is that of `task_role_arn`.

    Args:
        outputs: A stack's outputs; those that no variable is named after are for others.
        template: The pool's base job template. Its arrays are separated by commas in outputs.
    """
    variables = template["variables"]["properties"]
    defaults: dict[str, JsonValue] = {}
    for output, value in outputs.items():
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", output).lower()
        if name in variables:
            is_array = variables[name].get("type") == "array"
            defaults[name] = [*value.split(",")] if is_array else value
    return defaults


def settings_of_stack(outputs: Mapping[str, str], settings: Settings) -> Settings:
    """These settings, with the stack's table and bucket where they name none."""
    return settings.model_copy(
        update={
            "tracking_table": settings.tracking_table or outputs.get("TrackingTable"),
            "output_bucket": settings.output_bucket or outputs.get("OutputBucket"),
        }
    )
