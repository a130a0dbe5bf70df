"""OpenTelemetry's SDK as tests want it: every span that was begun, in order, with what it gives away."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.trace import Span, SpanProcessor, TracerProvider
from opentelemetry.trace import SpanContext, SpanKind, StatusCode


@dataclass(frozen=True, slots=True)
class RecordedSpan:
    """A span, and the thread on which it began."""

    span: Span
    thread: str

    @property
    def name(self) -> str:
        return self.span.name

    @property
    def kind(self) -> SpanKind:
        return self.span.kind

    @property
    def parent(self) -> SpanContext | None:
        return self.span.parent

    @property
    def attributes(self) -> dict[str, Any]:
        return dict(self.span.attributes or {})

    @property
    def status(self) -> StatusCode:
        return self.span.status.status_code

    @property
    def is_over(self) -> bool:
        return self.span.end_time is not None

    @property
    def words(self) -> str:
        """All that an exporter would send."""
        text: str = self.span.to_json()
        return text


class RecordingTracerProvider(TracerProvider):
    """The SDK's provider, whose spans can be looked at while they last."""

    def __init__(self) -> None:
        super().__init__(shutdown_on_exit=False)
        self.spans: list[RecordedSpan] = []
        self.add_span_processor(_Keeper(self.spans))

    def of_calls(self) -> list[RecordedSpan]:
        """Those of the executor, in the order in which they began."""
        return [span for span in self.spans if "gen_ai.operation.name" in span.attributes]


class _Keeper(SpanProcessor):
    def __init__(self, spans: list[RecordedSpan]) -> None:
        self._spans = spans

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        self._spans.append(RecordedSpan(span, threading.current_thread().name))
