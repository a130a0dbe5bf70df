"""What happens to a request on the executor's loop: who answers it, the cache, the calls, the books."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from techne.errors import ConfigurationError, LLMError, OutputValidationError, ProviderTimeoutError
from techne.llm.accounting import ExecutorUsage, LaneState, Ledger, failure_kind
from techne.llm.budget import Budget
from techne.llm.cache import ResponseStore, cache_key, is_storable
from techne.llm.call_log import log_answer, log_failure, log_summary, log_vectors
from techne.llm.clock import Clock
from techne.llm.flights import Flights
from techne.llm.limits import build_admission
from techne.llm.model import (
    CostBudget,
    EmbedRequest,
    EmbedResponse,
    FinishReason,
    LLMRequest,
    LLMResponse,
    PassedOver,
)
from techne.llm.pool import Call, ProviderPool
from techne.llm.pricing import cost_usd
from techne.llm.provider import Provider, ProviderAnswer, build_provider
from techne.llm.quota import SharedQuota
from techne.llm.retry import RetryBudget, RetryPolicy
from techne.llm.structured import ask_for_json, check_schema, parse_json
from techne.llm.targets import AUTO, Target, fits, parse_target, passes_on, ranked
from techne.llm.tracing import operation

if TYPE_CHECKING:
    from techne.settings import Settings

DEFAULT_TIMEOUT_SECONDS = 60.0
CHECK_TIMEOUT_SECONDS = 15.0

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class LLMChunk:
    """A piece of a streamed answer; the last one has no text and holds the whole response."""

    text: str
    response: LLMResponse | None = None


class Dispatcher:
    """Pools by provider, and the way of a request through them.

    Coroutines run on one loop, the rest anywhere.

    Args:
        settings: Limits, time-outs, chains, budgets.
        providers: Providers by name, in place of the registered ones.
        store: Where answers are kept; None for nowhere.
        quota: Keeper of limits that processes share; None keeps them in this process.
        retry: Backoff.
        clock: Time.
        dice: Jitter.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        providers: Mapping[str, Provider],
        store: ResponseStore | None,
        quota: SharedQuota | None,
        retry: RetryPolicy,
        clock: Clock,
        dice: random.Random,
    ) -> None:
        self._settings = settings
        self._providers = dict(providers)
        self._store = store
        self._quota = quota
        self._retry = retry
        self._clock = clock
        self._dice = dice
        self._pools: dict[str, ProviderPool] = {}
        self._flights = Flights()
        self._ledger = Ledger()
        self._budgets: dict[str | None, Budget] = {}  # the process's own has no name
        self._store_threads: ThreadPoolExecutor | None = None
        self._store_check: asyncio.Future[None] | None = None
        self._store_is_there = False
        self._lock = threading.RLock()

    async def serve(self, request: LLMRequest) -> LLMResponse:
        """The answer to a request, by the first of its chain that gives one."""
        if request.json_schema is not None:
            check_schema(request.json_schema)
        chain = self._chain(request)
        passed: list[PassedOver] = []
        for target in chain:
            is_last = target is chain[-1]
            try:
                response = await self._answer(self._aimed(request, target), may_fall_back=not is_last)
            except (LLMError, ConfigurationError) as error:
                self._pass_on(error, target, passed, is_last=is_last)
            else:
                return response.model_copy(update={"passed_over": tuple(passed)}) if passed else response
        raise AssertionError("a chain has a last target")

    async def stream(self, request: LLMRequest) -> AsyncGenerator[LLMChunk, None]:
        """The answer piece by piece, and then whole; the chain is gone through until the first piece."""
        if request.json_schema is not None:
            check_schema(request.json_schema)
        chain = self._chain(request)
        passed: list[PassedOver] = []
        for target in chain:
            is_last, given = target is chain[-1], False
            try:
                async with aclosing(
                    self._stream_one(self._aimed(request, target), passed, may_fall_back=not is_last)
                ) as chunks:
                    async for chunk in chunks:
                        given = True
                        yield chunk
            except (LLMError, ConfigurationError) as error:
                self._pass_on(error, target, passed, is_last=is_last or given)
            else:
                return

    async def embed(self, request: EmbedRequest) -> EmbedResponse:
        """Vectors of texts."""
        pool = self._pool(request.provider)
        provider = pool.provider
        model = request.model or provider.embedding_model
        if not model:
            raise ConfigurationError(
                f"{provider.title} has no embedding model.", cure="Name a model, or another provider."
            )
        request = request.model_copy(update={"model": model})
        self._ledger.count(provider.name, model, "requests")
        call = Call(budgets=self._budgets_of(request.budget))
        try:
            with operation("embeddings", request) as span:
                answer = await pool.embed(request, call)
                response = EmbedResponse(
                    vectors=answer.vectors,
                    provider=provider.name,
                    model=model,
                    usage=call.usage,
                    cost_usd=call.cost_usd,
                    latency_seconds=self._latency(call),
                    attempts=call.attempts,
                )
                span.answered(response)
        except LLMError as error:
            log_failure(request, error, call, self._latency(call))
            raise
        finally:
            call.release()
        log_vectors(request, response, queue_length=call.queue_length)
        return response

    async def count_tokens(self, request: LLMRequest) -> int:
        """Tokens of a request's prompt."""
        target = self._chain(request)[0]
        pool = self._pool(target.provider)
        aimed = self._aimed(request, target)
        await pool.prepare(aimed.model or "")
        return await self._in_time(pool.provider, pool.provider.count_tokens(aimed))

    async def prepare(self, name: str, model: str | None) -> None:
        """Import and build what a provider needs."""
        pool = self._pool(name)
        await pool.prepare(pool.provider.resolve(model))

    async def check(self, name: str, model: str | None) -> None:
        """Return if a provider can be used."""
        await self.prepare(name, model)
        provider = self._pool(name).provider
        spent = await self._in_time(provider, provider.check(model))
        if spent.total_tokens:
            asked = provider.resolve(model)
            self._ledger.count(provider.name, asked, "attempts")
            self._ledger.answer(provider.name, asked, spent, cost_usd(provider.name, asked, spent), 0.0)

    def provider(self, name: str) -> Provider:
        """A provider, made when first asked for."""
        with self._lock:
            if name not in self._providers:
                self._providers[name] = build_provider(name, self._settings)
            return self._providers[name]

    def worst_cost_usd(self, request: LLMRequest) -> Decimal | None:
        """What a request may cost at most, asked once; None where no price is known."""
        target = self._chain(request)[0]
        return self._pool(target.provider).worst_cost_usd(self._aimed(request, target))

    def usage(self) -> ExecutorUsage:
        """The figures so far."""
        with self._lock:
            pools = dict(self._pools)
        lanes = tuple(
            LaneState(
                provider=name,
                model=lane.model,
                waiting=len(lane.queue),
                in_flight=lane.slots.in_flight,
                max_parallel=lane.slots.limit,
                breaker=lane.breaker.state,
                breaker_opened=lane.breaker.opened,
            )
            for name, pool in sorted(pools.items())
            for lane in list(pool.admission.lanes.values())
        )
        most = {
            name: pool.admission.slots.max_in_flight for name, pool in pools.items() if pool.admission.slots
        }
        return self._ledger.snapshot(most, lanes)

    async def close(self) -> None:
        """Close connections, leases and the cache."""
        for pool in self._pools.values():
            await pool.admission.close()
            await pool.provider.close()
        if self._quota is not None:
            await self._quota.close()
        if self._store_threads is not None:
            self._store_threads.shutdown(wait=True)

    # One target

    async def _answer(self, request: LLMRequest, *, may_fall_back: bool) -> LLMResponse:
        pool = self._pool(request.provider)
        provider, model, store = pool.provider, request.model or "", self._store
        self._ledger.count(provider.name, model, "requests")
        call = Call(self._budgets_of(request.budget), may_fall_back=may_fall_back)
        if store is None:
            try:
                return await self._called(pool, request, call)
            finally:
                call.release()
        key = _key(request, provider)
        await self._check_store(store)

        async def answer() -> LLMResponse:
            stored = await self._on_store_thread(lambda: store.get(key))
            if stored is not None:
                return stored
            try:
                response = await self._called(pool, request, call)
                await self._keep(key, response)
            finally:
                call.release()
            return response

        response, joined = await self._flights.join(key, answer)
        if joined:
            response = response.model_copy(update={"cached": True})
        if response.cached:
            self._book_cached(request, response, pool)
        return response

    async def _called(self, pool: ProviderPool, request: LLMRequest, call: Call) -> LLMResponse:
        provider, model = pool.provider, request.model or ""
        value = None

        def count(what: str) -> None:
            call.repairs += 1
            self._ledger.count(provider.name, model, what)

        with operation("chat", request) as span:
            try:
                if request.json_schema is None:
                    answer = await pool.ask(request, call)
                    text, finish_reason = answer.text, answer.finish_reason
                else:
                    structured = await ask_for_json(
                        request,
                        lambda current: pool.ask(current, call),
                        count,
                        limit_settings=provider.output_limit_settings,
                    )
                    text, value, finish_reason = structured.text, structured.value, structured.finish_reason
            except LLMError as error:
                log_failure(request, error, call, self._latency(call))
                raise
            response = self._response(request, call, text, value, finish_reason)
            span.answered(response)
        log_answer(
            request, response, queue_length=call.queue_length, latency_seconds=response.latency_seconds
        )
        log_summary(provider.title, response)
        return response

    async def _stream_one(
        self, request: LLMRequest, passed: list[PassedOver], *, may_fall_back: bool
    ) -> AsyncGenerator[LLMChunk, None]:
        pool = self._pool(request.provider)
        provider, model, store = pool.provider, request.model or "", self._store
        self._ledger.count(provider.name, model, "requests")
        key = _key(request, provider)
        stored = None
        if store is not None:
            await self._check_store(store)
            stored = await self._on_store_thread(lambda: store.get(key))
        if stored is not None:
            stored = stored.model_copy(update={"passed_over": tuple(passed)})
            self._book_cached(request, stored, pool)
            yield LLMChunk(stored.text)
            yield LLMChunk("", stored)
            return
        call = Call(self._budgets_of(request.budget), may_fall_back=may_fall_back)
        try:
            with operation("chat", request, streams=True) as span:
                async with aclosing(pool.stream(request, call)) as parts:
                    async for part in parts:
                        if isinstance(part, str):
                            span.piece(call.started_at, self._clock)
                            yield LLMChunk(part)
                            continue
                        response = self._streamed(request, call, part)
                        span.answered(response)
                        await self._keep(key, response)
                        response = response.model_copy(update={"passed_over": tuple(passed)})
                        log_answer(
                            request,
                            response,
                            queue_length=call.queue_length,
                            latency_seconds=response.latency_seconds,
                        )
                        log_summary(provider.title, response)
                        yield LLMChunk("", response)
        except LLMError as error:
            log_failure(request, error, call, self._latency(call))
            raise
        finally:
            call.release()

    async def _check_store(self, store: ResponseStore) -> None:
        """Look at a store before it is first used; one that can't be reached is told, not done without."""
        if self._store_is_there:
            return
        if self._store_check is None:
            self._store_check = asyncio.ensure_future(self._on_store_thread(store.check))
            self._store_check.add_done_callback(self._store_checked)
        await asyncio.shield(self._store_check)

    def _store_checked(self, check: asyncio.Future[None]) -> None:
        self._store_check = None  # what failed is looked at again by the next request
        self._store_is_there = not check.cancelled() and check.exception() is None

    async def _keep(self, key: str, response: LLMResponse) -> None:
        store = self._store
        if store is not None and is_storable(response):  # shielded: it is paid for, whoever still waits
            await asyncio.shield(self._on_store_thread(lambda: store.put(key, response)))

    def _streamed(self, request: LLMRequest, call: Call, answer: ProviderAnswer) -> LLMResponse:
        value = None
        if request.json_schema is not None:
            value, problem, _ = parse_json(
                answer.text, request.json_schema, repair=answer.finish_reason != "length"
            )
            if problem is not None:
                raise OutputValidationError(
                    f"The streamed answer of {request.model} does not match its JSON schema: {problem}.",
                    cure="Use submit(), which asks again, or a model with native structured output.",
                )
        return self._response(request, call, answer.text, value, answer.finish_reason)

    def _response(
        self, request: LLMRequest, call: Call, text: str, value: object, finish_reason: FinishReason
    ) -> LLMResponse:
        return LLMResponse(
            text=text,
            parsed=value,
            provider=request.provider,
            model=request.model or "",
            finish_reason=finish_reason,
            usage=call.usage,
            cost_usd=call.cost_usd,
            latency_seconds=self._latency(call),
            attempts=call.attempts,
            repairs=call.repairs,
        )

    # Parts

    def _chain(self, request: LLMRequest) -> list[Target]:
        settings = self._settings
        if request.provider == AUTO:
            candidates = [
                parse_target(name, "LLM_EXECUTOR_PROVIDERS", known=self._providers)
                for name in settings.llm_executor_providers
            ]
            if request.model is not None:
                candidates = [target for target in candidates if self._has(target, request.model)]
                if not candidates:
                    raise ConfigurationError(
                        f"Nobody of LLM_EXECUTOR_PROVIDERS has the model {request.model!r}.",
                        cure="Add it as `provider/model`, or name a provider in the request.",
                    )
            chain = ranked(candidates, request, provider=self.provider, is_healthy=self._is_healthy)
        else:
            chain = [Target(request.provider, request.model, chosen=True)]
        given = request.fallbacks
        names = settings.llm_executor_fallbacks if given is None else given
        setting = "LLM_EXECUTOR_FALLBACKS" if given is None else "fallbacks"
        for name in names:
            target = parse_target(name, setting, known=self._providers)
            if not any(self._is_same(target, earlier) for earlier in chain) and self._fits(target, request):
                chain.append(target)
        return chain

    def _has(self, target: Target, model: str) -> bool:
        try:
            provider = self.provider(target.provider)
            return provider.resolve(target.model) == provider.resolve(model)
        except (LLMError, ConfigurationError):
            return target.model == model  # what is wrong with it is told when it is asked

    def _is_same(self, one: Target, other: Target) -> bool:
        if one.provider != other.provider:
            return False
        provider = self.provider(one.provider)
        return provider.resolve(one.model) == provider.resolve(other.model)

    def _fits(self, target: Target, request: LLMRequest) -> bool:
        try:
            return fits(request, self.provider(target.provider).capabilities(target.model))
        except (LLMError, ConfigurationError):
            return True  # what is wrong with it is told when it is asked

    def _is_healthy(self, provider: str, model: str) -> bool:
        pool = self._pools.get(provider)
        lane = None if pool is None else pool.admission.lanes.get(model)
        return lane is None or lane.breaker.state == "closed"

    def _aimed(self, request: LLMRequest, target: Target) -> LLMRequest:
        model = self.provider(target.provider).resolve(target.model)
        if request.provider == target.provider and request.model == model:
            return request
        return request.model_copy(update={"provider": target.provider, "model": model})

    def _pass_on(
        self, error: LLMError | ConfigurationError, target: Target, passed: list[PassedOver], *, is_last: bool
    ) -> None:
        """Note who couldn't answer, or raise what is to be told."""
        if is_last or not passes_on(error, target):
            for before in passed:
                error.add_note(f"{before.provider} ({before.model}) was asked before: {before.reason}")
            raise error
        model = self.provider(target.provider).resolve(target.model)
        passed.append(PassedOver(provider=target.provider, model=model, reason=failure_kind(error)))
        self._ledger.count(target.provider, model, "fallbacks")

    def _book_cached(self, request: LLMRequest, response: LLMResponse, pool: ProviderPool) -> None:
        self._ledger.count(response.provider, response.model, "cached")
        log_answer(request, response, queue_length=pool.admission.waiting, latency_seconds=0.0)

    def _budgets_of(self, budget: CostBudget | None) -> tuple[Budget, ...]:
        budgets = []
        most = self._settings.llm_executor_max_cost_usd
        if most is not None:
            setting = "LLM_EXECUTOR_MAX_COST_USD"
            budgets.append(self._budgets.setdefault(None, Budget("of the process", most, setting=setting)))
        if budget is not None:
            known = self._budgets.setdefault(budget.name, Budget(budget.name, budget.max_cost_usd))
            known.max_cost_usd = budget.max_cost_usd
            budgets.append(known)
        return tuple(budgets)

    def _latency(self, call: Call) -> float:
        now = self._clock.monotonic()
        return now - (now if call.started_at is None else call.started_at)

    async def _in_time(self, provider: Provider, work: Awaitable[_T]) -> _T:
        try:
            async with asyncio.timeout(CHECK_TIMEOUT_SECONDS):
                return await work
        except TimeoutError as error:
            raise ProviderTimeoutError(
                f"{provider.title} did not answer within {CHECK_TIMEOUT_SECONDS:g} s."
            ) from error

    async def _on_store_thread(self, work: Callable[[], _T]) -> _T:
        if self._store_threads is None:
            threads = 1 if self._store is None else self._store.threads
            self._store_threads = ThreadPoolExecutor(threads, "techne-llm-cache")
        return await asyncio.get_running_loop().run_in_executor(self._store_threads, work)

    def _pool(self, name: str) -> ProviderPool:
        with self._lock:
            if name not in self._pools:
                settings = self._settings
                self._pools[name] = ProviderPool(
                    self.provider(name),
                    build_admission(name, settings, self._clock, self._quota),
                    timeout_seconds=getattr(settings, f"{name}_timeout_seconds", DEFAULT_TIMEOUT_SECONDS),
                    retry=self._retry,
                    retry_budget=RetryBudget(settings.llm_executor_retry_budget),
                    clock=self._clock,
                    ledger=self._ledger,
                    dice=self._dice,
                )
            return self._pools[name]


def _key(request: LLMRequest, provider: Provider) -> str:
    parameters = dict(provider.parameters(request))
    if provider.server:
        parameters["server"] = provider.server
    return cache_key(request, request.model or "", parameters)
