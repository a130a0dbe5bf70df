"""The queue: the texts that the panel is least certain about, as people and tools get them.

`review.jsonl` is its own file, one item a line. The files of other tools are made from the same items.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from techne.annotation.cells import clean, split_labels
from techne.annotation.consensus.method import TIE_TOLERANCE
from techne.annotation.labels import LabelKind, LabelSet
from techne.annotation.review.answers import Labels, problem_with
from techne.annotation.summary import DisputedItem
from techne.errors import DatasetError

QUEUE_FILE = "review.jsonl"


class ReviewItem(BaseModel):
    """A text to be decided on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(min_length=1)
    text: str = Field(description="The whole text; empty where the texts are not known.")
    votes: dict[str, Labels] = Field(description="What each model answered.")
    posterior: dict[str, float] = Field(
        description="Probability by label; for multi that the label fits. Empty without votes."
    )
    margin: float | None = Field(description="Of the consensus; None where nobody voted.")
    consensus: Labels | None = Field(description="None for a tie, or without votes.")
    tied: Labels = Field(
        (),
        description="For a tie: the labels that share the first place; for multi those as likely as not.",
    )
    gold: Labels | None = Field(None, description="The answer, once it is known.")

    def certainty_of(self, labels: Labels) -> float:
        """Probability of an answer; for multi, that of its least certain label."""
        return min((p if label in labels else 1 - p for label, p in self.posterior.items()), default=0.0)


def review_items(disputed: Iterable[DisputedItem], kind: LabelKind) -> Iterator[ReviewItem]:
    """The items whose answer is not known, in their order: the least certain first.

    Args:
        disputed: As the summary has them, texts whole; several labels in one cell are joined by `|`.
        kind: Of the label set.
    """
    for item in disputed:
        if item.gold is None:
            yield _review_item(item, kind)


def _review_item(item: DisputedItem, kind: LabelKind) -> ReviewItem:
    def labels(cell: str) -> Labels:
        return split_labels(cell) if kind == "multi" else (cell,)

    posterior = {label: p for label, p in item.posterior.items() if item.votes and not math.isnan(p)}
    return ReviewItem(
        id=item.id,
        text=clean(item.text),
        votes={model: labels(cell) for model, cell in item.votes.items()},
        posterior=posterior,
        margin=None if math.isnan(item.margin) or not posterior else max(item.margin, 0.0),
        consensus=None if item.consensus is None else labels(item.consensus),
        tied=_tied(posterior, kind) if item.consensus is None else (),
    )


def _tied(posterior: dict[str, float], kind: LabelKind) -> Labels:
    best = 0.5 if kind == "multi" else max(posterior.values(), default=0.0)
    return tuple(label for label, p in posterior.items() if abs(p - best) <= TIE_TOLERANCE)


def queue_lines(items: Iterable[ReviewItem]) -> Iterator[str]:
    """`review.jsonl`, line by line."""
    for item in items:
        yield item.model_dump_json() + "\n"


def read_queue(data: bytes, label_set: LabelSet, source: str) -> tuple[ReviewItem, ...]:
    """Read `review.jsonl`.

    Args:
        data: The file.
        label_set: What can be answered.
        source: How messages name the file.

    Raises:
        DatasetError: A line is no item, is about labels that are not in the set, or about an item that came
            before; the message names the line.
    """
    lines: dict[str, int] = {}
    items = []
    for number, line in enumerate(data.split(b"\n"), start=1):
        if not line.strip():
            continue
        item = _parsed(line, number, source)
        first = lines.setdefault(item.id, number)
        if first != number:
            raise DatasetError(
                f"{source}: line {number} is about {item.id[:100]!r}, and so is line {first}.",
                cure="Keep one of the two.",
            )
        answers = (
            *item.votes.values(),
            *(answer for answer in (item.consensus, item.gold) if answer is not None),
        )
        problem = next(filter(None, (problem_with(answer, label_set) for answer in answers)), None)
        if problem:
            raise DatasetError(
                f"{source}: in line {number}, {problem}.", cure="Use the label set of the same experiment."
            )
        items.append(item)
    return tuple(items)


def _parsed(line: bytes, number: int, source: str) -> ReviewItem:
    try:
        return ReviewItem.model_validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise DatasetError(
            f"{source}: line {number}{place and f', {place}'}: {first['msg'][0].lower() + first['msg'][1:]}.",
            cure="It is made by an annotation experiment; make it again.",
        ) from None
