"""Invented recordings of any length in Amazon Transcribe's shape, for benchmarks and load tests.

`python -m techne.transcripts.synthetic --hours 3 --seed 1 --language pt-BR out.json`
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

from techne.transcripts.synthetic_speech import SPEECH, Language, Speech

WORDS_PER_MINUTE = 155

_SECONDS_PER_WORD = 60 / WORDS_PER_MINUTE
_FAREWELL_SECONDS = 10.0
_LEAST_HOURS = 1 / 60
_MOST_HOURS = 24.0
_MOST_SPEAKERS = 30
_TOPICS_BEFORE_BREAK = 8
_GAP = re.compile(r"\{(\w+)\}")
_MARKS = ",.?!"

_Remark = tuple[int, float, str]
"""Speaker, seconds of silence before, and what is said."""


def synthetic_recording(hours: float, *, seed: int, language: Language, speakers: int = 3) -> dict[str, Any]:
    """An invented training session as Amazon Transcribe's output; the same arguments give the same one.

    A trainer goes from topic to topic with problems, checks, commands, settings and rules; the others ask,
    chat and greet. About 155 words a minute are spoken.

    Args:
        hours: Length, from a minute to 24 hours.
        seed: Of the choice of words and times.
        language: Of the words.
        speakers: How many, the trainer included: 1 to 30, as many as Transcribe tells apart.

    Raises:
        ValueError: An argument is out of bounds.
    """
    if not _LEAST_HOURS <= hours <= _MOST_HOURS:
        raise ValueError(f"hours is {hours}: give {_LEAST_HOURS:.3f} (a minute) to {_MOST_HOURS:.0f}.")
    if not 1 <= speakers <= _MOST_SPEAKERS:
        raise ValueError(f"speakers is {speakers}: give 1 to {_MOST_SPEAKERS}.")
    if language not in SPEECH:
        raise ValueError(f"language is {language!r}: give one of {', '.join(SPEECH)}.")
    rng = Random(f"{seed} {language} {speakers}")  # noqa: S311 - words, not secrets
    session = _Session(rng, SPEECH[language], speakers)
    recorder = _Recorder(rng)
    for remark in session.remarks():
        if recorder.clock >= hours * 3600 - _FAREWELL_SECONDS:
            break
        recorder.say(*remark)
    for remark in session.farewell():
        recorder.say(*remark)
    return recorder.document(f"synthetic-{language}-{seed}", language)


class _Session:
    """Who says what, without end."""

    def __init__(self, rng: Random, speech: Speech, speakers: int) -> None:
        self._rng = rng
        self._speech = speech
        self._speakers = speakers
        self._topic_gaps: Mapping[str, Sequence[str]] = speech.gaps

    def remarks(self) -> Iterator[_Remark]:
        for _ in range(4):
            yield self._anyone(), self._silence(), self._said(self._speech.greetings)
            yield self._anyone(), self._silence(), self._said(self._speech.chat)
        while True:
            for _ in range(_TOPICS_BEFORE_BREAK):
                yield from self._topic()
            for words in self._speech.breaks:
                yield 0, self._rng.uniform(2, 30), words

    def farewell(self) -> Iterator[_Remark]:
        for words in self._speech.farewells:
            yield 0, self._silence(), words

    def _topic(self) -> Iterator[_Remark]:
        rng, speech = self._rng, self._speech
        self._topic_gaps = {gap: rng.sample(words, 4) for gap, words in speech.gaps.items()}
        yield 0, rng.uniform(1.5, 4), self._said(speech.openings, speech.concepts)
        for _ in range(rng.randint(4, 9)):
            yield 0, self._silence(), self._said(speech.problems, speech.concepts)
            yield 0, self._silence(), self._said(speech.checks, speech.checks)
            yield 0, self._silence(), self._said(speech.solutions, speech.rules)
            if rng.random() < 0.6:
                yield self._listener(), self._silence(), self._said(speech.questions)
                yield 0, self._silence(), self._said(speech.answers)
            if rng.random() < 0.1:
                yield self._listener(), self._silence(), self._said(speech.chat)

    def _said(self, *kinds: Sequence[str]) -> str:
        return " ".join(self._filled(self._rng.choice(sentences)) for sentences in kinds)

    def _filled(self, sentence: str) -> str:
        filled = _GAP.sub(lambda gap: self._rng.choice(self._topic_gaps[gap[1]]), sentence)
        for apart, contracted in self._speech.contractions.items():
            filled = filled.replace(apart, contracted)
        return filled[0].upper() + filled[1:]

    def _silence(self) -> float:
        return self._rng.uniform(0.1, 0.9)

    def _anyone(self) -> int:
        return self._rng.randrange(self._speakers)

    def _listener(self) -> int:
        return self._rng.randrange(1, self._speakers) if self._speakers > 1 else 0


class _Recorder:
    """Writes what is said as Transcribe does: words with times, punctuation without, segments of both."""

    def __init__(self, rng: Random) -> None:
        self.clock = 0.0
        self._rng = rng
        self._items: list[dict[str, Any]] = []
        self._segments: list[dict[str, Any]] = []

    def say(self, speaker: int, silence: float, text: str) -> None:
        label, words, first = f"spk_{speaker}", text.split(), len(self._items)
        self.clock += silence
        start = self.clock
        # Words make up for silence, so that the pace is kept.
        seconds = max(_SECONDS_PER_WORD - silence / len(words), _SECONDS_PER_WORD / 2)
        for word in words:
            self._say_word(word, label, seconds * self._rng.uniform(0.6, 1.4))
        self._segments.append(
            {
                "id": len(self._segments),
                "transcript": text,
                "start_time": f"{start:.3f}",
                "end_time": f"{self.clock:.3f}",
                "speaker_label": label,
                "items": list(range(first, len(self._items))),
            }
        )

    def _say_word(self, word: str, label: str, seconds: float) -> None:
        content = word.rstrip(_MARKS)
        self._items.append(
            {
                "id": len(self._items),
                "type": "pronunciation",
                "alternatives": [{"confidence": f"{self._rng.uniform(0.85, 1):.3f}", "content": content}],
                "start_time": f"{self.clock:.3f}",
                "end_time": f"{self.clock + seconds:.3f}",
                "speaker_label": label,
            }
        )
        self.clock += seconds
        if mark := word[len(content) :]:
            self._items.append(
                {
                    "id": len(self._items),
                    "type": "punctuation",
                    "alternatives": [{"confidence": "0.0", "content": mark}],
                    "speaker_label": label,
                }
            )

    def document(self, name: str, language: str) -> dict[str, Any]:
        return {
            "jobName": name,
            "accountId": "000000000000",
            "status": "COMPLETED",
            "results": {
                "language_code": language,
                "transcripts": [{"transcript": " ".join(one["transcript"] for one in self._segments)}],
                "speaker_labels": {
                    "segments": [self._labels(segment) for segment in self._segments],
                    "channel_label": "ch_0",
                    "speakers": len({segment["speaker_label"] for segment in self._segments}),
                },
                "items": self._items,
                "audio_segments": self._segments,
            },
        }

    def _labels(self, segment: dict[str, Any]) -> dict[str, Any]:
        keys = ("start_time", "end_time", "speaker_label")
        items = (self._items[number] for number in segment["items"])
        return {key: segment[key] for key in keys} | {
            "items": [{key: item[key] for key in keys} for item in items if "start_time" in item]
        }


def main(arguments: Sequence[str] | None = None) -> int:
    """Write one recording to a file."""
    parser = argparse.ArgumentParser(
        prog="python -m techne.transcripts.synthetic",
        description="Write an invented training session as Amazon Transcribe's JSON.",
        epilog="Example: --hours 3 --seed 1 --language pt-BR recording.json (about 8 MB). "
        "The same options always give the same file.",
    )
    parser.add_argument("output", type=Path, help="file to write; its folder must exist")
    parser.add_argument("--hours", type=float, default=1.0, help="length, up to 24 (default: 1)")
    parser.add_argument("--seed", type=int, default=1, help="another gives another recording (default: 1)")
    parser.add_argument("--language", choices=[*SPEECH], default="pt-BR", help="default: pt-BR")
    parser.add_argument("--speakers", type=int, default=3, help="1 to 30, trainer included (default: 3)")
    options = parser.parse_args(arguments)
    try:
        document = synthetic_recording(
            options.hours, seed=options.seed, language=options.language, speakers=options.speakers
        )
        options.output.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    except (ValueError, OSError) as error:
        parser.error(str(error))
    return 0


if __name__ == "__main__":
    sys.exit(main())
