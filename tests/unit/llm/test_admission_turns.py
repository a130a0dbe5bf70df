"""Turns and refusals, one situation each; `test_admission` has the general case (S4-1, S4-13)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from techne.errors import (
    ProviderUnavailableError,
    QueueFullError,
    RequestTooLargeError,
    ThrottledError,
)
from techne.llm.admission import Admission
from techne.llm.lanes import Permit
from techne.llm.testing import run_virtual
from techne.settings import ProviderLimits
from tests.support.virtual_time import admission_of, moments

ALL = ProviderLimits(max_parallel=2, qps=5, rpm=10, tpm=1000)


def used(admission: Admission) -> list[float]:
    """What is taken of every limit."""
    limits = [*admission.limits, *(limit for lane in admission.lanes.values() for limit in lane.limits)]
    return [getattr(limit.meter, "used", getattr(limit.meter, "in_flight", 0.0)) for limit in limits]


async def refused(work: asyncio.Task[Permit], kind: type[BaseException]) -> None:
    with pytest.raises(kind):
        await work


def admit(admission: Admission, model: str = "a", tokens: float = 10, **how: object) -> asyncio.Task[Permit]:
    return asyncio.create_task(admission.admit(model, tokens, **how))  # type: ignore[arg-type]


def test_refused_requests_consume_nothing() -> None:
    async def run() -> None:
        admission = admission_of({"scripted": ALL, "scripted/a": ALL}, llm_executor_queue_size=1)
        permits = [await admission.admit("a", 10), await admission.admit("a", 10)]
        before = used(admission)
        patient = admit(admission)
        await moments()
        await refused(admit(admission, wait_when_full=False), QueueFullError)
        await refused(admit(admission, tokens=1001), RequestTooLargeError)
        assert (used(admission), admission.waiting) == (before, 1)
        patient.cancel()
        await moments(3)
        assert (used(admission), admission.waiting) == (before, 0)
        for permit in permits:
            permit.answered(10, 0)
            permit.release()
        for _ in range(5):
            permit = await admission.admit("b")
            permit.failed(ProviderUnavailableError("down"))
            permit.release()
        before = used(admission)
        await refused(admit(admission, "b", may_fall_back=True), ProviderUnavailableError)
        assert (used(admission), admission.waiting) == (before, 0)
        await admission.close()

    run_virtual(run())


def test_a_turn_that_comes_together_with_a_cancellation_is_given_back_whole() -> None:
    async def run() -> None:
        admission = admission_of({"scripted": ALL})
        first, second = await admission.admit("a", 10), await admission.admit("a", 10)
        before = used(admission)
        waiting = admit(admission)
        await moments()
        first.release()  # its turn has come, and its caller doesn't know yet
        waiting.cancel()
        await refused(waiting, asyncio.CancelledError)
        assert used(admission) == [1, *before[1:4], 1]
        second.release()
        await moments(2)
        assert used(admission)[0] == 0
        await admission.close()

    run_virtual(run())


def test_a_large_request_is_not_starved_by_small_ones() -> None:
    async def run() -> float:
        admission = admission_of({"scripted": ProviderLimits(max_parallel=50, tpm=1000)})
        loop = asyncio.get_running_loop()

        async def small() -> None:
            permit = await admission.admit("a", 50)
            permit.answered(50, 0)
            permit.release()

        async def flood(tasks: asyncio.TaskGroup) -> None:
            for _ in range(600):
                tasks.create_task(small())
                await asyncio.sleep(1)

        async with asyncio.TaskGroup() as tasks:
            flooding = tasks.create_task(flood(tasks))
            await asyncio.sleep(30)
            permit = await admission.admit("a", 1000)
            came_after = loop.time() - 30
            permit.answered(1000, 0)
            permit.release()
            await flooding
        await admission.close()
        return came_after

    assert run_virtual(run()) < 2 * 61


def test_calls_that_are_tried_again_keep_their_order() -> None:
    async def run() -> list[int]:
        admission = admission_of({"scripted": ProviderLimits(max_parallel=3)})
        permits = [await admission.admit("a") for _ in range(3)]
        came: list[int] = []

        async def again(order: int) -> None:
            permit = await admission.admit("a", order=order)
            came.append(permit.order)
            permit.release()

        late = admit(admission)
        await moments()
        tasks = [asyncio.create_task(again(permit.order)) for permit in (permits[0], permits[2], permits[1])]
        await moments()
        for permit in permits:
            permit.release()
            await moments(4)
        await asyncio.gather(*tasks)
        came.append((await late).order)
        (await late).release()
        await admission.close()
        return came

    assert run_virtual(run()) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "hold_up",
    [
        pytest.param(lambda permit: permit.failed(throttled(300)), id="pause"),
        pytest.param(lambda permit: permit.answered(100, 0), id="tokens"),
    ],
)
def test_a_lane_that_waits_for_itself_holds_up_nobody(hold_up: Callable[[Permit], None]) -> None:
    async def run() -> None:
        limits = {"scripted": ProviderLimits(max_parallel=4), "scripted/a": ProviderLimits(tpm=100)}
        admission = admission_of(limits)
        permit = await admission.admit("a", 100)
        hold_up(permit)
        permit.release()
        held_up = admit(admission, tokens=100)
        await moments()
        for _ in range(8):
            (await admission.admit("b", 100)).release()
        assert asyncio.get_running_loop().time() == 0
        assert not held_up.done()
        (await held_up).release()
        assert asyncio.get_running_loop().time() > 60
        await admission.close()

    run_virtual(run())


def throttled(seconds: float) -> ThrottledError:
    error = ThrottledError("slow down")
    error.retry_after_seconds = seconds
    return error


def test_a_turn_that_does_not_come_in_time_is_refused() -> None:
    async def run() -> None:
        admission = admission_of(
            {"scripted": ProviderLimits(max_parallel=1)}, llm_executor_queue_timeout_seconds=5
        )
        permit = await admission.admit("a")
        await refused(admit(admission), QueueFullError)
        assert asyncio.get_running_loop().time() == 5
        assert admission.waiting == 0
        permit.release()
        (await admission.admit("a")).release()

    run_virtual(run())


def test_a_call_that_cannot_be_broken_off_keeps_its_slot_until_it_ends() -> None:
    async def run() -> None:
        admission = admission_of({"scripted": ProviderLimits(max_parallel=1)})
        permit = await admission.admit("a")
        stubborn: asyncio.Task[object] = asyncio.create_task(asyncio.sleep(9))
        permit.release_after(stubborn)
        permit.release()
        (await admission.admit("a")).release()
        assert asyncio.get_running_loop().time() == 9

    run_virtual(run())


def test_tokens_that_were_not_used_are_taken_by_others_before_the_answer_is_stored() -> None:
    async def run() -> None:
        admission = admission_of({"scripted": ProviderLimits(max_parallel=2, tpm=100)})
        permit = await admission.admit("a", 100)
        waiting = admit(admission, tokens=60)
        await moments()
        permit.answered(30, 10)
        await moments()
        assert waiting.done()
        for one in (permit, await waiting):
            one.release()
        await admission.close()

    run_virtual(run())
