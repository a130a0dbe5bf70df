"""Amazon Transcribe's output, in every shape (S1-2, S1-14)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.work import lines_run
from tests.unit.transcripts.transcribe_files import Item, job, mark, read, segment, spoken, word

HELLO = [word("Restart", 0), word("nginx", 0.5), mark("."), word("Now", 1), mark("!")]


def test_plain_words_become_a_turn_with_punctuation_attached() -> None:
    transcript = read(job(HELLO, language_code="en-US"))
    (turn,) = transcript.turns
    assert (turn.id, turn.speaker, turn.text) == ("t0001", None, "Restart nginx. Now!")
    assert (turn.start_seconds, turn.end_seconds, turn.confidence) == (0.0, 1.4, 0.9)
    assert (transcript.word_count, transcript.duration_seconds, transcript.speakers) == (3, 1.4, ())
    assert (transcript.language, transcript.source_format) == ("en-US", "transcribe/plain")


def test_plain_words_are_cut_at_pauses_and_at_sentences_of_long_speech() -> None:
    items = [word("One", 0), word("two", 10)]
    items += [word("w", 11 + n) for n in range(25)] + [word("end", 36), mark(".")]
    items += [word("x", 37 + n) for n in range(8)] + [word("stop", 45), mark(".")]
    turns = [turn.text for turn in read(job(items)).turns]
    assert turns[0] == "One"
    assert turns[1].startswith("two") and turns[1].endswith("end.")  # noqa: PT018 - one fact
    assert turns[2].endswith("stop.")
    assert len(turns) == 3


def test_speech_without_pause_or_punctuation_is_no_endless_turn() -> None:
    turns = read(job([word("w", n * 0.5) for n in range(2000)])).turns
    assert max(turn.end_seconds - turn.start_seconds for turn in turns) <= 60
    assert sum(len(turn.text.split()) for turn in turns) == 2000


def test_speakers_that_stand_only_in_segments_are_found() -> None:
    segments = [
        segment(0, 0.9, speaker_label="spk_0", items=[segment(0, 0.4), segment(0.5, 0.9)]),
        segment(1, 1.4, speaker_label="spk_1", items=[segment(1, 1.4)]),
    ]
    transcript = read(job(HELLO, speaker_labels={"speakers": 2, "segments": segments}))
    assert spoken(transcript) == [("spk_0", "Restart nginx."), ("spk_1", "Now!")]
    assert transcript.source_format == "transcribe/speaker-segments"


def test_of_two_who_start_at_once_each_keeps_a_word() -> None:
    items = [word("Yes", 5), word("No", 5)]
    segments = [
        segment(5, 5.4, speaker_label="spk_0", items=[segment(5, 5.4)]),
        segment(5, 5.4, speaker_label="spk_1", items=[segment(5, 5.4)]),
    ]
    transcript = read(job(items, speaker_labels={"segments": segments}))
    assert spoken(transcript) == [("spk_0", "Yes"), ("spk_1", "No")]


def test_a_word_that_no_segment_lists_goes_to_the_segment_of_its_time() -> None:
    segments = [segment(0, 0.9, speaker_label="spk_0"), segment(1, 1.4, speaker_label="spk_1")]
    transcript = read(job(HELLO, speaker_labels={"segments": segments}))
    assert spoken(transcript) == [("spk_0", "Restart nginx."), ("spk_1", "Now!")]


def test_audio_segments_are_the_turns() -> None:
    segments = [
        segment(0, 0.9, speaker_label="spk_0", transcript="Restart nginx.", items=[0, 1, 2]),
        segment(1, 1.5, speaker_label="spk_1", transcript="Now!", items=[3, 4]),
    ]
    transcript = read(job(HELLO, audio_segments=segments))
    assert spoken(transcript) == [("spk_0", "Restart nginx."), ("spk_1", "Now!")]
    assert (transcript.speakers, transcript.word_count) == (("spk_0", "spk_1"), 3)
    assert transcript.turns[1].end_seconds == 1.5


def test_a_word_that_audio_segments_forgot_is_not_lost() -> None:
    segments = [
        segment(0, 0.9, transcript="Restart.", items=[0]),
        segment(1, 1.5, transcript="Now!", items=[3]),
    ]
    assert [turn.text for turn in read(job(HELLO, audio_segments=segments)).turns] == [
        "Restart nginx.",
        "Now!",
    ]


def test_an_audio_segment_without_text_is_told_by_its_words() -> None:
    transcript = read(job(HELLO, audio_segments=[segment(0, 2, items=[0, 1, 2, 3, 4])]))
    assert [turn.text for turn in transcript.turns] == ["Restart nginx. Now!"]


def test_speakers_that_stand_only_on_words_are_found() -> None:
    items = [word("Yes", 0, speaker_label="spk_0"), mark("."), word("No", 0.5, speaker_label="spk_1")]
    assert spoken(read(job(items))) == [("spk_0", "Yes."), ("spk_1", "No")]


def test_people_who_talk_at_once_on_two_channels_keep_their_sentences_whole() -> None:
    items = [word("Stop", 0, channel_label="ch_0"), word("Why", 0.2, channel_label="ch_1")]
    items += [word("now", 0.5, channel_label="ch_0"), word("now", 0.7, channel_label="ch_1")]
    assert spoken(read(job(items))) == [("ch_0", "Stop now"), ("ch_1", "Why now")]


def test_channels_are_interleaved_by_time_and_keep_their_speakers() -> None:
    channels = [
        {"channel_label": "ch_0", "items": [word("Hello", 0), mark("."), word("Fine", 8)]},
        {"channel_label": "ch_1", "items": [word("Hi", 4, speaker_label="spk_0")]},
    ]
    transcript = read(job(HELLO, channel_labels={"number_of_channels": 2, "channels": channels}))
    assert spoken(transcript) == [("ch_0", "Hello."), ("ch_1/spk_0", "Hi"), ("ch_0", "Fine")]
    assert transcript.word_count == 3


def test_a_single_channel_adds_nothing_to_a_speaker_s_name() -> None:
    segments = [segment(0, 1.4, speaker_label="spk_0", items=[segment(0, 0.4)])]
    labels = {"channel_label": "ch_0", "segments": segments}
    assert read(job(HELLO, speaker_labels=labels)).speakers == ("spk_0",)


def test_of_alternatives_the_first_is_read() -> None:
    def alternative(content: str) -> Item:
        said = {"type": "pronunciation", "content": content, "confidence": "1.0", **segment(0, 0.4)}
        return {"transcript": content, "items": [said]}

    segments = [segment(0, 1, alternatives=[alternative("Restart"), alternative("Start")])]
    transcript = read({"results": {"items": [], "segments": segments}})
    assert (spoken(transcript), transcript.word_count) == ([(None, "Restart")], 1)


def test_call_analytics_has_milliseconds_and_participants() -> None:
    items = [
        {"Type": "pronunciation", "Content": "Bom", "Confidence": 1.0},
        {"Type": "pronunciation", "Content": "dia", "Confidence": 0.5},
        {"Type": "punctuation", "Content": ".", "Confidence": 0.0},
    ]
    first = {"ParticipantRole": "AGENT", "BeginOffsetMillis": 1500, "EndOffsetMillis": 2500}
    transcript = read(
        {
            "JobStatus": "COMPLETED",
            "LanguageCode": "pt-BR",
            "ConversationCharacteristics": {"TotalConversationDurationMillis": 9000},
            "Transcript": [{**first, "Content": "Bom dia.", "Items": items}],
        }
    )
    (turn,) = transcript.turns
    assert (turn.speaker, turn.start_seconds, turn.end_seconds, turn.confidence) == ("AGENT", 1.5, 2.5, 0.75)
    assert (transcript.word_count, transcript.language, transcript.duration_seconds) == (2, "pt-BR", 9.0)


@pytest.mark.parametrize(
    ("results", "language"),
    [
        ({"language_code": "es-US"}, "es-US"),
        ({"language_codes": [{"language_code": "en-US", "duration_in_seconds": 3.5},
                             {"language_code": "pt-BR", "duration_in_seconds": 90}]}, "pt-BR"),
        ({"language_identification": [{"code": "en-US", "score": "0.1"},
                                      {"code": "fr-FR", "score": "0.8"}]}, "fr-FR"),
    ],
)  # fmt: skip
def test_the_file_s_own_language_is_kept(results: dict[str, Any], language: str) -> None:
    assert read(job(HELLO, **results)).language == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("não é isso que a gente precisa fazer quando o servidor para", "pt-BR"),
        ("this is what you have to do when the server is down", "en-US"),
    ],
)
def test_a_language_that_the_file_does_not_name_is_heard(text: str, language: str) -> None:
    assert read(job([word(part, n) for n, part in enumerate(text.split())])).language == language


def test_masked_redacted_and_tagged_words_stay_and_removed_ones_leave_no_gap() -> None:
    items = [word("***", 0), word("[PII]", 1), word("", 1.5), word("damn", 2, vocabularyFilterMatch=True)]
    items[1]["alternatives"] = [{"content": "[PII]", "redactions": [{"type": "NAME", "confidence": "0.9"}]}]
    transcript = read(job(items))
    assert (transcript.turns[0].text, transcript.word_count) == ("*** [PII] damn", 3)


def test_numbers_may_be_numbers_and_confidence_may_be_missing_or_absurd() -> None:
    items = [
        {"type": "pronunciation", "alternatives": [{"content": 503}], "start_time": 1, "end_time": 2.5},
        {"type": "pronunciation", "alternatives": [{"content": "x", "confidence": 7}], "start_time": 2.5},
    ]
    (turn,) = read({"results": {"items": items}}).turns
    assert (turn.text, turn.start_seconds, turn.end_seconds, turn.confidence) == ("503 x", 1.0, 2.5, None)


@pytest.mark.parametrize("value", [None, "soon", "NaN", "-1", "1e999", True, [], "9" * 400])
def test_a_word_without_a_usable_time_takes_its_neighbour_s(value: object) -> None:
    items = [word("Hi", 3), {**word("there", 4), "start_time": value, "end_time": value}]
    (turn,) = read(job(items)).turns
    assert (turn.text, turn.start_seconds, turn.end_seconds) == ("Hi there", 3.0, 3.4)


def test_half_a_surrogate_pair_and_controls_are_replaced() -> None:
    text = read(job([word("a\ud800b\x00c", 0)])).turns[0].text
    assert text == "a\ufffdb c"


def test_the_work_of_speaker_mode_is_in_proportion_to_its_length() -> None:
    def work(words: int) -> int:
        items = [word("w", n * 0.5) for n in range(words)]
        segments = [
            segment(
                n * 0.5, n * 0.5 + 0.4, speaker_label=f"spk_{n % 3}", items=[segment(n * 0.5, n * 0.5 + 0.4)]
            )
            for n in range(words)
        ]
        document = job(items, speaker_labels={"segments": segments})
        return lines_run(lambda: read(document))

    assert work(800) < 9 * work(100)


texts = st.lists(st.text("abcçãé", min_size=1, max_size=5), min_size=1, max_size=60)


@settings(max_examples=80, deadline=None)
@given(
    texts,
    st.lists(st.integers(0, 3), min_size=1, max_size=60),
    st.sampled_from(["words", "segments", "audio"]),
)
def test_no_word_is_lost_and_order_is_kept_in_any_shape(said: list[str], who: list[int], shape: str) -> None:
    speakers = [f"spk_{who[n % len(who)]}" for n in range(len(said))]
    items = [word(text, n * 0.7) for n, text in enumerate(said)]
    runs: list[list[int]] = []
    for n, speaker in enumerate(speakers):
        if runs and speakers[runs[-1][0]] == speaker:
            runs[-1].append(n)
        else:
            runs.append([n])
    results: dict[str, Any] = {}
    if shape == "words":
        items = [{**item, "speaker_label": speaker} for item, speaker in zip(items, speakers, strict=True)]
    else:
        segments = [
            segment(
                run[0] * 0.7, run[-1] * 0.7 + 0.4, speaker_label=speakers[run[0]],
                items=run if shape == "audio" else [{"start_time": items[n]["start_time"]} for n in run],
            )
            for run in runs
        ]  # fmt: skip
        results = (
            {"audio_segments": segments} if shape == "audio" else {"speaker_labels": {"segments": segments}}
        )
    transcript = read(job(items, **results))
    assert " ".join(turn.text for turn in transcript.turns).split() == said
    assert [turn.id for turn in transcript.turns] == [
        f"t{n:04d}" for n in range(1, len(transcript.turns) + 1)
    ]
    assert transcript.word_count == len(said)
    if shape != "words":
        assert [turn.speaker for turn in transcript.turns] == [speakers[run[0]] for run in runs]
