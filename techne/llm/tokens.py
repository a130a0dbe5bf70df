"""Token counts without a tokenizer: no current one ships in a wheel, so these are estimates.

A model's tokenizer splits common words not at all, long and rare ones every four or five letters, digits
in groups of up to three, and gives every punctuation mark a token. Counting that way follows timestamped,
accented and technical text far better than a quarter of the characters does. Providers report the true
count after the call.
"""

from __future__ import annotations

import re
from collections.abc import Callable

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
