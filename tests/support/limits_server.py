"""A Prefect server for tests of limits, whose leases live as long as `tests.support.short_leases` says."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from prefect.client.orchestration import get_client

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Server:
    """A Prefect server with limits for tests."""

    url: str

    async def holder(self, limit: str, *, amount: int, times: int) -> asyncio.subprocess.Process:
        """Another process that takes units (`tests.support.limit_holder`)."""
        command = [sys.executable, "-m", "tests.support.limit_holder", limit, str(amount), str(times)]
        environment = {**os.environ, "PREFECT_API_URL": self.url, "PYTHONPATH": str(ROOT)}
        return await asyncio.create_subprocess_exec(*command, env=environment, stdout=asyncio.subprocess.PIPE)

    async def create(self, limit: int) -> str:
        """A new limit's name."""
        name = f"llm:{uuid4().hex}:parallel"
        async with get_client() as client:
            await client.upsert_global_concurrency_limit_by_name(name, limit, 0.0)
        return name

    async def held(self, name: str) -> int:
        """Units of a limit that are held."""
        async with get_client() as client:
            return (await client.read_global_concurrency_limit_by_name(name)).active_slots


@contextmanager
def running_limits_server(home: Path) -> Iterator[Server]:
    """A server whose leases lapse fast, with its files in a folder."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Server(f"http://127.0.0.1:{port}/api")
    environment = {
        **os.environ,
        "PREFECT_HOME": str(home),
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{home / 'prefect.db'}",
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "tests.support.short_leases",
        "PREFECT_SERVER_SERVICES_REPOSSESSOR_LOOP_SECONDS": "0.5",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "prefect", "server", "start", "--no-ui", "--port", str(port)]
    with (home / "server.log").open("w") as log:
        process = subprocess.Popen(
            [*command, "--host", "127.0.0.1"],
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _await_health(server.url, process, home / "server.log")
        yield server
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _await_health(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise AssertionError(f"The Prefect server did not start:\n{log.read_text()}")
