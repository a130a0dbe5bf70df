"""The recorded crowds give the figures that the choice of methods rests on."""

from __future__ import annotations

import numpy as np
import pytest

from techne.annotation.consensus.gold_weighted import GoldWeightedVote
from techne.annotation.consensus.method import Consensus
from techne.annotation.consensus.registry import build
from techne.annotation.votes import IntArray
from tests.unit.annotation.consensus.crowds import external, recorded


def ties_to_the_first_label(consensus: Consensus) -> IntArray:
    """Decisions as of tools that break ties silently."""
    return np.where(consensus.tied, np.nan_to_num(consensus.posterior).argmax(axis=1), consensus.label_index)


@external
@pytest.mark.parametrize(
    ("name", "method", "accuracy"),
    [
        ("rte", "majority", 0.875),
        ("rte", "dawid-skene", 0.9275),
        ("rte", "one-coin", 0.925),
        ("rte", "mace", 0.925),
        ("llmbar_vanilla", "majority", 0.5895),
        ("llmbar_vanilla", "dawid-skene", 0.4749),
        ("llmbar_vanilla", "one-coin", 0.4558),
        ("babe_llm_8shot", "majority", 0.8216),
        ("babe_llm_8shot", "dawid-skene", 0.8213),
        ("babe_llm_8shot", "one-coin", 0.8236),
    ],
)
def test_accuracy_is_the_known_one(name: str, method: str, accuracy: float) -> None:
    crowd = recorded(name)
    consensus = build(method).fit(crowd.votes).predict(crowd.votes)
    assert crowd.accuracy(ties_to_the_first_label(consensus)) == pytest.approx(accuracy, abs=0.003)


@external
@pytest.mark.parametrize(("gold_items", "least"), [(25, 0.82), (50, 0.85), (100, 0.86)])
def test_a_little_gold_lifts_a_panel_that_is_wrong_together(gold_items: int, least: float) -> None:
    crowd = recorded("llmbar_vanilla")
    accuracies = []
    for seed in range(5):
        gold, unseen = crowd.split(gold_items, seed)
        consensus = GoldWeightedVote().fit(crowd.votes, gold).predict(crowd.votes)
        accuracies.append(np.mean(consensus.label_index[unseen] == crowd.truth[unseen]))
    assert np.mean(accuracies) >= least


@external
def test_workers_without_gold_weigh_like_the_others() -> None:
    crowd = recorded("rte")
    gold, unseen = crowd.split(10, seed=0)
    method = GoldWeightedVote().fit(crowd.votes, gold)
    strangers = method.gold_votes_ == 0
    assert strangers.sum() > 50
    assert len(set(method.accuracy_[strangers])) == 1
    right = method.predict(crowd.votes).label_index[unseen] == crowd.truth[unseen]
    assert np.mean(right) > 0.875
