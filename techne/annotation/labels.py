"""What may be answered: a closed set of labels, and how many of them fit one text.

Here is the label set and its file. The question that a model is asked is `techne.annotation.prompts`' part.
"""

from __future__ import annotations

import hashlib
from typing import Literal, Self

from pydantic import ConfigDict, Field, ValidationError, model_validator

from techne.errors import LabelSetError
from techne.forms import Form

LabelKind = Literal["single", "multi", "ordinal"]
"""single: exactly one label fits. multi: any number, or none. ordinal: one, and their order means more."""

ABSTAIN = "ABSTAIN"
"""What a model answers when it can't tell; never a label."""
MAX_LABELS = 200
MAX_EXAMPLES = 200


class Label(Form):
    """One answer."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(min_length=1, max_length=200, description="As it stands in files.")
    description: str = Field("", max_length=4000, description="When it fits; goes into the question.")
    keywords: tuple[str, ...] = Field((), description="Words that speak for it; the lexicon annotator's.")
    examples: tuple[str, ...] = Field(
        (),
        max_length=MAX_EXAMPLES,
        description="Texts that carry it. The embedded annotators learn from them.",
    )


class LabelSet(Form):
    """The question and its possible answers. `labels[i]` is label index `i` in every array."""

    model_config = ConfigDict(frozen=True, title="Label set")

    kind: LabelKind = Field("single", description="One label a text, several, or one on a scale.")
    question: str = Field(
        "", max_length=4000, description="What is to be decided about a text, in a sentence."
    )
    language: str = Field(
        "en",
        pattern=r"^[a-zA-Z]{2,3}(-[A-Za-z0-9]{2,8})*$",
        description="Language in which models are asked, such as en or pt-BR.",
    )
    labels: tuple[Label, ...] = Field(
        min_length=2, max_length=MAX_LABELS, description="The answers there are; on a scale, in its order."
    )

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [label.name.strip().casefold() for label in self.labels]
        if ABSTAIN.casefold() in names:
            raise ValueError(f"{ABSTAIN!r} can't be a label: it is what a model answers when it can't tell")
        twice = next(
            (label.name for label in self.labels if names.count(label.name.strip().casefold()) > 1), None
        )
        if twice is not None:
            raise ValueError(f"the label {twice!r} is there twice, or differs from another in case only")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Names in order; for an ordinal set, from least to most."""
        return tuple(label.name for label in self.labels)

    @property
    def fingerprint(self) -> str:
        """Hash of everything in it; part of every cache key."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    @classmethod
    def of_names(cls, names: tuple[str, ...] | list[str], kind: LabelKind = "single") -> LabelSet:
        """A label set of bare names, as where labels exist already."""
        return cls(kind=kind, labels=tuple(Label(name=name) for name in names))


def parse_label_set(data: bytes, source: str) -> LabelSet:
    """Read a label set from JSON.

    Args:
        data: JSON in UTF-8.
        source: Where it is from, for messages.

    Raises:
        LabelSetError: It is not JSON, or not a label set; the message names the place.
    """
    try:
        return LabelSet.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise LabelSetError(
            f"In the label set {source}, {place}: {first['msg'][0].lower() + first['msg'][1:]}.",
            cure='It is JSON: {"kind": "single", "question": "...", "labels": [{"name": "..."}, …]}.',
        ) from None
