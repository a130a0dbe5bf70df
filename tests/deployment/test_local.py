"""`make server`: a team's server on this machine, without containers."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import DeploymentFilter
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings

from deployments import local_postgres
from deployments.local import main
from deployments.local_postgres import LocalPostgres, free_port
from techne.errors import ConfigurationError
from tests.support.deployed import ROOT, needs_postgres


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the database's user can reach, which pytest's own are not."""
    folder = Path(tempfile.mkdtemp(prefix="techne-local-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.acceptance
@needs_postgres
def test_one_command_runs_all_that_a_team_has(folder: Path) -> None:
    port = free_port()
    own = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "deployments.local", "--folder", str(folder / "s"), "--port", str(port)],
        cwd=ROOT,
        env={**own, "PREFECT_HOME": str(folder / "home")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    said = ""
    try:
        while line := process.stdout.readline():
            said += line
            if line.startswith("Worker 'ProcessWorker"):
                break
        assert f"http://127.0.0.1:{port}  Log in with" in said, said
        login = (folder / "s" / "login").read_text()
        assert login not in said
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/api/flows/count", data=b"{}", timeout=30)
        url = f"http://127.0.0.1:{port}/api"
        with (
            temporary_settings({PREFECT_API_URL: url, PREFECT_API_AUTH_STRING: login}),
            get_client(sync_client=True) as client,
        ):
            names = {
                deployment.name
                for deployment in client.read_deployments(deployment_filter=DeploymentFilter())
            }
        assert names >= {"docgen", "docgen-inbox", "annotation", "maintenance"}
    finally:
        process.send_signal(signal.SIGTERM)
        rest = process.communicate(timeout=120)[0]
    assert process.returncode == 0, said + rest
    assert not (folder / "s" / "postgres" / "data" / "postmaster.pid").exists()
    assert free_port(port) == port


@needs_postgres
async def test_a_crashed_cluster_comes_back_with_what_it_had(folder: Path) -> None:
    postgres = LocalPostgres(folder / "postgres")
    postgres.start()
    try:
        url = postgres.url.replace("+asyncpg", "")
        connection = await asyncpg.connect(url)
        await connection.execute("CREATE TABLE kept (number integer); INSERT INTO kept VALUES (7)")
        postgres.stop(orderly=False)
        postgres.start()
        assert postgres.url.replace("+asyncpg", "") == url
        connection = await asyncpg.connect(url)
        assert await connection.fetchval("SELECT number FROM kept") == 7
        await connection.close()
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(url.replace("prefect:", "prefect:wrong"))
        postgres.start()  # and nothing happens
    finally:
        postgres.stop()
    postgres.stop()


def test_a_machine_without_postgres_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(local_postgres, "_DEBIAN", tmp_path)
    with pytest.raises(ConfigurationError, match=r"no PostgreSQL server\. Install it"):
        LocalPostgres(tmp_path / "postgres")


def test_a_taken_port_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        database = "postgresql+asyncpg://nobody:nothing@127.0.0.1:1/none"
        assert main(["--folder", str(tmp_path), "--port", str(port), "--database", database]) == 1
    assert f"Port {port} is taken." in capsys.readouterr().err
