"""A tracer provider made of OpenTelemetry's API alone: it keeps every span that was begun."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from opentelemetry import context as context_api
from opentelemetry import trace
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

_ids = itertools.count(1)


class RecordedSpan(trace.Span):
    """A span that remembers what it was told, and where."""

    def __init__(self, name: str, parent: SpanContext, kind: SpanKind, attributes: Mapping[str, Any]) -> None:
        self.name = name
        self.parent = parent if parent.is_valid else None
        self.kind = kind
        self.attributes = dict(attributes)
        self.status = Status()
        self.told: list[object] = []
        self.ends = 0
        self.thread = threading.current_thread().name
        trace_id = parent.trace_id if parent.is_valid else next(_ids)
        self._context = SpanContext(trace_id, next(_ids), is_remote=False, trace_flags=TraceFlags(1))

    def get_span_context(self) -> SpanContext:
        return self._context

    def set_attributes(self, attributes: Mapping[str, Any]) -> None:
        self.attributes.update(attributes)

    def set_attribute(self, key: str, value: Any) -> None:
        self.attributes[key] = value

    def add_event(self, name: str, attributes: Any = None, timestamp: int | None = None) -> None:
        self.told += [name, attributes]

    def update_name(self, name: str) -> None:
        self.name = name

    def is_recording(self) -> bool:
        return self.ends == 0

    def set_status(self, status: Status | StatusCode, description: str | None = None) -> None:
        self.status = status if isinstance(status, Status) else Status(status, description)

    def record_exception(
        self,
        exception: BaseException,
        attributes: Any = None,
        timestamp: int | None = None,
        escaped: bool = False,
    ) -> None:
        self.told += [repr(exception), attributes]

    def end(self, end_time: int | None = None) -> None:
        self.ends += 1

    @property
    def words(self) -> str:
        """All that it could give away."""
        return repr((self.name, self.attributes, self.told, self.status.description))


class RecordingTracerProvider(trace.TracerProvider, trace.Tracer):
    """Keeps the spans of all its tracers, which are itself."""

    def __init__(self) -> None:
        self.spans: list[RecordedSpan] = []

    def get_tracer(self, *names: Any, **more: Any) -> trace.Tracer:
        return self

    def start_span(
        self,
        name: str,
        context: context_api.Context | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Any = None,
        *args: Any,
        **more: Any,
    ) -> RecordedSpan:
        parent = trace.get_current_span(context).get_span_context()
        span = RecordedSpan(name, parent, kind, attributes or {})
        self.spans.append(span)
        return span

    @contextmanager
    def start_as_current_span(self, name: str, *args: Any, **more: Any) -> Iterator[RecordedSpan]:  # type: ignore[override]
        span = self.start_span(name)
        with trace.use_span(span, end_on_exit=True):
            yield span

    def of_calls(self) -> list[RecordedSpan]:
        """Those of the executor, in the order in which they began."""
        return [span for span in self.spans if "gen_ai.operation.name" in span.attributes]
