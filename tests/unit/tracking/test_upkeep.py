"""What a look through the table takes for left behind, and what it leaves alone (card: maintenance)."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from techne.tracking import Acquired, Lease, TrackingStore
from techne.tracking.sqlite import SQLiteTable
from techne.tracking.upkeep import LeftBehind, Survey, UpkeepRequest, survey
from tests.unit.tracking.contract import FakeClock

LEASE_SECONDS = 120.0
SILENCE = UpkeepRequest(silent_minutes=5)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "tracking.sqlite3"


@pytest.fixture
def tracking(table: Path, clock: FakeClock) -> TrackingStore:
    return TrackingStore(SQLiteTable(table), clock=clock)


def begin(tracking: TrackingStore, name: str) -> Lease:
    acquired = tracking.acquire(name, "f", owner="worker", lease_seconds=LEASE_SECONDS, run_id=f"run-{name}")
    assert isinstance(acquired, Acquired)
    return acquired.lease


def look(
    tracking: TrackingStore, clock: FakeClock, *running: str, request: UpkeepRequest = SILENCE
) -> Survey:
    """Look through the table while these runs are under way, for an hour."""
    since = clock() - timedelta(hours=1)
    return survey(tracking, request, {f"run-{name}": since for name in running}, clock=clock)


def found(told: Survey) -> dict[str, LeftBehind]:
    return {one.execution_id: one for one in told.found}


def test_a_lease_that_lapsed_a_while_ago_is_stale(tracking: TrackingStore, clock: FakeClock) -> None:
    lease = begin(tracking, "dead")
    clock.advance(LEASE_SECONDS + 299)
    assert look(tracking, clock).found == []
    clock.advance(1)
    begin(tracking, "alive")
    one = found(look(tracking, clock, "dead", "alive"))["dead"]
    assert (one.stale, one.lease_id, one.attempt, one.owner) == (True, lease.lease_id, 1, "worker")
    assert one.run_id == "run-dead"
    assert one.since == lease.expires_at
    assert set(found(look(tracking, clock, "dead", "alive"))) == {"dead"}


def test_the_run_of_an_execution_that_was_ended_is_dead_if_it_goes_on(
    tracking: TrackingStore, clock: FakeClock
) -> None:
    tracking.complete(begin(tracking, "done"), {})
    tracking.fail(begin(tracking, "failed"), "no reason")
    tracking.complete(begin(tracking, "over"), {})
    clock.advance(299)
    assert look(tracking, clock, "done", "failed").found == []
    clock.advance(1)
    left = found(look(tracking, clock, "done", "failed"))
    assert set(left) == {"done", "failed"}
    assert not any(one.stale for one in left.values())


def test_a_run_that_has_just_begun_is_left_alone(tracking: TrackingStore, clock: FakeClock) -> None:
    tracking.fail(begin(tracking, "retried"), "no reason")
    clock.advance(1000)
    just_now = {"run-retried": clock() - timedelta(seconds=299)}
    assert survey(tracking, SILENCE, just_now, clock=clock).found == []


def test_a_record_that_cannot_be_understood_is_counted_and_passed_over(
    tracking: TrackingStore, table: Path, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    begin(tracking, "dead")
    with closing(sqlite3.connect(table)) as connection, connection:
        connection.execute("INSERT INTO executions VALUES ('odd', 1, 'in_progress', '', '{}')")
    clock.advance(1000)
    told = look(tracking, clock)
    assert set(found(told)) == {"dead"}
    assert (told.records, told.unreadable, told.complete) == (2, 1, True)
    assert "'odd' can't be understood" in caplog.text


def test_no_more_records_are_read_than_asked_for(tracking: TrackingStore, clock: FakeClock) -> None:
    for number in range(5):
        begin(tracking, f"dead-{number}")
    clock.advance(1000)
    told = look(tracking, clock, request=UpkeepRequest(max_records=3))
    assert (told.records, told.complete) == (3, False)
    assert set(found(told)) == {"dead-0", "dead-1", "dead-2"}
    assert look(tracking, clock, request=UpkeepRequest(max_records=6)).complete
