"""What every tracking store does, whatever its table; each table's tests inherit it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from pydantic import JsonValue

from techne.errors import (
    ExecutionConflictError,
    InputError,
    LeaseHeldError,
    LeaseLostError,
    OutputError,
)
from techne.tracking import (
    Acquired,
    Completed,
    ExecutionRecord,
    ExecutionStatus,
    Lease,
    Page,
    RecordTable,
    TrackingStore,
)

RESULT: dict[str, JsonValue] = {
    "markdown_uri": "file:///output/document.md",
    "duration_seconds": 185.25,
    "speakers": ["Ana", "João"],
}


class FakeClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2024, 12, 11, 10, 0, 0, 123456, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Unconfirming:
    """A table whose first write goes through, but is answered as the repeated request it became."""

    def __init__(self, table: RecordTable) -> None:
        self._table = table
        self._answers_lost = 1

    def check(self) -> None:
        self._table.check()

    def get(self, execution_id: str) -> ExecutionRecord | None:
        return self._table.get(execution_id)

    def put(self, record: ExecutionRecord, *, replacing_revision: int | None) -> bool:
        written = self._table.put(record, replacing_revision=replacing_revision)
        self._answers_lost -= 1
        return written and self._answers_lost < 0

    def recent(self, *, status: ExecutionStatus | None, limit: int) -> tuple[ExecutionRecord, ...]:
        return self._table.recent(status=status, limit=limit)

    def page(self, *, after: str | None, limit: int) -> Page:
        return self._table.page(after=after, limit=limit)


class TrackingContract:
    """Inherit it and give the fixture `table`."""

    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    @pytest.fixture
    def store(self, table: RecordTable, clock: FakeClock) -> TrackingStore:
        return TrackingStore(table, clock=clock)

    def acquire(
        self,
        store: TrackingStore,
        owner: str = "worker-1",
        *,
        fingerprint: str = "input-1",
        force: bool = False,
    ) -> Lease:
        outcome = store.acquire("run-1", fingerprint, owner=owner, lease_seconds=120, force=force)
        assert isinstance(outcome, Acquired)
        return outcome.lease

    def test_a_usable_store_checks_and_is_empty(self, store: TrackingStore) -> None:
        store.check()
        assert store.get("run-1") is None
        assert store.list() == ()

    def test_a_new_execution_starts_with_attempt_one(self, store: TrackingStore, clock: FakeClock) -> None:
        request: dict[str, JsonValue] = {
            "transcription_s3_uri": "s3://bucket/ç.json",
            "force": False,
            "video": {"duration": 10800.5},
        }
        outcome = store.acquire("test-123", "abc", owner="worker-1", lease_seconds=120, request=request)
        assert isinstance(outcome, Acquired)
        record = store.get("test-123")
        assert record == outcome.record
        assert record is not None
        assert (record.status, record.attempt, record.owner) == (ExecutionStatus.IN_PROGRESS, 1, "worker-1")
        assert record.lease_expires_at == outcome.lease.expires_at == clock.now + timedelta(seconds=120)
        assert record.created_at == record.updated_at == clock.now
        assert record.request == request
        assert record.cost_usd == 0
        assert (record.result, record.error) == (None, None)
        assert record.metadata == {}

    def test_a_live_lease_is_not_taken(self, store: TrackingStore, clock: FakeClock) -> None:
        self.acquire(store)
        clock.advance(119)
        for force in (False, True):
            with pytest.raises(LeaseHeldError, match="worker-1, whose lease lasts until 2024-12-11 10:02:00"):
                self.acquire(store, "worker-2", force=force)

    def test_a_second_run_of_the_same_worker_is_another_run(self, store: TrackingStore) -> None:
        self.acquire(store)
        with pytest.raises(LeaseHeldError):
            self.acquire(store)

    def test_a_lease_whose_taking_was_not_confirmed_is_ours(
        self, table: RecordTable, clock: FakeClock
    ) -> None:
        outcome = TrackingStore(Unconfirming(table), clock=clock).acquire(
            "run-1", "input-1", owner="worker-1", lease_seconds=120
        )
        assert isinstance(outcome, Acquired)
        assert outcome.lease.attempt == 1
        assert table.get("run-1") == outcome.record

    def test_the_lease_of_a_worker_that_is_gone_is_free(self, store: TrackingStore) -> None:
        first = self.acquire(store, "the-dead")

        def acquire_from(*gone: str) -> object:
            return store.acquire(
                "run-1", "input-1", owner="worker-2", lease_seconds=120, is_gone=lambda owner: owner in gone
            )

        with pytest.raises(LeaseHeldError):
            acquire_from("another")
        outcome = acquire_from("the-dead")
        assert isinstance(outcome, Acquired)
        assert outcome.lease.attempt == 2
        with pytest.raises(LeaseLostError):
            store.heartbeat(first)

    def test_a_silent_workers_execution_is_taken_over(self, store: TrackingStore, clock: FakeClock) -> None:
        first = self.acquire(store)
        store.update(first, stage="extract", processed_items=3, total_items=9, input_tokens=10)
        created = clock.now
        clock.advance(120)
        second = self.acquire(store, "worker-2")
        assert second.attempt == 2
        record = store.get("run-1")
        assert record is not None
        assert (record.owner, record.created_at, record.processed_items) == ("worker-2", created, 0)

    def test_a_superseded_worker_can_change_nothing(self, store: TrackingStore, clock: FakeClock) -> None:
        first = self.acquire(store)
        clock.advance(121)
        self.acquire(store, "worker-2")
        before = store.get("run-1")
        actions: list[Callable[[], object]] = [
            lambda: store.heartbeat(first),
            lambda: store.update(first, stage="write"),
            lambda: store.complete(first, RESULT),
            lambda: store.fail(first, "too late"),
        ]
        for action in actions:
            with pytest.raises(LeaseLostError, match="lost its lease to worker-2, which is at attempt 2"):
                action()
        assert store.get("run-1") == before

    def test_a_restarted_worker_of_the_same_name_is_another_attempt(
        self, store: TrackingStore, clock: FakeClock
    ) -> None:
        first = self.acquire(store)
        clock.advance(121)
        assert self.acquire(store).attempt == 2
        with pytest.raises(LeaseLostError):
            store.heartbeat(first)

    def test_a_heartbeat_keeps_the_lease(self, store: TrackingStore, clock: FakeClock) -> None:
        lease = self.acquire(store)
        for _ in range(5):
            clock.advance(100)
            lease = store.heartbeat(lease)
            with pytest.raises(LeaseHeldError):
                self.acquire(store, "worker-2")
        assert lease.expires_at == clock.now + timedelta(seconds=120)

    def test_a_late_worker_goes_on_if_nobody_took_over(self, store: TrackingStore, clock: FakeClock) -> None:
        lease = self.acquire(store)
        clock.advance(500)
        assert store.heartbeat(lease).expires_at == clock.now + timedelta(seconds=120)
        with pytest.raises(LeaseHeldError):
            self.acquire(store, "worker-2")

    def test_progress_is_a_floored_percentage(self, store: TrackingStore) -> None:
        lease = self.acquire(store)
        assert store.update(lease, stage="extract", total_items=3).progress_percentage == 0
        assert store.update(lease, processed_items=1).progress_percentage == 33
        record = store.update(lease, processed_items=2, stages_completed=1)
        assert record.progress_percentage == 66
        assert store.get("run-1") == record
        assert (record.stage, record.stages_completed, record.total_items) == ("extract", 1, 3)
        assert store.complete(lease, RESULT).progress_percentage == 100

    def test_metadata_is_merged(self, store: TrackingStore) -> None:
        lease = self.acquire(store)
        store.update(lease, metadata={"engine": "bedrock", "ratio": 0.1})
        store.update(lease, metadata={"engine": "extractive", "chunks": [1, None]})
        record = store.get("run-1")
        assert record is not None
        assert record.metadata == {"engine": "extractive", "ratio": 0.1, "chunks": [1, None]}

    @pytest.mark.parametrize("ended", ["lapsed", "gone", "failed", "completed"])
    def test_a_new_attempt_at_the_same_input_keeps_the_metadata(
        self, store: TrackingStore, clock: FakeClock, ended: str
    ) -> None:
        lease = self.acquire(store)
        store.update(lease, stage="extract", metadata={"token_ratio": 1.0625})
        if ended == "lapsed":
            clock.advance(121)
        elif ended == "failed":
            store.fail(lease, "error")
        elif ended == "completed":
            store.complete(lease, RESULT)
        outcome = store.acquire(
            "run-1",
            "input-1",
            owner="worker-2",
            lease_seconds=120,
            force=ended == "completed",
            is_gone=lambda owner: ended == "gone" and owner == "worker-1",
        )
        assert isinstance(outcome, Acquired)
        assert outcome.record == store.get("run-1")
        assert (outcome.record.attempt, outcome.record.stage) == (2, "")
        assert outcome.record.metadata == {"token_ratio": 1.0625}

    def test_another_input_starts_without_metadata(self, store: TrackingStore) -> None:
        lease = self.acquire(store)
        store.update(lease, metadata={"token_ratio": 1.0625})
        store.complete(lease, RESULT)
        self.acquire(store, fingerprint="input-2", force=True)
        record = store.get("run-1")
        assert record is not None
        assert record.metadata == {}

    @pytest.mark.parametrize(
        "cost", ["0.57", "0.1", "0.135", "1234567890.1234567890123456789012345678", "1E-9", "0"]
    )
    def test_a_cost_is_kept_exactly(self, store: TrackingStore, cost: str) -> None:
        lease = self.acquire(store)
        store.update(lease, cost_usd=Decimal(cost), input_tokens=150_000, output_tokens=8_000)
        record = store.get("run-1")
        assert record is not None
        assert record.cost_usd == Decimal(cost)
        assert (record.input_tokens, record.output_tokens) == (150_000, 8_000)

    def test_a_completed_execution_gives_its_result_again(
        self, store: TrackingStore, clock: FakeClock
    ) -> None:
        lease = self.acquire(store)
        done = store.complete(lease, RESULT)
        clock.advance(1_000_000)
        outcome = store.acquire("run-1", "input-1", owner="worker-2", lease_seconds=120)
        assert outcome == Completed(done)
        assert done.result == RESULT
        assert done.status is ExecutionStatus.COMPLETED

    def test_ending_twice_does_no_harm_but_not_otherwise(self, store: TrackingStore) -> None:
        lease = self.acquire(store)
        done = store.complete(lease, RESULT)
        assert store.complete(lease, RESULT) == done
        assert store.heartbeat(lease).attempt == 1
        actions: list[Callable[[], object]] = [
            lambda: store.fail(lease, "no"),
            lambda: store.complete(lease, {}),
            lambda: store.update(lease, stage="write"),
        ]
        for action in actions:
            with pytest.raises(LeaseLostError, match="already ended: it is completed"):
                action()
        assert store.get("run-1") == done

    def test_a_failed_execution_is_tried_again(self, store: TrackingStore) -> None:
        lease = self.acquire(store)
        record = store.fail(lease, "Failed to invoke Bedrock: ThrottlingException")
        assert record.status is ExecutionStatus.FAILED
        again = self.acquire(store, "worker-2")
        assert again.attempt == 2
        found = store.get("run-1")
        assert found is not None
        assert (found.status, found.error) == (ExecutionStatus.IN_PROGRESS, None)

    def test_an_interrupted_execution_goes_on_at_once(self, store: TrackingStore) -> None:
        lease = self.acquire(store)
        store.update(lease, stage="write", processed_items=3, total_items=9)
        store.fail(lease, "stopped", interrupted=True)
        record = store.get("run-1")
        assert record is not None
        assert (record.status, record.interrupted, record.processed_items) == ("failed", True, 3)
        assert self.acquire(store, "worker-2").attempt == 2
        again = store.get("run-1")
        assert again is not None
        assert not again.interrupted

    @pytest.mark.parametrize("ended", ["live", "completed", "failed"])
    def test_an_id_keeps_its_input(self, store: TrackingStore, ended: str) -> None:
        lease = self.acquire(store)
        if ended == "completed":
            store.complete(lease, RESULT)
        elif ended == "failed":
            store.fail(lease, "error")
        with pytest.raises(ExecutionConflictError, match="'run-1' was used before with another input"):
            self.acquire(store, "worker-2", fingerprint="input-2")

    @pytest.mark.parametrize("fingerprint", ["input-1", "input-2"])
    def test_force_makes_a_new_attempt(self, store: TrackingStore, fingerprint: str) -> None:
        store.complete(self.acquire(store), RESULT)
        lease = self.acquire(store, fingerprint=fingerprint, force=True)
        assert lease.attempt == 2
        record = store.get("run-1")
        assert record is not None
        assert (record.status, record.result, record.fingerprint) == ("in_progress", None, fingerprint)

    def test_a_long_error_is_shortened(self, store: TrackingStore) -> None:
        record = store.fail(self.acquire(store), "é" * 1_000_000 + "\udcff")
        assert store.get("run-1") == record
        assert record.error is not None
        assert len(record.error) == 4000

    def test_a_result_that_no_table_could_hold_is_refused(self, store: TrackingStore) -> None:
        lease = self.acquire(store)
        with pytest.raises(OutputError, match="380,000"):
            store.complete(lease, {"text": "x" * 400_000})
        assert store.complete(lease, {"text": "x" * 370_000}) == store.get("run-1")

    @pytest.mark.parametrize("execution_id", ["", "x" * 257])
    def test_an_unusable_id_is_the_callers_fault(self, store: TrackingStore, execution_id: str) -> None:
        with pytest.raises(InputError, match="execution_id"):
            store.acquire(execution_id, "f", owner="worker-1", lease_seconds=120)

    def test_the_latest_executions_are_listed_first(self, store: TrackingStore, clock: FakeClock) -> None:
        for number in range(4):
            clock.advance(0.001 if number % 2 else 1)
            outcome = store.acquire(f"run-{number}", "f", owner="w", lease_seconds=9)
            assert isinstance(outcome, Acquired)
            if number == 1:
                store.fail(outcome.lease, "error")
        assert [record.execution_id for record in store.list(limit=3)] == ["run-3", "run-2", "run-1"]
        failed = store.list(status=ExecutionStatus.FAILED)
        assert [record.execution_id for record in failed] == ["run-1"]

    @pytest.mark.parametrize("round_number", range(3))
    def test_of_several_owners_one_wins(self, store: TrackingStore, round_number: int) -> None:
        start = threading.Barrier(6)

        def contend(owner: str) -> bool:
            start.wait()
            try:
                self.acquire(store, owner)
            except LeaseHeldError:
                return False
            return True

        with ThreadPoolExecutor(6) as pool:
            won = list(pool.map(contend, [f"worker-{i}" for i in range(6)]))
        assert won.count(True) == 1
        record = store.get("run-1")
        assert record is not None
        assert record.owner == f"worker-{won.index(True)}"

    def test_of_several_rescuers_one_takes_over(self, store: TrackingStore, clock: FakeClock) -> None:
        self.acquire(store, "the-dead")
        clock.advance(121)
        self.test_of_several_owners_one_wins(store, 0)
        record = store.get("run-1")
        assert record is not None
        assert record.attempt == 2

    def test_no_update_of_several_threads_is_lost(self, store: TrackingStore) -> None:
        lease = self.acquire(store)

        def work(thread: int) -> None:
            for i in range(5):
                store.update(lease, metadata={f"{thread}-{i}": i})
                store.heartbeat(lease)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(work, range(4)))
        record = store.get("run-1")
        assert record is not None
        assert len(record.metadata) == 20
        assert record.revision == 41

    def test_a_silent_worker_is_given_up_and_the_next_attempt_takes_over(
        self, store: TrackingStore, clock: FakeClock
    ) -> None:
        lease = self.acquire(store, "the-dead")
        clock.advance(120 + 300)
        record = store.give_up_silent("run-1", lease.lease_id, silent_seconds=300)
        assert record is not None
        assert record.status is ExecutionStatus.FAILED
        assert "the-dead was not heard of after its lease lapsed at 2024-12-11 10:02:00" in (
            record.error or ""
        )
        assert store.get("run-1") == record
        with pytest.raises(LeaseLostError, match="Attempt 1 of execution 'run-1' was given up"):
            store.heartbeat(lease)
        assert self.acquire(store, "the-next").attempt == 2

    def test_a_worker_is_given_up_once_though_the_answer_was_lost(
        self, table: RecordTable, clock: FakeClock
    ) -> None:
        lease = self.acquire(TrackingStore(table, clock=clock))
        clock.advance(1000)
        store = TrackingStore(Unconfirming(table), clock=clock)
        record = store.give_up_silent("run-1", lease.lease_id, silent_seconds=300)
        assert record is not None
        assert record == store.get("run-1")

    def test_whoever_was_heard_of_is_not_given_up(self, store: TrackingStore, clock: FakeClock) -> None:
        lease = self.acquire(store)
        clock.advance(120 + 299)
        assert store.give_up_silent("run-1", lease.lease_id, silent_seconds=300) is None
        clock.advance(1)
        store.heartbeat(lease)
        assert store.give_up_silent("run-1", lease.lease_id, silent_seconds=300) is None
        clock.advance(1000)
        successor = self.acquire(store, "another")
        clock.advance(1000)
        assert store.give_up_silent("run-1", lease.lease_id, silent_seconds=300) is None
        store.complete(successor, RESULT)
        assert store.give_up_silent("run-1", successor.lease_id, silent_seconds=300) is None
        assert store.give_up_silent("run-2", lease.lease_id, silent_seconds=300) is None
        record = store.get("run-1")
        assert record is not None
        assert record.status is ExecutionStatus.COMPLETED

    def test_pages_hold_every_record_once(self, store: TrackingStore) -> None:
        names = {f"run-{number}" for number in range(7)}
        for name in names:
            store.acquire(name, "f", owner="w", lease_seconds=9, run_id=f"of-{name}")
        pages = list(store.pages(limit=3))
        assert max(len(page.records) for page in pages) <= 3
        records = [record for page in pages for record in page.records]
        assert len(records) == 7
        assert {record.execution_id for record in records} == names
        assert {record.run_id for record in records} == {f"of-{name}" for name in names}
