"""What the inbox is asked for and what it answers: the form, the flags, the event and its result."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from techne.documents.request import DocgenRequest, EngineName
from techne.envelopes import parse_event
from techne.forms import Form

DEFAULT_PATTERNS = ("*.json", "*.vtt", "*.srt")
MAX_DOCUMENTS = 500
"""Of one run: each is a flow run of its own."""


class Outcome(StrEnum):
    """What came of an object."""

    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"
    WAITING = "waiting"


def _as_docgen(name: str) -> Any:
    """The field of that name as a single document's request has it."""
    return DocgenRequest.model_fields[name]


class InboxRequest(Form):
    """A folder of recordings' transcripts, of which each is to become a document."""

    model_config = ConfigDict(title="Generate the documents of an inbox")

    prefix: str = Field(
        min_length=1,
        max_length=4096,
        title="Inbox",
        description="Folder of transcripts, with all folders below it: s3://bucket/prefix, file:///path or a "
        "plain path.",
    )
    output: str | None = Field(
        default=None,
        max_length=4096,
        title="Output",
        description="Folder or s3://bucket/prefix; each document goes to <output>/<execution id>/. It may "
        "lie below the inbox. Default: the OUTPUT_BUCKET setting, else the folder 'output'.",
    )
    engine: EngineName = _as_docgen("engine")
    model: str | None = _as_docgen("model")
    language: str | None = _as_docgen("language")
    template: str | None = _as_docgen("template")
    max_cost_usd: float | None = Field(
        default=None,
        gt=0,
        title="Budget in USD",
        description="Of each document's attempt: it stops before its model calls could cost more. What was "
        "answered is kept, so the next attempt goes on from there. Default: no budget.",
    )
    patterns: tuple[str, ...] = Field(
        default=DEFAULT_PATTERNS,
        min_length=1,
        max_length=20,
        title="Patterns",
        description="Which objects are transcripts, by their path below the inbox; '*' stands for any "
        "characters, upper and lower case are the same.",
    )
    max_parallel: int = Field(
        default=2, ge=1, le=16, title="Documents at once", description="Documents that are made at once."
    )
    max_documents: int = Field(
        default=100,
        ge=1,
        le=MAX_DOCUMENTS,
        title="Documents",
        description="Most documents of this run; the rest waits for a later one.",
    )
    max_attempts: int = Field(
        default=5,
        ge=1,
        le=20,
        title="Attempts",
        description="Attempts at one version of an object, over all runs; then it is given up until it is "
        "replaced.",
    )
    retry_after_minutes: float = Field(
        default=60,
        ge=0,
        le=7 * 24 * 60,
        title="Minutes to the next attempt",
        description="After a failed attempt; doubled with each further one, so that an outage doesn't use "
        "attempts up.",
    )
    min_age_seconds: float = Field(
        default=0,
        ge=0,
        le=24 * 60 * 60,
        title="Least age in seconds",
        description="Leave alone what changed more recently: a file in a folder may still be written. "
        "Objects in S3 appear whole.",
    )
    max_age_days: float | None = Field(
        default=None,
        gt=0,
        title="Most age in days",
        description="Ignore what has not changed for longer. Default: any age.",
    )
    dry_run: bool = Field(
        default=False, title="Dry run", description="Say what would be done, and do nothing."
    )

    @model_validator(mode="after")
    def _model_needs_its_engine(self) -> Self:
        if self.model is not None and self.engine in ("auto", "extractive"):
            raise ValueError("a model needs its engine: set engine to bedrock, ollama, openai or gemini")
        return self


class InboxObject(BaseModel):
    """What came of one object."""

    model_config = ConfigDict(extra="forbid")

    uri: str
    execution_id: str
    outcome: Outcome = Field(
        description="done: this run made its document. skipped: an earlier one did. failed: it has none, "
        "because an attempt of this run failed or none is made any more. waiting: for a later run."
    )
    reason: str = Field("", description="Why it is not done; empty if it is.")
    tried: bool = Field(False, description="Whether this run made an attempt.")
    markdown_s3_uri: str | None = None
    docx_s3_uri: str | None = None
    cost_usd: float | None = Field(None, description="Of a document of this run, if prices are known.")


class InboxResult(BaseModel):
    """What came of an inbox. The four outcomes count every transcript; `objects` may name fewer."""

    model_config = ConfigDict(extra="forbid")

    prefix: str
    dry_run: bool
    done: int
    skipped: int
    failed: int
    waiting: int
    given_up: int = Field(description="Of the failed ones: no attempt was made, nor will be.")
    ignored: int = Field(description="Other objects: by their name, age or place no transcripts.")
    unlisted: int = Field(description="Transcripts that are counted and not named in `objects`.")
    objects: tuple[InboxObject, ...] = Field(description="Those that this run tried first.")


def parse_request(event: object) -> InboxRequest:
    """The request of a JSON event.

    Raises:
        InputError: The event is not an object, or a field is missing, unknown or out of bounds.
    """
    return parse_event(InboxRequest, event, example='{"prefix": "..."}')
