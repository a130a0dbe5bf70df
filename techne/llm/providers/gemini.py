"""Google's Gemini models, over the REST protocol of the Gemini API.

It speaks through `techne.llm.wire`: Google's SDK costs seven times the processor time per call. The SDK is
the tests' oracle of what is sent. The key goes into a header, never into an address or a message.

The API's version is v1beta, which has every model (v1 lacks previews and `-latest` names), unless the address
ends with another.
"""

from __future__ import annotations

import json
import logging
import math
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any

from techne.errors import (
    LLMError,
    MalformedResponseError,
    ModelNotFoundError,
    ProviderAccessError,
    ProviderUnavailableError,
    RequestRejectedError,
    RequestTooLargeError,
)
from techne.llm.model import Capabilities, EmbedRequest, LLMRequest, Usage
from techne.llm.provider import Parameters, ProviderAnswer, ProviderVectors
from techne.llm.providers.gemini_answers import AnswerReader, EventReader
from techne.llm.providers.gemini_errors import parse_refusal, typed_error
from techne.llm.providers.gemini_models import EMBEDDING_INPUT_TOKENS, family
from techne.llm.providers.gemini_requests import (
    Structure,
    Way,
    embedding_body,
    generation_body,
    model_path,
    structures,
    token_count_body,
)
from techne.llm.tokens import estimate_tokens
from techne.llm.wire import Wire
from techne.settings import Settings

logger = logging.getLogger("techne.llm")

_VERSION = re.compile(r"v\d+(alpha|beta)?\d*")
_MODEL = re.compile(r"(tunedModels/)?[\w.:-]+")
_SCHEMA_REFUSED = re.compile(
    r"schema|too many states|json mode|mime.?type|function.?(call|declaration)|tool.?(config|use)|\btools\b",
    re.I,
)


class GeminiProvider:
    """Provider `gemini`.

    A JSON schema goes out as native structured output (`responseJsonSchema`) where the model has it and the
    schema can be expressed, else as a function that must be called, else in words. A model that refuses one
    of these for a schema is asked in the next way from then on.

    Args:
        settings: Key, address, models, time-out and defaults.
    """

    name = "gemini"
    title = "Gemini"
    server = ""
    output_limit_settings = "GEMINI_MAX_TOKENS, or the caller's own such as DOCGEN_MAX_TOKENS"

    def __init__(self, settings: Settings) -> None:
        self.model = _without_prefix(settings.gemini_model)
        self.embedding_model = _without_prefix(settings.gemini_embedding_model)
        self._settings = settings
        base = settings.gemini_base_url.rstrip("/")
        self._base = base if _VERSION.fullmatch(base.rpartition("/")[2]) else f"{base}/v1beta"
        self._wire = Wire(self.title, cure="Check the network and GEMINI_BASE_URL.")
        self._refused: set[tuple[str, Way, str]] = set()
        key = settings.gemini_api_key
        self._key = "" if key is None else key.get_secret_value().strip()

    def resolve(self, model: str | None) -> str:
        """The model's id, without the `models/` that the API puts before it."""
        return self.model if model is None else _without_prefix(model)

    def parameters(self, request: LLMRequest) -> Parameters:
        """Generation parameters of the call."""
        settings = self._settings
        parameters: dict[str, int | float] = {
            "max_tokens": request.max_output_tokens or settings.gemini_max_tokens,
            "temperature": settings.llm_temperature if request.temperature is None else request.temperature,
        }
        if request.top_p is not None:
            parameters["top_p"] = request.top_p
        if request.top_k is not None:
            parameters["top_k"] = request.top_k
        return parameters

    def output_limit(self, request: LLMRequest) -> int:
        """What was asked for, or GEMINI_MAX_TOKENS, as far as the model goes."""
        most = family(self.resolve(request.model)).max_output_tokens
        return min(request.max_output_tokens or self._settings.gemini_max_tokens, most)

    def capabilities(self, model: str | None = None) -> Capabilities:
        """Of the model's family; little is expected of one that isn't known."""
        known = family(self.resolve(model))
        return Capabilities(
            context_tokens=known.context_tokens,
            max_output_tokens=known.max_output_tokens,
            native_json_schema=known.native_json_schema,
            continues_prefill=True,
        )

    def prepare(self, model: str) -> None:
        """Import what speaks HTTP; the key must be there.

        Raises:
            ProviderAccessError: There is no key.
        """
        self._wire.prepare()

        self._headers()

    async def complete(self, request: LLMRequest) -> ProviderAnswer:
        """One generateContent call."""
        model = self.resolve(request.model)
        structure = self._structure(model, request)
        body, limit = self._body(request, model, structure)
        said = await self._call(model, "generateContent", body, structure)
        reader = AnswerReader()
        reader.read(said)
        return self._answer(reader, limit, model)

    async def stream(self, request: LLMRequest) -> AsyncIterator[str | ProviderAnswer]:
        """One streamGenerateContent call, as server-sent events."""
        model = self.resolve(request.model)
        structure = self._structure(model, request)
        body, limit = self._body(request, model, structure)
        reader, events = AnswerReader(), EventReader()
        url, headers = self._url(model, "streamGenerateContent?alt=sse"), self._headers()
        async with self._wire.open("POST", url, body=json.dumps(body).encode(), headers=headers) as response:
            if response.status != 200:
                refused = await response.whole()
                raise self._refusal(refused.status, refused.headers, refused.body, model, structure)
            async with aclosing(events.read(response.pieces)) as chunks:
                async for chunk in chunks:
                    if "error" in chunk:
                        told = json.dumps(chunk).encode()
                        raise self._refusal(200, response.headers, told, model, structure)
                    if piece := reader.read(chunk):
                        yield piece
        yield self._answer(reader, limit, model)

    async def embed(self, request: EmbedRequest) -> ProviderVectors:
        """One batchEmbedContents call.

        Gemini cuts a text that is too long for the model without a word, so it is refused here. Vectors that
        were shortened by `dimensions` are brought back to length one, as whole ones are. Where the API counts
        no tokens, they are estimated.
        """
        model = self.resolve(request.model or self.embedding_model)
        estimated = [estimate_tokens(text) for text in request.texts]
        readable = EMBEDDING_INPUT_TOKENS.get(model, max(estimated))
        if max(estimated) > readable:
            raise RequestTooLargeError(
                f"Text {estimated.index(max(estimated))} has about {max(estimated)} tokens; "
                f"{model} reads {readable} of them.",
                cure="Split it.",
            )
        body = embedding_body(model, request.texts, request.dimensions)
        said = await self._call(model, "batchEmbedContents", body)
        try:
            vectors = tuple(tuple(map(float, part["values"])) for part in said["embeddings"])
            counted = (said.get("usageMetadata") or {}).get("promptTokenCount")
            usage = Usage(
                input_tokens=sum(map(estimate_tokens, request.texts)) if counted is None else counted
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise _malformed() from error
        if len(vectors) != len(request.texts):
            raise _malformed()
        if request.dimensions is not None:
            vectors = tuple(_normalized(vector) for vector in vectors)
        return ProviderVectors(vectors, usage)

    async def count_tokens(self, request: LLMRequest) -> int:
        """The API's own count, which costs nothing, of the turns, the instructions and the schema."""
        model = self.resolve(request.model)
        structure = self._structure(model, request)
        body, _ = self._body(request, model, structure)
        said = await self._call(model, "countTokens", token_count_body(model, body), structure)
        total = said.get("totalTokens")
        if not isinstance(total, int):
            raise _malformed()
        return total

    async def check(self, model: str | None = None) -> Usage:
        """The API lets us in and knows the model."""
        wanted = self.resolve(model)
        reply = await self._wire.send("GET", self._url(wanted), headers=self._headers())
        if reply.status != 200:
            raise self._refusal(reply.status, reply.headers, reply.body, wanted)
        return Usage()

    async def close(self) -> None:
        """Close the connections."""
        await self._wire.close()

    def _headers(self) -> dict[str, str]:
        if not self._key:
            raise ProviderAccessError(
                "There is no key for Gemini; nothing was sent.",
                cure="Set GEMINI_API_KEY (keys are made at https://aistudio.google.com/apikey).",
            )
        return {"Content-Type": "application/json", "x-goog-api-key": self._key}

    def _url(self, model: str, operation: str = "") -> str:
        if not _MODEL.fullmatch(model):
            raise ModelNotFoundError(f"{model!r} can't be a Gemini model.", cure="Check GEMINI_MODEL.")
        return f"{self._base}/{model_path(model)}{operation and ':'}{operation}"

    async def _call(
        self,
        model: str,
        operation: str,
        body: Mapping[str, Any],
        structure: Structure | None = None,
    ) -> dict[str, Any]:
        url, headers = self._url(model, operation), self._headers()
        reply = await self._wire.send("POST", url, body=json.dumps(body).encode(), headers=headers)
        if reply.status != 200:
            raise self._refusal(reply.status, reply.headers, reply.body, model, structure)
        try:
            said = json.loads(reply.body)
        except ValueError as error:
            raise _malformed() from error
        if not isinstance(said, dict):
            raise _malformed()
        return said

    def _structure(self, model: str, request: LLMRequest) -> Structure | None:
        """How the model is to be made to follow the request's schema, if it has one."""
        if request.json_schema is None:
            return None
        possible = structures(request.json_schema, model)
        if not self._refused:
            return possible[0]
        name = possible[0].name
        return next((one for one in possible if (model, one.way, name) not in self._refused), possible[-1])

    def _body(
        self, request: LLMRequest, model: str, structure: Structure | None
    ) -> tuple[dict[str, Any], int]:
        """The call as JSON, and the most tokens that it may answer with."""
        parameters = self.parameters(request)
        ceiling = family(model).max_output_tokens
        limit = min(int(parameters["max_tokens"] or ceiling), ceiling)
        return generation_body(request, parameters, limit, structure), limit

    def _answer(self, reader: AnswerReader, limit: int, model: str) -> ProviderAnswer:
        if not reader.is_over:
            raise MalformedResponseError("Failed to invoke Gemini: it ended before its answer did.")
        return ProviderAnswer(
            text=reader.text,
            finish_reason=reader.finish_reason,
            usage=reader.usage,
            output_limit=limit,
            output_ceiling=family(model).max_output_tokens,
        )

    def _refusal(
        self,
        status: int,
        headers: Mapping[str, str],
        body: bytes,
        model: str,
        structure: Structure | None = None,
    ) -> LLMError:
        """The typed error; one that can be tried again where it was the schema that was refused.

        Which schemas a model takes, Gemini alone knows. The next attempt asks in another way, and is an
        attempt of its own in the books.
        """
        error = typed_error(parse_refusal(status, body.replace(self._key.encode(), b"***")), headers, model)
        if structure is None or structure.way == "words" or not isinstance(error, RequestRejectedError):
            return error
        if not _SCHEMA_REFUSED.search(error.message):
            return error
        logger.warning("%s refuses a JSON schema by way of %s (%s).", model, structure.way, error.message)
        self._refused.add((model, structure.way, structure.name))
        return ProviderUnavailableError(error.message)


def _without_prefix(model: str) -> str:
    return model.removeprefix("models/")


def _normalized(vector: tuple[float, ...]) -> tuple[float, ...]:
    norm = math.hypot(*vector)
    return tuple(part / norm for part in vector) if norm else vector


def _malformed() -> MalformedResponseError:
    return MalformedResponseError("Failed to invoke Gemini: the answer is not its protocol.")
