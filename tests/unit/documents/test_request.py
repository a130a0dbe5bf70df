"""The request and its envelopes: form, flags, event."""

from __future__ import annotations

from typing import Any

import pytest

from techne.documents.request import (
    DocgenRequest,
    DocgenResult,
    GroundingSummary,
    TokensUsed,
    parse_request,
)
from techne.envelopes import error_envelope, success_envelope
from techne.errors import InputError, ThrottledError, TranscriptError

EVENT = {
    "execution_id": "550e8400-e29b-41d4-a716-446655440000",
    "video_s3_uri": "s3://input-bucket/video.mp4",
    "transcription_s3_uri": "s3://transcription-bucket/uuid/transcription.json",
    "video_metadata": {"duration": 10800, "size_bytes": 2147483648},
}


def test_the_event_is_a_request() -> None:
    """S1-28."""
    request = parse_request(EVENT)
    assert request.execution_id == EVENT["execution_id"]
    assert request.video_metadata is not None
    assert request.video_metadata.duration == 10800


@pytest.mark.parametrize("execution_id", ["test-123", "uuid-123", "abc-123"])
def test_an_execution_id_need_not_be_a_uuid(execution_id: str) -> None:
    """S1-29."""
    assert parse_request({**EVENT, "execution_id": execution_id}).execution_id == execution_id


@pytest.mark.parametrize("execution_id", ["", ".", "..", "a/b", "../a", "-a", "a b", "a\n", "é", "x" * 129])
def test_an_execution_id_is_safe_as_a_folder_name(execution_id: str) -> None:
    with pytest.raises(InputError, match="execution_id"):
        parse_request({**EVENT, "execution_id": execution_id})


@pytest.mark.parametrize(
    ("event", "named"),
    [
        ([], "not a JSON object"),
        ({}, "transcription_s3_uri"),
        ({**EVENT, "transcription": "x"}, "transcription: is not a known field"),
        ({**EVENT, "engine": "gpt"}, "engine"),
        ({**EVENT, "video_metadata": {"duration": -1}}, "video_metadata.duration"),
        ({**EVENT, "language": "Portuguese (Brazil)"}, "language"),
        ({**EVENT, "model": "qwen2-7b"}, "model"),
    ],
)
def test_a_wrong_event_is_refused_by_the_name_of_the_field(event: object, named: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_request(event)
    assert named in str(caught.value)


def test_every_field_of_the_form_has_a_title_and_a_description_and_only_the_transcript_is_asked_for() -> None:
    schema: dict[str, Any] = DocgenRequest.model_json_schema()
    for name, field in schema["properties"].items():
        assert field.get("title"), name
        assert field.get("description"), name
    assert schema["required"] == ["transcription_s3_uri"]
    defaults = {name: field["default"] for name, field in schema["properties"].items() if "default" in field}
    assert defaults == {"engine": "auto", "force": False}


def test_the_identity_is_what_decides_what_the_document_says() -> None:
    request = parse_request(EVENT)
    same = request.model_copy(update={"force": True, "execution_id": "other", "output": "elsewhere"})
    assert same.identity() == request.identity()
    for change in (
        {"engine": "ollama"},
        {"language": "en-US"},
        {"transcription_s3_uri": "s3://b/k"},
        {"template": "s3://b/company.docx"},
    ):
        assert request.model_copy(update=change).identity() != request.identity()


def test_without_a_template_the_identity_is_what_it_was_before_there_were_any() -> None:
    """The records of that time are still those of these requests."""
    before = "f69955747a0b4d357f8ef0720d988ab99877f2d1526621d0ca4a7d4aa413e50a"
    assert parse_request(EVENT).identity() == before
    assert parse_request({**EVENT, "template": None}).identity() == before
    assert parse_request({**EVENT, "template": ""}).identity() == before


def test_a_request_without_an_id_is_named_by_content_and_options() -> None:
    request = DocgenRequest(transcription_s3_uri="a.json")
    name = request.named("content").execution_id
    assert name == request.named("content").execution_id
    assert name != request.named("other content").execution_id
    assert name != request.model_copy(update={"language": "en"}).named("content").execution_id
    assert name != request.named("content", "template").execution_id
    assert request.named("content", "other").execution_id != request.named("content", "template").execution_id
    assert parse_request(EVENT).named("content").execution_id == EVENT["execution_id"]


def test_the_success_envelope_has_the_fields_of_the_contract() -> None:
    """S1-30."""
    envelope = success_envelope(
        DocgenResult(
            execution_id="uuid",
            markdown_s3_uri="s3://output-bucket/uuid/document.md",
            docx_s3_uri="s3://output-bucket/uuid/document.docx",
            manifest_s3_uri="s3://output-bucket/uuid/manifest.json",
            tokens_used=TokensUsed(input=150_000, output=8_000, total=158_000),
            cost_usd=0.57,
            duration_seconds=185,
            chunks_processed=2,
            stages_completed=6,
            engine="bedrock",
            engine_reason="Bedrock was asked for.",
            attempt=1,
            calls_sent=20,
            grounding=GroundingSummary(checked=3, verified=3, unused_items=0),
            transcript_sha256="0" * 64,
        )
    )
    assert envelope["statusCode"] == 200
    assert (
        envelope["body"].items()
        >= {
            "execution_id": "uuid",
            "markdown_s3_uri": "s3://output-bucket/uuid/document.md",
            "docx_s3_uri": "s3://output-bucket/uuid/document.docx",
            "tokens_used": {"input": 150_000, "output": 8_000, "total": 158_000},
            "cost_usd": 0.57,
            "duration_seconds": 185,
            "chunks_processed": 2,
            "stages_completed": 6,
        }.items()
    )


def test_a_providers_failure_is_a_500_with_its_cause() -> None:
    """S1-31."""
    message = "Failed to invoke Bedrock: ThrottlingException"
    assert error_envelope(ThrottledError(message)) == {
        "statusCode": 500,
        "body": {"error": "ProcessingError", "message": message},
    }


def test_a_wrong_input_is_a_400_with_its_kind() -> None:
    """S1-31, resolution 1."""
    assert error_envelope(TranscriptError("Not JSON.", cure="Send JSON.")) == {
        "statusCode": 400,
        "body": {"error": "TranscriptError", "message": "Not JSON. Send JSON."},
    }


def test_our_own_bug_is_a_500() -> None:
    assert error_envelope(ZeroDivisionError("x"))["statusCode"] == 500
