"""Dealing work into few tasks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tasks.batching import MAX_EXTRACT_TASKS, MAX_MAP_TASKS, MAX_WRITE_TASKS, deal


@given(st.integers(0, 500), st.integers(1, 40))
def test_batches_are_few_even_and_lose_nothing(count: int, most: int) -> None:
    pieces = list(range(count))
    batches = deal(pieces, most)
    assert [piece for batch in batches for piece in batch] == pieces
    assert len(batches) == min(count, most)
    assert not batches or max(map(len, batches)) - min(map(len, batches)) <= 1


def test_a_recording_never_takes_more_than_forty_tagged_tasks() -> None:
    assert MAX_EXTRACT_TASKS + MAX_MAP_TASKS + 1 + MAX_WRITE_TASKS <= 40
