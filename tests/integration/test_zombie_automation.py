"""The automation for runs whose process has gone, at work on a real server (card: deployments/, zombie runs).

One flow run is a process that is killed. Its heartbeat is posted once more as if it had been sent long ago,
as is what other runs would have sent. The server goes by what events say of their time, so nobody waits for
minutes; and it looks for missing heartbeats once in a window, or when an automation was changed, so nothing
is looked at before it is there. No events client of this process takes part, whatever came before.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from prefect import flow
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification
from prefect.states import Running

from deployments.bootstrap_automations import HEARTBEAT, LAST_STATES, find_automations, zombie_automation
from deployments.local_server import LocalServer
from tests.support.deployed import LOGIN, ROOT, client_of, needs_postgres, running_server

pytestmark = needs_postgres

HEARTBEAT_SECONDS = 30
"""So that a window is 90 s."""
MARK = "test.mark"
PATIENCE_SECONDS = 240.0

Event = dict[str, Any]


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    """On PostgreSQL: SQLite locks itself out under so many events at once, and the server then loses some."""
    settings = {
        "PREFECT_SERVER_EVENTS_PROACTIVE_GRANULARITY": "PT0.2S",
        "PREFECT_SERVER_EVENTS_EXPIRED_BUCKET_BUFFER": "PT1H",
        "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL": "0.2",
    }
    with running_server(settings) as server:
        yield server


@pytest.fixture
def client(server: LocalServer) -> Iterator[SyncPrefectClient]:
    with client_of(server) as client:
        yield client


def test_a_run_whose_heartbeats_stop_is_crashed_and_others_stay(
    server: LocalServer, client: SyncPrefectClient
) -> None:
    killed, heartbeat = _killed_run(server)
    (finding,) = find_automations(client, [zombie_automation(HEARTBEAT_SECONDS)])
    finding.mend()
    client.create_automation(_marking())
    alive, renamed, marked = (_running(client) for _ in range(3))
    ended = {name: _running(client) for name in LAST_STATES}
    now = datetime.now(UTC)

    def event(name: str, run: UUID, seconds: float) -> Event:
        return _event(name, run, now + timedelta(seconds=seconds))

    def beat(run: UUID, seconds: float) -> Event:
        return {**heartbeat, **event(HEARTBEAT, run, seconds)}

    def is_marked() -> bool:
        _post(server, event(MARK, marked, 0))  # again, for automations may not be loaded yet
        return _state(client, marked) is StateType.COMPLETED

    _await(is_marked)
    lives = [
        [beat(killed, -100)],
        [beat(renamed, -100), event("prefect.flow-run.Reading", renamed, -50)],
        [beat(alive, seconds) for seconds in range(-100, 600, 50)],
        *([beat(run, -100), event(f"prefect.flow-run.{name}", run, -50)] for name, run in ended.items()),
    ]
    marks = [_running(client) for _ in lives]
    for life, mark in zip(lives, marks, strict=True):
        _post(server, *_in_order(*life, event(MARK, mark, 0)))
    _await(lambda: all(_state(client, mark) is StateType.COMPLETED for mark in marks))
    assert _state(client, killed) is StateType.RUNNING

    client.resume_automation(client.read_automations_by_name(finding.name)[0].id)
    _await(lambda: all(_state(client, run) is StateType.CRASHED for run in (killed, renamed)))
    well = {"alive": alive, **ended}
    assert [name for name, run in well.items() if _state(client, run) is not StateType.RUNNING] == []
    state = client.read_flow_run(killed).state
    assert state is not None
    assert state.message == "No heartbeat for 90 s: the run's process is gone."


def _marking() -> AutomationCore:
    """Completes the run that a mark names, by which one sees that the server has come that far."""
    trigger = EventTrigger(
        match=ResourceSpecification({"prefect.resource.id": ["prefect.flow-run.*"]}),
        for_each={"prefect.resource.id"},
        expect={MARK},
        posture=Posture.Reactive,
        threshold=1,
        within=timedelta(0),
    )
    return AutomationCore(
        name="marking", trigger=trigger, actions=[ChangeFlowRunState(state=StateType.COMPLETED)]
    )


@flow
def nothing() -> None:
    """A flow of which this test says when it lives."""


def _running(client: SyncPrefectClient) -> UUID:
    run = client.create_flow_run(nothing).id
    client.set_flow_run_state(run, Running(), force=True)
    return run


def _killed_run(server: LocalServer) -> tuple[UUID, Event]:
    """A flow run whose process was killed, and the heartbeat that it had sent."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.lasting_flow"],
        cwd=ROOT,
        env={**os.environ, **server.clients, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        run = UUID(process.stdout.readline().strip())
        return run, _await(lambda: _heartbeat_of(server, run))
    finally:
        process.kill()
        process.communicate()


def _heartbeat_of(server: LocalServer, run: UUID) -> Event | None:
    """The heartbeat that a run has sent, once the server has it."""
    wanted = {"event": {"name": [HEARTBEAT]}, "resource": {"id": [f"prefect.flow-run.{run}"]}}
    found = _asked(server, "events/filter", {"filter": wanted}).json()["events"]
    return dict(found[0]) if found else None


def _event(name: str, run: UUID, occurred: datetime) -> Event:
    return {
        "id": str(uuid4()),
        "event": name,
        "occurred": occurred.isoformat(),
        "resource": {"prefect.resource.id": f"prefect.flow-run.{run}"},
    }


def _in_order(*events: Event) -> list[Event]:
    """Events of which each follows the one before: a server handles two at once unless it is told so."""
    followed = zip(events, (None, *events[:-1]), strict=True)
    return [{**event, "follows": before and before["id"]} for event, before in followed]


def _post(server: LocalServer, *events: Event) -> None:
    _asked(server, "events", events)


def _asked(server: LocalServer, what: str, with_what: Any) -> httpx.Response:
    login = httpx.BasicAuth(*LOGIN.split(":"))
    return httpx.post(f"{server.api_url}/{what}", json=with_what, auth=login, timeout=60).raise_for_status()


def _state(client: SyncPrefectClient, run: UUID) -> StateType | None:
    return client.read_flow_run(run).state_type


def _await(found: Callable[[], Any]) -> Any:
    """Ask until there is an answer: neither events nor actions tell when they are through."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (answer := found()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return answer
