"""ConverseStream's events, as pieces of text and a whole answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from techne.errors import LLMError
from techne.llm.model import Usage
from techne.llm.provider import ProviderAnswer
from techne.llm.providers.bedrock_errors import broken_answer, service_error
from techne.llm.providers.bedrock_messages import Conversation, finish_reason, read_usage

if TYPE_CHECKING:
    from botocore.eventstream import EventStreamMessage


class AnswerReader:
    """Reads one stream as its bytes come.

    Where a tool was offered for JSON, its input is the text; words around the call are held back, and given
    only if the tool was not called.

    Args:
        asked: What was asked.
        model: Model that was asked, for errors.
        region: Region that was asked, for errors.
    """

    def __init__(self, asked: Conversation, model: str, region: str) -> None:
        from botocore.eventstream import EventStreamBuffer

        self._buffer = EventStreamBuffer()
        self._asked = asked
        self._model = model
        self._region = region
        self._words: list[str] = []
        self._input: list[str] = []
        self._called = False
        self._reason: str | None = None
        self._usage: Usage | None = None

    def feed(self, data: bytes) -> Iterator[str]:
        """The text in the messages that these bytes complete.

        Raises:
            LLMError: The service broke off, typed as any refusal; MalformedResponseError: it is no event
                stream, or was damaged on the way.
        """
        from botocore.eventstream import ParserError

        self._buffer.add_data(data)
        try:
            for message in self._buffer:
                if text := self._take(message):
                    yield text
        except (ParserError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise broken_answer(error) from error

    def end(self) -> tuple[str, ProviderAnswer]:
        """Text that was held back, and the whole answer.

        Raises:
            MalformedResponseError: The stream ended too early.
        """
        if self._reason is None or self._usage is None:
            raise broken_answer("the stream ended early")
        words = "".join(self._words)
        text = ("".join(self._input) or "{}") if self._called else words
        reason = finish_reason(self._reason, called=self._called)
        held_back = words if self._asked.schema_form == "tool" and not self._called else ""
        answer = ProviderAnswer(text, reason, self._usage, self._asked.limit, self._asked.ceiling)
        return held_back, answer

    def _take(self, message: EventStreamMessage) -> str:
        headers: Any = message.headers
        category = headers.get(":message-type")
        if category == "error":
            raise self._broken_off(headers.get(":error-code"), headers.get(":error-message"))
        payload: dict[str, Any] = json.loads(message.payload) if message.payload else {}
        if category == "exception":
            raise self._broken_off(headers.get(":exception-type"), payload.get("message"))
        event = headers.get(":event-type")
        if event == "contentBlockDelta":
            return self._take_delta(payload["delta"])
        if event == "contentBlockStart":
            self._called = self._called or "toolUse" in payload.get("start", {})
        elif event == "messageStop":
            self._reason = payload["stopReason"]
        elif event == "metadata":
            self._usage = read_usage(payload.get("usage"))
        return ""

    def _take_delta(self, delta: dict[str, Any]) -> str:
        if "toolUse" in delta:
            self._called = True
            self._input.append(delta["toolUse"]["input"])
            return self._input[-1]
        if "text" not in delta:
            return ""
        self._words.append(delta["text"])
        return "" if self._asked.schema_form == "tool" else self._words[-1]

    def _broken_off(self, kind: object, message: object) -> LLMError:
        return service_error(
            str(kind or ""), str(message or ""), 0, {}, model=self._model, region=self._region
        )
