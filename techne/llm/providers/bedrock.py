"""Models of Amazon Bedrock: Converse and ConverseStream, InvokeModel for vectors, CountTokens.

One call is one request, as it is on the wire: `bedrock_messages` and its neighbours say what is in it,
`bedrock_connection` gets it there. A call that is cancelled ends at once, and its connection with it.
Time-outs and retries are the executor's.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import AsyncIterator

from techne.errors import LLMError, ProviderUnavailableError, RequestTooLargeError
from techne.llm.model import Capabilities, EmbedRequest, LLMRequest, Usage
from techne.llm.provider import Parameters, ProviderAnswer, ProviderVectors
from techne.llm.providers.bedrock_connection import BedrockConnection
from techne.llm.providers.bedrock_embeddings import batches, read_vectors
from techne.llm.providers.bedrock_errors import error_code, refusal
from techne.llm.providers.bedrock_messages import (
    Conversation,
    conversation,
    read_answer,
    read_token_count,
)
from techne.llm.providers.bedrock_models import ModelFamily, family_of, foundation_model
from techne.llm.providers.bedrock_prefixes import RepeatedPrefixes
from techne.llm.providers.bedrock_stream import AnswerReader
from techne.llm.threads import on_daemon_thread
from techne.llm.tokens import MESSAGE_OVERHEAD_TOKENS, estimate_tokens
from techne.settings import Settings

logger = logging.getLogger("techne.llm")

APPLICATION_PROFILE = ":application-inference-profile/"
_NO_COUNTING = frozenset({"ValidationException", "AccessDeniedException", "ResourceNotFoundException"})
_NATIVE_SCHEMA_REFUSED = re.compile(r"ValidationException.*(schema|outputConfig|textFormat|structured)", re.I)
_CACHE_POINT_REFUSED = re.compile(r"cache_?point|prompt caching", re.I)


class BedrockProvider:
    """Provider `bedrock`.

    A JSON schema goes out as native structured output (`outputConfig.textFormat`) where the model has it
    and the schema can be expressed, as a tool that must be called where the model has tools, and in words
    otherwise. A long system text that repeats gets a cache checkpoint (LLM_PROMPT_CACHE).

    Args:
        settings: Region, models and defaults. Credentials and endpoints are botocore's own affair.
    """

    name = "bedrock"
    title = "Bedrock"
    server = ""
    output_limit_settings = "BEDROCK_MAX_TOKENS, or the caller's own such as DOCGEN_MAX_TOKENS"

    def __init__(self, settings: Settings) -> None:
        self.model = settings.bedrock_model_id
        self.embedding_model = settings.bedrock_embedding_model_id
        self._settings = settings
        self._region = settings.aws_region
        self._connection: BedrockConnection | None = None
        self._base_models: dict[str, str] = {}
        self._prefixes = RepeatedPrefixes()
        self._without_native_schema: set[str] = set()
        self._without_cache: set[str] = set()
        self._without_counting: set[str] = set()
        self._without_sampling: set[str] = set()
        self._lock = threading.Lock()

    def resolve(self, model: str | None) -> str:
        """Model ids are used as they are."""
        return self.model if model is None else model

    def parameters(self, request: LLMRequest) -> Parameters:
        """Inference parameters of the call.

        Newer Claude models take temperature or top_p and not both, so our own default gives way to a top_p
        that was asked for; the newest take neither.
        """
        model, settings = self.resolve(request.model), self._settings
        parameters: dict[str, str | int | float | bool | None] = {
            "max_tokens": request.max_output_tokens or settings.bedrock_max_tokens
        }
        asked = {"temperature": request.temperature, "top_p": request.top_p, "top_k": request.top_k}
        if not self._family(model).sampling:
            self._tell_of_dropped(model, [name for name, value in asked.items() if value is not None])
            return parameters
        if request.temperature is None and request.top_p is None:
            asked["temperature"] = settings.llm_temperature
        parameters.update({name: value for name, value in asked.items() if value is not None})
        return parameters

    def output_limit(self, request: LLMRequest) -> int:
        """What was asked for, or BEDROCK_MAX_TOKENS, as far as the model goes."""
        family = self._family(self.resolve(request.model))
        return min(request.max_output_tokens or self._settings.bedrock_max_tokens, family.max_output_tokens)

    def capabilities(self, model: str | None = None) -> Capabilities:
        """From the table of model families; an application inference profile is looked up once."""
        model = self.resolve(model)
        if APPLICATION_PROFILE in model:
            self.prepare(model)
        family = self._family(model)
        return Capabilities(
            context_tokens=family.context_tokens,
            max_output_tokens=family.max_output_tokens,
            native_json_schema=family.native_schema and model not in self._without_native_schema,
            continues_prefill=True,
        )

    def prepare(self, model: str) -> None:
        """Import botocore, and find endpoint and credentials, which takes up to seconds."""
        with self._lock:
            if self._connection is None:
                _keep_words_out_of_logs()
                connection = BedrockConnection(self._region)
                connection.connect(model)
                self._connection = connection
            if APPLICATION_PROFILE in model and model not in self._base_models:
                self._base_models[model] = self._connection.base_model(model)

    async def complete(self, request: LLMRequest) -> ProviderAnswer:
        """One Converse call."""
        model = self.resolve(request.model)
        connection = self._connection or await self._connected(model)
        asked = self._conversation(request, model)
        reply = await connection.send(model, "converse", self._body(asked, model))
        if reply.status != 200:
            raise self._refused(refusal(reply, model, self._region), model, asked)
        return read_answer(reply.body, asked)

    async def stream(self, request: LLMRequest) -> AsyncIterator[str | ProviderAnswer]:
        """One ConverseStream call."""
        model = self.resolve(request.model)
        connection = self._connection or await self._connected(model)
        asked = self._conversation(request, model)
        async with await connection.open(model, "converse-stream", self._body(asked, model)) as reply:
            if reply.status != 200:
                raise self._refused(refusal(await reply.whole(), model, self._region), model, asked)
            reader = AnswerReader(asked, model, self._region)
            async for piece in reply.pieces:
                for text in reader.feed(piece):
                    yield text
            held_back, answer = reader.end()
        if held_back:
            yield held_back
        yield answer

    async def embed(self, request: EmbedRequest) -> ProviderVectors:
        """InvokeModel as often as the model needs for the texts, one call after the other."""
        model = self.embedding_model if request.model is None else request.model
        connection = self._connection or await self._connected(model)
        vectors: list[tuple[float, ...]] = []
        usage = Usage()
        for texts, body in batches(request, foundation_model(self._base_models.get(model, model))):
            reply = await connection.send(model, "invoke", body)
            if reply.status != 200:
                raise refusal(reply, model, self._region)
            part = read_vectors(reply, texts)
            vectors += part.vectors
            usage += part.usage
        return ProviderVectors(tuple(vectors), usage)

    async def count_tokens(self, request: LLMRequest) -> int:
        """CountTokens, which is free and knows base models only; an estimate where it is not to be had."""
        model = self.resolve(request.model)
        connection = self._connection or await self._connected(model)
        asked = self._conversation(request, model)
        if not self._family(model).counts_tokens or model in self._without_counting:
            return _estimate(request, asked)
        counted = foundation_model(self._base_models.get(model, model))
        reply = await connection.send(counted, "count-tokens", asked.count_input())
        if reply.status == 200:
            return read_token_count(reply.body)
        error = refusal(reply, model, self._region)
        if error_code(reply) not in _NO_COUNTING or isinstance(error, RequestTooLargeError):
            raise error
        self._without_counting.add(model)
        logger.info("Tokens of %s are estimated, not counted: %s", model, error.message)
        return _estimate(request, asked)

    async def check(self, model: str | None = None) -> Usage:
        """One answer of one token: no listing permission says as surely that the model may be invoked."""
        ping = LLMRequest(provider=self.name, model=model, prompt="ping", max_output_tokens=1)
        return (await self.complete(ping)).usage

    async def close(self) -> None:
        """Close the connections."""
        if self._connection is not None:
            await self._connection.close()

    async def _connected(self, model: str) -> BedrockConnection:
        await on_daemon_thread(lambda: self.prepare(model), name="techne-bedrock-prepare")
        assert self._connection is not None  # noqa: S101 - or prepare() would have raised
        return self._connection

    def _family(self, model: str) -> ModelFamily:
        return family_of(self._base_models.get(model, model))

    def _conversation(self, request: LLMRequest, model: str) -> Conversation:
        native = model not in self._without_native_schema
        return conversation(request, self.parameters(request), self._family(model), native=native)

    def _body(self, asked: Conversation, model: str) -> bytes:
        cached = (
            self._settings.llm_prompt_cache
            and bool(asked.system)
            and model not in self._without_cache
            and self._prefixes.repeats(model, asked.prefix, self._family(model).cache_minimum_tokens)
        )
        return asked.body(cache_system=cached)

    def _refused(self, error: LLMError, model: str, asked: Conversation) -> LLMError:
        """The error to raise; one that can be tried again if the next try will be asked in another way.

        Which schemas, models and Regions have structured output and checkpoints, Bedrock alone knows. The
        second request is an attempt of its own in the books.
        """
        if asked.schema_form == "native" and _NATIVE_SCHEMA_REFUSED.search(error.message):
            self._without_native_schema.add(model)
            instead = "no native JSON schema here; it gets a tool or words instead"
        elif _CACHE_POINT_REFUSED.search(error.message):
            self._without_cache.add(model)
            instead = "no cache checkpoint here; it gets none"
        else:
            return error
        logger.warning("%s takes %s (%s)", model, instead, error.message)
        return ProviderUnavailableError(error.message)

    def _tell_of_dropped(self, model: str, names: list[str]) -> None:
        if names and model not in self._without_sampling:
            self._without_sampling.add(model)
            logger.warning("%s takes no sampling parameters; it is not sent %s.", model, ", ".join(names))


def _estimate(request: LLMRequest, asked: Conversation) -> int:
    parts = [part for part in asked.prefix if part] + [turn.content for turn in request.conversation()]
    return sum(estimate_tokens(part) + MESSAGE_OVERHEAD_TOKENS for part in parts)


def _keep_words_out_of_logs() -> None:
    """At DEBUG botocore logs what it signs, session token included."""
    library = logging.getLogger("botocore")
    if library.level == logging.NOTSET:
        library.setLevel(logging.WARNING)
