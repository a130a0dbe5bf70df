"""One provider's calls: a permit for each attempt, a time-out on it, and another one where that can help.

A permit is kept until the answer is stored, so a killed process loses no more than was in flight. It is given
back while a call waits to try again: a throttle or an outage holds up its own model and no other.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NoReturn, TypeVar

from techne.errors import (
    LLMError,
    MalformedResponseError,
    ProviderTimeoutError,
    QueueFullError,
    ThrottledError,
)
from techne.llm.accounting import Ledger
from techne.llm.admission import Admission
from techne.llm.budget import Budget
from techne.llm.call_log import log_retry
from techne.llm.clock import Clock
from techne.llm.lanes import Permit
from techne.llm.model import EmbedRequest, LLMRequest, Usage
from techne.llm.pricing import cost_usd
from techne.llm.provider import Provider, ProviderAnswer, ProviderVectors
from techne.llm.retry import RetryBudget, RetryPolicy
from techne.llm.structured import import_validators
from techne.llm.threads import on_daemon_thread
from techne.llm.tokens import RequestTokens
from techne.llm.tracing import opentelemetry

Answer = TypeVar("Answer", ProviderAnswer, ProviderVectors)
AnyRequest = LLMRequest | EmbedRequest


@dataclass(slots=True)
class Call:
    """One submitted request on its way: its permit, and what it has taken so far."""

    budgets: tuple[Budget, ...] = ()
    may_fall_back: bool = False
    permit: Permit | None = None
    queued_at: float | None = None
    started_at: float | None = None
    queue_length: int = 0
    attempts: int = 0
    failed: int = 0
    repairs: int = 0
    raw_tokens: int = 0
    usage: Usage = field(default_factory=Usage)
    cost_usd: Decimal | None = Decimal(0)

    def release(self) -> None:
        """Give the permit back; to be called when all is done, or has failed."""
        if self.permit is not None:
            self.permit.release()


class ProviderPool:
    """The only way to a provider.

    Args:
        provider: Makes single calls.
        admission: Its queue and limits.
        timeout_seconds: Of one attempt, if a request has none of its own.
        retry: When to try again.
        retry_budget: How often, all calls together.
        clock: Time.
        ledger: The books.
        dice: Source of jitter.
    """

    def __init__(
        self,
        provider: Provider,
        admission: Admission,
        *,
        timeout_seconds: float,
        retry: RetryPolicy,
        retry_budget: RetryBudget,
        clock: Clock,
        ledger: Ledger,
        dice: random.Random,
    ) -> None:
        self.provider = provider
        self.admission = admission
        self.retry_budget = retry_budget
        self.tokens = RequestTokens()
        self._timeout_seconds = timeout_seconds
        self._retry = retry
        self._clock = clock
        self._ledger = ledger
        self._dice = dice
        self._ready: set[str] = set()
        self._preparing: dict[str, asyncio.Future[None]] = {}

    async def ask(self, request: LLMRequest, call: Call) -> ProviderAnswer:
        """One answer, over as many attempts as the retry policy allows. `request.model` is resolved.

        The call has a permit from then on, for storing the answer; its owner releases it.

        Raises:
            LLMError: The last attempt's, or the refusal of a limit.
        """
        return await self._persist(request, call, lambda: self.provider.complete(request))

    async def embed(self, request: EmbedRequest, call: Call) -> ProviderVectors:
        """Vectors, as `ask`."""
        return await self._persist(request, call, lambda: self.provider.embed(request))

    async def stream(self, request: LLMRequest, call: Call) -> AsyncGenerator[str | ProviderAnswer, None]:
        """Pieces of one answer, then the answer. It is tried again only while nothing has been given out."""
        await self.prepare(request.model or "")
        while True:
            permit = await self._enter(request, call)
            given = False
            try:
                async with aclosing(self._attempt_stream(request, call, permit)) as parts:
                    async for part in parts:
                        given = True
                        yield part
            except LLMError as error:
                permit.release()
                wait = None if given else self._wait_before_retry(error, request, call)
                if wait is None:
                    raise _exhausted(error, call.failed) from error
                await self._clock.sleep(wait)
            else:
                return

    async def _persist(
        self, request: AnyRequest, call: Call, send: Callable[[], Coroutine[Any, Any, Answer]]
    ) -> Answer:
        await self.prepare(request.model or "")
        while True:
            permit = await self._enter(request, call)
            try:
                return await self._attempt(request, call, permit, send)
            except LLMError as error:
                permit.release()
                wait = self._wait_before_retry(error, request, call)
                if wait is None:
                    raise _exhausted(error, call.failed) from error
            if wait:
                await self._clock.sleep(wait)

    def _wait_before_retry(self, error: LLMError, request: AnyRequest, call: Call) -> float | None:
        call.failed += 1
        began = call.started_at or 0.0
        wait = self._retry.wait_seconds(
            error,
            call.failed,
            self._clock.monotonic() - began,
            self._dice,
            may_fall_back=call.may_fall_back,
        )
        if wait is None or not self.retry_budget.spend(error):
            return None
        self._ledger.count(self.provider.name, request.model or "", "retries")
        log_retry(request, error, attempt=call.failed, wait_seconds=wait)
        return wait

    async def prepare(self, model: str) -> None:
        """Imports that would hold up the loop, and the time-outs on it, for a second; once per model."""
        if model in self._ready:
            return
        if model not in self._preparing:
            self._preparing[model] = asyncio.ensure_future(
                on_daemon_thread(lambda: self._warm_up(model), name="techne-llm-prepare")
            )
            self._preparing[model].add_done_callback(lambda task: self._prepared(model, task))
        await asyncio.shield(self._preparing[model])

    def _prepared(self, model: str, task: asyncio.Future[None]) -> None:
        del self._preparing[model]
        if not task.cancelled() and task.exception() is None:
            self._ready.add(model)  # else the next request looks again: credentials may have come

    def _warm_up(self, model: str) -> None:
        self.provider.prepare(model)
        opentelemetry()
        cost_usd(self.provider.name, model, Usage())
        import_validators()

    async def _enter(self, request: AnyRequest, call: Call) -> Permit:
        model = request.model or ""
        earlier = call.permit
        if earlier is not None:
            earlier.release()
        else:
            call.queue_length = self.admission.waiting
            call.queued_at = self._clock.monotonic()
        try:
            call.permit = await self.admission.admit(
                model,
                self._reserve(request, call) if self.admission.counts_tokens(model) else 0.0,
                wait_when_full=None if request.when_full is None else request.when_full == "wait",
                may_fall_back=call.may_fall_back,
                order=None if earlier is None else earlier.order,
            )
        except QueueFullError:
            self._ledger.count(self.provider.name, model, "refused")
            raise
        if call.started_at is None:
            call.started_at = self._clock.monotonic()
            self._ledger.waited(self.provider.name, model, call.started_at - (call.queued_at or 0.0))
        return call.permit

    def _reserve(self, request: AnyRequest, call: Call) -> float:
        """Tokens to set aside: an estimate with a margin, less where only the margin would be too much."""
        call.raw_tokens = self.tokens.raw(request)
        likely, most = self.tokens.expected(call.raw_tokens)
        weight = self.admission.lane(request.model or "").output_token_weight
        output = weight * self.output_limit(request)
        room = self.admission.largest(request.model or "")
        return max(likely + output, min(most + output, room))

    def output_limit(self, request: AnyRequest) -> int:
        """Most tokens that the answer may have."""
        return 0 if isinstance(request, EmbedRequest) else self.provider.output_limit(request)

    def worst_cost_usd(self, request: AnyRequest) -> Decimal | None:
        """What one attempt may cost, by a high estimate of its tokens; None where no price is known."""
        _, most = self.tokens.expected(self.tokens.raw(request))
        usage = Usage(input_tokens=int(most), output_tokens=self.output_limit(request))
        return cost_usd(self.provider.name, request.model or "", usage)

    async def _attempt(
        self,
        request: AnyRequest,
        call: Call,
        permit: Permit,
        send: Callable[[], Coroutine[Any, Any, Answer]],
    ) -> Answer:
        name, model = self.provider.name, request.model or ""
        reserved = await self._reserve_money(request, call, permit)
        loop = asyncio.get_running_loop()
        call.attempts += 1
        self._ledger.count(name, model, "attempts")
        began = self._clock.monotonic()
        sent: asyncio.Task[Answer] = loop.create_task(send())
        over: asyncio.Future[bool] = loop.create_future()
        sent.add_done_callback(lambda _: _settle(over, in_time=True))
        timeout = request.timeout_seconds or self._timeout_seconds
        timer = loop.call_later(timeout, _settle, over)
        try:
            answer = sent.result() if await over else self._refuse_late(model, timeout)
        except BaseException as error:
            _break_off(sent, permit)
            self._book_failure(request, permit, error)
            reserved.settle(_worst_after(error, reserved))
            raise
        finally:
            timer.cancel()
        reserved.settle(self._book_answer(request, call, permit, answer.usage, began) or Decimal(0))
        return answer

    async def _attempt_stream(
        self, request: LLMRequest, call: Call, permit: Permit
    ) -> AsyncGenerator[str | ProviderAnswer, None]:
        model = request.model or ""
        reserved = await self._reserve_money(request, call, permit)
        call.attempts += 1
        self._ledger.count(self.provider.name, model, "attempts")
        began = self._clock.monotonic()
        timeout = request.timeout_seconds or self._timeout_seconds
        parts = self.provider.stream(request)
        answer: ProviderAnswer | None = None
        try:
            while answer is None:
                try:
                    async with asyncio.timeout(timeout):
                        part = await anext(parts)
                except TimeoutError:
                    self._refuse_late(model, timeout)
                except StopAsyncIteration:
                    raise MalformedResponseError(f"The stream of {model} ended without an answer.") from None
                if isinstance(part, str):
                    yield part
                    continue
                answer = part
                cost = self._book_answer(request, call, permit, answer.usage, began)
                reserved.settle(cost or Decimal(0))  # before closing, which can be cancelled
        except BaseException as error:
            self._book_failure(request, permit, error)
            reserved.settle(_worst_after(error, reserved))
            raise
        finally:
            close = getattr(parts, "aclose", None)
            if close is not None:
                await close()
        yield answer

    async def _reserve_money(self, request: AnyRequest, call: Call, permit: Permit) -> _Reservations:
        reserved = _Reservations()
        if call.budgets:
            try:
                worst = self.worst_cost_usd(request)
                for budget in call.budgets:
                    reserved.parts.append(await budget.reserve(worst, request.model or ""))
                reserved.worst = worst or Decimal(0)
            except BaseException:
                reserved.settle(Decimal(0))
                permit.unsent()
                raise
        return reserved

    def _refuse_late(self, model: str, seconds: float) -> NoReturn:
        raise ProviderTimeoutError(
            f"Failed to invoke {self.provider.title}: no answer from {model} within {seconds:g} s.",
            cure=f"Raise {self.provider.name.upper()}_TIMEOUT_SECONDS, or ask for a shorter answer.",
        )

    def _book_failure(self, request: AnyRequest, permit: Permit, error: BaseException) -> None:
        name, model = self.provider.name, request.model or ""
        if isinstance(error, asyncio.CancelledError | GeneratorExit):
            self._ledger.count(name, model, "cancelled")
            permit.failed(asyncio.CancelledError())
            return
        self._ledger.failure(name, model, error)
        if _took_nothing(error):
            permit.refund_tokens()
        permit.failed(error)

    def _book_answer(
        self, request: AnyRequest, call: Call, permit: Permit, usage: Usage, began: float
    ) -> Decimal | None:
        name, model = self.provider.name, request.model or ""
        cost = cost_usd(name, model, usage)
        self._ledger.answer(name, model, usage, cost, self._clock.monotonic() - began)
        permit.answered(usage.input_tokens - usage.cache_read_tokens, usage.output_tokens)
        self.retry_budget.answered()
        self.tokens.learn(call.raw_tokens, usage.input_tokens)
        call.usage = usage if call.usage.total_tokens == 0 else call.usage + usage
        call.cost_usd = None if cost is None or call.cost_usd is None else call.cost_usd + cost
        return cost


class _Reservations:
    """Money set aside in every budget that a call belongs to."""

    __slots__ = ("parts", "worst")

    def __init__(self) -> None:
        self.parts: list[Any] = []
        self.worst = Decimal(0)

    def settle(self, cost: Decimal) -> None:
        for part in self.parts:
            part.settle(cost)


def _worst_after(error: BaseException, reserved: _Reservations) -> Decimal:
    """What a failed attempt is taken to have cost: a provider bills what it has begun to answer."""
    is_over = isinstance(error, LLMError) and not isinstance(error, ProviderTimeoutError)
    return Decimal(0) if is_over else reserved.worst


def _took_nothing(error: BaseException) -> bool:
    return isinstance(error, ThrottledError) or (isinstance(error, LLMError) and not error.retryable)


def _settle(over: asyncio.Future[bool], *, in_time: bool = False) -> None:
    if not over.done():
        over.set_result(in_time)


def _break_off(sent: asyncio.Task[Any], permit: Permit) -> None:
    if sent.done():
        _ = sent.cancelled() or sent.exception()  # seen, whether it is told or came with a cancellation
        return
    sent.add_done_callback(lambda task: task.cancelled() or task.exception())
    sent.cancel()
    permit.release_after(sent)


def _exhausted(error: LLMError, attempts: int) -> LLMError:
    if attempts <= 1:
        return error
    again = type(error)(f"{error.message.rstrip('.')} after {attempts} attempts.", cure=error.cure)
    if isinstance(error, ThrottledError) and isinstance(again, ThrottledError):
        again.retry_after_seconds = error.retry_after_seconds
    return again
