"""Vectors of texts, as loopback servers give them: the same for the same text, and of length one."""

from __future__ import annotations

import math
import random


def vector_of(text: str, length: int) -> list[float]:
    """A vector that depends on the text alone."""
    dice = random.Random(text)
    vector = [dice.gauss(0, 1) for _ in range(length)]
    norm = math.sqrt(sum(part * part for part in vector))
    return [part / norm for part in vector]
