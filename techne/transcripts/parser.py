"""Reading and chunking behind one object, for callers that hold parsed JSON rather than a file (S1-14)."""

from __future__ import annotations

import json
from typing import Any

from techne.transcripts.chunking import chunk_transcript
from techne.transcripts.model import Chunk, Transcript
from techne.transcripts.reading import read_transcript

_SOURCE = "the given transcript"


class TranscriptionParser:
    """Reads transcripts and cuts them into chunks.

    Args:
        max_tokens_per_chunk: Most tokens of a chunk.
    """

    def __init__(self, max_tokens_per_chunk: int = 100_000) -> None:
        self.max_tokens_per_chunk = max_tokens_per_chunk

    def parse_transcribe_json(self, json_data: dict[str, Any] | str | bytes) -> Transcript:
        """Read Amazon Transcribe's output, given as parsed JSON or as its text (S1-15).

        Raises:
            TranscriptError: Not a transcript, or a damaged one.
            TranscriptNotReadyError: The transcription job has not completed.
            EmptyTranscriptError: Nobody says anything in it.
        """
        if isinstance(json_data, dict):
            json_data = json.dumps(json_data)
        data = json_data.encode() if isinstance(json_data, str) else json_data
        return read_transcript(data, source=_SOURCE)

    def chunk_transcription(self, parsed: Transcript) -> list[Chunk]:
        """The chunks of a transcript, in order (S1-15)."""
        return list(chunk_transcript(parsed, max_tokens=self.max_tokens_per_chunk))
