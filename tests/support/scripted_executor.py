"""An executor whose answers a test writes, for tests of engines that need no provider."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal

from techne.errors import OutputValidationError
from techne.llm.model import Capabilities, FinishReason, LLMRequest, LLMResponse, Usage
from tests.support.scripted_model import CHARACTERS_PER_TOKEN, answer

Script = Callable[[LLMRequest], str | tuple[str, FinishReason]]


def plausible(request: LLMRequest) -> tuple[str, FinishReason]:
    """The scripted model's answer."""
    text, cut = answer(request.prompt, beginning=request.prefill, max_tokens=request.max_output_tokens)
    return text, "length" if cut else "stop"


class ScriptedExecutor:
    """Submits to a function; keeps every request.

    Args:
        script: Gives the text of an answer, with the reason why it ended if that is not `stop`; raises what
            `submit` is to raise.
        context_tokens: Window of the model.
        max_output_tokens: Most tokens of an answer.
        continues_prefill: Whether the model can continue an answer.
        cached: Whether answers come out as from the cache.
    """

    def __init__(
        self,
        script: Script = plausible,
        *,
        context_tokens: int = 200_000,
        max_output_tokens: int = 64_000,
        continues_prefill: bool = True,
        cached: bool = False,
    ) -> None:
        self.requests: list[LLMRequest] = []
        self._script = script
        self._cached = cached
        self._capabilities = Capabilities(
            context_tokens=context_tokens,
            max_output_tokens=max_output_tokens,
            native_json_schema=True,
            continues_prefill=continues_prefill,
        )

    async def submit(self, request: LLMRequest) -> LLMResponse:
        self.requests.append(request)
        said = self._script(request)
        text, finish_reason = (said, "stop") if isinstance(said, str) else said
        if request.json_schema is not None and finish_reason == "length":
            raise OutputValidationError("The JSON answer was cut off.", cure="Raise the output limit.")
        sent = len(request.system or "") + len(request.prompt) + len(request.prefill or "")
        return LLMResponse(
            text=text,
            parsed=json.loads(text) if request.json_schema is not None else None,
            provider=request.provider,
            model=self.model(request.provider, request.model),
            finish_reason=finish_reason,
            usage=Usage(
                input_tokens=sent // CHARACTERS_PER_TOKEN, output_tokens=len(text) // CHARACTERS_PER_TOKEN
            ),
            cost_usd=Decimal("0.01"),
            latency_seconds=0.0,
            attempts=1,
            cached=self._cached,
        )

    def capabilities(self, provider: str, model: str | None = None) -> Capabilities:
        return self._capabilities

    def model(self, provider: str, model: str | None = None) -> str:
        return model or f"{provider}-model"
