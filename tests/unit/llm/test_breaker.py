"""A model that fails again and again is left alone, and tried with one call at a time (S4-16)."""

from __future__ import annotations

import asyncio

import pytest

from techne.errors import (
    MalformedResponseError,
    ProviderTimeoutError,
    ProviderUnavailableError,
    RequestRejectedError,
    ThrottledError,
)
from techne.llm.admission import Admission
from techne.llm.breaker import Breaker, is_outage
from techne.llm.lanes import Permit
from techne.llm.testing import run_virtual
from techne.settings import ProviderLimits
from tests.support.virtual_time import admission_of, moments

DOWN = ProviderUnavailableError("down")
LIMITS = {"scripted": ProviderLimits(max_parallel=8)}


def opened(pause_seconds: float = 10) -> Breaker:
    breaker = Breaker(3, pause_seconds)
    assert [breaker.failed(0, probe=False) for _ in range(3)] == [False, False, True]
    return breaker


def test_it_opens_after_so_many_failures_in_a_row() -> None:
    breaker = Breaker(3, 10)
    for _ in range(2):
        breaker.failed(0, probe=False)
    breaker.answered()
    for _ in range(2):
        breaker.failed(0, probe=False)
    assert (breaker.state, breaker.wait_seconds(0)) == ("closed", 0)
    assert breaker.failed(0, probe=False)
    assert (breaker.state, breaker.wait_seconds(4)) == ("open", 6)


def test_each_failed_probe_doubles_the_pause_up_to_a_bound() -> None:
    breaker, now, pauses = opened(), 10.0, []
    for _ in range(5):
        assert breaker.wait_seconds(now) == 0
        breaker.sent()
        assert breaker.wait_seconds(now + 1000) == float("inf")
        breaker.failed(now, probe=True)
        pauses.append(breaker.wait_seconds(now))
        now += pauses[-1]
    assert pauses == [20, 40, 80, 80, 80]


def test_an_answer_closes_it_and_forgets_the_doublings() -> None:
    breaker = opened()
    breaker.sent()
    breaker.failed(10, probe=True)
    breaker.sent()
    breaker.answered()
    assert (breaker.state, breaker.wait_seconds(30)) == ("closed", 0)
    for _ in range(3):
        breaker.failed(40, probe=False)
    assert breaker.wait_seconds(40) == 10


def test_late_failures_of_older_calls_change_nothing() -> None:
    breaker = opened()
    assert not breaker.failed(9, probe=False)
    assert breaker.wait_seconds(9) == 1
    breaker.sent()
    assert not breaker.failed(11, probe=False)
    assert breaker.wait_seconds(11) == float("inf")


def test_a_probe_that_fails_after_another_call_was_answered_counts_as_one_failure() -> None:
    breaker = opened()
    breaker.sent()
    breaker.answered()  # a late answer of an older call
    assert not breaker.failed(11, probe=True)
    assert breaker.state == "closed"


@pytest.mark.parametrize(
    ("error", "outage"),
    [
        (DOWN, True),
        (ProviderTimeoutError("late"), True),
        (MalformedResponseError("garbage"), True),
        (ThrottledError("slow down"), False),
        (RequestRejectedError("no"), False),
    ],
)
def test_only_the_silence_of_a_server_is_an_outage(error: Exception, outage: bool) -> None:
    assert is_outage(error) is outage


async def fail(admission: Admission, times: int = 5) -> None:
    for permit in [await admission.admit("a") for _ in range(times)]:
        permit.failed(DOWN)
        permit.release()


def test_one_probe_goes_and_the_others_follow_its_answer() -> None:
    async def run() -> None:
        admission = admission_of(LIMITS)
        await fail(admission)
        tasks = [asyncio.create_task(admission.admit("a")) for _ in range(4)]
        await asyncio.sleep(10.5)
        assert [task.done() for task in tasks] == [True, False, False, False]
        probe = tasks[0].result()
        assert probe.is_probe
        probe.answered(0, 0)
        probe.release()
        await moments(3)
        assert [task.result().is_probe for task in tasks[1:]] == [False] * 3
        assert asyncio.get_running_loop().time() == 10.5

    run_virtual(run())


def test_a_cancelled_probe_makes_room_for_the_next() -> None:
    async def run() -> None:
        admission = admission_of(LIMITS)
        await fail(admission)
        probe = await admission.admit("a")
        waiting = asyncio.create_task(admission.admit("a"))
        await moments()
        probe.failed(asyncio.CancelledError())
        probe.release()
        assert (await waiting).is_probe

    run_virtual(run())


def test_a_request_with_a_fallback_is_refused_at_once_also_while_it_waits() -> None:
    async def run() -> None:
        admission = admission_of({"scripted": ProviderLimits(max_parallel=1)})
        failing = await admission.admit("a")
        waiting = asyncio.create_task(admission.admit("a", may_fall_back=True))
        patient = asyncio.create_task(admission.admit("a"))
        await moments()
        for _ in range(5):
            failing.failed(DOWN)
        with pytest.raises(ProviderUnavailableError, match="left alone for 10 s"):
            await waiting
        with pytest.raises(ProviderUnavailableError, match="left alone"):
            await admission.admit("a", may_fall_back=True)
        assert asyncio.get_running_loop().time() == 0
        failing.release()
        assert (await patient).is_probe
        with pytest.raises(ProviderUnavailableError, match="until a probe has answered"):
            await admission.admit("a", may_fall_back=True)

    run_virtual(run())


@pytest.mark.parametrize("came_before_it_opened", [True, False])
def test_others_wait_and_fail_after_so_many_failed_probes(came_before_it_opened: bool) -> None:
    async def run() -> tuple[int, float]:
        admission = admission_of(LIMITS, llm_executor_max_attempts=3)
        loop = asyncio.get_running_loop()
        failing = [await admission.admit("a") for _ in range(8)]
        patient: asyncio.Task[Permit] | None = None
        if came_before_it_opened:
            patient = asyncio.create_task(admission.admit("a"))
            await moments()
        for permit in failing:
            permit.failed(DOWN)
        first = failing[0]
        failing[1].release()
        if patient is None:
            patient = asyncio.create_task(admission.admit("a"))
            await moments()
        probes = 0
        while not patient.done():
            probe = await admission.admit("a", order=first.order)
            assert probe.is_probe
            probes += 1
            probe.failed(DOWN)
            probe.release()
            await moments(3)
        with pytest.raises(ProviderUnavailableError, match="left alone"):
            patient.result()
        assert admission.waiting == 0
        return probes, loop.time()

    assert run_virtual(run()) == (3, 10 + 20 + 40)
