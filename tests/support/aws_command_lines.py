"""Commands of the AWS CLI, held against what botocore knows of AWS, and against the templates that they name.

The CLI makes its commands of the same models: `describe-stacks --stack-name` is `DescribeStacks` with
`StackName`. Of the few that it has beside them, what our files use is listed here.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import botocore.session
from botocore import xform_name
from botocore.exceptions import UnknownServiceError
from botocore.model import ServiceModel, StructureShape

from tests.support.cloudformation import Stack

OF_EVERY_COMMAND = {"--query", "--output", "--region", "--profile", "--max-items"}
OF_THE_CLI_ALONE = {
    ("cloudformation", "deploy"): {
        "--stack-name",
        "--template-file",
        "--capabilities",
        "--parameter-overrides",
        "--role-arn",
        "--no-fail-on-empty-changeset",
        "--no-execute-changeset",
    },
    ("s3", "cp"): {"--recursive"},
    ("s3", "ls"): {"--recursive"},
    ("s3", "rb"): {"--force"},
    ("logs", "tail"): {"--since", "--follow"},
    ("ec2", "run-instances"): {"--associate-public-ip-address"},
    ("ec2", "authorize-security-group-ingress"): {"--protocol", "--port", "--cidr"},
}
"""Commands that no operation stands behind, and options that stand for a part of one."""


def aws_problem(service: str, operation: str, words: list[str], root: Path) -> str | None:
    """What is wrong with `aws SERVICE OPERATION WORDS`; None if nothing is."""
    if operation == "wait":
        operation, *words = words
        waiters = botocore.session.get_session().get_waiter_model(service).waiter_names
        return (
            None
            if operation.replace("-", "_") in map(xform_name, waiters)
            else f"nothing waits for {operation}"
        )
    known = OF_EVERY_COMMAND | OF_THE_CLI_ALONE.get((service, operation), set())
    if (service, operation) not in OF_THE_CLI_ALONE or service == "ec2":
        members = _members(service, operation)
        if members is None:
            return f"aws {service} has no {operation}"
        known |= members
    options = [word.split("=")[0] for word in words if word.startswith("--")]
    unknown = [option for option in options if option not in known]
    if unknown:
        return f"aws {service} {operation} has no {unknown[0]}"
    return _parameters_problem(words, root) if operation == "deploy" else None


def _members(service: str, operation: str) -> set[str] | None:
    try:
        model = _model(service)
    except UnknownServiceError:
        return None
    names = {xform_name(name, "-"): name for name in model.operation_names}
    if operation not in names:
        return None
    shape = model.operation_model(names[operation]).input_shape
    assert shape is None or isinstance(shape, StructureShape)
    members = {xform_name(name, "-"): told for name, told in shape.members.items()} if shape else {}
    options = {f"--{name}" for name in members}
    return options | {f"--no-{name}" for name, told in members.items() if told.type_name == "boolean"}


@lru_cache(maxsize=16)
def _model(service: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model("s3" if service == "s3api" else service)


def _parameters_problem(words: list[str], root: Path) -> str | None:
    if "--template-file" not in words:
        return None  # a part of a command, in a sentence
    template = root / words[words.index("--template-file") + 1]
    if not template.is_file():
        return f"no template {template.name}"
    declared = Stack(template).source["Parameters"]
    overrides = words[words.index("--parameter-overrides") + 1 :] if "--parameter-overrides" in words else []
    names = [word.partition("=")[0] for word in overrides if "=" in word and not word.startswith("--")]
    missing = [name for name in names if name not in declared]
    return f"{template.name} has no parameter {missing[0]}" if missing else None
