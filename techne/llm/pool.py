"""One provider's calls: a slot for each, a time-out on every attempt, and another one where that can help.

A call keeps its slot while it waits to try again, so a provider that throttles is asked by no more callers
than before, and until its answer is stored, so a killed process loses no more than was in flight. Rate
buckets, a breaker and adaptive parallelism belong here too: before `_attempt`, around the slot.
"""

from __future__ import annotations

import asyncio
import logging
import random
from dataclasses import dataclass, field
from decimal import Decimal

from techne.errors import LLMError, ProviderTimeoutError, QueueFullError
from techne.llm.accounting import Ledger
from techne.llm.clock import Clock
from techne.llm.model import LLMRequest, Usage
from techne.llm.pricing import cost_usd
from techne.llm.provider import Provider, ProviderAnswer
from techne.llm.retry import RetryPolicy
from techne.llm.slots import Slot, Slots
from techne.llm.structured import import_validators
from techne.llm.threads import on_daemon_thread

logger = logging.getLogger("techne.llm")


@dataclass(slots=True)
class Call:
    """One submitted request on its way: its slot, and what it has taken so far."""

    slot: Slot | None = None
    started_at: float | None = None
    queue_length: int = 0
    attempts: int = 0
    usage: Usage = field(default_factory=Usage)
    cost_usd: Decimal | None = Decimal(0)

    def release(self) -> None:
        """Give the slot back; to be called when all is done, or has failed."""
        if self.slot is not None:
            self.slot.release()


class ProviderPool:
    """The only way to a provider."""

    def __init__(
        self,
        provider: Provider,
        slots: Slots,
        *,
        timeout_seconds: float,
        retry: RetryPolicy,
        clock: Clock,
        ledger: Ledger,
        dice: random.Random,
    ) -> None:
        self.provider = provider
        self.slots = slots
        self._timeout_seconds = timeout_seconds
        self._retry = retry
        self._clock = clock
        self._ledger = ledger
        self._dice = dice
        self._prepared: set[str] = set()

    async def ask(self, request: LLMRequest, call: Call) -> ProviderAnswer:
        """One answer, over as many attempts as the retry policy allows. `request.model` is resolved.

        The call has a slot from then on, for asking again or storing the answer; its owner releases it.

        Raises:
            LLMError: The last attempt's.
        """
        slot = await self._enter(request, call)
        began = self._clock.monotonic()
        failed = 0
        await self._prepare(request.model or "")
        while True:
            try:
                return await self._attempt(request, call, slot)
            except LLMError as error:
                failed += 1
                wait = self._retry.wait_seconds(error, failed, self._clock.monotonic() - began, self._dice)
                if wait is None:
                    raise _exhausted(error, failed) from error
                logger.warning(
                    "request_id=%s provider=%s model=%s attempt=%d failed, next in %.2f s: %s",
                    request.request_id,
                    self.provider.name,
                    request.model,
                    failed,
                    wait,
                    error.message,
                )
            await self._clock.sleep(wait)
            slot = await self._enter(request, call)
            self._ledger.count(self.provider.name, request.model or "", "retries")

    async def _prepare(self, model: str) -> None:
        if model not in self._prepared:
            await on_daemon_thread(lambda: self._warm_up(model), name="techne-llm-prepare")
            self._prepared.add(model)

    def _warm_up(self, model: str) -> None:
        """Imports that would hold up the loop, and the time-outs on it, for a second or two."""
        self.provider.prepare(model)
        cost_usd(self.provider.name, model, Usage())
        import_validators()

    async def _enter(self, request: LLMRequest, call: Call) -> Slot:
        if call.slot is not None:
            if not call.slot.held:  # a time-out parted with it; the call was admitted before
                call.slot = await self.slots.acquire(ahead=True)
            return call.slot
        call.queue_length = self.slots.waiting
        try:
            waits = None if request.when_full is None else request.when_full == "wait"
            call.slot = await self.slots.acquire(wait_when_full=waits)
        except QueueFullError:
            self._ledger.count(self.provider.name, request.model or "", "refused")
            raise
        call.started_at = self._clock.monotonic()
        return call.slot

    async def _attempt(self, request: LLMRequest, call: Call, slot: Slot) -> ProviderAnswer:
        name, model = self.provider.name, request.model or ""
        timeout = request.timeout_seconds or self._timeout_seconds
        call.attempts += 1
        self._ledger.count(name, model, "attempts")
        sent = asyncio.ensure_future(self.provider.complete(request))
        try:
            await asyncio.wait({sent}, timeout=timeout)
        except asyncio.CancelledError:
            self._ledger.count(name, model, "cancelled")
            _break_off(sent, slot)
            raise
        if not sent.done():
            _break_off(sent, slot)
            error = ProviderTimeoutError(
                f"Failed to invoke {self.provider.title}: no answer from {model} within {timeout:g} s.",
                cure=f"Raise {name.upper()}_TIMEOUT_SECONDS, or ask for a shorter answer.",
            )
            self._ledger.failure(name, model, error)
            raise error
        try:
            answer = sent.result()
        except BaseException as error:
            self._ledger.failure(name, model, error)
            raise
        cost = cost_usd(name, model, answer.usage)
        self._ledger.answer(name, model, answer.usage, cost)
        call.usage += answer.usage
        call.cost_usd = None if cost is None or call.cost_usd is None else call.cost_usd + cost
        return answer


def _break_off(sent: asyncio.Task[ProviderAnswer], slot: Slot) -> None:
    slot.release_after(sent)
    sent.add_done_callback(lambda task: task.cancelled() or task.exception())
    sent.cancel()


def _exhausted(error: LLMError, attempts: int) -> LLMError:
    if attempts == 1:
        return error
    return type(error)(f"{error.message.rstrip('.')} after {attempts} attempts.", cure=error.cure)
