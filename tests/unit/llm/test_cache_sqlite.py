"""Answers in a local file (S1-53): they last, they are shared, they expire, and the file stays small."""

from __future__ import annotations

import logging
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from techne.llm import LLMResponse, Usage
from techne.llm.cache import FILE_NAME, SQLiteResponseStore
from techne.llm.cache.sqlite import USE_NOTED_AFTER_SECONDS
from techne.llm.cache.table import STEP, stored_bytes
from techne.llm.model import PassedOver

RESPONSE = LLMResponse(
    text="Because.",
    parsed={"because": [1, None, "é"]},
    provider="scripted",
    model="m",
    finish_reason="stop",
    usage=Usage(input_tokens=3, output_tokens=2),
    cost_usd=Decimal("0.0001914"),
    latency_seconds=1.5,
    attempts=2,
)
FIRST_LAYOUT = """
CREATE TABLE responses (
    key TEXT PRIMARY KEY,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    stored_at REAL NOT NULL,
    response TEXT NOT NULL
) WITHOUT ROWID
"""
MIB = 1024**2
HOUR = 3600.0


class Time:
    """Both clocks of a store, which only the test moves."""

    now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / FILE_NAME


@pytest.fixture
def store(path: Path, time: Time) -> Iterator[SQLiteResponseStore]:
    with closing(SQLiteResponseStore(path, ttl_seconds=24 * HOUR, wall=time, monotonic=time)) as store:
        yield store


def answer_of(size: int) -> LLMResponse:
    return RESPONSE.model_copy(update={"text": "x" * size})


def rows(path: Path, statement: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute(statement).fetchall()


def keys(path: Path) -> set[str]:
    return {row[0] for row in rows(path, "SELECT key FROM responses")}


# Keeping


def test_an_answer_comes_back_whole(store: SQLiteResponseStore) -> None:
    store.put("key", RESPONSE)
    store.close()
    assert store.get("key") == RESPONSE.model_copy(update={"cached": True})
    assert store.get("other") is None


def test_what_was_true_of_one_call_alone_is_not_kept(store: SQLiteResponseStore) -> None:
    passed = (PassedOver(provider="first", model="m", reason="timeout"),)
    store.put("key", RESPONSE.model_copy(update={"passed_over": passed, "cached": True}))
    found = store.get("key")
    assert found is not None
    assert found.passed_over == ()


def test_the_later_answer_replaces_the_earlier(store: SQLiteResponseStore) -> None:
    store.put("key", RESPONSE)
    store.put("key", answer_of(3))
    assert store.get("key") == answer_of(3).model_copy(update={"cached": True})


def test_an_answer_without_utf8_is_not_kept_and_fails_nothing(
    store: SQLiteResponseStore, caplog: pytest.LogCaptureFixture
) -> None:
    store.put("key", RESPONSE.model_copy(update={"text": "\ud800"}))
    assert store.get("key") is None
    assert not caplog.records


@pytest.mark.parametrize("stored", ["{", '{"text": "of another version"}', b"\xff\xfe"])
def test_what_cannot_be_read_is_asked_for_again(
    stored: str | bytes, store: SQLiteResponseStore, path: Path
) -> None:
    store.put("key", RESPONSE)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("UPDATE responses SET response = CAST(? AS TEXT)", (stored,))
    assert store.get("key") is None
    store.put("key", RESPONSE)
    assert store.get("key") is not None


# Sharing


def test_connections_share_one_file(path: Path) -> None:
    stores = [SQLiteResponseStore(path) for _ in range(3)]
    barrier = threading.Barrier(3)

    def work(store: SQLiteResponseStore, number: int) -> None:
        barrier.wait()
        for step in range(20):
            store.put(f"{number}-{step}", RESPONSE)

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(work, stores, range(3)))
    assert all(stores[0].get(f"{number}-{step}") is not None for number in range(3) for step in range(20))
    for store in stores:
        store.close()


KILLED = """
import os, signal, sys
from pathlib import Path
from techne.llm import LLMResponse, Usage
from techne.llm.cache import SQLiteResponseStore
store = SQLiteResponseStore(Path(sys.argv[1]))
for line in sys.stdin:
    store.put(line.strip(), LLMResponse.model_validate_json(sys.argv[2]))
    print(line.strip(), flush=True)
"""


def test_every_answer_that_was_stored_survives_a_killed_process(path: Path) -> None:
    arguments = [sys.executable, "-c", KILLED, str(path), RESPONSE.model_dump_json()]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("".join(f"{number}\n" for number in range(1000)))
        process.stdin.flush()
        stored = [process.stdout.readline().strip() for _ in range(100)]
        process.kill()
    assert process.returncode == -signal.SIGKILL
    with closing(SQLiteResponseStore(path)) as store:
        assert all(store.get(key) is not None for key in stored)


def test_a_file_of_the_first_layout_keeps_its_answers(path: Path, time: Time) -> None:
    path.parent.mkdir()
    document = RESPONSE.model_dump_json()
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute(FIRST_LAYOUT)
        database.execute("INSERT INTO responses VALUES ('old', 'scripted', 'm', ?, ?)", (time.now, document))
    stores = [SQLiteResponseStore(path, wall=time) for _ in range(4)]
    barrier = threading.Barrier(4)

    def found(store: SQLiteResponseStore) -> LLMResponse | None:
        barrier.wait()
        return store.get("old")

    with ThreadPoolExecutor(4) as threads:  # who opens it together brings it up to date once
        assert list(threads.map(found, stores)) == 4 * [RESPONSE.model_copy(update={"cached": True})]
    stores[0].put("new", RESPONSE)
    assert stores[1].get("new") is not None
    size = stored_bytes(len(document.encode()))
    assert rows(path, "SELECT used_at, size FROM responses WHERE key = 'old'") == [(time.now, size)]
    for store in stores:
        store.close()


# Age


def test_an_answer_past_its_time_is_neither_given_nor_kept(
    store: SQLiteResponseStore, path: Path, time: Time
) -> None:
    store.put("key", RESPONSE)
    time.now += 24 * HOUR - 1
    assert store.get("key") is not None
    time.now += 1
    assert store.get("key") is None
    assert keys(path) == set()


def test_an_answer_renewed_while_it_is_found_too_old_is_kept(path: Path, time: Time) -> None:
    with closing(SQLiteResponseStore(path, wall=time)) as other:
        other.put("key", RESPONSE)

        def renewed_meanwhile() -> float:
            time.now += HOUR
            other.put("key", answer_of(3))
            return time.now

        with closing(SQLiteResponseStore(path, ttl_seconds=HOUR, wall=renewed_meanwhile)) as store:
            assert store.get("key") is None
        assert other.get("key") == answer_of(3).model_copy(update={"cached": True})


def test_without_a_time_to_live_an_answer_is_given_for_ever(path: Path, time: Time) -> None:
    with closing(SQLiteResponseStore(path, wall=time)) as store:
        store.put("key", RESPONSE)
        time.now += 1000 * 24 * HOUR
        assert store.get("key") is not None


def test_answers_past_their_time_that_nobody_asks_for_go_too(path: Path, time: Time) -> None:
    with closing(SQLiteResponseStore(path, ttl_seconds=HOUR, max_bytes=MIB, wall=time)) as store:
        store.put("old", RESPONSE)
        time.now += HOUR
        store.put("new", answer_of(MIB // 50))
        store.put("newer", RESPONSE)
    assert keys(path) == {"new", "newer"}


# Size


def test_the_answers_unused_longest_go_first(path: Path, time: Time) -> None:
    size = MIB // 20
    with closing(SQLiteResponseStore(path, max_bytes=MIB, wall=time)) as store:
        for number in range(18):
            store.put(f"{number:02}", answer_of(size))
            time.now += 1
        time.now += USE_NOTED_AFTER_SECONDS
        assert store.get("00") is not None
        time.now += 1
        for number in range(18, 22):
            store.put(f"{number:02}", answer_of(size))
            time.now += 1
    left = keys(path)
    assert {"00", "21"} <= left
    assert not {"01", "02"} & left
    assert left - {"00"} == {f"{number:02}" for number in range(22 - len(left) + 1, 22)}


def test_the_file_stays_about_as_large_as_it_may(path: Path, time: Time) -> None:
    with closing(SQLiteResponseStore(path, max_bytes=2 * MIB, wall=time)) as store:
        for number in range(3000):
            time.now += 1
            store.put(f"{number:064}", answer_of(number % 4000))
            if number % 100 == 0:
                (held,) = rows(path, "SELECT sum(size) FROM responses")[0]
                assert held <= 2.1 * MIB
    assert path.stat().st_size < 2.5 * MIB
    assert len(keys(path)) > 200


def test_a_file_that_is_far_too_large_shrinks_in_steps(path: Path, time: Time) -> None:
    with closing(SQLiteResponseStore(path, wall=time)) as store:
        for number in range(3 * STEP):
            store.put(f"{number:04}", answer_of(1000))
            time.now += 1
    with closing(SQLiteResponseStore(path, max_bytes=MIB, wall=time)) as store:
        store.put("a", RESPONSE)
        assert len(keys(path)) == 2 * STEP + 1  # one step, so that the call did not wait for all of it
        for _ in range(3):
            store.put("a", RESPONSE)
    (held,) = rows(path, "SELECT sum(size) FROM responses")[0]
    assert 0.8 * MIB < held <= 0.9 * MIB
    assert "a" in keys(path)


def test_a_hit_notes_its_use_once_an_hour_and_writes_nothing_else(
    store: SQLiteResponseStore, path: Path, time: Time
) -> None:
    def used_at() -> float:
        (found,) = rows(path, "SELECT used_at FROM responses")[0]
        return float(found)

    stored = time.now
    store.put("key", RESPONSE)
    time.now += USE_NOTED_AFTER_SECONDS - 1
    store.get("key")
    assert used_at() == stored
    time.now += 1
    store.get("key")
    assert used_at() == time.now


# Trouble


def test_a_damaged_file_is_set_aside_and_the_answer_kept_in_a_new_one(
    store: SQLiteResponseStore, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.parent.mkdir()
    path.write_bytes(b"this is not a database, whatever its name says" * 100)
    with caplog.at_level(logging.WARNING, "techne.llm"):
        store.put("key", RESPONSE)
    assert store.get("key") is not None
    assert [" is damaged (" in record.message for record in caplog.records] == [True]
    assert [entry.name for entry in path.parent.iterdir() if ".damaged-" in entry.name]


def test_a_file_damaged_while_open_is_set_aside_once_by_all_who_share_it(path: Path) -> None:
    first, second = SQLiteResponseStore(path), SQLiteResponseStore(path)
    for number in range(50):
        first.put(f"{number}", answer_of(2000))
    first.close()
    with path.open("r+b") as file:
        file.write(b"\xff" * 4096)
    for store in (first, second):
        store.put("key", RESPONSE)
        assert store.get("key") is not None
    assert len([entry for entry in path.parent.iterdir() if ".damaged-" in entry.name]) == 1
    first.close()
    second.close()


def test_a_file_that_another_process_renewed_is_not_set_aside_again(path: Path) -> None:
    with closing(SQLiteResponseStore(path)) as late, closing(SQLiteResponseStore(path)) as early:
        for number in range(50):
            late.put(f"{number}", answer_of(2000))
        renewed = path.with_name("renewed")
        with closing(SQLiteResponseStore(renewed)) as other:
            other.put("key", RESPONSE)
        rows(path, "PRAGMA wal_checkpoint(TRUNCATE)")
        descriptor = os.open(path, os.O_WRONLY)
        os.pwrite(descriptor, b"\xff" * 100_000, 0)
        os.close(descriptor)
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        renewed.rename(path)
        late.put("later", RESPONSE)
        assert early.get("key") is not None
    assert not [entry for entry in path.parent.iterdir() if ".damaged-" in entry.name]


def test_a_cache_that_cannot_be_made_fails_no_call_and_says_so_once(
    tmp_path: Path, time: Time, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    store = SQLiteResponseStore(tmp_path / "file" / FILE_NAME, monotonic=time)
    store.check()
    for _ in range(3):
        store.put("key", RESPONSE)
        assert store.get("key") is None
        time.now += HOUR
    assert caplog.text.count("can't be used") == 1


def test_a_locked_file_is_read_and_not_waited_for_again_and_again(
    path: Path, time: Time, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("techne.llm.cache.sqlite._BUSY_SECONDS", 0.01)
    with closing(SQLiteResponseStore(path, wall=time, monotonic=time)) as store:
        store.put("key", RESPONSE)
        for number in range(2):  # the second rest is as short as the first, since it worked between them
            with closing(sqlite3.connect(path, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                store.put("locked out", RESPONSE)
                assert store.get("key") is not None
            store.put("while it rests", RESPONSE)
            time.now += 1
            store.put(f"{number}", RESPONSE)
        assert keys(path) == {"key", "0", "1"}
    assert caplog.text.count("can't be used") == 1
