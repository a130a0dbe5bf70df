"""Answers in one SQLite file: the cache of one machine, and the default.

With a write-ahead log, threads and processes share the file, and an answer that was stored survives the
death of its process. A file that is damaged is set aside. It is kept below its size in small steps, each as
part of storing an answer, so that no call waits long. Layout and statements are `table`'s.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from techne.llm.cache import table
from techne.llm.cache.document import from_document, to_document
from techne.llm.cache.trouble import Action, Trouble
from techne.llm.model import LLMResponse
from techne.sqlite import use_write_ahead_log

FILE_NAME = "llm-cache.sqlite3"
DEFAULT_MAX_BYTES = 1024**3
USE_NOTED_AFTER_SECONDS = 3600.0
"""Hits within an hour of the last noted use write nothing."""
FULL_AFTER_EVICTION = 0.9
"""Share of the size that is left when answers had to go."""
_LOOK_AFTER = 0.01
"""Share of the size after which, written by this process, the whole is measured again."""
_BUSY_SECONDS = 10.0
_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})

logger = logging.getLogger("techne.llm")

_T = TypeVar("_T")


class SQLiteResponseStore:
    """The `ResponseStore` of a local file.

    Args:
        path: The file; it and its folder are made when first needed.
        ttl_seconds: Age from which on an answer is not given, and deleted; None keeps all.
        max_bytes: Size of all answers together; those unused longest go first.
        wall: Seconds since the epoch.
        monotonic: Seconds since some fixed moment.
    """

    threads = 1

    def __init__(
        self,
        path: Path,
        *,
        ttl_seconds: float | None = None,
        max_bytes: int = DEFAULT_MAX_BYTES,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.path = path
        self._ttl_seconds = ttl_seconds
        self._max_bytes = max_bytes
        self._wall = wall
        self._trouble = Trouble(str(path), monotonic=monotonic)
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._opened: tuple[int, int] | None = None
        self._written_bytes = max_bytes  # so that the first answer stored looks at what is there
        self._excess_bytes = 0

    def check(self) -> None:
        """Nothing: nobody asked for this store, and a file that can't be used is done without."""

    def get(self, key: str) -> LLMResponse | None:
        """The answer under a key, marked as cached, unless it is past its time."""
        row = self._spared("read", lambda database: table.select_answer(database, key))
        if row is None:
            return None
        stored_at, used_at, document = row
        now = self._wall()
        if self._ttl_seconds is not None and now - stored_at >= self._ttl_seconds:
            self._spared("write", lambda database: table.delete_answer(database, key, stored_at))
            return None
        if now - used_at >= USE_NOTED_AFTER_SECONDS:
            self._spared("write", lambda database: table.note_use(database, key, now))
        return from_document(document)

    def put(self, key: str, response: LLMResponse) -> None:
        """Store an answer; it is on disk when this returns."""
        document = to_document(response)
        if document is None:
            return
        now, size = self._wall(), table.stored_bytes(len(document))
        values = (key, response.provider, response.model, now, document.decode(), now, size)
        self._spared("write", lambda database: table.insert_answer(database, values))
        self._spared("write", lambda database: self._keep_in_size(database, size))

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._disconnect()

    def figures(self) -> tuple[table.ModelFigures, ...]:
        """What the file holds, by model.

        Raises:
            sqlite3.Error: It can't be read.
            OSError: So can its folder.
        """
        with self._lock:
            return table.figures(self._open())

    def prune(self) -> int:
        """Delete what is past its time or over the size, and give the room back; how many answers went.

        Raises:
            sqlite3.Error: The file can't be used.
            OSError: Its folder can't.
        """
        deleted = 0
        with self._lock:
            database = self._open()
            if self._ttl_seconds is not None:
                deleted += table.delete_older(database, self._wall() - self._ttl_seconds)
            excess = table.held_bytes(database) - self._max_bytes
            while excess > 0:
                count, freed = table.evict(database, excess)
                if not count:
                    break
                deleted, excess = deleted + count, excess - freed
            database.execute("VACUUM")
        return deleted

    def clear(self) -> int:
        """Delete every answer and give the room back; how many there were.

        Raises:
            sqlite3.Error: The file can't be used.
            OSError: Its folder can't.
        """
        with self._lock:
            database = self._open()
            deleted = database.execute("DELETE FROM responses").rowcount
            database.execute("VACUUM")
        return deleted

    def _keep_in_size(self, database: sqlite3.Connection, written: int) -> None:
        self._written_bytes += written
        if self._excess_bytes <= 0:
            if self._written_bytes < self._max_bytes * _LOOK_AFTER:
                return
            self._written_bytes = 0
            if self._ttl_seconds is not None:
                table.delete_unused(database, self._wall() - self._ttl_seconds)
            held = table.held_bytes(database)
            if held <= self._max_bytes:
                return
            self._excess_bytes = held - int(self._max_bytes * FULL_AFTER_EVICTION)
        count, freed = table.evict(database, self._excess_bytes)
        self._excess_bytes = self._excess_bytes - freed if count else 0

    def _spared(self, action: Action, work: Callable[[sqlite3.Connection], _T]) -> _T | None:
        """What `work` on the file gives; None while that rests, and if it fails."""
        with self._lock:
            for _ in range(2):  # once more with a new file, if this one is damaged
                if self._trouble.resting(action):
                    return None
                try:
                    result = work(self._open())
                except sqlite3.Error as error:
                    if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE:
                        self._set_aside(action, error)
                        continue
                    self._trouble.met(action, getattr(error, "sqlite_errorname", type(error).__name__), error)
                except OSError as error:
                    self._trouble.met(action, type(error).__name__, error)
                else:
                    self._trouble.passed(action)
                    return result
                return None
        return None

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(
                self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._opened = _identity(self.path)
            try:
                use_write_ahead_log(connection)
                connection.execute("PRAGMA synchronous = NORMAL")
                table.prepare(connection)
            except sqlite3.Error:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _set_aside(self, action: Action, error: sqlite3.Error) -> None:
        self._disconnect()
        if _identity(self.path) != self._opened:
            return  # another process did, and has begun a new file
        aside = self.path.with_name(f"{self.path.name}.damaged-{time.time_ns()}")
        try:
            for suffix in ("-wal", "-shm"):
                self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
            self.path.rename(aside)
        except OSError as reason:
            self._trouble.met(action, type(reason).__name__, reason)
        else:
            logger.warning(
                "The LLM cache %s is damaged (%s); it was set aside as %s.", self.path, error, aside
            )


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino
