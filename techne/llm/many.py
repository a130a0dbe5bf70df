"""Many requests through few workers: as many as can be in flight, however long the list is."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import cast

from techne.errors import LLMError
from techne.llm.model import LLMRequest, LLMResponse


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one of many requests: a response or an error.

    Args:
        index: Place of the request in what was submitted, from 0.
        request: The request.
        response: Its answer.
        error: What it failed with.
    """

    index: int
    request: LLMRequest
    response: LLMResponse | None = None
    error: Exception | None = None

    def result(self) -> LLMResponse:
        """The response; raises the error where there is none."""
        if self.response is None:
            raise self.error or LLMError("The request has no answer.")
        return self.response


class Desk:
    """Takes requests from one caller in batches and gives outcomes back in batches.

    Workers live on the executor's loop. A worker ends when nothing lies on the desk, so there are never more
    tasks than work, and never more than `workers`.

    Args:
        serve: Answers one request.
        workers: Most requests at work.
        wake: Tells the caller that outcomes are there; called on the executor's loop.
    """

    def __init__(
        self, serve: Callable[[LLMRequest], Awaitable[LLMResponse]], workers: int, wake: Callable[[], None]
    ) -> None:
        self._serve = serve
        self._most_workers = workers
        self._wake = wake
        self._inbox: deque[tuple[int, LLMRequest]] = deque()
        self._outbox: list[Outcome] = []
        self._lock = threading.Lock()
        self._woken = False
        self._workers: set[asyncio.Task[None]] = set()

    def accept(self, batch: Sequence[tuple[int, LLMRequest]]) -> None:
        """Put requests on the desk; on the executor's loop."""
        self._inbox.extend(batch)
        for _ in range(min(len(batch), self._most_workers - len(self._workers))):
            worker = asyncio.ensure_future(self._work())
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)

    def cancel(self) -> None:
        """Nobody waits any more; on the executor's loop."""
        self._inbox.clear()
        for worker in list(self._workers):
            worker.cancel()

    def collect(self) -> list[Outcome]:
        """The outcomes since the last time; on the caller's side."""
        with self._lock:
            outcomes, self._outbox = self._outbox, []
            self._woken = False
        return outcomes

    async def _work(self) -> None:
        try:
            await self._empty_inbox()
        finally:  # at once: what is accepted before a done callback would run must find room for a worker
            self._workers.discard(cast("asyncio.Task[None]", asyncio.current_task()))

    async def _empty_inbox(self) -> None:
        while self._inbox:
            index, request = self._inbox.popleft()
            if request.when_full is None:  # the desk is the caller's own bounded queue
                request = request.model_copy(update={"when_full": "wait"})
            try:
                outcome = Outcome(index, request, response=await self._serve(request))
            except asyncio.CancelledError:
                closed = LLMError("The LLM executor was closed before the request was answered.")
                self._deliver(Outcome(index, request, error=closed))
                while self._inbox:
                    self._deliver(Outcome(*self._inbox.popleft(), error=closed))
                raise
            except Exception as error:  # noqa: BLE001 - it is this request's outcome
                outcome = Outcome(index, request, error=error)
            self._deliver(outcome)

    def _deliver(self, outcome: Outcome) -> None:
        with self._lock:
            self._outbox.append(outcome)
            if self._woken:
                return
            self._woken = True
        self._wake()
