"""What tests of SIGTERM share: runs that are stopped as ECS stops its tasks, and what they leave behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from prefect import Flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.settings import PREFECT_API_URL
from prefect.utilities.callables import parameter_schema

from flows.stopping import INTERRUPTED
from techne.settings import Settings
from techne.tracking import ExecutionRecord, ExecutionStatus, open_tracking
from tests.acceptance.annotation_runs import start_python
from tests.acceptance.runs import ROOT, Finished, Place, content, stage
from tests.integration.docgen_runs import runs_named
from tests.loopback import RecordedRequest, Reply
from tests.loopback.bedrock import BedrockServer
from tests.support import scripted_model

STOP_SECONDS = 30.0
"""What ECS gives a task by default. Here the time is the requirement."""
GRACE = {"STOP_GRACE_SECONDS": "10"}
"""The shortest that a run may be given, to spare the tests' time."""


class PatientServer(BedrockServer):
    """Bedrock that gives so many answers; later calls hang until it is `opened`."""

    def __init__(self, answers: int) -> None:
        self._left = threading.Semaphore(answers)
        self._answered: list[RecordedRequest] = []
        super().__init__(self._respond)

    @property
    def paid(self) -> set[str]:
        """What was answered, apart from looks whether it is there."""
        return {content(request) for request in self._answered}

    def open(self) -> None:
        """Answer whatever comes from now on."""
        self._left.release(10_000)

    def _respond(self, request: RecordedRequest) -> Reply:
        if stage(request) != "check":
            self._left.acquire()
            self._answered.append(request)
        return scripted_model.respond(request)


async def stopped(process: subprocess.Popen[str]) -> Finished:
    """Stop a run as ECS does, and see it end before ECS would kill it."""
    process.send_signal(signal.SIGTERM)
    return await over(process)


async def over(process: subprocess.Popen[str]) -> Finished:
    """See a run that got a SIGTERM end before ECS would kill it."""
    try:
        stdout, stderr = await asyncio.to_thread(process.communicate, timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        pytest.fail(f"It did not end within {STOP_SECONDS:g} s:\n{process.communicate()[1]}")
    return Finished(process.returncode, stdout, stderr)


async def said(process: subprocess.Popen[str], words: str, *, on_stdout: bool = False) -> None:
    """Read what a run says until it says these words."""
    stream = process.stdout if on_stdout else process.stderr
    assert stream is not None
    lines: list[str] = []
    while not lines or words not in lines[-1]:
        lines.append(await asyncio.to_thread(stream.readline))
        assert lines[-1], "".join(lines)


def record_of(place: Place, execution_id: str, **settings: Any) -> ExecutionRecord:
    """What tracking says of an execution."""
    record = open_tracking(Settings(techne_home=place.techne_home, **settings)).get(execution_id)
    assert record is not None
    return record


def assert_interrupted(record: ExecutionRecord) -> None:
    """The record says why the attempt is over, so that the next one needn't wait for its lease."""
    assert (record.status, record.interrupted) == (ExecutionStatus.FAILED, True), record.error
    assert record.error == INTERRUPTED


def assert_told(finished: Finished, execution_id: str) -> None:
    """One line in the format of S1-44 says what is being stopped."""
    (line,) = [line for line in finished.stderr.splitlines() if " on SIGTERM" in line]
    assert line.endswith(f" - stopping - WARNING - Stopping {execution_id} on SIGTERM, within 10 s")


async def state_of(name: str) -> str:
    """State of the last flow run of that name."""
    run = max(await runs_named(name), key=lambda run: str(run.created))
    assert run.state is not None
    return str(run.state.name)


async def scheduled_run(flow: Flow[Any, Any], entrypoint: str, request: Mapping[str, Any]) -> FlowRun:
    """A run of a deployment of this tree's code."""
    async with get_client() as client:
        deployment = await client.create_deployment(
            await client.create_flow(flow),
            "sigterm",
            pull_steps=[{"prefect.deployments.steps.set_working_directory": {"directory": str(ROOT)}}],
            entrypoint=entrypoint,
            parameter_openapi_schema=parameter_schema(flow).model_dump_for_openapi(),
        )
        return await client.create_flow_run_from_deployment(deployment, parameters={"request": dict(request)})


def execute(place: Place, run: FlowRun, more: Mapping[str, str]) -> subprocess.Popen[str]:
    """What the ECS container runs."""
    return start_python(place, "-m", "prefect", "flow-run", "execute", str(run.id), more=more)


async def engine(
    place: Place, flow: Flow[Any, Any], entrypoint: str, request: Mapping[str, Any], more: Mapping[str, str]
) -> subprocess.Popen[str]:
    """A new run of a flow in what a process worker starts for it."""
    async with get_client() as client:
        run = await client.create_flow_run(flow, parameters={"request": dict(request)})
    own = {"PREFECT__FLOW_RUN_ID": str(run.id), "PREFECT__FLOW_ENTRYPOINT": entrypoint}
    return start_python(place, "-m", "prefect.engine", more={**more, **own})


@asynccontextmanager
async def only_slot_taken(limit: str) -> AsyncIterator[None]:
    """The server has this limit, of one slot, and another process holds it."""
    async with get_client() as client:
        await client.upsert_global_concurrency_limit_by_name(limit, 1, 0.0)
        holder = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.support.limit_holder", limit, "1", "0"),
            cwd=ROOT,
            env={**os.environ, "PREFECT_API_URL": str(PREFECT_API_URL.value())},
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            assert holder.stdout is not None
            assert await holder.stdout.readline() == b"held\n"
            yield
        finally:
            holder.kill()
            await holder.wait()
            await client.delete_global_concurrency_limit_by_name(limit)
