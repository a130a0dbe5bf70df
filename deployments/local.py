"""`python -m deployments.local`: what a team's server has, on this machine and without containers.

PostgreSQL, a Prefect server with a login, everything that bootstrap and `prefect deploy --all` make, and a
worker of processes, all stopped together. Here is the command; the parts are modules of their own.
"""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from deployments.bootstrap_work_pools import LOCAL_POOL
from deployments.local_postgres import LocalPostgres
from deployments.local_server import LocalServer
from techne.errors import ConfigurationError, TechneError

ROOT = Path(__file__).resolve().parent.parent
DESCRIPTION = """\
Run a Prefect server with a login on this machine, with PostgreSQL, techne's deployments and a worker of
processes. It keeps what it has in a folder, and goes on there the next time. Ctrl-C ends it all.
"""
EPILOG = """\
The login is PREFECT_SERVER_API_AUTH_STRING (user:password) if that is set; otherwise one is made and kept in
the folder's file `login`. Flows run with this command's environment: set OLLAMA_HOST, AWS_PROFILE,
TRACKING_TABLE and what else they need before. Root has the database run by the user `postgres`, who must be
able to reach the folder.

Exit codes: 0 ended by Ctrl-C or SIGTERM, 1 something did not start or ended by itself, 2 wrong arguments.
"""
LOGIN_VARIABLE = "PREFECT_SERVER_API_AUTH_STRING"
STOP_SECONDS = 40
"""The worker's flow runs have thirty seconds to say how far they are."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return the exit code."""
    options = _parser().parse_args(arguments)
    ended = threading.Event()
    try:
        with ExitStack() as stack:
            for number in (signal.SIGINT, signal.SIGTERM):
                stack.callback(signal.signal, number, signal.getsignal(number))
                signal.signal(number, lambda _number, _frame: ended.set())
            folder = options.folder.resolve()
            folder.mkdir(parents=True, exist_ok=True)
            login = Login.of(folder)
            server = _start_server(stack, folder, login, options.database, options.port)
            environment = {**os.environ, **server.clients, **_deploying()}
            if ended.is_set():
                return 0
            _prepare(environment)
            worker = stack.enter_context(_worker(environment)) if options.worker else None
            _say(f"\n{server.address}  Log in with {login.place}. Ctrl-C ends it all.\nFrom another shell:")
            _say(f'  export PREFECT_API_URL={server.api_url} PREFECT_API_AUTH_STRING="{login.command}"\n')
            while not ended.wait(1):
                if worker is not None and worker.poll() is not None:
                    raise ConfigurationError("The worker ended by itself.", cure="Its last words are above.")
                if not server.is_running():
                    raise ConfigurationError("The Prefect server ended by itself.", cure=f"See {server.log}.")
            _say("\nStopping.")
    except TechneError as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return error.exit_code
    return 0


def _start_server(stack: ExitStack, folder: Path, login: Login, database: str, port: int) -> LocalServer:
    if not database:
        postgres = LocalPostgres(folder / "postgres")
        stack.callback(postgres.stop)
        _say("PostgreSQL ...")
        postgres.start()
        database = postgres.url
    server = LocalServer(folder / "prefect", database, login.text, port)
    stack.callback(server.stop)
    _say("Prefect server ...")
    server.start()
    return server


def _prepare(environment: Mapping[str, str]) -> None:
    for name, command in (
        ("Blocks, pools, limits and automations", ("-m", "deployments.bootstrap")),
        ("Deployments", ("-m", "prefect", "--no-prompt", "deploy", "--all")),
    ):
        _say(f"{name} ...")
        done = subprocess.run(  # noqa: S603 - our own commands, without a shell
            [sys.executable, *command],
            cwd=ROOT,
            env=dict(environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            start_new_session=True,
        )
        if done.returncode:
            raise ConfigurationError(
                f"`python {' '.join(command)}` failed: {done.stdout.strip()[-1500:]}",
                cure="Mend that, and start this again; nothing is lost.",
            )


@contextmanager
def _worker(environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A worker in a session of its own, so that Ctrl-C reaches it when its turn has come."""
    _say("Worker ...")
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", LOCAL_POOL]
    process = subprocess.Popen(  # noqa: S603 - Prefect itself, without a shell
        command, cwd=ROOT, env=dict(environment), start_new_session=True
    )
    try:
        yield process
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _deploying() -> dict[str, str]:
    """Variables of prefect.yaml: code from here, no image, results in files unless a block is named."""
    return {
        "TECHNE_WORK_POOL": LOCAL_POOL,
        "TECHNE_ROOT": str(ROOT),
        "TECHNE_IMAGE": "none",
        "TECHNE_RESULTS_BLOCK": os.environ.get("TECHNE_RESULTS_BLOCK", ""),
    }


@dataclass(frozen=True, slots=True)
class Login:
    """`user:password` of the server: the environment's, or one that is made and kept.

    Attributes:
        text: Itself.
        place: Where a person finds it; the terminal does not show it.
        command: How a shell reads it.
    """

    text: str
    place: str
    command: str

    @classmethod
    def of(cls, folder: Path) -> Self:
        """The environment's, or that of the folder."""
        if given := os.environ.get(LOGIN_VARIABLE):
            return cls(given, LOGIN_VARIABLE, f"${LOGIN_VARIABLE}")
        file = folder / "login"
        if not file.exists():
            file.touch(mode=0o600)
            file.write_text(f"admin:{secrets.token_urlsafe(16)}")
        return cls(file.read_text().strip(), f"what stands in {file}", f"$(cat {file})")


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m deployments.local",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path(".techne/server"),
        help="where database, login and logs are kept (default: %(default)s)",
    )
    parser.add_argument("--port", type=int, default=4200, help="of the server (default: %(default)s)")
    parser.add_argument(
        "--database",
        metavar="URL",
        default=os.environ.get("PREFECT_SERVER_DATABASE_CONNECTION_URL", ""),
        help="postgresql+asyncpg://... of your own; by default a PostgreSQL is run in the folder",
    )
    parser.add_argument(
        "--no-worker", dest="worker", action="store_false", help="start no worker; run one yourself"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
