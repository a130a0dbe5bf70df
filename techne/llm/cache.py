"""Answers kept on disk, one per call: nothing is paid for twice.

SQLite with a write-ahead log, so threads and processes share one file and an answer that was stored
survives the death of its process. Only complete, valid answers are stored, as JSON. A file that is
damaged is set aside, and a cache that can't be used is done without: it never fails a call.
"""

from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from techne.llm.model import LLMRequest, LLMResponse
from techne.llm.provider import Parameters
from techne.sqlite import use_write_ahead_log

logger = logging.getLogger("techne.llm")

FORMAT_VERSION = 1
"""Part of every key: raise it when the meaning of a stored answer changes."""
FILE_NAME = "llm-cache.sqlite3"
_BUSY_SECONDS = 10.0
_TABLE = """
CREATE TABLE IF NOT EXISTS responses (
    key TEXT PRIMARY KEY,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    stored_at REAL NOT NULL,
    response TEXT NOT NULL
) WITHOUT ROWID
"""


def cache_key(request: LLMRequest, model: str, parameters: Parameters) -> str:
    """Digest of everything that decides an answer; `request_id` and the time-out don't."""
    content: dict[str, Any] = {
        "format": FORMAT_VERSION,
        "provider": request.provider,
        "model": model,
        "system": request.system,
        "prompt": request.prompt,
        "prefill": request.prefill,
        "parameters": dict(parameters),
        "schema": request.json_schema,
        "prompt_version": request.prompt_version,
    }
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def is_storable(response: LLMResponse) -> bool:
    """Whether an answer may be given again: whole, or cut off at the limit, and not blank."""
    return response.finish_reason in {"stop", "length"} and bool(response.text.strip())


class ResponseCache:
    """Answers by key in one SQLite file. Methods block; the executor calls them on a thread of their own.

    Args:
        path: The file; it and its folder are made when first needed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = None
        self._lock = threading.Lock()
        self._given_up = False

    def get(self, key: str) -> LLMResponse | None:
        """The answer stored under a key, marked as cached."""
        row = self._run("SELECT response FROM responses WHERE key = ?", (key,))
        if row is None:
            return None
        try:
            response = LLMResponse.model_validate_json(row[0])
        except ValidationError:
            return None  # written by a version with other fields
        return response.model_copy(update={"cached": True})

    def put(self, key: str, response: LLMResponse) -> None:
        """Store an answer; it is on disk when this returns."""
        values = (key, response.provider, response.model, time.time(), response.model_dump_json())
        self._run("INSERT OR REPLACE INTO responses VALUES (?, ?, ?, ?, ?)", values)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _run(self, statement: str, values: tuple[object, ...]) -> Any:
        with self._lock:
            if self._given_up:
                return None
            try:
                return self._open().execute(statement, values).fetchone()
            except sqlite3.OperationalError as error:
                self._report(error)
            except sqlite3.DatabaseError as error:
                self._set_aside(error)
            except OSError as error:
                self._report(error)
                self._given_up = True
            return None

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(
                self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            try:
                use_write_ahead_log(connection)
                connection.execute("PRAGMA synchronous = NORMAL")
                connection.execute(_TABLE)
            except sqlite3.Error:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _set_aside(self, error: sqlite3.DatabaseError) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        aside = self.path.with_name(f"{self.path.name}.damaged-{time.time_ns()}")
        try:
            self.path.rename(aside)
            for suffix in ("-wal", "-shm"):
                self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        except OSError as reason:
            self._report(reason)
            self._given_up = True
        else:
            logger.warning(
                "The LLM cache %s is damaged (%s); it was set aside as %s.", self.path, error, aside
            )

    def _report(self, error: Exception) -> None:
        logger.warning("The LLM cache %s can't be used now (%s); calls go on without it.", self.path, error)
