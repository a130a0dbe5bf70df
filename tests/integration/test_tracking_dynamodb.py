"""Tracking in DynamoDB as moto serves it: the contract, and tables that can't be used."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

import techne.aws
from techne.errors import AccessDeniedError, ConfigurationError, ServiceUnavailableError
from techne.settings import Settings
from techne.tracking import Acquired, RecordTable, open_tracking
from techne.tracking.dynamodb import DynamoDBTable
from tests.integration.conftest import REGION, MotoAWS
from tests.integration.refusing_aws import refusing_aws
from tests.unit.tracking.contract import TrackingContract

if TYPE_CHECKING:
    from types_boto3_dynamodb.literals import KeyTypeType, ScalarAttributeTypeType

TABLE = "ai-techne-academy-tracking-dev"


class TestDynamoDB(TrackingContract):
    @pytest.fixture
    def table(self, aws: MotoAWS) -> RecordTable:
        return DynamoDBTable(aws.create_tracking_table(TABLE), region=REGION)


def test_a_missing_table_is_named_with_the_setting_and_the_region(aws: MotoAWS) -> None:
    store = open_tracking(Settings(tracking_table="no-such-table", aws_region="eu-west-1"))
    requests: list[Callable[[], object]] = [
        store.check,
        lambda: store.get("run-1"),
        lambda: store.acquire("run-1", "f", owner="w", lease_seconds=9),
        store.list,
    ]
    for request in requests:
        with pytest.raises(ConfigurationError, match=r"'no-such-table' in eu-west-1.*TRACKING_TABLE"):
            request()


@pytest.mark.parametrize(
    "schema",
    [
        [("id", "HASH", "S")],
        [("execution_id", "HASH", "N")],
        [("execution_id", "HASH", "S"), ("created_at", "RANGE", "S")],
    ],
    ids=["another key", "a number", "a sort key"],
)
def test_a_table_of_another_key_is_refused(
    aws: MotoAWS, schema: list[tuple[str, KeyTypeType, ScalarAttributeTypeType]]
) -> None:
    aws.dynamodb.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind, _ in schema],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": type_} for name, _, type_ in schema],
        BillingMode="PAY_PER_REQUEST",
    )
    with pytest.raises(ConfigurationError, match="partition key execution_id, a string"):
        open_tracking(Settings(tracking_table=TABLE)).check()


def test_a_table_name_that_cannot_be_is_refused(aws: MotoAWS) -> None:
    with pytest.raises(ConfigurationError, match="TRACKING_TABLE"):
        open_tracking(Settings(tracking_table="no/such table")).check()


def test_checking_leaves_nothing_behind(aws: MotoAWS) -> None:
    store = open_tracking(Settings(tracking_table=aws.create_tracking_table(TABLE)))
    store.check()
    assert aws.dynamodb.scan(TableName=TABLE)["Count"] == 0


@pytest.mark.parametrize(
    ("code", "status", "kind", "words"),
    [
        ("AccessDeniedException", 400, AccessDeniedError, "dynamodb:GetItem"),
        ("ExpiredTokenException", 400, AccessDeniedError, "expired"),
        ("UnrecognizedClientException", 400, AccessDeniedError, "AWS_PROFILE"),
        ("ProvisionedThroughputExceededException", 400, ServiceUnavailableError, "not available"),
        ("InternalServerError", 500, ServiceUnavailableError, "not available"),
    ],
)
def test_every_refusal_is_typed_and_names_the_table(
    aws: MotoAWS,
    monkeypatch: pytest.MonkeyPatch,
    code: str,
    status: int,
    kind: type[Exception],
    words: str,
) -> None:
    monkeypatch.setattr(techne.aws, "TOTAL_ATTEMPTS", 1)
    with refusing_aws(code, status=status) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", url)
        with pytest.raises(kind, match=words) as caught:
            open_tracking(Settings(tracking_table=TABLE)).check()
    assert type(caught.value) is kind
    assert f"{TABLE!r} in us-east-1" in str(caught.value)


def test_attributes_are_legible_to_others(aws: MotoAWS) -> None:
    store = open_tracking(Settings(tracking_table=aws.create_tracking_table(TABLE)))
    outcome = store.acquire("run-1", "f", owner="worker-1", lease_seconds=9)
    assert isinstance(outcome, Acquired)
    store.update(outcome.lease, stage="write", cost_usd=Decimal("0.57"), processed_items=1, total_items=3)
    item = aws.dynamodb.get_item(TableName=TABLE, Key={"execution_id": {"S": "run-1"}})["Item"]
    assert item["status"] == {"S": "in_progress"}
    assert item["stage"] == {"S": "write"}
    assert item["cost_usd"] == {"N": "0.57"}
    assert item["progress_percentage"] == {"N": "33"}
