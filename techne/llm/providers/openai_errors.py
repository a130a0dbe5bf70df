"""What OpenAI and servers of its protocol refuse with, as errors typed by what the caller can do."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
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
from techne.llm.wire import shown

QUOTA_CODES = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})
TOO_LARGE_CODES = frozenset({"context_length_exceeded", "string_above_max_length", "array_above_max_length"})
_TOO_LARGE = re.compile(r"(maximum )?context (length|window|size)|prompt is too long|too many tokens", re.I)
_OVER_ONE_MINUTE = re.compile(r"request too large|tokens must be reduced", re.I)
_KEY = re.compile(r"\bsk-[\w*.-]{4,}")
_TRY_AGAIN = re.compile(r"try again in ((?:\d+(?:\.\d+)?(?:ms|[smhd]))+)", re.I)
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(ms|[smhd])")
_NUMBER = re.compile(r"\d{1,9}(\.\d{1,9})?")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_STREAM_STATUS = {
    "rate_limit_exceeded": 429,
    "rate_limit_error": 429,
    "tokens": 429,
    "requests": 429,
    "insufficient_quota": 429,
    "invalid_request_error": 400,
    "BadRequestError": 400,
}
_MOST_TEXT = 500


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error as the server gave it.

    Args:
        status: HTTP status, or what an error amid a stream stands for.
        message: The server's words, without keys.
        code: `error.code`, or the type where there is no code.
        kind: `error.type`.
        param: Parameter that is at fault.
        headers: Of the response.
    """

    status: int
    message: str
    code: str = ""
    kind: str = ""
    param: str = ""
    headers: Mapping[str, str] | None = None

    @property
    def said(self) -> str:
        """What was wrong, as messages begin."""
        code = f" {self.code}" if self.code and self.code != str(self.status) else ""
        message = f" ({self.message})" if self.message else ""
        return f"Failed to invoke OpenAI: {self.status}{code}{message}."


def read_refusal(
    status: int, body: bytes, *, headers: Mapping[str, str] | None = None, key: str = ""
) -> Refusal:
    """The error in a response.

    OpenAI's has `error.message`, `type`, `param` and `code`; vLLM's may have them at the top, LM Studio's
    `error` is a text, FastAPI servers say `detail`, and a proxy sends a page.
    """
    text = body.decode("utf-8", "replace")
    try:
        said = json.loads(text)
    except ValueError:
        said = text
    error = said.get("error", said) if isinstance(said, dict) else said
    if not isinstance(error, dict):
        return Refusal(status, _without_keys(str(error), key), headers=headers)
    message = error.get("message") or error.get("detail") or ""
    if isinstance(message, list):  # FastAPI repeats the input as well, which is not for logs
        message = "; ".join(str(part.get("msg", "")) for part in message if isinstance(part, dict))
    kind = str(error.get("type") or "")
    return Refusal(
        status,
        _without_keys(str(message), key),
        code=str(error.get("code") or kind),
        kind=kind,
        param=str(error.get("param") or ""),
        headers=headers,
    )


def stream_refusal(event: dict[str, Any], *, key: str = "") -> Refusal:
    """The error that came amid a stream, with the status that it would have had."""
    read = read_refusal(500, json.dumps(event).encode(), key=key)
    if re.fullmatch(r"[45][0-9]{2}", read.code):  # vLLM's codes are statuses
        status = int(read.code)
    else:
        status = _STREAM_STATUS.get(read.code) or _STREAM_STATUS.get(read.kind) or 500
    return Refusal(status, read.message, read.code, read.kind, read.param)


def typed_error(refusal: Refusal, model: str, base_url: str, *, model_setting: str) -> LLMError:
    """The error of ours that a refusal stands for.

    Args:
        refusal: What the server said.
        model: Model that was asked.
        base_url: Address of the server.
        model_setting: Setting that names the model.
    """
    status, said = refusal.status, refusal.said
    codes = {refusal.code, refusal.kind}
    if QUOTA_CODES & codes or status == 402:
        return ProviderAccessError(
            said, cure="Add credit or raise the budget of the account that OPENAI_API_KEY belongs to."
        )
    if status == 404 or "model_not_found" in codes:
        return ModelNotFoundError(
            said,
            cure=f"Check {model_setting} ({model}), that OPENAI_API_KEY has access to it, and "
            f"OPENAI_BASE_URL ({shown(base_url)}).",
        )
    if status in {401, 403}:
        return ProviderAccessError(said, cure=f"Check OPENAI_API_KEY, and that it may use {model}.")
    if status == 429:
        return _throttled(refusal)
    if status == 413 or TOO_LARGE_CODES & codes or (status < 500 and _TOO_LARGE.search(refusal.message)):
        return RequestTooLargeError(said, cure="Lower MAX_TOKENS_PER_CHUNK or OPENAI_MAX_TOKENS.")
    if status == 408:
        return ProviderTimeoutError(said, cure="Raise OPENAI_TIMEOUT_SECONDS, or ask for a shorter answer.")
    if status == 409 or status >= 500:
        unavailable = ProviderUnavailableError(said, cure="Try again later.")
        unavailable.retry_after_seconds = retry_after_seconds(refusal)
        return unavailable
    if status < 300:
        return MalformedResponseError(said)
    if status < 400:
        return RequestRejectedError(said, cure="Set OPENAI_BASE_URL to the address it redirects to.")
    return RequestRejectedError(said)


def _throttled(refusal: Refusal) -> LLMError:
    if _OVER_ONE_MINUTE.search(refusal.message):
        return RequestTooLargeError(
            refusal.said,
            cure="It exceeds a whole minute's tokens: lower MAX_TOKENS_PER_CHUNK or OPENAI_MAX_TOKENS, "
            "or ask for a higher limit.",
        )
    throttled = ThrottledError(
        refusal.said,
        cure="Lower LLM_EXECUTOR_OPENAI_MAX_PARALLEL, or set LLM_EXECUTOR_OPENAI_RPM and "
        "LLM_EXECUTOR_OPENAI_TPM to the limits of your account.",
    )
    throttled.retry_after_seconds = retry_after_seconds(refusal)
    return throttled


def retry_after_seconds(refusal: Refusal) -> float | None:
    """The wait asked for.

    It is in `retry-after-ms`, in `retry-after` (seconds or a date), or in the words "try again in 1.5s".
    Without these, it is until a limit with nothing left is reset, which is the longest that it can take.
    """
    headers = {name.lower(): value.strip() for name, value in (refusal.headers or {}).items()}
    if _NUMBER.fullmatch(value := headers.get("retry-after-ms", "")):
        return float(value) / 1000
    if (seconds := _seconds_or_date(headers.get("retry-after", ""))) is not None:
        return seconds
    if said := _TRY_AGAIN.search(refusal.message):
        return seconds_of(said[1])
    waits = [
        seconds_of(headers.get(f"x-ratelimit-reset-{what}", ""))
        for what in ("requests", "tokens")
        if headers.get(f"x-ratelimit-remaining-{what}") == "0"
    ]
    return max((wait for wait in waits if wait is not None), default=None)


def seconds_of(duration: str) -> float | None:
    """A duration such as `6m0s` or `250ms`, or plain seconds."""
    if _NUMBER.fullmatch(duration):
        return float(duration)
    parts = _DURATION.findall(duration.lower())
    return sum(float(amount) * _SECONDS[unit] for amount, unit in parts) if parts else None


def _seconds_or_date(value: str) -> float | None:
    if _NUMBER.fullmatch(value):
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None


def no_key(problem: str, base_url: str) -> ProviderAccessError:
    """No call can be made at all."""
    return ProviderAccessError(
        f"{problem}, and OpenAI at {shown(base_url)} asks for a key.",
        cure="Set OPENAI_API_KEY, or OPENAI_BASE_URL to a server that asks for none.",
    )


def broken_answer(problem: str) -> MalformedResponseError:
    """An answer that is not Chat Completions."""
    return MalformedResponseError(f"Failed to invoke OpenAI: the answer is not its protocol ({problem}).")


def _without_keys(text: str, key: str) -> str:
    """A message fit for logs: OpenAI repeats parts of a wrong key, other servers may repeat all of it."""
    if key:
        text = text.replace(key, "***")
    return _KEY.sub("sk-***", " ".join(text.split()))[:_MOST_TEXT].rstrip(". ")
