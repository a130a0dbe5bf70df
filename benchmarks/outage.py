"""What a provider's outage of 30 seconds does to the others, and to those who asked it.

Three servers of this machine answer after 50 ms, in OpenAI's, Bedrock's and Ollama's protocols. Requests come
at a steady rate to each, whoever answers; those to OpenAI may be answered by Bedrock. Then OpenAI's server is
killed, and started again on its port. Latencies are the callers' own, from `submit` to the answer; recovery
is the time from the server's return to its first answer, which the breaker's pauses decide.

Run `python -m benchmarks.outage --help` from the repository's root. It takes about a minute and a half.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import statistics
import sys
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field

from benchmarks.executor_client import addresses, environment, request
from benchmarks.wire_server import WireServer
from techne.errors import LLMError
from techne.llm import LLMExecutor

PROVIDERS = ("openai", "bedrock", "ollama")
AWAY, BRIDGE = "openai", "bedrock"
LATENCY_SECONDS = 0.05
REST_SECONDS = 10.0
LONGEST_RECOVERY_SECONDS = 90.0


@dataclass(slots=True)
class Phase:
    """What the callers of each provider met during one part of the run.

    Args:
        name: The part.
        latencies: Seconds of each answered request, by who was asked.
        answered_by: Requests by who was asked and who answered; nobody, for an error.
    """

    name: str
    latencies: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in PROVIDERS})
    answered_by: dict[str, Counter[str]] = field(
        default_factory=lambda: {name: Counter() for name in PROVIDERS}
    )


class Load:
    """Requests at a steady rate, whether or not earlier ones have been answered."""

    def __init__(self, executor: LLMExecutor, per_second: float) -> None:
        self._executor = executor
        self._pause = 1.0 / per_second
        self._tasks: set[asyncio.Task[None]] = set()
        self._number = 0

    async def run(self, phase: Phase, seconds: float) -> None:
        """Send for so long, and wait for the answers."""
        began = time.monotonic()
        due = began
        while due < began + seconds:
            self._number += 1
            for provider in PROVIDERS:
                task = asyncio.ensure_future(self._ask(phase, provider, self._number))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            due += self._pause
            await asyncio.sleep(max(0.0, due - time.monotonic()))
        await asyncio.gather(*self._tasks)

    async def _ask(self, phase: Phase, provider: str, number: int) -> None:
        fallbacks = (BRIDGE,) if provider == AWAY else ()
        began = time.monotonic()
        try:
            asked = request(provider, number).model_copy(update={"fallbacks": fallbacks})
            answer = await self._executor.submit(asked)
        except LLMError:
            phase.answered_by[provider]["nobody"] += 1
            return
        phase.latencies[provider].append(time.monotonic() - began)
        phase.answered_by[provider][answer.provider] += 1


async def measured(per_second: float, seconds: float) -> bool:
    """Run all parts, and print a line per part and provider; whether the aims are met."""
    before, outage, recovery, after = phases = [Phase(name) for name in ("before", "outage", "back", "after")]
    with ExitStack() as stack:
        servers = {name: stack.enter_context(server()) for name in PROVIDERS}
        settings = stack.enter_context(environment(variables(servers)))
        async with LLMExecutor(settings) as executor:
            load = Load(executor, per_second)
            await load.run(Phase("warm-up"), 1.0)
            await load.run(before, REST_SECONDS)
            servers[AWAY].__exit__(None, None, None)
            await load.run(outage, seconds)
            stack.enter_context(server(port=int(servers[AWAY].url.rpartition(":")[2])))
            returned = time.monotonic()
            while breaker(executor) != "closed" and time.monotonic() < returned + LONGEST_RECOVERY_SECONDS:
                await load.run(recovery, 0.5)
            recovered = time.monotonic() - returned
            await load.run(after, REST_SECONDS)
            usage = executor.usage()
    print(f"{per_second:g} requests/s to each, {LATENCY_SECONDS:g} s a call, {AWAY} away for {seconds:g} s\n")
    print("part    asked    answered by                    nobody  p50 ms  p95 ms")
    for phase in phases:
        for provider in PROVIDERS:
            print(line(phase, provider))
    opened = sum(lane.breaker_opened for lane in usage.lanes if lane.provider == AWAY)
    failed = usage.of(AWAY).failures
    print(f"\nThe breaker opened {opened} times and closed {recovered:.1f} s after the server's return.")
    print(f"Calls to {AWAY} that failed: {failed}; requests passed on: {usage.of(AWAY).fallbacks}.")
    unanswered = sum(phase.answered_by[provider]["nobody"] for phase in phases for provider in PROVIDERS)
    disturbed = [name for name in PROVIDERS if name != AWAY and usage.of(name).failures]
    met = not unanswered and not disturbed and after.answered_by[AWAY][AWAY] > 0
    print(f"Aim: everybody answered, no failure of the others: {'met' if met else 'MISSED'}.")
    return met


def server(port: int = 0) -> WireServer:
    return WireServer(latency_seconds=LATENCY_SECONDS, port=port)


def variables(servers: Mapping[str, WireServer]) -> dict[str, str]:
    """Settings that lead each provider to its server, without limits that would bind."""
    settings = addresses(servers["bedrock"].url) | {
        "OPENAI_BASE_URL": f"{servers['openai'].url}/v1",
        "OLLAMA_HOST": servers["ollama"].url,
        "LLM_EXECUTOR_CACHE": "false",
    }
    for name in PROVIDERS:
        settings |= {f"LLM_EXECUTOR_{name.upper()}_{limit}": "unlimited" for limit in ("RPM", "TPM")}
        settings[f"LLM_EXECUTOR_{name.upper()}_MAX_PARALLEL"] = "32"
    return settings


def breaker(executor: LLMExecutor) -> str:
    return next((lane.breaker for lane in executor.usage().lanes if lane.provider == AWAY), "closed")


def line(phase: Phase, provider: str) -> str:
    latencies, answered_by = phase.latencies[provider], phase.answered_by[provider]
    by = ", ".join(f"{count} {name}" for name, count in sorted(answered_by.items()) if name != "nobody")
    start = f"{phase.name:6}  {provider:7}  {by:29}  {answered_by['nobody']:6}"
    if len(latencies) < 2:
        return start
    cuts = statistics.quantiles(latencies, n=20)
    return f"{start}  {1000 * cuts[9]:6.0f}  {1000 * cuts[18]:6.0f}"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=30.0, help="length of the outage (default: 30)")
    parser.add_argument("--per-second", type=float, default=20.0, help="requests to each (default: 20)")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    return 0 if asyncio.run(measured(options.per_second, options.seconds)) else 1


if __name__ == "__main__":
    sys.exit(main())
