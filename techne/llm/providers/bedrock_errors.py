"""What Bedrock refuses and what botocore raises, as errors typed by what the caller can do."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

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
from techne.llm.wire import WireReply

THROTTLES = frozenset(
    {"ThrottlingException", "TooManyRequestsException", "ServiceQuotaExceededException", "Throttling"}
)
UNAVAILABLE = frozenset(
    {
        "ServiceUnavailableException",
        "InternalServerException",
        "InternalFailure",
        "ModelNotReadyException",
        "ModelStreamErrorException",
        "ServiceUnavailable",
    }
)
REFUSED_CREDENTIALS = frozenset(
    {
        "AccessDeniedException",
        "UnrecognizedClientException",
        "InvalidSignatureException",
        "ExpiredTokenException",
        "ExpiredToken",
        "InvalidClientTokenId",
        "IncompleteSignature",
        "MissingAuthenticationToken",
    }
)
_GEOGRAPHY = re.compile(r"(us|us-gov|eu|apac|jp|au|sa|ca|in|amer|global)\.")
_TOO_LONG = ("too long", "too many input tokens", "context window", "maximum tokens", "context length")
_LONGEST_MESSAGE = 2000
_SIGNED_TEXT = "The Canonical String"
"""Begins what AWS appends to a refused signature: all signed headers, the session token among them."""


def refusal(reply: WireReply, model: str, region: str) -> LLMError:
    """The error that an HTTP response of another status than 200 stands for."""
    code, message = error_code(reply), _message(reply.body)
    return service_error(code, message, reply.status, reply.headers, model=model, region=region)


def error_code(reply: WireReply) -> str:
    """The service's name for what was wrong: from the header, the body, or the bare status."""
    named = reply.headers.get("x-amzn-errortype") or _field(reply.body, ("__type", "code"))
    # `Kind:http://...` in the header, `namespace#Kind` in some bodies
    return named.partition(":")[0].rpartition("#")[2] or f"HTTP {reply.status}"


def service_error(
    code: str, message: str, status: int, headers: Mapping[str, str], *, model: str, region: str
) -> LLMError:
    """The error that a refusal of the service stands for.

    Args:
        code: Its kind, such as `ThrottlingException`.
        message: Its words.
        status: HTTP status; 0 in the middle of a stream.
        headers: Those of the response, for the wait asked for.
        model: Model that was asked.
        region: Region that was asked.
    """
    code = code[:1].upper() + code[1:]  # event streams spell them with a small letter
    message = message.partition(_SIGNED_TEXT)[0][:_LONGEST_MESSAGE].rstrip(". \n")
    said = f"Failed to invoke Bedrock: {code} ({message})."
    if code in THROTTLES or (status == 429 and code not in UNAVAILABLE):
        throttled = ThrottledError(
            said,
            cure="Lower LLM_EXECUTOR_BEDROCK_MAX_PARALLEL or MAX_TOKENS_PER_CHUNK, "
            "or request a higher quota for the model.",
        )
        throttled.retry_after_seconds = retry_after_seconds(headers)
        return throttled
    if code in REFUSED_CREDENTIALS or status in {401, 403}:
        return _no_access(said, model)
    if code == "ModelTimeoutException" or status == 408:
        return ProviderTimeoutError(said, cure="Ask for a shorter answer.")
    if code == "ResourceNotFoundException" or status == 404:
        return _no_model(said, model, region)
    if code == "ModelErrorException":
        return ProviderUnavailableError(said, cure="The model failed at this request; try again.")
    if code in UNAVAILABLE or status >= 500:
        unavailable = ProviderUnavailableError(said, cure="Try again later.")
        unavailable.retry_after_seconds = retry_after_seconds(headers)
        return unavailable
    return _invalid(said, message.lower(), status, model, region)


def access_error(error: Exception, model: str, region: str) -> LLMError:
    """The error that a failure to find credentials, region or endpoint stands for."""
    from botocore import exceptions as aws

    if isinstance(error, LLMError):
        return error
    said = f"Failed to invoke Bedrock: {type(error).__name__} ({str(error).rstrip('.')})."
    if isinstance(error, aws.ClientError):  # a token service's, such as AssumeRole's
        return _refused_token(error, said, model)
    if isinstance(error, aws.HTTPClientError | aws.ConnectionError):
        return ProviderUnavailableError(said, cure=unreachable_cure(region))
    if isinstance(error, aws.BotoCoreError | OSError | ValueError):
        return _no_access(said, model)
    return RequestRejectedError(said)


def unreachable_cure(region: str) -> str:
    """What to do when nothing answers: a wrong region has no host."""
    return f"Check the network, and that AWS_REGION ({region}) is a region that serves Bedrock."


def no_credentials(model: str) -> ProviderAccessError:
    """The error of an environment without any credentials."""
    return _no_access("Failed to invoke Bedrock: NoCredentialsError (Unable to locate credentials).", model)


def broken_answer(error: Exception | str) -> MalformedResponseError:
    """The error of an answer that can't be read."""
    kind = error if isinstance(error, str) else type(error).__name__
    return MalformedResponseError(f"Failed to invoke Bedrock: the answer is not its protocol ({kind}).")


def _refused_token(error: Exception, said: str, model: str) -> LLMError:
    response = getattr(error, "response", {})
    code = str(response.get("Error", {}).get("Code", ""))
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0)
    if code in THROTTLES or status == 429:
        return ThrottledError(said)
    if status >= 500:
        return ProviderUnavailableError(said, cure="Try again later.")
    return _no_access(said, model)


def _invalid(said: str, message: str, status: int, model: str, region: str) -> LLMError:
    if "inference profile" in message or "on-demand throughput" in message:
        profile = model if _GEOGRAPHY.match(model) else f"us.{model}"
        return ModelNotFoundError(
            said,
            cure="This model is served through an inference profile only: set BEDROCK_MODEL_ID to one, "
            f"such as {profile} (`us.`, `eu.` or `global.` before the model id).",
        )
    if "model identifier" in message or "model id" in message:
        return _no_model(said, model, region)
    if status == 413 or any(words in message for words in _TOO_LONG):
        return RequestTooLargeError(said, cure="Lower MAX_TOKENS_PER_CHUNK.")
    return RequestRejectedError(said)


def _no_model(said: str, model: str, region: str) -> ModelNotFoundError:
    return ModelNotFoundError(
        said,
        cure=f"Check BEDROCK_MODEL_ID ({model}) and AWS_REGION ({region}), and that access to it is granted.",
    )


def _no_access(said: str, model: str) -> ProviderAccessError:
    return ProviderAccessError(
        said,
        cure="Give credentials (AWS_PROFILE, a role, keys or AWS_BEARER_TOKEN_BEDROCK) that allow "
        f"bedrock:InvokeModel on {model}.",
    )


def _message(body: bytes) -> str:
    return _field(body, ("message", "Message"))


def _field(body: bytes, names: tuple[str, ...]) -> str:
    try:
        content = json.loads(body)
    except ValueError:  # a proxy's page
        return ""
    if not isinstance(content, dict):
        return ""
    return next((str(content[name]) for name in names if content.get(name)), "")


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """The wait asked for: `x-amz-retry-after` in milliseconds, `retry-after` in seconds or as a date."""
    folded = {name.lower(): value.strip() for name, value in headers.items()}
    try:
        if milliseconds := folded.get("x-amz-retry-after"):
            return max(0.0, float(milliseconds) / 1000)
        if value := folded.get("retry-after"):
            if value.replace(".", "", 1).isdigit():
                return float(value)
            return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None
    return None
