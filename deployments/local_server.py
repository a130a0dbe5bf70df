"""A Prefect server of one's own: its process, where it is, and how its clients get in.

It keeps what a team's server keeps: PostgreSQL behind it, a login before it, and leases in files, since those
in memory would leak their slots when it is started anew.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from deployments.local_postgres import free_port
from techne.errors import ConfigurationError

START_SECONDS = 180
STOP_SECONDS = 20
LEASES_IN_FILES = "prefect.server.concurrency.lease_storage.filesystem"


class LocalServer:
    """A Prefect server with its interface, on the loopback.

    Args:
        folder: Of its files, log included.
        database: SQLAlchemy's address of its database.
        login: `user:password` that it asks for.
        port: Where it listens; 0 is a free one.
        settings: Further environment variables of the server.
    """

    def __init__(
        self,
        folder: Path,
        database: str,
        login: str,
        port: int = 0,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self._folder = folder
        self._database = database
        self._login = login
        self._port = port or free_port()
        self._settings = dict(settings or {})
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Where a browser finds it."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def api_url(self) -> str:
        """Where Prefect's clients find it."""
        return f"{self.address}/api"

    @property
    def log(self) -> Path:
        """What it says."""
        return self._folder / "server.log"

    @property
    def clients(self) -> dict[str, str]:
        """Environment variables that lead Prefect's clients to it, and let them in."""
        return {"PREFECT_API_URL": self.api_url, "PREFECT_API_AUTH_STRING": self._login}

    def is_running(self) -> bool:
        """Whether its process is there."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it, and wait until it is well.

        Raises:
            ConfigurationError: It ended, or did not come up in three minutes; with the end of its log.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        if free_port(self._port) != self._port:
            raise ConfigurationError(
                f"Port {self._port} is taken.", cure="Stop what listens there, or name another port."
            )
        command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - Prefect itself, without a shell
                [*command, "--port", str(self._port)],
                env=self._environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._await_health(self._process)

    def stop(self, *, orderly: bool = True) -> None:
        """End it; not `orderly`, as in a crash."""
        process, self._process = self._process, None
        if process is None:
            return
        if orderly:
            _signal_group(process, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
        _signal_group(process, signal.SIGKILL)
        process.wait()

    def _environment(self) -> dict[str, str]:
        # Settings of a client in the caller's shell would have the server look for another one.
        own = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_API_")}
        return {
            **own,
            "PREFECT_HOME": str(self._folder),
            "PREFECT_SERVER_DATABASE_CONNECTION_URL": self._database,
            "PREFECT_SERVER_API_AUTH_STRING": self._login,
            "PREFECT_SERVER_UI_API_URL": self.api_url,
            "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": LEASES_IN_FILES,
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
            **self._settings,
        }

    def _await_health(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            with suppress(OSError), urllib.request.urlopen(f"{self.api_url}/health", timeout=5):  # noqa: S310
                return
            time.sleep(0.2)
        self.stop(orderly=False)
        raise ConfigurationError(
            f"The Prefect server did not start: {self.log.read_text(errors='replace')[-800:].strip()}",
            cure=f"See {self.log}.",
        )


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
