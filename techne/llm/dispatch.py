"""The way of a request on the executor's loop: along its chain of targets, to the pool of a provider."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import AsyncGenerator, Awaitable, Mapping
from contextlib import aclosing
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from techne.errors import ConfigurationError, LLMError, ProviderTimeoutError
from techne.llm.accounting import ExecutorUsage, LaneState, Ledger, failure_kind
from techne.llm.answering import Answering, LLMChunk
from techne.llm.budget import Budget
from techne.llm.cache import ResponseStore
from techne.llm.clock import Clock
from techne.llm.limits import build_admission
from techne.llm.model import (
    CostBudget,
    EmbedRequest,
    EmbedResponse,
    LLMRequest,
    LLMResponse,
    PassedOver,
)
from techne.llm.pool import Call, ProviderPool
from techne.llm.pricing import cost_usd
from techne.llm.provider import Provider, build_provider, provider_names
from techne.llm.quota import SharedQuota
from techne.llm.recall import Recall
from techne.llm.retry import RetryBudget, RetryPolicy
from techne.llm.structured import check_schema
from techne.llm.targets import Router, Target, passes_on

if TYPE_CHECKING:
    from techne.settings import Settings

DEFAULT_TIMEOUT_SECONDS = 60.0
CHECK_TIMEOUT_SECONDS = 15.0

_T = TypeVar("_T")


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
        _refuse_unknown_names(settings, {*provider_names(), *providers})
        self._settings = settings
        self._providers = dict(providers)
        self._quota = quota
        self._retry = retry
        self._clock = clock
        self._dice = dice
        self._pools: dict[str, ProviderPool] = {}
        self._ledger = Ledger()
        self._recall = Recall(store)
        self._router = Router(settings, self.provider, self._is_healthy, known=self._providers)
        self._answering = Answering(self._recall, self._ledger, clock)
        self._budgets: dict[str | None, Budget] = {}  # the process's own has no name
        self._lock = threading.RLock()

    async def serve(self, request: LLMRequest) -> LLMResponse:
        """The answer to a request, by the first of its chain that gives one."""
        if request.json_schema is not None:
            check_schema(request.json_schema)
        chain = self._router.chain(request)
        passed: list[PassedOver] = []
        for target in chain:
            is_last = target is chain[-1]
            try:
                response = await self._answering.answer(*self._aimed(request, target, is_last=is_last))
            except (LLMError, ConfigurationError) as error:
                self._pass_on(error, target, passed, is_last=is_last)
            else:
                return response.model_copy(update={"passed_over": tuple(passed)}) if passed else response
        raise AssertionError("a chain has a last target")

    async def stream(self, request: LLMRequest) -> AsyncGenerator[LLMChunk, None]:
        """The answer piece by piece, and then whole; the chain is gone through until the first piece."""
        if request.json_schema is not None:
            check_schema(request.json_schema)
        chain = self._router.chain(request)
        passed: list[PassedOver] = []
        for target in chain:
            is_last, given = target is chain[-1], False
            try:
                aimed = self._aimed(request, target, is_last=is_last)
                async with aclosing(self._answering.stream(*aimed, passed)) as chunks:
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
        return await self._answering.embed(pool, request, Call(self._budgets_of(request.budget)))

    async def count_tokens(self, request: LLMRequest) -> int:
        """Tokens of a request's prompt."""
        pool, aimed, _ = self._aimed(request, self._router.chain(request)[0], is_last=True)
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
        pool, aimed, _ = self._aimed(request, self._router.chain(request)[0], is_last=True)
        return pool.worst_cost_usd(aimed)

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
        self._recall.close()

    # Parts

    def _is_healthy(self, provider: str, model: str) -> bool:
        pool = self._pools.get(provider)
        lane = None if pool is None else pool.admission.lanes.get(model)
        return lane is None or lane.breaker.state == "closed"

    def _aimed(
        self, request: LLMRequest, target: Target, *, is_last: bool
    ) -> tuple[ProviderPool, LLMRequest, Call]:
        pool = self._pool(target.provider)
        model = pool.provider.resolve(target.model)
        if request.provider != target.provider or request.model != model:
            request = request.model_copy(update={"provider": target.provider, "model": model})
        return pool, request, Call(self._budgets_of(request.budget), may_fall_back=not is_last)

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

    async def _in_time(self, provider: Provider, work: Awaitable[_T]) -> _T:
        try:
            async with asyncio.timeout(CHECK_TIMEOUT_SECONDS):
                return await work
        except TimeoutError as error:
            raise ProviderTimeoutError(
                f"{provider.title} did not answer within {CHECK_TIMEOUT_SECONDS:g} s."
            ) from error

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


def _refuse_unknown_names(settings: Settings, known: set[str]) -> None:
    for key, _ in settings.llm_executor_model_limits:
        name = key.partition("/")[0]
        if name not in known:
            raise ConfigurationError(
                f"LLM_EXECUTOR_MODEL_LIMITS names {key!r}, and no LLM provider is called {name!r}.",
                cure=f"Use one of {', '.join(sorted(known))}, or register it before the executor is made.",
            )
