"""What a cascade would have saved, and lost, on votes that are already there.

The replay takes the steps that a run would: everybody is asked about the gold items, the policy is planned
with these alone, then wave after wave is asked about what is still in doubt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from techne.annotation.answers import Answers, answers_of_consensus
from techne.annotation.bootstrap import SAMPLES, interval, resample_means
from techne.annotation.cascade import CascadePolicy
from techne.annotation.cascade_planning import FEWEST_GOLD, best_of, full_panel, plan_cascade, restricted
from techne.annotation.consensus.method import Consensus
from techne.annotation.correctness import correctness
from techne.annotation.cross_fitting import assign_folds, gold_pattern
from techne.annotation.panel import Panel, Problem
from techne.annotation.summary import CascadeRun
from techne.annotation.votes import BoolArray, FloatArray

JUDGING_FOLDS = 5
"""Each is a plan of its own."""


@dataclass(frozen=True)
class CascadeReplay:
    """One replay.

    Args:
        policy: What was followed.
        run: What it cost and how right it was; a call is a vote that is there.
        consensus: What it decided, one per problem.
        full_panel: What the full panel's best method decided, best by the gold that the policy was planned
            with. Its accuracy on the judged items is `run.accuracy_full_panel`.
        best_in_hindsight: The full panel's best method by the judged items themselves, and its accuracy
            there, which nobody could have chosen; None without judged items.
    """

    policy: CascadePolicy
    run: CascadeRun
    consensus: tuple[Consensus, ...]
    full_panel: Answers
    best_in_hindsight: tuple[str, float] | None


def replay_cascade(
    panel: Panel,
    *,
    gold_for_planning: BoolArray | None = None,
    cost_per_call: Mapping[str, float] | None = None,
    threshold: float | None = None,
    samples: int = SAMPLES,
    seed: int = 0,
) -> CascadeReplay:
    """Plan a policy, and follow it through recorded votes.

    Args:
        panel: All votes, and all gold.
        gold_for_planning: Shape (tasks,): gold items about which everybody is asked, and with which the
            policy is planned; the other gold items judge it. Default: none, for a cascade without gold.
        cost_per_call: By worker, in USD. Default: no prices, every call counts the same.
        threshold: If stated.
        samples: Of the bootstrap for the accuracies' intervals.
        seed: Of folds and bootstrap.

    Raises:
        ConsensusError: There are no votes.
    """
    planning = np.zeros(len(panel.tasks), dtype=np.bool_) if gold_for_planning is None else gold_for_planning
    known = panel.gold_only(planning)
    policy = plan_cascade(known, cost_per_call=cost_per_call, threshold=threshold, seed=seed)
    asked, items_per_wave = _follow(policy, known, planning)
    consensus = policy.decide(asked, len(policy.waves))
    by_method = full_panel(known, seed=seed)
    best, _ = best_of(by_method, known)
    judged = panel.gold_only(panel.gold_known & ~planning)
    run = CascadeRun(
        method=policy.method,
        threshold=policy.threshold,
        threshold_source=policy.threshold_source,
        waves=policy.waves,
        items_per_wave=items_per_wave,
        calls=_calls(asked),
        calls_full_panel=_calls(panel),
        cost_usd=_cost(asked, cost_per_call),
        cost_full_panel_usd=_cost(panel, cost_per_call),
        accuracy=None,
    )
    right = [correctness(answers, judged) for answers in (answers_of_consensus(consensus), by_method[best])]
    return CascadeReplay(
        policy=policy,
        run=_with_accuracies(run, *right, samples=samples, seed=seed),
        consensus=consensus,
        full_panel=by_method[best],
        best_in_hindsight=best_of(by_method, judged) if judged.has_gold else None,
    )


def judge_run(
    run: CascadeRun,
    panel: Panel,
    *,
    cost_per_call: Mapping[str, float] | None = None,
    threshold: float | None = None,
    samples: int = SAMPLES,
    seed: int = 0,
) -> CascadeRun:
    """The accuracy of a real run, all of whose gold went into its policy.

    The gold items are replayed in folds: planned with the other folds, followed through the fold's. So it is
    the way of planning that is judged, on gold that it did not see; the policies differ a little.

    Args:
        run: What the run cost.
        panel: Everybody's votes about the gold items, and gold.
        cost_per_call: As the policy was planned with.
        threshold: As the policy was planned with.
        samples: Of the bootstrap for the intervals.
        seed: Of folds and bootstrap.

    Returns:
        The run with its accuracies; unchanged if there is too little gold to plan with.
    """
    panel = restricted(panel, panel.gold_known)
    fold = assign_folds(gold_pattern(panel), folds=JUDGING_FOLDS, seed=seed)
    if len(fold) * (JUDGING_FOLDS - 1) < FEWEST_GOLD * JUDGING_FOLDS:
        return run
    cascade, full = np.full((2, len(fold)), np.nan)
    for held_out in range(JUDGING_FOLDS):
        judged = fold == held_out
        replay = replay_cascade(
            panel,
            gold_for_planning=~judged,
            cost_per_call=cost_per_call,
            threshold=threshold,
            samples=1,
            seed=seed,
        )
        cascade[judged] = correctness(answers_of_consensus(replay.consensus), panel)[judged]
        full[judged] = correctness(replay.full_panel, panel)[judged]
    return _with_accuracies(run, cascade, full, samples=samples, seed=seed)


def _with_accuracies(
    run: CascadeRun, cascade: FloatArray, full: FloatArray, *, samples: int, seed: int
) -> CascadeRun:
    """`cascade` and `full`, of shape (tasks,), say how right the two are; NaN where they aren't judged."""
    right = np.stack([cascade, full], axis=1)[~np.isnan(cascade)]
    if not len(right):
        return run
    means = resample_means(right, samples=samples, seed=seed)
    of_cascade, of_full = (interval(float(right[:, one].mean()), means[:, one]) for one in (0, 1))
    return run.model_copy(
        update={"accuracy": of_cascade, "accuracy_full_panel": of_full, "items_judged": len(right)}
    )


def _follow(policy: CascadePolicy, panel: Panel, planning: BoolArray) -> tuple[Panel, tuple[int, ...]]:
    """The votes that were asked for, and how many texts reached each wave."""
    in_doubt = ~planning
    kept = [planning[problem.votes.task_index] for problem in panel]
    items_per_wave = []
    for number, wave in enumerate(policy.waves):
        items_per_wave.append(int(np.count_nonzero(in_doubt)))
        workers = [panel.workers.index(worker) for worker in wave]
        for keep, problem in zip(kept, panel, strict=True):
            votes = problem.votes
            keep |= in_doubt[votes.task_index] & np.isin(votes.worker_index, workers)
        if number + 1 < len(policy.waves):
            in_doubt = in_doubt & policy.unsure(_votes_where(panel, kept), number + 1)
    return _votes_where(panel, kept), tuple(items_per_wave)


def _votes_where(panel: Panel, keep: Sequence[BoolArray]) -> Panel:
    problems = (Problem(p.name, p.votes.select(kept), p.gold) for p, kept in zip(panel, keep, strict=True))
    return Panel(panel.kind, panel.labels, tuple(problems))


def _calls(panel: Panel) -> int:
    """One call answers all labels of a multi-label question."""
    return len(panel.problems[0].votes)


def _cost(panel: Panel, cost_per_call: Mapping[str, float] | None) -> float | None:
    if cost_per_call is None or any(worker not in cost_per_call for worker in panel.workers):
        return None
    cost = np.array([cost_per_call[worker] for worker in panel.workers])
    return float(cost[panel.problems[0].votes.worker_index].sum())
