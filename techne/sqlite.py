"""What every SQLite file of techne needs: write-ahead logging, switched on while others may do the same."""

from __future__ import annotations

import sqlite3
import time

_ATTEMPTS = 100
_PAUSE_SECONDS = 0.02


def use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Switch a file to write-ahead logging, so that readers and a writer don't block each other.

    The switch needs the file alone and does not wait for that as other statements do (SQLite's busy handler
    is not called for it), so two processes that open a new file at once would see "database is locked".

    Raises:
        sqlite3.OperationalError: Somebody held the file for two seconds on end.
    """
    for attempt in range(_ATTEMPTS):
        try:
            if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if attempt + 1 == _ATTEMPTS:
                raise
            time.sleep(_PAUSE_SECONDS)
        else:
            return
