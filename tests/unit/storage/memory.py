"""What a piece of work holds in Python's memory at most."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

LARGE_BYTES = 64 * 1024 * 1024
"""Of a file that would show in the memory of whoever holds it whole."""


@contextmanager
def holding_at_most(limit_bytes: int) -> Iterator[None]:
    """Fail if what is done inside allocates more at any moment."""
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak <= limit_bytes, f"held {peak:,} bytes, more than {limit_bytes:,}"
