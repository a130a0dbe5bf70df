"""A provider that fails as real ones do, by a plan: written out call by call, or drawn from a seed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from techne.errors import (
    LLMError,
    MalformedResponseError,
    ProviderUnavailableError,
    RequestRejectedError,
    ThrottledError,
)
from techne.llm.model import Capabilities, EmbedRequest, LLMRequest
from techne.llm.provider import ProviderAnswer, ProviderVectors
from techne.llm.testing.scripted import Gate, Script, ScriptedProvider, word_by_word

FaultKind = Literal["throttled", "unavailable", "timeout", "malformed", "rejected", "broken"]
"""`timeout` never answers; `broken` is a stream that ends in the middle, or a connection that is reset."""

_ERRORS: dict[FaultKind, Callable[[str], LLMError]] = {
    "throttled": ThrottledError,
    "unavailable": ProviderUnavailableError,
    "malformed": MalformedResponseError,
    "rejected": RequestRejectedError,
    "broken": ProviderUnavailableError,
}


@dataclass(frozen=True, slots=True)
class Fault:
    """What one call meets.

    Args:
        kind: What goes wrong; None for an answer.
        after_seconds: How long the answer, or the failure, takes.
        retry_after_seconds: The wait that a throttle, or an outage, asks for.
        pieces: Pieces that a broken stream gives before it breaks.
    """

    kind: FaultKind | None = None
    after_seconds: float = 0.0
    retry_after_seconds: float | None = None
    pieces: int = 1


class FaultPlan:
    """What each call meets, in the order of the calls.

    Written out, by kind or in full; calls after the last step are answered:

        FaultPlan(["throttled", Fault("timeout"), None, Fault(after_seconds=5)])

    Drawn, the same for the same seed; probabilities are of single calls:

        FaultPlan(seed=7, chances={"throttled": 0.1, "broken": 0.05}, seconds=(0.1, 3))

    Args:
        steps: What the first calls meet.
        seed: Of what the later ones meet.
        chances: Probability of each kind; what is left are answers.
        seconds: Bounds of how long a drawn call takes.
        retry_after_seconds: The wait that every second drawn throttle asks for; None for none.
    """

    def __init__(
        self,
        steps: Sequence[Fault | FaultKind | None] = (),
        *,
        seed: int = 0,
        chances: dict[FaultKind, float] | None = None,
        seconds: tuple[float, float] = (0.0, 0.0),
        retry_after_seconds: float | None = None,
    ) -> None:
        self._steps = [step if isinstance(step, Fault) else Fault(step) for step in steps]
        self._chances = dict(chances or {})
        if not self._chances.keys() <= set(get_args(FaultKind)):
            raise ValueError(f"chances are of {get_args(FaultKind)}, not of {sorted(self._chances)}")
        if min(self._chances.values(), default=0.0) < 0 or sum(self._chances.values()) > 1 + 1e-9:
            raise ValueError(f"chances are probabilities of which at most one happens: {self._chances}")
        self._seconds = seconds
        self._retry_after_seconds = retry_after_seconds
        self._dice = random.Random(seed)  # noqa: S311 - no secret

    def next(self) -> Fault:
        """What the next call meets."""
        if self._steps:
            return self._steps.pop(0)
        seconds = self._dice.uniform(*self._seconds)
        drawn, with_wait, pieces = self._dice.random(), self._dice.random() < 0.5, self._dice.randint(0, 3)
        for kind, chance in self._chances.items():
            drawn -= chance
            if drawn < 0:
                asked = self._retry_after_seconds if kind == "throttled" and with_wait else None
                return Fault(kind, seconds, asked, pieces)
        return Fault(None, seconds)


class FaultyProvider(ScriptedProvider):
    """A scripted provider whose calls fail by a plan. Seconds are the running loop's.

        provider = FaultyProvider(FaultPlan(["throttled", "unavailable"]), name="bedrock")
        async with LLMExecutor(settings, providers={"bedrock": provider}, clock=FakeClock()) as executor:
            response = await executor.submit(LLMRequest(provider="bedrock", prompt="Why?"))
        assert response.attempts == 3
        assert [fault.kind for fault in provider.met] == ["throttled", "unavailable", None]

    Args:
        plan: What the calls meet.
        script: Answers of those that are answered, as for `ScriptedProvider`.
        name: Name in responses; prices follow it.
        model: Its configured model.
        capabilities: What it claims to be able to do.
        gate: Calls wait at it before they answer, if given.
    """

    def __init__(
        self,
        plan: FaultPlan,
        script: Script = "An answer.",
        *,
        name: str = "scripted",
        model: str = "scripted-model",
        capabilities: Capabilities | None = None,
        gate: Gate | None = None,
    ) -> None:
        super().__init__(script, name=name, model=model, capabilities=capabilities, gate=gate)
        self.met: list[Fault] = []
        self._plan = plan

    async def complete(self, request: LLMRequest) -> ProviderAnswer:
        """The script's next step, unless the plan has something else."""
        with self._counted(request):
            await self._suffer(self._next())
            return await self._next_answer(request)

    async def stream(self, request: LLMRequest) -> AsyncIterator[str | ProviderAnswer]:
        """The script's next step, word by word, as far as the plan lets it come."""
        with self._counted(request):
            fault = self._next()
            breaks = fault.kind == "broken"
            await self._suffer(replace(fault, kind=None) if breaks else fault)
            answer = await self._next_answer(request)
            pieces = word_by_word(answer.text)
            for piece in pieces[: fault.pieces] if breaks else pieces:
                yield piece
            if breaks:
                raise _error(fault)
            yield answer

    async def embed(self, request: EmbedRequest) -> ProviderVectors:
        """Vectors, unless the plan has something else."""
        await self._suffer(self._next())
        return await super().embed(request)

    def _next(self) -> Fault:
        fault = self._plan.next()
        self.met.append(fault)
        return fault

    async def _suffer(self, fault: Fault) -> None:
        if fault.after_seconds:
            await asyncio.sleep(fault.after_seconds)
        if fault.kind == "timeout":
            await asyncio.get_running_loop().create_future()
        if fault.kind is not None:
            raise _error(fault)


def _error(fault: Fault) -> LLMError:
    error = _ERRORS[fault.kind or "unavailable"](f"Failed by plan: {fault.kind}.")
    if isinstance(error, ThrottledError | ProviderUnavailableError):
        error.retry_after_seconds = fault.retry_after_seconds
    return error
