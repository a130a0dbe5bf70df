"""What a reader must know before using the labels: each caution with its figures and what to do about it.

The loud one is `panel_below_best_model`: errors of language models are correlated, so that a vote of many is
often worse than its best member.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from techne.annotation.consensus.method import Consensus
from techne.annotation.panel import Panel
from techne.annotation.recommendation import CERTAINTY
from techne.annotation.summary import Agreement, Caution, ModelRun, PairedTest, Recommendation

LITTLE_GOLD = 50
"""Gold items below which accuracies are known to no better than about 10 points."""
FEW_EFFECTIVE_MODELS = 1.5
FEW_EFFECTIVE_PART = 0.5
"""Of the models; a panel of more than two that is worth less than this is mostly an echo."""
MANY_TIES_PART = 0.05
MANY_FAILURES_PART = 0.05
VERY_MANY_FAILURES_PART = 0.2
SIGNIFICANT = 0.05
_NAMED = 5
"""Names in a message; of more, their number."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """How the votes came about, which they don't tell themselves.

    Args:
        models: What each model did; for its failures.
        duplicates: Votes left out because the same worker had answered the same task.
        unmatched_gold: Known answers about tasks that aren't there.
        fallback_answers: Answers of another model in the place of the one that was asked.
        unasked: Calls left out because the budget was used up.
    """

    models: tuple[ModelRun, ...] = ()
    duplicates: int = 0
    unmatched_gold: int = 0
    fallback_answers: int = 0
    unasked: int = 0


def cautions_of(
    panel: Panel,
    *,
    chosen: Sequence[Consensus],
    agreement: Agreement,
    recommendation: Recommendation | None,
    best_against_panel: Sequence[PairedTest],
    best_model: str | None,
    circumstances: Circumstances,
) -> tuple[Caution, ...]:
    """All that apply, the loud ones first.

    Args:
        panel: Votes and gold.
        chosen: What the chosen method decided, one per problem.
        agreement: Of the panel.
        recommendation: None without gold.
        best_against_panel: The best single model, chosen on other gold than it is judged on, against each
            method that doesn't learn from gold.
        best_model: Its name.
        circumstances: How the votes came about.
    """
    found = [
        *_gold(panel, recommendation, circumstances.unmatched_gold),
        *_panel_below_best_model(best_against_panel, best_model, recommendation),
        *_few_effective_models(panel, agreement),
        *_many_ties(chosen),
        *_missing_class(panel),
        *_conduct(circumstances),
    ]
    return tuple(sorted(found, key=lambda caution: caution.level != "loud"))


def _panel_below_best_model(
    tests: Sequence[PairedTest], best_model: str | None, recommendation: Recommendation | None
) -> Iterable[Caution]:
    """Loud if every plain method loses, and one of them for certain; a note if some do, or all may."""
    losing = [test for test in tests if test.difference.value > 0]
    certain = [test for test in losing if test.p_value < SIGNIFICANT and test.difference.low > 0]
    all_lose = bool(tests) and len(losing) == len(tests)
    if recommendation is None or not (certain or all_lose):
        return
    beaten = _listed(
        f"{test.second} by {test.difference.value * 100:.1f} points ({test.difference.low * 100:.1f} to "
        f"{test.difference.high * 100:.1f}, {_p_value(test.p_value)})"
        for test in (losing if all_lose else certain)
    )
    if not certain:
        opening = "With so little gold it is not sure, but the panel may be worse than one of its models."
    elif all_lose:
        opening = "The panel is worse than one of its models: more votes make the labels worse, not better."
    else:
        opening = "Some ways of voting are worse than one of the models."
    yield Caution(
        code="panel_below_best_model",
        level="loud" if certain and all_lose else "note",
        message=f"{opening} On the same {tests[0].items} gold items the best single model ({best_model}; "
        f"chosen on other items than it is judged on) beats {beaten}. "
        f"Recommended instead: {recommendation.reason}",
    )


def _gold(panel: Panel, recommendation: Recommendation | None, unmatched: int) -> Iterable[Caution]:
    items = int(np.count_nonzero(panel.gold_known))
    if items == 0:
        yield Caution(
            code="no_gold",
            level="note",
            message="No answer is known, so nothing here says how right the labels are, nor whether one "
            "model alone is better than all together. Label "
            f"{LITTLE_GOLD} to {2 * LITTLE_GOLD} texts by hand, drawn at random, and pass them as gold.",
        )
    elif items < LITTLE_GOLD:
        points = 100 * CERTAINTY * (0.8 * 0.2 / items) ** 0.5
        message = (
            f"{_counted(items, 'gold item is', 'gold items are')} little: "
            f"an accuracy of 80 % is known to about {points:.0f} points either way"
        )
        if recommendation and recommendation.more_gold_to_flip is not None:
            message += (
                f", and {recommendation.more_gold_to_flip} more could make {recommendation.runner_up} the "
                f"recommendation in place of {recommendation.use}"
            )
        yield Caution(
            code="little_gold",
            level="note",
            message=f"{message}. Label {LITTLE_GOLD - items} more texts, drawn at random.",
        )
    if unmatched:
        yield Caution(
            code="unmatched_gold",
            level="note",
            message=f"{_counted(unmatched, 'gold answer is', 'gold answers are')} left out, being about "
            "texts that are not in the dataset. Compare the ids of the two files.",
        )


def _few_effective_models(panel: Panel, agreement: Agreement) -> Iterable[Caution]:
    effective, correlation = agreement.effective_models, agreement.mean_error_correlation
    most = max(int(problem.votes.counts.sum(axis=1).max(initial=0)) for problem in panel)
    if effective is None or correlation is None or most <= 2:
        return
    if effective < max(FEW_EFFECTIVE_MODELS, FEW_EFFECTIVE_PART * most):
        yield Caution(
            code="few_effective_models",
            level="note",
            message=f"The models err together (mean error correlation {correlation:.2f}): {most} answers to "
            f"a text are worth {effective:.1f} independent ones. That they agree proves little; replace "
            "models that err alike by ones of another kind.",
        )


def _many_ties(chosen: Sequence[Consensus]) -> Iterable[Caution]:
    voted = np.any([~np.isnan(decided.margin) for decided in chosen], axis=0)
    tied = np.any([decided.tied for decided in chosen], axis=0)
    ties, tasks = int(np.count_nonzero(tied)), int(np.count_nonzero(voted))
    if tasks and ties / tasks > MANY_TIES_PART:
        yield Caution(
            code="many_ties",
            level="note",
            message=f"{chosen[0].method} can't decide {ties} of {tasks} texts ({ties / tasks:.1%}): the best "
            "labels tie, and they have no label. Let a person decide them, add a model, or give gold.",
        )


def _missing_class(panel: Panel) -> Iterable[Caution]:
    for problem in panel:
        labels = problem.votes.labels
        about = f" of {problem.name}" if problem.name else ""
        voted = np.bincount(problem.votes.label_index, minlength=len(labels)) > 0
        if len(problem.votes) and not voted.all():
            names = _listed(label for label, seen in zip(labels, voted, strict=True) if not seen)
            yield Caution(
                code="missing_class",
                level="note",
                message=f"No model ever answered {names}{about}. If it occurs in the texts, say in the "
                "label's description when it fits, and give examples.",
            )
        if problem.gold is None or not len(problem.gold):
            continue
        known = np.bincount(problem.gold.label_index[problem.gold.known], minlength=len(labels)) > 0
        if not known.all():
            names = _listed(label for label, seen in zip(labels, known, strict=True) if not seen)
            yield Caution(
                code="missing_class",
                level="note",
                message=f"No gold item is {names}{about}: how well it is recognised is unknown, and the "
                "gold-weighted vote can't learn it. Label texts that are.",
            )


def _conduct(circumstances: Circumstances) -> Iterable[Caution]:
    for run in circumstances.models:
        asked = run.items - run.not_asked
        if asked > 0 and run.failed / asked > MANY_FAILURES_PART:
            kinds = _listed(
                f"{count} {kind}" for kind, count in sorted(run.failures.items(), key=lambda kind: -kind[1])
            )
            yield Caution(
                code="many_failures",
                level="loud" if run.failed / asked > VERY_MANY_FAILURES_PART else "note",
                message=f"{run.name} failed on {run.failed} of {asked} texts ({run.failed / asked:.1%}"
                f"{'; ' + kinds if kinds else ''}). Failures are no votes; see the file of failed items, and "
                "run again: what was answered is not asked twice.",
            )
    if circumstances.duplicates:
        yield Caution(
            code="duplicates",
            level="note",
            message=f"{_counted(circumstances.duplicates, 'vote was', 'votes were')} left out: the same "
            "worker had answered the same text already. Answers are counted once.",
        )
    if circumstances.fallback_answers:
        answers = _counted(circumstances.fallback_answers, "answer is", "answers are")
        yield Caution(
            code="fallback_answers",
            level="note",
            message=f"{answers} from a fallback, "
            "not from the model under whose name it stands. Figures of that model are of the two together.",
        )
    if circumstances.unasked:
        calls = _counted(circumstances.unasked, "call was", "calls were")
        yield Caution(
            code="budget_exhausted",
            level="loud",
            message=f"The budget was used up: {calls} not made. "
            "Run again with a higher one; what was paid for is kept.",
        )


def _p_value(value: float) -> str:
    return f"p = {value:.2g}" if value >= 0.001 else "p < 0.001"


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _listed(names: Iterable[str]) -> str:
    every = list(names)
    named = every[:_NAMED] + ([f"{len(every) - _NAMED} more"] if len(every) > _NAMED else [])
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}" if named else ""
