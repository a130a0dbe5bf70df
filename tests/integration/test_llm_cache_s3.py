"""Answers in S3 (S1-53), as moto serves it, and as one that refuses, through the real boto3."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

import techne.aws
from techne.errors import AccessDeniedError, ConfigurationError, ServiceUnavailableError
from techne.llm import LLMResponse, Usage
from techne.llm.cache import ResponseStore, build_store
from techne.llm.cache.s3 import S3ResponseStore
from techne.llm.model import PassedOver
from techne.settings import Settings
from tests.integration.conftest import REGION, MotoAWS
from tests.integration.refusing_aws import refusing_aws

KEY = "ab" + 62 * "0"
RESPONSE = LLMResponse(
    text="Because é.",
    parsed={"because": [1, None]},
    provider="scripted",
    model="m",
    finish_reason="length",
    usage=Usage(input_tokens=3, output_tokens=2),
    cost_usd=Decimal("0.0001914"),
    latency_seconds=1.5,
    attempts=2,
    passed_over=(PassedOver(provider="first", model="m", reason="timeout"),),
)
FOUND = RESPONSE.model_copy(update={"cached": True, "passed_over": ()})


@pytest.fixture
def store(aws: MotoAWS) -> ResponseStore:
    aws.create_bucket("answers")
    return build_store(Settings(llm_executor_cache_uri="s3://answers/llm/v1"))


@pytest.fixture
def single_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    """One attempt per request: the back-off between several is botocore's, and slow."""
    monkeypatch.setattr(techne.aws, "QUICK_TOTAL_ATTEMPTS", 1)


def test_an_answer_comes_back_whole_from_an_object_of_its_own(store: ResponseStore, aws: MotoAWS) -> None:
    assert store.get(KEY) is None
    store.put(KEY, RESPONSE)
    assert store.get(KEY) == FOUND
    stored = aws.s3.get_object(Bucket="answers", Key=f"llm/v1/ab/{KEY}.json")
    assert stored["ContentType"] == "application/json"
    assert json.loads(stored["Body"].read())["text"] == "Because é."


def test_workers_share_the_answers(store: ResponseStore) -> None:
    store.put(KEY, RESPONSE)
    assert build_store(Settings(llm_executor_cache_uri="s3://answers/llm/v1/")).get(KEY) == FOUND


def test_as_many_threads_as_it_says_use_it_at_once(store: ResponseStore) -> None:
    keys = [f"{number:064}" for number in range(3 * store.threads)]
    with ThreadPoolExecutor(store.threads) as threads:
        list(threads.map(lambda key: store.put(key, RESPONSE.model_copy(update={"text": key})), keys))
        found = list(threads.map(store.get, keys))
    assert [answer and answer.text for answer in found] == keys


def test_a_whole_bucket_can_be_the_cache(store: ResponseStore, aws: MotoAWS) -> None:
    build_store(Settings(llm_executor_cache_uri="s3://answers")).put(KEY, RESPONSE)
    assert aws.s3.head_object(Bucket="answers", Key=f"ab/{KEY}.json")


@pytest.mark.parametrize("body", [b"", b"{", b'{"text": "of another version"}', b"\xff"])
def test_what_cannot_be_read_is_asked_for_again(body: bytes, store: ResponseStore, aws: MotoAWS) -> None:
    aws.s3.put_object(Bucket="answers", Key=f"llm/v1/ab/{KEY}.json", Body=body)
    assert store.get(KEY) is None
    store.put(KEY, RESPONSE)
    assert store.get(KEY) == FOUND


def test_an_answer_past_its_time_is_not_given(store: ResponseStore) -> None:
    store.put(KEY, RESPONSE)

    def found_after(seconds: float) -> LLMResponse | None:
        later = time.time() + seconds
        return S3ResponseStore("answers", "llm/v1", region=REGION, ttl_seconds=3600, wall=lambda: later).get(
            KEY
        )

    assert found_after(3000) == FOUND
    assert found_after(3601) is None


def test_a_bucket_that_can_be_used_passes_the_check(store: ResponseStore, aws: MotoAWS) -> None:
    store.check()
    store.check()
    assert [entry["Key"] for entry in aws.s3.list_objects_v2(Bucket="answers")["Contents"]] == [
        "llm/v1/techne-check"
    ]


def test_a_bucket_that_is_not_there_fails_the_check_and_no_call(
    aws: MotoAWS, caplog: pytest.LogCaptureFixture
) -> None:
    store = build_store(Settings(llm_executor_cache_uri="s3://no-such-bucket/llm"))
    with pytest.raises(ConfigurationError, match=r"LLM_EXECUTOR_CACHE_URI: .*no bucket 'no-such-bucket'"):
        store.check()
    for _ in range(3):
        store.put(KEY, RESPONSE)
        assert store.get(KEY) is None
    assert caplog.text.count("can't be used") == 1


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("AccessDenied", 403, AccessDeniedError),
        ("ExpiredToken", 400, AccessDeniedError),
        ("InvalidAccessKeyId", 403, AccessDeniedError),
        ("SlowDown", 503, ServiceUnavailableError),
    ],
)
def test_a_bucket_that_refuses_fails_the_check_and_no_call(
    code: str,
    status: int,
    kind: type[ConfigurationError],
    aws: MotoAWS,
    single_attempt: None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = build_store(Settings(llm_executor_cache_uri="s3://answers/llm"))
    with refusing_aws(code, status=status) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        with pytest.raises(kind, match="LLM_EXECUTOR_CACHE_URI"):
            store.check()
        assert store.get(KEY) is None
        store.put(KEY, RESPONSE)
    assert caplog.text.count("can't be used") == 1


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "no address at all"])
def test_an_address_where_nobody_is_fails_the_check_and_no_call(
    address: str,
    aws: MotoAWS,
    single_attempt: None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    store = build_store(Settings(llm_executor_cache_uri="s3://answers/llm"))
    with pytest.raises(ConfigurationError, match="LLM_EXECUTOR_CACHE_URI"):
        store.check()
    store.put(KEY, RESPONSE)
    assert store.get(KEY) is None
    assert caplog.text.count("can't be used") == 1


def test_a_store_that_comes_back_is_used_again(aws: MotoAWS) -> None:
    now = 0.0
    resting = S3ResponseStore("later", "llm", region=REGION, monotonic=lambda: now)
    assert resting.get(KEY) is None
    aws.create_bucket("later")
    resting.put(KEY, RESPONSE)
    assert resting.get(KEY) is None  # still resting
    now += 1
    assert resting.get(KEY) == FOUND
