"""Words into turns, where a file has no segments of its own.

Each stream of words (a channel, or the whole recording) is cut into sentences of one speaker, the sentences
of all streams are put in order of time, and neighbouring sentences of one speaker join while nothing speaks
against it. So people who talk at once on two channels keep their sentences whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from techne.transcripts.readers.recording import Segment, Word, mean

LONGEST_TURN_SECONDS = 30.0
PAUSE_SECONDS = 2.0
SHORT_PAUSE_SECONDS = 0.5
LONGEST_SENTENCE_SECONDS = 60.0

_SENTENCE_END = (".", "?", "!", "…", "。", "؟")


def turns_from_words(streams: Iterable[Sequence[Word]]) -> list[Segment]:
    """Segments of at most about half a minute (a minute where nobody breathes), in order of start."""
    sentences = [sentence for words in streams for sentence in _sentences(words)]
    sentences.sort(key=lambda sentence: sentence[0].start)
    turns: list[list[Word]] = []
    for sentence in sentences:
        if turns and _continues(turns[-1], sentence):
            turns[-1].extend(sentence)
        else:
            turns.append(list(sentence))
    return [segment_of(turn, turn[0].speaker) for turn in turns]


def segment_of(words: Sequence[Word], speaker: str | None) -> Segment:
    """A segment that says these words."""
    return Segment(
        speaker=speaker,
        start=words[0].start,
        end=max(word.end for word in words),
        text=" ".join(word.text for word in words),
        confidence=mean([word.confidence for word in words if word.confidence is not None]),
    )


def _sentences(words: Iterable[Word]) -> list[list[Word]]:
    sentences: list[list[Word]] = []
    current: list[Word] = []
    for word in words:
        if current and _ends(current, word):
            sentences.append(current)
            current = []
        current.append(word)
    if current:
        sentences.append(current)
    return sentences


def _ends(current: list[Word], following: Word) -> bool:
    last = current[-1]
    pause = following.start - last.end
    length = following.end - current[0].start
    return (
        last.speaker != following.speaker
        or last.text.endswith(_SENTENCE_END)
        or pause >= PAUSE_SECONDS
        or (length > LONGEST_TURN_SECONDS and pause >= SHORT_PAUSE_SECONDS)
        or length > LONGEST_SENTENCE_SECONDS
    )


def _continues(turn: list[Word], sentence: list[Word]) -> bool:
    return (
        turn[-1].speaker == sentence[0].speaker
        and sentence[0].start - turn[-1].end < PAUSE_SECONDS
        and sentence[-1].end - turn[0].start <= LONGEST_TURN_SECONDS
    )
