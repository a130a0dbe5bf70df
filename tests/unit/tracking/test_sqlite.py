"""Tracking in an SQLite file: the contract, several processes, and files that can't be used."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from techne.errors import ConfigurationError
from techne.settings import Settings
from techne.tracking import Acquired, RecordTable, TrackingStore, open_tracking
from techne.tracking.sqlite import SQLiteTable
from tests.unit.tracking.contract import FakeClock, TrackingContract

CONTENDER = """
import sys
from pathlib import Path
from techne.errors import LeaseHeldError
from techne.tracking import TrackingStore
from techne.tracking.sqlite import SQLiteTable

path, owner = sys.argv[1:]
store = TrackingStore(SQLiteTable(Path(path)))
print("ready", flush=True)
sys.stdin.readline()
for number in range(20):
    try:
        store.acquire(f"run-{number}", "f", owner=owner, lease_seconds=600)
        print(number, flush=True)
    except LeaseHeldError:
        pass
"""

HOLDER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from techne.tracking import TrackingStore
from techne.tracking.sqlite import SQLiteTable

store = TrackingStore(SQLiteTable(Path(sys.argv[1])), clock=lambda: datetime.fromisoformat(sys.argv[2]))
lease = store.acquire("run-1", "f", owner="the-dead", lease_seconds=120).lease
number = 0
while True:
    number += 1
    store.update(lease, processed_items=number)
    if number == 5:
        print("held", flush=True)
"""


def start(script: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


class TestSQLite(TrackingContract):
    @pytest.fixture
    def table(self, tmp_path: Path) -> RecordTable:
        return SQLiteTable(tmp_path / "home" / "tracking.sqlite3")


def winners(processes: Sequence[subprocess.Popen[str]]) -> list[list[int]]:
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return [[int(line) for line in process.communicate(timeout=60)[0].split()] for process in processes]


def test_of_several_processes_one_wins_each_execution(tmp_path: Path) -> None:
    path = tmp_path / "tracking.sqlite3"
    won = winners([start(CONTENDER, str(path), f"worker-{i}") for i in range(3)])
    assert sorted(number for numbers in won for number in numbers) == list(range(20))


def test_a_killed_workers_execution_is_taken_over_when_its_lease_lapses(tmp_path: Path) -> None:
    path, clock = tmp_path / "tracking.sqlite3", FakeClock()
    holder = start(HOLDER, str(path), clock().isoformat())
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    holder.send_signal(signal.SIGKILL)
    holder.communicate(timeout=60)
    store = TrackingStore(SQLiteTable(path), clock=clock)
    record = store.get("run-1")
    assert record is not None
    assert record.processed_items >= 5
    clock.advance(121)
    outcome = store.acquire("run-1", "f", owner="worker-2", lease_seconds=120)
    assert isinstance(outcome, Acquired)
    assert outcome.lease.attempt == 2


def test_sqlite_in_the_home_folder_is_the_default(tmp_path: Path) -> None:
    store = open_tracking(Settings(techne_home=tmp_path / "state"))
    store.check()
    assert (tmp_path / "state" / "tracking.sqlite3").exists()


def test_a_file_that_cannot_be_used_is_named_with_the_cure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "tracking.sqlite3").write_text("not a database, but long enough to be taken for one")
    for home in ("file", "home"):
        with pytest.raises(ConfigurationError, match="TECHNE_HOME") as caught:
            open_tracking(Settings(techne_home=tmp_path / home)).check()
        assert str(tmp_path / home) in str(caught.value)


def test_figures_are_kept_as_exact_text(tmp_path: Path) -> None:
    from decimal import Decimal

    path = tmp_path / "tracking.sqlite3"
    store = TrackingStore(SQLiteTable(path))
    outcome = store.acquire("run-1", "f", owner="w", lease_seconds=9)
    assert isinstance(outcome, Acquired)
    store.update(outcome.lease, cost_usd=Decimal("0.10"))
    with sqlite3.connect(path) as connection:
        row = connection.execute("SELECT json_extract(record, '$.cost_usd') FROM executions").fetchone()
    connection.close()
    assert row == ("0.10",)
