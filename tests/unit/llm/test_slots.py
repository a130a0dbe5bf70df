"""Parallelism and the queue of one provider (S4-8, S4-13)."""

from __future__ import annotations

import asyncio
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from techne.errors import QueueFullError
from techne.llm.slots import Slot, Slots


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_waiters_are_served_in_order_of_arrival() -> None:
    slots = Slots("p", max_parallel=1, queue_size=10)
    served: list[int] = []

    async def work(number: int) -> None:
        slot = await slots.acquire()
        served.append(number)
        slot.release()

    first = await slots.acquire()
    tasks = [asyncio.create_task(work(number)) for number in range(5)]
    await settle()
    first.release()
    await asyncio.gather(*tasks)
    assert served == [0, 1, 2, 3, 4]


async def test_a_full_queue_refuses_at_once() -> None:
    slots = Slots("bedrock", max_parallel=1, queue_size=2)
    held = await slots.acquire()
    waiting = [asyncio.create_task(slots.acquire()) for _ in range(2)]
    await settle()
    with pytest.raises(QueueFullError, match="LLM_EXECUTOR_QUEUE_SIZE"):
        await slots.acquire()
    held.release()
    (await waiting[0]).release()
    (await waiting[1]).release()
    assert slots.in_flight == 0


async def test_a_full_queue_lets_callers_wait_if_so_configured() -> None:
    slots = Slots("bedrock", max_parallel=1, queue_size=1, wait_when_full=True)
    held = await slots.acquire()
    waiting = [asyncio.create_task(slots.acquire()) for _ in range(3)]
    await settle()
    assert slots.waiting == 3
    held.release()
    for task in waiting:
        (await task).release()
    assert slots.in_flight == 0


async def test_an_admitted_call_goes_ahead_of_a_full_queue() -> None:
    slots = Slots("p", max_parallel=1, queue_size=1)
    held = await slots.acquire()
    waiting = asyncio.create_task(slots.acquire())
    await settle()
    admitted = asyncio.create_task(slots.acquire(ahead=True))
    await settle()
    held.release()
    await settle()
    assert admitted.done()
    assert not waiting.done()
    admitted.result().release()
    (await waiting).release()


async def test_a_free_slot_behind_cancelled_waiters_is_found() -> None:
    slots = Slots("p", max_parallel=1, queue_size=5)
    held = await slots.acquire()
    waiting = [asyncio.create_task(slots.acquire()) for _ in range(2)]
    await settle()
    for task in waiting:
        task.cancel()
    held.release()
    async with asyncio.timeout(5):
        (await slots.acquire()).release()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert (slots.in_flight, slots.waiting) == (0, 0)


async def test_a_slot_stays_taken_until_the_call_has_really_ended() -> None:
    slots = Slots("p", max_parallel=1, queue_size=1)
    over = asyncio.Event()
    call: asyncio.Task[object] = asyncio.create_task(over.wait())
    slot = await slots.acquire()
    slot.release_after(call)
    slot.release()
    assert slots.in_flight == 1
    over.set()
    await call
    await settle()
    assert slots.in_flight == 0


@given(seed=st.integers(0, 10_000), max_parallel=st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_cancellation_at_any_moment_leaves_no_slot_behind(seed: int, max_parallel: int) -> None:
    dice = random.Random(seed)

    async def scenario() -> None:
        slots = Slots("p", max_parallel=max_parallel, queue_size=100)
        running = 0

        async def work() -> None:
            nonlocal running
            slot: Slot = await slots.acquire(ahead=dice.random() < 0.2)
            running += 1
            assert running <= max_parallel
            try:
                for _ in range(dice.randrange(4)):
                    await asyncio.sleep(0)
            finally:
                running -= 1
                slot.release()

        tasks = [asyncio.create_task(work()) for _ in range(20)]
        for _ in range(10):
            await asyncio.sleep(0)
            dice.choice(tasks).cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(outcome is None or isinstance(outcome, asyncio.CancelledError) for outcome in outcomes)
        assert (slots.in_flight, slots.waiting) == (0, 0)
        assert slots.max_in_flight <= max_parallel

    asyncio.run(scenario())


async def test_a_caller_may_choose_to_wait_at_a_full_queue() -> None:
    """S4-13: refuse by default, wait where the caller is a pipeline."""
    slots = Slots("test", max_parallel=1, queue_size=1)
    held = await slots.acquire()
    queued = asyncio.create_task(slots.acquire())
    await asyncio.sleep(0)
    with pytest.raises(QueueFullError):
        await slots.acquire()
    patient = asyncio.create_task(slots.acquire(wait_when_full=True))
    await asyncio.sleep(0)
    held.release()
    (await queued).release()
    (await patient).release()
    assert slots.in_flight == 0
