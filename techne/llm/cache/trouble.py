"""What a cache does when its store fails: says so once, and leaves the store alone for a while.

Without the rest, every call would wait for the same time-out before it goes on without the cache.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, TypeVar

from techne.errors import ConfigurationError, TechneError

SETTING = "LLM_EXECUTOR_CACHE_URI"
"""Names the store; what is wrong with one at the start is this setting's."""

FIRST_REST_SECONDS = 1.0
LONGEST_REST_SECONDS = 60.0

logger = logging.getLogger("techne.llm")

_T = TypeVar("_T")


Action = Literal["read", "write"]


class Trouble:
    """The troubles of one store. Safe to use from several threads.

    Reading and writing rest apart, since one often works without the other: a full disk can be read. A rest
    lasts a second, and twice as long after each trouble on end, up to a minute.

    Args:
        place: The store, for messages.
        monotonic: Seconds since some fixed moment.
    """

    def __init__(self, place: str, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._place = place
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._seen: set[str] = set()
        self._rests: dict[Action, _Rest] = {"read": _Rest(), "write": _Rest()}

    def resting(self, action: Action) -> bool:
        """Whether the store is not to be read, or not to be written, now."""
        return self._monotonic() < self._rests[action].until

    def met(self, action: Action, kind: str, error: Exception) -> None:
        """Begin a rest; warn of the first trouble of each kind."""
        with self._lock:
            if not self.resting(action):  # else another thread met the same
                self._rests[action].begin(self._monotonic())
            new = kind not in self._seen
            self._seen.add(kind)
        logger.log(
            logging.WARNING if new else logging.DEBUG,
            "The LLM cache %s can't be used now (%s); calls go on without it.",
            self._place,
            error,
        )

    def passed(self, action: Action) -> None:
        """The store worked: the next rest is a short one again."""
        self._rests[action].seconds = FIRST_REST_SECONDS

    def spared(self, action: Action, work: Callable[[], _T]) -> _T | None:
        """What `work` on a remote store gives; None while that rests, and if it fails."""
        if self.resting(action):
            return None
        try:
            result = work()
        except (TechneError, OSError, ValueError) as error:
            self.met(action, type(error).__name__, error)
            return None
        self.passed(action)
        return result


@dataclass(slots=True)
class _Rest:
    until: float = float("-inf")
    seconds: float = FIRST_REST_SECONDS

    def begin(self, now: float) -> None:
        self.until = now + self.seconds
        self.seconds = min(2 * self.seconds, LONGEST_REST_SECONDS)


@contextmanager
def checking() -> Iterator[None]:
    """Raise what is wrong with a store as a ConfigurationError, of the same kind, that names the setting."""
    try:
        yield
    except ConfigurationError as error:
        raise type(error)(f"{SETTING}: {error.message}", cure=error.cure) from error
    except (OSError, ValueError) as error:  # botocore's word on an endpoint that is no URL
        raise ConfigurationError(f"{SETTING}: {error}", cure="Check the AWS settings.") from error
