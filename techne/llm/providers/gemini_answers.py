"""Reading what Gemini says: whole answers, the pieces of a stream, and the stream's events."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import Any

from techne.errors import MalformedResponseError
from techne.llm.model import FinishReason, Usage
from techne.llm.wire import text_lines

_FINISH_REASONS: dict[str, FinishReason] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "ESCALATION": "content_filter",
}
_NO_ANSWERS = frozenset({"MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "MALFORMED_RESPONSE"})
"""The model wrote what the API can't parse; another try may do better."""


class AnswerReader:
    """One answer, put together from the responses that it comes in.

    Thoughts are not part of the text; their tokens are billed as output and count as such. The arguments of
    a function call are the text, as JSON.
    """

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._arguments: str | None = None
        self._finish = ""
        self._is_blocked = False
        self._counted: Mapping[str, Any] = {}

    @property
    def is_over(self) -> bool:
        """Whether the model has said why it ended."""
        return bool(self._finish) or self._is_blocked

    @property
    def text(self) -> str:
        """The answer so far."""
        return "".join(self._texts) if self._arguments is None else self._arguments

    @property
    def finish_reason(self) -> FinishReason:
        """Why it ended; a prompt that was blocked ends with the content filter.

        Raises:
            MalformedResponseError: There is no answer, or none that the API could parse.
        """
        if self._is_blocked:
            return "content_filter"
        if self._finish in _NO_ANSWERS:
            raise MalformedResponseError(f"Gemini answered with what is no answer ({self._finish}).")
        return _FINISH_REASONS.get(self._finish, "unknown")

    @property
    def usage(self) -> Usage:
        """Tokens as counted by the API.

        Raises:
            MalformedResponseError: They aren't numbers.
        """
        counted = self._counted
        try:
            return Usage(
                input_tokens=_sum(counted, "promptTokenCount", "toolUsePromptTokenCount"),
                output_tokens=_sum(counted, "candidatesTokenCount", "thoughtsTokenCount"),
                cache_read_tokens=_sum(counted, "cachedContentTokenCount"),
            )
        except (TypeError, ValueError, AttributeError) as error:
            raise _malformed() from error

    def read(self, said: Mapping[str, Any]) -> str:
        """Take in one response; the text that it adds.

        Raises:
            MalformedResponseError: It is not of the protocol.
        """
        try:
            return self._read(said)
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            raise _malformed() from error

    def _read(self, said: Mapping[str, Any]) -> str:
        self._counted = said.get("usageMetadata") or self._counted
        if (said.get("promptFeedback") or {}).get("blockReason"):
            self._is_blocked = True
        candidates = said.get("candidates") or []
        if not candidates:
            return ""
        candidate = candidates[0]
        self._finish = candidate.get("finishReason") or self._finish
        added = ""
        for part in (candidate.get("content") or {}).get("parts") or []:
            if part.get("thought"):
                continue
            if "functionCall" in part:
                if self._arguments is None:
                    self._arguments = json.dumps(part["functionCall"].get("args") or {}, ensure_ascii=False)
                    added += self._arguments
            elif isinstance(text := part.get("text", ""), str):
                self._texts.append(text)
                added += text
            else:
                raise TypeError("text")
        return added


class EventReader:
    """The responses in a stream of server-sent events.

    An error amid a stream comes as an event, or as bare JSON after the last one; either is given as it is.
    """

    async def read(self, pieces: AsyncIterator[bytes]) -> AsyncGenerator[dict[str, Any], None]:
        """Each response.

        Raises:
            MalformedResponseError: An event is not JSON.
        """
        data: list[str] = []
        stray: list[str] = []
        async for line in text_lines(pieces):
            if line.startswith("data:"):
                data.append(line[5:])
            elif line:
                stray.append(line)
            elif data:
                yield _object("\n".join(data))
                data = []
        if data:
            yield _object("\n".join(data))
        told = [line for line in stray if not line.startswith((":", "event:", "id:", "retry:"))]
        if told:
            yield _object("\n".join(told))


def _object(text: str) -> dict[str, Any]:
    try:
        said = json.loads(text)
    except ValueError as error:
        raise _malformed() from error
    if isinstance(said, list) and len(said) == 1:
        said = said[0]
    if not isinstance(said, dict):
        raise _malformed()
    return said


def _sum(counted: Mapping[str, Any], *names: str) -> int:
    return sum(counted.get(name) or 0 for name in names)


def _malformed() -> MalformedResponseError:
    return MalformedResponseError("Failed to invoke Gemini: the answer is not its protocol.")
