"""What the tests of limits in virtual time share: a loop that is looked at whenever it comes to rest."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from functools import lru_cache
from typing import Any, TypeVar

from techne.llm.admission import Admission
from techne.llm.cache import ResponseStore
from techne.llm.dispatch import Dispatcher
from techne.llm.limits import build_admission
from techne.llm.provider import Provider
from techne.llm.retry import RetryPolicy
from techne.llm.testing import VirtualClock, VirtualTimeLoop
from techne.settings import ProviderLimits, Settings

_T = TypeVar("_T")


class WatchedLoop(VirtualTimeLoop):
    """Calls `at_rest` before each jump: everything that could happen at this moment has."""

    def __init__(self, at_rest: Callable[[], None]) -> None:
        self.at_rest = at_rest
        super().__init__()

    def _jump(self, seconds: float) -> None:
        self.at_rest()
        super()._jump(seconds)


def run_watched(work: Coroutine[Any, Any, _T], at_rest: Callable[[], None]) -> _T:
    """Run in virtual time; what `at_rest` raises ends the run."""
    with asyncio.Runner(loop_factory=lambda: WatchedLoop(at_rest)) as runner:
        return runner.run(work)


def admission_of(limits: dict[str, ProviderLimits], **settings: object) -> Admission:
    """Queue and limits of the provider `scripted`, in virtual time."""
    values = settings_of({"llm_executor_model_limits": limits, **settings})
    return build_admission("scripted", values, VirtualClock())


def settings_of(values: dict[str, object]) -> Settings:
    """Settings, without a look at the environment for each of a thousand runs."""
    limits = values.get("llm_executor_model_limits")
    if isinstance(limits, dict):
        values = {**values, "llm_executor_model_limits": tuple(sorted(limits.items()))}
    unknown = values.keys() - Settings.model_fields.keys()
    assert not unknown, unknown
    return _patient_settings().model_copy(update=values)


@lru_cache(maxsize=1)
def _patient_settings() -> Settings:
    return Settings(llm_executor_when_full="wait")


async def moments(count: int = 1) -> None:
    """Let the loop go round."""
    for _ in range(count):
        await asyncio.sleep(0)


def dispatcher_of(*providers: Provider, store: ResponseStore | None = None, **settings: Any) -> Dispatcher:
    """What an executor runs on its loop, in virtual time."""
    quota = settings.pop("quota", None)
    parsed = settings_of(settings)
    retry = RetryPolicy(
        max_attempts=parsed.llm_executor_max_attempts, base_seconds=parsed.llm_executor_backoff_seconds
    )
    return Dispatcher(
        parsed,
        providers={provider.name: provider for provider in providers},
        store=store,
        quota=quota,
        retry=retry,
        clock=VirtualClock(),
        dice=random.Random(0),
    )


def assert_at_rest(dispatcher: Dispatcher) -> None:
    """Nobody waits, nothing is in flight, no money is set aside, and the books add up."""
    usage = dispatcher.usage()
    for lane in usage.lanes:
        assert (lane.waiting, lane.in_flight) == (0, 0), lane
    for pool in dispatcher._pools.values():
        admission = pool.admission
        assert admission.slots is not None
        assert (admission.waiting, admission.slots.in_flight) == (0, 0)
        assert getattr(pool.provider, "in_flight", 0) == 0
    for budget in dispatcher._budgets.values():
        assert budget.reserved_usd == 0, budget.name
    for model in usage.models:
        assert model.attempts == model.answers + model.cancelled + sum(model.failures.values()), model


async def tasks_left() -> set[str]:
    """What still runs beside the caller once what was cancelled has had time to end."""
    await moments(5)
    return {str(task) for task in asyncio.all_tasks() - {asyncio.current_task()}}


class SteppedLoop(VirtualTimeLoop):
    """Counts its rounds from `count_from_here` on, and calls `act` after the given one."""

    def __init__(self, troubles: list[dict[str, Any]]) -> None:
        super().__init__()
        self.rounds: int | None = None
        self._act: Callable[[], object] = lambda: None
        self._act_after = -1
        self.set_exception_handler(lambda _, context: troubles.append(context))

    def count_from_here(self, act_after: int, act: Callable[[], object]) -> None:
        self.rounds, self._act_after, self._act = 0, act_after, act

    def _run_once(self) -> None:
        super()._run_once()  # type: ignore[misc]
        if self.rounds is not None:
            if self.rounds == self._act_after:
                self._act()
            self.rounds += 1
