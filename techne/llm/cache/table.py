"""The table of the SQLite file: its layout, the step from its first one, and the statements on it.

The first layout noted neither use nor size.
"""

from __future__ import annotations

import math
import sqlite3
from dataclasses import dataclass

STEP = 500
"""Answers that are deleted at once; that many take about as long as a few ordinary writes."""
_PAGE_BYTES = 4096
_INLINE_BYTES = 800
"""Up to about here an answer lies in the tree's own pages; a longer one has pages to itself."""
_ROW_BYTES = 700
"""What else an answer takes: key, names, times, its place in the index, and room left in the tree's pages."""

_TABLE = """
CREATE TABLE IF NOT EXISTS responses (
    key TEXT PRIMARY KEY,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    stored_at REAL NOT NULL,
    response TEXT NOT NULL,
    used_at REAL NOT NULL DEFAULT 0,
    size INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID
"""
# Holds all that choosing and measuring need, so that neither reads an answer.
_INDEX = "CREATE INDEX IF NOT EXISTS responses_by_use ON responses (used_at, size)"


@dataclass(frozen=True, slots=True)
class ModelFigures:
    """What a file holds of one model."""

    provider: str
    model: str
    entries: int
    size_bytes: int
    oldest_stored_at: float
    last_used_at: float


def stored_bytes(document_bytes: int) -> int:
    """About what an answer takes in the file, so that the sum of them is about the file's size."""
    if document_bytes <= _INLINE_BYTES:
        return document_bytes + _ROW_BYTES
    return math.ceil(document_bytes / _PAGE_BYTES) * _PAGE_BYTES + _ROW_BYTES


def prepare(database: sqlite3.Connection) -> None:
    """Make the table if there is none, and bring an older one up to date; several processes may at once.

    Raises:
        sqlite3.Error: It can't be done.
    """
    if _is_current(database):
        return
    with database:
        database.execute("BEGIN IMMEDIATE")
        database.execute(_TABLE)
        if not _columns(database) >= {"used_at", "size"}:
            database.execute("ALTER TABLE responses ADD COLUMN used_at REAL NOT NULL DEFAULT 0")
            database.execute("ALTER TABLE responses ADD COLUMN size INTEGER NOT NULL DEFAULT 0")
            database.create_function("stored_bytes", 1, stored_bytes, deterministic=True)
            database.execute(
                "UPDATE responses SET used_at = stored_at, "
                "size = stored_bytes(length(CAST(response AS BLOB)))"
            )
        database.execute(_INDEX)


def _is_current(database: sqlite3.Connection) -> bool:
    found = database.execute("SELECT 1 FROM sqlite_master WHERE type = 'index' AND name = 'responses_by_use'")
    return found.fetchone() is not None


def _columns(database: sqlite3.Connection) -> set[str]:
    return {row[1] for row in database.execute("PRAGMA table_info(responses)")}


def figures(database: sqlite3.Connection) -> tuple[ModelFigures, ...]:
    """What the file holds, by model, the largest first."""
    rows = database.execute(
        "SELECT provider, model, count(*), sum(size), min(stored_at), max(used_at) FROM responses "
        "GROUP BY provider, model ORDER BY sum(size) DESC, provider, model"
    )
    return tuple(ModelFigures(*row) for row in rows)


def select_answer(database: sqlite3.Connection, key: str) -> tuple[float, float, bytes] | None:
    """When an answer was stored, when it was last used, and itself."""
    row: tuple[float, float, bytes] | None = database.execute(
        "SELECT stored_at, used_at, CAST(response AS BLOB) FROM responses WHERE key = ?", (key,)
    ).fetchone()
    return row


def insert_answer(database: sqlite3.Connection, values: tuple[str | float, ...]) -> None:
    """Keep an answer: key, provider, model, time, document, time of use, `stored_bytes`."""
    database.execute(
        "INSERT OR REPLACE INTO responses (key, provider, model, stored_at, response, used_at, size) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        values,
    )


def note_use(database: sqlite3.Connection, key: str, now: float) -> None:
    """Note when an answer was used."""
    database.execute("UPDATE responses SET used_at = ? WHERE key = ?", (now, key))


def delete_answer(database: sqlite3.Connection, key: str, stored_at: float) -> None:
    """Delete an answer, but not one that another process has stored under the key since."""
    database.execute("DELETE FROM responses WHERE key = ? AND stored_at = ?", (key, stored_at))


def delete_older(database: sqlite3.Connection, than: float) -> int:
    """Delete the answers stored until then, and say how many. Reads the whole table."""
    return database.execute("DELETE FROM responses WHERE stored_at <= ?", (than,)).rowcount


def delete_unused(database: sqlite3.Connection, since: float) -> None:
    """Delete answers that nobody has used since then, a step of them; all of them are older than that.

    By the index, as no search by age could be.
    """
    database.execute(
        "DELETE FROM responses WHERE key IN "
        "(SELECT key FROM responses WHERE used_at <= ? ORDER BY used_at LIMIT ?)",
        (since, STEP),
    )


def held_bytes(database: sqlite3.Connection) -> int:
    """What all answers take together."""
    held: int = database.execute("SELECT coalesce(sum(size), 0) FROM responses").fetchone()[0]
    return held


def evict(database: sqlite3.Connection, excess_bytes: int) -> tuple[int, int]:
    """Delete the answers unused longest, up to a size and a number; how many and how much went."""
    doomed, freed = [], 0
    with database:
        database.execute("BEGIN IMMEDIATE")
        for key, size in database.execute(
            "SELECT key, size FROM responses ORDER BY used_at LIMIT ?", (STEP,)
        ):
            if freed >= excess_bytes:
                break
            doomed.append((key,))
            freed += size
        database.executemany("DELETE FROM responses WHERE key = ?", doomed)
    return len(doomed), freed
