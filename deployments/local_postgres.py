"""A PostgreSQL cluster of one's own in a folder, from the programs that the machine has.

It listens on the loopback alone and asks for a password, which lies beside its data. The programs refuse to
run as root, so root runs them as another user.
"""

from __future__ import annotations

import os
import pwd
import re
import secrets
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

from techne.errors import ConfigurationError

USER = "prefect"
DATABASE = "prefect"
SYSTEM_USER = "postgres"
"""Who runs the cluster for root: Debian's packages, and others, make this user."""
START_SECONDS = 120
_DEBIAN = Path("/usr/lib/postgresql")


class LocalPostgres:
    """A cluster, which `start` makes where there is none yet. It goes on when this process ends.

    Args:
        folder: Where it lives.
        programs: Folder of `initdb` and `pg_ctl`; by default that of the PATH, or Debian's newest.

    Raises:
        ConfigurationError: The machine has no PostgreSQL, or root has nobody to run it as.
    """

    def __init__(self, folder: Path, programs: Path | None = None) -> None:
        self._programs = programs or find_programs()
        self._folder = folder.resolve()
        self._data = self._folder / "data"
        self._password = self._folder / "password"
        self._owner = _owner()
        self._port = 0

    @property
    def url(self) -> str:
        """Address for SQLAlchemy, password and all, while it runs."""
        return f"postgresql+asyncpg://{USER}:{self._secret()}@127.0.0.1:{self._port}/{DATABASE}"

    def start(self) -> None:
        """Start it, on the port it had before where that is free, and wait until it answers.

        Raises:
            ConfigurationError: It can't; with what its programs say.
        """
        if not (self._data / "PG_VERSION").exists():
            self._create()
        if (port := self._running_port()) is not None:
            self._port = port
            return
        self._port = free_port(self._port)
        options = f"-p {self._port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''"
        log = str(self._folder / "postgres.log")
        self._run(
            "pg_ctl", "-D", str(self._data), "-w", "-t", str(START_SECONDS), "-l", log, "-o", options, "start"
        )

    def stop(self, *, orderly: bool = True) -> None:
        """Stop it; not `orderly`, as in a crash: the next start recovers from its log."""
        if self._running_port() is not None:
            mode = "fast" if orderly else "immediate"
            self._run("pg_ctl", "-D", str(self._data), "-w", "-m", mode, "stop")

    def _create(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._password.write_text(secrets.token_urlsafe(24))
        self._password.chmod(0o600)
        if self._owner is not None:
            os.chown(self._folder, self._owner.pw_uid, self._owner.pw_gid)
            os.chown(self._password, self._owner.pw_uid, self._owner.pw_gid)
        unfinished = self._folder / "unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        self._run(
            "initdb", "-D", str(unfinished), "--username", USER, "--pwfile", str(self._password),
            "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C",
        )  # fmt: skip
        # Single-user mode needs no port, so nobody meets a cluster without its database.
        self._run(
            "postgres", "--single", "-D", str(unfinished), "postgres", words=f"CREATE DATABASE {DATABASE}\n"
        )
        unfinished.rename(self._data)

    def _secret(self) -> str:
        return self._password.read_text()

    def _running_port(self) -> int | None:
        """Port of the cluster if it runs: the fourth line of its lock file."""
        exit_code, _ = self._call("pg_ctl", "-D", str(self._data), "status")
        if exit_code:
            return None
        return int((self._data / "postmaster.pid").read_text().splitlines()[3])

    def _run(self, program: str, *arguments: str, words: str = "") -> None:
        exit_code, said = self._call(program, *arguments, words=words)
        if exit_code:
            who = f" as {self._owner.pw_name}" if self._owner else ""
            raise ConfigurationError(
                f"PostgreSQL's {program} failed in {self._folder}{who}: {' '.join(said.split())[-400:]}",
                cure="Name a folder that this user can reach, or a database of yours.",
            )

    def _call(self, program: str, *arguments: str, words: str = "") -> tuple[int, str]:
        """Run a program; its exit code, and what it said."""
        with tempfile.TemporaryFile() as output:  # a pipe would stay open for as long as the cluster runs
            done = subprocess.run(  # noqa: S603 - PostgreSQL's own programs, without a shell
                [self._programs / program, *arguments],
                input=words.encode(),
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
                cwd="/",
                user=self._owner.pw_uid if self._owner else None,
                group=self._owner.pw_gid if self._owner else None,
                extra_groups=() if self._owner else None,
            )
            output.seek(0)
            return done.returncode, output.read().decode(errors="replace")


def find_programs() -> Path:
    """Folder of the server's programs: that of the PATH, or the newest that Debian keeps off it.

    Raises:
        ConfigurationError: There is none.
    """
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    versions = [folder for folder in _DEBIAN.glob("*/bin") if (folder / "initdb").exists()]
    if not versions:
        raise ConfigurationError(
            "This machine has no PostgreSQL server.",
            cure="Install it (Debian: `apt-get install postgresql`), or name a database of yours.",
        )
    return max(versions, key=lambda folder: int(re.sub(r"\D", "", folder.parent.name) or 0))


def _owner() -> pwd.struct_passwd | None:
    """Who runs the programs; None is this process's own user."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError as error:
        raise ConfigurationError(
            f"PostgreSQL does not run as root, and there is no user {SYSTEM_USER!r}.",
            cure="Run this as another user.",
        ) from error


def free_port(wanted: int = 0) -> int:
    """A free port of the loopback: the one that is wanted, or any."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
