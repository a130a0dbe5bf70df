"""The embedded annotators by name."""

from __future__ import annotations

from techne.annotation.embedded.annotator import EmbeddedAnnotator
from techne.annotation.embedded.char_nb import CharNaiveBayesAnnotator
from techne.annotation.embedded.lexicon import LexiconAnnotator
from techne.annotation.embedded.tfidf_centroid import TfidfCentroidAnnotator
from techne.annotation.labels import LabelSet
from techne.errors import InputError

_ANNOTATORS: dict[str, type[EmbeddedAnnotator]] = {
    annotator.name: annotator
    for annotator in (LexiconAnnotator, TfidfCentroidAnnotator, CharNaiveBayesAnnotator)
}
NAMES = tuple(_ANNOTATORS)
"""What a `ModelSpec` with the provider `embedded` may name as its model."""


def build(name: str, label_set: LabelSet, *, model: str | None = None) -> EmbeddedAnnotator:
    """Make an annotator and let it learn.

    Args:
        name: One of `NAMES`.
        label_set: What to learn from, and to label with.
        model: `ModelSpec.label` of its annotations. Default: `embedded/` and the name.

    Raises:
        InputError: There is no annotator of that name.
        LabelSetError: A label has nothing that this annotator could learn from.
        ConfigurationError: It needs scikit-learn, and that isn't installed.
    """
    return _annotator(name)(label_set, model=model)


def fingerprint(name: str, label_set: LabelSet) -> str:
    """What the answers of an annotator depend on, as a hash; part of cache keys.

    Raises:
        InputError: There is no annotator of that name.
    """
    return _annotator(name).fingerprint(label_set)


def _annotator(name: str) -> type[EmbeddedAnnotator]:
    annotator = _ANNOTATORS.get(name)
    if annotator is None:
        raise InputError(f"There is no embedded annotator {name!r}.", cure=f"There are: {', '.join(NAMES)}.")
    return annotator
