"""What an experiment is asked for and what it answers: the form, the flags, the event and its result."""

from __future__ import annotations

import hashlib
import json
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from techne.annotation.labels import LabelKind, LabelSet
from techne.annotation.model import EMBEDDED, ModelSpec
from techne.envelopes import parse_event
from techne.forms import Form

STAGES = {"read": 2.0, "annotate": 88.0, "consensus": 5.0, "output": 5.0}
"""The stages, in order, with their weights in the progress of a run."""

EMBEDDED_PANEL = tuple(
    ModelSpec(provider=EMBEDDED, model=name) for name in ("lexicon", "tfidf-centroid", "char-nb")
)
"""Who annotates where no model is named: rules and statistics of this process, without a network."""

_OUTCOME_FIELDS = (
    "dataset",
    "annotations",
    "gold",
    "id_column",
    "text_column",
    "labels",
    "label_set",
    "kind",
    "models",
    "confidence",
    "rationale",
    "abstain",
    "methods",
    "consensus",
    "strategy",
    "threshold",
    "review_items",
    "include_text",
)
"""What decides what comes out; the rest is where, how fast and for how much."""


class AnnotationRequest(Form):
    """A dataset to be annotated by several models, or labels that exist already."""

    model_config = ConfigDict(title="Run an annotation experiment")

    dataset: str | None = Field(
        default=None,
        max_length=4096,
        title="Dataset",
        description="Texts to annotate: CSV, JSONL or Parquet; s3://bucket/key, file:///path or a path.",
    )
    labels: str | None = Field(
        default=None, max_length=4096, title="Label set", description="JSON file of the label set."
    )
    label_set: LabelSet | None = Field(
        default=None, title="Label set, inline", description="The label set itself, instead of a file."
    )
    models: tuple[ModelSpec, ...] = Field(
        default=EMBEDDED_PANEL,
        min_length=1,
        max_length=50,
        title="Models",
        description="The panel. Default: three embedded annotators, which need no network.",
    )
    gold: str | None = Field(
        default=None,
        max_length=4096,
        title="Gold",
        description="Known answers (columns id or task, and label), to measure models and consensus on.",
    )
    annotations: str | None = Field(
        default=None,
        max_length=4096,
        title="Existing labels",
        description="Instead of a dataset: labels that exist already (columns task, worker or model, label). "
        "No model is called.",
    )
    id_column: str = Field(
        default="id",
        min_length=1,
        max_length=200,
        title="Id column",
        description="Column of the dataset that names each text.",
    )
    text_column: str = Field(
        default="text",
        min_length=1,
        max_length=200,
        title="Text column",
        description="Column of the dataset that holds the texts.",
    )
    kind: LabelKind = Field(
        default="single",
        title="Kind of labels",
        description="For existing labels without a label set: one label a text, several, or one on a scale.",
    )
    experiment_id: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$",
        title="Experiment id",
        description="Name of this piece of work: letters, digits, '.', '_' and '-'. The same id runs once; "
        "asking again returns the stored result. Default: made from the inputs and the options.",
    )
    output: str | None = Field(
        default=None,
        max_length=4096,
        title="Output",
        description="Folder or s3://bucket/prefix; the results go to <output>/<experiment id>/. "
        "Default: the OUTPUT_BUCKET setting, else the folder 'output'.",
    )
    confidence: bool = Field(
        default=True, title="Ask for confidence", description="Models say how certain they are."
    )
    rationale: bool = Field(
        default=False, title="Ask for a rationale", description="In one sentence; costs tokens."
    )
    abstain: bool = Field(
        default=True, title="Allow abstentions", description="Models may say that they can't tell."
    )
    methods: tuple[str, ...] = Field(
        default=(),
        max_length=10,
        title="Consensus methods",
        description="majority, gold-weighted, dawid-skene, one-coin, median, mace, glad. "
        "Default: all that need no extra and fit.",
    )
    consensus: str | None = Field(
        default=None,
        max_length=64,
        title="Consensus",
        description="Method whose answers the consensus files carry. Default: the one that is best on gold.",
    )
    strategy: Literal["panel", "cascade"] = Field(
        default="panel",
        title="Strategy",
        description="panel: every model answers every text. cascade: the cheap models first, the others only "
        "where that is not yet sure.",
    )
    threshold: float | None = Field(
        default=None,
        gt=0.5,
        le=1,
        title="Threshold",
        description="Posterior from which a cascade is sure. Default: found on gold.",
    )
    max_cost_usd: float | None = Field(
        default=None,
        gt=0,
        title="Budget in USD",
        description="Stop before the model calls of this run could cost more. What was answered is kept: run "
        "again with more to go on. Default: no budget.",
    )
    shard_size: int | None = Field(
        default=None,
        ge=1,
        le=100_000,
        title="Texts per task",
        description="Default: such that a run has tens of tasks, not thousands.",
    )
    review_items: int = Field(
        default=50,
        ge=0,
        le=10_000,
        title="Items to review",
        description="How many of the least certain texts go into the review files.",
    )
    include_text: bool = Field(
        default=True,
        title="Texts in outputs",
        description="Whether consensus files and report carry the texts.",
    )
    fan_out: Literal["none", "deployments"] = Field(
        default="none",
        title="Fan out",
        description="none: this process annotates. deployments: flow runs of their own on the work pool do.",
    )
    fan_out_deployment: str = Field(
        default="annotation-shards/annotation-shards",
        pattern=r"^[^/]+/[^/]+$",
        title="Fan-out deployment",
        description="Deployment that annotates shards, as flow/deployment.",
    )
    fan_out_runs: int = Field(
        default=5, ge=1, le=50, title="Fan-out runs", description="Flow runs that share the work."
    )
    force: bool = Field(
        default=False,
        title="Force",
        description="Make a new attempt even if this experiment is completed, or had another input. Answers "
        "that were paid for are reused.",
    )

    @model_validator(mode="after")
    def _asks_one_thing(self) -> Self:
        if (self.dataset is None) == (self.annotations is None):
            raise ValueError("give a dataset to annotate or existing annotations, and not both")
        if self.labels is not None and self.label_set is not None:
            raise ValueError("give the label set as a file or inline, and not both")
        if self.dataset is not None and self.labels is None and self.label_set is None:
            raise ValueError("a dataset needs a label set: give labels or label_set")
        names = [model.label for model in self.models]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"two models are called {twice!r}: give one of them a name of its own")
        if self.strategy == "cascade" and self.annotations is None and len(self.models) < 2:
            raise ValueError("a cascade needs two models or more")
        return self

    def identity(self, *contents: str) -> str:
        """Hash of everything that decides what comes out: options and, if given, hashes of the inputs."""
        fields = self.model_dump(mode="json", include=set(_OUTCOME_FIELDS))
        return hashlib.sha256(json.dumps([fields, contents], sort_keys=True).encode()).hexdigest()

    def named(self, *contents: str) -> AnnotationRequest:
        """This request with an id: its own, or one made from options and inputs."""
        if self.experiment_id:
            return self
        return self.model_copy(update={"experiment_id": f"annotation-{self.identity(*contents)[:12]}"})


class AnnotationResult(BaseModel):
    """What an experiment came to. The `_uri` fields carry file:// URIs in local mode."""

    model_config = ConfigDict(extra="forbid")

    experiment_id: str
    complete: bool = Field(description="Whether every model was asked about every text that it was to see.")
    stopped_by: str | None = Field(None, description="What ended the asking early, such as the budget.")
    summary_uri: str
    report_uri: str
    manifest_uri: str
    items: int
    models: int
    chosen: str = Field(description="Consensus method of the consensus files.")
    recommended: str | None = Field(description="Model or method to use, on the evidence of the gold.")
    recommendation: str | None = Field(description="Why that, in a sentence or two.")
    accuracy: dict[str, float] = Field(
        default_factory=dict,
        description="Of each model and method, on gold items that it did not learn from.",
    )
    warnings: tuple[str, ...] = ()
    failed: int = Field(description="Answers that failed; they are listed in failures.csv.")
    cost_usd: float | None = Field(description="Of all answers; None where a price is not known.")
    calls_sent: int = Field(description="Calls sent to providers by this run, retries included.")
    duration_seconds: float
    efficiency: float | None = Field(description="Least time that the calls could take / time they took.")
    attempt: int


def parse_request(event: object) -> AnnotationRequest:
    """The request of a JSON event.

    Raises:
        InputError: The event is not an object, or a field is missing, unknown or out of bounds.
    """
    return parse_event(AnnotationRequest, event, example='{"dataset": "...", "labels": "..."}')
