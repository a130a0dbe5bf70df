"""A moto server in a process of its own: an account that tests of this process don't share."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from deployments.local_postgres import free_port

START_SECONDS = 120


@contextmanager
def running_moto_process(log: Path) -> Iterator[str]:
    """Its address."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with log.open("wb") as words:
        process = subprocess.Popen(
            command, env=dict(os.environ), stdout=words, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        _await_answer(url, process, log)
        yield url
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _await_answer(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), urllib.request.urlopen(f"{url}/moto-api/", timeout=5):
            return
        time.sleep(0.2)
    raise AssertionError(f"The moto server did not start:\n{log.read_text()[-2000:]}")
