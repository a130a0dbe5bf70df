"""Real files agree with their own counts; their folder is named by TECHNE_EXTERNAL_DATA."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from techne.transcripts.reading import read_transcript

FOLDER = os.environ.get("TECHNE_EXTERNAL_DATA", "")


@pytest.mark.external
@pytest.mark.skipif(not FOLDER, reason="TECHNE_EXTERNAL_DATA names no folder of real files")
@pytest.mark.parametrize(
    "name",
    [
        "01_en_plain_no_speakers",
        "03_en_speaker_labels_old",
        "04_en_speaker_alternatives",
        "08_en_new_audio_segments_5spk",
        "09_en_call_analytics",
    ],
)
def test_a_real_file_agrees_with_its_own_counts(name: str) -> None:
    data = (Path(FOLDER) / "transcribe" / f"{name}.json").read_bytes()
    document = json.loads(data)
    transcript = read_transcript(data, source=name)
    if "results" in document:
        results = document["results"]
        words = sum(item["type"] == "pronunciation" for item in results["items"])
        said = results["transcripts"][0]["transcript"]
        labels = results.get("speaker_labels", {"speakers": 0, "segments": []})
        speakers, turns = labels["speakers"], len(results.get("audio_segments", labels["segments"]))
    else:
        parts = document["Transcript"]
        words = sum(item["Type"] == "pronunciation" for part in parts for item in part["Items"])
        said = " ".join(part["Content"] for part in parts)
        speakers, turns = len(document["Participants"]), len(parts)
    assert transcript.word_count == words
    assert sorted(" ".join(turn.text for turn in transcript.turns).split()) == sorted(said.split())
    assert len(transcript.speakers) == speakers
    if turns:
        assert len(transcript.turns) == turns
    else:
        assert max(turn.end_seconds - turn.start_seconds for turn in transcript.turns) <= 60
