"""AWS behind a gate: requests of a kind are held, as an upload that hangs, until it is opened."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.support.passing_aws import Request, passing_aws


class Gate:
    """Which requests are held, and that some are.

    Args:
        holds: Tells by method and path whether a request waits at the gate.
    """

    def __init__(self, holds: Callable[[str, str], bool]) -> None:
        self.holds = holds
        self.url = ""
        self.reached = threading.Event()
        self.opened = threading.Event()

    def pass_through(self, request: Request) -> None:
        """Return when the request may go on."""
        if not self.opened.is_set() and self.holds(request.method, request.path):
            self.reached.set()
            self.opened.wait()


@contextmanager
def held_aws(upstream: str, holds: Callable[[str, str], bool]) -> Iterator[Gate]:
    """The address of a server that passes everything on to `upstream`, apart from what the gate holds."""
    gate = Gate(holds)
    with passing_aws(upstream, gate.pass_through) as gate.url:
        try:
            yield gate
        finally:
            gate.opened.set()
