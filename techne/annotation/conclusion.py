"""What an experiment comes to: the analysis of its votes, put into the summary that is published."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np

from techne.annotation.analysis import Analysis
from techne.annotation.cells import join_labels
from techne.annotation.consensus.method import Consensus
from techne.annotation.labels import LabelSet
from techne.annotation.panel import Panel, Problem
from techne.annotation.review.gold import GoldAnswer
from techne.annotation.summary import (
    CascadeRun,
    DatasetFacts,
    DisputedItem,
    LabelFacts,
    ModelRun,
    Summary,
    Timing,
)
from techne.annotation.votes import NO_LABEL, Votes

MAX_TEXT_CHARACTERS = 2_000
"""Of a disputed item's text, in the summary."""
YES = 1
"""Label index of `BINARY` that says that a label fits."""


@dataclass(frozen=True, slots=True)
class Run:
    """What is known of an experiment beside its votes.

    Args:
        experiment_id: Its name.
        created_at: When it was begun.
        dataset: What was annotated.
        label_set: What could be answered.
        models: What each model did.
        prompt_version: Of the question; empty where nobody was asked.
        strategy: Who was asked about what.
        cascade: What a cascade saved.
        paid_usd: Of the calls of this run.
        timing: How long the calls took.
    """

    experiment_id: str
    created_at: datetime
    dataset: DatasetFacts
    label_set: LabelSet
    models: tuple[ModelRun, ...]
    prompt_version: str = ""
    strategy: Literal["panel", "cascade"] = "panel"
    cascade: CascadeRun | None = None
    paid_usd: float | None = 0.0
    timing: Timing | None = None


def summarise(run: Run, analysis: Analysis, disputed: Sequence[DisputedItem]) -> Summary:
    """Put everything that was found into one summary.

    Args:
        run: The experiment.
        analysis: What its votes tell.
        disputed: The least certain items; the summary has the beginnings of their texts.
    """
    costs = [model.cost_usd for model in run.models]
    known_costs = [cost for cost in costs if cost is not None]
    return Summary(
        experiment_id=run.experiment_id,
        created_at=run.created_at,
        dataset=run.dataset,
        label_set=LabelFacts(
            kind=run.label_set.kind, question=run.label_set.question, labels=run.label_set.names
        ),
        prompt_version=run.prompt_version,
        strategy=run.strategy,
        models=run.models,
        consensus=analysis.runs,
        chosen=analysis.chosen,
        chosen_reason=analysis.chosen_reason,
        evaluations=analysis.evaluations,
        best_model=analysis.best_model,
        paired_tests=analysis.paired_tests,
        agreement=analysis.agreement,
        recommendation=analysis.recommendation,
        warnings=analysis.cautions,
        cascade=run.cascade,
        disputed=tuple(
            item.model_copy(update={"text": item.text[:MAX_TEXT_CHARACTERS]}) for item in disputed
        ),
        cost_usd=sum(known_costs) if len(known_costs) == len(costs) else None,
        paid_usd=run.paid_usd,
        timing=run.timing,
    )


def disputed_items(
    panel: Panel, decided: Sequence[Consensus], tasks: Iterable[int], texts: Mapping[int, str]
) -> tuple[DisputedItem, ...]:
    """Items with their votes and posterior, in the order of `tasks`.

    Args:
        panel: Votes and gold.
        decided: What the chosen method decided, one `Consensus` per problem.
        tasks: Task indices, the least certain first.
        texts: Texts of these items, by task index; may be empty.
    """
    return tuple(_disputed(panel, decided, int(task), texts) for task in tasks)


def _disputed(
    panel: Panel, decided: Sequence[Consensus], task: int, texts: Mapping[int, str]
) -> DisputedItem:
    posteriors = [np.nan_to_num(one.posterior[task]) for one in decided]
    if panel.kind == "multi":
        posterior = {name: float(p[YES]) for name, p in zip(panel.labels, posteriors, strict=True)}
    else:
        posterior = {name: float(p) for name, p in zip(panel.labels, posteriors[0], strict=True)}
    return DisputedItem(
        id=panel.tasks[task],
        text=texts.get(task, ""),
        votes=_votes_of(panel, task),
        posterior=posterior,
        margin=float(min(np.nan_to_num(one.margin[task]) for one in decided)),
        consensus=named(panel, [int(one.label_index[task]) for one in decided]),
        gold=named(panel, [_gold_of(problem, task) for problem in panel]),
    )


def known_answers(panel: Panel) -> dict[str, GoldAnswer]:
    """Gold by item id, as reviews read it."""
    known = np.flatnonzero(panel.gold_known).tolist()
    return {
        panel.tasks[task]: GoldAnswer(_labels(panel, [_gold_of(problem, task) for problem in panel]))
        for task in known
    }


def _gold_of(problem: Problem, task: int) -> int:
    return NO_LABEL if problem.gold is None else int(problem.gold.label_index[task])


def _votes_of(panel: Panel, task: int) -> dict[str, str]:
    answers: dict[int, list[int]] = {}
    for problem in panel:
        for worker, label in _task_votes(problem.votes, task):
            answers.setdefault(worker, []).append(label)
    return {panel.workers[worker]: named(panel, labels) or "" for worker, labels in answers.items()}


def _task_votes(votes: Votes, task: int) -> list[tuple[int, int]]:
    start, stop = np.searchsorted(votes.task_index, [task, task + 1])
    workers, labels = votes.worker_index[start:stop].tolist(), votes.label_index[start:stop].tolist()
    return list(zip(workers, labels, strict=True))


def named(panel: Panel, label_index: Sequence[int]) -> str | None:
    """An answer by name, of one label index per problem; None if one is undecided."""
    if NO_LABEL in label_index:
        return None
    labels = _labels(panel, label_index)
    return join_labels(labels) if panel.kind == "multi" else labels[0]


def _labels(panel: Panel, label_index: Sequence[int]) -> tuple[str, ...]:
    if panel.kind == "multi":
        return tuple(name for name, label in zip(panel.labels, label_index, strict=True) if label == YES)
    return (panel.labels[label_index[0]],)
