"""Which prefixes are taken to repeat."""

from __future__ import annotations

import pytest

from techne.llm.providers.bedrock_prefixes import LIFETIME_SECONDS, MAX_REMEMBERED, RepeatedPrefixes
from techne.llm.testing import FakeClock

LONG = ("", "word " * 1024)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def prefixes(clock: FakeClock) -> RepeatedPrefixes:
    return RepeatedPrefixes(clock.monotonic)


def test_a_long_prefix_repeats_from_its_second_use(prefixes: RepeatedPrefixes) -> None:
    assert [prefixes.repeats("m", LONG, 1024) for _ in range(3)] == [False, True, True]


@pytest.mark.parametrize("minimum", [0, 1025])
def test_one_that_the_model_would_not_cache_never_does(prefixes: RepeatedPrefixes, minimum: int) -> None:
    assert [prefixes.repeats("m", LONG, minimum) for _ in range(3)] == [False] * 3


def test_caches_are_per_model_and_per_schema(prefixes: RepeatedPrefixes) -> None:
    assert not prefixes.repeats("m", LONG, 1024)
    assert not prefixes.repeats("n", LONG, 1024)
    assert not prefixes.repeats("m", ('{"type": "object"}', LONG[1]), 1024)


def test_one_not_used_for_longer_than_the_cache_keeps_it_starts_anew(
    prefixes: RepeatedPrefixes, clock: FakeClock
) -> None:
    prefixes.repeats("m", LONG, 1024)
    clock.now += LIFETIME_SECONDS
    assert prefixes.repeats("m", LONG, 1024)
    clock.now += LIFETIME_SECONDS + 1
    assert not prefixes.repeats("m", LONG, 1024)


def test_the_one_unused_longest_is_forgotten_first(prefixes: RepeatedPrefixes) -> None:
    prefixes.repeats("m", LONG, 1024)
    prefixes.repeats("m", ("kept", LONG[1]), 1024)
    for number in range(MAX_REMEMBERED - 1):
        prefixes.repeats("m", (str(number), LONG[1]), 1024)
        prefixes.repeats("m", ("kept", LONG[1]), 1024)
    assert prefixes.repeats("m", ("kept", LONG[1]), 1024)
    assert not prefixes.repeats("m", LONG, 1024)
