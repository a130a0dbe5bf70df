"""OpenTelemetry spans around calls, with the names of its GenAI conventions; none where nobody collects.

The application chooses exporters and sampling. Neither prompts nor answers go into a span, nor the text of an
error, which may repeat them. A request takes its caller's span along to the executor's thread as its parent:
`call_soon_threadsafe` carries the context over.

See https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/.
"""

from __future__ import annotations

from functools import lru_cache
from types import TracebackType
from typing import Any, Literal

from techne.llm.accounting import failure_kind
from techne.llm.clock import Clock
from techne.llm.model import EmbedRequest, EmbedResponse, LLMRequest, LLMResponse

PROVIDER_NAMES = {"bedrock": "aws.bedrock", "openai": "openai", "gemini": "gcp.gemini"}
"""`gen_ai.provider.name` by our names; others keep ours."""
INSTRUMENTATION_NAME = "techne.llm"

Operation = Literal["chat", "embeddings"]


class CallSpan:
    """One request's span, as a context manager; an error that leaves the block is noted by its kind.

    Args:
        span: The span; None where nobody collects.
    """

    __slots__ = ("_has_piece", "_span", "_token")

    def __init__(self, span: Any = None) -> None:
        self._span = span
        self._token: Any = None
        self._has_piece = False

    def __enter__(self) -> CallSpan:
        if self._span is not None:
            from opentelemetry import context, trace

            self._token = context.attach(trace.set_span_in_context(self._span))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._span is None:
            return
        from opentelemetry import context

        context.detach(self._token)
        if isinstance(error, Exception):
            self._failed(error)
        elif error is not None:  # cancelled, or a stream that its reader left: nobody's fault
            self._span.set_attribute("techne.cancelled", True)
        self._span.end()

    def piece(self, began: float | None, clock: Clock) -> None:
        """Note how long the first piece of a stream took to come, from leaving the queue."""
        if self._span is None or self._has_piece:
            return
        self._has_piece = True
        now = clock.monotonic()
        self._span.set_attribute(
            "gen_ai.response.time_to_first_chunk", now - (now if began is None else began)
        )

    def answered(self, response: LLMResponse | EmbedResponse) -> None:
        """Note the answer's figures."""
        if self._span is None or not self._span.is_recording():
            return
        usage = response.usage
        attributes: dict[str, Any] = {
            "gen_ai.response.model": response.model,
            "gen_ai.usage.input_tokens": usage.input_tokens,
            "techne.attempts": response.attempts,
        }
        if isinstance(response, LLMResponse):
            attributes["gen_ai.response.finish_reasons"] = (response.finish_reason,)
            attributes["gen_ai.usage.output_tokens"] = usage.output_tokens
            attributes["gen_ai.usage.cache_read.input_tokens"] = usage.cache_read_tokens
            attributes["gen_ai.usage.cache_creation.input_tokens"] = usage.cache_write_tokens
        if response.cost_usd is not None:
            attributes["techne.cost_usd"] = float(response.cost_usd)
        self._span.set_attributes(attributes)

    def _failed(self, error: Exception) -> None:
        from opentelemetry.trace import Status, StatusCode

        kind = failure_kind(error)
        self._span.set_attribute("error.type", type(error).__name__ if kind == "unexpected" else kind)
        self._span.set_status(Status(StatusCode.ERROR))


_NO_SPAN = CallSpan()


def operation(name: Operation, request: LLMRequest | EmbedRequest, *, streams: bool = False) -> CallSpan:
    """A client span `<name> <model>`, to be entered; its parent is the span that is current now."""
    trace = opentelemetry()
    if trace is None:
        return _NO_SPAN
    provider = trace.get_tracer_provider()
    if isinstance(provider, trace.ProxyTracerProvider | trace.NoOpTracerProvider):
        return _NO_SPAN
    return CallSpan(
        _tracer(provider).start_span(
            f"{name} {request.model}",
            kind=trace.SpanKind.CLIENT,
            attributes=_attributes(name, request, streams=streams),
        )
    )


def _attributes(name: Operation, request: LLMRequest | EmbedRequest, *, streams: bool) -> dict[str, Any]:
    attributes: dict[str, Any] = {
        "gen_ai.operation.name": name,
        "gen_ai.provider.name": PROVIDER_NAMES.get(request.provider, request.provider),
        "gen_ai.request.model": request.model,
        "techne.request_id": request.request_id or None,
    }
    if isinstance(request, EmbedRequest):
        attributes["gen_ai.embeddings.dimension.count"] = request.dimensions
    else:
        attributes["gen_ai.request.max_tokens"] = request.max_output_tokens
        attributes["gen_ai.request.temperature"] = request.temperature
        attributes["gen_ai.request.top_p"] = request.top_p
        attributes["gen_ai.request.top_k"] = None if request.top_k is None else float(request.top_k)
        attributes["gen_ai.request.stream"] = True if streams else None
        attributes["gen_ai.output.type"] = None if request.json_schema is None else "json"
        for key, value in request.tags.items():
            attributes[f"techne.tag.{key}"] = value
    return {key: value for key, value in attributes.items() if value is not None}


@lru_cache(maxsize=1)
def _tracer(provider: Any) -> Any:
    return provider.get_tracer(INSTRUMENTATION_NAME)


@lru_cache(maxsize=1)
def opentelemetry() -> Any:
    """The API module `opentelemetry.trace`, or None; the first call imports it."""
    try:
        from opentelemetry import trace
    except ImportError:
        return None
    return trace
