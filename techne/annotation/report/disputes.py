"""The most disputed items: what each label has for it, in votes and in probability."""

from __future__ import annotations

from dataclasses import dataclass

from techne.annotation.cells import split_labels
from techne.annotation.report.formats import plain, plural
from techne.annotation.summary import DisputedItem, Summary

MAX_ITEMS = 20
MAX_LABELS = 6
MAX_VOTERS = 6
TEXT_CHARACTERS = 600
ANSWER_CHARACTERS = 120
NEGLIGIBLE = 0.005


@dataclass(frozen=True, slots=True)
class Side:
    """One label of a dispute."""

    label: str
    probability: float | None
    voters: str
    votes: int
    consensus: bool
    gold: bool


@dataclass(frozen=True, slots=True)
class Dispute:
    """A disputed item as it is shown."""

    id: str
    text: str
    margin: float
    sides: tuple[Side, ...]
    consensus: str
    gold: str
    left_out: int


def disputes(summary: Summary) -> tuple[Dispute, ...]:
    """The least certain items, no more than there is room for."""
    several = summary.label_set.kind == "multi"
    return tuple(_dispute(item, several) for item in summary.disputed[:MAX_ITEMS])


def _dispute(item: DisputedItem, several: bool) -> Dispute:
    """One item; where several labels fit, an answer is a vote for each label that it names."""

    def named(answer: str | None) -> tuple[str, ...]:
        if answer is None:
            return ()
        return split_labels(answer) if several else (answer,)

    voters: dict[str, list[str]] = {}
    for model, answer in item.votes.items():
        for label in named(answer):
            voters.setdefault(label, []).append(model)
    labels = sorted(
        {*item.posterior, *voters},
        key=lambda label: (-item.posterior.get(label, -1.0), -len(voters.get(label, ())), label),
    )
    weighty = [label for label in labels if label in voters or item.posterior.get(label, 0.0) >= NEGLIGIBLE]
    sides = tuple(
        Side(
            plain(label),
            item.posterior.get(label),
            _names(voters.get(label, [])),
            len(voters.get(label, ())),
            consensus=label in named(item.consensus),
            gold=label in named(item.gold),
        )
        for label in weighty[:MAX_LABELS]
    )
    return Dispute(
        plain(item.id),
        plain(item.text, TEXT_CHARACTERS),
        item.margin,
        sides,
        consensus="tie" if item.consensus is None else _answer(named(item.consensus)),
        gold="" if item.gold is None else _answer(named(item.gold)),
        left_out=len(weighty) - len(sides),
    )


def _answer(labels: tuple[str, ...]) -> str:
    return plain(", ".join(labels), ANSWER_CHARACTERS) if labels else "none of the labels"


def _names(models: list[str]) -> str:
    named = ", ".join(plain(model, 40) for model in models[:MAX_VOTERS])
    more = len(models) - MAX_VOTERS
    return f"{named} and {plural(more, 'more', 'more')}" if more > 0 else named
