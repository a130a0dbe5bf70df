"""Files that are no transcript, or not yet: one sentence with the place and the cure."""

from __future__ import annotations

import json
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from techne.errors import EmptyTranscriptError, TechneError, TranscriptError, TranscriptNotReadyError
from techne.transcripts.model import Transcript
from techne.transcripts.reading import read_transcript
from tests.unit.transcripts.transcribe_files import job, read, word


@pytest.mark.parametrize(
    ("data", "kind", "said"),
    [
        (b"", EmptyTranscriptError, "is empty"),
        (b" \n", EmptyTranscriptError, "is empty"),
        (b"\x89PNG\r\n\x1a\n\xff\xfe", TranscriptError, "is not text in UTF-8"),
        (b"Dear all, hello", TranscriptError, "neither JSON nor subtitles"),
        (b'{"results": {"items": [', TranscriptError, "not valid JSON: Expecting value at line 1, column 24"),
        (b'{"name": "techne", "version": 1}', TranscriptError, "(its keys: 'name', 'version')"),
        (b"[1, 2]", TranscriptError, "is a list"),
        (b"{}", TranscriptError, "(its keys: none)"),
        (b"[" * 200_000, TranscriptError, "nested too deeply"),
        (b'{"results": ' + b"9" * 5000 + b"}", TranscriptError, "unreadable number"),
        (b'{"status": "IN_PROGRESS", "results": {}}', TranscriptNotReadyError, "is IN_PROGRESS"),
        (b'{"status": "FAILED", "FailureReason": "No audio."}', TranscriptNotReadyError, "FAILED (No audio)"),
        (b'{"JobStatus": "FAILED"}', TranscriptNotReadyError, "is FAILED"),
        (b'{"TranscriptionJob": {"TranscriptionJobStatus": "QUEUED"}}', TranscriptNotReadyError, "is QUEUED"),
        (
            b'{"TranscriptionJob": {"TranscriptionJobStatus": "COMPLETED",'
            b' "Transcript": {"TranscriptFileUri": "https://a/b.json"}}}',
            TranscriptError,
            "named by TranscriptFileUri (https://a/b.json)",
        ),
        (b'{"results": {"items": [], "transcripts": []}}', EmptyTranscriptError, "Nobody says anything"),
        (b"WEBVTT\n\nNOTE nothing\n", EmptyTranscriptError, "Nobody says anything"),
    ],
)  # fmt: skip
def test_what_is_no_transcript_is_refused_by_name_with_a_cure(
    data: bytes, kind: type[TechneError], said: str
) -> None:
    with pytest.raises(TechneError) as caught:
        read_transcript(data, source="s3://bucket/key.json")
    assert type(caught.value) is kind
    assert said in str(caught.value)
    assert "'s3://bucket/key.json'" in str(caught.value)
    assert caught.value.cure
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_words_that_all_lack_times_are_named_by_the_first() -> None:
    items = [{**word(text, 0), "start_time": None, "end_time": None} for text in ("a", "b")]
    with pytest.raises(TranscriptError, match=r"results\.items\[0\]"):
        read(job(items))


KEYS = (
    "results", "items", "type", "alternatives", "content", "start_time", "end_time", "segments", "id",
    "speaker_labels", "audio_segments", "channel_labels", "channels", "Transcript", "Content", "Items",
    "language_code", "language_codes", "status", "transcripts", "transcript", "speaker_label", "confidence",
)  # fmt: skip
leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
any_json = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=25,
)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(["results", "Transcript"]), any_json, min_size=1))
def test_any_json_is_read_or_refused_with_a_typed_error(document: object) -> None:
    transcript = read_or_none(json.dumps(document).encode())
    if transcript is not None:
        assert transcript.turns
        assert transcript.model_dump_json().encode()


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=80) | st.text(max_size=80).map(lambda text: ("WEBVTT\n\n" + text).encode()))
def test_any_bytes_are_read_or_refused_with_a_typed_error(data: bytes) -> None:
    transcript = read_or_none(data)
    assert transcript is None or transcript.turns


def read_or_none(data: bytes) -> Transcript | None:
    """Refusals are expected; any error that is not ours fails the test."""
    try:
        return read_transcript(data, source="x")
    except TechneError:
        return None
