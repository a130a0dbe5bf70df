"""Annotations as files: one row per text and model, as CSV and Parquet, and the failed ones apart."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from techne.annotation.cells import join_labels
from techne.annotation.labels import LabelSet
from techne.annotation.model import Annotation
from techne.annotation.tables import Column, TableWriter
from techne.annotation.tables.writing import Cell

ANNOTATION_COLUMNS = (
    Column("index", "integer"),
    Column("item_id"),
    Column("model"),
    Column("status"),
    Column("labels"),
    Column("confidence", "number"),
    Column("rationale"),
    Column("failure"),
    Column("message"),
    Column("input_tokens", "integer"),
    Column("output_tokens", "integer"),
    Column("cost_usd", "number"),
    Column("latency_seconds", "number"),
    Column("attempts", "integer"),
    Column("cached", "boolean"),
    Column("answered_by"),
)
"""Of annotations.csv, annotations.parquet and failures.csv. A header of these names is known as our own."""


class AnnotationWriter:
    """Writes annotations.csv, annotations.parquet and failures.csv, one annotation after another.

    A context manager; the files are whole once it is left. failures.csv has a header even if nothing failed.

    Args:
        folder: Where to.
        label_set: What could be answered; for multi, labels are joined by `|`.
    """

    def __init__(self, folder: Path, label_set: LabelSet) -> None:
        self._multi = label_set.kind == "multi"
        self._all = TableWriter(folder, "annotations", ANNOTATION_COLUMNS)
        self._failures = TableWriter(folder, "failures", ANNOTATION_COLUMNS, parquet=False)
        self._open = ExitStack()

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files."""
        return (*self._all.paths, *self._failures.paths)

    @property
    def annotations_written(self) -> int:
        """Rows of annotations.csv."""
        return self._all.rows_written

    @property
    def failures_written(self) -> int:
        """Rows of failures.csv."""
        return self._failures.rows_written

    def write(self, annotation: Annotation) -> None:
        """Add one."""
        row = self._row(annotation)
        self._all.write(row)
        if annotation.status == "failed":
            self._failures.write(row)

    def __enter__(self) -> Self:
        self._open.enter_context(self._all)
        self._open.enter_context(self._failures)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.__exit__(kind, error, trace)

    def _row(self, annotation: Annotation) -> tuple[Cell, ...]:
        cost = annotation.cost_usd
        return (
            annotation.index,
            annotation.item_id,
            annotation.model,
            annotation.status,
            join_labels(annotation.labels) if self._multi else "".join(annotation.labels),
            annotation.confidence,
            annotation.rationale,
            annotation.failure,
            annotation.message,
            annotation.input_tokens,
            annotation.output_tokens,
            None if cost is None else float(cost),
            annotation.latency_seconds,
            annotation.attempts,
            annotation.cached,
            annotation.answered_by,
        )
