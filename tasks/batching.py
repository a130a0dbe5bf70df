"""Few tasks, many calls: work is dealt into a bounded number of tasks (a task run costs milliseconds)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import TypeVar

T = TypeVar("T")

MAX_EXTRACT_TASKS = 16
MAX_MAP_TASKS = 8
MAX_WRITE_TASKS = 12
"""With the outline's one, at most 37 tagged task runs in a recording's flow run."""


def deal(pieces: Sequence[T], most: int) -> list[list[T]]:
    """Deal consecutive pieces into at most `most` batches whose sizes differ by one at the most."""
    count = min(len(pieces), most)
    if count == 0:
        return []
    small, larger = divmod(len(pieces), count)
    ends = accumulate([0] + [small + (number < larger) for number in range(count)])
    return [list(pieces[start:end]) for start, end in pairwise(ends)]
