"""All the answers of an experiment: votes, gold, and the parts that a multi-label question falls into."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from techne.annotation.labels import LabelKind
from techne.annotation.votes import NO_LABEL, BoolArray, Gold, Votes


@dataclass(frozen=True)
class Problem:
    """One question with one answer a task: the whole experiment, or one label of a multi-label one.

    Args:
        name: The label's name; empty for the whole.
        votes: Its votes.
        gold: Its known answers; None if there are none.
    """

    name: str
    votes: Votes
    gold: Gold | None


@dataclass(frozen=True)
class Panel:
    """What everybody answered, and what is known.

    Args:
        kind: How many labels fit a text.
        labels: Names of the labels, of the whole set; for multi, `problems[i]` is about `labels[i]`.
        problems: One; for multi one per label, labelled `BINARY`, all with the same tasks and workers.
    """

    kind: LabelKind
    labels: tuple[str, ...]
    problems: tuple[Problem, ...]

    @property
    def tasks(self) -> Sequence[str]:
        """Ids of the texts."""
        return self.problems[0].votes.tasks

    @property
    def workers(self) -> tuple[str, ...]:
        """Names of the models or people."""
        return self.problems[0].votes.workers

    @property
    def has_gold(self) -> bool:
        """Whether any answer is known."""
        return any(problem.gold is not None and len(problem.gold) for problem in self.problems)

    @property
    def gold_known(self) -> BoolArray:
        """Shape (tasks,): whether the answer is known; for multi, of every label."""
        known = np.ones(len(self.tasks), dtype=np.bool_)
        for problem in self.problems:
            known &= problem.gold.known if problem.gold is not None else False
        return known

    def __iter__(self) -> Iterator[Problem]:
        return iter(self.problems)

    def with_gold(self, gold: Sequence[Gold]) -> Panel:
        """The same votes with other known answers, one `Gold` per problem."""
        problems = (Problem(p.name, p.votes, g) for p, g in zip(self.problems, gold, strict=True))
        return Panel(self.kind, self.labels, tuple(problems))

    def gold_only(self, wanted: BoolArray) -> Panel:
        """The same votes, answers known only where `wanted`, of shape (tasks,), is true."""
        nothing = np.full(len(self.tasks), NO_LABEL, dtype=np.int32)
        return self.with_gold([(problem.gold or Gold(nothing)).only(wanted) for problem in self.problems])
