"""WebVTT and SubRip."""

from __future__ import annotations

import pytest

from techne.errors import TranscriptError
from techne.transcripts.reading import read_transcript
from tests.unit.transcripts.transcribe_files import spoken

VTT = """WEBVTT - a talk
Language: pt-BR

NOTE written --> by hand

STYLE
::cue { color: red }

intro
00:01.000 --> 00:02.500 align:start position:0%
<v.loud Ana Lima>Restart <b>nginx</b> &amp; wait for <host></v>

01:00:03.000 --> 01:00:04.000
- and the
second line
"""


def test_webvtt_has_voices_settings_notes_styles_and_entities() -> None:
    transcript = read_transcript(VTT.encode(), source="talk.vtt")
    assert spoken(transcript) == [
        ("Ana Lima", "Restart nginx & wait for <host>"),
        (None, "- and the second line"),
    ]
    first, second = transcript.turns
    assert (first.start_seconds, first.end_seconds, second.start_seconds) == (1.0, 2.5, 3603.0)
    assert (transcript.language, transcript.source_format) == ("pt-BR", "webvtt")


def test_two_voices_in_one_cue_are_two_turns() -> None:
    text = "WEBVTT\n\n00:00.000 --> 00:04.000\n<v Ana>Ping?</v>\n<v Rui>Pong!</v>\n"
    transcript = read_transcript(text.encode(), source="talk.vtt")
    assert spoken(transcript) == [("Ana", "Ping?"), ("Rui", "Pong!")]
    assert transcript.turns[1].start_seconds == 2.0


def test_subrip_is_read_with_windows_line_ends_and_names() -> None:
    text = (
        "\ufeff1\r\n00:00:01,000 --> 00:00:02,000\r\nAna: O <i>servidor</i> caiu.\r\n\r\n"
        "2\r\n00:00:03,5 --> 00:00:04,000\r\nBruno: Reinicia o servidor.\r\n"
    )
    transcript = read_transcript(text.encode(), source="talk.srt")
    assert spoken(transcript) == [("Ana", "O servidor caiu."), ("Bruno", "Reinicia o servidor.")]
    assert (transcript.turns[1].start_seconds, transcript.language) == (3.5, "pt-BR")


def test_an_error_message_is_not_taken_for_a_speaker() -> None:
    cues = ["Error: connection refused.", "It happens at night.", "We restart it."]
    text = "\n\n".join(f"{n}\n00:00:0{n},000 --> 00:00:0{n},900\n{cue}" for n, cue in enumerate(cues, 1))
    transcript = read_transcript(text.encode(), source="talk.srt")
    assert (transcript.turns[0].text, transcript.speakers) == (cues[0], ())


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8-sig", "cp1252"])
def test_subtitles_of_other_encodings_are_read(encoding: str) -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\nNão é o cabo.\n"
    assert read_transcript(text.encode(encoding), source="talk.srt").turns[0].text == "Não é o cabo."


def test_an_arrow_in_what_is_said_is_no_cue_time() -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\nmaps a --> b\n\nand c --> d\n"
    assert [t.text for t in read_transcript(text.encode(), source="x").turns] == ["maps a --> b"]


def test_an_unreadable_cue_time_is_named_by_its_line() -> None:
    with pytest.raises(TranscriptError, match=r"Line 6 of 'talk\.vtt'"):
        read_transcript(b"WEBVTT\n\n00:01.000 --> 00:02.000\nhi\n\n1:2:3:4 --> soon\nho\n", source="talk.vtt")
