"""A provider that follows a script and records what it was asked, and a gate to hold its answers at."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager

from techne.llm.model import Capabilities, EmbedRequest, LLMRequest, Usage
from techne.llm.provider import Parameters, ProviderAnswer, ProviderVectors
from techne.llm.tokens import estimate_tokens

Step = ProviderAnswer | str | Exception
"""An answer, its text, or an error to raise."""
Script = Callable[[LLMRequest], Step] | Iterable[Step]


class Gate:
    """A door that calls wait at until somebody, on any thread, opens it."""

    def __init__(self) -> None:
        self._opened: Future[None] = Future()

    def open(self) -> None:
        """Let everyone through from now on."""
        self._opened.set_result(None)

    async def wait(self) -> None:
        """Return once it is open."""
        await asyncio.shield(asyncio.wrap_future(self._opened))


class ScriptedProvider:
    """A provider that answers from a script and records what it was asked.

    Args:
        script: Function of the request, or steps that are used up one per call; the last one stays.
        name: Name in responses; prices follow it.
        capabilities: What it claims to be able to do.
        gate: Calls wait at it before they answer, if given.
    """

    title = "Scripted provider"
    embedding_model = "scripted-vectors"
    server = ""
    output_limit_settings = "max_output_tokens"

    def __init__(
        self,
        script: Script = "An answer.",
        *,
        name: str = "scripted",
        model: str = "scripted-model",
        capabilities: Capabilities | None = None,
        gate: Gate | None = None,
    ) -> None:
        self.name = name
        self.model = model
        self.requests: list[LLMRequest] = []
        self.in_flight = 0
        self.max_in_flight = 0
        self.closed = False
        self._answer = script if callable(script) else _in_order(script)
        self._gate = gate
        self._capabilities = capabilities or Capabilities(
            context_tokens=100_000, max_output_tokens=8192, native_json_schema=True, continues_prefill=True
        )

    def resolve(self, model: str | None) -> str:
        """The named model, or the configured one."""
        return model or self.model

    def parameters(self, request: LLMRequest) -> Parameters:
        """The request's own parameters."""
        return {"max_tokens": request.max_output_tokens, "temperature": request.temperature}

    def output_limit(self, request: LLMRequest) -> int:
        """The request's, or all that is claimed."""
        return request.max_output_tokens or self._capabilities.max_output_tokens

    def capabilities(self, model: str | None = None) -> Capabilities:
        """What the test claims."""
        return self._capabilities

    def prepare(self, model: str) -> None:
        """Nothing to do."""

    async def complete(self, request: LLMRequest) -> ProviderAnswer:
        """The script's next step."""
        with self._counted(request):
            return await self._next_answer(request)

    async def stream(self, request: LLMRequest) -> AsyncIterator[str | ProviderAnswer]:
        """The script's next step, word by word."""
        answer = await self.complete(request)
        for piece in word_by_word(answer.text):
            yield piece
        yield answer

    async def embed(self, request: EmbedRequest) -> ProviderVectors:
        """Vectors that tell the texts apart: their lengths and their places."""
        vectors = tuple((float(len(text)), float(place)) for place, text in enumerate(request.texts))
        return ProviderVectors(
            vectors, Usage(input_tokens=sum(estimate_tokens(text) for text in request.texts))
        )

    async def count_tokens(self, request: LLMRequest) -> int:
        """An estimate."""
        return _prompt_tokens(request)

    async def check(self, model: str | None = None) -> Usage:
        """Always there."""
        return Usage()

    async def close(self) -> None:
        """Remember it."""
        self.closed = True

    @contextmanager
    def _counted(self, request: LLMRequest) -> Iterator[None]:
        self.requests.append(request)
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        try:
            yield
        finally:
            self.in_flight -= 1

    async def _next_answer(self, request: LLMRequest) -> ProviderAnswer:
        await (self._gate.wait() if self._gate else asyncio.sleep(0))
        step = self._answer(request)
        if isinstance(step, Exception):
            raise step
        if isinstance(step, ProviderAnswer):
            return step
        return ProviderAnswer(
            text=step,
            finish_reason="stop",
            usage=Usage(input_tokens=_prompt_tokens(request), output_tokens=estimate_tokens(step)),
            output_limit=self.output_limit(request),
            output_ceiling=self._capabilities.max_output_tokens,
        )


def word_by_word(text: str) -> list[str]:
    """The pieces in which a text is streamed; together they are the text."""
    return re.findall(r"\S+\s*|\s+", text)


def _prompt_tokens(request: LLMRequest) -> int:
    return sum(estimate_tokens(turn.content) for turn in request.conversation())


def _in_order(steps: Iterable[Step]) -> Callable[[LLMRequest], Step]:
    remaining = [steps] if isinstance(steps, str) else list(steps)

    def answer(_: LLMRequest) -> Step:
        return remaining.pop(0) if len(remaining) > 1 else remaining[0]

    return answer
