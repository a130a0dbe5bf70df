"""The heartbeat: it renews, notices a take-over, rides out passing trouble, and stops."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from techne.errors import LeaseLostError, ServiceUnavailableError
from techne.tracking import Acquired, ExecutionRecord, ExecutionStatus, Heartbeat, Lease, TrackingStore
from techne.tracking.sqlite import SQLiteTable
from tests.unit.tracking.contract import FakeClock


class FlakyTable(SQLiteTable):
    """A table that can be made unreachable, and says when it is written."""

    reachable = True

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.written = threading.Semaphore(0)

    def get(self, execution_id: str) -> ExecutionRecord | None:
        if not self.reachable:
            raise ServiceUnavailableError("The table can't be reached.")
        return super().get(execution_id)

    def put(self, record: ExecutionRecord, *, replacing_revision: int | None) -> bool:
        put = super().put(record, replacing_revision=replacing_revision)
        self.written.release()
        return put


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def table(tmp_path: Path) -> FlakyTable:
    return FlakyTable(tmp_path / "tracking.sqlite3")


@pytest.fixture
def store(table: FlakyTable, clock: FakeClock) -> TrackingStore:
    return TrackingStore(table, clock=clock)


def acquire(store: TrackingStore, owner: str = "worker-1") -> Lease:
    outcome = store.acquire("run-1", "f", owner=owner, lease_seconds=120)
    assert isinstance(outcome, Acquired)
    return outcome.lease


def test_the_thread_renews_the_lease_until_the_block_ends(store: TrackingStore, table: FlakyTable) -> None:
    lease = acquire(store)
    table.written.acquire()
    with Heartbeat(store, lease, interval_seconds=0.001) as heartbeat:
        for _ in range(3):
            assert table.written.acquire(timeout=30)
        heartbeat.check()
    record = store.get("run-1")
    assert record is not None
    assert record.revision >= 4
    assert not [thread for thread in threading.enumerate() if thread.name == "heartbeat-run-1"]


def test_a_beat_moves_the_end_of_the_lease(store: TrackingStore, clock: FakeClock) -> None:
    heartbeat = Heartbeat(store, lease := acquire(store), clock=clock)
    clock.advance(40)
    heartbeat.beat()
    assert (heartbeat.lease.expires_at - lease.expires_at).total_seconds() == 40


def test_a_take_over_is_noticed(store: TrackingStore, clock: FakeClock) -> None:
    heartbeat = Heartbeat(store, acquire(store), clock=clock)
    clock.advance(121)
    acquire(store, "worker-2")
    with pytest.raises(LeaseLostError, match="lost its lease to worker-2"):
        heartbeat.confirm()
    assert heartbeat.lost
    with pytest.raises(LeaseLostError, match="worker-2"):
        heartbeat.check()


def test_the_thread_stops_by_itself_when_the_lease_is_lost(store: TrackingStore, clock: FakeClock) -> None:
    lease = acquire(store)
    clock.advance(121)
    acquire(store, "worker-2")
    with Heartbeat(store, lease, interval_seconds=0.001, clock=clock) as heartbeat:
        (thread,) = [thread for thread in threading.enumerate() if thread.name == "heartbeat-run-1"]
        thread.join(timeout=30)
        assert not thread.is_alive()
        assert heartbeat.lost


def test_passing_trouble_is_ridden_out(store: TrackingStore, table: FlakyTable, clock: FakeClock) -> None:
    heartbeat = Heartbeat(store, acquire(store), clock=clock)
    table.reachable = False
    for _ in range(2):
        clock.advance(40)
        heartbeat.beat()
        heartbeat.check()
    table.reachable = True
    heartbeat.confirm()
    clock.advance(100)
    heartbeat.check()


def test_trouble_beyond_the_lease_counts_as_lost(
    store: TrackingStore, table: FlakyTable, clock: FakeClock
) -> None:
    heartbeat = Heartbeat(store, acquire(store), clock=clock)
    table.reachable = False
    clock.advance(120)
    with pytest.raises(LeaseLostError, match="lapsed at 10:02:00 UTC and could not be renewed: The table"):
        heartbeat.check()


def test_a_machine_that_slept_finds_out_before_it_goes_on(store: TrackingStore, clock: FakeClock) -> None:
    heartbeat = Heartbeat(store, acquire(store), clock=clock)
    clock.advance(5000)
    heartbeat.check()
    clock.advance(5000)
    acquire(store, "worker-2")
    with pytest.raises(LeaseLostError, match="worker-2"):
        heartbeat.check()


def test_ending_the_execution_is_not_losing_it(store: TrackingStore, clock: FakeClock) -> None:
    heartbeat = Heartbeat(store, lease := acquire(store), clock=clock)
    assert store.complete(lease, {}).status is ExecutionStatus.COMPLETED
    heartbeat.confirm()
    assert not heartbeat.lost
