"""Company templates on a real Prefect server: where they are read, what is refused, what a change means.

S1-13, S1-54, S1-55.
"""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import docx
import pytest

from flows.docgen import docgen, lambda_handler
from flows.docgen_command import main
from flows.docgen_inbox import docgen_inbox
from techne.documents.docx.templates.package import PACKED_LIMIT
from techne.documents.inbox_request import InboxRequest
from techne.documents.request import DocgenRequest, DocgenResult
from techne.errors import ExecutionConflictError, TemplateError, TranscriptError
from techne.settings import get_settings
from techne.storage import Manifest, open_store, parse_uri, read_manifest
from techne.tracking import ExecutionRecord, ExecutionStatus, open_tracking
from tests.integration.conftest import MotoAWS
from tests.integration.docgen_runs import event, small_recording
from tests.loopback.bedrock import BedrockServer
from tests.support import scripted_model

pytestmark = pytest.mark.usefixtures("prefect_server")

TECHNICAL = (
    "If the worker shows error 502 you must restart nginx with systemctl restart nginx.",
    "The read timeout in the file nginx.conf is 60 seconds.",
)


COMPANY = "Company Ltd"


def headed_template(header: str = COMPANY) -> bytes:
    """A Word document that is known again by its header."""
    document = docx.Document()
    document.sections[0].header.paragraphs[0].text = header
    saved = io.BytesIO()
    document.save(saved)
    return saved.getvalue()


def branded(path: Path, header: str) -> Path:
    path.write_bytes(headed_template(header))
    return path


def damaged(path: Path) -> Path:
    path.write_bytes(headed_template()[:-100])
    return path


@pytest.fixture
def template(tmp_path: Path) -> Path:
    return branded(tmp_path / "company.docx", COMPANY)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return small_recording(tmp_path / "recording.json", *TECHNICAL)


async def run(fields: dict[str, Any]) -> DocgenResult:
    return await docgen(DocgenRequest.model_validate(fields))


def local(uri: str) -> Path:
    return Path(unquote(urlsplit(uri).path))


def header_of(data: bytes) -> str:
    section = docx.Document(io.BytesIO(data)).sections[0]
    return str(section.header.paragraphs[0].text)


def manifest_of(result: DocgenResult) -> Manifest:
    folder = parse_uri(result.manifest_s3_uri.rpartition("/")[0], folder=True)
    return read_manifest(folder, store=open_store(folder, get_settings()))


def record_of(execution_id: str) -> ExecutionRecord:
    record = open_tracking(get_settings()).get(execution_id)
    assert record is not None
    return record


def use_bedrock(monkeypatch: pytest.MonkeyPatch, server: BedrockServer) -> None:
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()


def questions(server: BedrockServer) -> int:
    """Requests but those by which a run sees whether the model is there."""
    return sum(request.max_tokens != 1 for request in server.requests)


async def test_the_word_document_is_made_in_the_template_and_the_manifest_says_which(
    tmp_path: Path, template: Path, recording: Path
) -> None:
    fields = event(tmp_path, "company", transcription_s3_uri=str(recording), template=str(template))
    result = await run(fields)
    assert header_of(local(result.docx_s3_uri).read_bytes()) == COMPANY
    assert manifest_of(result).details["docx"] == {
        "template": {"name": template.as_uri(), "sha256": result.template_sha256},
        "losses": [],
    }
    assert await run(fields) == result
    await asyncio.to_thread(template.unlink)  # which takes no finished document away
    assert await run(fields) == result
    assert record_of("company").attempt == 1


def test_a_template_in_s3_is_every_documents_by_the_setting(
    aws: MotoAWS, monkeypatch: pytest.MonkeyPatch, recording: Path
) -> None:
    bucket = aws.create_bucket("input-bucket")
    aws.s3.put_object(Bucket=bucket, Key="transcripts/r.json", Body=recording.read_bytes())
    aws.s3.put_object(Bucket=bucket, Key="templates/company.docx", Body=headed_template())
    monkeypatch.setenv("OUTPUT_BUCKET", aws.create_bucket("output-bucket"))
    monkeypatch.setenv("DOCX_TEMPLATE", "s3://input-bucket/templates/company.docx")
    get_settings.cache_clear()
    request = {
        "execution_id": "by-setting",
        "transcription_s3_uri": "s3://input-bucket/transcripts/r.json",
        "engine": "extractive",
    }
    answer = lambda_handler(request)
    assert answer["statusCode"] == 200, answer
    stored = aws.s3.get_object(Bucket="output-bucket", Key="by-setting/document.docx")["Body"].read()
    assert header_of(stored) == COMPANY

    monkeypatch.delenv("DOCX_TEMPLATE")
    get_settings.cache_clear()
    without = lambda_handler(request)
    assert (without["statusCode"], without["body"]["error"]) == (400, "ExecutionConflictError")

    missing = "s3://input-bucket/templates/missing.docx"
    refused = lambda_handler({**request, "execution_id": "by-request", "template": missing})
    assert refused["statusCode"] == 400
    assert missing in refused["body"]["message"]


def with_macros(path: Path) -> None:
    macros = "application/vnd.ms-word.document.macroEnabled.main+xml"
    plain = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    with zipfile.ZipFile(io.BytesIO(headed_template())) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name).replace(plain.encode(), macros.encode()))


def too_large(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(PACKED_LIMIT + 1)


REFUSALS: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "macros": (with_macros, "TemplateError", "macro"),
    "broken": (damaged, "TemplateError", "company.docx"),
    "no document": (lambda path: path.write_bytes(b"%PDF-1.7"), "TemplateError", "company.docx"),
    "missing": (lambda path: None, "ObjectNotFoundError", "company.docx"),
    "too large": (too_large, "ObjectTooLargeError", f"limit of {PACKED_LIMIT:,}"),
}


def check_refused(tmp_path: Path, template: str, error: str, message: str) -> None:
    """The run answers 400 and leaves a failed record with the message, and nothing else."""
    request = event(tmp_path, "refused", engine="bedrock", template=template)
    answer = lambda_handler(request)
    assert (answer["statusCode"], answer["body"]["error"]) == (400, error)
    assert message in answer["body"]["message"]
    record = record_of("refused")
    assert (record.status, record.error) == (ExecutionStatus.FAILED, answer["body"]["message"])
    assert list((tmp_path / "out").rglob("*.*")) == []


@pytest.mark.parametrize("kind", REFUSALS)
def test_a_template_that_can_not_be_used_costs_no_model_call(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, error, message = REFUSALS[kind]
    make(tmp_path / "company.docx")
    with BedrockServer(scripted_model.respond) as server:
        use_bedrock(monkeypatch, server)
        check_refused(tmp_path, str(tmp_path / "company.docx"), error, message)
        assert server.requests == []


def test_a_template_is_read_from_allowed_places_alone(
    tmp_path: Path, template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_refused(tmp_path, "https://example.com/company.docx", "UnsafeURIError", "scheme 'https'")
    samples = Path(__file__).resolve().parents[2] / "samples"
    monkeypatch.setenv("TECHNE_ALLOWED_URIS", f"{samples},{tmp_path / 'out'}")
    get_settings.cache_clear()
    request = event(tmp_path, "elsewhere", template=str(template))
    answer = lambda_handler(request)
    assert (answer["statusCode"], answer["body"]["error"]) == (400, "UnsafeURIError")


def test_on_the_command_line_it_is_a_flag_and_a_refused_one_ends_with_2(
    tmp_path: Path, recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.docx"
    broken.write_bytes(b"PK")
    flags = ["--transcript", str(recording), "--output", str(tmp_path / "out"), "--engine", "extractive"]
    assert main([*flags, "--template", str(broken)], docgen) == 2
    assert "broken.docx" in capsys.readouterr().err


async def test_the_same_id_with_a_changed_template_is_refused_until_forced(
    tmp_path: Path, template: Path, recording: Path
) -> None:
    fields = event(tmp_path, "restyled", transcription_s3_uri=str(recording), template=str(template))
    first = await run(fields)
    branded(template, "Another Ltd")
    with pytest.raises(ExecutionConflictError, match="template of execution 'restyled' has changed"):
        await run(fields)
    again = await run({**fields, "force": True})
    assert header_of(local(again.docx_s3_uri).read_bytes()) == "Another Ltd"
    assert again.template_sha256 != first.template_sha256


async def test_another_template_is_another_document_for_which_no_model_is_asked_again(
    tmp_path: Path, template: Path, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = event(tmp_path, "", transcription_s3_uri=str(recording), engine="bedrock")
    del fields["execution_id"]
    with BedrockServer(scripted_model.respond) as server:
        use_bedrock(monkeypatch, server)
        plain = await run(fields)
        asked = questions(server)
        assert asked > 0
        styled = await run({**fields, "template": str(template)})
        branded(template, "Another Ltd")
        restyled = await run({**fields, "template": str(template)})
        assert questions(server) == asked
    assert len({plain.execution_id, styled.execution_id, restyled.execution_id}) == 3
    headers = [header_of(local(one.docx_s3_uri).read_bytes()) for one in (styled, restyled)]
    assert headers == [COMPANY, "Another Ltd"]
    assert styled.tokens_used == plain.tokens_used


async def test_a_later_attempt_says_that_the_template_has_changed_since(
    tmp_path: Path, template: Path, caplog: pytest.LogCaptureFixture
) -> None:
    recording = tmp_path / "recording.json"
    recording.write_text("{}")
    fields = event(tmp_path, "resumed", transcription_s3_uri=str(recording), template=str(template))
    with pytest.raises(TranscriptError):
        await run(fields)
    small_recording(recording, *TECHNICAL)
    branded(template, "Another Ltd")
    result = await run(fields)
    assert result.attempt == 2
    assert "The template has changed since an earlier attempt at execution resumed" in caplog.text
    assert header_of(local(result.docx_s3_uri).read_bytes()) == "Another Ltd"


async def test_every_document_of_an_inbox_is_made_in_its_template(tmp_path: Path, template: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    small_recording(inbox / "alpha.json", *TECHNICAL)
    request = InboxRequest(
        prefix=str(inbox), output=str(tmp_path / "out"), engine="extractive", template=str(template)
    )
    damaged(template)
    with pytest.raises(TemplateError, match=r"company\.docx"):
        await docgen_inbox(request)
    assert open_tracking(get_settings()).list() == ()  # no transcript has lost an attempt

    branded(template, COMPANY)
    (made,) = (await docgen_inbox(request)).objects
    assert header_of(local(str(made.docx_s3_uri)).read_bytes()) == COMPANY
