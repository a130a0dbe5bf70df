"""The annotators that learn from examples, beside scikit-learn's own classifiers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.naive_bayes import MultinomialNB

from techne.annotation.embedded.char_nb import NGRAM_RANGE, SMOOTHING, CharNaiveBayesAnnotator
from techne.annotation.embedded.tfidf_centroid import TfidfCentroidAnnotator
from techne.annotation.embedded.words import STOP_WORDS, fold, words
from techne.annotation.labels import Label, LabelSet, parse_label_set
from techne.errors import LabelSetError
from tests.unit.annotation.embedded.answering import items, label_set

SAMPLE = Path(__file__).resolve().parents[4] / "samples" / "annotation"
TEXTS = (
    "O rollout travou de novo em homologação",
    "preciso de permissão no namespace",
    "what does this error message mean",
    "Cobraram duas vezes o mesmo cliente!!!",
    "repete repete repete permissao",
)


@pytest.fixture(scope="module")
def sample_set() -> LabelSet:
    return parse_label_set((SAMPLE / "labels.json").read_bytes(), "labels.json")


def test_naive_bayes_posteriors_are_scikit_learns(sample_set: LabelSet) -> None:
    texts = [fold(text) for label in sample_set.labels for text in label.examples]
    names = np.array([label.name for label in sample_set.labels for _ in label.examples])
    vectorizer = CountVectorizer(analyzer="char_wb", ngram_range=NGRAM_RANGE, lowercase=False)
    counts = vectorizer.fit_transform(texts)
    totals = {name: counts[names == name].sum() for name in sample_set.names}
    weights = [np.mean(list(totals.values())) / totals[name] for name in names]
    model = MultinomialNB(alpha=SMOOTHING, fit_prior=False).fit(counts, names, sample_weight=weights)
    posterior = model.predict_proba(vectorizer.transform([fold(text) for text in TEXTS]))
    annotations = CharNaiveBayesAnnotator(sample_set).annotate(items(*TEXTS))
    assert [one.labels[0] for one in annotations] == list(model.classes_[posterior.argmax(axis=1)])
    assert [one.confidence for one in annotations] == pytest.approx(posterior.max(axis=1).tolist())


def test_centroid_confidence_is_the_share_of_the_cosines(sample_set: LabelSet) -> None:
    vectorizer = TfidfVectorizer(
        tokenizer=words, token_pattern=None, stop_words=sorted(STOP_WORDS), lowercase=False, sublinear_tf=True
    )
    vectorizer.fit([text for label in sample_set.labels for text in label.examples])
    means = [vectorizer.transform(label.examples).mean(axis=0).A1 for label in sample_set.labels]
    centroids = np.array([mean / np.linalg.norm(mean) for mean in means])
    cosines = vectorizer.transform(TEXTS) @ centroids.T
    annotations = TfidfCentroidAnnotator(sample_set).annotate(items(*TEXTS))
    expected = [sample_set.names[index] for index in cosines.argmax(axis=1)]
    assert [one.labels[0] for one in annotations] == expected
    shares = cosines.max(axis=1) / cosines.sum(axis=1)
    assert [one.confidence for one in annotations] == pytest.approx(shares.tolist())


def test_typing_errors_and_inflections_leave_naive_bayes_alone() -> None:
    annotator = CharNaiveBayesAnnotator(label_set())
    assert [
        one.labels for one in annotator.annotate(items("migraçoes falhhou deadlok", "chekout urjente"))
    ] == [
        ("error",),
        ("incident",),
    ]


def test_the_label_with_the_longest_examples_has_no_advantage() -> None:
    long = Label(name="long", examples=tuple(f"palavra{n} diferente{n} qualquer{n}" * 9 for n in range(40)))
    short = Label(name="short", examples=("pods reiniciam",))
    (annotation,) = CharNaiveBayesAnnotator(LabelSet(labels=(long, short))).annotate(
        items("os pods reiniciam")
    )
    assert annotation.labels == ("short",)


@pytest.mark.parametrize("annotator", [TfidfCentroidAnnotator, CharNaiveBayesAnnotator])
def test_multi_confidence_is_that_of_the_least_certain_decision(
    annotator: type[TfidfCentroidAnnotator | CharNaiveBayesAnnotator],
) -> None:
    halves = LabelSet(
        kind="multi",
        labels=(
            Label(name="pods", examples=("pods reiniciam", "pods banco")),
            Label(name="banco", examples=("banco lento", "pods banco")),
        ),
    )
    clear, mixed = annotator(halves).annotate(items("pods reiniciam", "pods banco"))
    assert clear.labels == ("pods",)
    assert mixed.labels == ("pods", "banco")
    assert all(one.confidence is not None and 0.5 <= one.confidence <= 1 for one in (clear, mixed))


def test_multi_can_answer_that_no_label_fits() -> None:
    shared = ("pods", "banco", "rede")
    labels = tuple(Label(name=name, examples=(f"comum {name}",)) for name in shared)
    (annotation,) = TfidfCentroidAnnotator(LabelSet(kind="multi", labels=labels)).annotate(items("comum"))
    assert (annotation.status, annotation.labels) == ("labelled", ())


def test_examples_of_stop_words_only_are_refused_by_the_centroid() -> None:
    wordless = Label(name="small talk", examples=("the of and", "para com"))
    for labels in ((wordless, *label_set().labels), (wordless, Label(name="more", examples=("os as",)))):
        with pytest.raises(LabelSetError, match=r"'small talk'.*stop words"):
            TfidfCentroidAnnotator(LabelSet(labels=labels))


def test_the_label_files_teach_every_annotator() -> None:
    from techne.annotation.embedded.registry import NAMES, build

    for path in sorted(SAMPLE.glob("labels*.json")):
        learned = parse_label_set(path.read_bytes(), path.name)
        assert json.loads(path.read_text(encoding="utf-8"))["kind"] == learned.kind
        for name in NAMES:
            build(name, learned)
