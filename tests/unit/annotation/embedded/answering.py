"""What the tests of the embedded annotators share: label sets, and texts to be labelled."""

from __future__ import annotations

from techne.annotation.labels import Label, LabelKind, LabelSet
from techne.annotation.model import Annotation, DatasetItem


def label_set(kind: LabelKind = "single") -> LabelSet:
    """Three labels, in the order of their urgency."""
    return LabelSet(
        kind=kind,
        labels=(
            Label(
                name="question",
                keywords=("como faço", "wiki"),
                examples=("Como faço para ver os pods?", "Where is the wiki page of the module?"),
            ),
            Label(
                name="error",
                keywords=("falhou", "exceção"),
                examples=("O deploy falhou com uma exceção nova.", "The migration fails with a deadlock."),
            ),
            Label(
                name="incident",
                keywords=("fora do ar", "urgente"),
                examples=(
                    "Urgente: o checkout está fora do ar!",
                    "Customers were charged twice in production.",
                ),
            ),
        ),
    )


def items(*texts: str) -> list[DatasetItem]:
    """A dataset of these texts."""
    return [DatasetItem(index=index, id=f"t{index}", text=text) for index, text in enumerate(texts)]


def told(annotations: list[Annotation]) -> list[tuple[str, ...] | None]:
    """The labels of each, None for an abstention."""
    return [one.labels if one.status == "labelled" else None for one in annotations]


def without_time(annotations: list[Annotation]) -> list[Annotation]:
    """The same, however long they took."""
    return [one.model_copy(update={"latency_seconds": 0.0}) for one in annotations]
