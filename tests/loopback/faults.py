"""Which requests a loopback server breaks, and how."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

FaultKind = Literal[
    "throttle",
    "internal_error",
    "unavailable",
    "timeout",
    "reset",
    "broken_json",
    "truncated_body",
    "max_tokens",
    "access_denied",
    "unknown_model",
    "inference_profile",
    "too_long",
    "schema",
]
PASSING_KINDS: tuple[FaultKind, ...] = get_args(FaultKind)[:8]
"""Faults that a second try can mend."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to break one request.

    Args:
        kind: What goes wrong.
        retry_after: Seconds that a throttled client is told to wait; None tells it nothing.
        stall_seconds: How long a `timeout` keeps the client waiting before the connection is dropped.
    """

    kind: FaultKind
    retry_after: float | None = None
    stall_seconds: float = 60.0


class FaultPlan:
    """Faults by explicit sequence, then by seeded probability.

    The choice for request `n` depends on the seed and `n` alone, so two runs with one seed break the same
    arrivals however their threads interleave.
    """

    def __init__(
        self,
        sequence: Sequence[Fault | FaultKind | None] = (),
        *,
        probability: float = 0.0,
        seed: int = 0,
        kinds: Sequence[Fault | FaultKind] = PASSING_KINDS,
        stall_seconds: float = 60.0,
    ) -> None:
        def fault(step: Fault | FaultKind) -> Fault:
            return Fault(step, stall_seconds=stall_seconds) if isinstance(step, str) else step

        self._sequence = [None if step is None else fault(step) for step in sequence]
        self._probability = probability
        self._seed = seed
        self._kinds = [fault(kind) for kind in kinds]

    def fault_for(self, number: int) -> Fault | None:
        """The fault of the request that arrived as number `number`, or None."""
        if number < len(self._sequence):
            return self._sequence[number]
        dice = random.Random(f"{self._seed}:{number}")
        return dice.choice(self._kinds) if dice.random() < self._probability else None
