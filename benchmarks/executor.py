"""What a call through the executor costs, beside other clients in the same run.

A server of this machine answers each call after 50 ms, so that calls in flight divided by 50 ms bound the
calls per second. Each client runs in a process of its own that does nothing else, with all its limits set and
none binding. Rounds go through all clients, so that a busy moment of the machine meets all of them, and each
figure's best round counts: calls per second, and processor time of the client's process per call.

The peers run in an environment of their own, made under .techne; --skip-peers leaves them out. Bytecode is
cached there too, so that no round measures the compiler. The exit status is 1 if an aim is missed.

Run `python -m benchmarks.executor --help` from the repository's root.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers.measuring import Figures
from benchmarks.wire_server import WireServer

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".techne" / "bench-peers"
PEERS = ("litellm==1.83.0", "langchain-openai==1.7.3", "openai==3.54.0", "aiohttp>=3.14,<4")
"""Pinned: the table names versions, and a release of LiteLLM has been poisoned before."""
RATE_AIM = 0.85
CPU_AIM_MILLISECONDS = 0.6
MEMORY_AIM_MEGABYTES = 80.0
IMPORT_AIM_SECONDS = 0.3
IMPORT_ROUNDS = 7
FLOOR = "raw aiohttp"
SUBJECT = "techne, submit_many"


@dataclass(frozen=True, slots=True)
class Client:
    """One line of the table.

    Args:
        name: What it is.
        module: Module that runs it.
        how: Its variant.
        is_peer: Whether it needs the peers' environment.
        is_bound: Whether calls wait for the server, as those that a cache answers do not.
    """

    name: str
    module: str
    how: str = ""
    is_peer: bool = False
    is_bound: bool = True


@dataclass(frozen=True, slots=True)
class Wire:
    """One provider's protocol, and the clients that speak it."""

    title: str
    in_flight: int
    calls: int
    clients: tuple[Client, ...]


def techne(name: str, how: str, *, is_bound: bool = True) -> Client:
    return Client(f"techne, {name}", "benchmarks.executor_client", how, is_bound=is_bound)


def peer(name: str, module: str, how: str = "") -> Client:
    return Client(name, f"benchmarks.peers.{module}", how, is_peer=True)


WIRES = (
    Wire(
        "OpenAI's protocol",
        50,
        2000,
        (
            Client(FLOOR, "benchmarks.peers.raw_aiohttp"),
            techne("submit_many", "openai/submit_many"),
            techne("submit", "openai/submit"),
            techne("cache on, all new", "openai/submit_many/new"),
            techne("cache on, all known", "openai/submit_many/known", is_bound=False),
            peer("openai SDK on aiohttp", "openai_sdk", "aiohttp"),
            peer("openai SDK on httpx2", "openai_sdk", "httpx2"),
            peer("LangChain abatch", "langchain_batch"),
            peer("LiteLLM Router", "litellm_router"),
        ),
    ),
    Wire("Bedrock's protocol", 50, 2000, (techne("submit_many", "bedrock/submit_many"),)),
    Wire("Ollama's protocol", 8, 600, (techne("submit_many", "ollama/submit_many"),)),
)


def main() -> int:
    options = _arguments()
    peers = None if options.skip_peers else options.peers_python or peers_python()
    environment = child_environment()
    wires = [wire for wire in WIRES if wire.title.lower().startswith(options.wire)]
    with WireServer(latency_seconds=options.latency) as server:
        figures = measured(wires, server.url, options.rounds, peers, environment)
    met = [reported(wire, figures, options.latency) for wire in wires]
    met.append(imports_reported(environment))
    return 0 if all(met) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3, help="of which the best counts (default: 3)")
    parser.add_argument("--latency", type=float, default=0.05, help="seconds of an answer (default: 0.05)")
    parser.add_argument("--wire", default="", choices=["", "openai", "bedrock", "ollama"], help="one alone")
    parser.add_argument("--skip-peers", action="store_true", help="leave out what techne doesn't install")
    parser.add_argument("--peers-python", type=Path, help="Python that has the peers, in place of a new one")
    return parser.parse_args()


def peers_python() -> Path:
    """The peers' environment, made with uv when it is not there or not this one."""
    python, stamp = CACHE / "bin" / "python", CACHE / "installed.txt"
    wanted = "\n".join(PEERS)
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        print(f"Installing {', '.join(PEERS)} into {CACHE}", file=sys.stderr)
        uv = [str(Path(sys.executable).with_name("uv")), "--quiet"]
        subprocess.run([*uv, "venv", "--clear", "--python", sys.executable, CACHE], check=True)
        subprocess.run([*uv, "pip", "install", "--python", python, *PEERS], check=True)
        stamp.write_text(wanted, encoding="utf-8")
    return python


def child_environment() -> dict[str, str]:
    """This process's environment, with bytecode kept apart, and without settings of the executor."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("LLM_", "AWS_"))}
    ours.pop("PYTHONDONTWRITEBYTECODE", None)
    bytecode = ROOT / ".techne" / "bench-bytecode"
    return ours | {"PYTHONPYCACHEPREFIX": str(bytecode), "LITELLM_LOCAL_MODEL_COST_MAP": "True"}


def measured(
    wires: Iterable[Wire], url: str, rounds: int, peers: Path | None, environment: dict[str, str]
) -> dict[tuple[str, str], list[Figures]]:
    """Figures by protocol and client; one short round more goes first, for bytecode."""
    figures: dict[tuple[str, str], list[Figures]] = {}
    for number in range(rounds + 1):
        for wire in wires:
            for client in wire.clients:
                if client.is_peer and peers is None:
                    continue
                calls = wire.calls if number else wire.in_flight
                python = str(peers) if client.is_peer else sys.executable
                command = [python, "-m", client.module, "--url", url, "--how", client.how]
                command += ["--calls", str(calls), "--in-flight", str(wire.in_flight)]
                result = run(command, environment)
                if number:
                    figures.setdefault((wire.title, client.name), []).append(Figures(**json.loads(result)))
    return figures


def run(command: Sequence[str], environment: dict[str, str]) -> str:
    """The last line that a child process prints."""
    child = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if child.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{child.stderr}")
    return child.stdout.splitlines()[-1]


def reported(wire: Wire, figures: dict[tuple[str, str], list[Figures]], latency: float) -> bool:
    """Print one protocol's table; whether the executor meets the aims."""
    bound = wire.in_flight / latency
    print(f"\n{wire.title}: {wire.in_flight} in flight, {latency:g} s a call, bound {bound:g} calls/s\n")
    print(f"{'client':24}  calls/s  of bound  CPU ms  of {FLOOR}  peak MB")
    floor = figures.get((wire.title, FLOOR))
    floor_cpu = min(entry.cpu_milliseconds for entry in floor) if floor else None
    met = True
    for client in wire.clients:
        rounds = figures.get((wire.title, client.name))
        if rounds is None:
            continue
        rate = max(entry.per_second for entry in rounds)
        cpu = min(entry.cpu_milliseconds for entry in rounds)
        peak = max(entry.peak_megabytes for entry in rounds)
        of_bound = f"{rate / bound:8.0%}" if client.is_bound else f"{'-':>8}"
        of_floor = f"{cpu / floor_cpu:{len(FLOOR) + 3}.1f}" if floor_cpu else f"{'-':>{len(FLOOR) + 3}}"
        print(f"{client.name:24}  {rate:7.0f}  {of_bound}  {cpu:6.2f}  {of_floor}  {peak:7.0f}")
        if client.name == SUBJECT:
            met = rate >= RATE_AIM * bound and cpu <= CPU_AIM_MILLISECONDS and peak <= MEMORY_AIM_MEGABYTES
    print(
        f"\nAim of {SUBJECT}: >= {RATE_AIM:.0%} of the bound, <= {CPU_AIM_MILLISECONDS:g} ms, "
        f"<= {MEMORY_AIM_MEGABYTES:g} MB: {'met' if met else 'MISSED'}."
    )
    return met


def imports_reported(environment: dict[str, str]) -> bool:
    """Print what importing takes; whether the aim is met."""
    print(f"\nImport, median of {IMPORT_ROUNDS}   seconds  CPU s")
    seconds = {}
    for module in ("pydantic", "techne.llm"):
        code = (
            "import time; began = time.perf_counter(), time.process_time()\n"
            f"import {module}\n"
            "print(time.perf_counter() - began[0], time.process_time() - began[1])"
        )
        rounds = [run([sys.executable, "-c", code], environment).split() for _ in range(IMPORT_ROUNDS + 1)]
        wall, cpu = (statistics.median(float(entry[at]) for entry in rounds[1:]) for at in (0, 1))
        seconds[module] = wall
        print(f"{module:22}  {wall:7.3f}  {cpu:5.3f}")
    met = seconds["techne.llm"] <= IMPORT_AIM_SECONDS
    print(f"\nAim: techne.llm <= {IMPORT_AIM_SECONDS:g} s: {'met' if met else 'MISSED'}.")
    return met


if __name__ == "__main__":
    sys.exit(main())
