"""Whether 100,000 requests in one list take more memory than a thousand, and leave anything behind.

The list goes through `submit_many` of one executor to a server of this machine that answers at once. Ten
times on the way the process is looked at: its resident memory, the requests and tasks that are alive in it,
and how many requests wait at the provider's limits. The last line is after the executor has been closed.

Run `python -m benchmarks.backlog --help` from the repository's root. 100,000 requests take about two minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.executor_client import addresses, environment, request
from benchmarks.peers.measuring import peak_megabytes
from benchmarks.wire_server import WireServer
from techne.llm import LLMExecutor, LLMRequest

LOOKS = 10
GROWTH_AIM_MEGABYTES = 5.0
"""From the first look to the last."""


@dataclass(frozen=True, slots=True)
class Look:
    """The process at one moment.

    Args:
        answered: Requests answered so far.
        read: Requests taken from the list so far.
        waiting: Requests in the provider's queue.
        alive: Requests that something still holds.
        tasks: Tasks of every loop.
        threads: Threads.
        megabytes: Resident memory.
    """

    answered: int
    read: int
    waiting: int
    alive: int
    tasks: int
    threads: int
    megabytes: float


def look(executor: LLMExecutor, answered: int, read: int) -> Look:
    """Count what is there now."""
    gc.collect()
    alive = tasks = 0
    for thing in gc.get_objects():
        kind = type(thing)
        alive += kind is LLMRequest
        tasks += issubclass(kind, asyncio.Task) and not thing.done()
    return Look(
        answered=answered,
        read=read,
        waiting=sum(lane.waiting for lane in executor.usage().lanes),
        alive=alive,
        tasks=tasks,
        threads=threading.active_count(),
        megabytes=resident_megabytes(),
    )


def resident_megabytes() -> float:
    """Memory that the process has now; its peak so far where the system doesn't tell."""
    status = Path("/proc/self/status")
    if not status.exists():
        return peak_megabytes()
    lines = dict(line.split(":", 1) for line in status.read_text(encoding="ascii").splitlines())
    return int(lines["VmRSS"].split()[0]) * 1024 / 1e6


async def looks(
    executor: LLMExecutor, asked: Callable[[int], LLMRequest], calls: int, every: int
) -> AsyncIterator[Look]:
    """Work through a list of so many requests, and look after each so many answers."""
    read = answered = 0

    def requests() -> Iterator[LLMRequest]:
        nonlocal read
        for number in range(calls):
            read += 1
            yield asked(number)

    async for outcome in executor.submit_many(requests()):
        outcome.result()
        answered += 1
        if answered % every == 0:
            yield look(executor, answered, read)


async def measured(url: str, calls: int, in_flight: int) -> bool:
    """Print a line per look; whether the aims are met."""
    variables = addresses(url) | {
        "LLM_EXECUTOR_CACHE": "false",
        "LLM_EXECUTOR_OPENAI_MAX_PARALLEL": str(in_flight),
        "LLM_EXECUTOR_OPENAI_RPM": "unlimited",
        "LLM_EXECUTOR_OPENAI_TPM": "1000000000",
    }
    print("answered  read ahead  waiting  requests alive  tasks  threads  memory MB  calls/s")
    seen: list[Look] = []
    with environment(variables) as settings:
        executor = LLMExecutor(settings)
        async with executor:
            began = time.perf_counter()
            async for now in looks(executor, lambda number: request("openai", number), calls, calls // LOOKS):
                seen.append(now)
                print(line(now, now.answered / (time.perf_counter() - began)), flush=True)
        await asyncio.get_running_loop().shutdown_default_executor()  # closing has used one of its threads
        after = look(executor, calls, calls)
        print(line(after, 0.0))
    growth = seen[-1].megabytes - seen[0].megabytes
    left = after.tasks - 1, after.threads - 1
    print(f"\nMemory grew by {growth:.1f} MB; {left[0]} tasks and {left[1]} threads are left.")
    met = growth <= GROWTH_AIM_MEGABYTES and left == (0, 0)
    print(f"Aim: <= {GROWTH_AIM_MEGABYTES:g} MB, and none: {'met' if met else 'MISSED'}.")
    return met


def line(now: Look, rate: float) -> str:
    return (
        f"{now.answered:8}  {now.read - now.answered:10}  {now.waiting:7}  {now.alive:14}  {now.tasks:5}  "
        f"{now.threads:7}  {now.megabytes:9.1f}  " + (f"{rate:7.0f}" if rate else " closed")
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=100_000, help="requests in the list (default: 100000)")
    parser.add_argument("--in-flight", type=int, default=50, help="calls at once (default: 50)")
    options = parser.parse_args()
    with WireServer() as server:
        met = asyncio.run(measured(server.url, options.calls, options.in_flight))
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
