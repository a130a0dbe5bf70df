"""Providers that keep their limits to the letter never have to refuse (S4-1, S4-2).

Three servers each keep one limit, over sliding windows of a real minute: calls per minute, tokens per minute,
calls in flight. What is asserted is what they have counted over two windows' work, never how long it took.
The work is mostly waiting, so that of all tests is done at the same time, by processes and against servers
of each one's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import pytest

from benchmarks.limits import USE_AIM, Bound, create_limits, executor_environment, let_in, prefect
from benchmarks.limits_client import PROVIDERS, Met, clients
from benchmarks.wire_server import Stats, WireServer

pytestmark = [pytest.mark.acceptance, pytest.mark.alone, pytest.mark.timeout(600)]

SMALL_RPM = 120
SMALL_BOUNDS = (
    Bound("openai", "rpm", SMALL_RPM, let_in),
    Bound("bedrock", "tpm", 4_800, lambda stats: stats["tokens"]),
    Bound("ollama", "parallel", 8, let_in),
)
ALONE_BOUNDS = (
    Bound("openai", "rpm", 300, let_in),
    Bound("bedrock", "tpm", 12_000, lambda stats: stats["tokens"]),
    Bound("ollama", "parallel", 8, let_in),
)
"""Half of the benchmark's: the processes of the other tests share the machine meanwhile."""
PROCESSES = 4
RPM, TPM, PARALLEL = (bound.amount for bound in ALONE_BOUNDS)
CALLS_ALONE = 2 * RPM
CALLS_TOGETHER = 2 * SMALL_RPM // PROCESSES - 4
"""Of each process. A few short of two windows: what an ended process has leased and not spent lapses with its
lease, and would keep the last calls waiting for a third."""
CALLS_FIRST, CALLS_SECOND = SMALL_RPM, SMALL_RPM // 4


@dataclass(frozen=True, slots=True)
class Work:
    """What was done by processes that have ended: what they met, and the servers, which have counted it."""

    servers: dict[Bound, WireServer]
    met: list[Met]

    def assert_kept(self, calls: int) -> dict[str, Stats]:
        """Nothing was refused or lost at any server; what each has counted, by limit."""
        counts = {bound.limit: server.stats() for bound, server in self.servers.items()}
        refused = {limit: stats["throttled_by"] for limit, stats in counts.items() if stats["throttled_by"]}
        assert refused == {}
        assert {limit: stats["answered"] for limit, stats in counts.items()} == dict.fromkeys(counts, calls)
        return counts


@dataclass(frozen=True, slots=True)
class AllWork:
    """The work of each test."""

    alone: Work
    together: Work
    in_turn: Work


@pytest.fixture(scope="module")
def work(clean_shell: None) -> Iterator[AllWork]:
    with ExitStack() as stack:
        enter = stack.enter_context
        with ThreadPoolExecutor() as pool:  # a Prefect server takes long to start
            shared, turns = pool.map(enter, (sharing(SMALL_BOUNDS), sharing(SMALL_BOUNDS)))
        first = enter(clients(1, turns.environment, CALLS_FIRST))
        together = enter(clients(PROCESSES, shared.environment, CALLS_TOGETHER))
        met = first.finished()
        second = enter(clients(1, turns.environment, CALLS_SECOND))
        own = enter(serving(ALONE_BOUNDS))  # the others mostly wait by now
        alone = enter(clients(1, own.environment, CALLS_ALONE))
        yield AllWork(
            alone=Work(own.servers, alone.finished()),
            together=Work(shared.servers, together.finished()),
            in_turn=Work(turns.servers, met + second.finished()),
        )


@dataclass(frozen=True, slots=True)
class Providers:
    """Servers by their limits, and the environment of processes that are to keep those."""

    servers: dict[Bound, WireServer]
    environment: dict[str, str]


@contextmanager
def serving(bounds: tuple[Bound, ...]) -> Iterator[Providers]:
    with ExitStack() as stack:
        servers = {bound: stack.enter_context(bound.server()) for bound in bounds}
        yield Providers(servers, executor_environment(servers))


@contextmanager
def sharing(bounds: tuple[Bound, ...]) -> Iterator[Providers]:
    """The same for limits that processes share, on a Prefect server of their own."""
    with serving(bounds) as providers, prefect() as shared:
        environment = {**providers.environment, **shared}
        create_limits(environment)
        yield Providers(providers.servers, environment)


def test_one_process_uses_its_limits_and_breaks_none(work: AllWork) -> None:
    counts = work.alone.assert_kept(CALLS_ALONE)
    assert work.alone.met == [
        {
            "answered": dict.fromkeys(PROVIDERS, CALLS_ALONE),
            "failures": {provider: {} for provider in PROVIDERS},
            "errors": {},
        }
    ]
    assert USE_AIM * RPM <= counts["rpm"]["window_peak_requests"] <= RPM
    assert USE_AIM * TPM <= counts["tpm"]["window_peak_tokens"] <= TPM
    assert counts["parallel"]["max_in_flight"] == PARALLEL


def test_four_processes_share_limits_and_break_none(work: AllWork) -> None:
    met = work.together.met
    assert [process["errors"] for process in met] == [{}] * PROCESSES
    assert [process["answered"] for process in met] == [dict.fromkeys(PROVIDERS, CALLS_TOGETHER)] * PROCESSES
    work.together.assert_kept(PROCESSES * CALLS_TOGETHER)


def test_a_process_that_ends_leaves_its_successor_only_what_it_has_not_spent(work: AllWork) -> None:
    assert [process["errors"] for process in work.in_turn.met] == [{}, {}]
    work.in_turn.assert_kept(CALLS_FIRST + CALLS_SECOND)
