"""Amazon Transcribe Call Analytics: capitalised keys, times in milliseconds, one turn per entry."""

from __future__ import annotations

from techne.transcripts.readers.recording import (
    JSONObject,
    Recording,
    Segment,
    confidence,
    mapping,
    mappings,
    mean,
    seconds,
    text,
)

_MILLISECOND = 0.001


def recognises(document: JSONObject) -> bool:
    """Whether the file has the `Transcript` list of Call Analytics."""
    return isinstance(document.get("Transcript"), list)


def read(document: JSONObject, source: str) -> Recording:
    """Read one output file; the participant's role is the speaker."""
    segments: list[Segment] = []
    words = 0
    for entry in mappings(document["Transcript"]):
        items = [item for item in mappings(entry.get("Items")) if item.get("Type") != "punctuation"]
        content = text(entry.get("Content")).strip()
        content = content or " ".join(text(item.get("Content")) for item in items)
        if not content:
            continue
        words += len(items) or len(content.split())
        start = seconds(entry.get("BeginOffsetMillis"), unit=_MILLISECOND)
        if start is None:
            start = segments[-1].end if segments else 0.0
        end = seconds(entry.get("EndOffsetMillis"), unit=_MILLISECOND)
        scores = [score for item in items if (score := confidence(item.get("Confidence"))) is not None]
        segments.append(
            Segment(
                speaker=text(entry.get("ParticipantRole")) or text(entry.get("ParticipantId")) or None,
                start=start,
                end=max(start, start if end is None else end),
                text=content,
                confidence=mean(scores),
            )
        )
    characteristics = mapping(document.get("ConversationCharacteristics"))
    return Recording(
        segments=segments,
        source_format="transcribe/call-analytics",
        word_count=words,
        language=text(document.get("LanguageCode")) or None,
        duration=seconds(characteristics.get("TotalConversationDurationMillis"), unit=_MILLISECOND),
    )
