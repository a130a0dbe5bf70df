"""Which prefixes of prompts repeat, and so are worth a cache checkpoint.

A checkpoint makes the first request that carries it a quarter dearer for its prefix and the next ones nine
tenths cheaper, for five minutes from the last use. So a prefix gets one from its second use within that time.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from techne.llm.tokens import estimate_tokens

LIFETIME_SECONDS = 300.0
"""How long Bedrock keeps a cached prefix after its last use."""
MAX_REMEMBERED = 256


class RepeatedPrefixes:
    """Remembers the long prefixes that were sent lately, by their hashes.

    Args:
        now: Seconds on a clock that only goes forward.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._last_sent: OrderedDict[int, float] = OrderedDict()

    def repeats(self, model: str, prefix: tuple[str, ...], minimum_tokens: int) -> bool:
        """Note that a prefix is being sent; whether it was sent before, not long ago, and is long enough.

        Args:
            model: Model that it is sent to; caches are per model.
            prefix: Everything that stands before the checkpoint.
            minimum_tokens: Shortest prefix that the model caches; 0 if it caches none.
        """
        characters = sum(map(len, prefix))
        if not minimum_tokens or characters < minimum_tokens:  # no token is shorter than a character
            return False
        key, now = hash((model, prefix)), self._now()
        before = self._last_sent.get(key)
        if before is None and sum(map(estimate_tokens, prefix)) < minimum_tokens:
            return False
        self._last_sent[key] = now
        self._last_sent.move_to_end(key)
        if len(self._last_sent) > MAX_REMEMBERED:
            self._last_sent.popitem(last=False)
        return before is not None and now - before <= LIFETIME_SECONDS
