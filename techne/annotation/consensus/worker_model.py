"""Votes under a model of the workers: what all methods that weigh workers share.

A model says how probable each vote is if the true label is known. Bayes' rule does the rest: the posterior of
a label is its prior times the probability of the task's votes under it. All of it is done in logarithms, so
that no number of votes underflows.
"""

from __future__ import annotations

from abc import abstractmethod
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from techne.annotation.consensus.method import ConsensusMethod
from techne.annotation.votes import FloatArray, Votes
from techne.errors import ConsensusError

LEAST_PROBABILITY = 1e-10
"""Of a vote: what has never been seen must not make a label impossible (the value of crowd-kit 1.4)."""


class WorkerModel(ConsensusMethod):
    """A method that learns about workers, and applies it to any votes of theirs.

    Attributes:
        workers_: Names of the workers that it learned about.
        labels_: Names of the labels that they could give.
    """

    workers_: tuple[str, ...] = ()
    labels_: tuple[str, ...] = ()

    def predict_proba(self, votes: Votes) -> FloatArray:
        """Posterior of each label, shape (tasks, labels); NaN rows for tasks without votes.

        Raises:
            ConsensusError: It was not fitted, or to other workers or labels.
        """
        self._require_fitted_to(votes)
        posterior, _ = normalised(self._log_joint(votes))
        posterior[np.bincount(votes.task_index, minlength=len(votes.tasks)) == 0] = np.nan
        return posterior

    @abstractmethod
    def _log_joint(self, votes: Votes) -> FloatArray:
        """Log probability of each true label together with the task's votes, shape (tasks, labels)."""

    def _require_fitted_to(self, votes: Votes) -> None:
        if not self.labels_:
            raise ConsensusError(
                f"The consensus method {self.name!r} has learned nothing yet.", cure="Fit it first."
            )
        for what, learned, given in (
            ("workers", self.workers_, votes.workers),
            ("labels", self.labels_, votes.labels),
        ):
            if learned != given:
                known = set(learned)
                stranger = next((name for name in given if name not in known), None)
                how = f"not to {stranger!r}" if stranger is not None else "in another order, or to more"
                raise ConsensusError(
                    f"The consensus method {self.name!r} was fitted to other {what}: {how}.",
                    cure="Fit it to votes of the same workers and labels.",
                )


def log_prior(prior: FloatArray) -> FloatArray:
    """Logarithm of a distribution over labels; minus infinity for what is impossible."""
    return np.log(prior, out=np.full_like(prior, -np.inf), where=prior > 0)


def log_joint_of_confusion(votes: Votes, prior: FloatArray, confusion: FloatArray) -> FloatArray:
    """Log probability of each true label together with the task's votes, shape (tasks, labels).

    Args:
        votes: The votes.
        prior: Of the true labels, shape (labels,).
        confusion: P(worker votes l | the truth is c) at `[worker, c, l]`; nowhere 0.
    """
    joint = np.empty((len(votes.tasks), len(votes.labels)))
    answer, task = answers(votes), votes.task_index.astype(np.int64)
    evidence = np.empty(len(votes))  # one for all labels: fresh pages would cost more than the sums
    for truth, start in enumerate(log_prior(prior)):
        np.take(np.log(confusion[:, truth, :]).ravel(), answer, out=evidence, mode="clip")
        joint[:, truth] = start + np.bincount(task, weights=evidence, minlength=len(joint))
    return joint


def log_joint_of_accuracy(votes: Votes, prior: FloatArray, accuracy: FloatArray) -> FloatArray:
    """The same where a worker's errors are spread evenly over the other labels.

    Args:
        votes: The votes.
        prior: Of the true labels, shape (labels,).
        accuracy: P(the vote is right), shape (votes,).
    """
    tasks, labels = len(votes.tasks), len(votes.labels)
    right, wrong = (np.log(probability) for probability in right_and_wrong(accuracy, labels))
    for_label = np.bincount(cells(votes), weights=right - wrong, minlength=tasks * labels)
    for_any = np.bincount(votes.task_index, weights=wrong, minlength=tasks)
    return np.asarray(for_label.reshape(tasks, labels) + for_any[:, None] + log_prior(prior))


def right_and_wrong(accuracy: FloatArray, labels: int) -> tuple[FloatArray, FloatArray]:
    """P(vote) for the true label, and for each of the others; both within (0, 1)."""
    least, most = LEAST_PROBABILITY, 1 - LEAST_PROBABILITY
    return np.clip(accuracy, least, most), np.clip((1 - accuracy) / max(labels - 1, 1), least, most)


def normalised(log_joint: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Posterior, shape (tasks, labels), and log probability of each task's votes, shape (tasks,)."""
    top = reduce(np.maximum, log_joint.T)[:, None]  # ten times faster than the maximum of short rows
    scaled = np.exp(log_joint - top)
    total = scaled.sum(axis=1, keepdims=True)
    return scaled / total, (np.log(total) + top)[:, 0]


def answers(votes: Votes) -> NDArray[np.int64]:
    """Place of each vote in a flattened (workers, labels) table."""
    return votes.worker_index.astype(np.int64) * len(votes.labels) + votes.label_index


def cells(votes: Votes) -> NDArray[np.int64]:
    """Place of each vote in a flattened (tasks, labels) table."""
    return votes.task_index.astype(np.int64) * len(votes.labels) + votes.label_index
