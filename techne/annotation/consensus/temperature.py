"""How far a posterior is to be believed: one number, learned from tasks whose answer is known."""

from __future__ import annotations

import numpy as np

from techne.annotation.consensus.worker_model import normalised
from techne.annotation.votes import FloatArray, IntArray

TEMPERATURES = np.geomspace(1.0, 20.0, 61)
"""What is tried; 1 believes the model, more believes it less. None sharpens."""
MAX_TASKS = 10_000
"""As many are looked at, spread over all; for one number they are plenty."""


def fit_temperature(log_joint: FloatArray, truth: IntArray) -> float:
    """The temperature by which to divide `log_joint`, so that posteriors are as sure as they are right.

    Workers who are wrong together make a posterior of independent votes far too sure. Dividing by a
    temperature changes no decision and no tie, only the certainty. A prior of 1 / temperature keeps it near 1
    where there are few tasks.

    C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger. On calibration of modern neural networks. ICML 2017.

    Args:
        log_joint: Log probability of each label together with the votes, shape (tasks, labels), from a model
            that did not see the task's own answer.
        truth: The answers, shape (tasks,).
    """
    step = -(-len(truth) // MAX_TASKS)
    log_joint, truth = log_joint[::step], truth[::step]
    rows = np.arange(len(truth))

    def likelihood(temperature: float) -> float:
        posterior, _ = normalised(log_joint / temperature)
        surprise = np.log(posterior[rows, truth].clip(np.finfo(np.float64).tiny))
        return float(surprise.sum() - np.log(temperature))

    return float(TEMPERATURES[np.argmax([likelihood(temperature) for temperature in TEMPERATURES])])
