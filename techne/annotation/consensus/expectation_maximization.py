"""Expectation-maximisation: workers from the truth, the truth from workers, by turns.

Here is the loop; a method says how workers are modelled. `dawid_skene` and `one_coin` are two such methods.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Self

import numpy as np

from techne.annotation.consensus.majority import vote_shares
from techne.annotation.consensus.method import require_votes
from techne.annotation.consensus.worker_model import LEAST_PROBABILITY, WorkerModel, normalised
from techne.annotation.votes import FloatArray, Gold, Votes
from techne.errors import ConsensusError

TOLERANCE = 1e-5
MAX_ITERATIONS = 100


class ExpectationMaximization(WorkerModel):
    """Most likely worker parameters and class prior, the true labels being unknown.

    1. The posterior starts as the shares of the votes.
    2. M-step: class prior and worker parameters are those most likely under the posterior.
    3. E-step: the posterior follows from them by Bayes' rule, and the likelihood of all votes with it.
    4. 2 and 3 are repeated until the likelihood stands still.

    A label that nobody voted for has prior 0.

    Args:
        tolerance: It has converged once the log likelihood grows by less than this for each vote.
        max_iterations: Most M-steps.

    Attributes:
        prior_: Of the true labels, shape (labels,).
        iterations_: M-steps taken.
        converged_: Whether the likelihood stood still within `max_iterations`.
        log_likelihood_: Natural logarithm of the probability of all votes (and of gold where it is used),
            under the parameters found; per M-step, it never falls.
    """

    needs_gold = False
    ordinal_only = False

    prior_: FloatArray
    iterations_: int
    converged_: bool
    log_likelihood_: tuple[float, ...]

    def __init__(self, *, tolerance: float = TOLERANCE, max_iterations: int = MAX_ITERATIONS) -> None:
        if max_iterations < 1:
            raise ConsensusError(f"The consensus method {self.name!r} needs at least one iteration.")
        self.tolerance = tolerance
        self.max_iterations = max_iterations

    def fit(self, votes: Votes, gold: Gold | None = None) -> Self:
        """Learn from the votes; gold is not looked at.

        Raises:
            ConsensusError: There are no votes.
        """
        return self._fit(votes, known=None)

    def _fit(self, votes: Votes, known: Gold | None) -> Self:
        """Learn; the true label of a task in `known` is no question."""
        require_votes(self.name, votes)
        self.workers_, self.labels_ = votes.workers, votes.labels
        answered = np.bincount(votes.task_index, minlength=len(votes.tasks)) > 0
        posterior = np.where(answered[:, None], vote_shares(votes), 0.0)
        if known is not None:
            posterior[known.known] = np.eye(len(votes.labels))[known.label_index[known.known]]
        possible = posterior.any(axis=0)
        history: list[float] = []
        self.converged_ = False
        while len(history) < self.max_iterations and not self.converged_:
            posterior[~answered] = 0.0
            shares = posterior.sum(axis=0) / answered.sum()
            self.prior_ = np.where(possible, shares.clip(LEAST_PROBABILITY), 0.0)
            self._maximise(votes, posterior)
            joint = self._log_joint(votes)
            if known is not None:
                _rule_out_all_but(known, joint)
            posterior, log_evidence = normalised(joint)
            history.append(float(log_evidence[answered].sum()))
            self.converged_ = len(history) > 1 and history[-1] - history[-2] < self.tolerance * len(votes)
        self.iterations_ = len(history)
        self.log_likelihood_ = tuple(history)
        return self

    @abstractmethod
    def _maximise(self, votes: Votes, posterior: FloatArray) -> None:
        """Set the most likely worker parameters under a posterior, shape (tasks, labels)."""


def _rule_out_all_but(known: Gold, log_joint: FloatArray) -> None:
    rows = np.flatnonzero(known.known)
    truth = known.label_index[rows]
    kept = log_joint[rows, truth]
    log_joint[rows] = -np.inf
    log_joint[rows, truth] = kept
