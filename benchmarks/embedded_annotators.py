"""How fast the embedded annotators label, and in how much memory, beside the least that could be done.

Texts of about 30 words are made as they are needed: words of the bundled sample, the frequent ones more
often, and one word in ten that was never seen before, as identifiers and typing errors are. Only labelling is
timed, in processor time, so that a busy machine gives the same figures. Each line is measured in a process
of its own; memory is that process' peak with everything that it imports.

Beside each annotator stands what a script would do for the same answers, without records of them: for the
lexicon one regular expression of the keywords and a counter, for the other two scikit-learn's own vectorizer
and classifier over the same batches. A ratio over 1 means that the annotator is faster.

Run `python -m benchmarks.embedded_annotators --help` from the repository's root. 200,000 texts take about
five minutes.
"""

from __future__ import annotations

import argparse
import csv
import multiprocessing
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers.measuring import peak_megabytes
from techne.annotation.embedded.registry import NAMES, build
from techne.annotation.labels import LabelSet, parse_label_set
from techne.annotation.model import DatasetItem

SAMPLE = Path(__file__).resolve().parent.parent / "samples" / "annotation"
BATCH = 1_000
WORDS = 30
NEW_WORDS = 0.1
ALL = "all three"
RATE_AIM = 5_000
"""Texts per second of processor time, of each annotator."""
PEAK_AIM_MEGABYTES = 600
"""Of the process that runs all three."""

Batch = list[DatasetItem]
Label = Callable[[Batch], object]


@dataclass(frozen=True, slots=True)
class Figures:
    """What one way took.

    Args:
        per_second: Texts labelled per second of processor time.
        peak_megabytes: Largest resident set of its process.
    """

    per_second: float
    peak_megabytes: float


def batches(texts: int) -> Iterator[Batch]:
    """The same texts for everybody."""
    with (SAMPLE / "tickets.csv").open(encoding="utf-8", newline="") as file:
        said = Counter(word for row in csv.DictReader(file) for word in row["text"].split())
    words, often = list(said), list(said.values())
    drawn = random.Random(11)
    for start in range(0, texts, BATCH):
        batch = []
        for index in range(start, min(start + BATCH, texts)):
            told = drawn.choices(words, often, k=drawn.randint(WORDS - 10, WORDS + 10))
            told = [f"{word}{drawn.random():.6f}" if drawn.random() < NEW_WORDS else word for word in told]
            batch.append(DatasetItem(index=index, id=str(index), text=" ".join(told)))
        yield batch


def keyword_expression(label_set: LabelSet) -> Label:
    """The lexicon's peer."""
    owner = {word.casefold(): label.name for label in label_set.labels for word in label.keywords}
    expression = re.compile(rf"\b(?:{'|'.join(map(re.escape, owner))})\b")

    def label(batch: Batch) -> object:
        found = (expression.findall(item.text.casefold()) for item in batch)
        return [Counter(owner[word] for word in row).most_common(1) for row in found]

    return label


def plain_tfidf(label_set: LabelSet) -> Label:
    """The centroid's peer."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.preprocessing import normalize

    vectorizer = TfidfVectorizer(sublinear_tf=True, strip_accents="unicode")
    texts, names = examples(label_set)
    vectors = vectorizer.fit_transform(texts)
    kinds = sorted(set(names))
    means = [
        vectors[[place for place, name in enumerate(names) if name == kind]].sum(axis=0) for kind in kinds
    ]
    centroids = normalize([mean.A1 for mean in means])

    def label(batch: Batch) -> object:
        return (vectorizer.transform([item.text for item in batch]) @ centroids.T).argmax(axis=1)

    return label


def plain_naive_bayes(label_set: LabelSet) -> Label:
    """The naive Bayes' peer."""
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.naive_bayes import MultinomialNB

    vectorizer = CountVectorizer(analyzer="char_wb", ngram_range=(3, 4), strip_accents="unicode")
    texts, names = examples(label_set)
    model = MultinomialNB(fit_prior=False).fit(vectorizer.fit_transform(texts), names)

    def label(batch: Batch) -> object:
        return model.predict(vectorizer.transform([item.text for item in batch]))

    return label


def examples(label_set: LabelSet) -> tuple[list[str], list[str]]:
    pairs = [(text, label.name) for label in label_set.labels for text in label.examples]
    return [text for text, _ in pairs], [name for _, name in pairs]


PEERS = dict(
    zip(
        NAMES,
        (
            ("one regular expression", keyword_expression),
            ("scikit-learn, centroid", plain_tfidf),
            ("scikit-learn, naive Bayes", plain_naive_bayes),
        ),
        strict=True,
    )
)


def measure(name: str, texts: int, *, peer: bool) -> Figures:
    """Label so many texts, in this process."""
    label_set = parse_label_set((SAMPLE / "labels.json").read_bytes(), "labels.json")
    if peer:
        ways = [PEERS[name][1](label_set)]
    else:
        ways = [build(one, label_set).annotate for one in (NAMES if name == ALL else (name,))]
    seconds = 0.0
    for batch in batches(texts):
        began = time.process_time()
        for way in ways:
            way(batch)
        seconds += time.process_time() - began
    return Figures(texts / seconds, peak_megabytes())


def apart(name: str, texts: int, *, peer: bool = False) -> Figures:
    """The same in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(measure, name, texts, peer=peer).result()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--texts", type=int, default=200_000, help="texts to label (default: 200000)")
    texts = parser.parse_args().texts
    print("annotator        texts/s   peak MB   peer                        texts/s   peak MB   ratio")
    met = True
    for name in NAMES:
        own, peer = apart(name, texts), apart(name, texts, peer=True)
        met &= own.per_second >= RATE_AIM
        print(
            f"{name:14}  {own.per_second:8.0f}  {own.peak_megabytes:8.0f}   {PEERS[name][0]:26}"
            f"{peer.per_second:9.0f}  {peer.peak_megabytes:8.0f}  {own.per_second / peer.per_second:6.2f}",
            flush=True,
        )
    together = apart(ALL, texts)
    met &= together.peak_megabytes <= PEAK_AIM_MEGABYTES
    print(f"{ALL:14}  {together.per_second:8.0f}  {together.peak_megabytes:8.0f}   in one process")
    aim = f">= {RATE_AIM:,} texts/s each, <= {PEAK_AIM_MEGABYTES} MB for all three"
    print(f"\nAim: {aim}: {'met' if met else 'MISSED'}.")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
