"""The annotation flow on a real Prefect server: one run per id, its record, its progress, and S3."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from pathlib import Path

import pytest

from flows.annotation import lambda_handler
from flows.progress import ProgressEvent, listening
from techne.annotation.report import render_markdown
from techne.annotation.request import AnnotationResult
from techne.errors import ExecutionConflictError, InputError, LeaseHeldError
from techne.tracking import ExecutionStatus
from techne.tracking.owner import this_owner
from tests.integration.annotation_runs import (
    SKILLS,
    TEXTS,
    Experiment,
    event,
    panel,
    record_of,
    run,
    serving,
    skilled,
    write_gold,
    write_texts,
)
from tests.integration.conftest import MotoAWS
from tests.integration.docgen_runs import artifacts_of, runs_named, task_runs_of
from tests.loopback import FaultPlan, RecordedRequest, Reply

pytestmark = pytest.mark.usefixtures("prefect_server")

EMBEDDED = None
"""Models of a request: the default panel, which needs no network."""


def texts_of(requests: list[RecordedRequest]) -> Counter[tuple[str, str]]:
    """How often each model was asked about each text."""
    return Counter((request.model, request.prompt) for request in requests)


async def test_the_same_id_again_returns_the_stored_result_without_a_call(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with serving(monkeypatch) as server:
        first = await run(event(tmp_path, "twice"))
        calls = len(server.requests)
        again = await run(event(tmp_path, "twice"))
        assert len(server.requests) == calls == 2 * TEXTS
    assert again.result == first.result
    assert record_of("twice").attempt == 1


async def test_force_asks_again_only_about_what_failed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No answer that was paid for is paid for again, with the cache of calls or without it."""
    faults = FaultPlan([None, "too_long", None, "too_long", "too_long"])
    with serving(monkeypatch, faults=faults) as server:
        first = await run(event(tmp_path, "forced", shard_size=8))
        asked = list(server.requests)
        failed = texts_of([request for request in asked if request.outcome != "ok"])
        again = await run(event(tmp_path, "forced", shard_size=8, force=True))
        asked_again = texts_of(server.requests[len(asked) :])
    assert first.result.failed == 3
    assert asked_again == failed
    assert (again.result.failed, again.result.calls_sent, again.result.attempt) == (0, 3, 2)
    assert again.rows("failures.csv") == []
    assert again.result.cost_usd is not None
    assert again.summary.paid_usd is not None
    assert 0 < again.summary.paid_usd < again.result.cost_usd


@pytest.mark.parametrize("change", ["dataset", "gold", "labels"])
async def test_the_same_id_with_another_input_is_a_conflict(tmp_path: Path, change: str) -> None:
    request = event(tmp_path, "taken", models=EMBEDDED)
    await run(request)
    if change == "dataset":
        write_texts(tmp_path / "texts.csv", TEXTS + 1)
    elif change == "gold":
        write_gold(tmp_path / "gold.csv", TEXTS)
    else:
        request["label_set"]["question"] = "What is it about?"
    with pytest.raises(ExecutionConflictError, match="taken"):
        await run(request)
    assert record_of("taken").status is ExecutionStatus.COMPLETED


async def test_an_experiment_without_an_id_is_named_by_its_content(tmp_path: Path) -> None:
    request = event(tmp_path, None, models=EMBEDDED)
    first, again = await run(request), await run(request)
    assert first.result == again.result
    assert first.result.experiment_id.startswith("annotation-")
    write_texts(tmp_path / "texts.csv", TEXTS + 1)
    assert (await run(request)).result.experiment_id != first.result.experiment_id


async def test_of_two_runs_at_once_one_works_and_the_other_learns_who(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    request = event(tmp_path, "race")
    let_go = threading.Event()

    def answer_when_let_go(recorded: RecordedRequest) -> Reply:
        let_go.wait(60)
        return skilled(SKILLS)(recorded)

    with serving(monkeypatch, answer_when_let_go) as server:
        working = asyncio.create_task(run(request))
        await asyncio.to_thread(server.wait_for, 1)
        with pytest.raises(LeaseHeldError) as refused:
            await run(request)
        let_go.set()
        finished = await working
        assert len(server.requests) == 2 * TEXTS
    assert this_owner() in str(refused.value)
    assert finished.result.attempt == record_of("race").attempt == 1


async def test_inputs_are_checked_before_a_call_is_paid(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    request = event(tmp_path, "checked")
    (tmp_path / "gold.csv").write_text("id,label\nt1,nonsense\n")
    with serving(monkeypatch) as server:
        with pytest.raises(InputError, match="nonsense"):
            await run(request)
        (tmp_path / "gold.csv").unlink()
        with pytest.raises(InputError, match=r"gold\.csv"):
            await run(request)
        assert server.requests == []


async def test_progress_is_told_in_the_order_of_the_stages_up_to_the_end(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told: list[ProgressEvent] = []
    with serving(monkeypatch), listening(told.append):
        await run(event(tmp_path, "told"))
    assert list(dict.fromkeys(one.stage for one in told)) == ["read", "annotate", "consensus", "output"]
    percentages = [one.percentage for one in told]
    assert percentages == sorted(percentages)
    assert percentages[-1] == 100
    counted = [one for one in told if one.stage == "annotate"]
    assert {one.total for one in counted} == {2 * TEXTS}
    assert (counted[0].done, counted[-1].done) == (0, 2 * TEXTS)
    assert "$0.0" in next(one.note for one in reversed(counted) if one.note)
    assert {one.execution_id for one in told} == {"told"}


async def test_a_run_shows_its_plan_its_progress_and_its_findings_in_prefect(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One task run per model and shard, never one per text (resolution 3), tagged by provider."""
    models = (*panel("gpt-4.1-nano", "gpt-4.1-mini"), {"provider": "embedded", "model": "lexicon"})
    with serving(monkeypatch):
        experiment = await run(event(tmp_path, "shown", models=models, shard_size=10))
    (flow_run,) = await runs_named("annotation-shown")
    artifacts = {artifact.key: artifact for artifact in await artifacts_of(flow_run) if artifact.key}
    kinds = {key: artifact.type for key, artifact in artifacts.items()}
    assert kinds == {
        "annotation-progress-shown": "progress",
        "annotation-plan-shown": "markdown",
        "annotation-files-shown": "markdown",
        "annotation-summary-shown": "markdown",
    }
    assert artifacts["annotation-progress-shown"].data == 100
    assert "openai/gpt-4.1-nano" in str(artifacts["annotation-plan-shown"].data)
    assert "report.html" in str(artifacts["annotation-files-shown"].data)
    assert artifacts["annotation-summary-shown"].data == render_markdown(experiment.summary)
    asked = {task.name: task.tags for task in await task_runs_of(flow_run) if task.name.startswith("annot")}
    paid_models = ("openai/gpt-4.1-nano", "openai/gpt-4.1-mini")
    starts = range(0, TEXTS, 10)
    assert asked == {
        **{f"annotate-{name}-{start}": ["provider:openai"] for name in paid_models for start in starts},
        **{f"annotate-embedded/lexicon-{start}": [] for start in starts},
    }


def test_the_handler_answers_with_envelopes(tmp_path: Path) -> None:
    """S1-30, S1-31."""
    done = lambda_handler(event(tmp_path, "handled", models=EMBEDDED), None)
    assert done["statusCode"] == 200, done
    result = AnnotationResult.model_validate(done["body"])
    assert Experiment(result).names >= {"summary.json", "report.html"}
    incomplete = lambda_handler({"dataset": "texts.csv"})
    assert incomplete["statusCode"] == 400
    assert incomplete["body"]["error"] == "InputError"
    assert "label set" in incomplete["body"]["message"]
    missing = lambda_handler(event(tmp_path, "gone", models=EMBEDDED, dataset=str(tmp_path / "gone.csv")))
    assert (missing["statusCode"], missing["body"]["error"]) == (400, "ObjectNotFoundError")
    refused = lambda_handler(event(tmp_path, "keyless"))  # no key of the provider in this environment
    assert (refused["statusCode"], refused["body"]["error"]) == (500, "ProcessingError")
    assert "OPENAI_API_KEY" in refused["body"]["message"]


def test_s3_and_dynamodb_do_what_files_and_sqlite_do(
    aws: MotoAWS, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """S0-8: everything is read from S3 and saved to S3, shards included; the figures are the same."""
    bucket = aws.create_bucket("experiments")
    request = event(tmp_path, "in-s3", shard_size=10)
    labels = json.dumps(request.pop("label_set"))
    (tmp_path / "labels.json").write_text(labels)
    local = {**request, "experiment_id": "local", "labels": str(tmp_path / "labels.json")}
    for name in ("texts.csv", "labels.json", "gold.csv"):
        aws.s3.upload_file(str(tmp_path / name), bucket, f"inputs/{name}")
    remote = {
        **request,
        "dataset": f"s3://{bucket}/inputs/texts.csv",
        "labels": f"s3://{bucket}/inputs/labels.json",
        "gold": f"s3://{bucket}/inputs/gold.csv",
        "output": f"s3://{bucket}/results",
    }
    with serving(monkeypatch, TRACKING_TABLE=aws.create_tracking_table("tracking")) as server:
        stored = lambda_handler(remote)
        assert stored["statusCode"] == 200, stored
        asked = len(server.requests)
        here = lambda_handler(local)
    assert asked == 2 * TEXTS
    result = AnnotationResult.model_validate(stored["body"])
    assert result.summary_uri == f"s3://{bucket}/results/in-s3/summary.json"
    assert result.accuracy == here["body"]["accuracy"]
    assert result.cost_usd == pytest.approx(here["body"]["cost_usd"])
    written = {
        entry["Key"].removeprefix("results/in-s3/"): entry["LastModified"]
        for entry in aws.s3.list_objects_v2(Bucket=bucket, Prefix="results/")["Contents"]
    }
    shards = {name for name in written if name.startswith("shards/")}
    assert len(shards) == 2 * 3
    folder = Experiment(AnnotationResult.model_validate(here["body"])).folder
    assert set(written) - shards == {path.name for path in folder.iterdir() if path.is_file()}
    assert written["manifest.json"] == max(written.values())
    rows = aws.s3.get_object(Bucket=bucket, Key="results/in-s3/consensus.csv")["Body"].read()
    assert rows == (folder / "consensus.csv").read_bytes()
    item = aws.dynamodb.get_item(TableName="tracking", Key={"execution_id": {"S": "in-s3"}})["Item"]
    assert item["status"]["S"] == "completed"
