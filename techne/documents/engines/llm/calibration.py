"""What providers count where we estimate, remembered from one execution to the next.

An estimate has a margin, so it is corrected upwards only: a model that counts less than estimated leaves the
margin to texts that are denser than those seen so far, and an execution of a known recording its answers
in the cache, which other chunks would not find.
"""

from __future__ import annotations

import logging
import math
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Self

from techne.settings import Settings

logger = logging.getLogger(__name__)

FILE_NAME = "token-counts.sqlite3"
MOST_RATIO = 2.0
"""A count beyond this says more about the provider than about the text."""
LATEST_CALLS = 32
"""Older ones are forgotten, so that a model is not judged for ever by one strange answer."""

_STEPS = 16
"""Ratios are whole sixteenths: exact in every store, and not another one after every call."""
_BUSY_SECONDS = 2.0
_TABLE = """
CREATE TABLE IF NOT EXISTS counts (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    model TEXT NOT NULL,
    estimated INTEGER NOT NULL,
    reported INTEGER NOT NULL
)
"""
_ADD = "INSERT INTO counts (model, estimated, reported) VALUES (?, ?, ?)"
_FORGET = """
DELETE FROM counts WHERE model = :model AND number <= (
    SELECT number FROM counts WHERE model = :model ORDER BY number DESC LIMIT 1 OFFSET :latest
)
"""
_HIGHEST = "SELECT MAX(1.0 * reported / estimated) FROM counts WHERE model = ?"


class TokenCalibration:
    """Token counts of each model's latest calls, beside what was estimated for them.

    Safe to use from several threads and processes. Methods block for a moment. A file that can't be used is
    done without, and a damaged one is begun anew: estimates are then uncorrected, and nothing fails.

    Args:
        path: An SQLite file; it and its folder are made when first needed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The counts of all executions with this `techne_home`."""
        return cls(settings.techne_home / FILE_NAME)

    def record(self, model: str, *, estimated: int, reported: int) -> None:
        """Learn from one call."""
        if estimated <= 0 or reported <= 0:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._open()) as connection, connection:
                connection.execute(_TABLE)
                connection.execute(_ADD, (model, estimated, reported))
                connection.execute(_FORGET, {"model": model, "latest": LATEST_CALLS})
        except (OSError, sqlite3.Error) as error:
            self._go_without(error)

    def ratio(self, model: str) -> float:
        """What estimates for a model are multiplied by: the highest of its latest calls, from 1 to 2."""
        highest = None
        try:
            if self._path.exists():
                with closing(self._open()) as connection:
                    connection.execute(_TABLE)
                    highest = connection.execute(_HIGHEST, (model,)).fetchone()[0]
        except (OSError, sqlite3.Error) as error:
            self._go_without(error)
        return min(max(math.ceil((highest or 1.0) * _STEPS) / _STEPS, 1.0), MOST_RATIO)

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=_BUSY_SECONDS)

    def _go_without(self, error: Exception) -> None:
        logger.warning("Token counts in %s can't be used (%s); estimates go uncorrected.", self._path, error)
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
            try:
                self._path.unlink(missing_ok=True)
            except OSError:
                logger.warning("It can't be removed either.")
