"""`char-nb`: naive Bayes over the pieces of words, which typing errors and inflections leave alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from techne.annotation.embedded.annotator import EmbeddedAnnotator, Evidence
from techne.annotation.embedded.examples import examples_of, missing_scikit_learn
from techne.annotation.embedded.words import fold
from techne.annotation.labels import LabelSet
from techne.annotation.votes import FloatArray

NGRAM_RANGE = (3, 4)
SMOOTHING = 1.0
"""Laplace's: every n-gram counts once more than it was seen."""


class CharNaiveBayesAnnotator(EmbeddedAnnotator):
    """Multinomial naive Bayes (McCallum and Nigam 1998) over character n-grams inside words.

    The features are scikit-learn's `char_wb` n-grams of 3 and 4 characters of the folded text; labels are
    equally likely beforehand, and the counts of each are brought to the same total, or smoothing would favour
    the one with the longest examples. For multi, each label's examples stand against those that don't carry
    it. Confidence is the posterior, which is too sure of itself, since n-grams that overlap are anything but
    independent: read it as an order.

    As n-grams don't cross words, a text's likelihood is the sum of its words'. So each different word of a
    batch is cut into n-grams once; the posteriors are those of scikit-learn's own prediction.

    Abstains where a text shares no n-gram with any example.
    """

    name: ClassVar[str] = "char-nb"
    version: ClassVar[int] = 1

    def __init__(self, label_set: LabelSet, *, model: str | None = None) -> None:
        super().__init__(label_set, model=model)
        examples = examples_of(label_set, self.name)
        try:
            from sklearn.feature_extraction.text import CountVectorizer
        except ImportError:
            raise missing_scikit_learn(self.name) from None
        self._vectorizer = CountVectorizer(analyzer="char_wb", ngram_range=NGRAM_RANGE, lowercase=False)
        counts = self._vectorizer.fit_transform(examples.texts)
        seen = counts.T @ examples.carried.astype(np.float64)
        if label_set.kind == "multi":
            unseen = counts.T @ (~examples.carried).astype(np.float64)
            total = counts.sum() / 2
            self._weights = _log_likelihoods(seen, total) - _log_likelihoods(unseen, total)
        else:
            self._weights = _log_likelihoods(seen, seen.sum() / len(label_set.labels))

    def _evidence(self, texts: Sequence[str]) -> Evidence:
        from scipy.sparse import csr_matrix
        from scipy.special import expit, softmax

        vocabulary: dict[str, int] = {}
        tokens = [fold(text).split() for text in texts]
        columns = [vocabulary.setdefault(token, len(vocabulary)) for row in tokens for token in row]
        starts = np.cumsum([0, *(len(row) for row in tokens)])
        in_text = csr_matrix(
            (np.ones(len(columns)), columns, starts), shape=(len(texts), max(len(vocabulary), 1))
        )
        ngrams = self._vectorizer.transform(vocabulary or [""])
        seen = in_text @ np.asarray(ngrams.sum(axis=1), dtype=np.float64).ravel()
        evidence = in_text @ (ngrams @ self._weights)
        multi = self.label_set.kind == "multi"
        probability = expit(evidence) if multi else softmax(evidence, axis=1)
        return Evidence(probability=probability, known=np.asarray(seen > 0))


def _log_likelihoods(seen: FloatArray, total: float) -> FloatArray:
    """Log probability of each n-gram, shape (n-grams, labels), if each label had shown as many as `total`."""
    smoothed = seen * (total / seen.sum(axis=0)) + SMOOTHING
    return np.asarray(np.log(smoothed) - np.log(smoothed.sum(axis=0)))
