"""Answers about gold items from methods that did not see their gold: K-fold cross-fitting.

Whatever learns from gold is judged here as it would do on new texts; how right the answers are is
`techne.annotation.evaluation`'s part.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from techne.annotation.answers import Answers, ProblemAnswers
from techne.annotation.consensus import registry
from techne.annotation.consensus.method import Consensus, decide
from techne.annotation.correctness import correctness
from techne.annotation.panel import Panel, Problem
from techne.annotation.votes import NO_LABEL, Gold, IntArray

FOLDS = 10
"""Nine tenths of the gold teach, one tenth is judged, ten times over."""
FEWEST = 2
"""Gold items without which nothing can be held out."""
BEST_MODEL = "best single model"
"""Name of the answers of whichever model the other folds found best."""


def assign_folds(gold: Gold, *, folds: int = FOLDS, seed: int = 0) -> IntArray:
    """Deal the gold items into folds, label by label, so that each fold has its share of every label.

    Returns:
        Shape (tasks,): the fold of each gold item, -1 for other tasks. At most as many folds as items;
        none without at least `FEWEST` items, as then nothing is left to learn from.
    """
    fold = np.full(len(gold.label_index), -1, dtype=np.int32)
    known = np.flatnonzero(gold.known)
    if len(known) < FEWEST:
        return fold
    dealt = np.random.default_rng(seed).permutation(known)
    dealt = dealt[np.argsort(gold.label_index[dealt], kind="stable")]
    fold[dealt] = np.arange(len(dealt)) % min(folds, len(dealt))
    return fold


def consensus_of(panel: Panel, method: str, *, folds: int = FOLDS, seed: int = 0) -> tuple[Consensus, ...]:
    """What the method decides, one `Consensus` per problem, each gold item without its own gold.

    A method that learns from gold answers the items of a fold after learning from the other folds, and the
    rest of the tasks after learning from all gold. One that doesn't is given none. A problem with a single
    gold item can't be cross-fitted, and its answer is fitted on it: see `can_be_judged`.

    Raises:
        ConsensusError: The method doesn't exist, is not installed, or needs gold that isn't there.
    """
    return tuple(_decide(problem, method, folds, seed) for problem in panel)


def can_be_judged(panel: Panel, method: str) -> bool:
    """Whether the method was not fitted on the gold that is to judge it: by nature, or cross-fitted."""
    if not panel.gold_known.any():
        return False
    return not registry.build(method).needs_gold or can_be_cross_fitted(panel)


def can_be_cross_fitted(panel: Panel) -> bool:
    """Whether every problem has gold to learn from when any of its gold items is held out."""
    return all(len(_teaching(problem)) >= FEWEST for problem in panel)


def _teaching(problem: Problem) -> Gold:
    """Gold about tasks that anybody answered; from the rest nothing can be learned."""
    if problem.gold is None:
        return Gold(np.full(len(problem.votes.tasks), NO_LABEL, dtype=np.int32))
    return problem.gold.only(np.asarray(problem.votes.counts.any(axis=1)))


def _decide(problem: Problem, name: str, folds: int, seed: int) -> Consensus:
    method, votes = registry.build(name), problem.votes
    if not method.needs_gold:
        return method.fit(votes).predict(votes)
    gold = _teaching(problem)
    posterior = method.fit(votes, gold).predict_proba(votes).copy()
    fold = assign_folds(gold, folds=folds, seed=seed)
    for held_out in range(int(fold.max(initial=-1)) + 1):
        judged = fold == held_out
        learnt = registry.build(name).fit(votes, gold.only(~judged))
        posterior[judged] = learnt.predict_proba(votes.of_tasks(judged))[judged]
    return decide(name, posterior)


def best_model_of(
    models: Sequence[Answers], panel: Panel, *, folds: int = FOLDS, seed: int = 0
) -> Answers | None:
    """The best single model, chosen on the other folds: what picking one by gold is worth on new texts.

    The most accurate of many models on the very items that chose it looks better than it is, the more so the
    fewer items each has answered.

    Args:
        models: Those that may be chosen.
        panel: Gives the gold.
        folds: At most so many.
        seed: Of the folds.

    Returns:
        Answers for all tasks, those without gold from the best model on all gold; None if there is no model
        to choose, or too little gold to choose on others than the judged.
    """
    known = panel.gold_known
    fold = assign_folds(gold_pattern(panel), folds=folds, seed=seed)
    if not models or not np.any(fold >= 0):
        return None
    right = np.stack([correctness(model, panel) for model in models], axis=1)
    chosen = np.full(len(fold), np.argmax(right[known].mean(axis=0)), dtype=np.int32)
    for held_out in range(int(fold.max()) + 1):
        others = known & (fold != held_out)
        chosen[fold == held_out] = np.argmax(right[others].mean(axis=0))
    tasks = np.arange(len(fold))
    problems = []
    for number in range(len(panel.problems)):
        label_index = np.stack([model.problems[number].label_index for model in models])
        problems.append(ProblemAnswers(label_index[chosen, tasks]))
    return Answers(BEST_MODEL, "model", tuple(problems))


def gold_pattern(panel: Panel) -> Gold:
    """Gold of the whole answer: for multi an index per set of labels that occurs, else the gold as it is."""
    if len(panel.problems) == 1:
        return panel.problems[0].gold or Gold(np.full(len(panel.tasks), NO_LABEL, dtype=np.int32))
    known = panel.gold_known
    pattern = np.full(len(panel.tasks), NO_LABEL, dtype=np.int32)
    if known.any():
        each = [problem.gold.label_index[known] for problem in panel if problem.gold is not None]
        pattern[known] = np.unique(np.stack(each, axis=1), axis=0, return_inverse=True)[1].reshape(-1)
    return Gold(pattern)
