"""One-coin Dawid-Skene: one accuracy for each worker, without gold."""

from __future__ import annotations

import numpy as np

from techne.annotation.consensus.expectation_maximization import ExpectationMaximization
from techne.annotation.consensus.worker_model import cells, log_joint_of_accuracy
from techne.annotation.votes import FloatArray, Votes


class OneCoin(ExpectationMaximization):
    """Each worker is right with one probability, whatever the truth; errors fall evenly on the other labels.

    Far fewer parameters than `DawidSkene`, so it needs fewer votes a worker, and cannot know that a worker
    mistakes one label for another. It assumes independent workers as well.

    Y. Zhang, X. Chen, D. Zhou and M. I. Jordan. Spectral methods meet EM: a provably optimal algorithm for
    crowdsourcing. Journal of Machine Learning Research 17, 2016 (section 2). The loop is
    `ExpectationMaximization`'s.

    Attributes:
        accuracy_: P(right), shape (workers,); that of a guess for a worker who never voted.
    """

    name = "one-coin"
    title = "One-coin Dawid-Skene"

    accuracy_: FloatArray

    def _maximise(self, votes: Votes, posterior: FloatArray) -> None:
        workers = len(votes.workers)
        sizes = np.bincount(votes.worker_index, minlength=workers)
        right = np.bincount(
            votes.worker_index, weights=posterior.ravel().take(cells(votes)), minlength=workers
        )
        guess = np.full(workers, 1 / len(votes.labels))
        self.accuracy_ = np.divide(right, sizes, out=guess, where=sizes > 0)

    def _log_joint(self, votes: Votes) -> FloatArray:
        return log_joint_of_accuracy(votes, self.prior_, self.accuracy_[votes.worker_index])
