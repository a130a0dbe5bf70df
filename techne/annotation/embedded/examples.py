"""The examples of a label set as the annotators that learn from them need them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from techne.annotation.embedded.annotator import MAX_CHARACTERS
from techne.annotation.embedded.words import fold
from techne.annotation.labels import LabelSet
from techne.annotation.votes import BoolArray
from techne.errors import ConfigurationError, LabelSetError


@dataclass(frozen=True, slots=True)
class Examples:
    """Texts whose labels are known.

    Args:
        texts: Each different text once, folded.
        carried: Shape (texts, labels); whether the text is an example of the label.
    """

    texts: tuple[str, ...]
    carried: BoolArray


def examples_of(label_set: LabelSet, learner: str) -> Examples:
    """Collect the examples of a label set.

    Args:
        label_set: Each of its labels needs an example; for multi, also one that is not its own.
        learner: Name of who learns, for messages.

    Raises:
        LabelSetError: A label has no example, or for multi no counterexample.
    """
    texts: dict[str, int] = {}
    pairs = [
        (texts.setdefault(text, len(texts)), label)
        for label, told in enumerate(label_set.labels)
        for text in (fold(example[:MAX_CHARACTERS]) for example in told.examples)
        if text.strip()
    ]
    carried = np.zeros((len(texts), len(label_set.labels)), dtype=np.bool_)
    for text, label in pairs:
        carried[text, label] = True
    for label, name in enumerate(label_set.names):
        if not carried[:, label].any():
            raise LabelSetError(
                f"The {learner} annotator learns from examples, and the label {name!r} has none.",
                cure="Give it a few, or use the lexicon annotator, which can do with keywords.",
            )
        if label_set.kind == "multi" and carried[:, label].all():
            raise LabelSetError(
                f"The {learner} annotator can't learn what the label {name!r} is not: every example has it.",
                cure="Give other labels examples that are not its own.",
            )
    return Examples(tuple(texts), carried)


def missing_scikit_learn(learner: str) -> ConfigurationError:
    """What to raise where scikit-learn can't be imported."""
    return ConfigurationError(
        f"The {learner} annotator needs scikit-learn, which is not installed.",
        cure="Install the extra: pip install 'techne[annotation]'.",
    )
