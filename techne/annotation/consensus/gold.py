"""Gold that a method can learn from: known answers to the tasks at hand, in their labels."""

from __future__ import annotations

from techne.annotation.votes import NO_LABEL, Gold, Votes
from techne.errors import ConsensusError


def require_gold(method: str, votes: Votes, gold: Gold | None) -> Gold:
    """Gold that belongs to the votes.

    Raises:
        ConsensusError: No answer is known, or gold is not of these tasks and labels.
    """
    if gold is None or not len(gold):
        raise ConsensusError(
            f"The consensus method {method!r} learns from gold, and no answer is known.",
            cure="Give it gold for some tasks, or use a method that needs none.",
        )
    if len(gold.label_index) != len(votes.tasks):
        raise ConsensusError(
            f"Gold is of {len(gold.label_index)} tasks and the votes of {len(votes.tasks)}.",
            cure=f"Give one entry for each task, {NO_LABEL} where the answer is not known.",
        )
    most = int(gold.label_index.max())
    if most >= len(votes.labels):
        raise ConsensusError(
            f"Gold has the label index {most}, and there are {len(votes.labels)} labels.",
            cure="Number the labels of gold as those of the votes.",
        )
    return gold
