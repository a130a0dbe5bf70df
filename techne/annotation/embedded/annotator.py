"""What an embedded annotator is, and how its evidence becomes annotations.

Each annotator says how strongly a text speaks for each label; here is what they share: batches, the cap on
long texts, when a label is given and when not. Nothing here fails on a text: what says nothing is abstained.
"""

from __future__ import annotations

import hashlib
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

import numpy as np

from techne.annotation.labels import LabelSet
from techne.annotation.model import EMBEDDED, Annotation, DatasetItem
from techne.annotation.votes import BoolArray, FloatArray

MAX_CHARACTERS = 4_000
"""Looked at per text, from its beginning: time and memory of a text of 10 MB are those of two pages."""
BATCH_TEXTS = 1_000
BATCH_CHARACTERS = 1_000_000
"""At once, whatever the caller passes; bounds the memory of a batch of long texts."""
TIE_TOLERANCE = 1e-9
"""Probabilities that are nearer to each other than this are equal."""
MULTI_THRESHOLD = 0.5
"""For multi, a label is given where its own probability is above this."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """How strongly a batch of texts speaks for each label.

    Args:
        probability: Shape (texts, labels). Rows sum to 1; for multi each label's own, against its absence.
        known: Shape (texts,); whether the annotator knows anything of the text. If not, it abstains.
        graded: Whether `probability` is more than a yes or a no; else no confidence is told.
        rationales: One per text, or None.
    """

    probability: FloatArray
    known: BoolArray
    graded: bool = True
    rationales: Sequence[str] | None = None


class EmbeddedAnnotator(ABC):
    """Learns from a label set when it is made, then labels any number of texts. Deterministic.

    It abstains where it knows nothing of a text and, unless the set is multi, where the best labels tie. An
    ordinal set is treated as a single one: none of the annotators uses the order.

    For multi each label is decided on its own, by `MULTI_THRESHOLD`; confidence is then the probability of
    the least certain of these decisions. No label is an answer too, and not an abstention.

    Args:
        label_set: What to learn from.
        model: `ModelSpec.label` of the annotations. Default: `embedded/` and the annotator's name.

    Raises:
        LabelSetError: A label has nothing that this annotator could learn from.
        ConfigurationError: scikit-learn is needed, and isn't there.
    """

    name: ClassVar[str]
    version: ClassVar[int]
    """Changes whenever the same text could be answered otherwise."""

    def __init__(self, label_set: LabelSet, *, model: str | None = None) -> None:
        self.label_set = label_set
        self.model = model or f"{EMBEDDED}/{self.name}"

    @classmethod
    def fingerprint(cls, label_set: LabelSet) -> str:
        """Hash of the algorithm's version and the label set; part of cache keys."""
        told = f"{EMBEDDED}/{cls.name}/{cls.version}/{label_set.fingerprint}"
        return hashlib.sha256(told.encode()).hexdigest()

    def annotate(self, items: Sequence[DatasetItem]) -> list[Annotation]:
        """Label texts, in their order. `latency_seconds` is each text's share of its batch's time."""
        annotations: list[Annotation] = []
        for batch in _batches(items):
            began = time.perf_counter()
            evidence = self._evidence([item.text[:MAX_CHARACTERS] for item in batch])
            chosen, confidence = self._decide(evidence)
            rationales = evidence.rationales or [""] * len(batch)
            share = (time.perf_counter() - began) / len(batch)
            annotations += [
                Annotation(
                    index=item.index,
                    item_id=item.id,
                    model=self.model,
                    status="abstained" if labels is None else "labelled",
                    labels=labels or (),
                    confidence=None if labels is None else certain,
                    rationale=rationale,
                    cost_usd=Decimal(0),
                    latency_seconds=share,
                )
                for item, labels, certain, rationale in zip(
                    batch, chosen, confidence, rationales, strict=True
                )
            ]
        return annotations

    @abstractmethod
    def _evidence(self, texts: Sequence[str]) -> Evidence:
        """Look at a batch of texts, none longer than `MAX_CHARACTERS`; at least one."""

    def _decide(self, evidence: Evidence) -> tuple[list[tuple[str, ...] | None], list[float | None]]:
        """Labels of each text, None for an abstention, and how certain they are."""
        probability = evidence.probability
        names = self.label_set.names
        chosen: list[tuple[str, ...] | None]
        if self.label_set.kind == "multi":
            given = probability > MULTI_THRESHOLD
            chosen = [
                tuple(names[index] for index in np.flatnonzero(row)) if known else None
                for row, known in zip(given, evidence.known.tolist(), strict=True)
            ]
            certainty = np.maximum(probability, 1 - probability).min(axis=1)
        else:
            two = np.partition(probability, -2, axis=1)[:, -2:]
            decided = evidence.known & (two[:, 1] - two[:, 0] > TIE_TOLERANCE)
            chosen = [
                (names[index],) if told else None
                for index, told in zip(probability.argmax(axis=1).tolist(), decided.tolist(), strict=True)
            ]
            certainty = two[:, 1]
        if not evidence.graded:
            return chosen, [None] * len(chosen)
        return chosen, np.clip(certainty, 0.0, 1.0).tolist()


def _batches(items: Sequence[DatasetItem]) -> Iterator[list[DatasetItem]]:
    batch: list[DatasetItem] = []
    characters = 0
    for item in items:
        size = min(len(item.text), MAX_CHARACTERS)
        if batch and (len(batch) == BATCH_TEXTS or characters + size > BATCH_CHARACTERS):
            yield batch
            batch, characters = [], 0
        batch.append(item)
        characters += size
    if batch:
        yield batch
