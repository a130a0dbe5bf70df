"""Which task failures are given another chance."""

from __future__ import annotations

from typing import Any

import pytest
from prefect.states import Completed, exception_to_failed_state

from tasks.retrying import worth_retrying
from techne.errors import (
    AccessDeniedError,
    ModelNotFoundError,
    OutputValidationError,
    ProcessingError,
    ProviderTimeoutError,
    ServiceUnavailableError,
    ThrottledError,
    TranscriptError,
)


async def decided(error: Exception) -> bool:
    unused: Any = None
    return await worth_retrying(unused, unused, await exception_to_failed_state(error))


@pytest.mark.parametrize("kind", [ThrottledError, ProviderTimeoutError, ServiceUnavailableError])
async def test_what_can_pass_is_tried_again(kind: type[Exception]) -> None:
    assert await decided(kind("Later, perhaps."))


@pytest.mark.parametrize(
    "error",
    [
        TranscriptError("Not JSON."),
        AccessDeniedError("Denied."),
        ModelNotFoundError("No such model."),
        OutputValidationError("Not the schema."),
        ProcessingError("Stage 2 failed."),
        ZeroDivisionError("A bug."),
    ],
)
async def test_what_would_fail_again_is_not(error: Exception) -> None:
    assert not await decided(error)


async def test_a_stage_that_failed_of_a_passing_cause_is_tried_again() -> None:
    error = ProcessingError("Stage 2 failed.")
    error.__cause__ = ThrottledError("Slow down.")
    assert await decided(error)


async def test_a_success_is_not_retried() -> None:
    unused: Any = None
    assert not await worth_retrying(unused, unused, Completed(data=1))
