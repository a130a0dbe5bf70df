"""Providers that keep their limits to the letter never have to refuse (S4-1, S4-2).

Three servers each keep one limit, over sliding windows of a real minute: calls per minute, tokens per minute,
calls in flight. What is asserted is what they have counted over two windows' work, never how long it took.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from benchmarks.limits import BOUNDS, USE_AIM, Bound, create_limits, executor_environment, let_in, prefect
from benchmarks.limits_client import PROVIDERS, clients
from benchmarks.wire_server import Stats, WireServer

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(600)]

SMALL_RPM = 120
SMALL_BOUNDS = (
    Bound("openai", "rpm", SMALL_RPM, let_in),
    Bound("bedrock", "tpm", 4_800, lambda stats: stats["tokens"]),
    Bound("ollama", "parallel", 8, let_in),
)
PROCESSES = 4


@contextmanager
def serving(bounds: tuple[Bound, ...]) -> Iterator[dict[Bound, WireServer]]:
    with ExitStack() as stack:
        yield {bound: stack.enter_context(bound.server()) for bound in bounds}


@pytest.fixture
def servers() -> Iterator[dict[Bound, WireServer]]:
    with serving(SMALL_BOUNDS) as servers:
        yield servers


@pytest.fixture
def shared_environment(servers: dict[Bound, WireServer]) -> Iterator[dict[str, str]]:
    """Limits that processes share, on a Prefect server of the test's own."""
    with prefect() as shared:
        environment = {**executor_environment(servers), **shared}
        create_limits(environment)
        yield environment


def assert_kept(servers: dict[Bound, WireServer], calls: int) -> dict[str, Stats]:
    """Nothing was refused or lost at any server; what each has counted, by limit."""
    counts = {bound.limit: server.stats() for bound, server in servers.items()}
    assert {limit: stats["throttled_by"] for limit, stats in counts.items()} == {key: {} for key in counts}
    assert {limit: stats["answered"] for limit, stats in counts.items()} == dict.fromkeys(counts, calls)
    return counts


def test_one_process_uses_its_limits_and_breaks_none() -> None:
    rpm, tpm, parallel = (bound.amount for bound in BOUNDS)
    calls = 2 * rpm
    with serving(BOUNDS) as servers:
        with clients(1, executor_environment(servers), calls) as running:
            (met,) = running.finished()
        counts = assert_kept(servers, calls)
    assert met == {
        "answered": dict.fromkeys(PROVIDERS, calls),
        "failures": {provider: {} for provider in PROVIDERS},
        "errors": {},
    }
    assert USE_AIM * rpm <= counts["rpm"]["window_peak_requests"] <= rpm
    assert USE_AIM * tpm <= counts["tpm"]["window_peak_tokens"] <= tpm
    assert counts["parallel"]["max_in_flight"] == parallel


def test_four_processes_share_limits_and_break_none(
    servers: dict[Bound, WireServer], shared_environment: dict[str, str]
) -> None:
    calls = 2 * SMALL_RPM // PROCESSES
    with clients(PROCESSES, shared_environment, calls) as running:
        met = running.finished()
    assert [process["errors"] for process in met] == [{}] * PROCESSES
    assert [process["answered"] for process in met] == [dict.fromkeys(PROVIDERS, calls)] * PROCESSES
    assert_kept(servers, PROCESSES * calls)


def test_a_process_that_ends_leaves_its_successor_only_what_it_has_not_spent(
    servers: dict[Bound, WireServer], shared_environment: dict[str, str]
) -> None:
    first, second = SMALL_RPM, SMALL_RPM // 4
    for calls in (first, second):
        with clients(1, shared_environment, calls) as running:
            (met,) = running.finished()
        assert met["errors"] == {}
    assert_kept(servers, first + second)
