"""Timed cues, which WebVTT and SubRip have in common: a line with an arrow, then lines of text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from techne.errors import TranscriptError
from techne.transcripts.readers.recording import LONGEST_SECONDS

_CLOCK = r"(?:(\d{1,6}):)?(\d{1,2}):(\d{1,2})(?:[.,](\d{1,9}))?"
_TIMING = re.compile(rf"\s*{_CLOCK}\s*-->\s*{_CLOCK}(?:\s|$)")
_LIKE_TIMING = re.compile(r"\d\s*-->|-->\s*\d")
_COMMENT = re.compile(r"(?:NOTE|STYLE|REGION)(?:\s|$)")
_BLANK_LINES = re.compile(r"\n[ \t]*\n")


@dataclass(frozen=True, slots=True)
class Cue:
    """The lines shown between two times, markup included."""

    start: float
    end: float
    lines: tuple[str, ...]


def read_cues(body: str, *, source: str) -> Iterator[Cue]:
    """Cues in the file's order; blocks without a timing line (notes, styles, regions) are passed over.

    Raises:
        TranscriptError: A line with an arrow whose times can't be read; it names the line.
    """
    line_number = 1
    body = body.replace("\r\n", "\n").replace("\r", "\n")
    position = 0
    for gap in [*_BLANK_LINES.finditer(body), None]:
        block = body[position : gap.start() if gap else len(body)]
        yield from _cues_of(block.split("\n"), line_number, source)
        if gap:
            line_number += body.count("\n", position, gap.end())
            position = gap.end()


def _cues_of(lines: list[str], line_number: int, source: str) -> Iterator[Cue]:
    if _COMMENT.match(lines[0]):
        return
    for offset, line in enumerate(lines):
        if not _LIKE_TIMING.search(line):
            continue
        times = _TIMING.match(line)
        start, end = (_seconds(times.groups()[:4]), _seconds(times.groups()[4:])) if times else (-1.0, -1.0)
        if not times or max(start, end) > LONGEST_SECONDS:
            raise TranscriptError(
                f"Line {line_number + offset} of '{source}' is no readable cue time: '{line.strip()[:60]}'.",
                cure="Write it as 00:01:02.500 --> 00:01:05.000.",
            )
        yield Cue(start, max(start, end), tuple(lines[offset + 1 :]))
        return


def _seconds(parts: tuple[str | None, ...]) -> float:
    hours, minutes, whole, fraction = parts
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(whole or 0) + float(f"0.{fraction or 0}")
