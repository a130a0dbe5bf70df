"""Prefect's API as this project's code meets it: where it is, and its failures as typed errors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

import httpx
from prefect.settings import PREFECT_API_URL
from pydantic import ValidationError

from techne.errors import ConfigurationError, ProviderUnavailableError, TechneError


def api_address() -> str:
    """Where PREFECT_API_URL points to, without credentials.

    Raises:
        ConfigurationError: It is not set, so that each process would start an API of its own; or no address.
    """
    url = PREFECT_API_URL.value()
    if not url:
        raise ConfigurationError(
            "PREFECT_API_URL is not set, so there is no server to keep limits across processes.",
            cure="Set it to a Prefect server's API, or LLM_EXECUTOR_LIMITS=process.",
        )
    with suppress(ValueError):
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname:
            return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    raise ConfigurationError("PREFECT_API_URL is not an address.", cure="Set it like http://HOST:4200/api.")


@contextmanager
def prefect_errors() -> Iterator[None]:
    """Turn what Prefect's client raises into typed errors that name PREFECT_API_URL."""
    try:
        yield
    except httpx.HTTPStatusError as error:
        raise _refusal(error.response) from None
    except (httpx.HTTPError, TimeoutError) as error:
        raise ProviderUnavailableError(
            f"Prefect can't be reached at {api_address()} ({type(error).__name__}).",
            cure="Start the server, or correct PREFECT_API_URL.",
        ) from None
    except (httpx.InvalidURL, ValidationError, json.JSONDecodeError):
        raise ConfigurationError(
            f"What is at {api_address()} is not a Prefect server's API.", cure="Correct PREFECT_API_URL."
        ) from None


def _refusal(response: httpx.Response) -> TechneError:
    status = response.status_code
    answer = f"Prefect at {api_address()} answered {status}"
    if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        return ConfigurationError(
            f"{answer}: it refuses our credentials.",
            cure="Set PREFECT_API_KEY or PREFECT_API_AUTH_STRING for the server at PREFECT_API_URL.",
        )
    if status >= httpx.codes.INTERNAL_SERVER_ERROR or status in (
        httpx.codes.REQUEST_TIMEOUT,
        httpx.codes.TOO_MANY_REQUESTS,
    ):
        return ProviderUnavailableError(
            f"{answer}.", cure="Look into the log of the server at PREFECT_API_URL."
        )
    return ConfigurationError(
        f"{answer}, so it doesn't know limits with leases.",
        cure="Check that PREFECT_API_URL is the API of a Prefect server as new as ours.",
    )
