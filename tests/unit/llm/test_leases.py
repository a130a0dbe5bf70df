"""Limits that processes share: four executors, one keeper, virtual time (resolution 4)."""

from __future__ import annotations

import asyncio
import random
from bisect import bisect_right
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from techne.errors import ConfigurationError, ProviderUnavailableError
from techne.llm.admission import Admission
from techne.llm.limits import build_admission
from techne.llm.testing import VirtualClock, run_virtual
from techne.settings import ProviderLimits
from tests.support.shared_quota import ROUND_TRIP_SECONDS, MemoryQuota
from tests.support.virtual_time import moments, settings_of, tasks_left

PARALLEL, RPM = "llm:scripted:parallel", "llm:scripted:requests_per_minute"
QPS, TPM = "llm:scripted:requests_per_second", "llm:scripted:tokens_per_minute"
PLENTY = 80


@asynccontextmanager
async def processes(count: int, quota: MemoryQuota, **limits: float) -> AsyncIterator[list[Admission]]:
    """Admissions that know each other only by their keeper."""
    settings = settings_of(
        {
            "llm_executor_model_limits": {
                "scripted": ProviderLimits.model_validate({"max_parallel": PLENTY, **limits})
            }
        }
    )
    quota.limits.setdefault(PARALLEL, PLENTY)
    admissions = [build_admission("scripted", settings, VirtualClock(), quota) for _ in range(count)]
    yield admissions
    for admission in admissions:
        await admission.close()
    still_held = {lease.limit for lease in quota.held.values()}
    assert PARALLEL not in still_held  # spent units of rates lapse with their leases; slots come back
    assert not await tasks_left()


class Load:
    """Calls as fast as they may go; every grant with its time and what it has used."""

    def __init__(self, seed: int, tokens: tuple[int, int], uses: tuple[float, float]) -> None:
        self.grants: list[list[float]] = []
        self._dice = random.Random(seed)
        self._tokens = tokens
        self._uses = uses

    async def caller(self, admission: Admission, until: float) -> None:
        loop = asyncio.get_running_loop()
        while loop.time() < until:
            tokens = self._dice.randint(*self._tokens)
            permit = await admission.admit("m", tokens)
            grant = [loop.time(), float(tokens)]
            self.grants.append(grant)
            await asyncio.sleep(self._dice.uniform(0.05, 0.5))
            grant[1] = int(tokens * self._dice.uniform(*self._uses))
            permit.answered(int(grant[1]), 0)
            permit.release()

    def most_in(self, seconds: float, *, tokens: bool = False) -> float:
        """Most in any window of that length."""
        times = [at for at, _ in self.grants]
        sums = [0.0, *accumulate(used if tokens else 1.0 for _, used in self.grants)]
        return max(sums[i + 1] - sums[bisect_right(times, at - seconds)] for i, at in enumerate(times))


async def saturate(load: Load, admissions: list[Admission], seconds: float, callers: int = 8) -> None:
    await asyncio.gather(*(load.caller(one, seconds) for one in admissions for _ in range(callers)))


@pytest.mark.parametrize(
    ("limit", "field", "size", "window", "seconds", "least_used"),
    [
        (RPM, "rpm", 100, 60, 1230, 0.92),
        (TPM, "tpm", 100_000, 60, 1230, 0.7),
        (QPS, "qps", 10, 1, 60, 0.5),
    ],
)
def test_four_processes_together_keep_a_rate_and_use_it(
    limit: str, field: str, size: int, window: float, seconds: float, least_used: float
) -> None:
    async def run() -> Load:
        quota = MemoryQuota({limit: size})
        load = Load(1, (1000, 4000), (0.3, 1.0))
        async with processes(4, quota, **{field: size}) as admissions:
            await saturate(load, admissions, seconds)
        return load

    load = run_virtual(run())
    tokens = limit == TPM
    used = sum(used if tokens else 1 for at, used in load.grants if at < seconds)
    assert load.most_in(window, tokens=tokens) <= size
    assert used >= least_used * size * seconds / window


@given(
    seed=st.integers(0, 10**6), rpm=st.integers(1, 40), tpm=st.integers(200, 4000), parallel=st.integers(1, 6)
)
@examples(max_examples=20, deadline=None)
def test_no_shared_limit_is_passed_and_everything_comes_back(
    seed: int, rpm: int, tpm: int, parallel: int
) -> None:
    async def run() -> None:
        quota = MemoryQuota({RPM: rpm, TPM: tpm, PARALLEL: parallel})
        load = Load(seed, (1, 200), (0.0, 1.0))
        async with processes(3, quota, rpm=rpm, tpm=tpm, max_parallel=parallel) as admissions:
            await saturate(load, admissions, 200, callers=3)
            await asyncio.sleep(65)
            assert not quota.held, "everything comes back, also without an end"
        assert load.most_in(60) <= rpm
        assert load.most_in(60, tokens=True) <= tpm
        assert load.grants

    run_virtual(run())


def test_slots_are_shared_and_handed_round() -> None:
    async def run() -> None:
        quota = MemoryQuota({PARALLEL: 3})
        in_flight = most = 0

        async def call(admission: Admission) -> None:
            nonlocal in_flight, most
            permit = await admission.admit("m")
            in_flight += 1
            most = max(most, in_flight)
            await asyncio.sleep(0.4)
            in_flight -= 1
            permit.release()

        async def keep_calling(admission: Admission) -> None:
            while asyncio.get_running_loop().time() < 60:
                await call(admission)

        async with processes(2, quota, max_parallel=3) as (busy, late):
            busy_calls = [asyncio.create_task(keep_calling(busy)) for _ in range(6)]
            await asyncio.sleep(20)
            await call(late)
            assert asyncio.get_running_loop().time() < 20 + 7
            await asyncio.gather(*busy_calls)
        assert most == 3

    run_virtual(run())


def test_units_that_nobody_uses_go_back_soon() -> None:
    async def run() -> None:
        quota = MemoryQuota({RPM: 100})
        async with processes(1, quota, rpm=100) as (admission,):
            waiting = asyncio.create_task(admission.admit("m"))
            await asyncio.sleep(1.5 * ROUND_TRIP_SECONDS)  # the second of its two limits has been asked for
            waiting.cancel()
            await asyncio.sleep(1)
            assert quota.used(RPM) == 2
            await asyncio.sleep(3)
            assert quota.used(RPM) == 0

    run_virtual(run())


def test_a_keeper_that_is_away_fails_those_who_wait_and_is_asked_again() -> None:
    async def run() -> None:
        quota = MemoryQuota({RPM: 10})
        async with processes(1, quota, rpm=10) as (admission,):
            quota.is_down = True
            answers = await asyncio.gather(*(admission.admit("m") for _ in range(3)), return_exceptions=True)
            assert [type(answer) for answer in answers] == [ProviderUnavailableError] * 3
            assert admission.waiting == 0
            quota.is_down = False
            (await admission.admit("m")).release()

    run_virtual(run())


async def _nobody_waits(admission: Admission, quota: MemoryQuota) -> None:
    quota.is_down = True
    waiting = asyncio.create_task(admission.admit("m"))
    await moments(2)
    waiting.cancel()
    await asyncio.sleep(10)
    quota.is_down = False


async def _it_breaks(admission: Admission, quota: MemoryQuota) -> None:
    limit = quota.limits.pop(RPM)
    with pytest.raises(ProviderUnavailableError, match=f"keeper of the limit {RPM}"):
        await admission.admit("m")
    quota.limits[RPM] = limit


@pytest.mark.parametrize("trouble", [_nobody_waits, _it_breaks])
def test_trouble_with_a_keeper_is_not_told_to_those_who_come_later(
    trouble: Callable[[Admission, MemoryQuota], Awaitable[None]],
) -> None:
    async def run() -> None:
        quota = MemoryQuota({RPM: 10})
        async with processes(1, quota, rpm=10) as (admission,):
            await trouble(admission, quota)
            (await admission.admit("m")).release()

    run_virtual(run())


def test_a_shared_limit_that_is_not_whole_names_its_setting() -> None:
    settings = settings_of({"llm_executor_model_limits": {"scripted": ProviderLimits(qps=0.5)}})
    with pytest.raises(ConfigurationError, match=r"LLM_EXECUTOR_MODEL_LIMITS \(scripted: qps\)"):
        build_admission("scripted", settings, VirtualClock(), MemoryQuota({}))
