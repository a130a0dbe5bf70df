"""One request to one provider, from the cache or by calls, with its place in log, spans and books."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from techne.errors import LLMError, OutputValidationError
from techne.llm.accounting import Ledger
from techne.llm.call_log import log_answer, log_failure, log_summary, log_vectors
from techne.llm.clock import Clock
from techne.llm.model import EmbedRequest, EmbedResponse, FinishReason, LLMRequest, LLMResponse, PassedOver
from techne.llm.pool import Call, ProviderPool
from techne.llm.provider import ProviderAnswer
from techne.llm.recall import Recall, recall_key
from techne.llm.structured import ask_for_json, parse_json
from techne.llm.tracing import operation


@dataclass(frozen=True, slots=True)
class LLMChunk:
    """A piece of a streamed answer; the last one has no text and holds the whole response."""

    text: str
    response: LLMResponse | None = None


class Answering:
    """Answers requests whose provider and model are settled.

    Args:
        recall: Answers given before.
        ledger: The books.
        clock: Time.
    """

    def __init__(self, recall: Recall, ledger: Ledger, clock: Clock) -> None:
        self._recall = recall
        self._ledger = ledger
        self._clock = clock

    async def answer(self, pool: ProviderPool, request: LLMRequest, call: Call) -> LLMResponse:
        """The answer to a request; the call's permit is given back when it is stored."""
        self._ledger.count(request.provider, request.model or "", "requests")
        key = recall_key(request, pool.provider) if self._recall.remembers else ""

        async def ask() -> LLMResponse:
            try:
                response = await self._called(pool, request, call)
                await self._recall.keep(key, response)
            finally:
                call.release()
            return response

        response = await self._recall.answer(key, ask)
        if response.cached:
            self._book_cached(request, response, pool)
        return response

    async def stream(
        self, pool: ProviderPool, request: LLMRequest, call: Call, passed: list[PassedOver]
    ) -> AsyncGenerator[LLMChunk, None]:
        """The answer piece by piece, and then whole."""
        self._ledger.count(request.provider, request.model or "", "requests")
        key = recall_key(request, pool.provider) if self._recall.remembers else ""
        stored = await self._recall.get(key)
        if stored is not None:
            stored = stored.model_copy(update={"passed_over": tuple(passed)})
            self._book_cached(request, stored, pool)
            yield LLMChunk(stored.text)
            yield LLMChunk("", stored)
            return
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
                        await self._recall.keep(key, response)
                        response = response.model_copy(update={"passed_over": tuple(passed)})
                        self._log(request, response, call, pool.provider.title)
                        yield LLMChunk("", response)
        except LLMError as error:
            log_failure(request, error, call, self._latency(call))
            raise
        finally:
            call.release()

    async def embed(self, pool: ProviderPool, request: EmbedRequest, call: Call) -> EmbedResponse:
        """Vectors of texts."""
        self._ledger.count(request.provider, request.model or "", "requests")
        try:
            with operation("embeddings", request) as span:
                answer = await pool.embed(request, call)
                response = EmbedResponse(
                    vectors=answer.vectors,
                    provider=request.provider,
                    model=request.model or "",
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
        self._log(request, response, call, provider.title)
        return response

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

    def _log(self, request: LLMRequest, response: LLMResponse, call: Call, title: str) -> None:
        log_answer(
            request, response, queue_length=call.queue_length, latency_seconds=response.latency_seconds
        )
        log_summary(title, response)

    def _book_cached(self, request: LLMRequest, response: LLMResponse, pool: ProviderPool) -> None:
        self._ledger.count(response.provider, response.model, "cached")
        log_answer(request, response, queue_length=pool.admission.waiting, latency_seconds=0.0)

    def _latency(self, call: Call) -> float:
        now = self._clock.monotonic()
        return now - (now if call.started_at is None else call.started_at)
