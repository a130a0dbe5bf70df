"""Models of Amazon Bedrock, through langchain-aws' ChatBedrockConverse.

The client is blocking, so each call gets a daemon thread of its own: the executor's slots bound their
number, a thread costs nothing beside a call, and an interpreter that exits doesn't wait for them. A call
that is cancelled can't be broken off; it ends with its thread, at the latest after
BEDROCK_TIMEOUT_SECONDS, and keeps its slot until then. The client's own retries are off: one call is one
request.
"""

from __future__ import annotations

import json
import logging
import re
import threading
from typing import TYPE_CHECKING, Any

from techne.errors import LLMError, ProviderUnavailableError, RequestRejectedError
from techne.llm.model import Capabilities, FinishReason, LLMRequest, Usage
from techne.llm.provider import CONTINUE_INSTRUCTION, Parameters, ProviderAnswer
from techne.llm.providers.bedrock_errors import typed_error
from techne.llm.structured import native_schema, schema_instruction
from techne.llm.threads import on_daemon_thread
from techne.settings import Settings

if TYPE_CHECKING:
    from langchain_aws import ChatBedrockConverse
    from langchain_core.messages import AIMessage, BaseMessage

CONNECT_TIMEOUT_SECONDS = 10.0
DEFAULT_CONTEXT_TOKENS = 128_000
"""Window of a model that langchain-aws has no profile of."""
DEFAULT_OUTPUT_TOKENS = 4096
TOOL_NAME = "answer"

logger = logging.getLogger("techne.llm")

_NATIVE_SCHEMA_REFUSED = re.compile(r"ValidationException.*(schema|outputConfig|textFormat|structured)", re.I)

_STOP_REASONS: dict[str, FinishReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_use",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
}


class BedrockProvider:
    """Provider `bedrock`.

    A JSON schema goes out as native structured output (`outputConfig.textFormat`) where the model has it
    and the schema can be expressed, as a tool that must be called where the model has tools, and in words
    otherwise.

    Args:
        settings: Region, model, time-out and defaults. Credentials and endpoints are boto3's own affair.
    """

    name = "bedrock"
    title = "Bedrock"
    output_limit_settings = "BEDROCK_MAX_TOKENS, or the caller's own such as DOCGEN_MAX_TOKENS"

    def __init__(self, settings: Settings) -> None:
        self.model = settings.bedrock_model_id
        self._settings = settings
        self._client: Any = None
        self._control_client: Any = None
        self._chats: dict[str, ChatBedrockConverse] = {}
        self._without_native_schema: set[str] = set()
        self._lock = threading.Lock()

    def resolve(self, model: str | None) -> str:
        """Model ids are used as they are."""
        return self.model if model is None else model

    def parameters(self, request: LLMRequest) -> Parameters:
        """Inference parameters of the call."""
        settings = self._settings
        return {
            "max_tokens": request.max_output_tokens or settings.bedrock_max_tokens,
            "temperature": settings.llm_temperature if request.temperature is None else request.temperature,
        }

    def capabilities(self, model: str | None = None) -> Capabilities:
        """From langchain-aws' profile of the model."""
        profile = self._chat(self.resolve(model)).profile or {}
        context = profile.get("max_input_tokens") or DEFAULT_CONTEXT_TOKENS
        return Capabilities(
            context_tokens=context,
            max_output_tokens=min(profile.get("max_output_tokens") or DEFAULT_OUTPUT_TOKENS, context),
            native_json_schema=bool(profile.get("structured_output")),
            continues_prefill=True,
        )

    def prepare(self, model: str) -> None:
        """Import langchain-aws and find the credentials, which takes seconds."""
        try:
            self._chat(model)
        except Exception as error:
            raise typed_error(error, model, self._settings.aws_region) from error

    async def complete(self, request: LLMRequest) -> ProviderAnswer:
        """One Converse call."""
        return await on_daemon_thread(lambda: self._converse(request), name="techne-bedrock")

    async def check(self, model: str | None = None) -> Usage:
        """One answer of one token: no listing permission says as surely that the model may be invoked."""
        ping = LLMRequest(provider=self.name, model=model, prompt="ping", max_output_tokens=1)
        return (await self.complete(ping)).usage

    async def close(self) -> None:
        """Close the connections."""
        for client in (self._client, self._control_client):
            if client is not None:
                client.close()

    def _converse(self, request: LLMRequest) -> ProviderAnswer:
        model = self.resolve(request.model)
        try:
            chat = self._chat(model)
            ceiling = self.capabilities(model).max_output_tokens
            parameters = dict(self.parameters(request))
            limit = min(int(parameters["max_tokens"] or ceiling), ceiling)
            native = model not in self._without_native_schema
            message = _invoke(chat, request, {**parameters, "max_tokens": limit}, native=native)
            return ProviderAnswer(
                text=_text(message),
                finish_reason=_finish_reason(message),
                usage=_usage(message),
                output_limit=limit,
                output_ceiling=ceiling,
            )
        except Exception as error:
            typed = typed_error(error, model, self._settings.aws_region)
            if request.json_schema is not None and self._gives_up_native_schema(model, typed):
                raise ProviderUnavailableError(typed.message) from error
            raise typed from error

    def _gives_up_native_schema(self, model: str, error: LLMError) -> bool:
        """Whether the refusal was of the structured output; from now on the model is given a tool instead.

        Which schemas and Regions have it, Bedrock alone knows. The error is made one that can be tried
        again, so that the second request is an attempt of its own in the books.
        """
        refused = isinstance(error, RequestRejectedError) and _NATIVE_SCHEMA_REFUSED.search(error.message)
        if not refused or model in self._without_native_schema:
            return False
        self._without_native_schema.add(model)
        logger.warning(
            "%s takes no native JSON schema here (%s); it gets a tool instead.", model, error.message
        )
        return True

    def _chat(self, model: str) -> ChatBedrockConverse:
        with self._lock:
            if model not in self._chats:
                from langchain_aws import ChatBedrockConverse

                _keep_words_out_of_logs()
                self._connect()
                self._chats[model] = ChatBedrockConverse(
                    model_id=model, client=self._client, bedrock_client=self._control_client
                )
            return self._chats[model]

    def _connect(self) -> None:
        if self._client is not None:
            return
        import boto3
        from botocore.config import Config

        config = Config(
            retries={"total_max_attempts": 1},
            max_pool_connections=max(10, self._settings.llm_executor_bedrock_max_parallel),
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            read_timeout=self._settings.bedrock_timeout_seconds,
        )
        session = boto3.Session(region_name=self._settings.aws_region)
        self._client = session.client("bedrock-runtime", config=config)
        self._control_client = session.client("bedrock", config=config)


def _keep_words_out_of_logs() -> None:
    """At DEBUG these log prompts and answers whole."""
    for name in ("langchain_aws", "botocore"):
        library = logging.getLogger(name)
        if library.level == logging.NOTSET:
            library.setLevel(logging.WARNING)


def _invoke(
    chat: ChatBedrockConverse, request: LLMRequest, parameters: dict[str, Any], *, native: bool
) -> AIMessage:
    schema = request.json_schema
    if schema is None:
        return chat.invoke(_messages(request), **parameters)
    native = native and bool((chat.profile or {}).get("structured_output"))
    closed = native_schema(schema) if native else None
    if closed is not None:
        structure = {"jsonSchema": {"schema": json.dumps(closed, ensure_ascii=False), "name": TOOL_NAME}}
        text_format = {"type": "json_schema", "structure": structure}
        return chat.invoke(_messages(request), output_config={"textFormat": text_format}, **parameters)
    choices = chat.supports_tool_choice_values or ()
    if choices:
        tool = {
            "name": TOOL_NAME,
            "description": "Gives the answer. Call it exactly once.",
            "input_schema": schema,
        }
        choice = TOOL_NAME if "tool" in choices else "any" if "any" in choices else None
        return chat.bind_tools([tool], tool_choice=choice).invoke(_messages(request), **parameters)
    return chat.invoke(_messages(request, schema_instruction(schema)), **parameters)


def _messages(request: LLMRequest, instruction: str | None = None) -> list[BaseMessage]:
    from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

    system = "\n\n".join(part for part in (request.system, instruction) if part)
    messages: list[BaseMessage] = [SystemMessage(system)] if system else []
    messages.append(HumanMessage(request.prompt))
    if request.prefill and not request.prefill.isspace():
        messages += [AIMessage(request.prefill), HumanMessage(CONTINUE_INSTRUCTION)]
    return messages


def _text(message: AIMessage) -> str:
    if message.tool_calls:
        return json.dumps(message.tool_calls[0]["args"], ensure_ascii=False)
    return str(message.text)


def _finish_reason(message: AIMessage) -> FinishReason:
    reason = _STOP_REASONS.get(str(message.response_metadata.get("stopReason")), "unknown")
    return "stop" if reason == "tool_use" and message.tool_calls else reason


def _usage(message: AIMessage) -> Usage:
    counted = message.usage_metadata
    if counted is None:
        return Usage()
    details = counted.get("input_token_details", {})
    # langchain files a write under its time to live, where Bedrock tells it, and leaves cache_creation at 0
    written = details.get("cache_creation") or sum(
        count for name, count in details.items() if name.startswith("ephemeral_") and isinstance(count, int)
    )
    return Usage(
        input_tokens=counted["input_tokens"],
        output_tokens=counted["output_tokens"],
        cache_read_tokens=details.get("cache_read") or 0,
        cache_write_tokens=written,
    )
