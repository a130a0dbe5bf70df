"""What Bedrock answers and botocore raises, as errors that say what can be done (S1-31)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from botocore import exceptions as aws

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
from techne.llm.providers.bedrock_errors import (
    access_error,
    error_code,
    refusal,
    retry_after_seconds,
    service_error,
)
from techne.llm.wire import WireReply

MODEL, REGION = "acme.model-v1:0", "us-east-1"


def refused(code: str, status: int, message: str = "No.", headers: dict[str, str] | None = None) -> LLMError:
    named = {"x-amzn-errortype": f"{code}:http://internal.amazon.com/coral/com.amazon.bedrock/"}
    reply = WireReply(status, {**named, **(headers or {})}, json.dumps({"message": message}).encode())
    return refusal(reply, MODEL, REGION)


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("ThrottlingException", 429, ThrottledError),
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
        ("RequestEntityTooLargeException", 413, RequestTooLargeError),
    ],
)
def test_each_code_has_its_kind(code: str, status: int, kind: type[LLMError]) -> None:
    error = refused(code, status)
    assert type(error) is kind
    assert error.message == f"Failed to invoke Bedrock: {code} (No)."


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("throttlingException", ThrottledError),
        ("modelStreamErrorException", ProviderUnavailableError),
        ("internalServerException", ProviderUnavailableError),
        ("serviceUnavailableException", ProviderUnavailableError),
        ("validationException", RequestRejectedError),
    ],
)
def test_an_exception_amid_a_stream_has_the_kind_of_its_code(code: str, kind: type[LLMError]) -> None:
    error = service_error(code, "No.", 0, {}, model=MODEL, region=REGION)
    assert type(error) is kind
    assert error.message == f"Failed to invoke Bedrock: {code[0].upper()}{code[1:]} (No)."


@pytest.mark.parametrize(
    ("headers", "body", "code"),
    [
        ({"x-amzn-errortype": "ThrottlingException"}, b"", "ThrottlingException"),
        ({"x-amzn-errortype": "ThrottlingException:http://internal/"}, b"", "ThrottlingException"),
        ({}, b'{"__type": "com.amazon#AccessDeniedException"}', "AccessDeniedException"),
        ({}, b'{"code": "ExpiredToken"}', "ExpiredToken"),
        ({}, b"<html>Bad gateway</html>", "HTTP 502"),
        ({}, b'["no", "object"]', "HTTP 502"),
    ],
)
def test_the_code_is_found_where_it_is_given(headers: dict[str, str], body: bytes, code: str) -> None:
    assert error_code(WireReply(502, headers, body)) == code


def test_a_proxy_s_page_is_an_unavailable_provider_and_is_not_repeated() -> None:
    error = refusal(WireReply(502, {}, b"<html>" + b"x" * 10_000), MODEL, REGION)
    assert isinstance(error, ProviderUnavailableError)
    assert error.message == "Failed to invoke Bedrock: HTTP 502 ()."


def test_a_refused_signature_does_not_give_away_the_session_token() -> None:
    message = (
        "The request signature we calculated does not match.\n\nThe Canonical String for this request "
        "should have been\n'POST\n/model/m/converse\n\nx-amz-security-token:SECRET'"
    )
    error = refused("InvalidSignatureException", 403, message)
    assert isinstance(error, ProviderAccessError)
    assert "SECRET" not in str(error)
    assert "does not match)" in error.message


def test_a_long_message_is_cut() -> None:
    assert len(str(refused("ValidationException", 400, "word " * 10_000))) < 3000


def test_the_region_is_named_where_it_may_be_the_wrong_one() -> None:
    assert "AWS_REGION (us-east-1)" in str(refused("ResourceNotFoundException", 404))


def test_a_model_behind_a_profile_is_told_the_profile() -> None:
    error = refused("ValidationException", 400, "Invocation with on-demand throughput isn't supported.")
    assert f"us.{MODEL}" in str(error)


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
    assert type(refused("ValidationException", 400, message)) is kind


def token_refusal(code: str, status: int) -> aws.ClientError:
    response = {"Error": {"Code": code, "Message": "No."}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return aws.ClientError(response, "AssumeRole")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (aws.NoCredentialsError(), ProviderAccessError),
        (aws.ProfileNotFound(profile="dev"), ProviderAccessError),
        (aws.UnauthorizedSSOTokenError(), ProviderAccessError),
        (aws.CredentialRetrievalError(provider="process", error_msg="exit 1"), ProviderAccessError),
        (aws.ConnectTimeoutError(endpoint_url="http://x"), ProviderUnavailableError),
        (aws.EndpointConnectionError(endpoint_url="http://x"), ProviderUnavailableError),
        (token_refusal("AccessDenied", 403), ProviderAccessError),
        (token_refusal("Throttling", 400), ThrottledError),
        (token_refusal("InternalFailure", 500), ProviderUnavailableError),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_a_failure_to_get_credentials_has_its_kind(error: Exception, kind: type[LLMError]) -> None:
    typed = access_error(error, MODEL, REGION)
    assert type(typed) is kind
    assert typed.message.startswith(f"Failed to invoke Bedrock: {type(error).__name__} (")


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
    error = refused("ThrottlingException", 429, headers={"retry-after": "7"})
    assert isinstance(error, ThrottledError)
    assert error.retry_after_seconds == 7
