"""Chat Completions and embeddings on the wire: requests of ours as their JSON, and their answers as ours."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Literal

from techne.llm.model import EmbedRequest, FinishReason, LLMRequest, Usage
from techne.llm.provider import Parameters, ProviderAnswer, ProviderVectors
from techne.llm.providers.openai_errors import broken_answer
from techne.llm.providers.openai_schema import schema_format, without_added_nulls
from techne.llm.structured import Schema, schema_instruction

TOOL_NAME = "answer"
_FINISH_REASONS: dict[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "content_filter": "content_filter",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
}

SchemaForm = Literal["native", "tool", "words"]


@dataclass(frozen=True, slots=True)
class Conversation:
    """A request in Chat Completions' format.

    Args:
        model: Model id.
        fields: The body.
        schema_form: How a JSON schema is asked for; None without a schema.
        schema: What answers have to be brought back to, if they may have nulls that it does not know.
        limit: Most tokens of the answer.
        ceiling: Most that it could be allowed.
    """

    model: str
    fields: dict[str, Any]
    schema_form: SchemaForm | None
    schema: Schema | None
    limit: int
    ceiling: int

    def body(self) -> bytes:
        """The body as JSON."""
        return json.dumps(self.fields).encode()  # escaped: any text at all can be said in ASCII

    def answer(self, text: str, reason: FinishReason, usage: Usage) -> ProviderAnswer:
        """An answer to it."""
        if self.schema is not None:
            text = without_added_nulls(text, self.schema)
        return ProviderAnswer(text, reason, usage, self.limit, self.ceiling)


def conversation(
    request: LLMRequest,
    model: str,
    parameters: Parameters,
    *,
    limit_field: str,
    ceiling: int,
    forms: tuple[SchemaForm, ...],
    stream: bool = False,
) -> Conversation:
    """A request in Chat Completions' format.

    Args:
        request: What is asked.
        model: Resolved model id.
        parameters: What it goes with; `max_tokens` is the output limit.
        limit_field: Name of the output limit on the wire.
        ceiling: Most tokens that the model can answer with.
        forms: Ways of asking for a JSON schema that may be tried, the best first.
        stream: Whether the answer is to come in pieces.
    """
    limit = int(parameters["max_tokens"] or ceiling)
    fields: dict[str, Any] = {"model": model, "messages": []}
    form, kept, system = None, None, request.system
    if request.json_schema is not None:
        form, kept = _ask_for_schema(fields, request.json_schema, forms, stream=stream)
        if form == "words":
            instruction = schema_instruction(request.json_schema)
            system = f"{system}\n\n{instruction}" if system else instruction
    if system:
        fields["messages"].append({"role": "system", "content": system})
    fields["messages"] += [{"role": turn.role, "content": turn.content} for turn in request.conversation()]
    fields[limit_field] = limit
    fields.update({name: value for name, value in parameters.items() if name != "max_tokens"})
    if stream:
        fields["stream"] = True
        fields["stream_options"] = {"include_usage": True}
    return Conversation(model, fields, form, kept, limit, ceiling)


def _ask_for_schema(
    fields: dict[str, Any], schema: Schema, forms: tuple[SchemaForm, ...], *, stream: bool
) -> tuple[SchemaForm, Schema | None]:
    if "native" in forms and (said := schema_format(schema, may_add_nulls=not stream)) is not None:
        described = {"name": TOOL_NAME, "schema": said.schema, "strict": said.strict}
        fields["response_format"] = {"type": "json_schema", "json_schema": described}
        return "native", schema if said.nulls_added else None
    if "tool" in forms and schema.get("type") == "object":
        function = {
            "name": TOOL_NAME,
            "description": "Gives the answer. Call it exactly once.",
            "parameters": schema,
        }
        fields["tools"] = [{"type": "function", "function": function}]
        fields["tool_choice"] = {"type": "function", "function": {"name": TOOL_NAME}}
        return "tool", None
    return "words", None


def read_answer(body: bytes, asked: Conversation) -> ProviderAnswer:
    """The answer in a chat completion.

    Raises:
        MalformedResponseError: It is not one.
    """
    try:
        said = json.loads(body)
        choice = said["choices"][0]
        message = choice["message"]
        called = _arguments(message)
        refused = message.get("refusal") or ""
        text = called if called is not None else _text(message.get("content")) or _text(refused)
        reason = _finish_reason(choice.get("finish_reason"), called=called is not None, refused=bool(refused))
        usage = read_usage(said.get("usage"))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise broken_answer(type(error).__name__) from error
    return asked.answer(text, reason, usage)


@dataclass(slots=True)
class StreamedAnswer:
    """A chat completion that comes in chunks."""

    asked: Conversation
    _pieces: list[str] = field(default_factory=list)
    _usage: Usage = field(default_factory=Usage)
    _reason: str | None = None
    _called: bool = False
    _refused: bool = False

    def feed(self, chunk: dict[str, Any]) -> str:
        """The text that a chunk adds.

        Raises:
            MalformedResponseError: It is no chunk.
        """
        try:
            if chunk.get("usage"):
                self._usage = read_usage(chunk["usage"])
            if not chunk.get("choices"):  # the last one has the usage alone
                return ""
            choice = chunk["choices"][0]
            delta = choice.get("delta") or {}
            called, refused = _arguments(delta), delta.get("refusal") or ""
            self._called = self._called or called is not None
            self._refused = self._refused or bool(refused)
            self._reason = choice.get("finish_reason") or self._reason
            piece = called if called is not None else _text(delta.get("content")) or _text(refused)
        except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
            raise broken_answer(type(error).__name__) from error
        self._pieces.append(piece)
        return piece

    def end(self) -> ProviderAnswer:
        """The whole answer.

        Raises:
            MalformedResponseError: The stream ended before the answer did.
        """
        if self._reason is None:
            raise broken_answer("the stream ended too early")
        reason = _finish_reason(self._reason, called=self._called, refused=self._refused)
        return self.asked.answer("".join(self._pieces), reason, self._usage)


def read_chunk(event: str) -> dict[str, Any]:
    """The chunk in a server-sent event.

    Raises:
        MalformedResponseError: There is none.
    """
    try:
        chunk = json.loads(event)
    except ValueError as error:
        raise broken_answer(type(error).__name__) from error
    if not isinstance(chunk, dict):
        raise broken_answer("a chunk is no object")
    return chunk


def read_usage(counted: dict[str, Any] | None) -> Usage:
    """Tokens as the server counted them: its prompt tokens include those of the cache."""
    if not counted:
        return Usage()
    details = counted.get("prompt_tokens_details") or {}
    return Usage(
        input_tokens=counted.get("prompt_tokens") or 0,
        output_tokens=counted.get("completion_tokens") or 0,
        cache_read_tokens=details.get("cached_tokens") or 0,
        cache_write_tokens=details.get("cache_write_tokens") or 0,
    )


def embedding_body(request: EmbedRequest, model: str) -> bytes:
    """The body of a call of /embeddings."""
    fields: dict[str, Any] = {"model": model, "input": list(request.texts), "encoding_format": "float"}
    if request.dimensions is not None:
        fields["dimensions"] = request.dimensions
    return json.dumps(fields).encode()


def read_vectors(body: bytes, count: int) -> ProviderVectors:
    """The vectors in an answer of /embeddings, in the order of their texts.

    Raises:
        MalformedResponseError: There are none, or not as many as texts.
    """
    try:
        said = json.loads(body)
        entries = sorted(said["data"], key=lambda entry: int(entry["index"]))
        vectors = tuple(tuple(map(float, entry["embedding"])) for entry in entries)
        usage = read_usage(said.get("usage"))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise broken_answer(type(error).__name__) from error
    if [entry["index"] for entry in entries] != list(range(count)):
        raise broken_answer("not one vector per text")
    return ProviderVectors(vectors, usage)


def read_model_ids(body: bytes) -> frozenset[str]:
    """Ids in an answer of /models.

    Raises:
        MalformedResponseError: It is no list of models.
    """
    try:
        return frozenset(str(entry["id"]) for entry in json.loads(body)["data"])
    except (ValueError, KeyError, TypeError) as error:
        raise broken_answer(type(error).__name__) from error


def _arguments(message: dict[str, Any]) -> str | None:
    """Arguments of the first call of the tool that asks for JSON, or the piece of them in a delta."""
    for call in message.get("tool_calls") or ():
        if call.get("index", 0) == 0:
            return _text(call["function"].get("arguments"))
    return None


def _text(content: object) -> str:
    if isinstance(content, list):  # some servers send parts
        return "".join(part.get("text") or "" for part in content)
    if content is not None and not isinstance(content, str):
        raise TypeError("content is no text")
    return content or ""


def _finish_reason(reason: str | None, *, called: bool, refused: bool) -> FinishReason:
    if refused:
        return "content_filter"
    known = _FINISH_REASONS.get(str(reason), "unknown")
    return "stop" if known == "tool_use" and called else known
