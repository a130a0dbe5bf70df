"""Looks after the local file of LLM answers: what it holds, and how to make it smaller.

A cache that LLM_EXECUTOR_CACHE_URI names is looked after where it is: by a lifecycle rule of the bucket, or
by the table's time to live.
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from techne.errors import TechneError
from techne.llm.cache.sqlite import FILE_NAME, SQLiteResponseStore
from techne.llm.cache.table import ModelFigures
from techne.settings import Settings, get_settings

ACTIONS = {
    "stats": "show entries, bytes and dates, by model",
    "prune": "delete what is past LLM_EXECUTOR_CACHE_TTL_SECONDS or over LLM_EXECUTOR_CACHE_MAX_BYTES",
    "clear": "delete every answer",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Do one action on one file; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m techne.llm.cache", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, meaning in ACTIONS.items():
        action = actions.add_parser(name, help=meaning, description=f"{meaning[0].upper()}{meaning[1:]}.")
        action.add_argument("--file", type=Path, help=f"the file (default: {FILE_NAME} in TECHNE_HOME)")
    options = parser.parse_args(arguments)
    try:
        settings = get_settings()
        path = options.file or settings.techne_home / FILE_NAME
        if not path.is_file():
            sys.stdout.write(f"There is no LLM cache at {path}.\n")
            return 0
        sys.stdout.write(_done(options.action, path, settings))
    except (TechneError, sqlite3.Error, OSError) as error:
        sys.stderr.write(f"The LLM cache can't be looked after: {error}\n")
        return 1
    return 0


def _done(action: str, path: Path, settings: Settings) -> str:
    store = SQLiteResponseStore(
        path,
        ttl_seconds=settings.llm_executor_cache_ttl_seconds,
        max_bytes=settings.llm_executor_cache_max_bytes,
    )
    try:
        if action == "stats":
            return _table(path, store.figures())
        deleted = store.prune() if action == "prune" else store.clear()
    finally:
        store.close()
    return f"{deleted} answers deleted; {path} has {_size(path.stat().st_size)} now.\n"


def _table(path: Path, figures: Sequence[ModelFigures]) -> str:
    rows = [("model", "answers", "size", "oldest", "last used")]
    rows += [
        (
            f"{of.provider}/{of.model}",
            str(of.entries),
            _size(of.size_bytes),
            _date(of.oldest_stored_at),
            _date(of.last_used_at),
        )
        for of in figures
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    answers, held = sum(of.entries for of in figures), sum(of.size_bytes for of in figures)
    total = f"{answers} answers of {_size(held)}; {path} has {_size(path.stat().st_size)}."
    return "\n".join([*(line.rstrip() for line in lines), total, ""])


def _size(count: int) -> str:
    return f"{count / 1024**2:.1f} MiB"


def _date(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")


if __name__ == "__main__":
    sys.exit(main())
