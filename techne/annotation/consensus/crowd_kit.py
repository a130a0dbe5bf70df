"""MACE and GLAD, learned by crowd-kit; an extra, for crowd-kit brings much along.

crowd-kit learns the workers' parameters. The posteriors are computed here from those parameters, in
logarithms, for any votes of the same workers. Nothing of pandas gets out of this file.

D. Ustalov, N. Pavlichenko and B. Tseitlin. Learning from crowds with Crowd-Kit. Journal of Open Source
Software 9(96), 2024.
"""

from __future__ import annotations

import warnings
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from techne.annotation.consensus.method import require_votes
from techne.annotation.consensus.worker_model import (
    LEAST_PROBABILITY,
    WorkerModel,
    log_joint_of_accuracy,
    log_joint_of_confusion,
)
from techne.annotation.votes import FloatArray, Gold, IntArray, Votes
from techne.errors import ConsensusError

if TYPE_CHECKING:
    from types import ModuleType

    import pandas as pd


class CrowdKitMethod(WorkerModel):
    """A method whose parameters crowd-kit learns.

    Args:
        max_iterations: Most iterations of crowd-kit; its own default if None.
    """

    needs_gold = False
    ordinal_only = False

    def __init__(self, *, max_iterations: int | None = None) -> None:
        self._options = {} if max_iterations is None else {"n_iter": max_iterations}

    def require_installed(self) -> None:
        """Raise ConsensusError unless crowd-kit is there."""
        _crowd_kit(self.name)

    def fit(self, votes: Votes, gold: Gold | None = None) -> Self:
        """Learn from the votes; gold is not looked at.

        Raises:
            ConsensusError: crowd-kit isn't installed, there are no votes, there is only one label to choose,
                or crowd-kit finds no finite parameters.
        """
        require_votes(self.name, votes)
        if len(votes.labels) < 2:
            raise ConsensusError(f"The consensus method {self.name!r} needs at least two labels.")
        aggregation = _crowd_kit(self.name)
        workers, worker = in_order_of_first_use(votes.worker_index)
        labels, label = in_order_of_first_use(votes.label_index)
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # crowd-kit's own; if it went wrong, what it learned shows it
            frame = _frame(task=votes.task_index, worker=worker, label=label)
            learned = self._learn(votes, aggregation, frame, workers, labels)
        if not all(np.isfinite(values).all() for values in learned):
            raise ConsensusError(
                f"crowd-kit's {self.title} came to no finite parameters on these {len(votes)} votes.",
                cure="Use another consensus method.",
            )
        self.workers_, self.labels_ = votes.workers, votes.labels
        return self

    @abstractmethod
    def _learn(
        self, votes: Votes, aggregation: ModuleType, frame: pd.DataFrame, workers: IntArray, labels: IntArray
    ) -> tuple[FloatArray, ...]:
        """Set the parameters, and return them.

        Args:
            votes: The votes.
            aggregation: crowd-kit.
            frame: The votes for it; task indices, and ranks in `workers` and `labels`.
            workers: Index of each worker with votes.
            labels: Index of each label with votes.
        """


class MACE(CrowdKitMethod):
    """Each worker either knows the answer, or spams by a distribution of its own.

    A label that nobody voted for has prior 0, all others the same. A worker without votes is taken for one
    who only guesses.

    D. Hovy, T. Berg-Kirkpatrick, A. Vaswani and E. Hovy. Learning whom to trust with MACE. NAACL-HLT 2013.

    Attributes:
        confusion_: P(worker votes l | the truth is c) at `[worker, c, l]`, up to a factor for each worker:
            variational estimates need not sum to 1.
        competence_: P(the worker knows) in the same sense, shape (workers,).
        prior_: Of the true labels, shape (labels,).
    """

    name = "mace"
    title = "MACE"

    confusion_: FloatArray
    competence_: FloatArray
    prior_: FloatArray

    def _learn(
        self, votes: Votes, aggregation: ModuleType, frame: pd.DataFrame, workers: IntArray, labels: IntArray
    ) -> tuple[FloatArray, ...]:
        # Restarts with the same random state take the same way, so one is as good as ten.
        model = aggregation.MACE(n_restarts=1, **self._options).fit(frame)
        size = len(votes.labels)
        spams = np.ones(len(votes.workers))
        spam = np.full((len(votes.workers), size), 1 / size)
        self.competence_ = np.zeros(len(votes.workers))
        spams[workers], self.competence_[workers] = model.spamming_.T
        spam[workers] = 0.0
        spam[np.ix_(workers, labels)] = model.thetas_
        guesses = (spams[:, None] * spam)[:, None, :]
        knows = self.competence_[:, None, None] * np.eye(size)
        self.confusion_ = np.maximum(guesses + knows, LEAST_PROBABILITY)
        self.prior_ = np.zeros(size)
        self.prior_[labels] = 1 / len(labels)
        return (self.confusion_,)

    def _log_joint(self, votes: Votes) -> FloatArray:
        return log_joint_of_confusion(votes, self.prior_, self.confusion_)


class GLAD(CrowdKitMethod):
    """Each worker has an ability, each task an ease, and both decide how likely a vote is right.

    P(right) = 1 / (1 + exp(-ability * exp(ease))); errors fall evenly on the other labels, and labels are
    equally frequent. A task that was not among those of `fit`, by its id, or had no votes then, and a worker
    without votes, get the mean of GLAD's prior, which is 1 for either.

    J. Whitehill, P. Ruvolo, T. Wu, J. Bergsma and J. Movellan. Whose vote should count more: optimal
    integration of labels from labelers of unknown expertise. NeurIPS 2009.

    Attributes:
        ability_: Shape (workers,); below 0 for those who are more often wrong than right.
        ease_: By task id.
    """

    name = "glad"
    title = "GLAD"

    ability_: FloatArray
    ease_: dict[str, float]

    def _learn(
        self, votes: Votes, aggregation: ModuleType, frame: pd.DataFrame, workers: IntArray, labels: IntArray
    ) -> tuple[FloatArray, ...]:
        every = len(votes.labels)
        prior = _series(np.full(every, 1 / every))
        model = aggregation.GLAD(labels_priors=prior, **self._options).fit(frame)
        self.ability_ = np.ones(len(votes.workers))
        self.ability_[workers[model.alphas_.index]] = model.alphas_.to_numpy()
        ease = model.betas_.to_numpy()
        tasks = (votes.tasks[task] for task in model.betas_.index)
        self.ease_ = dict(zip(tasks, ease.tolist(), strict=True))
        return self.ability_, ease

    def _log_joint(self, votes: Votes) -> FloatArray:
        ease = np.array([self.ease_.get(task, 1.0) for task in votes.tasks])
        log_odds = self.ability_[votes.worker_index] * np.exp(ease)[votes.task_index]
        labels = len(votes.labels)
        accuracy = 0.5 * (1 + np.tanh(log_odds / 2))  # the logistic function, which can't overflow so
        return log_joint_of_accuracy(votes, np.full(labels, 1 / labels), accuracy)


def in_order_of_first_use(index: IntArray) -> tuple[IntArray, IntArray]:
    """What is used, in order of its first use, and the rank of each entry in it.

    crowd-kit's MACE numbers workers and labels by first use in one place and by size in another; with ranks
    for names the two are one.
    """
    used, first, entry = np.unique(index, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return used[order].astype(np.int32), rank[entry].astype(np.int32)


def _crowd_kit(method: str) -> ModuleType:
    try:
        from crowdkit import aggregation
    except ImportError as error:
        raise ConsensusError(
            f"The consensus method {method!r} needs crowd-kit, which is not installed ({error}).",
            cure="Install techne[crowd], or leave the method out.",
        ) from error
    return aggregation


def _frame(**columns: IntArray) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(columns)


def _series(values: FloatArray) -> Any:
    import pandas as pd

    return pd.Series(values)
