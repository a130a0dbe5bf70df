"""The sample transcripts: what their scripts give, and shaped as Amazon Transcribe writes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
NAMES = sorted(path.stem for path in (SAMPLES / "sources").glob("*.txt"))


@pytest.fixture(params=NAMES)
def results(request: pytest.FixtureRequest) -> dict[str, Any]:
    content = json.loads((SAMPLES / f"{request.param}.json").read_text(encoding="utf-8"))
    assert content["status"] == "COMPLETED"
    found: dict[str, Any] = content["results"]
    return found


def test_the_builder_gives_the_files_that_are_here(tmp_path: Path) -> None:
    subprocess.run([sys.executable, SAMPLES / "build.py", "--output", tmp_path], check=True)
    assert sorted(path.stem for path in tmp_path.iterdir()) == NAMES
    for name in NAMES:
        assert (tmp_path / f"{name}.json").read_bytes() == (SAMPLES / f"{name}.json").read_bytes()


def test_time_only_moves_on(results: dict[str, Any]) -> None:
    words = [item for item in results["items"] if item["type"] == "pronunciation"]
    bounds = [float(item[key]) for item in words for key in ("start_time", "end_time")]
    assert bounds == sorted(bounds)
    assert all(0.85 <= float(item["alternatives"][0]["confidence"]) <= 1 for item in words)
    assert 130 <= len(words) / bounds[-1] * 60 <= 160


def test_segments_cover_every_item_once_and_in_order(results: dict[str, Any]) -> None:
    segments = results["audio_segments"]
    assert [number for segment in segments for number in segment["items"]] == [
        item["id"] for item in results["items"]
    ]
    for segment, label in zip(segments, results["speaker_labels"]["segments"], strict=True):
        items = results["items"][segment["items"][0] : segment["items"][-1] + 1]
        assert {item["speaker_label"] for item in items} == {segment["speaker_label"]}
        words = [item for item in items if item["type"] == "pronunciation"]
        assert segment["start_time"] == words[0]["start_time"] == label["start_time"]
        assert segment["end_time"] == words[-1]["end_time"] == label["end_time"]
        assert len(label["items"]) == len(words)


def test_the_full_text_is_the_segments_and_the_segments_are_their_items(results: dict[str, Any]) -> None:
    assert results["transcripts"][0]["transcript"] == " ".join(
        segment["transcript"] for segment in results["audio_segments"]
    )
    spoken = ""
    for item in results["items"]:
        gap = "" if item["type"] == "punctuation" or not spoken else " "
        spoken += gap + item["alternatives"][0]["content"]
    assert spoken == results["transcripts"][0]["transcript"]


def test_the_portuguese_training_lasts_over_fifteen_minutes_and_has_three_speakers() -> None:
    content = json.loads((SAMPLES / "treinamento-pagamentos.pt-BR.json").read_text(encoding="utf-8"))[
        "results"
    ]
    assert float(content["audio_segments"][-1]["end_time"]) > 15 * 60
    assert content["speaker_labels"]["speakers"] == 3
    assert content["language_code"] == "pt-BR"
