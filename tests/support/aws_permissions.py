"""The rights that a request to AWS needs (Service Authorization Reference), and whether a role gives them.

moto grants everything. Only operations that techne's worker and flow runs use are known; another one is an
error, so that a new call needs a line here and, most likely, a right in the template.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.support.cloudformation import Statement, statements
from tests.support.passing_aws import Request

REGION = "us-east-1"
ACCOUNT = "123456789012"


@dataclass(frozen=True, slots=True)
class Permission:
    """A right that a request needs.

    Attributes:
        action: As policies name it.
        resource: What it is done to.
        context: Values of the condition keys that come with it.
    """

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)

    def is_given_by(self, policy: tuple[Statement, ...]) -> bool:
        """Whether a statement allows it and its conditions hold; they may compare for equality alone."""
        return any(
            statement.allows(self.action, self.resource)
            and all(
                self.context.get(key) == value
                for operator, tests in statement.conditions.items()
                for key, value in tests.items()
                if _compares_for_equality(operator)
            )
            for statement in policy
        )


def _compares_for_equality(operator: str) -> bool:
    assert operator in {"ArnEquals", "StringEquals"}, f"{operator} is not evaluated here"
    return True


def applied_policy(iam: Any, role_arn: str) -> tuple[Statement, ...]:
    """What a role of the applied stack may do.

    Args:
        iam: A client of moto.
        role_arn: The role.
    """
    role = role_arn.rpartition("/")[2]
    assert not iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    found: list[Statement] = []
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        policy = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        # moto keeps a dict's text, which is no JSON, with an empty place for what a condition leaves out.
        document = policy if isinstance(policy, dict) else ast.literal_eval(policy)
        found += statements({**document, "Statement": [one for one in document["Statement"] if one]})
    return tuple(
        replace(one, resources=tuple(map(_as_cloudformation_has_it, one.resources))) for one in found
    )


def _as_cloudformation_has_it(resource: str) -> str:
    """`!GetAtt Group.Arn` of a log group ends with `:*`, its streams; moto leaves that out."""
    is_log_group = re.fullmatch(r"arn:aws:logs:[^:]*:[^:]*:log-group:[^:]+", resource)
    return f"{resource}:*" if is_log_group else resource


def permissions_of(request: Request) -> list[Permission]:
    """The rights that a request needs."""
    if request.service == "s3":
        return list(_of_s3(request))
    known = _OPERATIONS.get((request.service, request.operation))
    assert known, f"{request.service}:{request.operation or request.path} is not known here"
    return known(request.parameters)


def _arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def _cluster_arn(cluster: str) -> str:
    return cluster if cluster.startswith("arn:") else _arn("ecs", f"cluster/{cluster}")


def _of_definition(parameters: dict[str, Any]) -> list[Permission]:
    passed = {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
    roles = (parameters["taskRoleArn"], parameters["executionRoleArn"])
    return [
        Permission("ecs:RegisterTaskDefinition", "*"),
        *(Permission("iam:PassRole", role, passed) for role in roles),
    ]


def _of_run(parameters: dict[str, Any]) -> list[Permission]:
    cluster = _cluster_arn(parameters["cluster"])
    tasks = cluster.replace(":cluster/", ":task/") + "/*"
    return [
        Permission("ecs:RunTask", parameters["taskDefinition"], {"ecs:cluster": cluster}),
        *(
            [Permission("ecs:TagResource", tasks, {"ecs:CreateAction": "RunTask"})]
            if parameters["tags"]
            else []
        ),
    ]


def _of_tasks(parameters: dict[str, Any]) -> list[Permission]:
    where = {"ecs:cluster": _cluster_arn(parameters["cluster"])}
    return [Permission("ecs:DescribeTasks", task, where) for task in parameters["tasks"]]


def _of_logs(parameters: dict[str, Any]) -> list[Permission]:
    group, stream = parameters["logGroupName"], parameters["logStreamName"]
    return [Permission("logs:GetLogEvents", _arn("logs", f"log-group:{group}:log-stream:{stream}"))]


def _of_queue(action: str) -> Callable[[dict[str, Any]], list[Permission]]:
    def needed(parameters: dict[str, Any]) -> list[Permission]:
        name = parameters.get("QueueName") or parameters["QueueUrl"].rpartition("/")[2]
        return [Permission(f"sqs:{action}", _arn("sqs", name))]

    return needed


def _of_table(action: str) -> Callable[[dict[str, Any]], list[Permission]]:
    return lambda parameters: [
        Permission(f"dynamodb:{action}", _arn("dynamodb", f"table/{parameters['TableName']}"))
    ]


_OPERATIONS: dict[tuple[str, str], Callable[[dict[str, Any]], list[Permission]]] = {
    ("ecs", "RegisterTaskDefinition"): _of_definition,
    ("ecs", "DescribeTaskDefinition"): lambda _: [Permission("ecs:DescribeTaskDefinition", "*")],
    ("ecs", "RunTask"): _of_run,
    ("ecs", "DescribeTasks"): _of_tasks,
    ("logs", "GetLogEvents"): _of_logs,
    **{
        ("sqs", action): _of_queue(action)
        for action in ("GetQueueUrl", "ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility")
    },
    **{
        ("dynamodb", action): _of_table(action)
        for action in ("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan", "DescribeTable")
    },
}


def _of_s3(request: Request) -> Iterator[Permission]:
    """Of S3 in path style; of its subresources those of uploads in parts alone."""
    place = urlsplit(request.path)
    bucket, _, key = unquote(place.path).lstrip("/").partition("/")
    query = parse_qs(place.query, keep_blank_values=True)
    arn = f"arn:aws:s3:::{bucket}"
    if not key:
        assert request.method in {"GET", "HEAD"}, request.path
        assert query.keys().isdisjoint({"location", "versioning", "uploads"}), request.path
        yield Permission("s3:ListBucket", arn)
        return
    if source := request.headers.get("x-amz-copy-source"):
        yield Permission("s3:GetObject", f"arn:aws:s3:::{unquote(source).lstrip('/')}")
    match request.method:
        case "GET" | "HEAD":
            action = "s3:GetObjectVersion" if "versionId" in query else "s3:GetObject"
        case "DELETE":
            action = "s3:AbortMultipartUpload" if "uploadId" in query else "s3:DeleteObject"
        case _:
            action = "s3:PutObject"
    yield Permission(action, f"{arn}/{key}")
