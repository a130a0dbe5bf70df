"""Models served by Ollama, on this machine or another.

Ollama cuts a prompt that exceeds `num_ctx` without a word. So a prompt that can't fit is refused before
it is sent, and one that turns out to have filled the window is refused after.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from techne.errors import (
    LLMError,
    MalformedResponseError,
    ModelNotFoundError,
    ProviderAccessError,
    ProviderTimeoutError,
    ProviderUnavailableError,
    RequestRejectedError,
    RequestTooLargeError,
    ThrottledError,
)
from techne.llm.model import Capabilities, FinishReason, LLMRequest, Usage
from techne.llm.provider import CONTINUE_INSTRUCTION, Parameters, ProviderAnswer
from techne.llm.tokens import MESSAGE_OVERHEAD_TOKENS, TokenEstimator, estimate_tokens
from techne.settings import MODEL_ALIASES, Settings

if TYPE_CHECKING:
    import ollama

LEAST_OUTPUT_TOKENS = 64
"""A prompt that leaves less than this for the answer is too large."""


class OllamaProvider:
    """Provider `ollama`, through `ollama.AsyncClient`.

    Precedence of the answer's length: the call's, else `OLLAMA_NUM_PREDICT`, never more than
    `OLLAMA_NUM_CTX` leaves after the prompt (resolution 12).

    Args:
        settings: Host, model, window and defaults.
        estimate: Estimates the tokens of a prompt.
    """

    name = "ollama"
    title = "Ollama"
    output_limit_settings = "OLLAMA_NUM_PREDICT and OLLAMA_NUM_CTX"

    def __init__(self, settings: Settings, *, estimate: TokenEstimator = estimate_tokens) -> None:
        self.model = settings.ollama_model
        self._settings = settings
        self._estimate = estimate
        self._client: ollama.AsyncClient | None = None

    def resolve(self, model: str | None) -> str:
        """The Ollama tag of a model or alias."""
        return self.model if model is None else MODEL_ALIASES.get(model, model)

    def parameters(self, request: LLMRequest) -> Parameters:
        """Options of the call, before the clamp to the window."""
        settings = self._settings
        return {
            "num_ctx": settings.ollama_num_ctx,
            "num_predict": request.max_output_tokens or settings.ollama_num_predict,
            "temperature": settings.llm_temperature if request.temperature is None else request.temperature,
        }

    def capabilities(self, model: str | None = None) -> Capabilities:
        """The window is what we ask for, whatever the model could do."""
        return Capabilities(
            context_tokens=self._settings.ollama_num_ctx,
            max_output_tokens=self._settings.ollama_num_ctx - LEAST_OUTPUT_TOKENS,
            native_json_schema=True,
            continues_prefill=True,
        )

    def prepare(self, model: str) -> None:
        """Import the client."""
        self._connection()

    async def complete(self, request: LLMRequest) -> ProviderAnswer:
        """One chat answer."""
        options = dict(self.parameters(request))
        window = int(options["num_ctx"] or 0)
        messages = _messages(request)
        prompt_tokens = sum(
            self._estimate(message["content"]) + MESSAGE_OVERHEAD_TOKENS for message in messages
        )
        ceiling = window - prompt_tokens
        if ceiling < LEAST_OUTPUT_TOKENS:
            raise RequestTooLargeError(
                f"The prompt has about {prompt_tokens} tokens; {request.model} is asked for a window of "
                f"{window}, of which at least {LEAST_OUTPUT_TOKENS} are for the answer.",
                cure="Raise OLLAMA_NUM_CTX or lower MAX_TOKENS_PER_CHUNK.",
            )
        limit = min(int(options["num_predict"] or 0), ceiling)
        options["num_predict"] = limit
        try:
            reply = await self._connection().chat(
                model=request.model or self.model,
                messages=messages,
                stream=False,
                format=request.json_schema,
                options=options,
                keep_alive=self._settings.ollama_keep_alive,
            )
        except Exception as error:  # the client raises its own, httpx's, json's and pydantic's
            raise self._typed(error, request.model or self.model) from error
        usage = Usage(input_tokens=reply.prompt_eval_count or 0, output_tokens=reply.eval_count or 0)
        if usage.input_tokens >= window:
            raise RequestTooLargeError(
                f"Ollama cut the prompt to its window of {window} tokens; the answer was thrown away.",
                cure="Raise OLLAMA_NUM_CTX or lower MAX_TOKENS_PER_CHUNK.",
            )
        return ProviderAnswer(
            text=reply.message.content or "",
            finish_reason=_finish_reason(reply.done_reason, usage, window),
            usage=usage,
            output_limit=limit,
            output_ceiling=ceiling,
        )

    async def check(self, model: str | None = None) -> Usage:
        """The server answers and has pulled the model."""
        wanted = self.resolve(model)
        try:
            listed = await self._connection().list()
        except Exception as error:  # as above
            raise self._typed(error, wanted) from error
        names = {entry.model for entry in listed.models}
        if not names & {wanted, f"{wanted}:latest"}:
            raise self._unknown(wanted)
        return Usage()

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.close()  # type: ignore[no-untyped-call]

    def _connection(self) -> ollama.AsyncClient:
        if self._client is None:
            import ollama

            self._client = ollama.AsyncClient(host=self._settings.ollama_host)
        return self._client

    def _unknown(self, model: str) -> ModelNotFoundError:
        return ModelNotFoundError(
            f"Ollama at {self._settings.ollama_host} has no model {model}.",
            cure=f"Run `ollama pull {model}`.",
        )

    def _typed(self, error: Exception, model: str) -> LLMError:
        import httpx
        import ollama
        from pydantic import ValidationError

        where = self._settings.ollama_host
        if isinstance(error, ollama.ResponseError):
            return self._refusal(error, model)
        if isinstance(error, json.JSONDecodeError | ValidationError | httpx.DecodingError):
            return MalformedResponseError(
                f"Failed to invoke Ollama: {where} gave an answer that is not its protocol."
            )
        if isinstance(error, httpx.ConnectTimeout | httpx.ConnectError | ConnectionError):
            return ProviderUnavailableError(
                f"Ollama is not reachable at {where}.",
                cure="Start it with `ollama serve`, or set OLLAMA_HOST.",
            )
        if isinstance(error, httpx.TimeoutException):
            return ProviderTimeoutError(
                f"Failed to invoke Ollama: no answer from {model} in time.",
                cure="Raise OLLAMA_TIMEOUT_SECONDS.",
            )
        if isinstance(error, httpx.TransportError):
            return ProviderUnavailableError(
                f"Failed to invoke Ollama: the connection to {where} broke off ({type(error).__name__})."
            )
        return RequestRejectedError(f"Failed to invoke Ollama: {type(error).__name__} ({error}).")

    def _refusal(self, error: ollama.ResponseError, model: str) -> LLMError:
        said = f"Failed to invoke Ollama: {error.status_code} ({error.error})."
        status = error.status_code
        if status == 404:
            return self._unknown(model)
        if status in {401, 403}:
            return ProviderAccessError(said, cure="Check OLLAMA_API_KEY.")
        if status == 429 or "server busy" in error.error:
            return ThrottledError(said, cure="Lower LLM_EXECUTOR_OLLAMA_MAX_PARALLEL.")
        if status >= 500:
            return ProviderUnavailableError(said, cure="See Ollama's own log.")
        if "context" in error.error and ("length" in error.error or "exceed" in error.error):
            return RequestTooLargeError(said, cure="Raise OLLAMA_NUM_CTX or lower MAX_TOKENS_PER_CHUNK.")
        return RequestRejectedError(said)


def _messages(request: LLMRequest) -> list[dict[str, str]]:
    messages = [{"role": "system", "content": request.system}] if request.system else []
    messages.append({"role": "user", "content": request.prompt})
    if request.prefill and not request.prefill.isspace():
        messages.append({"role": "assistant", "content": request.prefill})
        messages.append({"role": "user", "content": CONTINUE_INSTRUCTION})
    return messages


def _finish_reason(done_reason: str | None, usage: Usage, window: int) -> FinishReason:
    if done_reason == "length" or usage.total_tokens > window:
        return "length"  # past the window, Ollama forgets the prompt while it writes
    return "stop" if done_reason == "stop" else "unknown"
