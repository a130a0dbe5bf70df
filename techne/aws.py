"""Clients of AWS services for storage, tracking and the shared LLM cache, and what their errors mean.

Bedrock's client is the LLM providers' own: it retries differently.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from techne.errors import AccessDeniedError, ConfigurationError, ServiceUnavailableError, TechneError

if TYPE_CHECKING:
    import boto3
    from botocore.exceptions import ClientError

CONNECT_TIMEOUT_SECONDS = 5
READ_TIMEOUT_SECONDS = 60
TOTAL_ATTEMPTS = 4
MAX_CONNECTIONS = 16

QUICK_CONNECT_TIMEOUT_SECONDS = 2
QUICK_READ_TIMEOUT_SECONDS = 5
QUICK_TOTAL_ATTEMPTS = 2
"""Of clients for what can be done without, such as a cache: a second attempt is for a stale connection."""

_CREDENTIALS_CURE = "Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run under a role."
_EXPIRED_CODES = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
_UNKNOWN_CREDENTIALS_CODES = {
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidToken",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "UnrecognizedClientException",
    "IncompleteSignature",
    "MissingAuthenticationToken",
}
_DENIED_CODES = {"403", "AccessDenied", "AccessDeniedException", "AllAccessDisabled", "AccountProblem"}
_CLOCK_CODES = {"RequestTimeTooSkewed"}
_REGION_CODES = {
    "301",
    "PermanentRedirect",
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException",
}

_BUSY_CODES = {
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestTimeout",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
}

_creation = threading.Lock()


def client(service: Literal["s3", "dynamodb"], region: str, *, quick: bool = False) -> Any:
    """A thread-safe client, made once per service, region and AWS environment.

    It honours boto3's own variables, AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_S3 among them. A quick one
    gives up soon: it is for what can be done without.
    """
    environment = frozenset(item for item in os.environ.items() if item[0].startswith("AWS_"))
    with _creation, aws_errors(f"{service} in {region}"):  # sessions are not thread-safe, clients are
        return _client(service, region, environment, quick)


@lru_cache(maxsize=16)
def _client(
    service: Literal["s3", "dynamodb"], region: str, environment: frozenset[tuple[str, str]], quick: bool
) -> Any:
    from botocore.config import Config

    config = Config(
        region_name=region,
        connect_timeout=QUICK_CONNECT_TIMEOUT_SECONDS if quick else CONNECT_TIMEOUT_SECONDS,
        read_timeout=QUICK_READ_TIMEOUT_SECONDS if quick else READ_TIMEOUT_SECONDS,
        retries={
            "mode": "standard",
            "total_max_attempts": QUICK_TOTAL_ATTEMPTS if quick else TOTAL_ATTEMPTS,
        },
        max_pool_connections=MAX_CONNECTIONS,
        user_agent_extra="techne",
    )
    return _session(environment).client(service, config=config)


@lru_cache(maxsize=4)
def _session(environment: frozenset[tuple[str, str]]) -> boto3.Session:
    import boto3

    return boto3.Session()


def error_code(error: ClientError) -> str:
    """The service's own name for an error, such as `NoSuchKey`; for HEAD requests the HTTP status."""
    return error.response.get("Error", {}).get("Code", "")


@contextmanager
def aws_errors(place: str, *, action: str | None = None) -> Iterator[None]:
    """Raise what botocore raises as a typed error that names the place and the cure.

    Args:
        place: What was being worked on, such as `s3://bucket/key` or `table executions in us-east-1`.
        action: The IAM action that the request needs, such as `s3:GetObject`.
    """
    from botocore import exceptions as aws

    try:
        yield
    except aws.ClientError as error:
        raise _of_response(error, place, action) from error
    except aws.ProfileNotFound as error:
        raise AccessDeniedError(
            f"{place}: the AWS profile {os.environ.get('AWS_PROFILE')!r} is not configured here.",
            cure="Set AWS_PROFILE to a profile of ~/.aws/config, or unset it.",
        ) from error
    except (aws.NoCredentialsError, aws.PartialCredentialsError) as error:
        raise AccessDeniedError(f"{place}: there are no AWS credentials.", cure=_CREDENTIALS_CURE) from error
    except (
        aws.SSOError,
        aws.LoginError,
        aws.CredentialRetrievalError,
        aws.TokenRetrievalError,
    ) as error:
        raise AccessDeniedError(
            f"{place}: AWS credentials could not be obtained ({error}).",
            cure="Log in again with aws sso login, or set AWS_PROFILE to another profile.",
        ) from error
    except (aws.ConnectionError, aws.HTTPClientError, aws.IncompleteReadError) as error:
        raise ServiceUnavailableError(
            f"{place} can't be reached: {error}",
            cure="Check the network, AWS_REGION and AWS_ENDPOINT_URL.",
        ) from error
    except aws.BotoCoreError as error:
        raise ConfigurationError(f"{place}: {error}", cure="Check the AWS settings.") from error


def _of_response(error: ClientError, place: str, action: str | None) -> TechneError:
    code = error_code(error)
    said = error.response.get("Error", {}).get("Message", "") or code
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _EXPIRED_CODES:
        return AccessDeniedError(
            f"{place}: the AWS session has expired ({code}).",
            cure="Log in again, or renew the credentials of AWS_PROFILE.",
        )
    if code in _UNKNOWN_CREDENTIALS_CODES:
        return AccessDeniedError(
            f"{place}: AWS does not accept the credentials ({code}).", cure=_CREDENTIALS_CURE
        )
    if code in _CLOCK_CODES:
        return ConfigurationError(f"{place}: this machine's clock is wrong ({code}).", cure="Set the clock.")
    if code in _REGION_CODES:
        return ConfigurationError(f"{place} is in another region ({code}).", cure="Set AWS_REGION to it.")
    if code in _DENIED_CODES or status == 403:
        allow = f"Allow {action} to this role" if action else "Allow it to this role"
        return AccessDeniedError(
            f"{place}: access denied.", cure=f"{allow}, or set AWS_PROFILE to one that may."
        )
    if status >= 500 or status == 429 or code in _BUSY_CODES:
        return ServiceUnavailableError(f"{place} is not available ({code}: {said}).", cure="Try again later.")
    return ConfigurationError(f"{place}: AWS answered {code}: {said}", cure="Check the AWS settings.")
