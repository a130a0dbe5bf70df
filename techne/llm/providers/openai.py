"""OpenAI's models, and those of any server of its protocol: vLLM, LM Studio, gateways, Azure's v1 address.

One call is one request, as it is on the wire: `openai_messages` says what is in it, `openai_errors` what a
refusal means. OpenAI caches repeated prefixes by itself, so nothing is marked for it. Time-outs and retries
are the executor's.
"""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator
from contextlib import aclosing
from urllib.parse import quote, urlsplit

from techne.errors import LLMError, ModelNotFoundError, ProviderUnavailableError, RequestRejectedError
from techne.llm.model import Capabilities, EmbedRequest, LLMRequest, Usage
from techne.llm.provider import Parameters, ProviderAnswer, ProviderVectors
from techne.llm.providers.openai_errors import (
    Refusal,
    no_key,
    read_refusal,
    stream_refusal,
    typed_error,
)
from techne.llm.providers.openai_messages import (
    Conversation,
    SchemaForm,
    StreamedAnswer,
    conversation,
    embedding_body,
    read_answer,
    read_chunk,
    read_model_ids,
    read_vectors,
)
from techne.llm.providers.openai_models import ModelFamily, family_of
from techne.llm.tokens import RequestTokens
from techne.llm.wire import Wire, WireReply, server_sent_events, shown
from techne.settings import Settings

logger = logging.getLogger("techne.llm")

OPENAI_HOST = "api.openai.com"
_END = "[DONE]"
_NO_ROUTE = frozenset({404, 405, 501})
_NATIVE_REFUSED = re.compile(r"response_format|text\.format|json_?schema|structured|guided|grammar", re.I)
_TOOL_REFUSED = re.compile(r"\btool|\bfunction", re.I)
_SAMPLING_REFUSED = re.compile(r"temperature|top_p", re.I)


class OpenAIProvider:
    """Provider `openai`.

    A JSON schema goes out as `response_format` where the model has it, strictly if it can be said so; as a
    function that must be called otherwise; and in words where there are no functions.

    What a server refuses is not asked of that model again. The refused call fails with an error that can be
    tried again, so that the second request is an attempt of its own in the books.

    Args:
        settings: Address, key, models and defaults.
    """

    name = "openai"
    title = "OpenAI"
    output_limit_settings = "OPENAI_MAX_TOKENS, or the caller's own such as DOCGEN_MAX_TOKENS"

    def __init__(self, settings: Settings) -> None:
        self.model = settings.openai_model
        self.embedding_model = settings.openai_embedding_model
        self._settings = settings
        address, _, query = settings.openai_base_url.partition("?")
        self._address, self._query = address.rstrip("/"), f"?{query}" if query else ""
        self._foreign = not _is_openai(address)
        self.server = shown(self._address) if self._foreign else ""
        self._wire = Wire(self.title, cure="Check the network, and OPENAI_BASE_URL.")
        self._key = settings.openai_api_key.get_secret_value().strip() if settings.openai_api_key else ""
        self._headers = {"Content-Type": "application/json"}
        if self._key:
            self._headers["Authorization"] = f"Bearer {self._key}"
        self._chat_url = self._url("/chat/completions")
        self._refused_by: set[tuple[str, str]] = set()
        """Models and what they refused: one of `_PARTS`."""
        self._told: set[str] = set()

    def resolve(self, model: str | None) -> str:
        """Model ids are used as they are."""
        return self.model if model is None else model

    def parameters(self, request: LLMRequest) -> Parameters:
        """Sampling and output limit of the call.

        Models that always reason take no sampling parameters, and OpenAI takes no top_k. Our own default
        temperature gives way to a top_p that was asked for.
        """
        model, settings = self.resolve(request.model), self._settings
        family, sampled = self._family(model), (model, "sampling") not in self._refused_by
        takes = {"temperature", "top_p", "top_k"} if self._foreign else {"temperature", "top_p"}
        if not (family.sampling and sampled):
            takes = set()
        given = _given(request)
        self._tell_of_dropped(model, given.keys() - takes)
        if not given.keys() & {"temperature", "top_p"}:
            given["temperature"] = settings.llm_temperature
        return {
            "max_tokens": self.output_limit(request),
            **{name: value for name, value in given.items() if name in takes},
        }

    def output_limit(self, request: LLMRequest) -> int:
        """What was asked for, or OPENAI_MAX_TOKENS, as far as the model goes."""
        family = self._family(self.resolve(request.model))
        return min(request.max_output_tokens or self._settings.openai_max_tokens, family.max_output_tokens)

    def capabilities(self, model: str | None = None) -> Capabilities:
        """From the table of model families."""
        model = self.resolve(model)
        family = self._family(model)
        return Capabilities(
            context_tokens=family.context_tokens,
            max_output_tokens=family.max_output_tokens,
            native_json_schema=family.native_schema and (model, "native") not in self._refused_by,
            continues_prefill=True,
        )

    def prepare(self, model: str) -> None:
        """Import what speaks HTTP."""
        self._wire.prepare()

    async def complete(self, request: LLMRequest) -> ProviderAnswer:
        """One chat completion."""
        asked = self._conversation(request)
        reply = await self._send("POST", self._chat_url, asked.body())
        if reply.status != 200:
            raise self._refused(self._read(reply), asked)
        return read_answer(reply.body, asked)

    async def stream(self, request: LLMRequest) -> AsyncIterator[str | ProviderAnswer]:
        """One chat completion in pieces, which come as server-sent events."""
        self._require_key()
        asked = self._conversation(request, stream=True)
        async with self._wire.open(
            "POST", self._chat_url, body=asked.body(), headers=self._headers
        ) as response:
            if response.status != 200:
                raise self._refused(self._read(await response.whole()), asked)
            answer = StreamedAnswer(asked)
            async with aclosing(server_sent_events(response.pieces)) as events:
                async for event in events:
                    if event == _END:
                        break
                    chunk = read_chunk(event)
                    if chunk.get("error"):
                        raise self._refused(stream_refusal(chunk, key=self._key), asked)
                    if piece := answer.feed(chunk):
                        yield piece
            yield answer.end()

    async def embed(self, request: EmbedRequest) -> ProviderVectors:
        """One call of /embeddings."""
        model = self.embedding_model if request.model is None else request.model
        reply = await self._send("POST", self._url("/embeddings"), embedding_body(request, model))
        if reply.status != 200:
            raise self._typed(self._read(reply), model, setting="OPENAI_EMBEDDING_MODEL")
        found = read_vectors(reply.body, len(request.texts))
        if request.dimensions is not None and any(len(v) != request.dimensions for v in found.vectors):
            raise RequestRejectedError(
                f"{model} gives vectors of {len(found.vectors[0])} numbers, not of {request.dimensions}.",
                cure="Leave `dimensions` out, or use another OPENAI_EMBEDDING_MODEL.",
            )
        return found

    async def count_tokens(self, request: LLMRequest) -> int:
        """An estimate: Chat Completions counts only what it answers."""
        return RequestTokens().raw(request)

    async def check(self, model: str | None = None) -> Usage:
        """The server lists the model; one that lists none is asked for one token.

        `GET /models/{id}` is OpenAI's, other servers have `GET /models` alone, and some neither.
        """
        wanted = self.resolve(model)
        reply = await self._send("GET", self._url(f"/models/{quote(wanted, safe='')}"))
        if reply.status == 200:
            return Usage()
        refusal = self._read(reply)
        if reply.status not in _NO_ROUTE or refusal.code == "model_not_found":
            raise self._typed(refusal, wanted)
        reply = await self._send("GET", self._url("/models"))
        if reply.status in _NO_ROUTE:
            ping = LLMRequest(provider=self.name, model=wanted, prompt="ping", max_output_tokens=1)
            return (await self.complete(ping)).usage
        if reply.status != 200:
            raise self._typed(self._read(reply), wanted)
        if wanted not in read_model_ids(reply.body):
            raise ModelNotFoundError(
                f"OpenAI at {self._where} has no model {wanted}.",
                cure="Set OPENAI_MODEL to one that it lists at /models, or check OPENAI_BASE_URL.",
            )
        return Usage()

    async def close(self) -> None:
        """Close the connections."""
        await self._wire.close()

    @property
    def _where(self) -> str:
        return shown(self._address)

    def _url(self, path: str) -> str:
        return f"{self._address}{path}{self._query}"

    def _family(self, model: str) -> ModelFamily:
        return family_of(model, foreign=self._foreign)

    async def _send(self, method: str, url: str, body: bytes | None = None) -> WireReply:
        self._require_key()
        return await self._wire.send(method, url, body=body, headers=self._headers)

    def _require_key(self) -> None:
        if not self._key and not self._foreign:
            raise no_key("OPENAI_API_KEY is not set", self._address)
        if not (self._key.isascii() and self._key.isprintable()):
            raise no_key("OPENAI_API_KEY has characters that no key has", self._address)

    def _conversation(self, request: LLMRequest, *, stream: bool = False) -> Conversation:
        model = self.resolve(request.model)
        family, refused = self._family(model), self._refused_by
        forms: list[SchemaForm] = []
        if family.native_schema and (model, "native") not in refused:
            forms.append("native")
        if family.tools and (model, "tool") not in refused:
            forms.append("tool")
        old = self._foreign and not family.reasoning and (model, "max_tokens") not in refused
        return conversation(
            request,
            model,
            self.parameters(request),
            limit_field="max_tokens" if old else "max_completion_tokens",
            ceiling=family.max_output_tokens,
            forms=tuple(forms),
            stream=stream,
        )

    def _read(self, reply: WireReply) -> Refusal:
        return read_refusal(reply.status, reply.body, headers=reply.headers, key=self._key)

    def _typed(self, refusal: Refusal, model: str, *, setting: str = "OPENAI_MODEL") -> LLMError:
        return typed_error(refusal, model, self._address, model_setting=setting)

    def _refused(self, refusal: Refusal, asked: Conversation) -> LLMError:
        """The error to raise; one that can be tried again if the next try will ask in another way."""
        error = self._typed(refusal, asked.model)
        what = _refused_part(refusal, asked) if isinstance(error, RequestRejectedError) else None
        if what is None:
            return error
        self._refused_by.add((asked.model, what))
        logger.warning("%s takes no %s (%s)", asked.model, _PARTS[what], error.message)
        return ProviderUnavailableError(error.message)

    def _tell_of_dropped(self, model: str, names: set[str]) -> None:
        if names and model not in self._told:
            self._told.add(model)
            logger.warning("%s is not sent %s, which it does not take.", model, ", ".join(sorted(names)))


def _is_openai(address: str) -> bool:
    """Whether an address is OpenAI's own, in any region."""
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return False
    return host == OPENAI_HOST or host.endswith(f".{OPENAI_HOST}")


_PARTS = {
    "native": "native JSON schema here; it gets a function or words instead",
    "tool": "function here; it is asked for JSON in words instead",
    "max_tokens": "max_tokens here; it gets max_completion_tokens instead",
    "sampling": "sampling parameters here; it gets none",
}


def _given(request: LLMRequest) -> dict[str, float]:
    """Sampling parameters that the caller asked for."""
    asked = {"temperature": request.temperature, "top_p": request.top_p, "top_k": request.top_k}
    return {name: value for name, value in asked.items() if value is not None}


def _refused_part(refusal: Refusal, asked: Conversation) -> str | None:
    """What of a request the model does not take, if the request can do without it."""
    said = f"{refusal.param} {refusal.message}"
    if asked.schema_form == "native" and _NATIVE_REFUSED.search(said):
        return "native"
    if asked.schema_form == "tool" and _TOOL_REFUSED.search(said):
        return "tool"
    if "max_tokens" in asked.fields and "max_completion_tokens" in said:
        return "max_tokens"
    sampled = {"temperature", "top_p"} & asked.fields.keys()
    unsupported = re.search(r"unsupported|not support", f"{refusal.code} {said}", re.I)
    if sampled and unsupported and _SAMPLING_REFUSED.search(said):
        return "sampling"
    return None
