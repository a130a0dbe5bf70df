"""Counted resources: no window holds more than its capacity, and no wait is longer than needed (S4-1)."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from techne.llm.meters import FOREVER, Hold, SlotMeter, WindowMeter, window_margin

WINDOW = 60.0
SOON = 1e-6
"""Shorter than any wait of interest, longer than any rounding error."""

amounts = st.floats(0.5, 40)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("take"), amounts),
        st.tuples(st.just("pass"), st.floats(0, 45)),
        st.tuples(st.just("settle"), st.integers(0, 5), st.floats(0, 2)),
    ),
    max_size=40,
)


@dataclass
class Taken:
    """What the test itself remembers of an amount."""

    hold: Hold
    at: float
    amount: float


def in_window(taken: list[Taken], now: float, seconds: float) -> float:
    return sum(one.amount for one in taken if one.at > now - seconds)


@given(steps=steps)
@examples(max_examples=200, deadline=None)
def test_no_window_holds_more_than_its_capacity(
    steps: list[tuple[str, float] | tuple[str, int, float]],
) -> None:
    capacity = 50.0
    meter = WindowMeter(capacity, WINDOW)
    taken: list[Taken] = []
    now = 0.0
    for step in steps:
        if step[0] == "pass":
            now += step[1]
        elif step[0] == "settle" and taken:
            one = taken[-1 - int(step[1]) % len(taken)]
            one.amount *= step[-1]
            one.hold.settle(one.amount)
        elif step[0] == "take":
            amount = step[1]
            wait = meter.wait_seconds(amount, now)
            assert wait < FOREVER
            if wait > SOON:  # no longer than needed: a moment earlier there is no room, even by the records
                before = in_window(taken, now + wait - SOON, WINDOW + window_margin(WINDOW))
                assert before + amount > capacity
            now += wait
            assert meter.wait_seconds(amount, now) <= SOON
            assert in_window(taken, now, WINDOW) + amount <= capacity + SOON
            taken.append(Taken(meter.take(amount, now), now, amount))


def test_a_rested_window_lets_no_second_burst_pass() -> None:
    meter = WindowMeter(10, 1.0)
    for number in range(10):
        assert meter.wait_seconds(1, 100.0) == 0, number
        meter.take(1, 100.0)
    assert meter.wait_seconds(1, 100.0) == pytest.approx(1.03)
    assert meter.wait_seconds(1, 101.0) > 0
    assert meter.wait_seconds(10, 101.04) == 0


def test_what_was_not_used_can_be_taken_at_once() -> None:
    meter = WindowMeter(100, WINDOW)
    hold = meter.take(100, 0)
    assert meter.wait_seconds(60, 1) > 0
    hold.settle(40)
    assert meter.wait_seconds(60, 1) == 0
    assert meter.wait_seconds(61, 1) == pytest.approx(WINDOW + window_margin(WINDOW) - 1)


def test_what_was_used_beyond_the_reservation_is_owed() -> None:
    meter = WindowMeter(100, WINDOW)
    meter.take(10, 0).settle(150)
    assert meter.wait_seconds(1, 1) == pytest.approx(WINDOW + window_margin(WINDOW) - 1)


def test_a_word_that_comes_after_the_window_changes_nothing() -> None:
    meter = WindowMeter(100, WINDOW)
    hold = meter.take(10, 0)
    assert meter.wait_seconds(100, 70) == 0
    hold.settle(90)
    hold.settle(0)
    assert meter.wait_seconds(100, 70) == 0
    assert meter.used == 0


def test_slots_are_taken_and_given_back_once() -> None:
    meter = SlotMeter(2)
    holds = [meter.take(1, 0), meter.take(1, 0)]
    assert meter.wait_seconds(1, 0) == FOREVER
    holds[0].end()
    holds[0].end()
    assert (meter.in_flight, meter.max_in_flight) == (1, 2)
    assert meter.wait_seconds(1, 0) == 0


def test_throttles_of_one_round_lower_the_limit_once() -> None:
    meter = SlotMeter(10, adaptive=True)
    for _ in range(10):
        meter.throttled(sent_at=0.0, now=1.0)
    assert meter.limit == 7
    meter.throttled(sent_at=1.5, now=2.0)
    assert meter.limit == 4


def test_throttles_of_calls_sent_at_the_moment_of_the_decrease_tell_nothing_new() -> None:
    meter = SlotMeter(10, adaptive=True)
    for _ in range(10):
        meter.throttled(sent_at=0.0, now=0.0)
    assert meter.limit == 7


def test_the_limit_grows_by_one_per_round_of_answers() -> None:
    meter = SlotMeter(10, adaptive=True)
    meter.throttled(sent_at=0.0, now=1.0)
    for _ in range(7):
        meter.answered()
    assert meter.limit == 7
    meter.answered()
    assert meter.limit == 8


def test_a_limit_that_is_not_adaptive_stays() -> None:
    meter = SlotMeter(10)
    meter.throttled(sent_at=0.0, now=1.0)
    assert meter.limit == 10


@given(
    capacity=st.integers(1, 50),
    words=st.lists(st.tuples(st.booleans(), st.floats(0, 3), st.floats(0, 3)), max_size=200),
)
@examples(max_examples=100, deadline=None)
def test_the_limit_never_passes_its_cap_nor_goes_under_one(
    capacity: int, words: list[tuple[bool, float, float]]
) -> None:
    meter = SlotMeter(capacity, adaptive=True)
    now = 0.0
    for throttled, passed, age in words:
        before, now = meter.limit, now + passed
        if throttled:
            meter.throttled(sent_at=now - age, now=now)
            assert meter.limit <= before
        else:
            meter.answered()
            assert before <= meter.limit <= before + 1
        assert 1 <= meter.limit <= capacity
