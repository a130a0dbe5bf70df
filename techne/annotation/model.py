"""What is annotated, by whom, and what each answered."""

from __future__ import annotations

import hashlib
import re
from decimal import Decimal
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from techne.forms import Form

EMBEDDED = "embedded"
"""Provider name of the annotators that need no model and no network."""
DEFAULT_MAX_PARALLEL = 10
"""Requests at once per model (S0-12)."""

AnnotationStatus = Literal["labelled", "abstained", "failed"]


class DatasetItem(BaseModel):
    """A text to be annotated."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    index: int = Field(ge=0, description="Place in the dataset, from 0; the row of every array.")
    id: str
    text: str


class ModelSpec(Form):
    """A model of the panel."""

    model_config = ConfigDict(frozen=True)

    provider: str = Field(
        min_length=1,
        max_length=64,
        title="Provider",
        description="A registered LLM provider such as bedrock, ollama, openai or gemini; or `embedded` "
        "(lexicon, tfidf-centroid, char-nb: no network).",
    )
    model: str | None = Field(
        default=None,
        max_length=256,
        title="Model",
        description="Model id. Default: the provider's configured one.",
    )
    name: str = Field(
        default="",
        max_length=128,
        title="Name",
        description="How files and the report call it. Default: provider/model.",
    )
    max_parallel: int = Field(
        default=DEFAULT_MAX_PARALLEL, ge=1, le=1000, title="In parallel", description="Requests in flight."
    )
    temperature: float | None = Field(
        default=0.0, ge=0, le=2, title="Temperature", description="Of sampling; null is the provider's own."
    )
    max_output_tokens: int | None = Field(
        default=None, ge=1, title="Output tokens", description="Most of an answer. Default: by labels."
    )
    timeout_seconds: float | None = Field(default=None, gt=0, title="Time-out", description="Of one attempt.")

    @model_validator(mode="after")
    def _embedded_needs_a_model(self) -> Self:
        if self.provider == EMBEDDED and not self.model:
            raise ValueError("an embedded annotator needs its name: lexicon, tfidf-centroid or char-nb")
        return self

    @classmethod
    def parse(cls, text: str) -> ModelSpec:
        """`provider` or `provider/model`, as on a command line."""
        provider, _, model = text.partition("/")
        return cls(provider=provider, model=model or None)

    @property
    def label(self) -> str:
        """Its name, or provider/model."""
        return self.name or (f"{self.provider}/{self.model}" if self.model else self.provider)

    @property
    def slug(self) -> str:
        """Its label as a file name can hold it, and no other model's."""
        plain = re.sub(r"[^A-Za-z0-9._-]+", "-", self.label).strip("-.")[:60]
        return f"{plain}-{hashlib.sha256(self.label.encode()).hexdigest()[:8]}"


class Annotation(BaseModel):
    """One model's answer about one text. An abstention or a failure is no label, and never counts as one."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    index: int = Field(ge=0, description="The item's place in the dataset.")
    item_id: str
    model: str = Field(description="`ModelSpec.label`.")
    status: AnnotationStatus
    labels: tuple[str, ...] = Field((), description="One label; any number, none included, for multi.")
    confidence: float | None = Field(None, ge=0, le=1, description="As the model says.")
    rationale: str = ""
    failure: str = Field("", description="Kind of failure, as `throttled` or `invalid_output`.")
    message: str = Field("", description="What went wrong, in a sentence.")
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: Decimal | None = Field(Decimal(0), description="None where no price is known.")
    latency_seconds: float = 0.0
    attempts: int = Field(0, description="Calls sent for it; those of the original call if cached.")
    cached: bool = False
    answered_by: str = Field("", description="provider/model, if a fallback answered in the model's place.")

    @model_validator(mode="after")
    def _labels_fit_the_status(self) -> Self:
        if self.status != "labelled" and self.labels:
            raise ValueError("only an annotation that is labelled has labels")
        return self
