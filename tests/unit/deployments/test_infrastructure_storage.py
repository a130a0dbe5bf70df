"""What the stack keeps things in: registry (S1-41), buckets and tables (S1-22)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.cloudformation import Stack, statements
from tests.unit.deployments.infrastructure import infrastructure

BUCKETS = ("InputBucket", "OutputBucket", "ResultsBucket", "AccessLogBucket")


def lifecycle(bucket: str, **parameters: str) -> dict[str, Any]:
    rules = infrastructure(**parameters).properties(bucket)["LifecycleConfiguration"]["Rules"]
    assert all(rule["Status"] == "Enabled" for rule in rules)
    return {rule["Id"]: rule for rule in rules}


# Registry


def test_images_are_scanned_when_they_are_pushed() -> None:
    repository = infrastructure().properties("ProcessorRepository")
    assert repository["RepositoryName"] == "ai-techne-academy/processor"
    assert repository["ImageScanningConfiguration"] == {"ScanOnPush": True}


def test_five_tagged_images_stay_and_untagged_ones_go_after_a_week() -> None:
    policy = infrastructure().properties("ProcessorRepository")["LifecyclePolicy"]
    untagged, tagged = json.loads(policy["LifecyclePolicyText"])["rules"]
    assert untagged["rulePriority"] < tagged["rulePriority"]
    assert untagged["action"] == tagged["action"] == {"type": "expire"}
    assert untagged["selection"] == {
        "tagStatus": "untagged",
        "countType": "sinceImagePushed",
        "countUnit": "days",
        "countNumber": 7,
    }
    assert tagged["selection"] == {
        "tagStatus": "tagged",
        "tagPatternList": ["*"],
        "countType": "imageCountMoreThan",
        "countNumber": 5,
    }


def test_a_tag_names_one_image_for_good_but_for_latest() -> None:
    repository = infrastructure().properties("ProcessorRepository")
    assert repository["ImageTagMutability"] == "IMMUTABLE_WITH_EXCLUSION"
    (excluded,) = repository["ImageTagMutabilityExclusionFilters"]
    assert excluded["ImageTagMutabilityExclusionFilterValue"] == "latest"


def test_two_environments_of_one_account_share_the_repository_and_no_name_else() -> None:
    second = infrastructure(Environment="prod", CreateRepository="false", EventsQueueName="prefect-ecs-prod")
    assert not second.of_type("AWS::ECR::Repository")
    ours, theirs = named(infrastructure()), named(second)
    assert len(ours) > len(BUCKETS) + 8
    assert not ours & theirs


def named(stack: Stack) -> set[str]:
    """Names that the template gives its resources, none of which an account can have twice."""
    name_keys = {
        f"{kind}Name" for kind in ("Bucket", "Table", "Role", "Queue", "LogGroup", "Cluster", "Topic")
    }
    name_keys |= {"RepositoryName", "ServiceName"}
    return {
        value
        for resource in stack.resources.values()
        for key, value in resource["Properties"].items()
        if key in name_keys and value not in stack.resources
    }


# Buckets


def test_these_are_all_the_buckets() -> None:
    assert set(infrastructure().of_type("AWS::S3::Bucket")) == set(BUCKETS)


@pytest.mark.parametrize("bucket", BUCKETS)
def test_a_bucket_is_encrypted_private_and_owned_by_the_account(bucket: str) -> None:
    properties = infrastructure().properties(bucket)
    (rule,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    access = properties["PublicAccessBlockConfiguration"]
    assert set(access) == {
        "BlockPublicAcls",
        "BlockPublicPolicy",
        "IgnorePublicAcls",
        "RestrictPublicBuckets",
    }
    assert all(value is True for value in access.values())
    assert properties["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}


@pytest.mark.parametrize("bucket", BUCKETS)
def test_a_bucket_is_spoken_to_over_current_tls_alone(bucket: str) -> None:
    policy = infrastructure().properties(f"{bucket}Policy")
    assert policy["Bucket"] == bucket
    denials = {s.sid: s for s in statements(policy["PolicyDocument"]) if s.effect == "Deny"}
    for denial in denials.values():
        assert denial.principals == ("*",)
        assert denial.actions == ("s3:*",)
        assert set(denial.resources) == {f"{bucket}.Arn", f"{bucket}.Arn/*"}
    assert denials["OnlyOverTls"].conditions == {"Bool": {"aws:SecureTransport": "false"}}
    assert denials["OnlyCurrentTls"].conditions == {"NumericLessThan": {"s3:TlsVersion": "1.2"}}


def test_only_the_log_service_of_this_account_is_let_into_a_bucket_by_its_policy() -> None:
    allowed = [
        (policy["Bucket"], statement)
        for policy in infrastructure().of_type("AWS::S3::BucketPolicy").values()
        for statement in statements(policy["PolicyDocument"])
        if statement.effect == "Allow"
    ]
    ((bucket, statement),) = allowed
    assert bucket == "AccessLogBucket"
    assert statement.principals == ("logging.s3.amazonaws.com",)
    assert statement.actions == ("s3:PutObject",)
    assert statement.conditions == {"StringEquals": {"aws:SourceAccount": "123456789012"}}


@pytest.mark.parametrize("bucket", BUCKETS)
def test_uploads_that_never_ended_are_removed(bucket: str) -> None:
    assert lifecycle(bucket)["incomplete-uploads"]["AbortIncompleteMultipartUpload"] == {
        "DaysAfterInitiation": 2
    }


@pytest.mark.parametrize("bucket", ["InputBucket", "OutputBucket"])
def test_documents_have_versions_and_never_expire(bucket: str) -> None:
    assert infrastructure().properties(bucket)["VersioningConfiguration"] == {"Status": "Enabled"}
    rules = lifecycle(bucket)
    assert rules["replaced-versions"]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    assert not any("ExpirationInDays" in rule for rule in rules.values())


def test_results_expire_when_the_parameter_says() -> None:
    assert lifecycle("ResultsBucket", ResultRetentionDays="14")["old-results"]["ExpirationInDays"] == "14"
    assert "VersioningConfiguration" not in infrastructure().properties("ResultsBucket")


@pytest.mark.parametrize("bucket", ["InputBucket", "OutputBucket", "ResultsBucket"])
def test_access_to_data_is_logged(bucket: str) -> None:
    logging = infrastructure().properties(bucket)["LoggingConfiguration"]
    assert logging["DestinationBucketName"] == "AccessLogBucket"


def test_buckets_are_named_for_environment_and_account() -> None:
    output = infrastructure(Environment="prod").properties("OutputBucket")
    assert output["BucketName"] == "ai-techne-academy-output-prod-123456789012"


def test_a_new_transcript_is_an_event() -> None:
    notifications = infrastructure().properties("InputBucket")["NotificationConfiguration"]
    assert notifications == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}


# Tables


def test_the_tracking_table_is_what_the_tracking_needs() -> None:
    table = infrastructure().properties("TrackingTable")
    assert table["TableName"] == "ai-techne-academy-tracking-dev"
    assert table["KeySchema"] == [{"AttributeName": "execution_id", "KeyType": "HASH"}]
    assert table["AttributeDefinitions"] == [{"AttributeName": "execution_id", "AttributeType": "S"}]
    assert table["BillingMode"] == "PAY_PER_REQUEST"


def test_the_tracking_table_is_encrypted_and_can_be_taken_back_in_time() -> None:
    table = infrastructure().properties("TrackingTable")
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert table["SSESpecification"] == {"SSEEnabled": True}


@pytest.mark.parametrize(("environment", "protected"), [("dev", False), ("prod", True)])
def test_in_production_the_tracking_table_is_not_deleted_by_mistake(
    environment: str, protected: bool
) -> None:
    assert (
        infrastructure(Environment=environment).properties("TrackingTable")["DeletionProtectionEnabled"]
        is protected
    )


def test_a_table_of_answers_is_made_only_where_it_is_asked_for() -> None:
    assert set(infrastructure().of_type("AWS::DynamoDB::Table")) == {"TrackingTable"}
    assert infrastructure().outputs["LlmExecutorCacheUri"] == "s3://ResultsBucket/llm-cache"
    stack = infrastructure(LlmCache="dynamodb")
    table = stack.properties("LlmCacheTable")
    assert table["KeySchema"] == [{"AttributeName": "key", "KeyType": "HASH"}]
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert stack.outputs["LlmExecutorCacheUri"] == f"dynamodb://{table['TableName']}"


@pytest.mark.parametrize(
    "name", ["InputBucket", "OutputBucket", "ResultsBucket", "TrackingTable", "ProcessorLogGroup"]
)
def test_data_outlives_its_stack(name: str) -> None:
    resource = infrastructure().resources[name]
    assert resource["DeletionPolicy"] == "RetainExceptOnCreate"
    assert resource["UpdateReplacePolicy"] == "Retain"
