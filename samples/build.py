"""Builds the sample transcripts from their scripts, in the shape that Amazon Transcribe writes.

A script (`samples/sources/<name>.txt`) is what was said, readable as a play:

    # language: pt-BR          settings of the recording; other lines that start with # are notes
    [spk_0] Bom dia, pessoal.  a speech; it lasts until the next line
    (pausa 3)                  three seconds in which nobody speaks; `(pause 3)` is the same

The builder gives every word a time, a length and a confidence. They come from a generator seeded by the
script, so the same script gives the same file, byte for byte.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
SPEECH = re.compile(r"\[(spk_\d+)\]\s+(.+)")
PAUSE = re.compile(r"\((?:pausa|pause)\s+(\d+)\)")
SETTING = re.compile(r"#\s*(language|job|seed):\s*(\S+)")
WORD = re.compile(r"(.*?)([.,?!:;]*)$")

PAUSE_MS = {",": (120, 260), ":": (200, 380), ";": (200, 380), ".": (380, 720), "?": (420, 800)}
TURN_GAP_MS = (250, 900)
SEGMENT_WORDS = 18
"""A segment of one speaker ends with the first sentence that reaches this many words."""


class ScriptError(ValueError):
    """A script with a line that is none of a setting, a note, a speech or a pause."""


@dataclass(frozen=True, slots=True)
class Line:
    """A speech, or a silence where `speaker` is None."""

    speaker: str | None
    text: str
    silence_seconds: int = 0


@dataclass(frozen=True, slots=True)
class Script:
    """What was said, by whom, in which language."""

    language: str
    job: str
    seed: int
    lines: tuple[Line, ...]

    @property
    def speakers(self) -> int:
        """How many people speak."""
        return len({line.speaker for line in self.lines if line.speaker})


@dataclass(slots=True)
class Recording:
    """The growing contents of a transcript file; times are whole milliseconds."""

    clock_ms: int = 0
    items: list[dict[str, object]] = field(default_factory=list)
    segments: list[dict[str, object]] = field(default_factory=list)
    labels: list[dict[str, object]] = field(default_factory=list)


def read_script(path: Path) -> Script:
    """Read a script.

    Raises:
        ScriptError: A line could not be understood, or a setting is missing.
    """
    settings: dict[str, str] = {}
    lines: list[Line] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if setting := SETTING.fullmatch(line):
            settings[setting[1]] = setting[2]
        elif speech := SPEECH.fullmatch(line):
            lines.append(Line(speech[1], speech[2]))
        elif pause := PAUSE.fullmatch(line):
            lines.append(Line(None, "", int(pause[1])))
        elif line.strip() and not line.startswith("#"):
            raise ScriptError(f"{path.name}:{number}: neither a note, a speech nor a pause: {line[:60]!r}")
    if missing := {"language", "job", "seed"} - settings.keys():
        raise ScriptError(f"{path.name}: no {', '.join(sorted(missing))} among its first lines")
    return Script(settings["language"], settings["job"], int(settings["seed"]), tuple(lines))


def record(script: Script) -> dict[str, object]:
    """Speak the script: the content of the transcript file."""
    chance = random.Random(script.seed)
    recording = Recording(clock_ms=_between(chance, (400, 1200)))
    for line in script.lines:
        if line.speaker is None:
            recording.clock_ms += line.silence_seconds * 1000
            continue
        for sentences in _segments(line.text):
            _speak(recording, line.speaker, sentences, chance)
        recording.clock_ms += _between(chance, TURN_GAP_MS)
    return {
        "jobName": script.job,
        "accountId": "000000000000",
        "status": "COMPLETED",
        "results": {
            "language_code": script.language,
            "transcripts": [{"transcript": " ".join(str(s["transcript"]) for s in recording.segments)}],
            "speaker_labels": {
                "segments": recording.labels,
                "channel_label": "ch_0",
                "speakers": script.speakers,
            },
            "items": recording.items,
            "audio_segments": recording.segments,
        },
    }


def _segments(text: str) -> Iterator[list[str]]:
    words: list[str] = []
    for word in text.split():
        words.append(word)
        if len(words) >= SEGMENT_WORDS and word.endswith((".", "?", "!")):
            yield words
            words = []
    if words:
        yield words


def _speak(recording: Recording, speaker: str, words: list[str], chance: random.Random) -> None:
    first, start_ms, end_ms = len(recording.items), recording.clock_ms, recording.clock_ms
    spoken = ""
    labels: list[dict[str, str]] = []
    for written in words:
        match = WORD.fullmatch(written)
        word, mark = (match[1], match[2][:1].replace("!", ".")) if match else (written, "")
        length_ms = int((110 + 46 * min(len(word), 14)) * (0.8 + 0.4 * chance.random()))
        end_ms = recording.clock_ms + length_ms
        times = {"start_time": _seconds(recording.clock_ms), "end_time": _seconds(end_ms)}
        confidence = f"{1 - 0.15 * chance.random() ** 3:.3f}"
        recording.items.append(
            {
                "id": len(recording.items),
                "type": "pronunciation",
                "alternatives": [{"confidence": confidence, "content": word}],
                **times,
                "speaker_label": speaker,
            }
        )
        labels.append({"speaker_label": speaker, **times})
        recording.clock_ms = end_ms
        spoken = f"{spoken} {word}" if spoken else word
        if mark:
            recording.items.append(
                {
                    "id": len(recording.items),
                    "type": "punctuation",
                    "alternatives": [{"confidence": "0.0", "content": mark}],
                    "speaker_label": speaker,
                }
            )
            recording.clock_ms += _between(chance, PAUSE_MS[mark])
            spoken += mark
    span = {"start_time": _seconds(start_ms), "end_time": _seconds(end_ms), "speaker_label": speaker}
    recording.labels.append({**span, "items": labels})
    recording.segments.append(
        {
            "id": len(recording.segments),
            "transcript": spoken,
            **span,
            "items": list(range(first, len(recording.items))),
        }
    )


def _between(chance: random.Random, bounds: tuple[int, int]) -> int:
    low, high = bounds
    return low + int((high - low) * chance.random())


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds // 1000}.{milliseconds % 1000:03d}"


def main() -> None:
    """Write one transcript for each script."""
    parser = argparse.ArgumentParser(description="Build the sample transcripts from samples/sources/*.txt.")
    parser.add_argument("--output", type=Path, default=HERE, help="folder to write to (default: samples/)")
    folder: Path = parser.parse_args().output
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted((HERE / "sources").glob("*.txt")):
        content = record(read_script(path))
        target = folder / f"{path.stem}.json"
        with target.open("w", encoding="utf-8", newline="\n") as file:
            file.write(json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n")
        print(target)


if __name__ == "__main__":
    main()
