"""One reader per file format; the registry tries the readers in order, by content and never by file name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from techne.transcripts.readers import call_analytics, subrip, transcribe, webvtt
from techne.transcripts.readers.recording import JSONObject, Recording

__all__ = ["JSON_READERS", "TEXT_READERS", "JSONReader", "TextReader"]


@dataclass(frozen=True, slots=True)
class JSONReader:
    """A reader of one family of JSON files."""

    recognises: Callable[[JSONObject], bool]
    read: Callable[[JSONObject, str], Recording]


@dataclass(frozen=True, slots=True)
class TextReader:
    """A reader of one subtitle format."""

    recognises: Callable[[str], bool]
    read: Callable[[str, str], Recording]


JSON_READERS = (
    JSONReader(transcribe.recognises, transcribe.read),
    JSONReader(call_analytics.recognises, call_analytics.read),
)
TEXT_READERS = (
    TextReader(webvtt.recognises, webvtt.read),
    TextReader(subrip.recognises, subrip.read),
)
