"""Answers in DynamoDB (S1-53), as moto serves it, and as one that refuses, through the real boto3."""

from __future__ import annotations

import logging
import os
import time
from typing import Any

import pytest

import techne.aws
from techne.errors import AccessDeniedError, ConfigurationError, ServiceUnavailableError
from techne.llm import LLMResponse
from techne.llm.cache import ResponseStore, build_store
from techne.llm.cache.dynamodb import DynamoDBResponseStore
from techne.settings import Settings
from tests.integration.conftest import REGION, MotoAWS
from tests.integration.refusing_aws import refusing_aws
from tests.integration.test_llm_cache_s3 import FOUND, KEY, RESPONSE

TABLE = "llm-answers"
SETTINGS = Settings(llm_executor_cache_uri=f"dynamodb://{TABLE}")


def create_table(aws: MotoAWS, name: str = TABLE, key: str = "key") -> None:
    aws.dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


@pytest.fixture
def store(aws: MotoAWS) -> ResponseStore:
    create_table(aws)
    return build_store(SETTINGS)


@pytest.fixture
def single_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    """One attempt per request: the back-off between several is botocore's, and slow."""
    monkeypatch.setattr(techne.aws, "QUICK_TOTAL_ATTEMPTS", 1)


def item(aws: MotoAWS) -> Any:
    return aws.dynamodb.get_item(TableName=TABLE, Key={"key": {"S": KEY}}).get("Item")


def at(moment: float, ttl_seconds: float | None) -> DynamoDBResponseStore:
    return DynamoDBResponseStore(TABLE, region=REGION, ttl_seconds=ttl_seconds, wall=lambda: moment)


def test_an_answer_comes_back_whole_from_an_item_of_its_own(store: ResponseStore, aws: MotoAWS) -> None:
    assert store.get(KEY) is None
    before = time.time()
    store.put(KEY, RESPONSE)
    assert store.get(KEY) == FOUND
    found = item(aws)
    assert (found["provider"], found["model"]) == ({"S": "scripted"}, {"S": "m"})
    assert before - 1 <= float(found["stored_at"]["N"]) <= time.time()
    assert "Because é." in found["response"]["S"]
    assert "expires_at" not in found


def test_workers_share_the_answers(store: ResponseStore) -> None:
    store.put(KEY, RESPONSE)
    assert build_store(SETTINGS).get(KEY) == FOUND


def test_a_long_answer_is_compressed(store: ResponseStore, aws: MotoAWS) -> None:
    long = RESPONSE.model_copy(update={"text": "Because é. " * 100_000})
    store.put(KEY, long)
    assert store.get(KEY) == FOUND.model_copy(update={"text": long.text})
    assert len(item(aws)["response"]["B"]) < 20_000


def test_an_answer_that_fits_into_no_item_is_not_kept_and_fails_nothing(
    store: ResponseStore, aws: MotoAWS, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "techne.llm"):
        store.put(KEY, RESPONSE.model_copy(update={"text": os.urandom(500_000).hex()}))
    assert item(aws) is None
    assert "too large" in caplog.text
    assert not [record for record in caplog.records if record.levelno > logging.DEBUG]


def test_an_expired_item_that_is_still_there_is_not_given(store: ResponseStore, aws: MotoAWS) -> None:
    at(1000.5, ttl_seconds=3600).put(KEY, RESPONSE)
    assert item(aws)["expires_at"] == {"N": "4601"}
    assert at(4600, ttl_seconds=3600).get(KEY) == FOUND
    assert at(4600.5, ttl_seconds=3600).get(KEY) is None
    assert at(4600.9, ttl_seconds=None).get(KEY) == FOUND
    assert at(4601, ttl_seconds=None).get(KEY) is None  # as DynamoDB's own time to live has it
    assert at(1200, ttl_seconds=100).get(KEY) is None  # the time to live was shortened since


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"response": {"S": "{"}},
        {"response": {"B": b"not compressed"}},
        {"response": {"N": "1"}},
        {"response": {"S": RESPONSE.model_dump_json()}, "expires_at": {"S": "tomorrow"}},
    ],
)
def test_what_cannot_be_read_is_asked_for_again(
    attributes: dict[str, Any], store: ResponseStore, aws: MotoAWS
) -> None:
    aws.dynamodb.put_item(TableName=TABLE, Item={"key": {"S": KEY}, **attributes})
    assert store.get(KEY) is None
    store.put(KEY, RESPONSE)
    assert store.get(KEY) == FOUND


def test_a_table_that_can_be_used_passes_the_check_and_stays_as_it_is(
    store: ResponseStore, aws: MotoAWS
) -> None:
    store.check()
    assert aws.dynamodb.scan(TableName=TABLE)["Items"] == []


def test_a_table_that_is_not_there_fails_the_check_and_no_call(
    aws: MotoAWS, caplog: pytest.LogCaptureFixture
) -> None:
    store = build_store(SETTINGS)
    with pytest.raises(ConfigurationError, match=f"LLM_EXECUTOR_CACHE_URI: .*no DynamoDB table '{TABLE}'"):
        store.check()
    for _ in range(3):
        store.put(KEY, RESPONSE)
        assert store.get(KEY) is None
    assert caplog.text.count("can't be used") == 1


def test_a_table_with_another_key_fails_the_check(aws: MotoAWS) -> None:
    create_table(aws, key="execution_id")
    with pytest.raises(ConfigurationError, match=r"LLM_EXECUTOR_CACHE_URI: .*partition key `key`"):
        build_store(SETTINGS).check()


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("AccessDeniedException", 400, AccessDeniedError),
        ("UnrecognizedClientException", 400, AccessDeniedError),
        ("ProvisionedThroughputExceededException", 400, ServiceUnavailableError),
        ("InternalServerError", 500, ServiceUnavailableError),
    ],
)
def test_a_table_that_refuses_fails_the_check_and_no_call(
    code: str,
    status: int,
    kind: type[ConfigurationError],
    aws: MotoAWS,
    single_attempt: None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = build_store(SETTINGS)
    with refusing_aws(code, status=status) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        with pytest.raises(kind, match="LLM_EXECUTOR_CACHE_URI"):
            store.check()
        assert store.get(KEY) is None
        store.put(KEY, RESPONSE)
    assert caplog.text.count("can't be used") == 1


def test_no_credentials_fail_the_check_and_no_call(
    aws: MotoAWS, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    store = build_store(SETTINGS)
    with pytest.raises(AccessDeniedError, match=r"LLM_EXECUTOR_CACHE_URI: .*no AWS credentials"):
        store.check()
    found: LLMResponse | None = store.get(KEY)
    assert found is None
    assert caplog.text.count("can't be used") == 1
