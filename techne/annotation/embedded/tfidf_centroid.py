"""`tfidf-centroid`: the label whose examples share the most telling words with a text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from techne.annotation.embedded.annotator import EmbeddedAnnotator, Evidence
from techne.annotation.embedded.examples import examples_of, missing_scikit_learn
from techne.annotation.embedded.words import STOP_WORDS, words
from techne.annotation.labels import LabelSet
from techne.annotation.votes import BoolArray, FloatArray
from techne.errors import LabelSetError


class TfidfCentroidAnnotator(EmbeddedAnnotator):
    """Nearest centroid in TF-IDF space (Rocchio 1971; term weights after Salton and Buckley 1988).

    1. Examples and texts become vectors of their words without stop words: 1 + log(count), times the inverse
       document frequency among the examples, of length 1.
    2. A label's centroid is the mean of its examples' vectors, at length 1.
    3. Confidence is the best centroid's share of the cosines to all; for multi, a label's cosine against the
       cosine to the centroid of the examples that don't carry it.

    Abstains where a text shares no word with any example.
    """

    name: ClassVar[str] = "tfidf-centroid"
    version: ClassVar[int] = 1

    def __init__(self, label_set: LabelSet, *, model: str | None = None) -> None:
        super().__init__(label_set, model=model)
        examples = examples_of(label_set, self.name)
        try:
            from sklearn.feature_extraction.text import TfidfVectorizer
        except ImportError:
            raise missing_scikit_learn(self.name) from None
        self._vectorizer = TfidfVectorizer(analyzer=_content_words, sublinear_tf=True)
        if not any(_content_words(text) for text in examples.texts):
            raise _says_nothing(label_set.names[0])
        vectors = self._vectorizer.fit_transform(examples.texts)
        self._centroids = _centroids(vectors, examples.carried)
        wordless = np.flatnonzero(~self._centroids.any(axis=0))
        if len(wordless):
            raise _says_nothing(label_set.names[wordless[0]])
        self._others = _centroids(vectors, ~examples.carried) if label_set.kind == "multi" else None

    def _evidence(self, texts: Sequence[str]) -> Evidence:
        vectors = self._vectorizer.transform(texts)
        cosines: FloatArray = vectors @ self._centroids
        if self._others is None:
            whole = cosines.sum(axis=1, keepdims=True)
        else:
            whole = cosines + vectors @ self._others
        share = np.divide(cosines, whole, out=np.zeros_like(cosines), where=whole > 0)
        return Evidence(probability=share, known=np.asarray(vectors.getnnz(axis=1) > 0))


def _content_words(text: str) -> list[str]:
    return [word for word in words(text) if word not in STOP_WORDS]


def _centroids(vectors: Any, carried: BoolArray) -> FloatArray:
    """Shape (words, labels); columns of length 1, or 0 where no example has a word."""
    sums: FloatArray = vectors.T @ carried.astype(np.float64)
    lengths = np.linalg.norm(sums, axis=0)
    return np.asarray(np.divide(sums, lengths, out=np.zeros_like(sums), where=lengths > 0))


def _says_nothing(label: str) -> LabelSetError:
    return LabelSetError(
        f"The tfidf-centroid annotator can't learn from the examples of the label {label!r}: they hold "
        "nothing but stop words.",
        cure="Give it examples that say what it is about.",
    )
