"""Invented recordings: the same for the same seed, as long as asked, and readable."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from techne.transcripts.reading import read_transcript
from techne.transcripts.synthetic import WORDS_PER_MINUTE, main, synthetic_recording
from techne.transcripts.synthetic_speech import Language

LANGUAGES: tuple[Language, ...] = ("pt-BR", "en-US")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_seed_gives_one_recording(language: Language) -> None:
    one, same, other = (synthetic_recording(0.1, seed=seed, language=language) for seed in (1, 1, 2))
    assert one == same
    assert one["results"] != other["results"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("hours", [1 / 60, 0.5, 2])
def test_a_recording_is_read_as_long_as_it_was_asked_for(hours: float, language: Language) -> None:
    recording = synthetic_recording(hours, seed=5, language=language, speakers=4)
    read = read_transcript(json.dumps(recording).encode(), source="synthetic.json")

    assert read.language == language
    assert read.duration_seconds == pytest.approx(hours * 3600, abs=25)
    assert read.word_count == pytest.approx(hours * 60 * WORDS_PER_MINUTE, rel=0.1, abs=60)
    assert set(read.speakers) <= {"spk_0", "spk_1", "spk_2", "spk_3"}
    assert " ".join(turn.text for turn in read.turns) == recording["results"]["transcripts"][0]["transcript"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_segments_and_labels_agree(language: Language) -> None:
    results = synthetic_recording(0.3, seed=2, language=language)["results"]
    items = {item["id"]: item for item in results["items"]}

    for segment, label in zip(results["audio_segments"], results["speaker_labels"]["segments"], strict=True):
        own = [items.pop(number) for number in segment["items"]]
        words = [item["alternatives"][0]["content"] for item in own if item["type"] == "pronunciation"]
        assert words == [word.rstrip(",.?!") for word in segment["transcript"].split()]
        timed = [item for item in own if "start_time" in item]
        assert [item["start_time"] for item in timed] == [item["start_time"] for item in label["items"]]
        assert float(segment["start_time"]) <= float(timed[0]["start_time"])
        assert float(timed[-1]["end_time"]) <= float(segment["end_time"])
        assert {item["speaker_label"] for item in own} == {label["speaker_label"]}
    assert not items


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_are_whole_and_varied(language: Language) -> None:
    transcript = synthetic_recording(1, seed=1, language=language)["results"]["transcripts"][0]["transcript"]
    assert not [trace for trace in ("{", "}", " de o ", " em a ", "  ") if trace in transcript]
    sentences = [sentence for sentence in transcript.replace("?", ".").split(".") if sentence.strip()]
    assert len(set(sentences)) > 0.5 * len(sentences)


@pytest.mark.parametrize(("hours", "speakers"), [(0, 3), (25, 3), (float("nan"), 3), (1, 0), (1, 31)])
def test_arguments_out_of_bounds_are_refused(hours: float, speakers: int) -> None:
    with pytest.raises(ValueError, match="give"):
        synthetic_recording(hours, seed=1, language="pt-BR", speakers=speakers)


def test_one_speaker_talks_alone() -> None:
    results = synthetic_recording(0.2, seed=1, language="en-US", speakers=1)["results"]
    assert {segment["speaker_label"] for segment in results["audio_segments"]} == {"spk_0"}


def test_the_command_writes_a_file(tmp_path: Path) -> None:
    output = tmp_path / "recording.json"
    assert main(["--hours", "0.1", "--seed", "7", "--language", "en-US", str(output)]) == 0
    assert json.loads(output.read_text("utf-8")) == synthetic_recording(0.1, seed=7, language="en-US")


def test_the_command_refuses_what_it_cannot_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--hours", "100", str(tmp_path / "recording.json")])
    assert stopped.value.code == 2
    assert "hours is 100" in capsys.readouterr().err
