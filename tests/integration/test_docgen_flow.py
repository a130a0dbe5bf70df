"""The docgen flow on a real Prefect server: outputs, the record, leases, artifacts."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from flows.docgen import docgen, lambda_handler
from techne.documents.request import DocgenRequest, DocgenResult
from techne.errors import ExecutionConflictError, LeaseHeldError
from techne.settings import get_settings
from techne.storage import open_store, parse_uri, verify_manifest
from techne.tracking import Acquired, ExecutionRecord, ExecutionStatus, open_tracking
from techne.tracking.owner import this_owner
from techne.transcripts.reading import read_transcript
from tests.integration.conftest import MotoAWS
from tests.integration.docgen_runs import (
    ENGLISH,
    artifacts_of,
    event,
    runs_named,
    small_recording,
    task_runs_of,
)
from tests.loopback.bedrock import BedrockServer
from tests.support import scripted_model

pytestmark = pytest.mark.usefixtures("prefect_server")

TECHNICAL = (
    "If the worker shows error 502 you must restart nginx with systemctl restart nginx.",
    "The read timeout in the file nginx.conf is 60 seconds.",
)


def record_of(execution_id: str) -> ExecutionRecord:
    record = open_tracking(get_settings()).get(execution_id)
    assert record is not None
    return record


def path_of(uri: str) -> Path:
    parts = urlsplit(uri)
    assert parts.scheme == "file"
    return Path(unquote(parts.path))


DYING_WORKER = """
import os, sys
from techne.settings import get_settings
from techne.tracking import open_tracking
from techne.tracking.owner import this_owner
from techne.transcripts.reading import read_transcript

open_tracking(get_settings()).acquire("killed", sys.argv[1], owner=this_owner(), lease_seconds=600)
os.kill(os.getpid(), 9)
"""


async def run(event: dict[str, object]) -> DocgenResult:
    return await docgen(DocgenRequest.model_validate(event))


async def test_a_run_leaves_a_verified_document_and_a_completed_record(tmp_path: Path) -> None:
    result = await run(event(tmp_path, "plain-run"))
    folder = tmp_path / "out" / "plain-run"
    assert path_of(result.markdown_s3_uri) == folder / "document.md"
    assert sorted(path.name for path in folder.iterdir()) == [
        "document.docx",
        "document.md",
        "evidence.json",
        "manifest.json",
    ]
    destination = parse_uri(str(folder), folder=True)
    manifest = verify_manifest(destination, store=open_store(destination, get_settings()))
    assert {file.name for file in manifest.files} == {"document.md", "document.docx", "evidence.json"}
    assert manifest.details["grounding"]
    record = record_of("plain-run")
    assert record.status is ExecutionStatus.COMPLETED
    assert record.stages_completed == 6
    assert DocgenResult.model_validate(record.result) == result


async def test_every_item_quotes_the_recording_word_for_word(tmp_path: Path) -> None:
    result = await run(event(tmp_path, "quoted"))
    evidence = json.loads((path_of(result.manifest_s3_uri).parent / "evidence.json").read_text())
    said = {turn.id: turn.text for turn in read_transcript(ENGLISH.read_bytes(), source="sample").turns}
    quotes = [quote for item in evidence["items"] for quote in item["evidence"]]
    assert quotes
    assert all(quote["quote"] in said[quote["turn_id"]] for quote in quotes)


async def test_a_run_shows_its_progress_and_its_document_in_prefect(tmp_path: Path) -> None:
    await run(event(tmp_path, "shown"))
    (flow_run,) = await runs_named("docgen-shown")
    artifacts = {artifact.key: artifact for artifact in await artifacts_of(flow_run) if artifact.key}
    assert {key: artifact.type for key, artifact in artifacts.items()} == {
        "docgen-progress-shown": "progress",
        "docgen-document-shown": "markdown",
        "docgen-files-shown": "markdown",
        "docgen-stages-shown": "table",
    }
    assert artifacts["docgen-progress-shown"].data == 100
    table = json.loads(str(artifacts["docgen-stages-shown"].data))
    assert [row["stage"] for row in table] == ["clean", "extract", "map", "outline", "write", "output"]
    assert all(file in str(artifacts["docgen-files-shown"].data) for file in ("document.md", "document.docx"))


async def test_the_embedded_engine_has_no_provider_tag(tmp_path: Path) -> None:
    """A tag would cost seconds a task on the embedded default."""
    await run(event(tmp_path, "untagged"))
    (flow_run,) = await runs_named("docgen-untagged")
    task_runs = await task_runs_of(flow_run)
    assert {task_run.name.split("-")[0] for task_run in task_runs} >= {"extract", "map", "outline", "write"}
    assert all(not task_run.tags for task_run in task_runs)


async def test_a_completed_execution_returns_its_stored_result(tmp_path: Path) -> None:
    first = await run(event(tmp_path, "twice"))
    again = await run(event(tmp_path, "twice"))
    assert again == first
    assert record_of("twice").attempt == 1


async def test_the_same_id_with_another_input_is_refused(tmp_path: Path) -> None:
    await run(event(tmp_path, "taken"))
    with pytest.raises(ExecutionConflictError, match="taken"):
        await run(event(tmp_path, "taken", language="pt-BR"))
    assert record_of("taken").status is ExecutionStatus.COMPLETED


async def test_the_same_id_with_a_changed_transcript_is_refused(tmp_path: Path) -> None:
    recording = small_recording(tmp_path / "r.json", *TECHNICAL)
    request = event(tmp_path, "changed", transcription_s3_uri=str(recording))
    await run(request)
    small_recording(recording, *TECHNICAL, "The port is 8443.")
    with pytest.raises(ExecutionConflictError, match="has changed"):
        await run(request)


async def test_force_makes_a_new_attempt(tmp_path: Path) -> None:
    await run(event(tmp_path, "forced"))
    again = await run(event(tmp_path, "forced", language="pt-BR", force=True))
    assert again.attempt == 2
    assert "Gravação" in path_of(again.markdown_s3_uri).read_text()


async def test_a_transcript_without_an_id_is_named_by_its_content(tmp_path: Path) -> None:
    request = event(tmp_path, "unused")
    del request["execution_id"]
    first, again = await run(request), await run(request)
    assert first.execution_id == again.execution_id
    assert first.execution_id.startswith("docgen-")


async def test_of_two_runs_at_once_one_works_and_the_other_learns_who(tmp_path: Path) -> None:
    outcomes = await asyncio.gather(
        run(event(tmp_path, "race")), run(event(tmp_path, "race")), return_exceptions=True
    )
    results = [outcome for outcome in outcomes if isinstance(outcome, DocgenResult)]
    others = [outcome for outcome in outcomes if not isinstance(outcome, DocgenResult)]
    assert results
    assert all(isinstance(other, LeaseHeldError) and this_owner() in str(other) for other in others)
    assert record_of("race").attempt == 1


async def test_the_lease_of_a_killed_process_is_taken_over_at_once(tmp_path: Path) -> None:
    request = DocgenRequest.model_validate(event(tmp_path, "killed"))
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-c", DYING_WORKER, request.identity(), env=dict(os.environ)
    )
    await worker.wait()
    assert record_of("killed").status is ExecutionStatus.IN_PROGRESS
    result = await docgen(request)
    assert result.attempt == 2


async def test_the_lease_of_a_living_worker_elsewhere_is_respected(tmp_path: Path) -> None:
    request = DocgenRequest.model_validate(event(tmp_path, "elsewhere"))
    taken = open_tracking(get_settings()).acquire(
        "elsewhere", request.identity(), owner="other-host/1@2", lease_seconds=600
    )
    assert isinstance(taken, Acquired)
    with pytest.raises(LeaseHeldError, match="other-host"):
        await docgen(request)


async def test_a_failed_execution_can_be_mended_under_its_id(tmp_path: Path) -> None:
    recording = tmp_path / "late.json"
    request = event(tmp_path, "late", transcription_s3_uri=str(recording))
    assert lambda_handler_in_thread(request)["statusCode"] == 400
    assert record_of("late").status is ExecutionStatus.FAILED
    small_recording(recording, *TECHNICAL)
    assert (await run(request)).attempt == 2


def lambda_handler_in_thread(request: dict[str, object]) -> dict[str, object]:
    """The handler as Lambda calls it: outside any event loop."""
    import threading

    answers: list[dict[str, object]] = []
    thread = threading.Thread(target=lambda: answers.append(lambda_handler(request)))
    thread.start()
    thread.join()
    return answers[0]


def test_the_handler_answers_with_envelopes(tmp_path: Path) -> None:
    """S1-21, S1-30, S1-31."""
    done = lambda_handler(event(tmp_path, "handled"), None)
    assert done["statusCode"] == 200
    assert done["body"]["stages_completed"] == 6
    assert lambda_handler({"execution_id": "x"})["statusCode"] == 400


def test_s3_and_dynamodb_do_what_files_and_sqlite_do(aws: MotoAWS, monkeypatch: pytest.MonkeyPatch) -> None:
    """S1-2, S1-4, S1-22: transcript and document in S3, the record in DynamoDB."""
    aws.create_bucket("transcription-bucket")
    aws.s3.put_object(Bucket="transcription-bucket", Key="uuid/transcription.json", Body=ENGLISH.read_bytes())
    monkeypatch.setenv("OUTPUT_BUCKET", aws.create_bucket("output-bucket"))
    monkeypatch.setenv("TRACKING_TABLE", aws.create_tracking_table("tracking"))
    get_settings.cache_clear()
    answer = lambda_handler(
        {
            "execution_id": "550e8400-e29b-41d4-a716-446655440000",
            "video_s3_uri": "s3://input-bucket/video.mp4",
            "transcription_s3_uri": "s3://transcription-bucket/uuid/transcription.json",
            "video_metadata": {"duration": 10800, "size_bytes": 2147483648},
            "engine": "extractive",
        }
    )
    folder = "550e8400-e29b-41d4-a716-446655440000"
    assert answer["statusCode"] == 200, answer
    assert answer["body"]["markdown_s3_uri"] == f"s3://output-bucket/{folder}/document.md"
    assert answer["body"]["docx_s3_uri"] == f"s3://output-bucket/{folder}/document.docx"
    keys = {entry["Key"] for entry in aws.s3.list_objects_v2(Bucket="output-bucket")["Contents"]}
    assert keys == {
        f"{folder}/{name}" for name in ("document.md", "document.docx", "evidence.json", "manifest.json")
    }
    item = aws.dynamodb.get_item(TableName="tracking", Key={"execution_id": {"S": folder}})["Item"]
    assert item["status"]["S"] == "completed"


def test_a_missing_table_is_found_before_any_model_call(
    aws: MotoAWS, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """S1-48."""
    with BedrockServer(scripted_model.respond) as server:
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("TRACKING_TABLE", "no-such-table")
        get_settings.cache_clear()
        answer = lambda_handler(event(tmp_path, "no-table", engine="bedrock"))
        assert server.requests == []
    assert answer["statusCode"] == 500
    assert "no-such-table" in answer["body"]["message"]
    assert "TRACKING_TABLE" in answer["body"]["message"]


def test_a_model_writes_the_document_with_few_tagged_tasks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with BedrockServer(scripted_model.respond) as server:
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("MAX_TOKENS_PER_CHUNK", "700")
        get_settings.cache_clear()
        answer = lambda_handler(event(tmp_path, "by-model", engine="bedrock"))
        calls = len(server.requests)
    assert answer["statusCode"] == 200, answer
    body = answer["body"]
    assert body["chunks_processed"] > 5
    assert body["tokens_used"]["total"] > 0
    assert body["cost_usd"] > 0
    assert body["calls_sent"] == calls
    (flow_run,) = asyncio.run(runs_named("docgen-by-model"))
    tagged = [task for task in asyncio.run(task_runs_of(flow_run)) if task.tags == ["provider:bedrock"]]
    assert 4 <= len(tagged) <= 40
