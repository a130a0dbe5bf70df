"""Answers given before: the store behind threads, and identical calls in flight joined into one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from techne.llm.cache import ResponseStore, cache_key, is_storable
from techne.llm.flights import Flights
from techne.llm.model import LLMRequest, LLMResponse
from techne.llm.provider import Provider

_T = TypeVar("_T")


class Recall:
    """A response store for the executor's loop.

    Args:
        store: Where answers are kept; None keeps none, and joins nothing.
    """

    def __init__(self, store: ResponseStore | None) -> None:
        self._store = store
        self._flights = Flights()
        self._threads: ThreadPoolExecutor | None = None
        self._check: asyncio.Future[None] | None = None
        self._is_there = False

    @property
    def remembers(self) -> bool:
        """Whether there is a store; without one, keys are of no use."""
        return self._store is not None

    async def answer(self, key: str, ask: Callable[[], Awaitable[LLMResponse]]) -> LLMResponse:
        """The stored answer, that of an identical call in flight, or a new one, which is stored.

        Args:
            key: Digest of all that decides the answer.
            ask: Makes the call; whatever it holds, it keeps until `keep` has returned.

        Raises:
            ConfigurationError: The store can't be reached, found out before it is first used.
        """
        if self._store is None:
            return await ask()

        async def found_or_asked() -> LLMResponse:
            return await self.get(key) or await ask()

        response, joined = await self._flights.join(key, found_or_asked)
        return response.model_copy(update={"cached": True}) if joined else response

    async def get(self, key: str) -> LLMResponse | None:
        """The stored answer, marked as cached.

        Raises:
            ConfigurationError: As `answer`.
        """
        store = self._store
        if store is None:
            return None
        await self._look(store)
        return await self._on_thread(lambda: store.get(key))

    async def keep(self, key: str, response: LLMResponse) -> None:
        """Store an answer if it may be given again."""
        store = self._store
        if store is not None and is_storable(response):  # shielded: it is paid for, whoever still waits
            await asyncio.shield(self._on_thread(lambda: store.put(key, response)))

    def close(self) -> None:
        """End the threads, when they have stored what they were given."""
        if self._threads is not None:
            self._threads.shutdown(wait=True)

    async def _look(self, store: ResponseStore) -> None:
        """Look at a store before it is first used; one that can't be reached is told, not done without."""
        if self._is_there:
            return
        if self._check is None:
            self._check = asyncio.ensure_future(self._on_thread(store.check))
            self._check.add_done_callback(self._looked)
        await asyncio.shield(self._check)

    def _looked(self, check: asyncio.Future[None]) -> None:
        self._check = None  # what failed is looked at again by the next request
        self._is_there = not check.cancelled() and check.exception() is None

    async def _on_thread(self, work: Callable[[], _T]) -> _T:
        if self._threads is None:
            threads = 1 if self._store is None else self._store.threads
            self._threads = ThreadPoolExecutor(threads, "techne-llm-cache")
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def recall_key(request: LLMRequest, provider: Provider) -> str:
    """Key of a request to a provider; its model is resolved."""
    parameters = dict(provider.parameters(request))
    if provider.server:
        parameters["server"] = provider.server
    return cache_key(request, request.model or "", parameters)
