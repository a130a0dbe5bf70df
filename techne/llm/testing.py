"""Parts for tests of code that calls models: a provider that follows a script, and a clock that a test moves.

provider = ScriptedProvider(lambda request: '{"items": []}')
async with LLMExecutor(settings, providers={"bedrock": provider}) as executor:
    ...
assert provider.requests[0].json_schema is not None
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import Future

from techne.llm.model import Capabilities, LLMRequest, Usage
from techne.llm.provider import Parameters, ProviderAnswer
from techne.llm.tokens import estimate_tokens

Step = ProviderAnswer | str | Exception
"""An answer, its text, or an error to raise."""
Script = Callable[[LLMRequest], Step] | Iterable[Step]


class FakeClock:
    """A clock on which sleeping takes no time and moves the hands."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        """Seconds slept so far."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Move on."""
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


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

    def capabilities(self, model: str | None = None) -> Capabilities:
        """What the test claims."""
        return self._capabilities

    def prepare(self, model: str) -> None:
        """Nothing to do."""

    async def complete(self, request: LLMRequest) -> ProviderAnswer:
        """The script's next step."""
        self.requests.append(request)
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        try:
            await (self._gate.wait() if self._gate else asyncio.sleep(0))
            step = self._answer(request)
        finally:
            self.in_flight -= 1
        if isinstance(step, Exception):
            raise step
        if isinstance(step, ProviderAnswer):
            return step
        ceiling = self._capabilities.max_output_tokens
        return ProviderAnswer(
            text=step,
            finish_reason="stop",
            usage=Usage(input_tokens=estimate_tokens(request.prompt), output_tokens=estimate_tokens(step)),
            output_limit=request.max_output_tokens or ceiling,
            output_ceiling=ceiling,
        )

    async def check(self, model: str | None = None) -> Usage:
        """Always there."""
        return Usage()

    async def close(self) -> None:
        """Remember it."""
        self.closed = True


def _in_order(steps: Iterable[Step]) -> Callable[[LLMRequest], Step]:
    remaining = [steps] if isinstance(steps, str) else list(steps)

    def answer(_: LLMRequest) -> Step:
        return remaining.pop(0) if len(remaining) > 1 else remaining[0]

    return answer
