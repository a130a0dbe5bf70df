"""What to use: one model or one consensus, why, and how far further gold could change that.

Candidates must be judged on gold that they were not fitted on: `techne.annotation.cross_fitting`'s part.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from techne.annotation.bootstrap import resample_means
from techne.annotation.consensus import registry
from techne.annotation.summary import Recommendation
from techne.annotation.votes import FloatArray

REPLACES_PANEL_FROM = 0.9
"""Part of the gold items that a model must have answered to be a candidate: a crowd worker with twenty right
answers can't annotate a dataset alone."""
PREFERENCE = ("majority", "median", "one-coin", "dawid-skene", "gold-weighted", "mace", "glad")
"""At equal accuracy a model alone is preferred, the one with the cheapest calls first; then the methods in
this order, from what a reader can check by hand to what has most parameters."""
EQUAL = 1e-9
NEAR = 0.02
"""Accuracy within which a cheaper model is worth mentioning beside the first."""
FEWEST_FOR_STABILITY = 10
"""Gold items of which a bootstrap means something."""
CERTAINTY = 1.959963984540054
"""Standard normal quantile of a two-sided 95 % interval."""
FURTHEST = 2**40
"""Further gold items after which we call it never."""


@dataclass(frozen=True)
class Candidate:
    """Something that could be used from here on.

    Args:
        name: The model's or the method's.
        kind: Which of the two.
        right: Shape (gold items,): `techne.annotation.correctness`, on the items that all are judged on.
        cost_per_text: What one more text costs, in any one unit; calls, if there are no prices.
    """

    name: str
    kind: Literal["model", "consensus"]
    right: FloatArray
    cost_per_text: float

    @property
    def accuracy(self) -> float:
        """Mean over the gold items."""
        return float(self.right.mean())


def rank(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The most accurate first; at equal accuracy in order of `PREFERENCE`."""
    by_preference = sorted(candidates, key=_preference)
    return sorted(by_preference, key=lambda candidate: -round(candidate.accuracy, 9))


def _preference(candidate: Candidate) -> tuple[bool, float, int, str]:
    if candidate.kind == "model":
        return False, candidate.cost_per_text, 0, candidate.name
    return True, 0.0, preference(candidate.name), candidate.name


def preference(method: str) -> int:
    """Place of a consensus method in `PREFERENCE`; others come last."""
    return PREFERENCE.index(method) if method in PREFERENCE else len(PREFERENCE)


def recommend(
    candidates: Sequence[Candidate], *, samples: int = 1000, seed: int = 0
) -> Recommendation | None:
    """The most accurate candidate, and how sure that is; None without candidates or gold.

    Args:
        candidates: All judged on the same gold items.
        samples: Bootstrap samples of the gold for `stability`. Methods aren't fitted again in them.
        seed: Of these samples.
    """
    if not candidates or not len(candidates[0].right):
        return None
    ranked = rank(candidates)
    first, second = ranked[0], ranked[1] if len(ranked) > 1 else None
    items = len(first.right)
    to_flip = to_settle = None
    if second is not None:
        difference = first.right - second.right
        to_flip = more_gold_to_flip(difference, tie_flips=_preference(second) < _preference(first))
        to_settle = more_gold_to_settle(difference)
    return Recommendation(
        use=first.name,
        kind=first.kind,
        reason=_reason(ranked, to_settle),
        runner_up=second.name if second else None,
        stability=(stability(ranked, samples=samples, seed=seed) if items >= FEWEST_FOR_STABILITY else None),
        gold_items=items,
        more_gold_to_flip=to_flip,
        more_gold_to_settle=to_settle,
    )


def stability(candidates: Sequence[Candidate], *, samples: int, seed: int) -> float:
    """Part of bootstrap samples of the gold in which the first of `rank` comes first again."""
    ranked = sorted(candidates, key=_preference)
    winner = ranked.index(rank(candidates)[0])
    right = np.stack([candidate.right for candidate in ranked], axis=1)
    means = resample_means(right, samples=samples, seed=seed)
    leads = means >= means.max(axis=1, keepdims=True) - EQUAL
    return float(np.mean(leads.argmax(axis=1) == winner))


def more_gold_to_flip(difference: FloatArray, *, tie_flips: bool) -> int:
    """Fewest further gold items, each won by the second alone, after which it leads.

    Args:
        difference: Shape (gold items,): how much more right the first is.
        tie_flips: Whether the second is preferred at equality.
    """
    lead = round(float(difference.sum()), 6)
    return max(1, math.ceil(lead)) if tie_flips else math.floor(lead) + 1


def more_gold_to_settle(difference: FloatArray) -> int | None:
    """Further gold items, at the present difference, until its 95 % interval excludes 0.

    The interval is Bonett and Price's for paired proportions (2012: Wald's with one more item won by each),
    which doesn't take a handful of items for certain.

    Args:
        difference: Shape (gold items,): how much more right the first is.

    Returns:
        0 if it does already; None where the two never differ, or are equally often right.
    """
    items = len(difference)
    mean, square = float(difference.mean()), float(np.square(difference).mean())
    if abs(mean) < EQUAL:
        return None
    if _is_settled(items, mean, square):
        return 0
    enough = items
    while not _is_settled(enough, mean, square):
        enough *= 2
        if enough > FURTHEST:
            return None
    few = enough // 2
    while enough - few > 1:
        middle = (few + enough) // 2
        few, enough = (few, middle) if _is_settled(middle, mean, square) else (middle, enough)
    return enough - items


def _is_settled(items: int, mean: float, square: float) -> bool:
    estimate = items * mean / (items + 2)
    variance = ((items * square + 2) / (items + 2) - estimate**2) / (items + 2)
    return abs(estimate) > CERTAINTY * math.sqrt(variance)


def _reason(ranked: Sequence[Candidate], to_settle: int | None) -> str:
    first, items = ranked[0], len(ranked[0].right)
    reason = (
        f"{_called(first)} is right on {first.accuracy:.1%} of {items} gold item{'s' if items > 1 else ''}"
    )
    if len(ranked) == 1:
        return f"{reason}; there is nothing to compare it with."
    second = ranked[1]
    lead = first.accuracy - second.accuracy
    if lead < EQUAL:
        reason += f", and so is {_called(second)}; of equals the simpler and cheaper is preferred"
    else:
        settled = "significant (95 %)" if to_settle == 0 else "not significant"
        reason += f", {lead * 100:.1f} points more than {_called(second)}; the difference is {settled}"
    cheaper = _cheaper(ranked)
    if cheaper is not None:
        reason += (
            f". {cheaper.name} alone comes close ({cheaper.accuracy:.1%}) at "
            f"{cheaper.cost_per_text / first.cost_per_text:.0%} of the cost"
        )
    return reason + "."


def _called(candidate: Candidate) -> str:
    """A model by its name, a method by its title."""
    if candidate.kind == "consensus" and candidate.name in registry.METHODS:
        return registry.METHODS[candidate.name].title
    return candidate.name


def _cheaper(ranked: Sequence[Candidate]) -> Candidate | None:
    """The best single model, where it costs less than the first and is nearly as good."""
    first = ranked[0]
    model = next((candidate for candidate in ranked[1:] if candidate.kind == "model"), None)
    if model is None or model.cost_per_text >= first.cost_per_text:
        return None
    return model if first.accuracy - model.accuracy <= NEAR else None
