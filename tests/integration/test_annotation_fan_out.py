"""Fan-out: shards as flow runs of a deployment, in processes of their own, with the same core (S0-17)."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowFilter, FlowFilterName, FlowRunFilter, FlowRunFilterStartTime
from prefect.client.schemas.objects import FlowRun
from prefect.settings import PREFECT_API_URL

from techne.errors import ConfigurationError, ProcessingError
from techne.settings import get_settings
from techne.tracking import ExecutionStatus
from tests.integration.annotation_runs import (
    SKILLS,
    TEXTS,
    event,
    paid,
    panel,
    record_of,
    run,
    skilled,
    write_texts,
)
from tests.integration.docgen_runs import runs_named
from tests.loopback import RecordedRequest, Reply
from tests.loopback.openai import OpenAIServer

ROOT = Path(__file__).resolve().parents[2]
RUNS = 2
WITHOUT_CALLS = {"latency_seconds", "attempts", "cached"}
"""Columns that tell when and how an answer came, not what it is."""


@dataclass(frozen=True, slots=True)
class Site:
    """A server of models, and a worker whose flow runs find it."""

    models: OpenAIServer
    worker: subprocess.Popen[str]
    environment: dict[str, str]

    def flow_run_processes(self) -> list[int]:
        """Ids of the processes that flow runs are in."""
        return [int(child) for child in _read(f"/proc/{self.worker.pid}/task/{self.worker.pid}/children")]


def _read(path: str) -> list[str]:
    return Path(path).read_text().split()


@pytest.fixture(scope="module")
def worker_site(prefect_server: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One worker for all tests here: flow runs take its environment, and it takes seconds to start."""
    folder = tmp_path_factory.mktemp("site")
    with OpenAIServer(skilled(SKILLS), models=tuple(SKILLS)) as models:
        environment = {
            **models.environment(),
            "LLM_EXECUTOR_OPENAI_MAX_PARALLEL": "24",
            "TECHNE_HOME": str(folder / "home"),
        }
        inherited = {
            **os.environ,
            **environment,
            "PREFECT_API_URL": str(PREFECT_API_URL.value()),
            "PYTHONPATH": str(ROOT),
        }
        with (folder / "worker.log").open("w") as log:
            worker = subprocess.Popen(
                [sys.executable, "-m", "tests.support.shards_runner", str(RUNS)],
                env=inherited,
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        try:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n", (folder / "worker.log").read_text()
            yield Site(models, worker, environment)
        finally:
            os.killpg(worker.pid, signal.SIGTERM)
            try:
                worker.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(worker.pid, signal.SIGKILL)
                worker.wait()


@pytest.fixture
def site(worker_site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """The site, which this process finds as well, with models that answer as they should."""
    for name, value in worker_site.environment.items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()
    worker_site.models.responder = skilled(SKILLS)
    worker_site.models.requests.clear()
    return worker_site


def fanned_out(tmp_path: Path, experiment_id: str, **fields: Any) -> dict[str, Any]:
    """A small experiment in two flow runs."""
    spread = {"fan_out": "deployments", "fan_out_runs": RUNS, "shard_size": 6}
    return event(tmp_path, experiment_id, **{**spread, **fields})


async def sub_runs_of(experiment_id: str) -> list[FlowRun]:
    """Flow runs of the deployment since an experiment's flow run began."""
    (parent, *_) = await runs_named(f"annotation-{experiment_id}")
    assert parent.start_time is not None
    async with get_client() as client:
        return await client.read_flow_runs(
            flow_filter=FlowFilter(name=FlowFilterName(any_=["annotation-shards"])),
            flow_run_filter=FlowRunFilter(start_time=FlowRunFilterStartTime(after_=parent.start_time)),
        )


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(120):
        while not condition():  # noqa: ASYNC110 - the change happens in another process
            await asyncio.sleep(0.05)


async def test_flow_runs_of_a_deployment_find_what_one_process_finds(site: Site, tmp_path: Path) -> None:
    spread = await run(fanned_out(tmp_path, "spread"))
    calls = list(site.models.requests)
    together = await run(fanned_out(tmp_path, "together", fan_out="none"))
    assert len(calls) == 2 * TEXTS == spread.result.calls_sent
    assert site.models.requests == calls  # this process had them all from the cache that it shares
    for name in ("annotations.csv", "consensus.csv"):
        ours, theirs = (
            [{column: cell for column, cell in row.items() if column not in WITHOUT_CALLS} for row in rows]
            for rows in (spread.rows(name), together.rows(name))
        )
        assert ours == theirs
    assert spread.result.accuracy == together.result.accuracy
    assert spread.result.cost_usd == together.result.cost_usd
    assert spread.summary.paid_usd == pytest.approx(float(paid(site.models)))
    assert spread.result.efficiency is not None
    runs = await sub_runs_of("spread")
    assert [one.state_name for one in runs] == ["Completed"] * RUNS
    assert sorted(number for one in runs for number in one.parameters["numbers"]) == list(
        range(2 * TEXTS // 6)
    )
    assert all(one.parent_task_run_id for one in runs)


async def test_a_killed_flow_run_fails_the_experiment_and_the_next_one_goes_on(
    site: Site, tmp_path: Path
) -> None:
    let_go = threading.Event()

    def one_model_hangs(request: RecordedRequest) -> Reply:
        if request.model == "gpt-4.1-mini":
            let_go.wait(120)
        return skilled(SKILLS)(request)

    site.models.responder = one_model_hangs
    request = fanned_out(tmp_path, "killed", fan_out_runs=1)
    # Other texts than those of other tests, whose answers are in the cache.
    (tmp_path / "texts.csv").write_text((tmp_path / "texts.csv").read_text().replace("Message", "Letter"))
    working = asyncio.create_task(run(request))
    shards = tmp_path / "out" / "killed" / "shards"
    try:
        await until(lambda: len(list(shards.glob("*gpt-4.1-nano*/*.jsonl"))) == TEXTS // 6)
        for process in site.flow_run_processes():
            os.kill(process, signal.SIGKILL)
        with pytest.raises(ProcessingError, match=r"4 of 8 shards .* run the same experiment again"):
            await working
    finally:
        let_go.set()
    assert record_of("killed").status is ExecutionStatus.FAILED
    before = len(site.models.requests)
    finished = await run(request)
    asked = Counter(one.model for one in site.models.requests[before:])
    assert asked == {"gpt-4.1-mini": TEXTS}
    assert (finished.result.complete, finished.result.attempt, finished.result.failed) == (True, 2, 0)
    assert len(finished.rows("annotations.csv")) == 2 * TEXTS
    assert finished.result.calls_sent == TEXTS


async def test_flow_runs_keep_one_budget_together(site: Site, tmp_path: Path) -> None:
    budget = Decimal("0.012")
    request = fanned_out(
        tmp_path, "shared-budget", models=panel("gpt-4.1"), shard_size=20, max_cost_usd=float(budget)
    )
    write_texts(tmp_path / "texts.csv", 80)
    stopped = await run(request)
    spent = paid(site.models)
    assert 0 < spent <= budget
    assert not stopped.result.complete
    assert "budget shared-budget" in (stopped.result.stopped_by or "")
    rows = stopped.rows("annotations.csv")
    assert len(rows) == len(site.models.requests) == stopped.result.calls_sent
    assert sum(float(row["cost_usd"]) for row in rows) == pytest.approx(float(spent))
    assert record_of("shared-budget").status is ExecutionStatus.FAILED


async def test_a_deployment_that_is_not_there_is_named(site: Site, tmp_path: Path) -> None:
    request = fanned_out(tmp_path, "nowhere", fan_out_deployment="annotation-shards/elsewhere")
    with pytest.raises(ConfigurationError, match="annotation-shards/elsewhere"):
        await run(request)
    assert site.models.requests == []
    assert record_of("nowhere").status is ExecutionStatus.FAILED
