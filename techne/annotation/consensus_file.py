"""The consensus as files: one row per text, as CSV and Parquet."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from techne.annotation.answers import answers_of_consensus
from techne.annotation.cells import join_labels
from techne.annotation.consensus.method import Consensus
from techne.annotation.model import DatasetItem
from techne.annotation.panel import Panel, Problem
from techne.annotation.tables import Column, TableWriter
from techne.annotation.tables.writing import Cell
from techne.annotation.votes import NO_LABEL, IntArray, Votes

MAX_MODEL_COLUMNS = 200
"""Panels of more workers, as crowds, have no column for each; the annotations have their answers."""
_CHUNK_TASKS = 1000
_YES = 1


def consensus_columns(panel: Panel, *, with_text: bool) -> tuple[Column, ...]:
    """The columns of the files.

    Columns of models and labels have a prefix, so that a model called `id` or `consensus` takes no other's
    place.
    """
    models = panel.workers if len(panel.workers) <= MAX_MODEL_COLUMNS else ()
    return (
        Column("id"),
        *([Column("text")] if with_text else []),
        *(Column(f"model:{name}") for name in models),
        Column("consensus"),
        *(Column(f"posterior:{label}", "number") for label in panel.labels),
        Column("margin", "number"),
        Column("tied", "boolean"),
        Column("candidates"),
        Column("agreement", "number"),
        Column("gold"),
    )


def write_consensus(
    folder: Path, panel: Panel, consensus: Sequence[Consensus], items: Iterable[DatasetItem] | None = None
) -> tuple[Path, ...]:
    """Write consensus.csv and consensus.parquet.

    `consensus` is empty where nobody voted or labels tie, which `candidates` then names. For multi it has all
    labels that fit, joined by `|`; `posterior` is of each label by itself, `margin` the least of them,
    `candidates` names the labels that are undecided. `agreement` is the part of the votes that the most
    frequent label has; for multi the mean over the labels.

    Args:
        folder: Where to.
        panel: Votes and gold.
        consensus: What a method decided, one per problem of the panel.
        items: The texts, in order, for a column `text`; it is left out without them.

    Returns:
        The files.

    Raises:
        ValueError: The items are not the panel's tasks.
    """
    columns = consensus_columns(panel, with_text=items is not None)
    with TableWriter(folder, "consensus", columns) as writer:
        rows = _rows(panel, consensus)
        if items is None:
            for item_id, cells in zip(panel.tasks, rows, strict=True):
                writer.write((item_id, *cells))
        else:
            for task, item, cells in zip(panel.tasks, items, rows, strict=True):
                if item.id != task:
                    raise ValueError(f"the item {item.id!r} is not the task {task!r}")
                writer.write((task, item.text, *cells))
    return writer.paths


def _rows(panel: Panel, consensus: Sequence[Consensus]) -> Iterator[list[Cell]]:
    """The cells after id and text of each task."""
    with_models = len(panel.workers) <= MAX_MODEL_COLUMNS
    candidates = answers_of_consensus(consensus).problems[0].candidates
    assert candidates is not None  # noqa: S101 - a consensus has them
    multi = panel.kind == "multi"
    for start in range(0, len(panel.tasks), _CHUNK_TASKS):
        here = slice(start, start + _CHUNK_TASKS)
        names = _names(panel, [decided.label_index[here] for decided in consensus])
        if multi:
            posterior = np.column_stack([decided.posterior[here, _YES] for decided in consensus])
            tied = np.column_stack([decided.tied[here] for decided in consensus])
            open_labels = tied
        else:
            posterior = consensus[0].posterior[here]
            tied = consensus[0].tied[here, None]
            open_labels = tied & candidates[here]
        margin = np.column_stack([decided.margin[here] for decided in consensus]).min(axis=1)
        agreement = np.column_stack([_agreement(problem, here) for problem in panel]).mean(axis=1)
        gold = _names(
            panel,
            [
                problem.gold.label_index[here]
                if problem.gold is not None
                else np.full(len(names), NO_LABEL, dtype=np.int32)
                for problem in panel
            ],
        )
        undecided = [bool(row.any()) for row in tied]
        by_model = (
            [
                _names(panel, list(answers))
                for answers in zip(*(_matrix(problem.votes, here).T for problem in panel), strict=True)
            ]
            if with_models
            else []
        )
        for place, name in enumerate(names):
            yield [
                *(answers[place] for answers in by_model),
                name,
                *map(_number, posterior[place].tolist()),
                _number(margin[place]),
                undecided[place],
                join_labels([panel.labels[label] for label in np.flatnonzero(open_labels[place])])
                if undecided[place]
                else "",
                _number(agreement[place]),
                gold[place],
            ]


def _names(panel: Panel, label_index: Sequence[IntArray]) -> list[str | None]:
    """Answers in words, from label indices per problem; None where there is none."""
    if panel.kind != "multi":
        return [None if index == NO_LABEL else panel.labels[index] for index in label_index[0].tolist()]
    stacked = np.column_stack(label_index)
    return [
        None
        if (row == NO_LABEL).any()
        else join_labels([panel.labels[label] for label in np.flatnonzero(row == _YES)])
        for row in stacked
    ]


def _matrix(votes: Votes, tasks: slice) -> IntArray:
    """`Votes.matrix` of some tasks, without making the whole."""
    stop = min(tasks.stop, len(votes.tasks))
    first, after = np.searchsorted(votes.task_index, [tasks.start, stop])
    matrix = np.full((stop - tasks.start, len(votes.workers)), NO_LABEL, dtype=np.int32)
    matrix[votes.task_index[first:after] - tasks.start, votes.worker_index[first:after]] = votes.label_index[
        first:after
    ]
    return matrix


def _agreement(problem: Problem, tasks: slice) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    counts = problem.votes.counts[tasks]
    votes = counts.sum(axis=1)
    share: np.ndarray[tuple[int], np.dtype[np.float64]] = np.full(len(counts), np.nan)
    np.divide(counts.max(axis=1), votes, out=share, where=votes > 0)
    return share


def _number(value: float) -> float | None:
    """A float as a cell; empty for NaN."""
    return None if math.isnan(value) else float(value)
