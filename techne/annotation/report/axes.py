"""Scales: round ends and round ticks for a range of figures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Axis:
    """A scale with its ticks; `at` gives the place of a value between 0 and 1."""

    low: float
    high: float
    ticks: tuple[float, ...]
    logarithmic: bool = False

    def at(self, value: float) -> float:
        """Where a value lies; what is beyond an end lies on it."""
        low, high, value = (self._scaled(each) for each in (self.low, self.high, value))
        return min(max((value - low) / (high - low), 0.0), 1.0)

    def _scaled(self, value: float) -> float:
        return math.log10(max(value, self.low)) if self.logarithmic else value


def linear(
    values: Sequence[float], floor: float = -math.inf, ceiling: float = math.inf, wanted: int = 5
) -> Axis:
    """A linear axis that holds all values, widened to round numbers within floor and ceiling.

    Args:
        values: At least one.
        floor: What no value can be below.
        ceiling: What no value can be above.
        wanted: About how many steps.
    """
    low, high = min(values), max(values)
    if high - low < 1e-9:
        low, high = low - 0.05, high + 0.05
    raw = (high - low) / wanted
    magnitude = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * magnitude for factor in _STEPS if factor * magnitude >= raw * 0.999)
    first = max(math.floor(low / step + 1e-9) * step, floor)
    last = min(math.ceil(high / step - 1e-9) * step, ceiling)
    ticks = tuple(
        round(math.ceil(first / step - 1e-9) * step + index * step, 10)
        for index in range(int((last - first) / step + 1e-6) + 1)
    )
    return Axis(first, last, ticks)


def logarithmic(values: Sequence[float]) -> Axis:
    """A logarithmic axis over whole steps of 1, 2, 5 or whole decades; the values must be above 0."""
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    decades = range(low, max(high, low + 1) + 1)
    factors = (1.0, 2.0, 5.0) if len(decades) <= 2 else (1.0, 3.0) if len(decades) <= 4 else (1.0,)
    ticks = [factor * 10.0**decade for decade in decades for factor in factors]
    below = [tick for tick in ticks if tick <= min(values) * 1.0001]
    above = [tick for tick in ticks if tick >= max(values) * 0.9999]
    ends = (below[-1], above[0] if above[0] > below[-1] else ticks[ticks.index(below[-1]) + 1])
    return Axis(*ends, tuple(tick for tick in ticks if ends[0] <= tick <= ends[1]), logarithmic=True)
