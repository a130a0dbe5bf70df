"""What botocore and langchain-aws raise, as errors typed by what the caller can do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

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
_GEOGRAPHY = re.compile(r"(us|us-gov|eu|apac|jp|au|sa|amer|global)\.")
_TOO_LONG = ("too long", "too many input tokens", "context window", "maximum tokens", "context length")


def typed_error(error: Exception, model: str, region: str) -> LLMError:
    """The error of ours that an exception of the client stands for."""
    from botocore import exceptions as aws

    if isinstance(error, LLMError):
        return error
    if isinstance(error, aws.ClientError):
        return _refusal(error.response, model, region)
    name = type(error).__name__
    said = f"Failed to invoke Bedrock: {name} ({error})."
    if isinstance(error, aws.NoCredentialsError | aws.CredentialRetrievalError | aws.TokenRetrievalError):
        return _no_access(said, model)
    if isinstance(error, aws.ProfileNotFound | aws.PartialCredentialsError | aws.NoRegionError):
        return _no_access(said, model)
    if isinstance(error, aws.ReadTimeoutError):
        return ProviderTimeoutError(said, cure="Raise BEDROCK_TIMEOUT_SECONDS, or ask for a shorter answer.")
    if isinstance(error, aws.ResponseStreamingError | aws.IncompleteReadError):
        return MalformedResponseError(said)
    if isinstance(error, aws.HTTPClientError | aws.ConnectionError):
        return ProviderUnavailableError(said, cure=f"Check the network, and that Bedrock serves {region}.")
    if isinstance(error, aws.ParamValidationError):
        return RequestRejectedError(said)
    if _is_broken_answer(error):
        return MalformedResponseError(f"Failed to invoke Bedrock: the answer is not its protocol ({name}).")
    return RequestRejectedError(said)


def _is_broken_answer(error: Exception) -> bool:
    from botocore.exceptions import BotoCoreError
    from botocore.parsers import ResponseParserError

    if isinstance(error, BotoCoreError):
        return False
    return isinstance(error, ResponseParserError | ValueError | KeyError | TypeError | AttributeError)


def _refusal(response: Mapping[str, Any], model: str, region: str) -> LLMError:
    code = str(response.get("Error", {}).get("Code", ""))
    code = code[:1].upper() + code[1:]  # event streams spell them with a small letter
    message = str(response.get("Error", {}).get("Message", "")).rstrip(".")
    metadata = response.get("ResponseMetadata", {})
    status = int(metadata.get("HTTPStatusCode") or 0)
    said = f"Failed to invoke Bedrock: {code} ({message})."
    if code in THROTTLES or (status == 429 and code not in UNAVAILABLE):
        throttled = ThrottledError(
            said,
            cure="Lower LLM_EXECUTOR_BEDROCK_MAX_PARALLEL or MAX_TOKENS_PER_CHUNK, "
            "or request a higher quota for the model.",
        )
        throttled.retry_after_seconds = retry_after_seconds(metadata.get("HTTPHeaders", {}))
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
        unavailable.retry_after_seconds = retry_after_seconds(metadata.get("HTTPHeaders", {}))
        return unavailable
    return _invalid(said, message.lower(), model, region)


def _invalid(said: str, message: str, model: str, region: str) -> LLMError:
    if "inference profile" in message or "on-demand throughput" in message:
        profile = model if _GEOGRAPHY.match(model) else f"us.{model}"
        return ModelNotFoundError(
            said,
            cure="This model is served through an inference profile only: set BEDROCK_MODEL_ID to one, "
            f"such as {profile} (`us.`, `eu.` or `global.` before the model id).",
        )
    if "model identifier" in message or "model id" in message:
        return _no_model(said, model, region)
    if any(words in message for words in _TOO_LONG):
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
        cure=f"Give credentials (AWS_PROFILE, a role or keys) that allow bedrock:InvokeModel on {model}.",
    )


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
