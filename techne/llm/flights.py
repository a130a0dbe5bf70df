"""Identical requests in flight are one call: the first makes it, the others wait for its answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from techne.llm.model import LLMResponse


@dataclass(slots=True)
class _Flight:
    task: asyncio.Task[LLMResponse]
    passengers: int = 0


class Flights:
    """Calls in flight by key; to be used from one event loop."""

    def __init__(self) -> None:
        self._flights: dict[str, _Flight] = {}

    async def join(self, key: str, call: Callable[[], Awaitable[LLMResponse]]) -> tuple[LLMResponse, bool]:
        """The answer of the call under `key`, begun if there is none; and whether it was another's.

        The call belongs to all who wait for it: it is cancelled when the last of them is.
        """
        flight = self._flights.get(key)
        joined = flight is not None
        if flight is None:
            flight = _Flight(asyncio.ensure_future(_awaited(call)))
            self._flights[key] = flight
        flight.passengers += 1
        try:
            return await asyncio.shield(flight.task), joined
        finally:
            flight.passengers -= 1
            if flight.passengers == 0:
                if self._flights.get(key) is flight:
                    del self._flights[key]
                flight.task.cancel()
                flight.task.add_done_callback(lambda task: task.cancelled() or task.exception())


async def _awaited(call: Callable[[], Awaitable[LLMResponse]]) -> LLMResponse:
    return await call()
