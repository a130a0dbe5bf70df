"""A LangChain chat model whose calls go through the executor (S1-16): its limits, cache, fallbacks and books.

    chain = prompt | ExecutorChatModel(provider="bedrock") | StrOutputParser()

Text in, text or JSON out. What the executor can't carry (tools, images, stop sequences) is refused.
Retries and caching are the executor's; LangChain's own are not needed on top.

Needs the package `langchain-core` (extra `langchain`).
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator, Mapping, Sequence
from contextlib import aclosing, closing
from operator import itemgetter
from typing import Any, Literal, cast

from pydantic import BaseModel, Field, ValidationError

from techne.errors import ConfigurationError, InputError
from techne.llm.answering import LLMChunk
from techne.llm.executor import LLMExecutor
from techne.llm.model import CostBudget, LLMRequest, LLMResponse, Message
from techne.llm.shared import shared_executor
from techne.llm.tokens import estimate_tokens

try:
    from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
    from langchain_core.language_models import BaseChatModel, LanguageModelInput
    from langchain_core.language_models.base import LangSmithParams
    from langchain_core.messages import (
        AIMessage,
        AIMessageChunk,
        BaseMessage,
        ChatMessage,
        HumanMessage,
        SystemMessage,
    )
    from langchain_core.messages.ai import InputTokenDetails, UsageMetadata
    from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
    from langchain_core.runnables import Runnable, RunnableLambda, RunnableMap, RunnablePassthrough
    from langchain_core.utils.function_calling import convert_to_json_schema
except ImportError as error:
    raise ConfigurationError(
        "The LangChain chat model needs the package langchain-core, which is not installed.",
        cure="Install techne with its extra `langchain`: pip install 'techne[langchain]'.",
    ) from error

PARSED = "parsed"
"""Key in a message's `additional_kwargs` of the JSON value, where a schema was asked for."""
PER_CALL = frozenset(
    {
        "model",
        "max_tokens",
        "temperature",
        "top_p",
        "top_k",
        "json_schema",
        "request_id",
        "timeout_seconds",
        "when_full",
        "fallbacks",
        "budget",
        "prompt_version",
    }
)
"""What `bind` and the arguments of a call may set."""
_THOUGHTS = frozenset({"thinking", "reasoning", "reasoning_content", "redacted_thinking"})
"""Blocks of earlier answers that no model needs to be told again."""
_LANGCHAIN_OWN = frozenset({"stream", "ls_structured_output_format"})

Role = Literal["system", "user", "assistant"]
_ROLES: dict[str, Role] = {"system": "system", "user": "user", "human": "user", "assistant": "assistant"}


class ExecutorChatModel(BaseChatModel):
    """Chat model over an `LLMExecutor`; what is None is left to the executor's settings.

    Messages: system ones become the instructions, wherever they stand; turns of one side in a row become one;
    a last turn of the assistant's is the start of an answer, and the rest of it is what comes back.

    Answers carry `usage_metadata` (of the original call if cached, as the executor has it) and, in
    `response_metadata`, provider, model, finish reason, cost, attempts, latency and whether they are cached.

    Raises:
        InputError: A message or an argument that the executor can't carry.
        LLMError: As `LLMExecutor.submit`. A large `abatch` meets the queue's limit; `when_full="wait"`, or
            LangChain's `max_concurrency`, makes it wait instead.
    """

    executor: LLMExecutor | None = Field(
        None, exclude=True, repr=False, description="The shared one if None."
    )
    provider: str = Field("auto", description="Registered provider name; `auto` lets the executor choose.")
    model: str | None = Field(None, description="Model id; None is the provider's configured one.")
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    timeout_seconds: float | None = Field(None, description="Of one attempt.")
    when_full: Literal["refuse", "wait"] | None = Field(
        None, description="What a full queue does with a call."
    )
    fallbacks: tuple[str, ...] | None = None
    budget: CostBudget | None = None
    prompt_version: str = ""
    request_tags: dict[str, str] = Field(
        default_factory=dict, description="For the executor's log and spans."
    )

    @property
    def _llm_type(self) -> str:
        return "techne-executor"

    @property
    def _identifying_params(self) -> Mapping[str, Any]:
        return {"provider": self.provider, **self._own_fields()}

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        params = super()._get_ls_params(stop=stop, **kwargs)
        params["ls_provider"] = self.provider
        return params

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        request = self._request(messages, stop, run_manager, kwargs)
        return _result(request, self._own_executor().submit_sync(request))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        request = self._request(messages, stop, run_manager, kwargs)
        return _result(request, await self._own_executor().submit(request))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        request = self._request(messages, stop, run_manager, kwargs)
        chunks = self._own_executor().stream_sync(request)
        with closing(cast("Generator[LLMChunk]", chunks)):
            for chunk in chunks:
                yield _piece(request, chunk)

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        request = self._request(messages, stop, run_manager, kwargs)
        chunks = self._own_executor().stream(request)
        async with aclosing(cast("AsyncGenerator[LLMChunk]", chunks)):
            async for chunk in chunks:
                yield _piece(request, chunk)

    def with_structured_output(
        self, schema: dict[str, Any] | type, *, include_raw: bool = False, **kwargs: Any
    ) -> Runnable[LanguageModelInput, dict[str, Any] | BaseModel]:
        """A runnable whose output matches a schema; the executor enforces it, repairs and asks again.

        Args:
            schema: JSON schema, Pydantic model or TypedDict.
            include_raw: Give `raw`, `parsed` and `parsing_error`. An answer that never matched the schema is
                an `OutputValidationError` all the same: there is no raw answer then.
            kwargs: `method` and `strict`, which LangChain's users may pass, have no effect here.

        Raises:
            InputError: Another argument.
        """
        unknown = set(kwargs) - {"method", "strict"}
        if unknown:
            raise InputError(f"with_structured_output takes no {', '.join(sorted(unknown))}.")
        model_class = schema if isinstance(schema, type) and issubclass(schema, BaseModel) else None
        answer = self.bind(
            json_schema=_json_schema(schema) if model_class is None else model_class.model_json_schema()
        )
        parser: Runnable[AIMessage, Any] = RunnableLambda(_parsed_as(model_class))
        if not include_raw:
            return answer | parser
        parsed = RunnablePassthrough.assign(parsed=itemgetter("raw") | parser, parsing_error=lambda _: None)
        unparsed = RunnablePassthrough.assign(parsed=lambda _: None)
        return RunnableMap(raw=answer) | parsed.with_fallbacks([unparsed], exception_key="parsing_error")

    def get_num_tokens(self, text: str) -> int:
        """An estimate, without a tokenizer."""
        return estimate_tokens(text)

    def _own_executor(self) -> LLMExecutor:
        return shared_executor() if self.executor is None else self.executor

    def _own_fields(self) -> dict[str, Any]:
        values = {name: getattr(self, name) for name in PER_CALL if name in type(self).model_fields}
        return {name: value for name, value in values.items() if value is not None}

    def _request(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None,
        run_manager: CallbackManagerForLLMRun | AsyncCallbackManagerForLLMRun | None,
        arguments: Mapping[str, Any],
    ) -> LLMRequest:
        if stop:
            raise InputError("The executor knows no stop sequences.", cure="Cut the answer in the chain.")
        unknown = set(arguments) - PER_CALL - _LANGCHAIN_OWN
        if unknown:
            raise InputError(
                f"The executor's chat model takes no {', '.join(sorted(unknown))}.",
                cure=f"A call may set {', '.join(sorted(PER_CALL))}.",
            )
        fields = {
            "request_id": "" if run_manager is None else str(run_manager.run_id),
            **self._own_fields(),
            **{name: value for name, value in arguments.items() if name in PER_CALL},
        }
        fields["max_output_tokens"] = fields.pop("max_tokens", None)
        try:
            return LLMRequest(
                provider=self.provider, tags=self.request_tags, **_conversation(messages), **fields
            )
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(map(str, first["loc"])) or "The request"
            raise InputError(f"{place}: {first['msg']}.", cure="See LLMRequest.") from None


def _conversation(messages: Sequence[BaseMessage]) -> dict[str, Any]:
    """The messages as fields of an `LLMRequest`; a lone question goes as a prompt, for the cache's key."""
    instructions: list[str] = []
    turns: list[Message] = []
    for message in messages:
        role, text = _role(message), _text(message)
        if role == "system":
            instructions.append(text)
        elif turns and turns[-1].role == role:
            turns[-1] = Message(role=role, content=f"{turns[-1].content}\n{text}")
        else:
            turns.append(Message(role=role, content=text))
    prefill = turns.pop().content if turns and turns[-1].role == "assistant" else None
    if not any(turn.role == "user" for turn in turns):
        raise InputError("The messages ask nothing.", cure="Add a human message.")
    asked: dict[str, Any] = {"system": "\n\n".join(instructions) or None, "prefill": prefill}
    if len(turns) == 1:
        return {**asked, "prompt": turns[0].content}
    return {**asked, "messages": tuple(turns)}


def _role(message: BaseMessage) -> Role:
    if isinstance(message, SystemMessage):
        return "system"
    if isinstance(message, HumanMessage):
        return "user"
    if isinstance(message, AIMessage):
        if message.tool_calls or message.invalid_tool_calls:
            raise InputError("The executor can't carry tool calls.", cure="Use a chain without tools.")
        return "assistant"
    if isinstance(message, ChatMessage) and message.role in _ROLES:
        return _ROLES[message.role]
    raise InputError(f"The executor can't carry a message of type {message.type!r}.")


def _text(message: BaseMessage) -> str:
    if isinstance(message.content, str):
        return message.content
    parts = []
    for block in message.content:
        if isinstance(block, str):
            parts.append(block)
        elif block.get("type") == "text":
            parts.append(str(block.get("text", "")))
        elif not isinstance(message, AIMessage) or block.get("type") not in _THOUGHTS:
            raise InputError(
                f"The executor can't carry content of type {block.get('type')!r}.", cure="Send text."
            )
    return "".join(parts)


def _json_schema(schema: dict[str, Any] | type) -> dict[str, Any]:
    if isinstance(schema, dict) and "function" not in schema and "parameters" not in schema:
        return schema
    return convert_to_json_schema(schema)


def _parsed_as(model_class: type[BaseModel] | None) -> Callable[[AIMessage], Any]:
    def parsed(message: AIMessage) -> Any:
        value = message.additional_kwargs[PARSED]
        return value if model_class is None else model_class.model_validate_json(json.dumps(value))

    return parsed


def _result(request: LLMRequest, response: LLMResponse) -> ChatResult:
    message = AIMessage(
        content=response.text,
        additional_kwargs=_additional(request, response),
        response_metadata=_metadata(response),
        usage_metadata=_usage(response),
    )
    return ChatResult(generations=[ChatGeneration(message=message)])


def _piece(request: LLMRequest, chunk: LLMChunk) -> ChatGenerationChunk:
    response = chunk.response
    if response is None:
        return ChatGenerationChunk(message=AIMessageChunk(content=chunk.text))
    return ChatGenerationChunk(
        message=AIMessageChunk(
            content=chunk.text,
            additional_kwargs=_additional(request, response),
            response_metadata=_metadata(response),
            usage_metadata=_usage(response),
            chunk_position="last",
        )
    )


def _additional(request: LLMRequest, response: LLMResponse) -> dict[str, Any]:
    return {} if request.json_schema is None else {PARSED: response.parsed}


def _metadata(response: LLMResponse) -> dict[str, Any]:
    return {
        "model_provider": response.provider,
        "model_name": response.model,
        "finish_reason": response.finish_reason,
        "cost_usd": None if response.cost_usd is None else float(response.cost_usd),
        "latency_seconds": response.latency_seconds,
        "attempts": response.attempts,
        "cached": response.cached,
        "passed_over": [passed.model_dump() for passed in response.passed_over],
    }


def _usage(response: LLMResponse) -> UsageMetadata:
    usage = response.usage
    return UsageMetadata(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        total_tokens=usage.total_tokens,
        input_token_details=InputTokenDetails(
            cache_read=usage.cache_read_tokens, cache_creation=usage.cache_write_tokens
        ),
    )
