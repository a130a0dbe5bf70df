"""Everything that votes and gold tell: each consensus, how right everybody is, and what to use.

It ties the parts together and computes nothing itself. Whoever has votes calls `analyse`; a run of models, or
labels that exist already.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from techne.annotation.agreement import measure_agreement
from techne.annotation.answers import Answers, answers_of_consensus, answers_of_worker
from techne.annotation.bootstrap import SAMPLES
from techne.annotation.cascade import call_costs
from techne.annotation.cautions import Circumstances, cautions_of
from techne.annotation.consensus import registry
from techne.annotation.consensus.method import Consensus
from techne.annotation.consensus_run import consensus_run
from techne.annotation.correctness import correctness
from techne.annotation.cross_fitting import (
    best_model_of,
    can_be_cross_fitted,
    can_be_judged,
    consensus_of,
)
from techne.annotation.disputes import most_disputed
from techne.annotation.evaluation import evaluate
from techne.annotation.paired import paired_test
from techne.annotation.panel import Panel
from techne.annotation.recommendation import REPLACES_PANEL_FROM, Candidate, rank, recommend
from techne.annotation.summary import Agreement, Caution, ConsensusRun, Evaluation, PairedTest, Recommendation
from techne.annotation.votes import NO_LABEL, BoolArray, IntArray

MOST_MODELS = 20
"""Models or people that are evaluated one by one: those with most votes."""
MOST_DISPUTED = 50
GOLD_TO_CHOOSE = 10
"""Gold items from which on they choose the consensus, and not the panel's shape."""
CROWD_COVERAGE = 0.5
"""Of a crowd, the median worker answered less of the tasks than this."""


@dataclass(frozen=True)
class Analysis:
    """What was found. `techne.annotation.summary` says what the figures mean.

    Args:
        consensus: By method, one `Consensus` per problem. Gold items are decided without their own gold.
        runs: Of each method, in the same order.
        evaluations: Of the models with most votes, the most accurate first; empty without gold.
        best_model: The most accurate single model that could do the panel's work; None without gold, or if
            nobody answered nearly all of it.
        paired_tests: The best model against each method and each other such model, then the
            recommendation against its runner-up.
        agreement: Of the panel.
        recommendation: None without gold.
        cautions: The loud ones first.
        chosen: The method whose labels are to be published.
        chosen_reason: Why it, in a sentence.
        disputed: Task indices, by the chosen method, the least certain first, gold items among them.
    """

    consensus: Mapping[str, tuple[Consensus, ...]]
    runs: tuple[ConsensusRun, ...]
    evaluations: tuple[Evaluation, ...]
    best_model: str | None
    paired_tests: tuple[PairedTest, ...]
    agreement: Agreement
    recommendation: Recommendation | None
    cautions: tuple[Caution, ...]
    chosen: str
    chosen_reason: str
    disputed: IntArray


def analyse(
    panel: Panel,
    *,
    methods: Sequence[str] = (),
    chosen: str | None = None,
    samples: int = SAMPLES,
    seed: int = 0,
    cost_per_call: Mapping[str, float] | None = None,
    circumstances: Circumstances | None = None,
    most_disputed_items: int = MOST_DISPUTED,
) -> Analysis:
    """Analyse votes, with whatever gold there is.

    Args:
        panel: Votes and gold.
        methods: Names of the consensus methods; default: all that fit the question and need no extra.
        chosen: The method to publish; default: the most accurate on gold, or with less than
            `GOLD_TO_CHOOSE` items `default_consensus`.
        samples: Of each bootstrap.
        seed: Of bootstraps and folds.
        cost_per_call: By worker, in any unit; what is cheaper is preferred at equal accuracy. Default: every
            call costs the same.
        circumstances: How the votes came about, for cautions.
        most_disputed_items: Length of `disputed`.

    Raises:
        ConsensusError: There are no votes, or a method is unknown, not installed, or without gold it needs.
    """
    known = panel.gold_known
    consensus = {name: consensus_of(panel, name, seed=seed) for name in _names(panel, methods, chosen)}
    of_methods = {name: answers_of_consensus(decided) for name, decided in consensus.items()}
    judged = {name: answers for name, answers in of_methods.items() if can_be_judged(panel, name)}
    of_models = [answers_of_worker(panel, worker) for worker in _busiest(panel)] if known.any() else []

    candidates = _candidates(panel, of_models, list(judged.values()), cost_per_call)
    ranked = rank(candidates)
    recommendation = recommend(candidates, samples=samples, seed=seed)
    best_model = next((candidate.name for candidate in ranked if candidate.kind == "model"), None)
    published, why = _chosen(panel, chosen, ranked, tuple(consensus))
    agreement = measure_agreement(panel)

    def compare(pairs: Iterable[tuple[Answers, Answers]]) -> tuple[PairedTest, ...]:
        return tuple(paired_test(one, other, panel, samples=samples, seed=seed) for one, other in pairs)

    return Analysis(
        consensus=consensus,
        runs=tuple(
            consensus_run(panel, decided, _evaluation(judged.get(name), panel, samples, seed))
            for name, decided in consensus.items()
        ),
        evaluations=_by_accuracy(
            evaluate(answers, panel, samples=samples, seed=seed) for answers in of_models
        ),
        best_model=best_model,
        paired_tests=compare(_pairs(ranked, [*of_models, *judged.values()])),
        agreement=agreement,
        recommendation=recommendation,
        cautions=cautions_of(
            panel,
            chosen=consensus[published],
            agreement=agreement,
            recommendation=recommendation,
            best_against_panel=compare(_best_against_panel(panel, candidates, of_models, judged, seed)),
            best_model=best_model,
            circumstances=circumstances or Circumstances(),
        ),
        chosen=published,
        chosen_reason=why,
        disputed=most_disputed(consensus[published], most_disputed_items),
    )


def _names(panel: Panel, methods: Sequence[str], chosen: str | None) -> tuple[str, ...]:
    names = tuple(methods) or registry.default_methods(panel.kind, with_gold=can_be_cross_fitted(panel))
    return tuple(dict.fromkeys((*names, chosen) if chosen else names))


def _busiest(panel: Panel) -> list[int]:
    votes = sum(np.bincount(problem.votes.worker_index, minlength=len(panel.workers)) for problem in panel)
    return [int(worker) for worker in np.argsort(-np.asarray(votes), kind="stable")[:MOST_MODELS]]


def _candidates(
    panel: Panel,
    models: Sequence[Answers],
    methods: Sequence[Answers],
    cost_per_call: Mapping[str, float] | None,
) -> list[Candidate]:
    """Every method, and every model that answered nearly all gold items."""
    known = panel.gold_known
    costs = call_costs(panel.workers, cost_per_call)
    of_call = np.array([costs[worker] for worker in panel.workers])
    votes = panel.problems[0].votes
    of_panel = float(of_call[votes.worker_index].sum()) / max(len(np.unique(votes.task_index)), 1)
    work = [known] if not is_crowd(panel) else [known, np.isin(np.arange(len(known)), votes.task_index)]
    able = [
        answers for answers in models if all(_coverage(answers, part) >= REPLACES_PANEL_FROM for part in work)
    ]
    return [
        Candidate(
            name=answers.name,
            kind=answers.kind,
            right=correctness(answers, panel)[known],
            cost_per_text=costs[answers.name] if answers.kind == "model" else of_panel,
        )
        for answers in (*able, *methods)
    ]


def _coverage(answers: Answers, tasks: BoolArray) -> float:
    answered = np.all([problem.label_index[tasks] != NO_LABEL for problem in answers.problems], axis=0)
    return float(answered.mean()) if len(answered) else 0.0


def is_crowd(panel: Panel) -> bool:
    """Whether many people did a part each, rather than a few models everything.

    A crowd worker who answered just the gold items, as the first batch, can't do the work of all.
    """
    votes = panel.problems[0].votes
    by_worker = np.bincount(votes.worker_index, minlength=len(votes.workers))
    return len(votes.workers) > MOST_MODELS and bool(
        np.median(by_worker) < CROWD_COVERAGE * len(np.unique(votes.task_index))
    )


def _chosen(
    panel: Panel, chosen: str | None, ranked: Sequence[Candidate], names: Sequence[str]
) -> tuple[str, str]:
    if chosen is not None:
        return chosen, "It was asked for."
    best = next((candidate for candidate in ranked if candidate.kind == "consensus"), None)
    if best is None or len(best.right) < GOLD_TO_CHOOSE:
        return default_consensus(panel, names)
    figures = f"{best.accuracy:.1%} of {len(best.right)} gold items"
    return best.name, f"It is the most accurate of the methods: right on {figures}."


def default_consensus(panel: Panel, names: Sequence[str]) -> tuple[str, str]:
    """Which of the methods to publish without gold to tell, and why.

    Dawid-Skene learns from agreement who is careless, which helps in a crowd, whose members err each for
    themselves. Models err together, and it then takes the largest faction for the truth: on LLMBar .475
    against a majority's .590, on RTE's crowd .928 against .897.
    """
    if panel.kind == "ordinal" and "median" in names:
        best, why = "median", "on a scale it is never far from any vote"
    elif is_crowd(panel) and "dawid-skene" in names:
        best, why = "dawid-skene", "in a crowd, where each answers a part, it finds out who is careless"
    elif "majority" in names:
        best, why = "majority", "methods that learn from agreement are misled by models that err alike"
    else:
        best, why = names[0], "it is the first that was asked for"
    return best, f"There is not enough gold to choose by; {why}."


def _best_against_panel(
    panel: Panel,
    candidates: Sequence[Candidate],
    models: Sequence[Answers],
    methods: Mapping[str, Answers],
    seed: int,
) -> list[tuple[Answers, Answers]]:
    """The best model, chosen on other gold, with each method that doesn't learn from gold."""
    able = {candidate.name: candidate.right for candidate in candidates if candidate.kind == "model"}
    answers = [model for model in models if model.name in able]
    best = best_model_of(answers, panel, seed=seed)
    plain = [answers for name, answers in methods.items() if not registry.build(name).needs_gold]
    return [(best, method) for method in plain] if best is not None else []


def _pairs(ranked: Sequence[Candidate], answers: Sequence[Answers]) -> Iterator[tuple[Answers, Answers]]:
    of = {(one.kind, one.name): one for one in answers}
    best = next((candidate for candidate in ranked if candidate.kind == "model"), None)
    if best is not None:
        yield from (
            (of[best.kind, best.name], of[other.kind, other.name]) for other in ranked if other is not best
        )
    if len(ranked) > 1 and best not in ranked[:2]:
        first, second = ranked[:2]
        yield of[first.kind, first.name], of[second.kind, second.name]


def _evaluation(answers: Answers | None, panel: Panel, samples: int, seed: int) -> Evaluation | None:
    if answers is None:
        return None
    cross_fitted = registry.build(answers.name).needs_gold
    return evaluate(answers, panel, cross_fitted=cross_fitted, samples=samples, seed=seed)


def _by_accuracy(evaluations: Iterable[Evaluation]) -> tuple[Evaluation, ...]:
    return tuple(sorted(evaluations, key=lambda evaluation: -evaluation.accuracy.value))
