"""What an experiment works on, fetched and checked before a call is paid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tasks.annotation import open_dataset
from techne.annotation.consensus.registry import require_usable
from techne.annotation.dataset import Dataset
from techne.annotation.fetching import Fetcher, LocalFile
from techne.annotation.gold import KnownAnswers, read_gold
from techne.annotation.labels import LabelSet, parse_label_set
from techne.annotation.recorded import RecordedLabels, read_recorded
from techne.annotation.request import AnnotationRequest
from techne.annotation.review.export import check_exportable
from techne.annotation.summary import DatasetFacts
from techne.settings import Settings

MAX_LABEL_SET_BYTES = 8 * 1024**2


@dataclass(frozen=True, slots=True)
class Inputs:
    """The files of a request as they are.

    Args:
        label_set: What can be answered; of existing labels the ones found, if none is given.
        dataset: The texts; None for existing labels.
        recorded: Existing labels; None for a dataset.
        gold: Known answers in the order of the texts; None if there are none.
        contents: Hashes of all files: with the options, they decide what comes out.
        files: Of existing labels, the file itself, by the name that it is published under.
    """

    label_set: LabelSet
    dataset: Dataset | None
    recorded: RecordedLabels | None
    gold: KnownAnswers | None
    contents: tuple[str, ...]
    files: Mapping[str, Path] = field(default_factory=dict)

    @property
    def items(self) -> int:
        """Texts."""
        return len(self.dataset) if self.dataset is not None else len(self.recorded_labels.panel.tasks)

    @property
    def recorded_labels(self) -> RecordedLabels:
        """The existing labels, where there is no dataset."""
        if self.recorded is None:
            raise ValueError("these inputs are a dataset")
        return self.recorded

    def facts(self, source: str) -> DatasetFacts:
        """What the summary says of them."""
        return DatasetFacts(
            source=source,
            items=self.items,
            sha256=self.dataset.sha256 if self.dataset is not None else "",
            gold_items=self.gold.items if self.gold is not None else 0,
            gold_distribution=self.gold.distribution if self.gold is not None else {},
            duplicates=self.recorded.duplicates if self.recorded is not None else 0,
        )


def read_inputs(request: AnnotationRequest, fetcher: Fetcher, settings: Settings) -> Inputs:
    """Fetch and check all files of a request, and whether what it wants made of them is possible.

    Raises:
        InputError: Something isn't there, may not be read, or can't be used; the message names the place.
    """
    inputs = _read(request, fetcher, settings)
    asked_for = (*request.methods, request.consensus) if request.consensus else request.methods
    require_usable(asked_for, inputs.label_set.kind, with_gold=inputs.gold is not None)
    return inputs


def _read(request: AnnotationRequest, fetcher: Fetcher, settings: Settings) -> Inputs:
    contents: list[str] = []
    label_set = request.label_set
    if request.labels is not None:
        file = fetcher.fetch(request.labels, max_bytes=MAX_LABEL_SET_BYTES)
        label_set = parse_label_set(file.path.read_bytes(), request.labels)
        contents.append(file.sha256)
    gold = None if request.gold is None else fetcher.fetch(request.gold)
    if gold is not None:
        contents.append(gold.sha256)
    if request.annotations is not None:
        annotations = fetcher.fetch(request.annotations)
        contents.append(annotations.sha256)
        return _recorded(request, annotations, gold, label_set, contents, settings)
    if request.dataset is None or label_set is None:
        raise ValueError("the request was not validated")
    if request.review_items:
        check_exportable(label_set)
    dataset = open_dataset(request.dataset, request.id_column, request.text_column, fetcher, settings)
    contents.append(dataset.sha256)
    known = None
    if gold is not None:
        most = settings.techne_max_dataset_bytes
        known = read_gold(gold.path, dataset.ids, label_set, source=gold.source, max_bytes=most)
    return Inputs(label_set, dataset, None, known, tuple(contents))


def _recorded(
    request: AnnotationRequest,
    annotations: LocalFile,
    gold: LocalFile | None,
    label_set: LabelSet | None,
    contents: list[str],
    settings: Settings,
) -> Inputs:
    recorded = read_recorded(
        annotations.path,
        None if gold is None else gold.path,
        label_set=label_set,
        kind=request.kind,
        source=annotations.source,
        gold_source=None if gold is None else gold.source,
        max_bytes=settings.techne_max_dataset_bytes,
    )
    files = {f"annotations{annotations.path.suffix.lower()}": annotations.path}
    return Inputs(recorded.label_set, None, recorded, recorded.known, tuple(contents), files)
