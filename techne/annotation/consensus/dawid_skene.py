"""Dawid-Skene: a confusion matrix for each worker, without gold."""

from __future__ import annotations

from typing import Self

import numpy as np

from techne.annotation.consensus.expectation_maximization import (
    MAX_ITERATIONS,
    TOLERANCE,
    ExpectationMaximization,
)
from techne.annotation.consensus.gold import require_gold
from techne.annotation.consensus.worker_model import LEAST_PROBABILITY, answers, log_joint_of_confusion
from techne.annotation.votes import FloatArray, Gold, Votes


class DawidSkene(ExpectationMaximization):
    """Each worker answers by a confusion matrix: P(votes l | the truth is c), whatever the others say.

    Workers who are wrong together break that assumption, and are then trusted the more for it: on panels of
    language models this can be far below the best single model.

    A. P. Dawid and A. M. Skene. Maximum likelihood estimation of observer error-rates using the EM algorithm.
    Applied Statistics 28(1), 1979, 20-28. The loop is `ExpectationMaximization`'s.

    Args:
        tolerance: It has converged once the log likelihood grows by less than this for each vote.
        max_iterations: Most M-steps.
        use_gold: Whether tasks with a known answer keep it while learning (semi-supervised). Their own
            posterior in `predict_proba` still follows from the votes alone.

    Attributes:
        confusion_: P(worker votes l | the truth is c) at `[worker, c, l]`; even over the labels for a worker
            who never voted, or never on anything that may be c.
        prior_: Of the true labels, shape (labels,).
        iterations_: M-steps taken.
        converged_: Whether the likelihood stood still within `max_iterations`.
        log_likelihood_: Log likelihood after each M-step.
    """

    name = "dawid-skene"
    title = "Dawid-Skene"

    confusion_: FloatArray

    def __init__(
        self,
        *,
        tolerance: float = TOLERANCE,
        max_iterations: int = MAX_ITERATIONS,
        use_gold: bool = False,
    ) -> None:
        super().__init__(tolerance=tolerance, max_iterations=max_iterations)
        self.use_gold = use_gold

    def fit(self, votes: Votes, gold: Gold | None = None) -> Self:
        """Learn from the votes, and from gold if `use_gold`.

        Raises:
            ConsensusError: There are no votes; or `use_gold`, and no answer is known or gold is not of these
                tasks and labels.
        """
        return self._fit(votes, require_gold(self.name, votes, gold) if self.use_gold else None)

    def _maximise(self, votes: Votes, posterior: FloatArray) -> None:
        workers, labels = len(votes.workers), len(votes.labels)
        answer, task = answers(votes), votes.task_index.astype(np.int64)
        weights = np.empty(len(votes))
        self.confusion_ = np.empty((workers, labels, labels))
        for truth in range(labels):
            np.take(posterior[:, truth], task, out=weights, mode="clip")
            counts = np.bincount(answer, weights=weights, minlength=workers * labels)
            self.confusion_[:, truth, :] = counts.reshape(workers, labels)
        self.confusion_.clip(LEAST_PROBABILITY, out=self.confusion_)
        self.confusion_ /= self.confusion_.sum(axis=2, keepdims=True)

    def _log_joint(self, votes: Votes) -> FloatArray:
        return log_joint_of_confusion(votes, self.prior_, self.confusion_)
