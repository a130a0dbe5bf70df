"""The benchmarks' clients make the calls that they are credited with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.limits import BOUNDS, LATENCY_SECONDS
from benchmarks.peers.measuring import WARM_UP_CALLS, Figures, by_workers
from benchmarks.wire_server import WireServer

ROOT = Path(__file__).resolve().parents[3]
CALLS = 40


def figures_of(server: WireServer, module: str, how: str) -> Figures:
    command = [sys.executable, "-m", module, "--url", server.url, "--how", how]
    command += ["--calls", str(CALLS), "--in-flight", "4"]
    child = subprocess.run(
        command, cwd=ROOT, env=dict(os.environ), check=True, capture_output=True, text=True
    )
    return Figures(**json.loads(child.stdout))


@pytest.mark.parametrize(
    ("module", "how", "sent"),
    [
        ("benchmarks.peers.raw_aiohttp", "", WARM_UP_CALLS + CALLS),
        ("benchmarks.executor_client", "openai/submit", WARM_UP_CALLS + CALLS),
        ("benchmarks.executor_client", "bedrock/submit_many", WARM_UP_CALLS + CALLS),
        ("benchmarks.executor_client", "openai/submit_many/new", WARM_UP_CALLS + CALLS),
        ("benchmarks.executor_client", "openai/submit_many/known", WARM_UP_CALLS),
    ],
)
def test_every_call_of_a_client_has_reached_the_server(module: str, how: str, sent: int) -> None:
    with WireServer() as server:
        figures = figures_of(server, module, how)
        assert server.stats()["answered"] == sent
        assert server.stats()["max_in_flight"] <= 4
    assert figures.calls == CALLS
    assert figures.per_second == CALLS / figures.seconds
    assert 0 < figures.cpu_milliseconds == 1000 * figures.cpu_seconds / CALLS


async def test_workers_take_each_number_once() -> None:
    taken: Counter[int] = Counter()

    async def call(number: int) -> None:
        taken[number] += 1

    await by_workers(call, 3)(range(10))
    assert taken == Counter(range(10))


def test_limits_allow_amounts_per_minute_or_as_many_calls_as_fit_into_a_time() -> None:
    allowed = {bound.limit: bound.allowed(120) for bound in BOUNDS}
    amounts = {bound.limit: bound.amount for bound in BOUNDS}
    assert allowed == {
        "rpm": 2 * amounts["rpm"],
        "tpm": 2 * amounts["tpm"],
        "parallel": amounts["parallel"] * 120 / LATENCY_SECONDS,
    }
