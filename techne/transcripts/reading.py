"""A file's bytes into a `Transcript`: decoding, detection by content, and what is refused and why.

Times are tolerated as far as neighbours allow (see `readers.items`); characters that no document can hold
(controls, halves of surrogate pairs) are replaced.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

from techne.errors import EmptyTranscriptError, TranscriptError, TranscriptNotReadyError
from techne.transcripts.language import detect_language
from techne.transcripts.model import Transcript, Turn
from techne.transcripts.readers import JSON_READERS, TEXT_READERS
from techne.transcripts.readers.recording import JSONObject, Recording, Segment, text

logger = logging.getLogger(__name__)

_JOB_KEYS = ("TranscriptionJob", "CallAnalyticsJob", "MedicalTranscriptionJob")
_STATUS_KEYS = ("status", "JobStatus", "TranscriptionJobStatus", "CallAnalyticsJobStatus")
_ACCEPTED = "Give an Amazon Transcribe output file (JSON), a WebVTT file or an SRT file."


def read_transcript(data: bytes, *, source: str) -> Transcript:
    """Read a transcript of any known format.

    Args:
        data: The whole file.
        source: Where it came from, for error messages.

    Raises:
        TranscriptError: Not JSON nor subtitles, or JSON of another kind.
        TranscriptNotReadyError: A job that is not COMPLETED.
        EmptyTranscriptError: Nobody says anything.
    """
    body = _decode(data, source)
    if not body.strip():
        raise EmptyTranscriptError(f"'{source}' is empty.", cure=_ACCEPTED)
    if body.lstrip()[:1] in ("{", "["):
        return transcript_from_json(_parse(body, source), source=source)
    for reader in TEXT_READERS:
        if reader.recognises(body):
            return _transcript(reader.read(body, source), source)
    raise TranscriptError(f"'{source}' is neither JSON nor subtitles.", cure=_ACCEPTED)


def transcript_from_json(document: object, *, source: str) -> Transcript:
    """Read a transcript whose JSON is parsed already, and used up by it; raises as `read_transcript` does."""
    logger.info("Parsing AWS Transcribe JSON output")
    if not isinstance(document, dict):
        kind = "a list" if isinstance(document, list) else "a bare value"
        raise TranscriptError(f"The JSON of '{source}' is {kind}, not a transcript.", cure=_ACCEPTED)
    _check_status(document, source)
    for reader in JSON_READERS:
        if reader.recognises(document):
            return _transcript(reader.read(document, source), source)
    keys = ", ".join(repr(str(key)[:40]) for key in list(document)[:8]) or "none"
    raise TranscriptError(f"The JSON of '{source}' is not a transcript (its keys: {keys}).", cure=_ACCEPTED)


def _decode(data: bytes, source: str) -> str:
    encoding = json.detect_encoding(data)
    try:
        return data.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        if b"-->" in data:  # old subtitle files are rarely Unicode
            return data.decode("cp1252", "replace")
        raise TranscriptError(
            f"'{source}' is not text in {encoding.upper()} (byte {error.start}).", cure=_ACCEPTED
        ) from error


def _parse(body: str, source: str) -> Any:
    try:
        return json.loads(body)
    except RecursionError as error:
        raise TranscriptError(f"The JSON of '{source}' is nested too deeply.", cure=_ACCEPTED) from error
    except json.JSONDecodeError as error:
        raise TranscriptError(
            f"'{source}' is not valid JSON: {error.msg} at line {error.lineno}, column {error.colno}.",
            cure="The file may be cut off; fetch it again.",
        ) from error
    except ValueError as error:  # an integer with more digits than Python converts
        raise TranscriptError(
            f"The JSON of '{source}' holds an unreadable number.", cure=_ACCEPTED
        ) from error


def _check_status(document: JSONObject, source: str) -> None:
    job = next((document[key] for key in _JOB_KEYS if isinstance(document.get(key), dict)), None)
    described = document if job is None else job
    status = next((text(described[key]) for key in _STATUS_KEYS if text(described.get(key))), "")
    if status and status.upper() != "COMPLETED":
        reason = text(described.get("FailureReason")) or text(described.get("failureReason"))
        because = f" ({reason.rstrip('.')})" if reason else ""
        raise TranscriptNotReadyError(
            f"The transcription job of '{source}' is {status}{because}, not COMPLETED.",
            cure="Start the job again."
            if status.upper() == "FAILED"
            else "Wait until it is, then try again.",
        )
    if job is not None:
        uri = next(
            (
                text(place.get("TranscriptFileUri")) or text(place.get("RedactedTranscriptFileUri"))
                for place in [job.get("Transcript")]
                if isinstance(place, dict)
            ),
            "",
        )
        raise TranscriptError(
            f"'{source}' describes a transcription job and is not its transcript.",
            cure=f"Give the file named by TranscriptFileUri{f' ({uri})' if uri else ''}.",
        )


def _transcript(recording: Recording, source: str) -> Transcript:
    turns = tuple(_turns(recording))
    if not turns:
        raise EmptyTranscriptError(
            f"Nobody says anything in '{source}'.",
            cure="Check that the recording has sound and the right language.",
        )
    speakers = tuple(dict.fromkeys(turn.speaker for turn in turns if turn.speaker))
    characters = sum(len(turn.text) for turn in turns)
    logger.info("Parsed: %d chars, %d segments, %d speakers", characters, len(turns), len(speakers))
    return Transcript(
        language=_printable(recording.language or "") or detect_language(turn.text for turn in turns),
        duration_seconds=max(recording.duration or 0.0, max(turn.end_seconds for turn in turns)),
        speakers=speakers,
        turns=turns,
        source_format=recording.source_format,
        word_count=recording.word_count,
    )


def _turns(recording: Recording) -> Iterator[Turn]:
    spoken: list[tuple[Segment, str]] = [
        (segment, said) for segment in recording.segments if (said := _printable(segment.text))
    ]
    spoken.sort(key=lambda pair: pair[0].start)
    for number, (segment, said) in enumerate(spoken, 1):
        yield Turn(
            id=f"t{number:04d}",
            speaker=_printable(segment.speaker or "") or None,
            start_seconds=segment.start,
            end_seconds=max(segment.start, segment.end),
            text=said,
            confidence=segment.confidence,
        )


def _printable(value: str) -> str:
    """The text on one line, with nothing that UTF-8 or XML can't carry."""
    line = " ".join(value.split())
    if line.isprintable():
        return line
    whole = line.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return " ".join(
        "".join(c if c.isprintable() or c.isspace() or c in "\u200c\u200d" else " " for c in whole).split()
    )
