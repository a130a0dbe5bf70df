"""A page of the queue as a form, field by field, and as Markdown; and what somebody filled in.

The fields are plain Pydantic; who shows the form and waits for it is the flow's part. Texts are strangers'
words: whatever is shown as Markdown is escaped.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, Field
from pydantic.fields import FieldInfo

from techne.annotation.labels import LabelSet
from techne.annotation.report.formats import percent, plain
from techne.annotation.report.markdown import escaped
from techne.annotation.review.answers import AnswerCollector, CollectedAnswers
from techne.annotation.review.choices import answers_chosen, none_choice, skip_choice
from techne.annotation.review.queue import ReviewItem

TEXT_CHARACTERS = 600
"""Of a text beside its field; the page's artifact has more."""
ARTIFACT_TEXT_CHARACTERS = 5_000
_TITLE_CHARACTERS = 100
_MAX_VOTES = 12
_MAX_LABELS = 8


@dataclass(frozen=True, slots=True)
class Page:
    """Some items of the queue.

    Args:
        number: From 1.
        of: How many pages there are.
        items: The items, the least certain first.
        label_set: What can be answered.
    """

    number: int
    of: int
    items: tuple[ReviewItem, ...]
    label_set: LabelSet

    @property
    def title(self) -> str:
        """What the page is called."""
        return f"Disputed items, page {self.number} of {self.of}"

    @property
    def fingerprint(self) -> str:
        """Hash of what is asked; equal for the same items and labels only."""
        asked = json.dumps([self.label_set.names, [item.id for item in self.items]])
        return hashlib.sha256(asked.encode()).hexdigest()

    def fields(self) -> dict[str, tuple[Any, FieldInfo]]:
        """A field per item, for `pydantic.create_model`, in order.

        A field takes a label, or skip, which it begins with. For multi it takes a list of labels, or of the
        one choice that says that none fits; an empty list, which it begins with, is a skip.
        """
        names = self.label_set.names
        multi = self.label_set.kind == "multi"
        fields: dict[str, tuple[Any, FieldInfo]] = {}
        for place, item in enumerate(self.items):
            described: dict[str, Any] = {
                "title": plain(item.id, _TITLE_CHARACTERS) or f"item {place + 1}",
                "description": _beside(item),
                "json_schema_extra": {"position": place},
            }
            if multi:
                choice = Literal[(*names, none_choice(self.label_set))]  # type: ignore[valid-type]
                fields[_field_name(place)] = (list[choice], Field(default=[], **described))  # type: ignore[valid-type]
            else:
                skip = skip_choice(self.label_set)
                fields[_field_name(place)] = (
                    Literal[(*names, skip)],
                    Field(default=skip, **described),
                )
        return fields

    def answers(self, form: BaseModel) -> CollectedAnswers:
        """What a form with these fields says."""
        filled: Mapping[str, str | list[str]] = form.model_dump()
        collector = AnswerCollector()
        for place, item in enumerate(self.items):
            value = filled[_field_name(place)]
            chosen = [value] if isinstance(value, str) else value
            collector.seen(item.id)
            for labels in answers_chosen(chosen, self.label_set):
                collector.add(item.id, labels)
        return collector.collected()

    def markdown(self) -> str:
        """The page with its texts, to be read."""
        blocks = [f"# {self.title}", *_question(self.label_set)]
        for item in self.items:
            blocks += [f"## {escaped(item.id, _TITLE_CHARACTERS)}", *_blocks(item, ARTIFACT_TEXT_CHARACTERS)]
        return "\n\n".join(blocks) + "\n"

    def instructions(self) -> str:
        """What is said above the form."""
        way = (
            "Choose every label that fits, or that none does; leave empty what you can't decide."
            if self.label_set.kind == "multi"
            else "Choose the label that fits; leave what you can't decide as it is."
        )
        return "\n\n".join([f"**{self.title}**", *_question(self.label_set), way])


def pages_of(
    items: Sequence[ReviewItem], label_set: LabelSet, items_per_page: int, most: int | None = None
) -> tuple[Page, ...]:
    """The queue page by page: the same items make the same pages."""
    starts = range(0, len(items), items_per_page)[:most]
    return tuple(
        Page(number, len(starts), tuple(items[start : start + items_per_page]), label_set)
        for number, start in enumerate(starts, start=1)
    )


def _field_name(place: int) -> str:
    return f"item_{place + 1}"


def _beside(item: ReviewItem) -> str:
    return "\n\n".join(_blocks(item, TEXT_CHARACTERS))


def _question(label_set: LabelSet) -> Iterator[str]:
    if label_set.question:
        yield escaped(label_set.question, 1000)
    described = [
        f"- **{escaped(label.name)}**: {escaped(label.description, 400)}"
        for label in label_set.labels
        if label.description
    ]
    if described:
        yield "\n".join(described)


def _blocks(item: ReviewItem, characters: int) -> Iterator[str]:
    yield f"> {escaped(item.text, characters) or '*The text is not known.*'}"
    votes = [
        f"{escaped(model)}: **{escaped(', '.join(labels)) or '–'}**" for model, labels in item.votes.items()
    ]
    more = [f"{len(votes) - _MAX_VOTES} more"] if len(votes) > _MAX_VOTES else []
    yield "Votes: " + ("; ".join([*votes[:_MAX_VOTES], *more]) or "none")
    likely = sorted(item.posterior.items(), key=lambda entry: -entry[1])[:_MAX_LABELS]
    if likely:
        consensus = "a tie" if item.consensus is None else escaped(", ".join(item.consensus) or "no label")
        chances = "; ".join(f"{escaped(label)} {percent(p, 0)}" for label, p in likely)
        yield f"Consensus: {consensus} ({chances})"
