"""Small Transcribe files, built in code for the readers' tests."""

from __future__ import annotations

import json
from typing import Any

from techne.transcripts.model import Transcript
from techne.transcripts.reading import read_transcript

Item = dict[str, Any]


def word(content: str, start: float, **more: Any) -> Item:
    return {
        "type": "pronunciation",
        "alternatives": [{"confidence": "0.9", "content": content}],
        "start_time": f"{start:.2f}",
        "end_time": f"{start + 0.4:.2f}",
        **more,
    }


def mark(content: str) -> Item:
    return {"type": "punctuation", "alternatives": [{"confidence": "0.0", "content": content}]}


def segment(start: float, end: float, **more: Any) -> Item:
    return {"start_time": str(start), "end_time": str(end), **more}


def job(items: list[Item], **results: Any) -> dict[str, Any]:
    text = " ".join(item["alternatives"][0]["content"] for item in items)
    numbered = [{"id": number, **item} for number, item in enumerate(items)]
    return {
        "status": "COMPLETED",
        "results": {"transcripts": [{"transcript": text}], "items": numbered, **results},
    }


def read(document: object) -> Transcript:
    return read_transcript(json.dumps(document).encode(), source="s3://b/t.json")


def spoken(transcript: Transcript) -> list[tuple[str | None, str]]:
    return [(turn.speaker, turn.text) for turn in transcript.turns]
