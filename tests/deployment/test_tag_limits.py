"""A limit on the tasks of a provider, kept by a Prefect server for all runs (S4-1, S4-2; resolution 4).

A process worker runs several recordings at once on a server with PostgreSQL. What waiting for slots costs is
printed, and measured at more leisure by `python -m benchmarks.tag_limits`, whose parts are used here.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

from benchmarks.docgen import STAGES
from benchmarks.tag_limits import LIMIT, ROOT, Fleet, fleet, server_and_bedrock
from tests.loopback import RecordedRequest, Reply
from tests.support import scripted_model
from tests.support.deployed import COMMAND_SECONDS, needs_postgres

FAST_LEASES = {
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "tests.support.short_leases",
    "PREFECT_SERVER_SERVICES_REPOSSESSOR_LOOP_SECONDS": "0.5",
    "PYTHONPATH": str(ROOT),
}

pytestmark = [pytest.mark.acceptance, needs_postgres, pytest.mark.timeout(600)]


def test_never_more_tasks_than_the_limit_run_at_once_and_every_run_completes(
    capsys: pytest.CaptureFixture[str], record_property: Callable[[str, object], None]
) -> None:
    with fleet("postgresql") as running:
        limited = running.measured(LIMIT)
        assert running.slots_held() == 0
    record_property("slot_time_lost", round(limited.lost_share, 3))
    with capsys.disabled():
        print(f"\nWaiting for a free slot took {limited.lost_share:.1%} of {limited.wall_seconds:.0f} s.")
    assert limited.waited_seconds > 0  # there was something to limit
    assert limited.most_at_once == LIMIT
    assert limited.calls_at_once == LIMIT
    assert [state.name for state in limited.states] == ["Completed"] * len(limited.states)


def test_the_slot_of_a_killed_run_comes_back() -> None:
    """The run is killed in a call, while it has the only slot; leases live 15 times as fast as Prefect's."""
    held = Held()
    with server_and_bedrock("postgresql", FAST_LEASES, held.respond) as running:
        running.set_limit(1)
        victim = started(running)
        try:
            assert held.reached.wait(COMMAND_SECONDS)
        finally:
            victim.kill()
            victim.communicate()
            held.opened.set()
        survivor = started(running)
        _, words = survivor.communicate(timeout=COMMAND_SECONDS)
        assert survivor.returncode == 0, words.decode()[-4000:]
        assert running.slots_held() == 0


class Held:
    """A model whose first call for a task is held until it is let go."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.opened = threading.Event()

    def respond(self, request: RecordedRequest) -> Reply:
        if any(mark in request.prompt for mark in STAGES) and not self.opened.is_set():
            self.reached.set()
            self.opened.wait()
        return scripted_model.respond(request)


def started(running: Fleet) -> subprocess.Popen[bytes]:
    """A run of docgen in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "flows/docgen.py", json.dumps(running.event())],
        cwd=ROOT,
        env=running.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
