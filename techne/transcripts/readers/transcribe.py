"""Amazon Transcribe's batch output, in every shape that it has had.

The file's own segments become the turns where it has them: `audio_segments` first, since they carry text,
then `speaker_labels.segments`, then the `segments` of alternative results. A file with only words, or with
channels, is cut by `grouping`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from techne.errors import TranscriptError
from techne.transcripts.readers.grouping import segment_of, turns_from_words
from techne.transcripts.readers.items import Item, alternative_items, read_items
from techne.transcripts.readers.recording import (
    JSONObject,
    Recording,
    Segment,
    Word,
    confidence,
    mapping,
    mappings,
    mean,
    seconds,
    text,
)

_SHAPE: dict[str, type] = {
    "items": list,
    "transcripts": list,
    "audio_segments": list,
    "segments": list,
    "speaker_labels": dict,
    "channel_labels": dict,
}


def recognises(document: JSONObject) -> bool:
    """Whether the file has Transcribe's `results` with something Transcribe puts there."""
    results = document.get("results")
    return isinstance(results, dict) and any(
        key in results for key in ("items", "transcripts", "audio_segments", "segments", "channel_labels")
    )


def read(document: JSONObject, source: str) -> Recording:
    """Read one output file; its `results.items` are taken out of the document.

    Raises:
        TranscriptError: A part of the file is not what it should be, or no word has a time.
    """
    results = mapping(document.get("results"))
    _check_shape(results, source)
    items = read_items(_raw_items(results), source=source)
    segments, shape = _segments(results, items)
    return Recording(
        segments=segments,
        source_format=f"transcribe/{shape}",
        word_count=len(items) or sum(len(segment.text.split()) for segment in segments),
        language=_language(results),
    )


def _check_shape(results: JSONObject, source: str) -> None:
    for key, kind in _SHAPE.items():
        value = results.get(key)
        if value is not None and not isinstance(value, kind):
            expected = "a list" if kind is list else "an object"
            raise TranscriptError(
                f"In '{source}', results.{key} should be {expected} but is {type(value).__name__}.",
                cure="Give the job's own output file, unchanged.",
            )


@dataclass(slots=True)
class _Window:
    """A segment of the file and the words that it was found to hold."""

    start: float
    end: float
    speaker: str | None
    text: str = ""
    whole: bool = True
    """Whether `text` says all the words: a segment that strays joined is told by its words."""
    items: list[Item] = field(default_factory=list)

    def segment(self) -> Segment:
        if self.items and not (self.text and self.whole):
            said = segment_of([item.word(self.speaker) for item in self.items], self.speaker)
            start, end = min(self.start, said.start), max(self.end, said.end)
            return Segment(self.speaker, start, end, said.text, said.confidence)
        scores = [item.confidence for item in self.items if item.confidence is not None]
        return Segment(self.speaker, self.start, self.end, self.text, mean(scores))


def _raw_items(results: JSONObject) -> list[JSONObject]:
    raw = mappings(results.pop("items", None))
    channels = mappings(mapping(results.get("channel_labels")).get("channels"))
    if channels and not any("channel_label" in item for item in raw):
        within = [
            {"channel_label": channel.get("channel_label"), **item}
            for channel in channels
            for item in mappings(channel.get("items"))
        ]
        raw = within or raw
    return raw or alternative_items(mappings(results.get("segments")))


def _segments(results: JSONObject, items: list[Item]) -> tuple[list[Segment], str]:
    audio = mappings(results.get("audio_segments"))
    if audio:
        return _from_audio_segments(audio, items, named=_SpeakerNames(items, audio)), "audio-segments"
    labelled = _labelled_segments(results)
    if labelled:
        return _from_labelled_segments(
            labelled, items, named=_SpeakerNames(items, labelled)
        ), "speaker-segments"
    named = _SpeakerNames(items, ())
    if any(item.channel for item in items):
        streams: dict[str | None, list[Word]] = defaultdict(list)
        for item in items:
            streams[item.channel].append(item.word(named(item.speaker, item.channel)))
        return turns_from_words(streams.values()), "channels"
    if any(item.speaker for item in items):
        return turns_from_words([[item.word(item.speaker) for item in items]]), "speakers"
    alternatives = mappings(results.get("segments"))
    if alternatives:
        return _from_alternatives(alternatives, items), "segments"
    if items:
        return turns_from_words([[item.word(None) for item in items]]), "plain"
    whole = " ".join(text(part.get("transcript")) for part in mappings(results.get("transcripts")))
    return [Segment(None, 0.0, 0.0, whole)], "plain"


class _SpeakerNames:
    """Speaker names: the speaker's label, the channel's, or both where channels have speakers."""

    def __init__(self, items: Sequence[Item], segments: Sequence[JSONObject]) -> None:
        channels = {item.channel for item in items if item.channel}
        channels.update(text(segment.get("channel_label")) for segment in segments)
        self._several = len(channels - {""}) > 1

    def __call__(self, speaker: str | None, channel: str | None) -> str | None:
        if speaker and channel and self._several:
            return f"{channel}/{speaker}"
        return speaker or channel


def _labelled_segments(results: JSONObject) -> list[JSONObject]:
    """Segments of `speaker_labels`, which is one object, or one for each channel."""
    labels = results.get("speaker_labels")
    groups = mappings(labels) if isinstance(labels, list) else [mapping(labels)]
    return [
        {"channel_label": group.get("channel_label"), **segment}
        for group in groups
        for segment in mappings(group.get("segments"))
    ]


def _from_audio_segments(
    audio: list[JSONObject], items: list[Item], *, named: _SpeakerNames
) -> list[Segment]:
    windows = _windows(audio, named)
    owner: dict[object, _Window] = {}
    for raw, window in zip(audio, windows, strict=True):
        window.text = text(raw.get("transcript")).strip()
        keys = raw.get("items")
        if isinstance(keys, list):
            for key in keys:
                if isinstance(key, (int, str)):
                    owner.setdefault(key, window)
    strays = _Strays(windows)
    for item in items:
        held_by = owner.get(item.key)
        if held_by is None:
            held_by = strays.window_of(item)
            # Without lists of items nothing tells a stray from a word: the text is trusted.
            held_by.whole = not owner
        held_by.items.append(item)
    return [window.segment() for window in windows]


def _from_labelled_segments(
    raw: list[JSONObject], items: list[Item], *, named: _SpeakerNames
) -> list[Segment]:
    windows = _windows(raw, named)
    by_start: dict[tuple[str | None, float], deque[_Window]] = defaultdict(deque)
    for segment, window in zip(raw, windows, strict=True):
        channel = text(segment.get("channel_label")) or None
        for entry in mappings(segment.get("items")):
            start = seconds(entry.get("start_time"))
            if start is not None:
                by_start[(channel, start)].append(window)
                if channel is not None:
                    by_start[(None, start)].append(window)
    strays = _Strays(windows)
    for item in items:
        held_by = by_start.get((item.channel, item.start)) or by_start.get((None, item.start))
        (held_by.popleft() if held_by else strays.window_of(item)).items.append(item)
    return [window.segment() for window in windows]


def _from_alternatives(raw: list[JSONObject], items: list[Item]) -> list[Segment]:
    windows = _windows(raw, _SpeakerNames(items, raw))
    strays = _Strays(windows)
    for segment, window in zip(raw, windows, strict=True):
        best = next(iter(mappings(segment.get("alternatives"))), {})
        window.text = text(best.get("transcript")).strip()
    for item in items:
        strays.window_of(item).items.append(item)
    return [window.segment() for window in windows]


def _windows(raw: list[JSONObject], named: _SpeakerNames) -> list[_Window]:
    windows: list[_Window] = []
    for segment in raw:
        before = windows[-1].end if windows else 0.0
        start = seconds(segment.get("start_time"))
        end = seconds(segment.get("end_time"))
        start = before if start is None else start
        speaker = named(
            text(segment.get("speaker_label")) or None, text(segment.get("channel_label")) or None
        )
        windows.append(_Window(start, max(start, start if end is None else end), speaker))
    return windows


class _Strays:
    """Finds the segment of a word by time: the last one that starts no later than the word."""

    def __init__(self, windows: list[_Window]) -> None:
        self._windows = sorted(windows, key=lambda window: window.start)
        self._starts = [window.start for window in self._windows]

    def window_of(self, item: Item) -> _Window:
        return self._windows[max(bisect_right(self._starts, item.start) - 1, 0)]


def _language(results: JSONObject) -> str | None:
    """The file's language; the one spoken longest where it names several."""
    code = text(results.get("language_code"))
    if code:
        return code
    spoken = [
        (seconds(entry.get("duration_in_seconds")) or 0.0, text(entry.get("language_code")))
        for entry in mappings(results.get("language_codes"))
    ]
    identified = [
        (confidence(entry.get("score")) or 0.0, text(entry.get("code")))
        for entry in mappings(results.get("language_identification"))
    ]
    for candidates in (spoken, identified):
        named = [candidate for candidate in candidates if candidate[1]]
        if named:
            return max(named, key=lambda candidate: candidate[0])[1]
    return None
