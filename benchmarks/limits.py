"""How much of its limits the executor uses, and how often it breaks them: never, is the aim.

Three servers of this machine each keep one limit to the letter, over sliding windows of a minute: calls per
minute (in OpenAI's protocol), tokens per minute (Bedrock's), calls in flight (Ollama's). The executor is set
to the same limits, given more work than they let through, and works all three at once. Then four processes do
so together, sharing the limits through a Prefect server that the script starts.

Used is what was let in over whole windows, as a part of what the limit would have let in over the time until
the first call of the next window came: a client that waits longer than it must loses by it.

Run `python -m benchmarks.limits --help` from the repository's root. Three windows take seven minutes.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from benchmarks.limits_client import ROOT, clients
from benchmarks.wire_server import Stats, WireServer

WINDOW_SECONDS = 60.0
LATENCY_SECONDS = 0.25
USE_AIM = 0.95
LONGEST_WINDOWS = 2.0
"""Patience, as a multiple of the time that the windows should take."""
_POLL_SECONDS = 0.1
_SERVER_PATIENCE_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class Bound:
    """A provider that is bound by one limit.

    Args:
        provider: Whose protocol is spoken.
        limit: Name of the limit, as the server has it.
        amount: What is allowed.
        taken: How much of it the server's counts say was let in.
    """

    provider: str
    limit: str
    amount: int
    taken: Callable[[Stats], float]

    def allowed(self, seconds: float) -> float:
        """What the limit lets in over a time."""
        if self.limit == "parallel":
            return self.amount * seconds / LATENCY_SECONDS
        return self.amount * seconds / WINDOW_SECONDS

    def server(self) -> WireServer:
        """A server that keeps the limit."""
        return WireServer(
            latency_seconds=LATENCY_SECONDS,
            window_seconds=WINDOW_SECONDS,
            rpm=self.amount if self.limit == "rpm" else None,
            tpm=self.amount if self.limit == "tpm" else None,
            parallel=self.amount if self.limit == "parallel" else None,
        )


def let_in(stats: Stats) -> float:
    return stats["arrived"] - stats["throttled"]


BOUNDS = (
    Bound("openai", "rpm", 600, let_in),
    Bound("bedrock", "tpm", 24_000, lambda stats: stats["tokens"]),
    Bound("ollama", "parallel", 8, let_in),
)


def main() -> int:
    options = _arguments()
    print(f"{options.windows} windows of {WINDOW_SECONDS:g} s, {LATENCY_SECONDS:g} s a call\n")
    print("processes  limit     allowed   let in  seconds   used  throttled  in flight at most")
    met = measured(1, options.windows, {})
    if options.processes > 1:
        with prefect() as shared:
            met &= measured(options.processes, options.windows, shared)
    print(f"\nAim: no throttles, and >= {USE_AIM:.0%} used: {'met' if met else 'MISSED'}.")
    return 0 if met else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--windows", type=int, default=3, help="whole windows (default: 3)")
    parser.add_argument(
        "--processes", type=int, default=4, help="that share the limits; 1 leaves it out (default: 4)"
    )
    return parser.parse_args()


def measured(processes: int, windows: int, shared: Mapping[str, str]) -> bool:
    """Run one row of processes, and print a line per limit; whether the aims are met."""
    with ExitStack() as stack:
        servers = {bound: stack.enter_context(bound.server()) for bound in BOUNDS}
        environment = {**executor_environment(servers), **shared}
        if shared:
            create_limits(environment)
        running = stack.enter_context(clients(processes, environment))
        lines = watched(servers, windows)
        errors = {error for met in running.stopped() for error in met["errors"].values()}
        for error in sorted(errors):
            print(f"A request failed: {error}", file=sys.stderr)
        return reported(processes, {bound: (*lines[bound], servers[bound].stats()) for bound in BOUNDS})


def executor_environment(servers: Mapping[Bound, WireServer]) -> dict[str, str]:
    """Settings that lead each provider to its server, with the server's limit."""
    urls = {bound.provider: server.url for bound, server in servers.items()}
    environment = {
        "OPENAI_BASE_URL": f"{urls['openai']}/v1",
        "OPENAI_API_KEY": "no-key",
        "OLLAMA_HOST": urls["ollama"],
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": urls["bedrock"],
        "AWS_ENDPOINT_URL_BEDROCK": urls["bedrock"],
        "AWS_ACCESS_KEY_ID": "no-key",
        "AWS_SECRET_ACCESS_KEY": "no-key",
        "AWS_REGION": "us-east-1",
        "LLM_EXECUTOR_CACHE": "false",
        "TECHNE_HOME": tempfile.gettempdir(),
    }
    for bound in servers:
        prefix = f"LLM_EXECUTOR_{bound.provider.upper()}_"
        environment |= {prefix + name: "unlimited" for name in ("QPS", "RPM", "TPM")}
        environment[f"{prefix}MAX_PARALLEL"] = "16"
        name = "MAX_PARALLEL" if bound.limit == "parallel" else bound.limit.upper()
        environment[prefix + name] = str(bound.amount)
    return environment


def create_limits(environment: Mapping[str, str]) -> None:
    """Put the limits of these settings onto the Prefect server that they name."""
    command = [sys.executable, "-m", "deployments.limits", "--no-tags"]
    environment = {**os.environ, **environment}
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)


def watched(servers: Mapping[Bound, WireServer], windows: int) -> dict[Bound, tuple[float, float]]:
    """What each limit let in, and the seconds from its first call to the first of the next window."""
    began: dict[Bound, float] = {}
    ended: dict[Bound, tuple[float, float]] = {}
    patience = time.monotonic() + windows * WINDOW_SECONDS * LONGEST_WINDOWS
    while len(ended) < len(servers) and time.monotonic() < patience:
        time.sleep(_POLL_SECONDS)
        for bound, server in servers.items():
            stats, now = server.stats(), time.monotonic()
            taken = bound.taken(stats)
            if taken and bound not in began:
                began[bound] = now
            whole = bound.allowed(windows * WINDOW_SECONDS)
            if bound in began and bound not in ended and (taken > whole or now >= patience):
                ended[bound] = (min(taken, whole), now - began[bound])
    now = time.monotonic()
    for bound, server in servers.items():
        ended.setdefault(bound, (bound.taken(server.stats()), now - began.get(bound, now)))
    return ended


def reported(processes: int, lines: Mapping[Bound, tuple[float, float, Stats]]) -> bool:
    """Print a line per limit."""
    met = True
    for bound, (taken, seconds, stats) in lines.items():
        used = taken / bound.allowed(seconds) if seconds else 0.0
        met &= not stats["throttled"] and used >= USE_AIM
        print(
            f"{processes:9}  {bound.limit:8}  {bound.amount:7}  {taken:7.0f}  {seconds:7.1f}  "
            f"{used:5.1%}  {stats['throttled']:9}  {stats['max_in_flight']:17}",
            flush=True,
        )
    return met


@contextmanager
def prefect() -> Iterator[dict[str, str]]:
    """A Prefect server of the run's own; the settings that share limits through it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}/api"
    with tempfile.TemporaryDirectory() as home:
        environment = {
            **os.environ,
            "PREFECT_HOME": home,
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
        }
        environment.pop("PREFECT_API_URL", None)
        command = [sys.executable, "-m", "prefect", "server", "start", "--port", str(port), "--no-ui"]
        with subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as server:
            try:
                _await_health(address, server)
                yield {"PREFECT_API_URL": address, "PREFECT_HOME": home, "LLM_EXECUTOR_LIMITS": "prefect"}
            finally:
                os.killpg(server.pid, signal.SIGTERM)  # it starts others


def _await_health(address: str, server: subprocess.Popen[bytes]) -> None:
    opener = build_opener(ProxyHandler({}))
    patience = time.monotonic() + _SERVER_PATIENCE_SECONDS
    while time.monotonic() < patience and server.poll() is None:
        try:
            with opener.open(f"{address}/health", timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.5)
    raise SystemExit("The Prefect server did not start.")


if __name__ == "__main__":
    sys.exit(main())
