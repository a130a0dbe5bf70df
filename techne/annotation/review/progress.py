"""How far a review is: a small file that is written after every page, so that nothing is asked twice."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from techne.annotation.labels import LabelSet
from techne.annotation.review.answers import CollectedAnswers, Labels, problem_with
from techne.annotation.review.queue import ReviewItem
from techne.errors import DatasetError

ANSWERS_FILE = "answers.json"


class ReviewProgress(BaseModel):
    """What has been answered and passed over."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = 1
    answers: dict[str, Labels] = Field(default_factory=dict, description="By item id.")
    skipped: tuple[str, ...] = Field((), description="Ids of items that were passed over.")
    disagreements: tuple[str, ...] = Field(
        (), description="Ids of items about which the answers contradict each other; none of them is taken."
    )

    def covers(self, items: Iterable[ReviewItem]) -> bool:
        """Whether all of these items have been shown to somebody."""
        seen = {*self.answers, *self.skipped, *self.disagreements}
        return all(item.id in seen for item in items)

    def with_answers(self, new: CollectedAnswers) -> Self:
        """The same and a page more; a later answer replaces an earlier one."""
        answers = {**self.answers, **new.labels}
        disagreements = dict.fromkeys((*self.disagreements, *new.disagreements))
        skipped = dict.fromkeys((*self.skipped, *new.skipped))
        return self.model_copy(
            update={
                "answers": answers,
                "disagreements": tuple(item for item in disagreements if item not in answers),
                "skipped": tuple(
                    item for item in skipped if item not in answers and item not in disagreements
                ),
            }
        )

    @classmethod
    def parse(cls, data: bytes, label_set: LabelSet, source: str) -> Self:
        """Read it.

        Raises:
            DatasetError: It is no such file, or of another label set.
        """
        cure = "Choose another output folder, or remove the file to begin again."
        try:
            progress = cls.model_validate_json(data)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            raise DatasetError(
                f"{source} is no file of answers: {first['msg'][0].lower() + first['msg'][1:]}.", cure=cure
            ) from None
        for item, labels in progress.answers.items():
            problem = problem_with(labels, label_set)
            if problem:
                raise DatasetError(f"{source}: about {item[:100]!r}, {problem}.", cure=cure)
        return progress
