"""What is wrong with an input or a deployment is said in one sentence, and nothing half done is left."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from flows.docgen import docgen
from flows.docgen_command import main
from techne.settings import get_settings
from techne.tracking import ExecutionStatus, open_tracking
from tests.acceptance.runs import Place, configure
from tests.integration.conftest import MotoAWS
from tests.integration.docgen_runs import small_recording
from tests.integration.refusing_aws import refusing_aws
from tests.loopback import FaultPlan
from tests.loopback.bedrock import BedrockServer
from tests.loopback.ollama import OllamaServer

pytestmark = [pytest.mark.acceptance, pytest.mark.usefixtures("place")]

SPEECH = (
    "If the worker shows error 502 you must restart nginx with systemctl restart nginx.",
    "The read timeout in the file nginx.conf is 60 seconds.",
)


@dataclass(frozen=True, slots=True)
class Refused:
    """How a command ended that could not do what it was asked."""

    code: int
    stdout: str
    stderr: str

    @property
    def message(self) -> str:
        (line,) = [line for line in self.stderr.splitlines() if line.startswith("docgen: ")]
        return line.removeprefix("docgen: ")


Command = Callable[..., Refused]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    def run(*arguments: str) -> Refused:
        get_settings.cache_clear()
        code = main(arguments, docgen)
        captured = capsys.readouterr()
        return Refused(code, captured.out, captured.err)

    return run


def assert_one_sentence(refused: Refused, *, code: int, says: tuple[str, ...]) -> None:
    assert refused.code == code, refused.stderr
    for part in says:
        assert part in refused.message
    assert "Traceback" not in refused.stdout + refused.stderr
    assert "Unexpected" not in refused.message
    told = [line for line in refused.stderr.splitlines() if line.strip() and not _is_progress(line)]
    assert told == [f"docgen: {refused.message}"]


def _is_progress(line: str) -> bool:
    return line.startswith("[") or line == "Starting Prefect" or " - INFO - " in line


def assert_nothing_published(place: Place) -> None:
    assert not place.output.exists() or list(place.output.rglob("*")) in ([], [place.output / "bad"])


def assert_failed(
    command: Command, place: Place, event: dict[str, Any], *, code: int, says: tuple[str, ...]
) -> None:
    """The event is refused: sentence, envelope and record agree, and nothing is published."""
    refused = command(json.dumps(event))
    assert_one_sentence(refused, code=code, says=says)
    envelope = json.loads(refused.stdout)
    assert envelope["statusCode"] == {1: 500, 2: 400}[code]
    assert envelope["body"]["message"] == refused.message
    record = open_tracking(get_settings()).get("bad")
    assert record is not None
    assert record.status is ExecutionStatus.FAILED
    assert record.error == refused.message
    assert_nothing_published(place)


def batch(**changes: Any) -> str:
    """A small batch result of Amazon Transcribe, with some of its results changed."""
    word = {
        "type": "pronunciation",
        "start_time": "0.1",
        "end_time": "0.5",
        "alternatives": [{"confidence": "0.9", "content": "hello"}],
    }
    results = {"language_code": "en-US", "transcripts": [{"transcript": "hello"}], "items": [word]}
    document = {"jobName": "job", "status": "COMPLETED", "results": results}
    return json.dumps(document | changes)


def without_times() -> str:
    word = {"type": "pronunciation", "alternatives": [{"confidence": "0.9", "content": "hello"}]}
    return batch(
        results={"language_code": "en-US", "transcripts": [{"transcript": "hello"}], "items": [word]}
    )


EMPTY = batch(results={"language_code": "en-US", "transcripts": [{"transcript": ""}], "items": []})


@dataclass(frozen=True, slots=True)
class BadFile:
    """A file that is no transcript, and what its refusal says."""

    text: str
    says: tuple[str, ...]
    name: str = field(default="bad.json")


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(BadFile('{"results": ', ("JSON",)), id="not JSON"),
        pytest.param(BadFile("", ("empty",)), id="empty file"),
        pytest.param(BadFile("\x00\x01\x02\x03 binary", ("JSON",)), id="binary"),
        pytest.param(BadFile('{"menu": {"id": 1}}', ("Transcribe",)), id="another JSON"),
        pytest.param(BadFile("[1, 2, 3]", ("Transcribe",)), id="a JSON list"),
        pytest.param(BadFile(EMPTY, ("Nobody says",)), id="empty transcript"),
        pytest.param(BadFile(batch(status="FAILED"), ("FAILED",)), id="failed job"),
        pytest.param(BadFile(batch(status="IN_PROGRESS"), ("IN_PROGRESS",)), id="job in progress"),
        pytest.param(BadFile(without_times(), ("time",)), id="missing times"),
        pytest.param(BadFile(batch(results={"items": "none"}), ("items",)), id="unknown shape"),
        pytest.param(BadFile("WEBVTT\n\n", ("Nobody says",), "bad.vtt"), id="VTT without cues"),
    ],
)
def test_a_file_that_is_no_transcript(command: Command, place: Place, bad: BadFile) -> None:
    path = place.folder / bad.name
    path.write_text(bad.text, encoding="utf-8")
    event = place.event("bad", path, engine="extractive")
    assert_failed(command, place, event, code=2, says=(bad.name, *bad.says))


def test_a_recording_without_speaker_labels_is_a_good_one(command: Command, place: Place) -> None:
    recording = json.loads(small_recording(place.folder / "alone.json", *SPEECH).read_text())
    for part in (*recording["results"]["items"], *recording["results"]["audio_segments"]):
        part.pop("speaker_label", None)
    path = place.folder / "nobody.json"
    path.write_text(json.dumps(recording))
    done = command(json.dumps(place.event("good", path, engine="extractive")))
    assert done.code == 0, done.stderr
    assert "systemctl restart nginx" in place.document("good").decode()


def test_a_file_over_the_limit_is_refused_before_it_is_read(command: Command, place: Place) -> None:
    path = place.folder / "huge.json"
    with path.open("wb") as file:
        file.truncate(500 * 1024 * 1024)
    event = place.event("bad", path, engine="extractive")
    assert_failed(command, place, event, code=2, says=("huge.json", "TECHNE_MAX_TRANSCRIPT_BYTES"))


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("/no/such/recording.json", ("recording.json", "no")),
        ("/", ("folder",)),
        ("https://example.com/recording.json", ("https", "Download")),
        ("s3://Bad_Bucket/recording.json", ("Bad_Bucket",)),
        ("s3://ab/recording.json", ("3 to 63",)),
        ("s3://bucket-of-mine/../recording.json", ("..",)),
        ("file://host/recording.json", ("host",)),
        ("recording\u0000.json", ("U+0000",)),
    ],
)
def test_a_uri_that_leads_nowhere(command: Command, place: Place, uri: str, says: tuple[str, ...]) -> None:
    event = place.event("bad", engine="extractive") | {"transcription_s3_uri": uri}
    assert_failed(command, place, event, code=2, says=says)


def test_a_bucket_or_key_that_does_not_exist(command: Command, place: Place, aws: MotoAWS) -> None:
    aws.create_bucket("there-it-is")
    for uri, says in (
        ("s3://nowhere-to-be-found/r.json", ("nowhere-to-be-found",)),
        ("s3://there-it-is/missing.json", ("missing.json",)),
    ):
        event = place.event("bad", engine="extractive", force=True) | {"transcription_s3_uri": uri}
        assert_failed(command, place, event, code=2, says=says)


def test_an_output_bucket_that_does_not_exist(command: Command, place: Place, aws: MotoAWS) -> None:
    event = place.event("bad", engine="extractive", output="s3://nowhere-to-be-found/docs")
    assert_failed(command, place, event, code=2, says=("nowhere-to-be-found",))


@pytest.mark.parametrize("field_name", ["transcription_s3_uri", "output"])
def test_storage_that_denies(
    command: Command, place: Place, aws: MotoAWS, monkeypatch: pytest.MonkeyPatch, field_name: str
) -> None:
    with refusing_aws("AccessDenied", status=403) as url:
        configure(monkeypatch, AWS_ENDPOINT_URL_S3=url)
        event = place.event("bad", engine="extractive") | {field_name: "s3://not-for-you/r.json"}
        assert_failed(command, place, event, code=1, says=("not-for-you", "s3:"))


def test_an_output_that_is_a_file(command: Command, place: Place) -> None:
    occupied = place.folder / "occupied"
    occupied.write_text("a file")
    event = place.event("bad", engine="extractive", output=str(occupied))
    assert_failed(command, place, event, code=1, says=(str(occupied),))
    assert occupied.read_text() == "a file"


@pytest.mark.parametrize("fault", ["unknown_model", "inference_profile", "access_denied"])
def test_a_model_that_bedrock_does_not_serve(
    command: Command, place: Place, monkeypatch: pytest.MonkeyPatch, fault: Any
) -> None:
    with BedrockServer(faults=FaultPlan(probability=1, kinds=[fault])) as server:
        configure(monkeypatch, **server.environment(), BEDROCK_MODEL_ID="us.nobody.model-v1:0")
        assert_failed(
            command, place, place.event("bad", engine="bedrock"), code=1, says=("us.nobody.model-v1:0",)
        )


def test_a_model_that_ollama_does_not_have(
    command: Command, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with OllamaServer() as server:
        configure(monkeypatch, **server.environment(), OLLAMA_MODEL="nobody:7b")
        event = place.event("bad", engine="ollama")
        assert_failed(command, place, event, code=1, says=("nobody:7b", "ollama pull"))
        named = place.event("bad", engine="ollama", model="somebody:7b", force=True)
        assert_failed(command, place, named, code=1, says=("somebody:7b", "ollama pull"))


def test_an_ollama_that_is_not_running(
    command: Command, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with OllamaServer() as server:
        nobody = server.environment()
    configure(monkeypatch, **nobody)
    event = place.event("bad", engine="ollama")
    assert_failed(command, place, event, code=1, says=("Ollama", nobody["OLLAMA_HOST"]))


def test_no_credentials(command: Command, place: Place) -> None:
    event = place.event("bad", engine="bedrock")
    assert_failed(command, place, event, code=1, says=("credentials", "AWS_PROFILE"))


def test_no_credentials_for_s3(command: Command, place: Place) -> None:
    event = place.event("bad", engine="extractive") | {"transcription_s3_uri": "s3://some-bucket/r.json"}
    assert_failed(command, place, event, code=1, says=("credentials",))


def test_a_missing_table_is_found_before_any_model_call(
    command: Command, place: Place, aws: MotoAWS, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S1-48. There is no store to record the failure in."""
    with BedrockServer() as server:
        configure(monkeypatch, **server.environment(), TRACKING_TABLE="no-such-table")
        refused = command(json.dumps(place.event("bad", engine="bedrock")))
        assert server.requests == []
    assert_one_sentence(refused, code=1, says=("no-such-table", "TRACKING_TABLE"))
    assert json.loads(refused.stdout)["statusCode"] == 500
    assert_nothing_published(place)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["not json"], ("JSON",)),
        (["[1]"], ("JSON object",)),
        (["{}"], ("transcription_s3_uri",)),
        (['{"transcription_s3_uri": "r.json", "colour": "red"}'], ("colour", "known")),
        (["--transcript", "r.json", "--execution-id", "../../etc"], ("execution_id",)),
        (["--transcript", "r.json", "--engine", "auto", "--model", "m"], ("engine",)),
    ],
)
def test_a_request_that_is_none(
    command: Command, place: Place, arguments: list[str], says: tuple[str, ...]
) -> None:
    refused = command(*arguments)
    assert_one_sentence(refused, code=2, says=says)
    if arguments[0].startswith("--"):
        assert refused.stdout == ""
    else:
        assert json.loads(refused.stdout)["statusCode"] == 400
    assert_nothing_published(place)


def test_the_traceback_is_for_those_who_debug(
    command: Command, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = place.folder / "bad.json"
    path.write_text("{")
    arguments = ("--transcript", str(path), "--engine", "extractive")
    assert "Traceback" not in command(*arguments).stderr
    configure(monkeypatch, LOG_LEVEL="DEBUG")
    assert "Traceback" in command(*arguments).stderr
