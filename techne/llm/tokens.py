"""Token counts without a tokenizer: no current one ships in a wheel, so these are estimates.

A model's tokenizer splits common words not at all, long and rare ones every four or five letters, digits
in groups of up to three, and gives every punctuation mark a token. Counting that way follows timestamped,
accented and technical text far better than a quarter of the characters does. Providers report the true
count after the call.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from techne.llm.model import EmbedRequest, LLMRequest

TokenEstimator = Callable[[str], int]

MESSAGE_OVERHEAD_TOKENS = 8
"""What a chat template adds to each message, about."""

_PIECES = re.compile(r"[^\W\d_]+|\d+|[^\w\s]|_")
_LETTERS_PER_TOKEN = 5
_DIGITS_PER_TOKEN = 3


def estimate_tokens(text: str) -> int:
    """Estimated tokens of a text, without a margin."""
    total = 0
    for piece in _PIECES.findall(text):
        per_token = _DIGITS_PER_TOKEN if piece.isdigit() else _LETTERS_PER_TOKEN
        total += -(-len(piece) // per_token)
    return total


_SAMPLED_CHARACTERS = 12_000
"""Texts longer than this are counted by samples: the executor's loop has no time to read them."""
FIRST_MARGIN = 1.25
"""What a request takes at most, as a multiple of the estimate, before any has been counted."""
_LATER_MARGIN = 1.1
_LEARNING_RATE = 0.1


class RequestTokens:
    """Tokens that the requests to one provider will take, corrected by what it reports.

    Every estimate is raw tokens times the ratio of reported to estimated tokens seen lately, and a margin
    that is larger as long as nothing has been seen.
    """

    def __init__(self) -> None:
        self._ratio: float | None = None

    def raw(self, request: LLMRequest | EmbedRequest) -> int:
        """Estimated tokens of a request's texts, uncorrected."""
        if isinstance(request, EmbedRequest):
            return sum(quick_estimate(text) for text in request.texts)
        total = quick_estimate(request.system) + MESSAGE_OVERHEAD_TOKENS if request.system else 0
        for turn in request.conversation():
            total += quick_estimate(turn.content) + MESSAGE_OVERHEAD_TOKENS
        if request.json_schema is not None:
            total += quick_estimate(json.dumps(request.json_schema))
        return total

    def expected(self, raw: int) -> tuple[float, float]:
        """What a request is likely to take, and what it takes at most."""
        if self._ratio is None:
            return float(raw), raw * FIRST_MARGIN
        return raw * self._ratio, raw * self._ratio * _LATER_MARGIN

    def learn(self, raw: int, reported: int) -> None:
        """Compare an estimate with the provider's count."""
        if raw > 0 and reported > 0:
            ratio = min(max(reported / raw, 0.25), 4.0)
            self._ratio = (
                ratio if self._ratio is None else self._ratio + _LEARNING_RATE * (ratio - self._ratio)
            )


def quick_estimate(text: str) -> int:
    """`estimate_tokens` in bounded time: long texts are counted by samples of their start, middle and end."""
    if len(text) <= _SAMPLED_CHARACTERS:
        return estimate_tokens(text)
    part = _SAMPLED_CHARACTERS // 3
    middle = (len(text) - part) // 2
    sample = text[:part] + text[middle : middle + part] + text[-part:]
    return round(estimate_tokens(sample) * len(text) / len(sample))
