"""A review's files: the queue in the experiment's folder, answers and new gold in the review's own.

What is read of the experiment must be what its manifest lists. The answers so far are in `answers.json`,
which is written whole after every page; the new gold is in `gold.csv` and `gold.parquet`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from techne.annotation.fetching import Fetcher, fetching
from techne.annotation.labels import LabelSet, parse_label_set
from techne.annotation.review.answer_files import read_answers
from techne.annotation.review.answers import CollectedAnswers, Labels
from techne.annotation.review.gold import FoldedGold, GoldAnswer, fold, read_gold_file, write_gold
from techne.annotation.review.progress import ANSWERS_FILE, ReviewProgress
from techne.annotation.review.queue import QUEUE_FILE, ReviewItem, read_queue
from techne.annotation.review.request import ReviewRequest
from techne.errors import DatasetError, ObjectNotFoundError
from techne.settings import Settings
from techne.storage import Manifest, ObjectStore, ObjectURI, open_store, parse_uri, read_manifest

LABELS_FILE = "labels.json"
ANNOTATIONS_FILES = ("annotations.parquet", "annotations.csv", "annotations.jsonl")
GOLD_FILE = "gold.parquet"
FOLDER = "review"
"""Default output, below the experiment's folder."""


@dataclass(frozen=True, slots=True)
class ReviewFolder:
    """A review's files, opened.

    Args:
        experiment: Folder of the experiment.
        output: Folder of the review.
        label_set: What can be answered.
        items: The queue, the least certain first.
        gold: What is known so far.
        answers: Those of a file, if the request names one.
        annotations: What the models answered, if the experiment has kept it.
    """

    experiment: ObjectURI
    output: ObjectURI
    label_set: LabelSet
    items: tuple[ReviewItem, ...]
    gold: dict[str, GoldAnswer]
    answers: CollectedAnswers | None
    annotations: ObjectURI | None
    _settings: Settings

    @classmethod
    def open(cls, request: ReviewRequest, settings: Settings) -> ReviewFolder:
        """Read all that the request names, and check that answers can be written.

        Raises:
            InputError: Something isn't there, may not be read, or is wrong; the message names the place.
        """
        experiment = parse_uri(request.experiment, allowed_prefixes=settings.techne_allowed_uris, folder=True)
        output = (
            parse_uri(request.output, allowed_prefixes=settings.techne_allowed_uris, folder=True)
            if request.output
            else experiment / FOLDER
        )
        open_store(output, settings).check_writable(output)
        source = _Published.open(experiment, settings)
        label_set = parse_label_set(source.read(LABELS_FILE), str(experiment / LABELS_FILE))
        items = read_queue(source.read(QUEUE_FILE), label_set, str(experiment / QUEUE_FILE))
        with fetching(settings) as fetcher:
            gold_uri = request.gold or source.gold
            gold = _gold(gold_uri, label_set, fetcher, settings) if gold_uri else {}
            answers = _answers(request.answers, label_set, fetcher, settings) if request.answers else None
        review = cls(experiment, output, label_set, items, gold, answers, source.annotations, settings)
        if answers is not None:
            review.fold(answers.labels)
        return review

    @property
    def unknown(self) -> tuple[ReviewItem, ...]:
        """The items whose answer gold doesn't have: those that a person is asked about."""
        return tuple(item for item in self.items if item.id not in self.gold)

    def progress(self) -> ReviewProgress:
        """The answers so far."""
        uri = self.output / ANSWERS_FILE
        try:
            data = self._store.read(uri, self._settings.techne_max_dataset_bytes).data
        except ObjectNotFoundError:
            return ReviewProgress()
        return ReviewProgress.parse(data, self.label_set, str(uri))

    def keep(self, answers: CollectedAnswers) -> ReviewProgress:
        """Add answers to those so far; they are stored when this returns."""
        progress = self.progress().with_answers(answers)
        data = progress.model_dump_json(indent=1).encode()
        self._store.write(self.output / ANSWERS_FILE, data, "application/json")
        return progress

    def fold(self, answers: Mapping[str, Labels]) -> FoldedGold:
        """Gold with these answers.

        Raises:
            DatasetError: One is about no item of the queue.
        """
        return fold(self.gold, answers, self.label_set, {item.id for item in self.items})

    def publish(self, folded: FoldedGold) -> tuple[ObjectURI, ObjectURI]:
        """Write the gold, and return where: CSV and Parquet."""
        with tempfile.TemporaryDirectory(prefix="techne-review-") as folder:
            csv, parquet = write_gold(Path(folder), folded.gold, self.label_set)
            uris = self.output / csv.name, self.output / parquet.name
            for path, uri in zip((csv, parquet), uris, strict=True):
                self._store.upload(path, uri)
        return uris

    @property
    def _store(self) -> ObjectStore:
        return open_store(self.output, self._settings)


@dataclass(frozen=True, slots=True)
class _Published:
    """An experiment's files, as its manifest lists them."""

    folder: ObjectURI
    store: ObjectStore
    manifest: Manifest
    max_bytes: int

    @classmethod
    def open(cls, folder: ObjectURI, settings: Settings) -> _Published:
        store = open_store(folder, settings)
        try:
            manifest = read_manifest(folder, store=store)
        except ObjectNotFoundError:
            raise ObjectNotFoundError(
                f"{folder} has no manifest.json, so no finished experiment.",
                cure="Name the folder of one experiment: <output>/<experiment id>.",
            ) from None
        return cls(folder, store, manifest, settings.techne_max_dataset_bytes)

    @property
    def annotations(self) -> ObjectURI | None:
        """The file of annotations."""
        return self._first(ANNOTATIONS_FILES)

    @property
    def gold(self) -> str | None:
        """The file of what the experiment knew."""
        uri = self._first((GOLD_FILE,))
        return None if uri is None else str(uri)

    def _first(self, names: Sequence[str]) -> ObjectURI | None:
        listed = {file.name for file in self.manifest.files}
        return next((self.folder / name for name in names if name in listed), None)

    def read(self, name: str) -> bytes:
        """A file's content."""
        listed = next((file for file in self.manifest.files if file.name == name), None)
        if listed is None:
            raise DatasetError(
                f"The experiment {self.folder} has no {name}.", cure="Run it again, with items to review."
            )
        stored = self.store.read(self.folder / name, self.max_bytes)
        if stored.sha256 != listed.sha256:
            raise DatasetError(
                f"{self.folder / name} is not what the experiment published.",
                cure="Run the experiment again.",
            )
        return stored.data


def _gold(uri: str, label_set: LabelSet, fetcher: Fetcher, settings: Settings) -> dict[str, GoldAnswer]:
    file = fetcher.fetch(uri)
    return read_gold_file(file.path, label_set, source=uri, max_bytes=settings.techne_max_dataset_bytes)


def _answers(uri: str, label_set: LabelSet, fetcher: Fetcher, settings: Settings) -> CollectedAnswers:
    file = fetcher.fetch(uri)
    return read_answers(file.path, label_set, source=uri, max_bytes=settings.techne_max_dataset_bytes)
