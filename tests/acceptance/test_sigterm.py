"""A run that gets SIGTERM, as ECS stops its tasks, says so on the record and ends within 30 seconds.

Wherever it is: at a provider that doesn't answer, before a concurrency slot, in an upload that hangs, while
it holds back after a throttled call, in CPU work, with several documents in flight. The next run goes on at
once and pays for nothing twice. The lines that tell of it are in the format of S1-44.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Mapping
from typing import Any

import pytest

from flows.docgen import docgen
from flows.docgen_inbox import docgen_inbox
from flows.stopping import TERMINATED
from techne.settings import Settings
from techne.tracking import open_tracking
from tests.acceptance.annotation_runs import Inputs, ended, start_python
from tests.acceptance.runs import COMMAND_SECONDS, Place, content, of_stages
from tests.acceptance.stopped_runs import (
    GRACE,
    PatientServer,
    assert_interrupted,
    assert_told,
    engine,
    execute,
    only_slot_taken,
    over,
    record_of,
    said,
    scheduled_run,
    state_of,
    stopped,
)
from tests.integration.conftest import MotoAWS
from tests.integration.docgen_runs import small_recording
from tests.loopback import Fault, FaultPlan, RecordedRequest, Reply
from tests.loopback.bedrock import BedrockServer
from tests.loopback.openai import OpenAIServer
from tests.support import scripted_annotator, scripted_model
from tests.support.held_aws import held_aws

pytestmark = [pytest.mark.acceptance, pytest.mark.usefixtures("prefect_server")]

SPEECH = (
    "If the worker shows error 502 you must restart nginx with systemctl restart nginx.",
    "The read timeout in the file nginx.conf is 60 seconds.",
    "You must never restart the ledger while the nightly job runs on port 8443.",
)


def event(place: Place, execution_id: str, **fields: Any) -> dict[str, Any]:
    recording = small_recording(place.folder / f"{execution_id}.json", *SPEECH)
    return place.event(execution_id, recording, **{"engine": "bedrock", **fields})


async def goes_on(place: Place, request: Mapping[str, Any], more: Mapping[str, str]) -> None:
    """The same command again takes over at once, and publishes the whole document."""
    done = await asyncio.to_thread(place.run, json.dumps(request), more=more)
    assert done.code == 0, done.stderr
    assert done.body["attempt"] == 2
    assert place.document(request["execution_id"], "manifest.json")


async def test_a_run_whose_provider_does_not_answer(place: Place) -> None:
    request = event(place, "unanswered")
    with PatientServer(1) as server:
        more = server.environment() | GRACE
        process = place.start(json.dumps(request), more=more)
        server.wait_for(arrived=3, ended=2, timeout_seconds=COMMAND_SECONDS)  # the first looks if it is there
        finished = await stopped(process)
        assert finished.code == TERMINATED, finished.stderr
        assert_told(finished, "unanswered")
        assert_interrupted(record_of(place, "unanswered"))
        assert await state_of("docgen-unanswered") == "Crashed"
        assert not (place.output / "unanswered").exists()
        paid, before = server.paid, len(server.requests)
        server.open()
        await goes_on(place, request, more)
    assert len(paid) == 1
    assert not paid & {content(call) for call in of_stages(server.requests[before:])}


async def test_a_run_that_holds_back_after_a_throttled_call(place: Place) -> None:
    request = event(place, "throttled")
    throttled = FaultPlan([None, Fault("throttle", retry_after=600)])
    with BedrockServer(scripted_model.respond, faults=throttled) as server:
        process = place.start(json.dumps(request), more=server.environment() | GRACE)
        server.wait_for(ended=2, timeout_seconds=COMMAND_SECONDS)
        finished = await stopped(process)
        assert finished.code == TERMINATED, finished.stderr
        assert len(server.requests) == 2
    assert_interrupted(record_of(place, "throttled"))
    assert await state_of("docgen-throttled") == "Crashed"


async def test_a_run_that_waits_for_a_concurrency_slot(place: Place) -> None:
    request = event(place, "waiting")
    with BedrockServer(scripted_model.respond) as server:
        more = server.environment() | GRACE
        async with only_slot_taken("tag:provider:bedrock"):
            waiting = {"PREFECT_LOGGING_INTERNAL_LEVEL": "DEBUG"}
            process = place.start(json.dumps(request), more=more | waiting)
            await said(process, "Unable to acquire concurrency slot")
            finished = await stopped(process)
            assert finished.code == TERMINATED, finished.stderr
            assert not of_stages(server.requests)
            assert_interrupted(record_of(place, "waiting"))
            assert await state_of("docgen-waiting") == "Crashed"
        await goes_on(place, request, more)


RESCHEDULING = {"PREFECT_FLOW_RUN_EXECUTE_SIGTERM_BEHAVIOR": "reschedule"}
"""As deployments/work_pool.json has it."""


def is_staged(method: str, path: str) -> bool:
    return method == "PUT" and "/attempts/1/" in path


async def test_a_run_on_ecs_whose_upload_hangs_is_scheduled_again(place: Place, aws: MotoAWS) -> None:
    """The record is in DynamoDB, the outputs in S3, and a supervisor of Prefect's stands above the run."""
    bucket, table = aws.create_bucket("sigterm-outputs"), aws.create_tracking_table("sigterm-tracking")
    request = event(place, "uploading", output=f"s3://{bucket}", engine="extractive")
    run = await scheduled_run(docgen, "flows/docgen.py:docgen", request)
    more = {**GRACE, **RESCHEDULING, "TRACKING_TABLE": table}
    with held_aws(aws.endpoint_url, is_staged) as gate:
        process = execute(place, run, {**more, "AWS_ENDPOINT_URL": gate.url})
        assert await asyncio.to_thread(gate.reached.wait, COMMAND_SECONDS)
        finished = await stopped(process)
        assert finished.code == 0, finished.stderr  # Prefect's own: the run is not over
        assert_interrupted(record_of(place, "uploading", tracking_table=table))
        assert "Contents" not in aws.s3.list_objects_v2(Bucket=bucket)
    assert await state_of("docgen-uploading") == "AwaitingRetry"
    done = await asyncio.to_thread(ended, execute(place, run, more))
    assert done.code == 0, done.stderr
    assert await state_of("docgen-uploading") == "Completed"
    assert record_of(place, "uploading", tracking_table=table).attempt == 2
    assert aws.s3.head_object(Bucket=bucket, Key="uploading/manifest.json")


SCRIPT = """
import asyncio, os, signal, sys

def busy(*arguments, **options):
    os.write(1, b"there\\n")
    while True:
        sum(range(1000))

async def busy_on_the_loop(*arguments):
    busy()

def stop():
    os.kill(os.getpid(), signal.SIGTERM)

async def waiting(*arguments):
    os.write(1, b"there\\n")
    asyncio.get_running_loop().call_soon(stop)
    await asyncio.Event().wait()

import tasks.publishing
from techne.documents.engines.extractive import ExtractiveEngine
{patch}
from flows.docgen import docgen
from flows.docgen_command import main
sys.exit(main(sys.argv[1:], docgen))
"""


@pytest.mark.parametrize(
    "patch",
    ["ExtractiveEngine.extract = busy_on_the_loop", "tasks.publishing.publish = busy"],
    ids=["loop", "thread"],
)
async def test_a_run_in_work_that_never_pauses(place: Place, patch: str) -> None:
    """On the loop Prefect's exception breaks it off; a thread can't be broken off, so the process goes."""
    request = event(place, "busy", engine="extractive")
    process = start_python(place, "-c", SCRIPT.format(patch=patch), json.dumps(request), more=GRACE)
    await said(process, "there", on_stdout=True)
    finished = await stopped(process)
    assert finished.code == TERMINATED, finished.stderr
    assert_told(finished, "busy")
    assert_interrupted(record_of(place, "busy"))
    assert await state_of("docgen-busy") == "Crashed"
    await goes_on(place, request, GRACE)


async def test_a_run_in_which_prefects_exception_gets_lost(place: Place) -> None:
    """It comes up in a callback of the loop, where asyncio logs and drops it."""
    request = event(place, "dropped", engine="extractive")
    script = SCRIPT.format(patch="ExtractiveEngine.extract = waiting")
    process = start_python(place, "-c", script, json.dumps(request), more=GRACE)
    await said(process, "there", on_stdout=True)
    finished = await over(process)
    assert finished.code == TERMINATED, finished.stderr
    assert "TerminationSignal" in finished.stderr
    assert_interrupted(record_of(place, "dropped"))
    assert await state_of("docgen-dropped") == "Crashed"


async def test_an_experiment_whose_models_do_not_answer(place: Place) -> None:
    inputs = Inputs.written(place.folder, 20)
    paid: list[str] = []
    left = threading.Semaphore(8)

    def respond(asked: RecordedRequest) -> Reply:
        left.acquire()
        paid.append(asked.prompt)
        return scripted_annotator.respond(asked)

    arguments = inputs.flags(place, "experiment", ["openai/judge-90"])
    with OpenAIServer(respond, models=["judge-90"]) as server:
        more = server.environment() | GRACE | {"LLM_EXECUTOR_OPENAI_MAX_PARALLEL": "4"}
        process = start_python(place, "flows/annotation.py", *arguments, more=more)
        server.wait_for(arrived=12, ended=8, timeout_seconds=COMMAND_SECONDS)
        finished = await stopped(process)
        assert finished.code == TERMINATED, finished.stderr
        assert_told(finished, "experiment")
        assert_interrupted(record_of(place, "experiment"))
        assert await state_of("annotation-experiment") == "Crashed"
        before, paid_before = len(server.requests), set(paid)
        left.release(1000)
        again = start_python(place, "flows/annotation.py", *arguments, more=more)
        done = await asyncio.to_thread(ended, again)
    assert done.code == 0, done.stderr
    assert record_of(place, "experiment").attempt == 2
    assert len(paid_before) == 8
    assert not paid_before & {asked.prompt for asked in server.requests[before:]}


async def test_an_inbox_with_documents_in_flight(place: Place) -> None:
    """As a process worker runs it. None of the documents has to wait, as one does that failed."""
    inbox = place.folder / "sigterm-inbox"
    inbox.mkdir()
    for name in ("alpha", "beta", "gamma"):
        small_recording(inbox / f"{name}.json", *SPEECH, f"The service {name} listens on port 9443.")
    request = {"prefix": str(inbox), "output": str(place.output), "engine": "bedrock", "max_parallel": 2}
    run = (docgen_inbox, "flows/docgen_inbox.py:docgen_inbox", request)
    with PatientServer(2) as server:
        more = server.environment() | GRACE
        process = await engine(place, *run, more)
        server.wait_for(arrived=5, ended=3, timeout_seconds=COMMAND_SECONDS)
        finished = await stopped(process)
        assert finished.code == 0, finished.stderr  # Prefect's own, when the server has been told
        assert await state_of("docgen-inbox-sigterm-inbox") == "Crashed"
        records = open_tracking(Settings(techne_home=place.techne_home)).list()
        assert len(records) == 2
        for record in records:
            assert_interrupted(record)
            assert await state_of(f"docgen-{record.execution_id}") == "Crashed"
        assert not place.output.exists()
        paid, before = server.paid, len(server.requests)
        server.open()
        done = await asyncio.to_thread(ended, await engine(place, *run, more))
    assert done.code == 0, done.stderr
    assert len(paid) == 2
    assert not paid & {content(call) for call in of_stages(server.requests[before:])}
    assert len(list(place.output.glob("*/manifest.json"))) == 3
