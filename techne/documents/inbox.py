"""An inbox of transcripts: which objects of a folder have yet to become documents.

An object's version has an execution id of its own, and the tracking record under that id says whether it is
done, being worked on, to be tried again, or given up. So a version runs once whoever looks and how often, and
an object that is replaced becomes a document anew.

Everything here is asked for and answered in `techne.documents.inbox_request`; making the documents is the
flow's part.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from pydantic import ValidationError

from techne.documents.inbox_request import InboxObject, InboxRequest, Outcome
from techne.documents.request import DocgenRequest
from techne.envelopes import describe_validation
from techne.errors import InputError, ObjectNotFoundError
from techne.settings import Settings
from techne.storage import ObjectInfo, ObjectURI, parse_uri
from techne.tracking import ExecutionRecord, ExecutionStatus, TrackingStore, utc_now
from techne.tracking.model import is_live
from techne.tracking.owner import is_gone

LOOKUPS_AT_ONCE = 8
MOST_LISTED = 500
"""Objects of one outcome that a survey names; the rest it counts."""
MOST_REASON_CHARACTERS = 1000
_NAME_CHARACTERS = 60
_DIGEST_CHARACTERS = 20
"""80 bits: among a billion versions, a collision has odds of one in two million."""


def execution_id_of(info: ObjectInfo) -> str:
    """The execution id of an object's version: its name as far as an id can hold it, and a hash.

    The same for the same URI and version, whoever lists them; it has the form that `DocgenRequest` asks for.
    """
    digest = hashlib.sha256(f"{info.uri}\n{info.version}".encode()).hexdigest()[:_DIGEST_CHARACTERS]
    stem = unicodedata.normalize("NFKD", PurePosixPath(info.uri.key).stem).encode("ascii", "ignore").decode()
    name = re.sub(r"[^A-Za-z0-9]+", "-", stem).strip("-")[:_NAME_CHARACTERS].rstrip("-")
    return f"{name or 'transcript'}-{digest}"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A version that can be made into a document now."""

    info: ObjectInfo
    request: DocgenRequest


@dataclass(frozen=True, slots=True)
class Inbox:
    """A folder of transcripts, and the rules by which they are taken from it. Made by `open_inbox`.

    Args:
        request: What was asked for.
        prefix: The folder.
        output: Where documents go; what lies there is no transcript, even if it lies in the inbox.
        max_bytes: Largest object that is read.
    """

    request: InboxRequest
    prefix: ObjectURI
    output: ObjectURI
    max_bytes: int

    def takes(self, info: ObjectInfo, now: datetime) -> bool:
        """Whether an object is meant at all, by its place, its name and its age."""
        if info.uri.is_within(self.output):
            return False
        days = self.request.max_age_days
        if days is not None and now - info.last_modified > timedelta(days=days):
            return False
        below = info.uri.key[len(self.prefix.key) :].lstrip("/").lower()
        return any(fnmatchcase(below, pattern.lower()) for pattern in self.request.patterns)

    def judge(
        self, info: ObjectInfo, record: ExecutionRecord | None, now: datetime
    ) -> Candidate | InboxObject:
        """What is to be done with an object whose execution has this record, if any; no call is made."""
        if record is not None and record.status is ExecutionStatus.COMPLETED:
            return _finished(info, record)
        if record is not None and is_live(record, now) and not is_gone(record.owner):
            until = f"{record.lease_expires_at:%Y-%m-%d %H:%M:%S} UTC"
            return entry(info, Outcome.WAITING, f"Worked on by {record.owner}, whose lease lasts to {until}.")
        if problem := self._unusable(info):
            return entry(info, Outcome.FAILED, problem)
        if record is not None and record.attempt >= self.request.max_attempts:
            return entry(info, Outcome.FAILED, _given_up(record))
        if record is not None and (again := self._tried_again_at(record)) > now:
            reason = f"Attempt {record.attempt} failed; tried again after {again:%Y-%m-%d %H:%M} UTC."
            return entry(info, Outcome.WAITING, f"{reason} {record.error or ''}".strip())
        ripe = info.last_modified + timedelta(seconds=self.request.min_age_seconds)
        if ripe > now:
            return entry(info, Outcome.WAITING, f"May still be written; taken after {ripe:%H:%M:%S} UTC.")
        return self._candidate(info, record)

    def _unusable(self, info: ObjectInfo) -> str | None:
        """Why an object can't be a transcript, as far as the listing tells."""
        if info.size == 0:
            return "The object is empty."
        if info.size > self.max_bytes:
            return (
                f"It has {info.size:,} bytes, over the limit of {self.max_bytes:,}. Split it, or raise "
                "TECHNE_MAX_TRANSCRIPT_BYTES."
            )
        return None

    def _tried_again_at(self, record: ExecutionRecord) -> datetime:
        """When a failed execution is tried again; one that was killed has waited for its lease."""
        if record.status is not ExecutionStatus.FAILED or record.interrupted:
            return record.updated_at
        minutes = self.request.retry_after_minutes * 2.0 ** (record.attempt - 1)
        return record.updated_at + timedelta(minutes=minutes)

    def _candidate(self, info: ObjectInfo, record: ExecutionRecord | None) -> Candidate | InboxObject:
        fields = self.request.model_dump(include=SHARED_FIELDS)
        fields |= {"transcription_s3_uri": str(info.uri), "execution_id": execution_id_of(info)}
        try:
            request = DocgenRequest.model_validate(fields)
        except ValidationError as error:
            return entry(info, Outcome.FAILED, describe_validation(error, DocgenRequest))
        # An attempt that failed with other options, such as another engine, doesn't stand in these ones' way.
        force = record is not None and record.fingerprint != request.identity()
        return Candidate(info, request.model_copy(update={"force": force}))


SHARED_FIELDS = {"output", "engine", "model", "language", "template", "max_cost_usd"}
"""Options that each document's request takes over as they are."""


def open_inbox(request: InboxRequest, default_output: str, settings: Settings) -> Inbox:
    """Check the folder, and where documents go.

    Raises:
        InputError: There is no such folder, it is not allowed, or documents would go into its midst.
    """
    allowed = settings.techne_allowed_uris
    prefix = parse_uri(request.prefix, allowed_prefixes=allowed, folder=True)
    output = parse_uri(request.output or default_output, allowed_prefixes=allowed, folder=True)
    if prefix == output:
        raise InputError(
            f"{prefix} is both the inbox and the output: documents would be taken for transcripts.",
            cure="Choose another output; a folder of its own below the inbox will do.",
        )
    if prefix.scheme == "file" and not prefix.path.is_dir():
        raise ObjectNotFoundError(f"There is no folder {prefix}.", cure="Check the prefix.")
    return Inbox(request, prefix, output, settings.techne_max_transcript_bytes)


@dataclass(slots=True)
class Survey:
    """What is found in an inbox, batch by batch; it holds what can be started now and little of the rest.

    Args:
        inbox: The inbox.
        tracking: Where executions are looked up; nothing is written there.
        clock: Tells the time.
    """

    inbox: Inbox
    tracking: TrackingStore
    clock: Callable[[], datetime] = utc_now
    ignored: int = 0
    candidates: list[Candidate] = field(default_factory=list)
    counts: Counter[Outcome] = field(default_factory=Counter)
    listed: list[InboxObject] = field(default_factory=list)
    unlisted: int = 0

    def take(self, batch: Sequence[ObjectInfo]) -> None:
        """Judge the next objects of the listing.

        Raises:
            ConfigurationError: Their executions can't be looked up.
        """
        now = self.clock()
        taken = [info for info in batch if self.inbox.takes(info, now)]
        self.ignored += len(batch) - len(taken)
        with ThreadPoolExecutor(LOOKUPS_AT_ONCE) as pool:
            records = list(pool.map(lambda info: self.tracking.get(execution_id_of(info)), taken))
        most = self.inbox.request.max_documents
        for info, record in zip(taken, records, strict=True):
            judged = self.inbox.judge(info, record, now)
            if isinstance(judged, InboxObject):
                self._count(judged)
            elif len(self.candidates) < most:
                self.candidates.append(judged)
            else:
                self._count(entry(info, Outcome.WAITING, f"Left for a later run, after {most} others."))

    def look_again(self, candidate: Candidate) -> Candidate | InboxObject:
        """Judge a candidate as things stand now: another run may have come first."""
        record = self.tracking.get(execution_id_of(candidate.info))
        return self.inbox.judge(candidate.info, record, self.clock())

    def _count(self, judged: InboxObject) -> None:
        self.counts[judged.outcome] += 1
        if self.counts[judged.outcome] <= MOST_LISTED:
            self.listed.append(judged)
        else:
            self.unlisted += 1


def entry(info: ObjectInfo, outcome: Outcome, reason: str, *, tried: bool = False) -> InboxObject:
    """What is to be told of an object that has no document."""
    if len(reason) > MOST_REASON_CHARACTERS:
        reason = f"{reason[: MOST_REASON_CHARACTERS - 1]}…"
    return InboxObject(
        uri=str(info.uri), execution_id=execution_id_of(info), outcome=outcome, reason=reason, tried=tried
    )


def _finished(info: ObjectInfo, record: ExecutionRecord) -> InboxObject:
    result = record.result or {}
    told = entry(info, Outcome.SKIPPED, f"Finished on {record.updated_at:%Y-%m-%d %H:%M} UTC.")
    uris = {name: result.get(name) for name in ("markdown_s3_uri", "docx_s3_uri")}
    return told.model_copy(update={name: uri for name, uri in uris.items() if isinstance(uri, str)})


def _given_up(record: ExecutionRecord) -> str:
    last = record.error or f"The worker {record.owner} went away in stage {record.stage or 'clean'}."
    return (
        f"Given up after attempt {record.attempt}. Replace the object, allow more attempts, or run docgen "
        f"with this execution id. {last}"
    )
