"""How techne logs: one line a record to standard error, as text (S1-44) or as JSON (LOG_FORMAT).

A command sets its logging up by `configure_logging`. In a flow run that a worker started, Prefect does that,
by deployments/logging.yml (PREFECT_LOGGING_SETTINGS_PATH), which takes formatter and level from here.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Literal

from techne.settings import observation_settings

FORMAT = "%(asctime)s - %(module)s - %(levelname)s - %(message)s"
DATE_FORMAT = "%Y-%m-%d %H:%M:%S"

LOGGERS = ("techne", "flows", "tasks")
IDENTIFIERS = ("flow_run_id", "task_run_id", "execution_id")
"""What a record says of the run that it belongs to, where that is known."""

_fields: ContextVar[dict[str, str] | None] = ContextVar("log_fields", default=None)


def configure_logging(level: str, log_format: Literal["text", "json"] = "text") -> None:
    """Send techne's records at `level` and above to standard error; other libraries stay at warnings."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(log_format))
    for name in LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.setLevel(level)
        logger.propagate = False


@contextmanager
def log_fields(**fields: str | None) -> Iterator[None]:
    """Have records of this context, and of what it starts, say whose they are; what is None is left out."""
    outer = _fields.set({**known_log_fields()})
    add_log_fields(**fields)
    try:
        yield
    finally:
        _fields.reset(outer)


def add_log_fields(**fields: str | None) -> None:
    """Say more, as soon as it is known, for the whole innermost block of `log_fields`; outside, nothing."""
    block = _fields.get()
    if block is not None:
        block.update({name: value for name, value in fields.items() if value is not None})


def known_log_fields() -> Mapping[str, str]:
    """What records of this block say; what is added later shows in it."""
    block = _fields.get()
    return MappingProxyType({} if block is None else block)


class JsonFormatter(logging.Formatter):
    """A record as one JSON object on one line, whose members CloudWatch Logs Insights finds by itself.

    Members: timestamp (RFC 3339, UTC), level, logger, module, message; flow_run_id, task_run_id and
    execution_id where they are known; `llm`, the figures of a call; exception, as text.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The record's line, without its end."""
        moment = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, object] = {
            "timestamp": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "module": record.module,
            "message": record.getMessage(),
        }
        line |= known_log_fields()
        own = {name: getattr(record, name, None) for name in IDENTIFIERS}  # Prefect's records carry theirs
        line |= {name: str(value) for name, value in own.items() if value is not None}
        if isinstance(figures := getattr(record, "llm", None), Mapping):
            line["llm"] = figures
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        if record.stack_info:
            line["stack"] = self.formatStack(record.stack_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def process_formatter() -> logging.Formatter:
    """The formatter that LOG_FORMAT asks for, for deployments/logging.yml."""
    return _formatter(_PROCESS.log_format)


def _formatter(log_format: Literal["text", "json"]) -> logging.Formatter:
    return JsonFormatter() if log_format == "json" else logging.Formatter(FORMAT, DATE_FORMAT)


_PROCESS = observation_settings()
PROCESS_LEVEL = _PROCESS.log_level
"""The level that LOG_LEVEL asks for, for deployments/logging.yml."""
