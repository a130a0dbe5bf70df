"""What a review is asked for and what it answers."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from techne.annotation.review.gold import Conflict
from techne.forms import Form

WEEK_SECONDS = 7 * 24 * 3600


class ReviewRequest(Form):
    """Disputed items of an annotation experiment, to be decided by a person."""

    model_config = ConfigDict(title="Review disputed items")

    experiment: str = Field(
        max_length=4096,
        title="Experiment",
        description="Folder of a finished experiment's files, where review.jsonl lies: s3://bucket/prefix, "
        "file:///path or a path.",
    )
    answers: str | None = Field(
        default=None,
        max_length=4096,
        title="Answers",
        description="File of answers: an export of Label Studio or Argilla (JSON), or a table of id "
        "and label. Default: a person is asked in the Prefect UI.",
    )
    gold: str | None = Field(
        default=None,
        max_length=4096,
        title="Gold",
        description="Known answers so far (columns id or task, and label); the new ones are added to them. "
        "Default: those that the experiment knew.",
    )
    items_per_page: int = Field(default=10, ge=1, le=100, title="Items per page", description="Of the form.")
    pages: int | None = Field(
        default=None, ge=1, le=10_000, title="Pages", description="At most so many. Default: the whole queue."
    )
    wait_seconds: int = Field(
        default=WEEK_SECONDS,
        ge=1,
        le=53 * WEEK_SECONDS,
        title="Wait",
        description="How long a page waits for its answers, in seconds, before the run fails. Run it again "
        "to go on.",
    )
    output: str | None = Field(
        default=None,
        max_length=4096,
        title="Output",
        description="Folder for answers and new gold. Default: the folder 'review' of the experiment.",
    )
    rerun: bool = Field(
        default=False,
        title="Decide anew",
        description="Make the consensus anew, with the new gold, from the same annotations.",
    )


class ReviewResult(BaseModel):
    """What a review came to. The `_uri` fields carry file:// URIs in local mode."""

    model_config = ConfigDict(extra="forbid")

    answered: int = Field(description="Items that a person decided.")
    skipped: int = Field(description="Items that were passed over.")
    added: int = Field(description="Answers that were not known before.")
    conflicts: tuple[Conflict, ...] = Field(description="Answers that contradict gold; gold stays.")
    disagreements: tuple[str, ...] = Field((), description="Items on which people disagree; none was taken.")
    gold_items: int = Field(description="Known answers now.")
    gold_uri: str
    experiment_uri: str | None = Field(
        None, description="Summary of the new consensus, if one was asked for."
    )
