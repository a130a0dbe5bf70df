"""WebVTT: cues with voice tags for speakers (https://www.w3.org/TR/webvtt1/)."""

from __future__ import annotations

import html
import re

from techne.transcripts.readers.cues import Cue, read_cues
from techne.transcripts.readers.recording import Recording, Segment

_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]*)>")
_TAG = re.compile(r"</?(?:[cibuv]|ruby|rt|lang)(?:[.\s][^>]*)?>|<\d[\d:.]*>")
_LANGUAGE = re.compile(r"^Language:\s*(\S+)", re.MULTILINE)


def recognises(body: str) -> bool:
    """Whether the file opens with the signature."""
    return body.startswith("WEBVTT")


def read(body: str, source: str) -> Recording:
    """Read one file.

    Raises:
        TranscriptError: A cue time that can't be read.
    """
    segments = [segment for cue in read_cues(body, source=source) for segment in _voices(cue)]
    language = _LANGUAGE.search(body.partition("-->")[0])
    return Recording(
        segments=segments,
        source_format="webvtt",
        word_count=sum(len(segment.text.split()) for segment in segments),
        language=language.group(1) if language else None,
    )


def _voices(cue: Cue) -> list[Segment]:
    """One segment for each voice of the cue, sharing its time by length of text."""
    pieces = _VOICE.split("\n".join(cue.lines))
    spoken = [(None, pieces[0]), *zip(pieces[1::2], pieces[2::2], strict=True)]
    voices = [
        (html.unescape(speaker).strip() if speaker else None, said)
        for speaker, raw in spoken
        if (said := " ".join(html.unescape(_TAG.sub("", raw)).split()))
    ]
    total = sum(len(said) for _, said in voices)
    segments: list[Segment] = []
    start = cue.start
    for speaker, said in voices:
        end = min(start + (cue.end - cue.start) * len(said) / total, cue.end)
        segments.append(Segment(speaker or None, start, max(start, end), said))
        start = end
    return segments
