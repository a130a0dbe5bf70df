"""What a deployed run tells: its log lines (S1-44), its line of metrics (S1-56), and what it keeps to itself.

Flow runs are executed as in a container: by `prefect flow-run execute`, in a process of its own.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import LogFilter, LogFilterFlowRunId
from prefect.settings import PREFECT_API_URL

from flows.docgen import docgen
from techne.metrics import FLOW_METRICS
from tests.integration.docgen_runs import event, small_recording
from tests.loopback import RecordedRequest, Reply
from tests.loopback.bedrock import BedrockServer
from tests.support.embedded_metrics import lines_of
from tests.support.scripted_model import respond

ROOT = Path(__file__).resolve().parents[2]
EXECUTE_SECONDS = 250
"""Patience with three processes that import Prefect; nothing is decided by it."""

SPOKEN = "zanzibarite"
KEYS = {
    "AWS_SECRET_ACCESS_KEY": "quokkasecret1",
    "OPENAI_API_KEY": "quokkasecret2",
    "GEMINI_API_KEY": "quokkasecret3",
    "OLLAMA_API_KEY": "quokkasecret4",
}
SENTENCES = (
    f"If the {SPOKEN} worker shows error 502 you must restart nginx with systemctl restart nginx.",
    f"The read timeout of the {SPOKEN} worker in the file nginx.conf is 60 seconds.",
)
TEXT_LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d - \w+ - (DEBUG|INFO|WARNING|ERROR|CRITICAL) - .*")

pytestmark = pytest.mark.usefixtures("prefect_server")


@dataclass(frozen=True, slots=True)
class Executed:
    """A flow run that was executed."""

    run_id: UUID
    out: str
    err: str


def environment(tmp_path: Path, **settings: str) -> dict[str, str]:
    """What a container of the image has in its environment."""
    api = PREFECT_API_URL.value()
    assert api
    return {
        **os.environ,
        "PREFECT_API_URL": api,
        "PREFECT_LOGGING_SETTINGS_PATH": str(ROOT / "deployments" / "logging.yml"),
        "PREFECT_LOGGING_EXTRA_LOGGERS": "techne,flows,tasks",
        "PREFECT_HOME": str(tmp_path / "prefect"),  # results of another test would spare this one its calls
        "TECHNE_HOME": str(tmp_path / "home"),
        "METRICS": "emf",
        **settings,
    }


async def execute(request: Mapping[str, Any], environment: Mapping[str, str], folder: Path) -> Executed:
    """Deploy docgen, and execute a run of it as its container would."""
    pull = {"prefect.deployments.steps.set_working_directory": {"directory": str(ROOT)}}
    async with get_client() as client:
        flow_id = await client.create_flow(docgen)
        deployment = await client.create_deployment(
            flow_id, name="observed", entrypoint="flows/docgen.py:docgen", pull_steps=[pull]
        )
        run = await client.create_flow_run_from_deployment(deployment, parameters={"request": dict(request)})
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "prefect", "flow-run", "execute", str(run.id)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=EXECUTE_SECONDS,
        check=False,
    )
    return Executed(run.id, done.stdout, done.stderr)


async def test_a_run_tells_what_it_does_as_json_and_nothing_of_what_was_said(tmp_path: Path) -> None:
    """S1-44, S1-45, S1-56; LOG_LEVEL=DEBUG, and a model behind it."""
    recording = small_recording(tmp_path / "small.json", *SENTENCES)
    request = event(tmp_path, "abc-123", transcription_s3_uri=recording.as_uri(), engine="bedrock")
    with BedrockServer(respond) as server:
        settings = {**server.environment(), **KEYS, "LOG_FORMAT": "json", "LOG_LEVEL": "DEBUG"}
        executed = await execute(
            request, environment(tmp_path, PREFECT_LOGGING_LEVEL="DEBUG", **settings), tmp_path
        )

    lines = [json.loads(line) for line in executed.err.splitlines()]
    messages = [line["message"] for line in lines]
    for pattern in (
        r"Starting document generation for execution abc-123",
        r"Parsing AWS Transcribe JSON output",
        r"Parsed: \d+ chars, 2 segments, 1 speakers",
        r"Chunking transcription: \d+ tokens",
        r"Bedrock response: \d+ chars, \d+ tokens, \$0\.\d{3}",
        r"Stage 5 complete: \d+ tokens, \d+ chars",
        r"Document generation complete: [\d.]+s, \$0\.\d\d, \d+ chars",
    ):
        assert [message for message in messages if re.fullmatch(pattern, message)], pattern
    assert {line["level"] for line in lines} >= {"DEBUG", "INFO"}
    of_run = [line for line in lines if line["logger"].startswith(("techne", "flows"))]
    assert {line.get("flow_run_id") for line in of_run} == {str(executed.run_id)}
    assert {line["execution_id"] for line in of_run if "Parsed" in line["message"]} == {"abc-123"}
    assert {line["execution_id"] for line in of_run if "Bedrock response" in line["message"]} == {"abc-123"}

    (metrics,) = lines_of(executed.out)
    assert (metrics.members["flow_run_id"], metrics.members["execution_id"]) == (
        str(executed.run_id),
        "abc-123",
    )
    assert set(metrics.values) == set(FLOW_METRICS["docgen"])
    assert (metrics.values["Success"], metrics.values["Calls"]) == (1, len(conversations(server.requests)))
    assert metrics.values["InputTokens"] > metrics.values["OutputTokens"] > 0
    assert metrics.values["CostUsd"] > 0

    sent = await sent_to_the_server(executed.run_id)
    assert "Parsed: " in sent
    said = "\n".join(str(value) for line in lines for value in line.values())
    everything = executed.out + said + sent
    kept = [SPOKEN, "systemctl restart", *KEYS.values(), *prompt_lines(server.requests)]
    assert [words for words in kept if words in everything] == []


def conversations(requests: list[RecordedRequest]) -> list[RecordedRequest]:
    """Without what looks models up."""
    return [request for request in requests if request.messages]


def prompt_lines(requests: list[RecordedRequest]) -> list[str]:
    """Lines of all prompts that are long enough to be told from anything else."""
    texts = [text for request in requests for text in (request.system, request.prompt)]
    found = {line.strip() for text in texts for line in text.splitlines() if len(line.strip()) > 40}
    assert found
    return sorted(found)


async def sent_to_the_server(run_id: UUID) -> str:
    async with get_client() as client:
        logs = await client.read_logs(LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run_id])), limit=200)
    return "\n".join(log.message for log in logs)


async def test_a_failed_run_tells_why_as_text_and_counts_as_a_failure(tmp_path: Path) -> None:
    missing = (tmp_path / "missing.json").as_uri()
    request = event(tmp_path, "failing", transcription_s3_uri=missing)
    executed = await execute(request, environment(tmp_path, TECHNE_ENVIRONMENT="prod"), tmp_path)
    lines = executed.err.splitlines()
    starts = [number for number, line in enumerate(lines) if TEXT_LINE.fullmatch(line)]
    assert starts[0] == 0
    traceback = next(number for number, line in enumerate(lines) if line.startswith("Traceback"))
    assert traceback - 1 in starts
    (metrics,) = lines_of(executed.out)
    assert {namespace for namespace, _, _ in metrics.metrics} == {"Techne/prod"}
    assert (metrics.values["Success"], metrics.members["error"]) == (0, "ObjectNotFoundError")
    assert missing in metrics.members["reason"]


def test_a_run_that_is_told_to_stop_counts_as_a_failure(tmp_path: Path) -> None:
    """SIGTERM while a model is asked, as ECS stops a task."""
    asked, go_on = threading.Event(), threading.Event()

    def hold(request: RecordedRequest) -> Reply:
        asked.set()
        go_on.wait(EXECUTE_SECONDS)
        return respond(request)

    recording = small_recording(tmp_path / "small.json", *SENTENCES)
    request = event(tmp_path, "stopped", transcription_s3_uri=recording.as_uri(), engine="bedrock")
    with BedrockServer(hold) as server:
        process = subprocess.Popen(
            [sys.executable, "flows/docgen.py", json.dumps(request)],
            cwd=ROOT,
            env={**environment(tmp_path), **server.environment()},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert asked.wait(EXECUTE_SECONDS)
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=EXECUTE_SECONDS)
        finally:
            go_on.set()
            process.kill()
            process.wait()
    (metrics,) = lines_of(out)
    assert (metrics.values["Success"], metrics.members["execution_id"]) == (0, "stopped"), err
