"""Records in an SQLite file, for one machine: safe across its threads and processes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from pydantic import ValidationError

from techne.errors import ConfigurationError, ServiceUnavailableError
from techne.sqlite import use_write_ahead_log
from techne.tracking.model import ExecutionRecord, ExecutionStatus, Page

BUSY_TIMEOUT_SECONDS = 30

_SCHEMA = """
CREATE TABLE IF NOT EXISTS executions (
    execution_id TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    status TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    record TEXT NOT NULL
) STRICT
"""


class SQLiteTable:
    """The `RecordTable` of an SQLite file.

    A record is one JSON text, whose decimals are strings. Every operation opens its own connection, which
    costs a fraction of a millisecond and lets threads and forks be; every write is one conditional
    statement, atomic by itself.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def check(self) -> None:
        """Create the file if it is missing, and take and drop its write lock."""
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")

    def get(self, execution_id: str) -> ExecutionRecord | None:
        """The record as last written."""
        with self._connection() as connection:
            row = connection.execute(
                "SELECT record FROM executions WHERE execution_id = ?", (execution_id,)
            ).fetchone()
        return None if row is None else ExecutionRecord.model_validate_json(row[0])

    def put(self, record: ExecutionRecord, *, replacing_revision: int | None) -> bool:
        """Insert or update on condition, in one statement."""
        row = {
            "execution_id": record.execution_id,
            "revision": record.revision,
            "status": record.status.value,
            "updated_at": _sortable(record),
            "record": record.model_dump_json(),
            "replacing": replacing_revision,
        }
        statement = (
            "INSERT INTO executions VALUES (:execution_id, :revision, :status, :updated_at, :record)"
            " ON CONFLICT (execution_id) DO NOTHING"
            if replacing_revision is None
            else "UPDATE executions SET revision = :revision, status = :status, updated_at = :updated_at,"
            " record = :record WHERE execution_id = :execution_id AND revision = :replacing"
        )
        with self._connection() as connection:
            return connection.execute(statement, row).rowcount == 1

    def recent(self, *, status: ExecutionStatus | None, limit: int) -> tuple[ExecutionRecord, ...]:
        """The records that were updated last, newest first."""
        with self._connection() as connection:
            rows = connection.execute(
                "SELECT record FROM executions WHERE ? IS NULL OR status = ?"
                " ORDER BY updated_at DESC, execution_id LIMIT ?",
                (status, status, limit),
            ).fetchall()
        return tuple(ExecutionRecord.model_validate_json(row[0]) for row in rows)

    def page(self, *, after: str | None, limit: int) -> Page:
        """At most so many records, by id."""
        with self._connection() as connection:
            rows = connection.execute(
                "SELECT execution_id, record FROM executions WHERE ? IS NULL OR execution_id > ?"
                " ORDER BY execution_id LIMIT ?",
                (after, after, limit),
            ).fetchall()
        records, unreadable = [], []
        for execution_id, text in rows:
            try:
                records.append(ExecutionRecord.model_validate_json(text))
            except ValidationError:
                unreadable.append(execution_id)
        return Page(tuple(records), tuple(unreadable), rows[-1][0] if len(rows) == limit else None)

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # Autocommit: a statement is its own transaction.
            connection = sqlite3.connect(self._path, timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None)
            with closing(connection):
                use_write_ahead_log(connection)
                connection.execute(_SCHEMA)
                yield connection
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
                raise ServiceUnavailableError(
                    f"The tracking file {self._path} is locked by another process.", cure="Try again later."
                ) from error
            raise self._unusable(error) from error
        except (sqlite3.DatabaseError, OSError) as error:
            raise self._unusable(error) from error

    def _unusable(self, error: Exception) -> ConfigurationError:
        return ConfigurationError(
            f"The tracking file {self._path} can't be used: {error}.",
            cure="Point TECHNE_HOME to a local folder that this user may write, or set TRACKING_TABLE.",
        )


def _sortable(record: ExecutionRecord) -> str:
    return record.updated_at.isoformat(timespec="microseconds")
