"""deployments/infrastructure.yaml applied to an empty account, as moto serves it.

moto drops many properties, and knows neither bucket policies nor alarms: what the template promises is
checked on the template, in tests/unit/deployments. Here is that it can be applied at all, and that techne
works with what it makes. Nor does moto make a resource whose condition comes to hold in an update.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest

from techne.settings import Settings
from techne.storage import open_store, parse_uri
from techne.tracking import Acquired, open_tracking
from tests.integration.conftest import REGION, MotoAWS

TEMPLATE = Path(__file__).parents[2] / "deployments" / "infrastructure.yaml"
STACK = "techne-dev"
ACCOUNT = "123456789012"

pytestmark = pytest.mark.filterwarnings("ignore:Tried to parse:UserWarning")  # moto, of what it doesn't know

Connect = Callable[[str], Any]


@pytest.fixture
def connect(aws: MotoAWS) -> Connect:
    """Makes a client of a service of the account."""
    session: Any = boto3.Session("testing", "testing", region_name=REGION)
    return lambda service: session.client(service, endpoint_url=aws.endpoint_url)


@pytest.fixture
def given(connect: Connect) -> dict[str, str]:
    """What is there before the stack: a network, and the Prefect server's secret."""
    ec2 = connect("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    blocks = ("10.0.1.0/24", "10.0.2.0/24")
    subnets = [ec2.create_subnet(VpcId=vpc, CidrBlock=block)["Subnet"]["SubnetId"] for block in blocks]
    secret = connect("secretsmanager").create_secret(Name="prefect", SecretString="admin:secret")
    return {
        "VpcId": vpc,
        "SubnetIds": ",".join(subnets),
        "PrefectApiUrl": "http://prefect.internal:4200/api",
        "PrefectApiAuthSecretArn": secret["ARN"],
    }


def applied(connect: Connect, parameters: dict[str, str]) -> dict[str, str]:
    """Create the stack, and return its outputs."""
    cloudformation = connect("cloudformation")
    cloudformation.create_stack(
        StackName=STACK,
        TemplateBody=TEMPLATE.read_text("utf-8"),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    (stack,) = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE", stack
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def test_the_outputs_name_what_there_is(connect: Connect, given: dict[str, str]) -> None:
    outputs = applied(connect, given)
    assert outputs["TaskRoleArn"] == f"arn:aws:iam::{ACCOUNT}:role/ai-techne-academy-ecs-task-dev"
    assert outputs["ExecutionRoleArn"] == f"arn:aws:iam::{ACCOUNT}:role/ai-techne-academy-ecs-execution-dev"
    assert outputs["Subnets"] == given["SubnetIds"]
    assert outputs["PrefectApiAuthStringSecretArn"] == given["PrefectApiAuthSecretArn"]
    assert outputs["RepositoryUri"] == f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/ai-techne-academy/processor"
    (cluster,) = connect("ecs").describe_clusters(clusters=[outputs["Cluster"]])["clusters"]
    assert cluster["status"] == "ACTIVE"
    groups = connect("ec2").describe_security_groups(GroupIds=[outputs["SecurityGroups"]])["SecurityGroups"]
    assert groups[0]["IpPermissions"] == []
    found = connect("logs").describe_log_groups(logGroupNamePrefix=outputs["LogGroup"])["logGroups"]
    assert [(group["logGroupName"], group["retentionInDays"]) for group in found] == [
        ("/ecs/ai-techne-academy-processor-dev", 30)
    ]


def test_techne_works_with_the_table_and_the_buckets(connect: Connect, given: dict[str, str]) -> None:
    outputs = applied(connect, given)
    settings = Settings(tracking_table=outputs["TrackingTable"], output_bucket=outputs["OutputBucket"])
    tracking = open_tracking(settings)
    tracking.check()
    assert isinstance(tracking.acquire("run-1", "docgen", owner="worker", lease_seconds=9), Acquired)
    for bucket in ("InputBucket", "OutputBucket", "ResultsBucket"):
        folder = parse_uri(f"s3://{outputs[bucket]}/run-1")
        store = open_store(folder, settings=settings)
        store.write(folder / "document.md", b"# Title")
        assert store.exists(folder / "document.md")


def test_events_of_tasks_have_a_queue_and_dead_letters(connect: Connect, given: dict[str, str]) -> None:
    applied(connect, given)
    sqs = connect("sqs")
    url = sqs.get_queue_url(QueueName="prefect-ecs-tasks-events")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert "prefect-ecs-tasks-events-dlq" in attributes["RedrivePolicy"]
    events = connect("events")
    targets = [
        target["Arn"]
        for rule in events.list_rules()["Rules"]
        for target in events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
    ]
    assert attributes["QueueArn"] in targets


def test_policies_name_buckets_and_profiles_in_full(connect: Connect, given: dict[str, str]) -> None:
    """What joining and splitting makes of the lists of names is a list of ARNs to the account, too."""
    profiles = [
        f"inference-profile/{name}" for name in ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "us.b")
    ]
    lists = {"InputBucketNames": "transcriptions,archive", "BedrockProfiles": ",".join(profiles)}
    applied(connect, {**given, **lists})
    policy = connect("iam").get_role_policy(RoleName="ai-techne-academy-ecs-task-dev", PolicyName="run-flows")
    document = ast.literal_eval(policy["PolicyDocument"])  # moto keeps a dict's text, which is no JSON
    by_sid = {statement["Sid"]: statement for statement in document["Statement"] if statement}
    assert by_sid["ReadFurtherInputs"]["Resource"] == [
        "arn:aws:s3:::transcriptions/*",
        "arn:aws:s3:::archive/*",
    ]
    assert by_sid["ListFurtherInputs"]["Resource"] == ["arn:aws:s3:::transcriptions", "arn:aws:s3:::archive"]
    assert by_sid["UseProfiles"]["Resource"] == [f"arn:aws:bedrock:*:*:{profile}" for profile in profiles]
    table = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/ai-techne-academy-tracking-dev"
    assert by_sid["TrackExecutions"]["Resource"] == table


def test_without_an_image_there_is_a_repository_to_push_to_and_no_worker(
    connect: Connect, given: dict[str, str]
) -> None:
    outputs = applied(connect, given)
    assert connect("ecr").describe_repositories(repositoryNames=["ai-techne-academy/processor"])[
        "repositories"
    ]
    assert connect("ecs").list_services(cluster=outputs["Cluster"])["serviceArns"] == []


def test_with_an_image_there_is_a_worker(connect: Connect, given: dict[str, str]) -> None:
    outputs = applied(connect, {**given, "Image": "processor:abc1234"})
    ecs = connect("ecs")
    (service,) = ecs.describe_services(cluster=outputs["Cluster"], services=["ai-techne-worker-dev"])[
        "services"
    ]
    definition = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
    (container,) = definition["containerDefinitions"]
    assert container["image"] == "processor:abc1234"
    assert container["secrets"] == [
        {"name": "PREFECT_API_AUTH_STRING", "valueFrom": given["PrefectApiAuthSecretArn"]}
    ]
