"""Panels whose truth is known: independent errors, in which many are better than one, and shared ones."""

from __future__ import annotations

import numpy as np

from techne.annotation.panel import Panel
from techne.annotation.votes import IntArray
from tests.unit.annotation.panels import panel_of, simulated


def independent_panel(tasks: int = 400, *, seed: int = 0) -> Panel:
    """Five models of .75, each wrong for itself: their vote is right nine times in ten."""
    answers, truth = simulated(tasks=tasks, accuracies=[0.75] * 5, seed=seed)
    return panel_of(answers, truth)


def echoing_panel(tasks: int = 400, *, seed: int = 0) -> Panel:
    """One model of .9, and four that repeat one another and are right six times in ten."""
    answers, truth = simulated(tasks=tasks, accuracies=[0.9, 0.6], seed=seed)
    chance = np.random.default_rng(seed + 1)
    echoes = np.repeat(answers[:, 1:], 4, axis=1)
    slips = chance.random(echoes.shape) < 0.03
    return panel_of(np.hstack([answers[:, :1], np.where(slips, 1 - echoes, echoes)]), truth)


def with_gold(panel: Panel, items: int) -> Panel:
    """Gold of the first so many tasks only."""
    return panel.gold_only(np.arange(len(panel.tasks)) < items)


def truth_of(panel: Panel) -> IntArray:
    """Gold of the first problem."""
    gold = panel.problems[0].gold
    assert gold is not None
    return gold.label_index
