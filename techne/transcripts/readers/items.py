"""The `items` of Amazon Transcribe: words with times, and punctuation that has none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from techne.errors import TranscriptError
from techne.transcripts.readers.recording import (
    JSONObject,
    Word,
    confidence,
    mappings,
    seconds,
    text,
)


@dataclass(slots=True)
class Item:
    """One pronunciation item with the punctuation that follows it, attached."""

    content: str
    start: float
    end: float
    confidence: float | None
    speaker: str | None
    channel: str | None
    key: object
    """The item's own id where it has one, else its position."""

    def word(self, speaker: str | None) -> Word:
        """The item as a word of this speaker."""
        return Word(self.content, self.start, self.end, self.confidence, speaker)


def read_items(raw_items: list[JSONObject], *, source: str) -> list[Item]:
    """Spoken items in the file's order, with punctuation joined to the word before it.

    The list is emptied on the way: an hour of speech is 40,000 objects, and while as many go as come, the
    garbage collector has no reason to look through all of them again.

    A word without times takes them from its neighbours: it starts where the word before it ends. Only a
    file in which no word has a time can't be placed at all.

    Raises:
        TranscriptError: No word has a time.
    """
    items: list[Item] = []
    untimed: list[int] = []
    raw_items.reverse()
    for position in range(len(raw_items)):
        raw = raw_items.pop()
        content, score = _said(raw)
        if not content:
            continue
        kind = raw.get("type")
        start = None if kind == "punctuation" else seconds(raw.get("start_time"))
        if start is None and (
            kind == "punctuation" or (kind != "pronunciation" and not any(map(str.isalnum, content)))
        ):
            if items:
                items[-1].content += content
            continue
        end = seconds(raw.get("end_time"))
        if start is None:
            start = end
        if start is None:
            untimed.append(position)
            start = items[-1].end if items else -1.0
        identity = raw.get("id")
        items.append(
            Item(
                content,
                start,
                start if end is None or end < start else end,
                score,
                text(raw.get("speaker_label")) or None,
                text(raw.get("channel_label")) or None,
                identity if isinstance(identity, (int, str)) else position,
            )
        )
    if items and len(untimed) == len(items):
        raise TranscriptError(
            f"The words of '{source}' have no times; the first is results.items[{untimed[0]}].",
            cure="Give the job's own output file, in which each word has start_time and end_time.",
        )
    _time_the_beginning(items)
    return items


def _time_the_beginning(items: list[Item]) -> None:
    """Words before the first timed one start with it."""
    first = next((item.start for item in items if item.start >= 0), 0.0)
    for item in items:
        if item.start >= 0:
            break
        item.start = item.end = first


def _said(raw: JSONObject) -> tuple[str, float | None]:
    alternatives = raw.get("alternatives")
    if isinstance(alternatives, list) and alternatives and isinstance(alternatives[0], dict):
        best = alternatives[0]
    else:
        best = raw
    return text(best.get("content")).strip(), confidence(best.get("confidence"))


def alternative_items(segments: Iterable[JSONObject]) -> list[JSONObject]:
    """The items of each segment's best alternative, for files whose own list is empty."""
    found: list[JSONObject] = []
    for segment in segments:
        for best in mappings(segment.get("alternatives"))[:1]:
            found.extend(mappings(best.get("items")))
    return found
