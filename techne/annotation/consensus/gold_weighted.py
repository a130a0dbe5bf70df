"""Gold-weighted vote: each worker counts as the known answers say that it deserves."""

from __future__ import annotations

from typing import Self

import numpy as np

from techne.annotation.consensus.gold import require_gold
from techne.annotation.consensus.method import require_votes
from techne.annotation.consensus.temperature import fit_temperature
from techne.annotation.consensus.worker_model import (
    WorkerModel,
    answers,
    log_joint_of_confusion,
    right_and_wrong,
)
from techne.annotation.votes import FloatArray, Gold, IntArray, Votes
from techne.errors import ConsensusError

# Pseudo-counts. Chosen by accuracy and log loss on unseen tasks with 1 to 100 gold items, over two recorded
# panels of language models, a human crowd, and simulated workers with even or systematic errors.
PANEL_STRENGTH = 5.0
"""Gold tasks that the belief in a middling panel is worth."""
ACCURACY_STRENGTH = 8.0
"""Gold votes that the belief in a worker like the others is worth."""
CONFUSION_STRENGTH = 20.0
"""Gold votes, for each true label, that the belief in evenly spread errors is worth."""
PRIOR_STRENGTH = 5.0
"""Gold tasks of each label that the belief in equally frequent labels is worth."""


class GoldWeightedVote(WorkerModel):
    """Naive Bayes with workers measured on gold, each estimate held back as far as gold is scarce.

    1. The panel's accuracy: right votes on gold, drawn towards half-way between guessing and perfection;
       never below guessing. It counts tasks, not votes: the votes on one task tend to be wrong together.
    2. A worker's accuracy: its right votes on gold, drawn towards the panel's. A worker without any gold has
       the panel's, and so weighs as a middling one.
    3. A worker's confusion matrix: its counts on gold, drawn towards that accuracy with errors spread evenly.
       With little gold this is the one-coin model; with much, each worker's own mistakes are undone.
    4. The class prior: gold's distribution, drawn towards an even one.
    5. The posterior is prior times votes (naive Bayes), at the temperature at which the gold tasks, each
       predicted without its own answer, are most likely. It leaves every decision as it is, and takes back
       the certainty that workers wrong together have feigned.

    Judge it on tasks whose gold it did not see.

    S. Nitzan and J. Paroush. Optimal decision rules in uncertain dichotomous choice situations. International
    Economic Review 23(2), 1982 (log odds as weights). R. Snow, B. O'Connor, D. Jurafsky and A. Y. Ng. Cheap
    and fast - but is it good? EMNLP 2008, section 6 (workers measured on gold).

    Attributes:
        accuracy_: P(right) of step 2, shape (workers,).
        confusion_: P(worker votes l | the truth is c) at `[worker, c, l]`.
        prior_: Of the true labels, shape (labels,).
        temperature_: Of step 5; 1 if the votes are as independent as they seem, more if they are not.
        gold_votes_: Votes on gold tasks, shape (workers,).
    """

    name = "gold-weighted"
    title = "Gold-weighted vote"
    needs_gold = True
    ordinal_only = False

    accuracy_: FloatArray
    confusion_: FloatArray
    prior_: FloatArray
    temperature_: float
    gold_votes_: FloatArray

    def fit(self, votes: Votes, gold: Gold | None = None) -> Self:
        """Measure the workers on gold.

        Raises:
            ConsensusError: There are no votes; no answer is known, or none of a task with votes; or gold is
                not of these tasks and labels.
        """
        require_votes(self.name, votes)
        gold = require_gold(self.name, votes, gold)
        measured = votes.of_tasks(gold.known)
        if not len(measured):
            raise ConsensusError(
                f"None of the {len(gold)} tasks with gold has a vote; {self.name!r} can't measure anybody.",
                cure="Give gold for tasks that were answered.",
            )
        self.workers_, self.labels_ = votes.workers, votes.labels
        evidence = _Evidence(measured, gold)
        self.gold_votes_ = evidence.votes
        self.accuracy_ = evidence.accuracies()
        self.confusion_ = evidence.confusions(self.accuracy_)
        self.prior_ = evidence.prior()
        self.temperature_ = fit_temperature(*evidence.left_out(gold))
        return self

    def _log_joint(self, votes: Votes) -> FloatArray:
        return log_joint_of_confusion(votes, self.prior_, self.confusion_) / self.temperature_


class _Evidence:
    """What the votes on gold tasks say about the workers."""

    def __init__(self, measured: Votes, gold: Gold) -> None:
        self.measured = measured
        self.workers, self.labels = len(measured.workers), len(measured.labels)
        self.truth = gold.label_index[measured.task_index]
        self.right = (measured.label_index == self.truth).astype(np.float64)
        self.votes = np.bincount(measured.worker_index, minlength=self.workers).astype(np.float64)
        hits = np.bincount(measured.worker_index, weights=self.right, minlength=self.workers)
        self.hits = hits.astype(np.float64)
        self.tasks, self.row = np.unique(measured.task_index, return_inverse=True)
        self.classes = np.bincount(gold.label_index[gold.known], minlength=self.labels).astype(np.float64)
        place = answers(measured) * self.labels + self.truth
        counts = np.bincount(place, minlength=self.workers * self.labels**2).astype(np.float64)
        self.counts = counts.reshape(self.workers, self.labels, self.labels).swapaxes(1, 2)

    def accuracies(self) -> FloatArray:
        panel = self._panel(self.hits.sum(), self.votes.sum(), len(self.tasks))
        return _drawn(self.hits, self.votes, ACCURACY_STRENGTH, panel)

    def confusions(self, accuracy: FloatArray) -> FloatArray:
        right, wrong = right_and_wrong(accuracy, self.labels)
        same = np.eye(self.labels, dtype=np.bool_)
        even = np.where(same, right[:, None, None], wrong[:, None, None])
        return _drawn(self.counts, self.counts.sum(axis=2, keepdims=True), CONFUSION_STRENGTH, even)

    def prior(self) -> FloatArray:
        return self._prior(self.classes, self.classes.sum())

    def left_out(self, gold: Gold) -> tuple[FloatArray, IntArray]:
        """Log joint of each gold task with votes under what all the others say, and its true label."""
        task_truth = gold.label_index[self.tasks]
        task_votes = np.bincount(self.row).astype(np.float64)
        task_hits = np.bincount(self.row, weights=self.right)
        panel = self._panel(self.hits.sum() - task_hits, self.votes.sum() - task_votes, len(self.tasks) - 1)
        worker, label = self.measured.worker_index, self.measured.label_index
        accuracy = _drawn(
            self.hits[worker] - self.right, self.votes[worker] - 1, ACCURACY_STRENGTH, panel[self.row]
        )
        right, wrong = right_and_wrong(accuracy, self.labels)
        totals = self.counts.sum(axis=2)
        joint = np.empty((len(self.tasks), self.labels))
        for truth in range(self.labels):
            own = self.truth == truth
            even = np.where(label == truth, right, wrong)
            counts = self.counts[worker, truth, label] - own
            seen = _drawn(counts, totals[worker, truth] - own, CONFUSION_STRENGTH, even)
            prior = self._prior(self.classes[truth] - (task_truth == truth), self.classes.sum() - 1)
            joint[:, truth] = np.log(prior) + np.bincount(self.row, weights=np.log(seen))
        return joint, task_truth

    def _panel(self, hits: FloatArray, votes: FloatArray, tasks: int) -> FloatArray:
        guess = 1 / self.labels
        right_tasks = hits / np.maximum(votes, 1) * tasks
        return np.maximum(_drawn(right_tasks, tasks, PANEL_STRENGTH, (1 + guess) / 2), guess)

    def _prior(self, of_label: FloatArray, of_all: float) -> FloatArray:
        return _drawn(of_label, of_all, PRIOR_STRENGTH * self.labels, 1 / self.labels)


def _drawn(
    hits: FloatArray, trials: FloatArray | float, strength: float, towards: FloatArray | float
) -> FloatArray:
    """Share of hits, after `strength` trials more with a share of `towards`."""
    return np.asarray((hits + strength * towards) / (trials + strength))
