"""Who holds a lease: a process, by a name that tells on its own machine whether it is still there.

A worker that was killed leaves a lease that lasts. Another machine can only wait for it to lapse; on the
same machine, in the same process namespace, the dead process is known to be gone, so the next run goes on
at once.
"""

from __future__ import annotations

import os
import socket
from functools import lru_cache
from pathlib import Path

_PROC = Path("/proc")


def this_owner() -> str:
    """The name of this process: machine, process id, and the moment it started."""
    return f"{_place()}/{os.getpid()}@{_started(os.getpid()) or 0}"


def is_gone(owner: str) -> bool:
    """Whether an owner is certainly dead: a process of this very place that runs no more.

    False whenever that can't be known: another machine or container, or a system without /proc.
    """
    place, _, process = owner.rpartition("/")
    pid, _, started = process.partition("@")
    if place != _place() or not pid.isdigit() or started in ("", "0"):
        return False
    return _started(int(pid)) != started


@lru_cache(maxsize=1)
def _place() -> str:
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()[:8]
        namespace = (_PROC / "self/ns/pid").readlink().name.strip("pid:[]")
    except OSError:
        return socket.gethostname()
    return f"{socket.gethostname()}/{boot}-{namespace}"


def _started(pid: int) -> str | None:
    """Start time of a process in clock ticks since boot, or None if it is not running."""
    try:
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else fields[19]
