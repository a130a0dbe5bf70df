"""SubRip (.srt): numbered cues, whose speakers are at most a name and a colon before the text."""

from __future__ import annotations

import re

from techne.transcripts.readers.cues import read_cues
from techne.transcripts.readers.recording import Recording, Segment

_CUE = re.compile(r"^\s*(?:\d+:)?\d+:\d+(?:[.,]\d+)?\s*-->", re.MULTILINE)
_MARKUP = re.compile(r"</?[ibus](?:\s[^>]*)?>|</?font[^>]*>|\{\\[^}]*\}", re.IGNORECASE)
_NAMED = re.compile(r"([^\W\d_][\w.'’-]*(?: [\w.'’-]+){0,3}):\s+(?=\S)")
_NAMED_SHARE = 0.5
"""Names are believed if this share of the cues has one: a lone "Error: refused" names nobody."""


def recognises(body: str) -> bool:
    """Whether any line reads like a cue's times."""
    return _CUE.search(body) is not None


def read(body: str, source: str) -> Recording:
    """Read one file.

    Raises:
        TranscriptError: A cue time that can't be read.
    """
    segments = [
        Segment(None, cue.start, cue.end, said)
        for cue in read_cues(body, source=source)
        if (said := " ".join(_MARKUP.sub("", "\n".join(cue.lines)).split()))
    ]
    segments = _with_speakers(segments)
    return Recording(
        segments=segments,
        source_format="srt",
        word_count=sum(len(segment.text.split()) for segment in segments),
    )


def _with_speakers(segments: list[Segment]) -> list[Segment]:
    named = [_NAMED.match(segment.text) for segment in segments]
    if sum(match is not None for match in named) < max(_NAMED_SHARE * len(segments), 2):
        return segments
    return [
        Segment(match.group(1), segment.start, segment.end, segment.text[match.end() :]) if match else segment
        for segment, match in zip(segments, named, strict=True)
    ]
