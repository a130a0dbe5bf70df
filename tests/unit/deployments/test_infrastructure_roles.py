"""What the three roles may do (S1-24 to S1-27, resolutions 8 and 11), and nothing beyond it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.cloudformation import Statement, statements
from tests.unit.deployments.infrastructure import SECRET, infrastructure

ROLES = ("ExecutionRole", "FlowRunRole", "WorkerRole")
WITHOUT_RESOURCES = {"ecr:GetAuthorizationToken", "ecs:DescribeTaskDefinition", "ecs:RegisterTaskDefinition"}
"""Actions of the roles for which IAM has no resource to name."""
TECHNE = Path(__file__).parents[3] / "techne"
PROFILE = (
    "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0"
)
MODEL = "anthropic.claude-sonnet-4-5-20250929-v1:0"


def may(role: str, action: str, resource: str, **parameters: str) -> bool:
    return bool(grants(role, action, resource, **parameters))


def grants(role: str, action: str, resource: str, **parameters: str) -> list[Statement]:
    rights = infrastructure(**parameters).role_statements(role)
    return [statement for statement in rights if statement.allows(action, resource)]


@pytest.mark.parametrize("cache", ["s3", "dynamodb"])
@pytest.mark.parametrize("role", ROLES)
def test_every_action_and_resource_is_named(role: str, cache: str) -> None:
    for statement in infrastructure(LlmCache=cache, InputBucketNames="a,b").role_statements(role):
        assert statement.effect == "Allow"
        for action in statement.actions:
            assert re.fullmatch(r"[a-z0-9]+:[A-Za-z]+", action), f"{role} may {action}"
        if "*" in statement.resources:
            assert set(statement.actions) <= WITHOUT_RESOURCES


def test_the_stack_has_no_policies_but_the_roles_own_and_those_of_resources() -> None:
    stack = infrastructure()
    assert set(stack.of_type("AWS::IAM::Role")) == set(ROLES)
    assert not stack.of_type("AWS::IAM::Policy")
    assert not stack.of_type("AWS::IAM::ManagedPolicy")


@pytest.mark.parametrize(
    ("environment", "role", "name"),
    [
        ("dev", "FlowRunRole", "ai-techne-academy-ecs-task-dev"),
        ("dev", "ExecutionRole", "ai-techne-academy-ecs-execution-dev"),
        ("prod", "FlowRunRole", "ai-techne-academy-ecs-task-prod"),
        ("prod", "WorkerRole", "ai-techne-academy-ecs-worker-prod"),
    ],
)
def test_roles_bear_the_names_of_s1_42(environment: str, role: str, name: str) -> None:
    assert infrastructure(Environment=environment).properties(role)["RoleName"] == name


@pytest.mark.parametrize("role", ROLES)
def test_only_ecs_tasks_of_this_account_take_the_roles(role: str) -> None:
    (trust,) = statements(infrastructure().properties(role)["AssumeRolePolicyDocument"])
    assert trust.principals == ("ecs-tasks.amazonaws.com",)
    assert trust.actions == ("sts:AssumeRole",)
    assert trust.conditions["StringEquals"] == {"aws:SourceAccount": "123456789012"}
    assert trust.conditions["ArnLike"] == {"aws:SourceArn": "arn:aws:ecs:us-east-1:123456789012:*"}


# Flow runs


def test_the_flow_run_may_do_all_that_the_code_asks_of_storage_and_tracking() -> None:
    """Typed errors name the action that a request needs; the role has every one of them."""
    sources = [*(TECHNE / "storage").glob("*.py"), *(TECHNE / "tracking").glob("*.py")]
    sources += (TECHNE / "llm" / "cache").glob("*.py")
    asked = {name for path in sources for name in re.findall(r"\b(?:s3|dynamodb):[A-Z]\w+", path.read_text())}
    assert {"s3:GetObject", "s3:DeleteObject", "dynamodb:PutItem", "dynamodb:Scan"} <= asked
    allowed = {a for statement in infrastructure().role_statements("FlowRunRole") for a in statement.actions}
    assert asked <= allowed


def test_inputs_are_read_and_never_written() -> None:
    further = {"InputBucketNames": "transcriptions,old-transcriptions"}
    for bucket in ("InputBucket.Arn", "arn:aws:s3:::transcriptions", "arn:aws:s3:::old-transcriptions"):
        assert may("FlowRunRole", "s3:GetObject", f"{bucket}/talk/transcription.json", **further)
        assert may("FlowRunRole", "s3:ListBucket", bucket, **further)
        assert not may("FlowRunRole", "s3:PutObject", f"{bucket}/x", **further)
        assert not may("FlowRunRole", "s3:DeleteObject", f"{bucket}/x", **further)
    assert not may("FlowRunRole", "s3:GetObject", "arn:aws:s3:::somebody-elses/x", **further)


def test_without_further_inputs_no_other_bucket_is_named() -> None:
    named = {
        resource
        for statement in infrastructure().role_statements("FlowRunRole")
        if any(action.startswith("s3:") for action in statement.actions)
        for resource in statement.resources
    }
    assert {resource.split(".")[0] for resource in named} == {"InputBucket", "OutputBucket", "ResultsBucket"}


@pytest.mark.parametrize(
    "action", ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]
)
def test_documents_are_published_verified_and_their_attempts_removed(action: str) -> None:
    assert may("FlowRunRole", action, "OutputBucket.Arn/run-1/attempts/1/new/document.md")
    assert may("FlowRunRole", "s3:ListBucket", "OutputBucket.Arn")


def test_results_are_kept_and_left_to_the_lifecycle() -> None:
    for action in ("s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"):
        assert may("FlowRunRole", action, "ResultsBucket.Arn/llm-cache/ab/abc.json")
    assert not may("FlowRunRole", "s3:DeleteObject", "ResultsBucket.Arn/x")


def test_executions_are_tracked_in_the_one_table_and_never_deleted() -> None:
    actions = {a for s in infrastructure().role_statements("FlowRunRole") for a in s.actions}
    asked = {action for action in actions if action.startswith("dynamodb:")}
    assert asked == {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:Scan"}
    assert all(may("FlowRunRole", action, "TrackingTable.Arn") for action in asked)


def test_the_cache_of_answers_has_a_table_only_where_it_is_asked_for() -> None:
    assert not may("FlowRunRole", "dynamodb:PutItem", "LlmCacheTable.Arn")
    for action in ("dynamodb:GetItem", "dynamodb:PutItem"):
        assert may("FlowRunRole", action, "LlmCacheTable.Arn", LlmCache="dynamodb")
    assert not may("FlowRunRole", "dynamodb:Scan", "LlmCacheTable.Arn", LlmCache="dynamodb")


@pytest.mark.parametrize("action", ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"])
def test_bedrock_is_asked_through_the_profile_and_in_whichever_region_it_chooses(action: str) -> None:
    assert may("FlowRunRole", action, PROFILE)
    for region in ("us-east-1", "us-east-2", "us-west-2", ""):  # a global profile's model has no region
        (grant,) = grants("FlowRunRole", action, f"arn:aws:bedrock:{region}::foundation-model/{MODEL}")
        profiles = grant.conditions["ArnLike"]["bedrock:InferenceProfileArn"]
        assert profiles == [
            "arn:aws:bedrock:*:*:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0"
        ]
    assert not may("FlowRunRole", action, "arn:aws:bedrock:us-east-1::foundation-model/meta.llama3-8b")
    assert not may("FlowRunRole", action, PROFILE.replace("sonnet", "opus"))


def test_a_panel_of_models_is_a_list_of_them() -> None:
    panel = {
        "BedrockProfiles": "inference-profile/us.amazon.nova-pro-v1:0,application-inference-profile/abc123",
        "BedrockModelIds": "amazon.nova-pro-v1:0,amazon.nova-lite-v1:0",
    }
    for profile in panel["BedrockProfiles"].split(","):
        arn = f"arn:aws:bedrock:us-east-1:123456789012:{profile}"
        assert may("FlowRunRole", "bedrock:InvokeModel", arn, **panel)
        assert may("FlowRunRole", "bedrock:GetInferenceProfile", arn, **panel)
    for model in panel["BedrockModelIds"].split(","):
        (grant,) = grants(
            "FlowRunRole",
            "bedrock:InvokeModel",
            f"arn:aws:bedrock:us-west-2::foundation-model/{model}",
            **panel,
        )
        assert len(grant.conditions["ArnLike"]["bedrock:InferenceProfileArn"]) == 2


def test_flow_runs_start_no_tasks_and_read_no_secrets() -> None:
    actions = {a for s in infrastructure().role_statements("FlowRunRole") for a in s.actions}
    assert {action.split(":")[0] for action in actions} == {"s3", "dynamodb", "bedrock"}


# Worker


def test_the_worker_passes_the_two_roles_to_ecs_tasks_and_no_others() -> None:
    passing = [
        (role, statement)
        for role in ROLES
        for statement in infrastructure().role_statements(role)
        if any(action.startswith("iam:") for action in statement.actions)
    ]
    ((role, statement),) = passing
    assert role == "WorkerRole"
    assert statement.actions == ("iam:PassRole",)
    assert set(statement.resources) == {"FlowRunRole.Arn", "ExecutionRole.Arn"}
    assert statement.conditions == {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}


@pytest.mark.parametrize("family", ["ai-techne-processor", "ai-techne-processor-annotation"])
def test_the_worker_runs_the_processors_definitions_in_its_own_cluster(family: str) -> None:
    definition = "arn:aws:ecs:us-east-1:123456789012:task-definition/"
    (grant,) = grants("WorkerRole", "ecs:RunTask", f"{definition}{family}:7")
    assert grant.conditions == {"ArnEquals": {"ecs:cluster": "Cluster.Arn"}}
    assert not may("WorkerRole", "ecs:RunTask", f"{definition}somebody-elses:1")


@pytest.mark.parametrize("action", ["ecs:DescribeTasks", "ecs:StopTask"])
def test_the_worker_watches_and_stops_tasks_of_its_cluster(action: str) -> None:
    tasks = "arn:aws:ecs:us-east-1:123456789012:task"
    (grant,) = grants("WorkerRole", action, f"{tasks}/Cluster/0123")
    assert grant.conditions == {"ArnEquals": {"ecs:cluster": "Cluster.Arn"}}
    assert not may("WorkerRole", action, f"{tasks}/another/0123")


def test_the_worker_tags_only_the_tasks_it_starts() -> None:
    (grant,) = grants("WorkerRole", "ecs:TagResource", "arn:aws:ecs:us-east-1:123456789012:task/Cluster/0123")
    assert grant.conditions == {"StringEquals": {"ecs:CreateAction": "RunTask"}}


def test_the_worker_reads_its_queue_and_the_logs_of_flow_runs() -> None:
    for action in ("GetQueueUrl", "ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility"):
        assert may("WorkerRole", f"sqs:{action}", "EventsQueue.Arn")
    assert not may("WorkerRole", "sqs:SendMessage", "EventsQueue.Arn")
    assert may("WorkerRole", "logs:GetLogEvents", "ProcessorLogGroup.Arn")


def test_the_worker_touches_neither_data_nor_models_nor_secrets() -> None:
    actions = {a for s in infrastructure().role_statements("WorkerRole") for a in s.actions}
    assert {action.split(":")[0] for action in actions} == {"ecs", "iam", "sqs", "logs"}


# Execution


def test_ecs_pulls_the_one_repository_and_writes_the_two_log_groups() -> None:
    repository = "arn:aws:ecr:us-east-1:123456789012:repository/"
    for action in ("BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer"):
        assert may("ExecutionRole", f"ecr:{action}", f"{repository}ai-techne-academy/processor")
        assert not may("ExecutionRole", f"ecr:{action}", f"{repository}somebody/elses")
    for group in ("ProcessorLogGroup.Arn", "WorkerLogGroup.Arn"):
        assert may("ExecutionRole", "logs:PutLogEvents", group)
    assert not may("ExecutionRole", "logs:PutLogEvents", "another")


def test_ecs_reads_prefects_secret_and_those_of_providers_that_are_named() -> None:
    key = "arn:aws:secretsmanager:us-east-1:123456789012:secret:openai-AbCdEf"
    assert may("ExecutionRole", "secretsmanager:GetSecretValue", SECRET)
    assert not may("ExecutionRole", "secretsmanager:GetSecretValue", key)
    assert may("ExecutionRole", "secretsmanager:GetSecretValue", key, ProviderSecretArns=f"{key},{key}2")
