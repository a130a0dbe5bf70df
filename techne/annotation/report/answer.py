"""What a reader with two minutes must get: the answer in a sentence, its evidence, and the key figures."""

from __future__ import annotations

from dataclasses import dataclass

from techne.annotation.report.formats import (
    MESSAGE_CHARACTERS,
    bounds,
    count,
    decimal,
    duration,
    percent,
    plain,
    plural,
    usd,
)
from techne.annotation.report.standings import Standing, title_of
from techne.annotation.summary import Caution, Interval, Summary

GOLD_CURE = (
    "Give a file of tasks and their right labels with --gold; 100 items drawn by chance are a good start."
)
MAX_CAUTIONS = 20
SUMMARY_FILE = "summary.json"
"""Where everything is that a report has no room for."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The recommendation as words.

    Args:
        lead: What to do, without the name.
        subject: The name: a stranger's text.
        tail: What follows the name.
        reason: Why, in a sentence or two.
        evidence: How sure it is, one sentence each.
    """

    lead: str
    subject: str
    tail: str
    reason: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """A figure with its name and what puts it in proportion."""

    name: str
    value: str
    note: str = ""


def answer(summary: Summary) -> Answer:
    """The recommendation; without one, what the chosen consensus decided, and how to know more."""
    recommendation = summary.recommendation
    if recommendation is not None:
        alone = recommendation.kind == "model"
        panel = plural(len(summary.models), _panel(summary))
        return Answer(
            "Use ",
            title_of(summary, recommendation.use),
            " alone." if alone else f", a consensus of {panel}.",
            plain(recommendation.reason, MESSAGE_CHARACTERS),
            _evidence(summary),
        )
    chosen = next((run for run in summary.consensus if run.name == summary.chosen), None)
    title = title_of(summary, summary.chosen)
    if chosen is None:
        return Answer("No consensus was formed: ", title, " has no result.", "", ())
    ties = f", {plural(chosen.ties, 'tie')}" if chosen.ties else ""
    silent = f", {plural(chosen.no_votes, 'item')} without any vote" if chosen.no_votes else ""
    reason = f"It decided {count(chosen.decided)} of {plural(summary.dataset.items, 'item')}{ties}{silent}."
    if summary.dataset.gold_items:
        return Answer("The consensus files carry ", title, ".", reason, ())
    unknown = f"Without gold labels nobody can tell how many of them are right. {GOLD_CURE}"
    why = (summary.chosen_reason,) if summary.chosen_reason else ()
    return Answer("The consensus files carry ", title, ", unverified.", reason, (*why, unknown))


def cautions(summary: Summary, level: str) -> tuple[Caution, ...]:
    """The warnings of a level."""
    return tuple(caution for caution in summary.warnings if caution.level == level)[:MAX_CAUTIONS]


def _panel(summary: Summary) -> str:
    """What those are who answered: of labels that were there already nobody says that models gave them."""
    return "model" if any(model.provider for model in summary.models) else "annotator"


def _evidence(summary: Summary) -> tuple[str, ...]:
    found = summary.recommendation
    if found is None:
        return ()
    runner_up = title_of(summary, found.runner_up) if found.runner_up else ""
    said = []
    if found.stability is not None:
        said.append(f"It comes first in {percent(found.stability, 0)} of bootstrap samples of the gold.")
    if found.more_gold_to_flip is not None:
        said.append(
            f"{plural(found.more_gold_to_flip, 'more gold item')}, each won by "
            f"{runner_up or 'the runner-up'} alone, would change it."
        )
    if found.more_gold_to_settle == 0:
        said.append(f"Its lead over {runner_up or 'the runner-up'} is beyond chance (95{chr(0xA0)}%).")
    elif found.more_gold_to_settle is not None:
        said.append(
            f"At the present difference, about {plural(found.more_gold_to_settle, 'more gold item')} would "
            f"settle its lead over {runner_up or 'the runner-up'}."
        )
    if found.kind == "model":
        said.append(
            f"The consensus files carry {title_of(summary, summary.chosen)}; what {found.use} answered "
            "stands in the column of its name."
        )
    return tuple(said)


def key_figures(summary: Summary, ranked: tuple[Standing, ...]) -> tuple[KeyFigure, ...]:
    """The figures of the head of the report; those that nobody knows are left out.

    Args:
        summary: The experiment.
        ranked: Its standings.
    """
    figures = []
    recommended = next((each for each in ranked if each.recommended), None)
    if recommended is not None:
        figures.append(_accuracy("Recommended", recommended))
    best = next((each for each in ranked if each.best_model), None)
    if best is not None and best is not recommended:
        figures.append(_accuracy("Best single model", best))
    consensus = next((each for each in ranked if each.evaluation.kind == "consensus"), None)
    if consensus is not None and recommended is best:
        figures.append(_accuracy("Best consensus", consensus))
    gold = f"{count(summary.dataset.gold_items)} with gold" if summary.dataset.gold_items else "no gold"
    figures.append(KeyFigure("Items", count(summary.dataset.items), gold))
    agreement = summary.agreement
    alpha = agreement.krippendorff_nominal
    note = "" if alpha is None else f"Krippendorff’s alpha {decimal(alpha)}"
    figures.append(KeyFigure(f"{_panel(summary).capitalize()}s", count(len(summary.models)), note))
    if agreement.effective_models is not None:
        worth = decimal(agreement.effective_models, 1)
        rho = decimal(agreement.mean_error_correlation)
        figures.append(
            KeyFigure(f"Independent {_panel(summary)}s (n_eff)", worth, f"errors correlate at {rho}")
        )
    figures.append(_cost(summary))
    figures += _times(summary)
    return tuple(figures)


def _accuracy(name: str, standing: Standing) -> KeyFigure:
    accuracy: Interval = standing.evaluation.accuracy
    return KeyFigure(name, percent(accuracy.value), f"{standing.title}; 95 % CI {bounds(accuracy)}")


def _cost(summary: Summary) -> KeyFigure:
    if all(model.local for model in summary.models) and not summary.cost_usd:
        return KeyFigure("Cost", "$0", "all models ran locally")
    if not summary.cost_usd and not any(model.input_tokens for model in summary.models):
        return KeyFigure("Cost", usd(summary.cost_usd), "no call was paid")
    paid = summary.paid_usd
    note = "all paid in this run" if paid == summary.cost_usd else f"{usd(paid)} paid in this run"
    return KeyFigure("Cost", usd(summary.cost_usd), "" if paid is None else note)


def _times(summary: Summary) -> list[KeyFigure]:
    timing = summary.timing
    if timing is None:
        return []
    rate = timing.items_per_second
    figures = [
        KeyFigure("Time", duration(timing.wall_seconds), f"{decimal(rate, 1)} items a second" if rate else "")
    ]
    if timing.efficiency is not None:
        bound = duration(timing.lower_bound_seconds)
        figures.append(
            KeyFigure("Efficiency", percent(timing.efficiency, 0), f"the limits allow {bound} at best")
        )
    return figures
