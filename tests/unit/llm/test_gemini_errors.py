"""Every error of the Gemini API gets the type that says what can be done about it (S4-9)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from techne.errors import (
    LLMError,
    ModelNotFoundError,
    ProviderAccessError,
    ProviderTimeoutError,
    ProviderUnavailableError,
    RequestRejectedError,
    RequestTooLargeError,
    ThrottledError,
)
from techne.llm.providers.gemini_errors import parse_refusal, seconds_to_daily_reset, typed_error
from techne.llm.retry import RetryPolicy

TYPE = "type.googleapis.com/google.rpc."
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def refuse(
    status: int,
    name: str = "",
    message: str = "No.",
    *details: dict[str, Any],
    headers: dict[str, str] | None = None,
    http_status: int | None = None,
) -> LLMError:
    error = {"code": status, "status": name, "message": message, "details": list(details)}
    refusal = parse_refusal(http_status or status, json.dumps({"error": error}).encode())
    return typed_error(refusal, headers or {}, "gemini-2.5-flash", now=NOON)


def retry_info(delay: str) -> dict[str, Any]:
    return {"@type": f"{TYPE}RetryInfo", "retryDelay": delay}


def quota_failure(*quota_ids: str) -> dict[str, Any]:
    return {"@type": f"{TYPE}QuotaFailure", "violations": [{"quotaId": quota_id} for quota_id in quota_ids]}


@pytest.mark.parametrize(
    ("status", "name", "message", "kind", "says"),
    [
        (429, "RESOURCE_EXHAUSTED", "Quota.", ThrottledError, "LLM_EXECUTOR_GEMINI_QPS"),
        (400, "INVALID_ARGUMENT", "API key not valid.", ProviderAccessError, "GEMINI_API_KEY"),
        (401, "UNAUTHENTICATED", "No.", ProviderAccessError, "GEMINI_API_KEY"),
        (403, "PERMISSION_DENIED", "No.", ProviderAccessError, "GEMINI_API_KEY"),
        (400, "FAILED_PRECONDITION", "User location is not supported.", ProviderAccessError, "billing"),
        (404, "NOT_FOUND", "models/x is not found.", ModelNotFoundError, "GEMINI_MODEL"),
        (
            400,
            "INVALID_ARGUMENT",
            "The input token count (2000000) exceeds the maximum number of tokens allowed (1048576).",
            RequestTooLargeError,
            "MAX_TOKENS_PER_CHUNK",
        ),
        (413, "", "Too big.", RequestTooLargeError, "MAX_TOKENS_PER_CHUNK"),
        (500, "INTERNAL", "Oh.", ProviderUnavailableError, "500"),
        (503, "UNAVAILABLE", "Overloaded.", ProviderUnavailableError, "503 UNAVAILABLE"),
        (499, "CANCELLED", "Oh.", ProviderUnavailableError, "499"),
        (504, "DEADLINE_EXCEEDED", "Too slow.", ProviderTimeoutError, "shorter"),
        (302, "", "Over there.", RequestRejectedError, "GEMINI_BASE_URL"),
        (400, "INVALID_ARGUMENT", "Bad topK.", RequestRejectedError, "Bad topK"),
    ],
)
def test_the_type_says_what_can_be_done(
    status: int, name: str, message: str, kind: type[LLMError], says: str
) -> None:
    error = refuse(status, name, message)
    assert type(error) is kind
    assert says in str(error)


def test_the_reason_tells_a_bad_key_from_a_bad_request() -> None:
    error = refuse(400, "INVALID_ARGUMENT", "No.", {"@type": f"{TYPE}ErrorInfo", "reason": "API_KEY_EXPIRED"})
    assert isinstance(error, ProviderAccessError)


@pytest.mark.parametrize(
    ("details", "headers", "seconds"),
    [
        ([retry_info("17s")], {}, 17.0),
        ([retry_info("1.5s")], {}, 1.5),
        ([retry_info("0s")], {}, 0.0),
        ([retry_info("17s")], {"Retry-After": "40"}, 17.0),
        ([retry_info("soon")], {"Retry-After": "40"}, 40.0),
        ([], {"Retry-After": "2.5"}, 2.5),
        ([], {"Retry-After": "Sat, 21 Nov 2026 12:00:30 GMT"}, 30.0),
        ([], {"Retry-After": "Sat, 21 Nov 2026 11:00:00 GMT"}, 0.0),
        ([], {"Retry-After": "whenever"}, None),
        ([], {}, None),
    ],
)
@pytest.mark.parametrize(("status", "name"), [(429, "RESOURCE_EXHAUSTED"), (503, "UNAVAILABLE")])
def test_the_wait_is_the_server_s_own_word(
    status: int,
    name: str,
    details: list[dict[str, Any]],
    headers: dict[str, str],
    seconds: float | None,
) -> None:
    error = refuse(status, name, "Wait.", *details, headers=headers)
    assert isinstance(error, ThrottledError | ProviderUnavailableError)
    assert error.retry_after_seconds == seconds


def test_a_spent_day_is_not_tried_again_within_the_minute_that_the_api_names() -> None:
    spent = quota_failure(
        "GenerateRequestsPerMinutePerProjectPerModel-FreeTier",
        "GenerateRequestsPerDayPerProjectPerModel-FreeTier",
    )
    error = refuse(429, "RESOURCE_EXHAUSTED", "Quota.", retry_info("17s"), spent)
    assert isinstance(error, ThrottledError)
    assert error.retry_after_seconds == 20 * 3600
    assert "midnight Pacific" in str(error)
    policy = RetryPolicy()
    assert error.retry_after_seconds > policy.total_seconds  # so it is given up, or another is asked


def test_a_spent_minute_is_waited_out() -> None:
    spent = quota_failure("GenerateRequestsPerMinutePerProjectPerModel-FreeTier")
    error = refuse(429, "RESOURCE_EXHAUSTED", "Quota.", spent, retry_info("17s"))
    assert isinstance(error, ThrottledError)
    assert error.retry_after_seconds == 17


@pytest.mark.parametrize(("hour", "hours"), [(7, 1), (8, 24), (12, 20), (0, 8)])
def test_daily_quotas_are_renewed_at_midnight_pacific(hour: int, hours: int) -> None:
    assert seconds_to_daily_reset(NOON.replace(hour=hour)) == hours * 3600


def test_an_error_amid_a_stream_counts_by_its_own_code() -> None:
    assert isinstance(refuse(503, "UNAVAILABLE", http_status=200), ProviderUnavailableError)


@pytest.mark.parametrize(
    "body",
    [b"<html>\n<h1>Bad gateway</h1>", b"", b"[]", b'{"error": "no"}', b"null", b'{"error": {"details": 3}}'],
)
def test_a_proxy_s_page_is_no_reason_to_fail_differently(body: bytes) -> None:
    error = typed_error(parse_refusal(502, body), {}, "gemini-2.5-flash")
    assert isinstance(error, ProviderUnavailableError)
    assert "\n" not in str(error)


def test_an_error_in_a_list_is_read_too() -> None:
    body = json.dumps([{"error": {"code": 404, "message": "Gone.", "status": "NOT_FOUND"}}]).encode()
    assert isinstance(typed_error(parse_refusal(404, body), {}, "x"), ModelNotFoundError)
