"""Models served by Ollama, on this machine or another, over its HTTP API.

Ollama cuts a prompt that exceeds `num_ctx` without a word. So a prompt that can't fit is refused before
it is sent, and one that turns out to have filled the window is refused after. Texts for vectors are never
cut: Ollama is told to refuse them instead.

It speaks through `techne.llm.wire`: the `ollama` package costs four times the processor time per call.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

from pydantic import ValidationError

from techne.errors import (
    LLMError,
    MalformedResponseError,
    ModelNotFoundError,
    ProviderAccessError,
    ProviderUnavailableError,
    RequestRejectedError,
    RequestTooLargeError,
    ThrottledError,
)
from techne.llm.model import Capabilities, EmbedRequest, FinishReason, LLMRequest, Usage
from techne.llm.provider import Parameters, ProviderAnswer, ProviderVectors
from techne.llm.tokens import MESSAGE_OVERHEAD_TOKENS, TokenEstimator, estimate_tokens
from techne.llm.wire import Wire, WireReply, shown, text_lines
from techne.settings import MODEL_ALIASES, Settings

LEAST_OUTPUT_TOKENS = 64
"""A prompt that leaves less than this for the answer is too large."""
_WINDOW_CURE = "Raise OLLAMA_NUM_CTX or lower MAX_TOKENS_PER_CHUNK."
_MOST_ERROR_TEXT = 500
_TOO_LONG = re.compile(r"context (length|window|size)|exceed\w* .*context")


class OllamaProvider:
    """Provider `ollama`.

    Precedence of the answer's length: the call's, else `OLLAMA_NUM_PREDICT`, never more than
    `OLLAMA_NUM_CTX` leaves after the prompt (resolution 12).

    Args:
        settings: Host, key, models, window and defaults.
        estimate: Estimates the tokens of a prompt.
    """

    name = "ollama"
    title = "Ollama"
    server = ""
    output_limit_settings = "OLLAMA_NUM_PREDICT and OLLAMA_NUM_CTX"

    def __init__(self, settings: Settings, *, estimate: TokenEstimator = estimate_tokens) -> None:
        self.model = settings.ollama_model
        self.embedding_model = settings.ollama_embedding_model
        self._settings = settings
        self._estimate = estimate
        self._wire = Wire(self.title, cure="Start it with `ollama serve`, or set OLLAMA_HOST.")
        self._headers = {"Content-Type": "application/json"}
        if settings.ollama_api_key is not None:
            self._headers["Authorization"] = f"Bearer {settings.ollama_api_key.get_secret_value()}"

    def resolve(self, model: str | None) -> str:
        """The Ollama tag of a model or alias."""
        return self.model if model is None else MODEL_ALIASES.get(model, model)

    def parameters(self, request: LLMRequest) -> Parameters:
        """Options of the call, before the clamp to the window."""
        settings = self._settings
        options: dict[str, int | float] = {
            "num_ctx": settings.ollama_num_ctx,
            "num_predict": request.max_output_tokens or settings.ollama_num_predict,
            "temperature": settings.llm_temperature if request.temperature is None else request.temperature,
        }
        if request.top_p is not None:
            options["top_p"] = request.top_p
        if request.top_k is not None:
            options["top_k"] = request.top_k
        return options

    def output_limit(self, request: LLMRequest) -> int:
        """What was asked for, or OLLAMA_NUM_PREDICT, within the window."""
        settings = self._settings
        most = settings.ollama_num_ctx - LEAST_OUTPUT_TOKENS
        return min(request.max_output_tokens or settings.ollama_num_predict, most)

    def capabilities(self, model: str | None = None) -> Capabilities:
        """The window is what we ask for, whatever the model could do."""
        return Capabilities(
            context_tokens=self._settings.ollama_num_ctx,
            max_output_tokens=self._settings.ollama_num_ctx - LEAST_OUTPUT_TOKENS,
            native_json_schema=True,
            continues_prefill=True,
        )

    def prepare(self, model: str) -> None:
        """Import what speaks HTTP."""
        self._wire.prepare()

    async def complete(self, request: LLMRequest) -> ProviderAnswer:
        """One chat answer."""
        chat, ceiling = self._chat(request, stream=False)
        reply = await self._send("POST", "/api/chat", chat)
        if reply.status != 200:
            raise self._refusal(reply.status, reply.body, chat["model"])
        said = self._object(reply.body)
        return self._answer(self._content(said), said, chat, ceiling)

    async def stream(self, request: LLMRequest) -> AsyncIterator[str | ProviderAnswer]:
        """One chat answer in pieces, which come as lines of JSON."""
        chat, ceiling = self._chat(request, stream=True)
        text: list[str] = []
        url, body = self._url("/api/chat"), json.dumps(chat).encode()
        async with self._wire.open("POST", url, body=body, headers=self._headers) as response:
            if response.status != 200:
                raise self._refusal(response.status, (await response.whole()).body, chat["model"])
            async with aclosing(text_lines(response.pieces)) as lines:
                async for line in lines:
                    if not line.strip():
                        continue
                    said = self._object(line)
                    if "error" in said:  # the runner died after the first words
                        raise self._refusal(500, line.encode(), chat["model"])
                    if piece := self._content(said):
                        text.append(piece)
                        yield piece
                    if said.get("done"):
                        yield self._answer("".join(text), said, chat, ceiling)
                        return
        raise MalformedResponseError(f"Failed to invoke Ollama: {self._where} ended its stream too early.")

    async def embed(self, request: EmbedRequest) -> ProviderVectors:
        """One call of /api/embed."""
        model = request.model or self.embedding_model
        asked: dict[str, Any] = {
            "model": model,
            "input": list(request.texts),
            "truncate": False,
            "keep_alive": self._settings.ollama_keep_alive,
        }
        if request.dimensions is not None:
            asked["dimensions"] = request.dimensions
        reply = await self._send("POST", "/api/embed", asked)
        if reply.status != 200:
            raise self._refusal(reply.status, reply.body, model)
        said = self._object(reply.body)
        try:
            vectors = tuple(tuple(map(float, vector)) for vector in said["embeddings"])
            usage = Usage(input_tokens=said.get("prompt_eval_count") or 0)
        except (KeyError, TypeError, ValueError) as error:
            raise self._malformed() from error
        if len(vectors) != len(request.texts):
            raise self._malformed()
        if request.dimensions is not None and any(len(vector) != request.dimensions for vector in vectors):
            raise RequestRejectedError(
                f"{model} gives vectors of {len(vectors[0])} numbers, not of {request.dimensions}.",
                cure="Leave `dimensions` out, or use a newer Ollama or another OLLAMA_EMBEDDING_MODEL.",
            )
        return ProviderVectors(vectors, usage)

    async def count_tokens(self, request: LLMRequest) -> int:
        """An estimate: Ollama counts only what it answers."""
        return self._prompt_tokens(_messages(request))

    async def check(self, model: str | None = None) -> Usage:
        """The server answers and has pulled the model."""
        wanted = self.resolve(model)
        reply = await self._send("GET", "/api/tags")
        if reply.status != 200:
            raise self._refusal(reply.status, reply.body, wanted)
        try:
            names = {entry.get("model") or entry["name"] for entry in self._object(reply.body)["models"]}
        except (KeyError, TypeError, AttributeError) as error:
            raise self._malformed() from error
        if not names & {wanted, f"{wanted}:latest"}:
            raise self._unknown(wanted)
        return Usage()

    async def close(self) -> None:
        """Close the connections."""
        await self._wire.close()

    @property
    def _where(self) -> str:
        return shown(self._settings.ollama_host)

    def _url(self, path: str) -> str:
        return f"{self._settings.ollama_host}{path}"

    async def _send(self, method: str, path: str, asked: dict[str, Any] | None = None) -> WireReply:
        body = None if asked is None else json.dumps(asked).encode()
        return await self._wire.send(method, self._url(path), body=body, headers=self._headers)

    def _chat(self, request: LLMRequest, *, stream: bool) -> tuple[dict[str, Any], int]:
        """Body of a chat call, its answer clamped to what the window leaves; and that."""
        model = self.resolve(request.model)
        options = dict(self.parameters(request))
        messages = _messages(request)
        prompt_tokens = self._prompt_tokens(messages)
        window = self._settings.ollama_num_ctx
        ceiling = window - prompt_tokens
        if ceiling < LEAST_OUTPUT_TOKENS:
            raise RequestTooLargeError(
                f"The prompt has about {prompt_tokens} tokens; {model} is asked for a window of "
                f"{window}, of which at least {LEAST_OUTPUT_TOKENS} are for the answer.",
                cure=_WINDOW_CURE,
            )
        options["num_predict"] = min(int(options["num_predict"] or 0), ceiling)
        chat: dict[str, Any] = {
            "model": model,
            "messages": messages,
            "stream": stream,
            "options": options,
            "keep_alive": self._settings.ollama_keep_alive,
        }
        if request.json_schema is not None:
            chat["format"] = request.json_schema
        return chat, ceiling

    def _prompt_tokens(self, messages: list[dict[str, str]]) -> int:
        return sum(self._estimate(message["content"]) + MESSAGE_OVERHEAD_TOKENS for message in messages)

    def _object(self, body: str | bytes) -> dict[str, Any]:
        try:
            said = json.loads(body)
        except ValueError as error:
            raise self._malformed() from error
        if not isinstance(said, dict):
            raise self._malformed()
        return said

    def _content(self, said: dict[str, Any]) -> str:
        message = said.get("message")
        content = message.get("content") or "" if isinstance(message, dict) else None
        if not isinstance(content, str):
            raise self._malformed()
        return content

    def _answer(self, text: str, said: dict[str, Any], chat: dict[str, Any], ceiling: int) -> ProviderAnswer:
        window = self._settings.ollama_num_ctx
        try:
            usage = Usage(
                input_tokens=said.get("prompt_eval_count") or 0, output_tokens=said.get("eval_count") or 0
            )
        except ValidationError as error:
            raise self._malformed() from error
        if usage.input_tokens >= window:
            raise RequestTooLargeError(
                f"Ollama cut the prompt to its window of {window} tokens; the answer was thrown away.",
                cure=_WINDOW_CURE,
            )
        return ProviderAnswer(
            text=text,
            finish_reason=_finish_reason(said.get("done_reason"), usage, window),
            usage=usage,
            output_limit=chat["options"]["num_predict"],
            output_ceiling=ceiling,
        )

    def _malformed(self) -> MalformedResponseError:
        return MalformedResponseError(
            f"Failed to invoke Ollama: {self._where} gave an answer that is not its protocol."
        )

    def _unknown(self, model: str) -> ModelNotFoundError:
        return ModelNotFoundError(
            f"Ollama at {self._where} has no model {model}.", cure=f"Run `ollama pull {model}`."
        )

    def _refusal(self, status: int, body: bytes, model: str) -> LLMError:
        """The error that a status other than 200, or an error amid a stream, stands for."""
        message = _error_text(body)
        said = f"Failed to invoke Ollama: {status} ({message})."
        if status == 404:
            return self._unknown(model)
        if status in {401, 403}:
            return ProviderAccessError(said, cure="Check OLLAMA_API_KEY.")
        if status == 429 or "server busy" in message:
            return ThrottledError(said, cure="Lower LLM_EXECUTOR_OLLAMA_MAX_PARALLEL.")
        if _TOO_LONG.search(message):
            return RequestTooLargeError(said, cure=_WINDOW_CURE)
        if status == 501 or "does not support" in message:
            return RequestRejectedError(said, cure=f"Ask another model than {model}.")
        if status >= 500:
            return ProviderUnavailableError(said, cure="See Ollama's own log.")
        if 300 <= status < 400:
            return RequestRejectedError(said, cure="Set OLLAMA_HOST to the address it redirects to.")
        return RequestRejectedError(said)


def _messages(request: LLMRequest) -> list[dict[str, str]]:
    messages = [{"role": "system", "content": request.system}] if request.system else []
    messages += [{"role": turn.role, "content": turn.content} for turn in request.conversation()]
    return messages


def _error_text(body: bytes) -> str:
    try:
        said = json.loads(body)
        text = str(said["error"])
    except (ValueError, KeyError, TypeError):
        text = body.decode("utf-8", "replace")  # a proxy's page
    return " ".join(text.split())[:_MOST_ERROR_TEXT]


def _finish_reason(done_reason: object, usage: Usage, window: int) -> FinishReason:
    if done_reason == "length" or usage.total_tokens > window:
        return "length"  # past the window, Ollama forgets the prompt while it writes
    return "stop" if done_reason == "stop" else "unknown"
