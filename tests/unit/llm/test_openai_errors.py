"""What OpenAI and servers of its protocol say when they refuse, as errors that say what to do (S4-7)."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from techne.llm.providers.openai_errors import read_refusal, seconds_of, stream_refusal, typed_error

URL = "https://user:secret@api.openai.com/v1?api-version=1"
KEY = "local-key-1234"


def error_of(status: int, body: Any, **headers: str) -> LLMError:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    refusal = read_refusal(status, raw, headers=names, key=KEY)
    return typed_error(refusal, "gpt-4.1-mini", URL, model_setting="OPENAI_MODEL")


def openai_error(message: str, kind: str = "invalid_request_error", code: Any = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


QUOTA = openai_error(
    "You exceeded your current quota, please check your plan and billing details.",
    "insufficient_quota",
    "insufficient_quota",
)
TOO_MANY = openai_error("Rate limit reached on tokens per min (TPM).", "tokens", "rate_limit_exceeded")
TOO_LARGE = openai_error(
    "Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 50000. The input or output "
    "tokens must be reduced in order to run successfully.",
    "tokens",
    "rate_limit_exceeded",
)


@pytest.mark.parametrize(
    ("status", "body", "error", "cure"),
    [
        (429, QUOTA, ProviderAccessError, "Add credit"),
        (402, b"Payment Required", ProviderAccessError, "Add credit"),
        (429, TOO_MANY, ThrottledError, "LLM_EXECUTOR_OPENAI_TPM"),
        (429, TOO_LARGE, RequestTooLargeError, "MAX_TOKENS_PER_CHUNK"),
        (400, openai_error("Too long.", code="context_length_exceeded"), RequestTooLargeError, "OPENAI_MAX"),
        (
            400,  # vLLM
            {
                "object": "error",
                "message": "This model's maximum context length is 8192 tokens.",
                "code": 400,
            },
            RequestTooLargeError,
            "MAX_TOKENS_PER_CHUNK",
        ),
        (400, {"error": "greater than the context length"}, RequestTooLargeError, "CHUNK"),  # LM Studio
        (413, b"<html>Request Entity Too Large</html>", RequestTooLargeError, "MAX_TOKENS_PER_CHUNK"),
        (400, openai_error("Bad."), RequestRejectedError, "Bad"),
        (422, {"detail": [{"msg": "Field required", "input": "a secret"}]}, RequestRejectedError, "required"),
        (401, openai_error("No.", code="invalid_api_key"), ProviderAccessError, "OPENAI_API_KEY"),
        (403, openai_error("Country not supported."), ProviderAccessError, "OPENAI_API_KEY"),
        (403, openai_error("No access.", code="model_not_found"), ModelNotFoundError, "OPENAI_MODEL"),
        (404, {"detail": "Not Found"}, ModelNotFoundError, "OPENAI_BASE_URL"),
        (408, b"", ProviderTimeoutError, "OPENAI_TIMEOUT_SECONDS"),
        (409, b"", ProviderUnavailableError, "later"),
        (500, openai_error("Oops.", "server_error"), ProviderUnavailableError, "later"),
        (504, b"<html>Gateway Time-out</html>", ProviderUnavailableError, "later"),
        (529, b"", ProviderUnavailableError, "later"),
        (302, b"", RequestRejectedError, "OPENAI_BASE_URL"),
    ],
)
def test_each_refusal_has_its_type_and_its_cure(
    status: int, body: Any, error: type[LLMError], cure: str
) -> None:
    found = error_of(status, body)
    assert type(found) is error
    assert cure in str(found)
    assert found.message.startswith(f"Failed to invoke OpenAI: {status}")
    assert "secret" not in str(found)


@pytest.mark.parametrize(
    ("headers", "message", "seconds"),
    [
        ({"retry_after_ms": "250", "retry_after": "1"}, "", 0.25),
        ({"Retry_After": "7"}, "try again in 3s", 7.0),
        ({"retry_after": "soon"}, "", None),
        ({"retry_after": "inf", "retry_after_ms": "inf"}, "", None),
        ({}, "Please try again in 1m2.5s. Visit ...", 62.5),
        ({}, "Please try again in 20ms.", 0.02),
        (
            {"x_ratelimit_remaining_tokens": "0", "x_ratelimit_reset_tokens": "6m0s"},
            "",
            360.0,
        ),
        (
            {"x_ratelimit_remaining_requests": "9", "x_ratelimit_reset_requests": "6m0s"},
            "",
            None,
        ),
        ({}, "", None),
    ],
)
def test_the_wait_is_the_server_s_own_word(
    headers: dict[str, str], message: str, seconds: float | None
) -> None:
    for status in (429, 503):
        found = error_of(status, openai_error(message), **headers)
        assert isinstance(found, ThrottledError | ProviderUnavailableError)
        assert found.retry_after_seconds == pytest.approx(seconds)


def test_the_wait_may_be_a_date() -> None:
    found = error_of(429, b"", retry_after=format_datetime(datetime.now(UTC) + timedelta(hours=1)))
    assert isinstance(found, ThrottledError)
    assert found.retry_after_seconds == pytest.approx(3600, abs=60)


@pytest.mark.parametrize(
    "message",
    [
        f"Invalid key {KEY}.",
        "Incorrect API key provided: sk-proj-********************abcd.",
        "Incorrect API key provided: sk-9876543210.",
    ],
)
def test_no_key_is_repeated(message: str) -> None:
    said = str(error_of(401, openai_error(message)))
    assert not any(secret in said for secret in (KEY, "abcd", "9876"))
    assert "***" in said


@pytest.mark.parametrize(
    ("event", "status"),
    [
        (openai_error("Oops.", "server_error"), 500),
        (openai_error("Slow down.", "tokens", "rate_limit_exceeded"), 429),
        (openai_error("Long.", code="context_length_exceeded"), 400),
        ({"error": {"message": "Bad.", "type": "BadRequestError", "code": 400}}, 400),
        ({"error": {"message": "Odd.", "code": 3}}, 500),
        ({"error": {"message": "Odd.", "code": "²"}}, 500),
        ({"error": "it died"}, 500),
    ],
)
def test_an_error_amid_a_stream_has_the_status_it_would_have_had(event: dict[str, Any], status: int) -> None:
    assert stream_refusal(event).status == status


@given(body=st.binary(max_size=200), status=st.integers(300, 599))
def test_any_body_makes_a_typed_error_of_bounded_length(body: bytes, status: int) -> None:
    found = error_of(status, body)
    assert isinstance(found, LLMError)
    assert len(str(found)) < 1500


@given(
    wait=st.text("0123456789.²٣smh-", max_size=8) | st.floats().map(str),
    header=st.sampled_from(["retry_after", "retry_after_ms", "x_ratelimit_reset_tokens"]),
)
def test_any_wait_is_understood_or_left_out(wait: str, header: str) -> None:
    body = openai_error(f"Please try again in {wait}.")
    found = error_of(429, body, **{header: wait, "x_ratelimit_remaining_tokens": "0"})
    assert isinstance(found, ThrottledError)
    assert found.retry_after_seconds is None or 0 <= found.retry_after_seconds < math.inf


@given(
    body=st.recursive(
        st.none() | st.text(max_size=5) | st.integers(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["error", "message", "code", "type", "detail"]), inner, max_size=3
            )
        ),
        max_leaves=8,
    )
)
def test_any_json_makes_a_typed_error(body: Any) -> None:
    assert isinstance(error_of(400, body), LLMError)
    assert stream_refusal({"error": body}).status >= 400


@pytest.mark.parametrize(
    ("text", "seconds"), [("6m0s", 360), ("1.5s", 1.5), ("250ms", 0.25), ("1h2m3s", 3723), ("12", 12)]
)
def test_durations(text: str, seconds: float) -> None:
    assert seconds_of(text) == pytest.approx(seconds)
    assert seconds_of("later") is None
