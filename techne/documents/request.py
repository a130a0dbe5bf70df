"""What docgen is asked for and what it answers: the form, the flags, the event and its result.

`DocgenRequest` is at once the Prefect UI form, the command line's flags, the JSON event of S1-28 and the
parameters of a deployment run, so its titles, descriptions and bounds stand here once.
"""

from __future__ import annotations

import hashlib
import json
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from techne.envelopes import parse_event
from techne.forms import Form

STAGES = ("clean", "extract", "map", "outline", "write", "output")
"""The six stages, in order (S1-5)."""

EngineName = Literal["auto", "bedrock", "ollama", "openai", "gemini", "extractive"]


class VideoMetadata(Form):
    """What the event says of the video; both are for the record only."""

    duration: float | None = Field(None, ge=0, title="Duration", description="Seconds.")
    size_bytes: int | None = Field(None, ge=0, title="Size", description="Bytes.")


class DocgenRequest(Form):
    """A recording's transcript, to become a document."""

    model_config = ConfigDict(title="Generate a document")

    transcription_s3_uri: str = Field(
        min_length=1,
        max_length=4096,
        title="Transcript",
        description="Transcript to read: s3://bucket/key, file:///path or a plain path. Amazon Transcribe "
        "JSON (batch or Call Analytics), WebVTT or SRT.",
    )
    engine: EngineName = Field(
        default="auto",
        title="Engine",
        description="Who writes: bedrock, ollama, openai, gemini, extractive (embedded: rules, no network), "
        "or auto: bedrock, ollama or extractive, the first that is configured and reachable.",
    )
    model: str | None = Field(
        default=None,
        max_length=256,
        title="Model",
        description="Model id for the engine. Default: BEDROCK_MODEL_ID, OLLAMA_MODEL, OPENAI_MODEL or "
        "GEMINI_MODEL.",
    )
    language: str | None = Field(
        default=None,
        pattern=r"^[a-zA-Z]{2,3}(-[A-Za-z0-9]{2,8})*$",
        title="Language",
        description="Language of the document, such as pt-BR or en-US. Default: the recording's.",
    )
    template: str | None = Field(
        default=None,
        max_length=4096,
        title="Template",
        description="A .docx or .dotx whose styles, page, header, footer and logo the Word document takes: "
        "s3://bucket/key, file:///path or a plain path. Default: the DOCX_TEMPLATE setting, else a template "
        "of ours.",
    )
    max_cost_usd: float | None = Field(
        default=None,
        gt=0,
        title="Budget in USD",
        description="Stop before the model calls of this run could cost more. What was answered is kept: run "
        "again with more to go on. Default: no budget.",
    )
    video_s3_uri: str | None = Field(
        default=None,
        max_length=4096,
        title="Video",
        description="The recording itself. With an http(s) address, times in the document link into it.",
    )
    video_metadata: VideoMetadata | None = Field(
        default=None, title="Video metadata", description="Duration and size of the video, for the record."
    )
    execution_id: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$",
        title="Execution id",
        description="Name of this piece of work: letters, digits, '.', '_' and '-'. The same id runs once; "
        "asking again returns the stored result. Default: made from the transcript and the options.",
    )
    output: str | None = Field(
        default=None,
        max_length=4096,
        title="Output",
        description="Folder or s3://bucket/prefix; the document goes to <output>/<execution id>/. "
        "Default: the OUTPUT_BUCKET setting, else the folder 'output'.",
    )
    force: bool = Field(
        default=False,
        title="Force",
        description="Make a new attempt even if this execution id is completed, or was used with another "
        "input. Model answers that were paid for are reused.",
    )

    @model_validator(mode="after")
    def _model_needs_its_engine(self) -> Self:
        if self.model is not None and self.engine in ("auto", "extractive"):
            raise ValueError("a model needs its engine: set engine to bedrock, ollama, openai or gemini")
        return self

    def identity(self) -> str:
        """Hash of everything that decides what the document says and looks like: the execution's fingerprint.

        A template counts only where one is asked for, so that what was made before there were any is known.
        """
        deciding = {"transcription_s3_uri", "video_s3_uri", "engine", "model", "language"}
        fields = self.model_dump(mode="json", include=deciding | ({"template"} if self.template else set()))
        return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()

    def named(self, transcript_sha256: str, template_sha256: str | None = None) -> DocgenRequest:
        """This request with an id: its own, or one made from the options and the contents of what is read.

        Args:
            transcript_sha256: Of the transcript.
            template_sha256: Of the template, if there is one, asked for or by default.
        """
        if self.execution_id:
            return self
        contents = f"{self.identity()}{transcript_sha256}{template_sha256 or ''}"
        digest = hashlib.sha256(contents.encode()).hexdigest()
        return self.model_copy(update={"execution_id": f"docgen-{digest[:12]}"})


class TokensUsed(BaseModel):
    """Tokens of all model calls that went into the document, paid now or in an earlier attempt."""

    input: int = 0
    output: int = 0
    total: int = 0


class GroundingSummary(BaseModel):
    """What the walk back from the document to the recording found."""

    checked: int = Field(
        description="Commands, codes, paths, settings, versions, numbers and names looked up."
    )
    verified: int
    unused_items: int = Field(description="Items extracted and not used in the document.")


class DocgenResult(BaseModel):
    """The body of a success (S1-30). The `_s3_uri` fields carry file:// URIs in local mode."""

    execution_id: str
    markdown_s3_uri: str
    docx_s3_uri: str
    manifest_s3_uri: str
    tokens_used: TokensUsed
    cost_usd: float | None = Field(description="None where a model's price is not known.")
    duration_seconds: float
    chunks_processed: int
    stages_completed: int
    engine: str
    engine_reason: str
    models: tuple[str, ...] = ()
    attempt: int
    calls_sent: int = Field(
        description="Calls sent to providers by this process meanwhile, retries included; cached answers "
        "are not among them."
    )
    grounding: GroundingSummary
    transcript_sha256: str
    template_sha256: str | None = Field(None, description="Of the DOCX template, where there was one.")


def parse_request(event: object) -> DocgenRequest:
    """The request of a JSON event (S1-28).

    Raises:
        InputError: The event is not an object, or a field is missing, unknown or out of bounds.
    """
    return parse_event(DocgenRequest, event, example='{"transcription_s3_uri": "..."}')
