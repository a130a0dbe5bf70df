"""Which failed tasks are worth another try."""

from __future__ import annotations

from typing import Any

from prefect import Task
from prefect.client.schemas.objects import State, TaskRun

from techne.errors import LLMError, ServiceUnavailableError, TechneError

RETRIES = 2
RETRY_DELAY_SECONDS: list[float] = [5.0, 30.0]


async def worth_retrying(task: Task[..., Any], task_run: TaskRun, state: State[Any]) -> bool:
    """Whether the same task can succeed later (`retry_condition_fn`).

    A provider's throttling and outages have been retried by the executor already; this gives them a later
    chance. What the caller or the deployment must mend, and our own bugs, fail at once.
    """
    try:
        await state.aresult()
    except LLMError as error:
        return error.retryable
    except ServiceUnavailableError:
        return True
    except TechneError as error:
        return isinstance(error.__cause__, LLMError) and error.__cause__.retryable
    except Exception:  # noqa: BLE001 - a bug of ours fails the same way again
        return False
    return False
