"""The one way to a model (S4-1): `await LLMExecutor(settings).submit(request)`.

The executor runs an event loop on a thread of its own, so callers may live on any thread and any loop;
limits, queues and connections are shared by all of them. Cancelling the caller cancels the call.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
import threading
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Iterable,
    Iterator,
    Mapping,
)
from contextlib import aclosing
from decimal import Decimal
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from techne.errors import LLMError
from techne.llm.accounting import ExecutorUsage
from techne.llm.answering import LLMChunk
from techne.llm.cache import ResponseStore, build_store
from techne.llm.channels import Channel, loop_waker, read, read_blocking
from techne.llm.clock import Clock, SystemClock
from techne.llm.dispatch import Dispatcher
from techne.llm.loop_thread import LoopThread
from techne.llm.many import Desk, Outcome
from techne.llm.model import Capabilities, EmbedRequest, EmbedResponse, LLMRequest, LLMResponse
from techne.llm.provider import Provider, provider_names
from techne.llm.quota import SharedQuota, build_quota
from techne.llm.retry import RetryPolicy
from techne.llm.tokens import FIRST_MARGIN

if TYPE_CHECKING:
    from techne.settings import Settings

logger = logging.getLogger("techne.llm")

READ_AHEAD = 2
"""Requests that are taken from a long list ahead of the answers, per worker."""

_T = TypeVar("_T")


class LLMExecutor:
    """Queue, limits, retries, cache and books in front of every provider.

    Args:
        settings: Limits, time-outs and provider defaults; those of the environment if omitted.
        providers: Providers by name, in place of the registered ones.
        cache: Where answers are kept; by default as `llm_executor_cache` and `llm_executor_cache_uri` say.
        quota: Keeper of limits that processes share; by default as `llm_executor_limits` says.
        retry: Backoff; by default as `llm_executor_max_attempts` and `llm_executor_backoff_seconds` say.
        clock: Time for limits, backoff and latency.
        dice: Source of jitter.

    Raises:
        ConfigurationError: The cache or the quota that the settings name can't be made.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        providers: Mapping[str, Provider] | None = None,
        cache: ResponseStore | None = None,
        quota: SharedQuota | None = None,
        retry: RetryPolicy | None = None,
        clock: Clock | None = None,
        dice: random.Random | None = None,
    ) -> None:
        self.settings = settings or _settings()
        self._cache = cache or (build_store(self.settings) if self.settings.llm_executor_cache else None)
        self._dispatcher = Dispatcher(
            self.settings,
            providers=providers or {},
            store=self._cache,
            quota=quota or build_quota(self.settings),
            retry=retry
            or RetryPolicy(
                max_attempts=self.settings.llm_executor_max_attempts,
                base_seconds=self.settings.llm_executor_backoff_seconds,
            ),
            clock=clock or SystemClock(),
            dice=dice or random.Random(),  # noqa: S311 - jitter is no secret
        )
        self._thread = LoopThread()

    async def submit(self, request: LLMRequest) -> LLMResponse:
        """Answer one request.

        Raises:
            QueueFullError: The provider's queue is full; nothing was sent.
            RequestTooLargeError: More than a limit's whole bucket, or the model's window.
            BudgetExceededError: It could pass a cost budget; nothing was sent.
            OutputValidationError: No answer matched the request's schema.
            LLMError: The last provider's last word, after the retries and fallbacks that could help.
            ConfigurationError: No such provider, model or credentials.
        """
        try:
            return await asyncio.wrap_future(self._thread.run(self._dispatcher.serve(request)))
        except asyncio.CancelledError:
            own = asyncio.current_task()
            if self._thread.closed and own is not None and not own.cancelling():
                raise LLMError("The LLM executor was closed before the request was answered.") from None
            raise

    async def submit_many(
        self,
        requests: Iterable[LLMRequest] | AsyncIterable[LLMRequest],
        *,
        workers: int | None = None,
    ) -> AsyncGenerator[Outcome, None]:
        """Answer many requests; outcomes come as they are ready, errors among them.

        The requests are read a little ahead of the answers and no further, so a list without end needs no
        memory, and a reader that stops stops the calls. An error of the source is raised when everything
        read before it has come out.

        Args:
            requests: Requests, each without effect on the others.
            workers: Most at once; by default enough to keep the first request's provider busy.

        Yields:
            One outcome per request; `index` is its place among the requests.
        """
        ready = asyncio.Event()
        count = workers or self._default_workers()
        desk = Desk(self._dispatcher.serve, count, loop_waker(asyncio.get_running_loop(), ready))
        room = asyncio.Semaphore(READ_AHEAD * count)
        posted = answered = 0

        async def read_ahead() -> None:
            nonlocal posted
            batch: list[tuple[int, LLMRequest]] = []
            waits = isinstance(requests, AsyncIterable)  # the next may depend on this one's answer

            def post() -> None:
                nonlocal posted, batch
                if batch:
                    self._thread.post(desk.accept, batch)
                posted, batch = posted + len(batch), []

            try:
                async for request in _each(requests):
                    await room.acquire()
                    batch.append((posted + len(batch), request))
                    if waits or room.locked():
                        post()
            except Exception:
                post()
                raise
            post()

        reading = asyncio.ensure_future(read_ahead())
        reading.add_done_callback(lambda _: ready.set())
        try:
            while answered < posted or not reading.done():
                await ready.wait()
                ready.clear()
                for outcome in desk.collect():
                    answered += 1
                    room.release()
                    yield outcome
            await reading
        finally:
            reading.cancel()
            if answered < posted:
                self._thread.post_if_open(desk.cancel)

    async def stream(self, request: LLMRequest) -> AsyncIterator[LLMChunk]:
        """Answer one request piece by piece; the last chunk has the whole response.

        Nothing is tried again once a piece has been given. A reader that stops breaks the call off.

        Raises:
            LLMError: As `submit`; also in the middle.
        """
        ready = asyncio.Event()
        channel: Channel[LLMChunk] = Channel(loop_waker(asyncio.get_running_loop(), ready))
        running = self._thread.run(self._pump(request, channel))
        try:
            async for chunk in read(channel, ready):
                yield chunk
        finally:
            running.cancel()

    async def embed(self, request: EmbedRequest) -> EmbedResponse:
        """Make vectors of texts, under the same limits.

        Raises:
            LLMError: As `submit`.
        """
        return await asyncio.wrap_future(self._thread.run(self._dispatcher.embed(request)))

    async def count_tokens(self, request: LLMRequest) -> int:
        """Tokens of a request's prompt: the provider's count where it is free, else an estimate."""
        return await asyncio.wrap_future(self._thread.run(self._dispatcher.count_tokens(request)))

    async def prepare(self, provider: str, model: str | None = None) -> None:
        """Import and build what calls to a provider need; no server is asked.

        Raises:
            LLMError: It can't be built, as where there are no credentials.
        """
        await asyncio.wrap_future(self._thread.run(self._dispatcher.prepare(provider, model)))

    async def check(self, provider: str, model: str | None = None) -> None:
        """Return if the provider is there, lets us in, and has the model (None: its configured one).

        Raises:
            LLMError: What is missing, and how to get it.
        """
        await asyncio.wrap_future(self._thread.run(self._dispatcher.check(provider, model)))

    # For callers without a loop

    def submit_sync(self, request: LLMRequest) -> LLMResponse:
        """`submit`, blocking."""
        return self._thread.wait(self._dispatcher.serve(request))

    def submit_many_sync(
        self, requests: Iterable[LLMRequest], *, workers: int | None = None
    ) -> Iterator[Outcome]:
        """`submit_many`, blocking."""
        ready = threading.Event()
        count = workers or self._default_workers()
        desk = Desk(self._dispatcher.serve, count, ready.set)
        source = enumerate(requests)
        waiting = 0
        failure: Exception | None = None
        try:
            while True:
                if failure is None:
                    batch: list[tuple[int, LLMRequest]] = []
                    try:
                        batch.extend(itertools.islice(source, READ_AHEAD * count - waiting))
                    except Exception as error:  # noqa: BLE001 - raised when what was read has come out
                        failure = error
                    try:
                        if batch:
                            self._thread.post(desk.accept, batch)
                    except LLMError as error:
                        failure = error
                    else:
                        waiting += len(batch)
                if not waiting:
                    if failure is not None:
                        raise failure
                    return
                ready.wait()
                ready.clear()
                for outcome in desk.collect():
                    waiting -= 1
                    yield outcome
        finally:
            if waiting:
                self._thread.post_if_open(desk.cancel)

    def stream_sync(self, request: LLMRequest) -> Iterator[LLMChunk]:
        """`stream`, blocking."""
        ready = threading.Event()
        channel: Channel[LLMChunk] = Channel(ready.set)
        running = self._thread.run(self._pump(request, channel))
        try:
            yield from read_blocking(channel, ready)
        finally:
            running.cancel()

    def embed_sync(self, request: EmbedRequest) -> EmbedResponse:
        """`embed`, blocking."""
        return self._thread.wait(self._dispatcher.embed(request))

    def check_sync(self, provider: str, model: str | None = None) -> None:
        """`check`, blocking."""
        self._thread.wait(self._dispatcher.check(provider, model))

    # Figures

    def capabilities(self, provider: str, model: str | None = None) -> Capabilities:
        """What a model can do here (S4-5); the configured one if none is named.

        Its context is no larger than what the tokens per minute let through in one request (resolution 5).
        """
        source = self._dispatcher.provider(provider)
        own = source.capabilities(model)
        limits = (
            self.settings.provider_limits(provider),
            self.settings.model_limits(provider, source.resolve(model)),
        )
        rooms = [int(limit.tpm / FIRST_MARGIN) for limit in limits if limit.tpm is not None]
        context = min([own.context_tokens, *rooms])
        return own.model_copy(
            update={"context_tokens": context, "max_output_tokens": min(own.max_output_tokens, context)}
        )

    def model(self, provider: str, model: str | None = None) -> str:
        """Full id of the model that would answer."""
        return self._dispatcher.provider(provider).resolve(model)

    def estimate_cost(self, requests: Iterable[LLMRequest]) -> Decimal | None:
        """What requests cost at most, each asked once and answered at full length.

        None where a price is unknown.
        """
        total = Decimal(0)
        for request in requests:
            worst = self._dispatcher.worst_cost_usd(request)
            if worst is None:
                return None
            total += worst
        return total

    def usage(self) -> ExecutorUsage:
        """Figures since the executor was made: every attempt is in them."""
        return self._dispatcher.usage()

    # Its own loop

    def close(self, timeout_seconds: float = 5.0) -> None:
        """Refuse new requests, give those in flight some time, then cancel them and end the thread."""
        if self._thread.close(self._dispatcher.close, timeout_seconds) and self._cache is not None:
            self._cache.close()

    async def aclose(self, timeout_seconds: float = 5.0) -> None:
        """`close`, without blocking the caller's loop."""
        await asyncio.to_thread(self.close, timeout_seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _pump(self, request: LLMRequest, channel: Channel[LLMChunk]) -> None:
        try:
            async with aclosing(self._dispatcher.stream(request)) as chunks:
                async for chunk in chunks:
                    await channel.put(chunk)
        except asyncio.CancelledError:
            channel.close(LLMError("The LLM executor was closed in the middle of a stream."))
            raise
        except Exception as error:  # noqa: BLE001 - it is the reader's
            channel.close(error)
        else:
            channel.close()

    def _default_workers(self) -> int:
        settings = self.settings
        limits = [settings.provider_limits(name).max_parallel or 1 for name in provider_names()]
        return 2 * max(limits)


def _settings() -> Settings:
    from techne.settings import get_settings  # here, because it takes a fifth of the package's import time

    return get_settings()


async def _each(
    requests: Iterable[LLMRequest] | AsyncIterable[LLMRequest],
) -> AsyncIterator[LLMRequest]:
    if isinstance(requests, AsyncIterable):
        async for request in requests:
            yield request
    else:
        for request in requests:
            yield request
