"""How near the annotator comes to the least time that latency and limits allow.

Five models over three providers' protocols label 1,000 texts each, 10 requests in flight per model, against
a server on this machine, in a process of its own, whose answers take 50 to 400 ms, drawn evenly. The lower
bound is the largest of the models' calls x mean latency / parallel; efficiency is the bound divided by the
wall clock. The annotator is measured alone, and as the Prefect flow on its local API, where the clock runs
from the first question to the last answer, and from the flow's start to its end.

One text after another, model after model, is measured on a few texts and scaled up.

Run `python -m benchmarks.annotation --help` from the repository's root.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.executor_client import MODELS, addresses
from benchmarks.peers.measuring import peak_megabytes
from benchmarks.wire_server import WireServer
from techne.annotation.annotator import LLMAnnotator
from techne.annotation.labels import LabelSet
from techne.annotation.model import DatasetItem, ModelSpec
from techne.annotation.throughput import Load, lower_bound
from techne.llm import LLMExecutor, close_shared_executors
from techne.settings import Settings, get_settings

LATENCY_SECONDS = (0.05, 0.4)
IN_FLIGHT = 10
ALONE_AIM, FLOW_AIM = 0.95, 0.85
SEQUENTIAL_TEXTS = 8
LABEL_SET = LabelSet.of_names(("error", "how-to", "configuration"))
ANSWER = json.dumps({"label": "error", "confidence": 80})
PANEL = (
    ModelSpec(provider="openai", model=MODELS["openai"], name="A", max_parallel=IN_FLIGHT),
    ModelSpec(provider="openai", model="gpt-4.1", name="B", max_parallel=IN_FLIGHT),
    ModelSpec(provider="bedrock", model=MODELS["bedrock"], name="C", max_parallel=IN_FLIGHT),
    ModelSpec(
        provider="bedrock",
        model="us.anthropic.claude-haiku-4-5-20251001-v1:0",
        name="D",
        max_parallel=IN_FLIGHT,
    ),
    ModelSpec(provider="ollama", model=MODELS["ollama"], name="E", max_parallel=IN_FLIGHT),
)


@dataclass(frozen=True, slots=True)
class Measured:
    """One way of asking all models about all texts."""

    how: str
    calls: int
    bound_seconds: float
    seconds: float

    @property
    def efficiency(self) -> float:
        """Lower bound / wall clock."""
        return self.bound_seconds / self.seconds


@contextmanager
def environment(url: str) -> Iterator[Path]:
    """All providers at the server, limits that don't bind, no cache; a home of its own, gone afterwards."""
    variables = addresses(url) | {"LLM_EXECUTOR_CACHE": "false", "LLM_EXECUTOR_QUEUE_SIZE": "1000"}
    for provider in ("OPENAI", "BEDROCK", "OLLAMA"):
        variables[f"LLM_EXECUTOR_{provider}_MAX_PARALLEL"] = str(len(PANEL) * IN_FLIGHT)
        variables |= {f"LLM_EXECUTOR_{provider}_{rate}": "unlimited" for rate in ("QPS", "RPM", "TPM")}
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {**variables, "TECHNE_HOME": str(Path(folder) / "home")}
        get_settings.cache_clear()
        try:
            yield Path(folder)
        finally:
            close_shared_executors()
            get_settings.cache_clear()


def texts(count: int) -> list[DatasetItem]:
    """Short messages, all different."""
    return [
        DatasetItem(index=n, id=f"t{n}", text=f"Message {n}: the job fails with code {n % 97}, what now?")
        for n in range(count)
    ]


def bound_of(executor: LLMExecutor, settings: Settings) -> float:
    """The least time that the calls made so far could have taken."""
    used = executor.usage().models
    loads = [
        Load(one.provider, one.model, one.answers, 0, one.latency.total_seconds, IN_FLIGHT) for one in used
    ]
    return lower_bound(loads, settings).seconds


async def alone(items: Sequence[DatasetItem]) -> Measured:
    """The annotator by itself, all models at once."""
    settings = Settings()
    async with LLMExecutor(settings) as executor:
        annotator = LLMAnnotator(executor, PANEL, LABEL_SET)
        await asyncio.gather(*(executor.prepare(model.provider, model.model) for model in PANEL))
        started = time.perf_counter()
        labelled = 0
        async for annotation in annotator.annotate_dataset(items):
            labelled += annotation.status == "labelled"
        seconds = time.perf_counter() - started
        if labelled != len(items) * len(PANEL):
            raise RuntimeError(f"{labelled} answers instead of {len(items) * len(PANEL)}")
        return Measured("annotator alone", labelled, bound_of(executor, settings), seconds)


def one_by_one(items: Sequence[DatasetItem]) -> float:
    """Seconds a call takes when there is only ever one."""
    with LLMExecutor(Settings()) as executor:
        annotator = LLMAnnotator(executor, PANEL, LABEL_SET)
        started = time.perf_counter()
        calls = sum(1 for _ in annotator.annotate_dataset_sync(items))
        return (time.perf_counter() - started) / calls


def in_prefect(folder: Path, items: Sequence[DatasetItem]) -> list[Measured]:
    """The whole flow: from the first question to the last answer, and from its start to its end."""
    from flows.annotation import annotation
    from flows.terminal import quiet_prefect
    from techne.annotation.request import AnnotationRequest
    from techne.annotation.summary import Summary

    dataset = folder / "texts.csv"
    with dataset.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("id", "text"), *((item.id, item.text) for item in items)])
    request = AnnotationRequest(
        dataset=str(dataset),
        label_set=LABEL_SET,
        models=PANEL,
        output=str(folder / "out"),
        experiment_id="bench",
    )

    async def run() -> tuple[float, Path]:
        started = time.perf_counter()
        result = await annotation(request)
        if result.failed or result.calls_sent < len(items) * len(
            PANEL
        ):  # checks of the models are calls, too
            raise RuntimeError(f"{result.failed} answers failed of {result.calls_sent} calls")
        return time.perf_counter() - started, folder / "out" / "bench" / "summary.json"

    with quiet_prefect():
        seconds, path = asyncio.run(run())
    timing = Summary.model_validate_json(path.read_bytes()).timing
    assert timing is not None
    assert timing.lower_bound_seconds is not None
    calls, bound = len(items) * len(PANEL), timing.lower_bound_seconds
    return [
        Measured("Prefect flow, while asking", calls, bound, timing.wall_seconds),
        Measured("Prefect flow, start to end", calls, bound, seconds),
    ]


def main() -> int:
    """Measure and print the table; 1 if an aim is missed."""
    parser = argparse.ArgumentParser(description="Efficiency of annotating with five models at once.")
    parser.add_argument("--texts", type=int, default=1000, help="texts that each model labels")
    options = parser.parse_args()
    items = texts(options.texts)
    shortest, longest = LATENCY_SECONDS
    with (
        WireServer(latency_seconds=shortest, longest_seconds=longest, answer=ANSWER) as server,
        environment(server.url) as folder,
    ):
        per_call = one_by_one(items[:SEQUENTIAL_TEXTS])
        rows = [asyncio.run(alone(items)), *in_prefect(folder, items)]
    calls = len(items) * len(PANEL)
    print(f"{len(PANEL)} models x {len(items):,} texts, {IN_FLIGHT} in flight each, {shortest}-{longest} s")
    print(
        "                              calls    bound s   wall s   efficiency   times as fast as one by one"
    )
    for row in rows:
        times = per_call * calls / row.seconds
        print(
            f"{row.how:<28} {row.calls:>6,} {row.bound_seconds:>9.2f} {row.seconds:>8.2f} "
            f"{row.efficiency:>10.3f} {times:>14.1f}"
        )
    print(f"{'one by one (scaled up)':<28} {calls:>6,} {'':>9} {per_call * calls:>8.1f}")
    print(f"peak memory {peak_megabytes():.0f} MB; aims: alone {ALONE_AIM}, in Prefect {FLOW_AIM}")
    return int(rows[0].efficiency < ALONE_AIM or rows[1].efficiency < FLOW_AIM)


if __name__ == "__main__":
    sys.exit(main())
