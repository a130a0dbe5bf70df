"""The executor that a process shares, so that its limits hold for all of the process's callers."""

from __future__ import annotations

import atexit
import os
import threading
from typing import TYPE_CHECKING

from techne.llm.accounting import ExecutorUsage
from techne.llm.executor import LLMExecutor

if TYPE_CHECKING:
    from techne.settings import Settings

_lock = threading.Lock()
_executors: dict[Settings, LLMExecutor] = {}


def shared_executor(settings: Settings | None = None) -> LLMExecutor:
    """The process's executor for these settings, made when first asked for and closed at exit."""
    if settings is None:
        from techne.settings import get_settings

        settings = get_settings()
    with _lock:
        executor = _executors.get(settings)
        if executor is None:
            executor = _executors[settings] = LLMExecutor(settings)
        return executor


def usage_of_process() -> ExecutorUsage:
    """Figures of all shared executors that are open, model by model; none is made for it."""
    with _lock:
        executors = list(_executors.values())
    return ExecutorUsage(models=tuple(model for one in executors for model in one.usage().models))


def close_shared_executors(timeout_seconds: float = 5.0) -> None:
    """Close them all; the next call of `shared_executor` makes a new one."""
    with _lock:
        executors = list(_executors.values())
        _executors.clear()
    for executor in executors:
        executor.close(timeout_seconds)


def _forget_after_fork() -> None:
    """A child has none of its parent's threads: it makes executors of its own."""
    global _lock
    _lock = threading.Lock()
    _executors.clear()


atexit.register(close_shared_executors, 1.0)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)
