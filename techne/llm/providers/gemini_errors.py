"""What the Gemini API answers in place of an answer, as errors typed by what the caller can do.

Google's errors are a status, its name (`google.rpc.Code`) and details: `ErrorInfo` has a reason, `RetryInfo`
a wait, `QuotaFailure` the quotas that are spent. A day's quota that is spent is a throttle whose wait lasts
until the quota is renewed: longer than any retry is worth, so that the executor gives up or falls back at
once, and the model is left alone meanwhile.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

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

REFUSED_KEY = frozenset({"UNAUTHENTICATED", "PERMISSION_DENIED"})
UNAVAILABLE = frozenset({"UNAVAILABLE", "INTERNAL", "UNKNOWN", "ABORTED", "CANCELLED", "DATA_LOSS"})
DAILY_RESET_HOUR_UTC = 8
"""Daily quotas are renewed at midnight Pacific time; in summer that is an hour earlier than this."""
_MOST_ERROR_TEXT = 500
_DURATION = re.compile(r"(\d+(?:\.\d+)?)s")
_TOO_LONG = re.compile(
    r"token count.*exceeds|exceeds the maximum number of tokens|payload size exceeds", re.I
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error of the API, as it was told."""

    status: int
    name: str
    message: str
    details: tuple[Mapping[str, Any], ...]

    def of_kind(self, kind: str) -> tuple[Mapping[str, Any], ...]:
        """The details of one kind, such as `RetryInfo`."""
        return tuple(part for part in self.details if str(part.get("@type", "")).endswith(f".{kind}"))


def parse_refusal(status: int, body: bytes) -> Refusal:
    """The error in a body, whatever it is; that of a stream comes with status 200 and has its own."""
    try:
        said = json.loads(body)
        error = (said[0] if isinstance(said, list) else said)["error"]
        code = error.get("code")
        details = error.get("details")
        return Refusal(
            status=code if status == 200 and isinstance(code, int) else status,
            name=str(error.get("status", "")),
            message=_one_line(str(error.get("message", ""))),
            details=tuple(part for part in details if isinstance(part, dict))
            if isinstance(details, list)
            else (),
        )
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        return Refusal(status, "", _one_line(body.decode("utf-8", "replace")), ())  # a proxy's page


def typed_error(
    refusal: Refusal, headers: Mapping[str, str], model: str, *, now: datetime | None = None
) -> LLMError:
    """The error of ours that an error of the API stands for.

    Args:
        refusal: What was said.
        headers: Of the response.
        model: Model that was asked.
        now: Time of the response; the present if None.
    """
    status, name = refusal.status, refusal.name
    said = f"Failed to invoke Gemini: {status}{name and ' '}{name} ({refusal.message.rstrip('.')})."
    if status == 429 or name == "RESOURCE_EXHAUSTED":
        return _throttled(said, refusal, headers, now or datetime.now(UTC))
    if name == "FAILED_PRECONDITION":  # no free tier in this country, billing is off
        return ProviderAccessError(said, cure="Check the project of GEMINI_API_KEY, and its billing.")
    if status in {401, 403} or name in REFUSED_KEY or _is_about_the_key(refusal):
        return ProviderAccessError(
            said, cure=f"Check GEMINI_API_KEY, and that its project may use GEMINI_MODEL ({model})."
        )
    if status == 404 or name == "NOT_FOUND":
        return ModelNotFoundError(said, cure=f"Check GEMINI_MODEL ({model}) and GEMINI_BASE_URL.")
    if status in {408, 504} or name == "DEADLINE_EXCEEDED":
        return ProviderTimeoutError(said, cure="Ask for a shorter answer, or send less at once.")
    if status == 413 or _TOO_LONG.search(refusal.message):
        return RequestTooLargeError(said, cure="Lower MAX_TOKENS_PER_CHUNK.")
    if status >= 499 or name in UNAVAILABLE:
        unavailable = ProviderUnavailableError(said, cure="Try again later.")
        unavailable.retry_after_seconds = _wait_seconds(refusal, headers, now or datetime.now(UTC))
        return unavailable
    if 300 <= status < 400:
        return RequestRejectedError(said, cure="Set GEMINI_BASE_URL to the address it redirects to.")
    return RequestRejectedError(said)


def _throttled(said: str, refusal: Refusal, headers: Mapping[str, str], now: datetime) -> ThrottledError:
    if _is_daily(refusal):
        throttled = ThrottledError(
            said,
            cure="The day's quota is spent until midnight Pacific time: request a higher one, "
            "or name who answers instead in LLM_EXECUTOR_FALLBACKS.",
        )
        throttled.retry_after_seconds = seconds_to_daily_reset(now)
        return throttled
    throttled = ThrottledError(
        said, cure="Lower LLM_EXECUTOR_GEMINI_QPS, _RPM or _TPM to the project's quota, or request more."
    )
    throttled.retry_after_seconds = _wait_seconds(refusal, headers, now)
    return throttled


def seconds_to_daily_reset(now: datetime) -> float:
    """Until daily quotas are surely renewed."""
    now = now.astimezone(UTC)
    reset = now.replace(hour=DAILY_RESET_HOUR_UTC, minute=0, second=0, microsecond=0)
    return ((reset if reset > now else reset + timedelta(days=1)) - now).total_seconds()


def _is_daily(refusal: Refusal) -> bool:
    return any(
        "PerDay" in str(violation.get("quotaId", ""))
        for failure in refusal.of_kind("QuotaFailure")
        for violation in failure.get("violations") or ()
        if isinstance(violation, dict)
    )


def _is_about_the_key(refusal: Refusal) -> bool:
    reasons = {str(info.get("reason", "")) for info in refusal.of_kind("ErrorInfo")}
    return any(reason.startswith("API_KEY_") for reason in reasons) or "api key" in refusal.message.lower()


def _wait_seconds(refusal: Refusal, headers: Mapping[str, str], now: datetime) -> float | None:
    """The server's own word: `RetryInfo`, else the Retry-After header in seconds or as a date."""
    for info in refusal.of_kind("RetryInfo"):
        if told := _DURATION.fullmatch(str(info.get("retryDelay", ""))):
            return float(told[1])
    asked = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d+(\.\d+)?", asked):
        return float(asked)
    try:
        at = parsedate_to_datetime(asked)
    except ValueError:
        return None
    return max((at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds(), 0.0)


def _one_line(text: str) -> str:
    return " ".join(text.split())[:_MOST_ERROR_TEXT]
