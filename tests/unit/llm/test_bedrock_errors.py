"""What the AWS client raises, as errors that say what can be done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from botocore import exceptions as aws

from techne.errors import (
    LLMError,
    MalformedResponseError,
    ModelNotFoundError,
    ProviderAccessError,
    ProviderTimeoutError,
    ProviderUnavailableError,
    RequestRejectedError,
    RequestTooLargeError,
    ThrottledError,
)
from techne.llm.providers.bedrock_errors import retry_after_seconds, typed_error


def refusal(code: str, status: int, message: str = "No.", headers: dict[str, str] | None = None) -> LLMError:
    response = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": headers or {}},
    }
    return typed_error(aws.ClientError(response, "Converse"), "acme.model-v1:0", "us-east-1")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("ThrottlingException", 429, ThrottledError),
        ("throttlingException", 200, ThrottledError),
        ("ServiceQuotaExceededException", 400, ThrottledError),
        ("ModelNotReadyException", 429, ProviderUnavailableError),
        ("ModelTimeoutException", 408, ProviderTimeoutError),
        ("ModelErrorException", 424, ProviderUnavailableError),
        ("InternalServerException", 500, ProviderUnavailableError),
        ("ServiceUnavailableException", 503, ProviderUnavailableError),
        ("SomethingNew", 502, ProviderUnavailableError),
        ("AccessDeniedException", 403, ProviderAccessError),
        ("ExpiredTokenException", 403, ProviderAccessError),
        ("UnrecognizedClientException", 403, ProviderAccessError),
        ("ResourceNotFoundException", 404, ModelNotFoundError),
        ("ValidationException", 400, RequestRejectedError),
    ],
)
def test_each_code_has_its_kind(code: str, status: int, kind: type[LLMError]) -> None:
    error = refusal(code, status)
    assert type(error) is kind
    assert error.message.lower().startswith(f"failed to invoke bedrock: {code.lower()} (no)")


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("The provided model identifier is invalid.", ModelNotFoundError),
        (
            "Invocation with on-demand throughput isn't supported. Use an inference profile.",
            ModelNotFoundError,
        ),
        ("Input is too long for requested model.", RequestTooLargeError),
        ("prompt is too long: 210000 tokens > 200000 maximum", RequestTooLargeError),
        ("temperature: must be at most 1", RequestRejectedError),
    ],
)
def test_a_validation_error_is_told_by_its_words(message: str, kind: type[LLMError]) -> None:
    assert type(refusal("ValidationException", 400, message)) is kind


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (aws.NoCredentialsError(), ProviderAccessError),
        (aws.ProfileNotFound(profile="dev"), ProviderAccessError),
        (aws.ReadTimeoutError(endpoint_url="http://x"), ProviderTimeoutError),
        (aws.ConnectTimeoutError(endpoint_url="http://x"), ProviderUnavailableError),
        (aws.EndpointConnectionError(endpoint_url="http://x"), ProviderUnavailableError),
        (aws.ConnectionClosedError(endpoint_url="http://x"), ProviderUnavailableError),
        (aws.ParamValidationError(report="bad"), RequestRejectedError),
        (KeyError("output"), MalformedResponseError),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_errors_without_an_answer_have_their_kind(error: Exception, kind: type[LLMError]) -> None:
    assert type(typed_error(error, "m", "us-east-1")) is kind


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"X-Amz-Retry-After": "1500"}, 1.5),
        ({"retry-after": "12"}, 12.0),
        ({"Retry-After": "0.5"}, 0.5),
        ({"Retry-After": "soon"}, None),
        ({}, None),
    ],
)
def test_the_wait_asked_for(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_seconds(headers) == seconds


def test_the_wait_may_be_a_date() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    assert retry_after_seconds({"Retry-After": date}) == pytest.approx(60, abs=5)


def test_a_throttle_carries_its_wait() -> None:
    error = refusal("ThrottlingException", 429, headers={"retry-after": "7"})
    assert isinstance(error, ThrottledError)
    assert error.retry_after_seconds == 7
