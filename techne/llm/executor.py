"""The one way to a model (S4-1): `await LLMExecutor(settings).submit(request)`.

The executor runs an event loop on a thread of its own, so callers may live on any thread and any loop;
limits, queues and connections are shared by all of them. Cancelling the caller cancels the call.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import random
import threading
from collections.abc import Callable, Coroutine, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

from techne.errors import LLMError, ProviderTimeoutError
from techne.llm.accounting import ExecutorUsage, Ledger
from techne.llm.cache import FILE_NAME, ResponseCache, cache_key, is_storable
from techne.llm.call_log import log_answer, log_failure, log_summary
from techne.llm.clock import Clock, SystemClock
from techne.llm.flights import Flights
from techne.llm.model import Capabilities, LLMRequest, LLMResponse
from techne.llm.pool import Call, ProviderPool
from techne.llm.pricing import cost_usd
from techne.llm.provider import Provider, ProviderAnswer, build_provider
from techne.llm.retry import RetryPolicy
from techne.llm.slots import Slots
from techne.llm.structured import ask_for_json
from techne.settings import Settings, get_settings

logger = logging.getLogger("techne.llm")

DEFAULT_MAX_PARALLEL = 4
"""Calls in flight of a provider without a setting of its own."""
DEFAULT_TIMEOUT_SECONDS = 60.0
CHECK_TIMEOUT_SECONDS = 15.0

_T = TypeVar("_T")


class LLMExecutor:
    """Queue, limits, retries, cache and books in front of every provider.

    Args:
        settings: Limits, time-outs and provider defaults; those of the environment if omitted.
        providers: Providers by name, in place of the registered ones.
        cache: Where answers are kept; by default a file under `techne_home`, if `llm_executor_cache` is on.
        retry: Backoff; by default as `llm_executor_max_attempts` and `llm_executor_backoff_seconds` say.
        clock: Time for backoff and latency.
        dice: Source of jitter.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        providers: Mapping[str, Provider] | None = None,
        cache: ResponseCache | None = None,
        retry: RetryPolicy | None = None,
        clock: Clock | None = None,
        dice: random.Random | None = None,
    ) -> None:
        self.settings = settings or get_settings()
        if cache is None and self.settings.llm_executor_cache:
            cache = ResponseCache(self.settings.techne_home / FILE_NAME)
        self._cache = cache
        self._retry = retry or RetryPolicy(
            max_attempts=self.settings.llm_executor_max_attempts,
            base_seconds=self.settings.llm_executor_backoff_seconds,
        )
        self._clock = clock or SystemClock()
        self._dice = dice or random.Random()  # noqa: S311 - jitter is no secret
        self._providers = dict(providers or {})
        self._pools: dict[str, ProviderPool] = {}
        self._flights = Flights()
        self._ledger = Ledger()
        self._lock = threading.RLock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._cache_thread: concurrent.futures.ThreadPoolExecutor | None = None
        self._closed = False

    async def submit(self, request: LLMRequest) -> LLMResponse:
        """Answer one request.

        Raises:
            QueueFullError: The provider's queue is full; nothing was sent.
            OutputValidationError: No answer matched the request's schema.
            LLMError: The provider's last word, after the retries that could help.
            ConfigurationError: No such provider.
        """
        return await asyncio.wrap_future(self._run(self._serve(request)))

    def submit_sync(self, request: LLMRequest) -> LLMResponse:
        """`submit`, for callers without a loop."""
        return self._wait(self._serve(request))

    async def check(self, provider: str, model: str | None = None) -> None:
        """Return if the provider is there, lets us in, and has the model (None: its configured one).

        Raises:
            LLMError: What is missing, and how to get it.
        """
        await asyncio.wrap_future(self._run(self._check(provider, model)))

    def check_sync(self, provider: str, model: str | None = None) -> None:
        """`check`, for callers without a loop."""
        self._wait(self._check(provider, model))

    def capabilities(self, provider: str, model: str | None = None) -> Capabilities:
        """What a provider's model can do (S4-5); the configured model's if none is named."""
        return self._provider(provider).capabilities(model)

    def model(self, provider: str, model: str | None = None) -> str:
        """Full id of the model that would answer."""
        return self._provider(provider).resolve(model)

    def usage(self) -> ExecutorUsage:
        """Figures since the executor was made: every attempt is in them."""
        with self._lock:
            pools = dict(self._pools)
        return self._ledger.snapshot({name: pool.slots.max_in_flight for name, pool in pools.items()})

    def close(self, timeout_seconds: float = 5.0) -> None:
        """Refuse new requests, give those in flight some time, then cancel them and end the thread."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            loop, thread = self._loop, self._thread
        if loop is not None and thread is not None:
            drained = asyncio.run_coroutine_threadsafe(self._drain(timeout_seconds), loop)
            try:
                drained.result(timeout_seconds + 5.0)
            except TimeoutError:
                logger.warning("The LLM executor did not come to rest within %g s.", timeout_seconds)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(timeout_seconds + 5.0)
        if self._cache_thread is not None:
            self._cache_thread.shutdown(wait=True)
        if self._cache is not None:
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

    # On the executor's loop

    async def _serve(self, request: LLMRequest) -> LLMResponse:
        pool = self._pool(request.provider)
        provider = pool.provider
        model = provider.resolve(request.model)
        request = request.model_copy(update={"model": model})
        self._ledger.count(provider.name, model, "requests")
        cache = self._cache
        if cache is None:
            call = Call()
            try:
                return await self._call(pool, request, call)
            finally:
                call.release()
        key = cache_key(request, model, provider.parameters(request))

        async def answer() -> LLMResponse:
            stored = await self._on_cache_thread(lambda: cache.get(key))
            if stored is not None:
                return stored
            call = Call()
            try:
                response = await self._call(pool, request, call)
                if is_storable(response):  # shielded: it is paid for, whoever still waits for it
                    await asyncio.shield(self._on_cache_thread(lambda: cache.put(key, response)))
            finally:
                call.release()
            return response

        response, joined = await self._flights.join(key, answer)
        if joined:
            response = response.model_copy(update={"cached": True})
        if response.cached:
            self._ledger.count(provider.name, model, "cached")
            log_answer(request, response, queue_length=pool.slots.waiting, latency_seconds=0.0)
        return response

    async def _call(self, pool: ProviderPool, request: LLMRequest, call: Call) -> LLMResponse:
        provider, model = pool.provider, request.model or ""

        async def ask(current: LLMRequest) -> ProviderAnswer:
            return await pool.ask(current, call)

        value = None
        try:
            if request.json_schema is None:
                answer = await ask(request)
                text, finish_reason = answer.text, answer.finish_reason
            else:
                structured = await ask_for_json(
                    request,
                    ask,
                    lambda what: self._ledger.count(provider.name, model, what),
                    limit_settings=provider.output_limit_settings,
                )
                text, value, finish_reason = structured.text, structured.value, structured.finish_reason
        except LLMError as error:
            log_failure(request, error, call, self._latency(call))
            raise
        latency = self._latency(call)
        response = LLMResponse(
            text=text,
            parsed=value,
            provider=provider.name,
            model=model,
            finish_reason=finish_reason,
            usage=call.usage,
            cost_usd=call.cost_usd,
            latency_seconds=latency,
            attempts=call.attempts,
        )
        log_answer(request, response, queue_length=call.queue_length, latency_seconds=latency)
        log_summary(provider.title, response)
        return response

    def _latency(self, call: Call) -> float:
        now = self._clock.monotonic()
        return now - (now if call.started_at is None else call.started_at)

    async def _check(self, name: str, model: str | None) -> None:
        provider = self._pool(name).provider
        try:
            async with asyncio.timeout(CHECK_TIMEOUT_SECONDS):
                spent = await provider.check(model)
        except TimeoutError as error:
            raise ProviderTimeoutError(
                f"{provider.title} did not answer within {CHECK_TIMEOUT_SECONDS:g} s."
            ) from error
        if spent.total_tokens:
            asked = provider.resolve(model)
            self._ledger.count(provider.name, asked, "attempts")
            self._ledger.answer(provider.name, asked, spent, cost_usd(provider.name, asked, spent))

    async def _on_cache_thread(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._cache_thread, work)

    async def _drain(self, timeout_seconds: float) -> None:
        own = asyncio.current_task()
        for patience in (timeout_seconds, 0.5, 0.5):  # the second cancel leaves threads behind
            at_work = [task for task in asyncio.all_tasks() if task is not own]
            if not at_work:
                break
            await asyncio.wait(at_work, timeout=patience)
            for task in at_work:
                task.cancel()
        for pool in self._pools.values():
            await pool.provider.close()

    # Parts

    def _provider(self, name: str) -> Provider:
        with self._lock:
            if name not in self._providers:
                self._providers[name] = build_provider(name, self.settings)
            return self._providers[name]

    def _pool(self, name: str) -> ProviderPool:
        with self._lock:
            if name not in self._pools:
                settings = self.settings
                max_parallel = getattr(settings, f"llm_executor_{name}_max_parallel", DEFAULT_MAX_PARALLEL)
                self._pools[name] = ProviderPool(
                    self._provider(name),
                    Slots(
                        name,
                        max_parallel=max_parallel,
                        queue_size=settings.llm_executor_queue_size,
                        wait_when_full=settings.llm_executor_when_full == "wait",
                    ),
                    timeout_seconds=getattr(settings, f"{name}_timeout_seconds", DEFAULT_TIMEOUT_SECONDS),
                    retry=self._retry,
                    clock=self._clock,
                    ledger=self._ledger,
                    dice=self._dice,
                )
            return self._pools[name]

    def _wait(self, work: Coroutine[Any, Any, _T]) -> _T:
        if threading.current_thread() is self._thread:
            work.close()
            raise RuntimeError("The executor's own loop can't wait for itself; await submit() there.")
        running = self._run(work)
        try:
            return running.result()
        except BaseException:
            running.cancel()
            raise

    def _run(self, work: Coroutine[Any, Any, _T]) -> concurrent.futures.Future[_T]:
        with self._lock:
            if self._closed:
                work.close()
                raise LLMError("The LLM executor is closed.", cure="Make a new one.")
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._cache_thread = concurrent.futures.ThreadPoolExecutor(1, "techne-llm-cache")
                self._thread = threading.Thread(
                    target=_run_loop, args=(self._loop,), name="techne-llm", daemon=True
                )
                self._thread.start()
            return asyncio.run_coroutine_threadsafe(work, self._loop)


def _run_loop(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
