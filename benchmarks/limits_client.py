"""One process that keeps three providers as busy as its limits let it, until its input ends.

OpenAI's, Bedrock's and Ollama's protocols are spoken at once, through one executor, as the environment has
it. What it met is printed at the end, as one line of JSON. `benchmarks.limits` and the acceptance tests run
as many of these as are to share limits.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypedDict

from benchmarks.executor_client import request
from techne.llm import LLMExecutor
from techne.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
PROVIDERS = ("openai", "bedrock", "ollama")
CLOSE_SECONDS = 60.0
"""Longest time that a process may take to give back what it holds."""


class Met(TypedDict):
    """What one process met, by provider."""

    answered: dict[str, int]
    failures: dict[str, dict[str, int]]
    """Calls that failed, by kind."""
    errors: dict[str, str]
    """The last error that a request ended with, if any did."""


@contextmanager
def clients(count: int, environment: Mapping[str, str], calls: int | None = None) -> Iterator[Clients]:
    """So many processes at work, until the block ends."""
    command = [sys.executable, "-m", "benchmarks.limits_client", *([] if calls is None else [str(calls)])]
    with ExitStack() as stack:
        processes = []
        for _ in range(count):
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, **environment},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            processes.append(stack.enter_context(process))
            stack.callback(process.kill)
        yield Clients(processes)


class Clients:
    """Processes at work."""

    def __init__(self, processes: Sequence[subprocess.Popen[str]]) -> None:
        self.processes = processes

    def stopped(self) -> list[Met]:
        """Tell all to stop; what each of them met."""
        for process in self.processes:
            assert process.stdin is not None
            process.stdin.close()
        return self.finished()

    def finished(self) -> list[Met]:
        """Wait for all to end by themselves; what each of them met."""
        met = []
        for process in self.processes:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                raise RuntimeError(f"a client ended with status {process.wait()}")
            met.append(json.loads(line))
        for process in self.processes:
            process.wait(CLOSE_SECONDS)
        return met


async def main(calls: int | None) -> None:
    """Call until told to stop, or so many times at each provider."""
    settings = Settings()
    if settings.llm_executor_limits == "prefect":
        from tasks.quota import use_prefect_quota

        use_prefect_quota()
    async with LLMExecutor(settings) as executor:
        errors: dict[str, str] = {}
        work = [asyncio.ensure_future(_busy(executor, name, calls, errors)) for name in PROVIDERS]
        told = asyncio.ensure_future(_input_ended())
        done = asyncio.ensure_future(asyncio.wait(work))
        await asyncio.wait((done, told), return_when=asyncio.FIRST_COMPLETED)
        for task in (*work, done, told):
            task.cancel()
        usage = executor.usage()
        met = Met(
            answered={provider: usage.of(provider).answers for provider in PROVIDERS},
            failures={provider: usage.of(provider).failures for provider in PROVIDERS},
            errors=errors,
        )
        print(json.dumps(met), flush=True)


async def _busy(executor: LLMExecutor, provider: str, calls: int | None, errors: dict[str, str]) -> None:
    numbers = itertools.count() if calls is None else range(calls)
    async for outcome in executor.submit_many(request(provider, number) for number in numbers):
        if outcome.error is not None:
            errors[provider] = f"{type(outcome.error).__name__}: {outcome.error}"


async def _input_ended() -> None:
    """Return when nobody holds the other end of the standard input."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else None))
