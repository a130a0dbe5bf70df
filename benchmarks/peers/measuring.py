"""How every client is measured: calls by so many workers at once, in a process that does nothing else.

Only the standard library is used, so that a peers' environment can run it. A script calls `main` with what
makes its client; the process prints one line of JSON, which is `Figures`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import asdict, dataclass

MODEL = "gpt-4.1-mini"
"""One with a price, for those who count cost."""
KEY = "no-key"
ANSWER_TOKENS = 64
WARM_UP_CALLS = 100
"""Calls before the clocks start: imports, connections and first uses are over then."""

Load = Callable[[range], Awaitable[None]]
"""Makes one call for each number, as many at once as it was made for, and fails if one fails."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What one client took.

    Args:
        calls: Calls that were answered.
        seconds: From the first call to the last answer.
        cpu_seconds: Processor time of the process meanwhile, all threads.
        peak_megabytes: Largest resident set of the process in its whole life.
    """

    calls: int
    seconds: float
    cpu_seconds: float
    peak_megabytes: float

    @property
    def per_second(self) -> float:
        """Calls answered per second."""
        return self.calls / self.seconds

    @property
    def cpu_milliseconds(self) -> float:
        """Processor time of one call."""
        return 1000 * self.cpu_seconds / self.calls


@dataclass(frozen=True, slots=True)
class Options:
    """What a script is asked for."""

    url: str
    calls: int
    in_flight: int
    how: str


def question(number: int) -> str:
    """A prompt that differs from all others."""
    return f"Question {number}: what was said about the platform in the first part of the recording?"


def main(client: Callable[[Options], AbstractAsyncContextManager[Load]]) -> None:
    """Measure a client as the command line says."""
    parser = argparse.ArgumentParser(description="Prints what one client takes for calls to a server.")
    parser.add_argument("--url", required=True, help="address of a benchmarks.wire_server")
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--in-flight", type=int, default=50)
    parser.add_argument("--how", default="", help="variant of the client")
    options = Options(**vars(parser.parse_args()))
    print(json.dumps(asdict(asyncio.run(_measured(client(options), options)))))


async def _measured(client: AbstractAsyncContextManager[Load], options: Options) -> Figures:
    async with client as load:
        await load(range(WARM_UP_CALLS))
        began, cpu_began = time.perf_counter(), time.process_time()
        await load(range(WARM_UP_CALLS, WARM_UP_CALLS + options.calls))
        seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu_began
        return Figures(options.calls, seconds, cpu_seconds, peak_megabytes())


def peak_megabytes() -> float:
    """Largest resident set of this process so far."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def by_workers(call: Callable[[int], Awaitable[object]], in_flight: int) -> Load:
    """A load of single calls: so many workers take numbers from one iterator."""

    async def load(numbers: range) -> None:
        left = iter(numbers)

        async def work() -> None:
            for number in left:
                await call(number)

        await asyncio.gather(*(work() for _ in range(in_flight)))

    return load


@asynccontextmanager
async def opened(load: Load) -> AsyncIterator[Load]:
    """A load that needs no closing."""
    yield load
