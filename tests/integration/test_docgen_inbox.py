"""The inbox on a real Prefect server: each version of a transcript once, whatever becomes of the others."""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from prefect.client.schemas.objects import FlowRun

from flows.docgen_inbox import MOST_FAILURES_IN_A_ROW, Shift, docgen_inbox, lambda_handler
from flows.docgen_inbox_command import main
from techne.documents.inbox import Candidate, Survey, execution_id_of, open_inbox
from techne.documents.inbox_request import InboxObject, InboxRequest, InboxResult
from techne.errors import ConfigurationError, ObjectNotFoundError, ProcessingError
from techne.settings import get_settings
from techne.storage import open_store, parse_uri
from techne.tracking import Acquired, ExecutionStatus, open_tracking
from tests.integration.conftest import MotoAWS
from tests.integration.docgen_runs import artifacts_of, runs_named, small_recording
from tests.loopback import Fault, FaultPlan, RecordedRequest
from tests.loopback.bedrock import BedrockServer
from tests.support import scripted_model

pytestmark = pytest.mark.usefixtures("prefect_server")

TECHNICAL = (
    "If the worker shows error 502 you must restart nginx with systemctl restart nginx.",
    "The read timeout in the file nginx.conf is 60 seconds.",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An inbox of a name of its own, which names its flow runs."""
    place = tmp_path / f"inbox-of-{tmp_path.name}"
    place.mkdir()
    return place


def request(folder: Path, **options: object) -> InboxRequest:
    fields = {"prefix": str(folder), "output": str(folder.parent / "out"), "engine": "extractive", **options}
    return InboxRequest.model_validate(fields)


async def look(folder: Path, **options: object) -> InboxResult:
    return await docgen_inbox(request(folder, **options))


def recordings(folder: Path, *names: str) -> None:
    for name in names:
        small_recording(folder / f"{name}.json", *TECHNICAL, f"The service {name} listens on port 8443.")


def told_of(result: InboxResult, name: str) -> InboxObject:
    (told,) = [told for told in result.objects if told.uri.endswith(f"/{name}")]
    return told


def outcomes(result: InboxResult) -> dict[str, str]:
    return {told.uri.rpartition("/")[2]: told.outcome.value for told in result.objects}


def documents(folder: Path) -> dict[str, tuple[bytes, int]]:
    found = (folder.parent / "out").glob("*/*")
    return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in found}


async def flow_run_of(folder: Path) -> FlowRun:
    runs = await runs_named(f"docgen-inbox-{folder.name}")
    return max(runs, key=lambda run: str(run.created))


async def table_of(folder: Path) -> list[dict[str, str]]:
    (table,) = [one for one in await artifacts_of(await flow_run_of(folder)) if one.key == "docgen-inbox"]
    rows: list[dict[str, str]] = json.loads(str(table.data))
    return rows


def use_bedrock(monkeypatch: pytest.MonkeyPatch, server: BedrockServer) -> None:
    limits = {"LLM_EXECUTOR_BEDROCK_RPM": "unlimited", "LLM_EXECUTOR_BEDROCK_TPM": "unlimited"}
    for name, value in (server.environment() | limits).items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()


class Refusals(FaultPlan):
    """Refuses every call that speaks of a word."""

    def __init__(self, word: str) -> None:
        super().__init__()
        self.word = word
        self.requests: list[RecordedRequest] = []

    def fault_for(self, number: int) -> Fault | None:
        return Fault("access_denied") if self.word in str(self.requests[number].messages) else None


def refusing(word: str) -> BedrockServer:
    faults = Refusals(word)
    server = BedrockServer(scripted_model.respond, faults=faults)
    faults.requests = server.requests
    return server


async def test_each_transcript_becomes_a_document_once(folder: Path) -> None:
    (folder / "2026").mkdir()
    recordings(folder, "alpha", "2026/beta")
    (folder / "video.mp4").write_bytes(b"-")
    first = await look(folder)
    assert outcomes(first) == {"alpha.json": "done", "beta.json": "done"}
    assert (first.done, first.failed, first.waiting, first.skipped, first.ignored) == (2, 0, 0, 0, 1)
    made = documents(folder)
    assert len(made) == 8

    again = await look(folder)
    assert outcomes(again) == {"alpha.json": "skipped", "beta.json": "skipped"}
    assert documents(folder) == made
    for name in ("alpha.json", "beta.json"):
        assert told_of(again, name).markdown_s3_uri == told_of(first, name).markdown_s3_uri
    assert len(await runs_named(f"docgen-{told_of(first, 'alpha.json').execution_id}")) == 1


async def test_a_replaced_transcript_becomes_another_document(folder: Path) -> None:
    recordings(folder, "alpha")
    first = await look(folder)
    small_recording(folder / "alpha.json", *TECHNICAL, "The port of the gateway is 9443.")
    second = await look(folder)
    assert outcomes(second) == {"alpha.json": "done"}
    assert told_of(first, "alpha.json").markdown_s3_uri != told_of(second, "alpha.json").markdown_s3_uri
    assert "9443" in await asyncio.to_thread(
        Path(str(told_of(second, "alpha.json").markdown_s3_uri).removeprefix("file://")).read_text
    )


async def test_broken_transcripts_stop_no_other(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "a-broken.json").write_text('{"results": ')
    (folder / "b-other.json").write_text('{"name": "package"}')
    (folder / "c-empty.json").touch()
    (folder / "d-large.json").write_bytes(b" " * 60_000)
    recordings(folder, "e-good")
    monkeypatch.setenv("TECHNE_MAX_TRANSCRIPT_BYTES", "50000")
    get_settings.cache_clear()
    result = await look(folder)
    assert outcomes(result) == {
        "a-broken.json": "failed",
        "b-other.json": "failed",
        "c-empty.json": "failed",
        "d-large.json": "failed",
        "e-good.json": "done",
    }
    assert (result.failed, result.given_up) == (4, 2)
    assert "not valid JSON" in told_of(result, "a-broken.json").reason
    assert "TECHNE_MAX_TRANSCRIPT_BYTES" in told_of(result, "d-large.json").reason
    rows = await table_of(folder)
    assert {row["transcript"].rpartition("/")[2]: row["outcome"] for row in rows} == outcomes(result)
    assert all(row["document"] or row["reason"] for row in rows)
    run = await flow_run_of(folder)
    assert run.state is not None
    assert run.state.is_completed()
    (bar,) = [one for one in await artifacts_of(run) if one.key == "docgen-inbox-progress"]
    assert bar.data == 100


async def test_a_refused_transcript_is_tried_again_and_then_given_up(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recordings(folder, "alpha", "broker")
    options = {"engine": "bedrock", "retry_after_minutes": 0, "max_attempts": 2}
    with refusing("broker") as server:
        use_bedrock(monkeypatch, server)
        first = await look(folder, **options)
        assert outcomes(first) == {"alpha.json": "done", "broker.json": "failed"}
        asked = len(server.requests)
        with pytest.raises(ProcessingError, match=r"None of 1 .*broker\.json"):
            await look(folder, **options)
        assert "access_denied" in {request.outcome for request in server.requests[asked:]}
        asked = len(server.requests)
        third = await look(folder, **options)
        assert len(server.requests) == asked
    assert (third.done, third.skipped, third.failed, third.given_up) == (0, 1, 1, 1)
    assert "Given up after attempt 2" in told_of(third, "broker.json").reason


async def test_a_run_in_which_all_fails_fails_and_says_what_came_of_each(folder: Path) -> None:
    for name in ("a", "b"):
        (folder / f"{name}.json").write_text("{}")
    with pytest.raises(ProcessingError, match=r"None of 2 .*a\.json"):
        await look(folder)
    run = await flow_run_of(folder)
    assert run.state is not None
    assert run.state.is_failed()
    assert [row["outcome"] for row in await table_of(folder)] == ["failed", "failed"]
    waiting = await look(folder)
    assert outcomes(waiting) == {"a.json": "waiting", "b.json": "waiting"}


async def test_an_outage_uses_up_few_attempts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"r{number}" for number in range(MOST_FAILURES_IN_A_ROW + 3)]
    recordings(folder, *names)
    with refusing("") as server:
        use_bedrock(monkeypatch, server)
        with pytest.raises(ProcessingError, match=f"None of {MOST_FAILURES_IN_A_ROW} "):
            await look(folder, engine="bedrock", max_parallel=1)
    rows = await table_of(folder)
    assert [row["outcome"] for row in rows] == ["failed"] * MOST_FAILURES_IN_A_ROW + ["waiting"] * 3


async def test_a_dry_run_says_what_would_be_done_and_does_nothing(folder: Path) -> None:
    recordings(folder, "alpha", "beta")
    result = await look(folder, dry_run=True)
    assert outcomes(result) == {"alpha.json": "waiting", "beta.json": "waiting"}
    assert {told.reason for told in result.objects} == {"Would be done."}
    assert documents(folder) == {}
    assert open_tracking(get_settings()).list() == ()


async def test_a_transcript_that_another_worker_has_is_left_to_it(folder: Path) -> None:
    recordings(folder, "alpha", "beta")
    place = parse_uri(str(folder), folder=True)
    info = next(one for one in open_store(place, get_settings()).list(place) if one.uri.name == "alpha.json")
    tracking = open_tracking(get_settings())
    taken = tracking.acquire(execution_id_of(info), "-", owner="far-host/1@2", lease_seconds=600)
    assert isinstance(taken, Acquired)
    result = await look(folder)
    assert outcomes(result) == {"alpha.json": "waiting", "beta.json": "done"}
    assert "far-host" in told_of(result, "alpha.json").reason
    record = tracking.get(execution_id_of(info))
    assert record is not None
    assert (record.status, record.attempt) == (ExecutionStatus.IN_PROGRESS, 1)


async def test_two_runs_at_once_make_each_document_once(folder: Path) -> None:
    recordings(folder, "alpha")
    told = [told_of(result, "alpha.json") for result in await asyncio.gather(look(folder), look(folder))]
    assert "done" in {one.outcome for one in told}
    assert "failed" not in {one.outcome for one in told}
    record = open_tracking(get_settings()).get(told[0].execution_id)
    assert record is not None
    assert (record.status, record.attempt) == (ExecutionStatus.COMPLETED, 1)


async def test_the_rest_waits_for_later_runs(folder: Path) -> None:
    recordings(folder, "a", "b")
    assert outcomes(await look(folder, max_documents=1)) == {"a.json": "done", "b.json": "waiting"}
    assert outcomes(await look(folder, max_documents=1)) == {"a.json": "skipped", "b.json": "done"}


async def test_documents_below_the_inbox_are_not_taken_for_transcripts(folder: Path) -> None:
    recordings(folder, "alpha")
    output = str(folder / "documents")
    first = await look(folder, output=output)
    again = await look(folder, output=output)
    assert (first.done, again.done, again.skipped, again.ignored) == (1, 0, 1, 4)


async def test_an_empty_inbox_is_no_failure(folder: Path) -> None:
    result = await look(folder)
    assert result.objects == ()


@dataclass(slots=True)
class CountingSurvey(Survey):
    """Counts the candidates that are taken; each is judged anew when it is."""

    taken: Counter[str] = field(default_factory=Counter)

    def look_again(self, candidate: Candidate) -> Candidate | InboxObject:
        self.taken[candidate.info.uri.name] += 1
        return Survey.look_again(self, candidate)


async def test_no_more_documents_are_made_at_once_than_allowed(folder: Path) -> None:
    """All workers take one before any document is ready, so one too many would show at once."""
    recordings(folder, "a", "b", "c")
    settings = get_settings()
    inbox = open_inbox(request(folder, max_parallel=2), "output", settings)
    survey = CountingSurvey(inbox, open_tracking(settings))
    survey.take(open_store(inbox.prefix, settings).list(inbox.prefix))
    at_once: list[int] = []

    class Noted(list[InboxObject]):
        def append(self, told: InboxObject) -> None:
            at_once.append(survey.taken.total() - len(self))
            list.append(self, told)

    worked = await Shift(survey, Noted()).work()
    assert {told.outcome.value for told in worked} == {"done"}
    assert at_once[0] == 2
    assert max(at_once) == 2
    assert survey.taken == {"a.json": 1, "b.json": 1, "c.json": 1}


async def test_s3_objects_are_known_by_their_etags(aws: MotoAWS, monkeypatch: pytest.MonkeyPatch) -> None:
    """S3 in and out, records in DynamoDB, a model that is asked once for each version."""
    aws.create_bucket("recordings")
    monkeypatch.setenv("OUTPUT_BUCKET", aws.create_bucket("documents"))
    monkeypatch.setenv("TRACKING_TABLE", aws.create_tracking_table("tracking"))

    def put(name: str, port: int) -> None:
        path = small_recording(Path(os.environ["TECHNE_HOME"]).parent / "r.json", *TECHNICAL, f"Port {port}.")
        aws.s3.put_object(Bucket="recordings", Key=f"in/2026/{name} 1.json", Body=path.read_bytes())

    put("alpha", 8443)
    put("beta", 8444)
    aws.s3.put_object(Bucket="recordings", Key="in/2026/")
    aws.s3.put_object(Bucket="recordings", Key="in/broken.json", Body=b"[]")
    aws.s3.put_object(Bucket="recordings", Key="inside.json", Body=b"no part of the inbox")
    wanted = InboxRequest(prefix="s3://recordings/in/", engine="bedrock")
    with BedrockServer(scripted_model.respond) as server:
        use_bedrock(monkeypatch, server)
        first = await docgen_inbox(wanted)
        assert outcomes(first) == {"alpha 1.json": "done", "beta 1.json": "done", "broken.json": "failed"}
        told = told_of(first, "alpha 1.json")
        assert told.markdown_s3_uri == f"s3://documents/{told.execution_id}/document.md"
        assert told.cost_usd is not None
        asked = len(server.requests)
        assert asked > 0

        put("beta", 8444)  # the same content again is the same version
        again = await docgen_inbox(wanted)
        assert (again.done, again.skipped, again.waiting) == (0, 2, 1)
        assert len(server.requests) == asked

        put("beta", 9444)
        third = await docgen_inbox(wanted)
        assert (third.done, third.skipped, third.waiting) == (1, 1, 1)
        assert len(server.requests) > asked
    keys = {entry["Key"] for entry in aws.s3.list_objects_v2(Bucket="documents")["Contents"]}
    assert len({key.partition("/")[0] for key in keys}) == 3


async def test_what_can_not_be_read_fails_the_run(aws: MotoAWS, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ObjectNotFoundError, match="no bucket"):
        await docgen_inbox(InboxRequest(prefix="s3://missing/in", engine="extractive"))
    aws.create_bucket("recordings")
    monkeypatch.setenv("TRACKING_TABLE", "no-such-table")
    get_settings.cache_clear()
    with pytest.raises(ConfigurationError, match="TRACKING_TABLE"):
        await docgen_inbox(InboxRequest(prefix="s3://recordings/in", engine="extractive"))


def test_an_event_gives_an_envelope(folder: Path) -> None:
    done = lambda_handler(request(folder).model_dump(mode="json"))
    assert (done["statusCode"], done["body"]["done"]) == (200, 0)
    assert lambda_handler({})["statusCode"] == 400


def test_the_command_tells_what_came_of_each_and_ends_with_its_code(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    recordings(folder, "alpha")
    flags = ["--prefix", str(folder), "--output", str(folder.parent / "out"), "--engine", "extractive"]
    assert main([*flags, "--dry-run"], docgen_inbox) == 0
    assert "Would be done." in capsys.readouterr().err

    (folder / "broken.json").write_text("{}")
    assert main(flags, docgen_inbox) == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert "1 done, 1 failed (0 given up), 0 waiting, 0 done before" in told.err
    assert str(folder / "broken.json") in told.err

    event = request(folder, retry_after_minutes=0).model_dump_json()
    assert main([event], docgen_inbox) == 1
    envelope = json.loads(capsys.readouterr().out)
    assert (envelope["statusCode"], envelope["body"]["error"]) == (500, "ProcessingError")

    event = request(folder, max_attempts=2).model_dump_json()
    assert main([event], docgen_inbox) == 0
    body = InboxResult.model_validate(json.loads(capsys.readouterr().out)["body"])
    assert (body.skipped, body.given_up) == (1, 1)


@pytest.mark.parametrize(
    "arguments", [[], ["--prefix", "/no/such/folder"], ["--prefix", "x", "--model", "m"], ["{"]]
)
def test_wrong_input_ends_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments, docgen_inbox) == 2
    assert "docgen-inbox: " in capsys.readouterr().err
