"""Every judged model and method in order of accuracy, and which of them there is room for."""

from __future__ import annotations

from dataclasses import dataclass

from techne.annotation.report.formats import plain
from techne.annotation.summary import Evaluation, Summary

MAX_SHOWN = 24
MOST_ANSWERED = 0.95


@dataclass(frozen=True, slots=True)
class Standing:
    """One that was judged on gold, as the report names it."""

    evaluation: Evaluation
    title: str
    recommended: bool
    best_model: bool
    cost_usd: float | None

    @property
    def silent(self) -> bool:
        """Whether it left so many items without an answer that its accuracy says little of its answers."""
        return self.evaluation.answered < MOST_ANSWERED * self.evaluation.items

    @property
    def important(self) -> bool:
        """Whether it is shown however many there are."""
        return self.recommended or self.best_model


def standings(summary: Summary) -> tuple[Standing, ...]:
    """All that have an evaluation, the most accurate first.

    A consensus costs what all answers cost.
    """
    costs = {model.name: model.cost_usd for model in summary.models}
    judged = [(each, each.name) for each in summary.evaluations]
    judged += [(run.evaluation, run.title or run.name) for run in summary.consensus if run.evaluation]
    best = summary.best_model
    recommendation = summary.recommendation
    found = []
    for evaluation, title in judged:
        found.append(
            Standing(
                evaluation,
                plain(title),
                recommended=recommendation is not None
                and (recommendation.use, recommendation.kind) == (evaluation.name, evaluation.kind),
                best_model=evaluation.kind == "model" and evaluation.name == best,
                cost_usd=costs.get(evaluation.name) if evaluation.kind == "model" else summary.cost_usd,
            )
        )
    return tuple(sorted(found, key=lambda each: (-each.evaluation.accuracy.value, each.title)))


def shown(ranked: tuple[Standing, ...], limit: int = MAX_SHOWN) -> tuple[Standing, ...]:
    """As many as there is room for: the important, then the methods, then the most accurate models."""
    if len(ranked) <= limit:
        return ranked
    by_weight = sorted(
        range(len(ranked)),
        key=lambda at: (not ranked[at].important, ranked[at].evaluation.kind == "model", at),
    )
    return tuple(ranked[at] for at in sorted(by_weight[:limit]))


def title_of(summary: Summary, name: str) -> str:
    """The title of a consensus method, or the name itself if it is a model's."""
    return plain(next((run.title for run in summary.consensus if run.name == name and run.title), name))
