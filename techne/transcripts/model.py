"""What a recording's transcript is, whatever file it came from.

Readers produce it, cleaning and chunking transform it; nothing here knows a file format.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Frozen(BaseModel):
    """A value that crosses a boundary: immutable, closed, and JSON all the way."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Turn(Frozen):
    """What one speaker says before the next one speaks, or before a segment of the file ends."""

    id: str = Field(description="Stable id, `t0001` onwards, in order of start.", pattern=r"^t\d{4,}$")
    speaker: str | None = Field(
        None, description="The file's own label, such as `spk_0`; None if it has none."
    )
    start_seconds: float = Field(ge=0, description="Seconds from the start of the recording.")
    end_seconds: float = Field(ge=0)
    text: str
    confidence: float | None = Field(None, ge=0, le=1, description="Mean over the words that carry one.")

    def seconds_at(self, offset: int) -> float:
        """The time of the character at `offset` of the text, interpolated within the turn."""
        share = min(max(offset, 0) / max(len(self.text), 1), 1.0)
        return self.start_seconds + share * (self.end_seconds - self.start_seconds)


class Transcript(Frozen):
    """A recording as turns, in order of time."""

    language: str = Field(
        description="BCP 47 tag such as `pt-BR`; detected from the words where the file is silent."
    )
    duration_seconds: float = Field(ge=0)
    speakers: tuple[str, ...] = Field(description="Labels in order of first speech.")
    turns: tuple[Turn, ...]
    source_format: str = Field(
        description="Reader that read it, such as `transcribe/audio-segments` or `webvtt`."
    )
    word_count: int = Field(ge=0, description="Spoken words, punctuation apart.")


class DropReason(StrEnum):
    """Why cleaning took something out."""

    FILLER = "filler"
    GREETING = "greeting"
    AUDIO_CHECK = "audio_check"
    SMALL_TALK = "small_talk"
    BREAK = "break"
    EMPTY = "empty"


class DroppedSpeech(Frozen):
    """A turn, or sentences of a turn, that cleaning kept out of the document."""

    turn_id: str
    start_seconds: float
    speaker: str | None = None
    text: str = Field(description="What was dropped, verbatim.")
    reason: DropReason
    whole_turn: bool


class CleanTranscript(Frozen):
    """Stage 1's output: the turns worth reading, and what was kept out with the reason.

    A turn keeps its id, times and speaker; its text may have lost fillers and sentences of small talk.
    """

    transcript: Transcript
    dropped: tuple[DroppedSpeech, ...]


class Chunk(Frozen):
    """Consecutive turns that fit one model call.

    Every turn is in `turns` of exactly one chunk. A turn that is larger than a whole chunk is split at
    sentences: its parts share the turn's id and lie in neighbouring chunks.
    """

    index: int = Field(ge=0)
    total: int = Field(ge=1)
    context: tuple[Turn, ...] = Field(
        description="Whole turns before the chunk, to read but not to extract from."
    )
    turns: tuple[Turn, ...]
    tokens: int = Field(ge=0, description="Estimated tokens of context and turns as rendered.")
