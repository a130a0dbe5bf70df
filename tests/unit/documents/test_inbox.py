"""Which objects of an inbox are due, by the record of their execution; no flow and no call."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from techne.documents.inbox import (
    MOST_LISTED,
    MOST_REASON_CHARACTERS,
    Candidate,
    Inbox,
    Survey,
    execution_id_of,
    open_inbox,
)
from techne.documents.inbox_request import InboxObject, InboxRequest, Outcome, parse_request
from techne.documents.request import DocgenRequest
from techne.errors import InputError, ObjectNotFoundError, UnsafeURIError
from techne.settings import Settings, get_settings
from techne.storage import ObjectInfo, ObjectURI, parse_uri
from techne.tracking import Acquired, TrackingStore, open_tracking
from techne.tracking.owner import this_owner

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
PREFIX = "s3://recordings/in"


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tracking(clock: Clock) -> TrackingStore:
    return open_tracking(get_settings(), clock=clock)


def inbox(prefix: str = PREFIX, output: str = "s3://documents", **options: object) -> Inbox:
    request = InboxRequest.model_validate({"prefix": prefix, "output": output, **options})
    return open_inbox(request, "output", get_settings())


def stored(key: str, *, size: int = 1000, version: str = "v1", age_days: float = 1) -> ObjectInfo:
    return ObjectInfo(
        uri=ObjectURI("s3", "recordings", f"in/{key}"),
        size=size,
        version=version,
        content_type="application/json",
        last_modified=NOW - timedelta(days=age_days),
    )


def judged(place: Inbox, info: ObjectInfo, tracking: TrackingStore, now: datetime = NOW) -> InboxObject:
    verdict = place.judge(info, tracking.get(execution_id_of(info)), now)
    assert isinstance(verdict, InboxObject), verdict
    return verdict


def candidate(place: Inbox, info: ObjectInfo, tracking: TrackingStore, now: datetime = NOW) -> Candidate:
    verdict = place.judge(info, tracking.get(execution_id_of(info)), now)
    assert isinstance(verdict, Candidate), verdict
    return verdict


def attempt(place: Inbox, info: ObjectInfo, tracking: TrackingStore, owner: str = "far/1@2") -> Acquired:
    fields = place.request.model_dump(include={"output", "engine", "model", "language"})
    request = DocgenRequest(transcription_s3_uri=str(info.uri), **fields)
    taken = tracking.acquire(execution_id_of(info), request.identity(), owner=owner, lease_seconds=120)
    assert isinstance(taken, Acquired)
    return taken


def failed_attempt(
    place: Inbox, info: ObjectInfo, tracking: TrackingStore, error: str = "No answer."
) -> None:
    tracking.fail(attempt(place, info, tracking).lease, error)


keys = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters="/"),
    min_size=1,
    max_size=300,
).filter(lambda key: key not in {".", ".."})


@given(key=keys, version=st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_an_id_has_the_form_that_a_request_asks_for(key: str, version: str) -> None:
    info = stored(key, version=version)
    request = DocgenRequest(transcription_s3_uri="t.json", execution_id=execution_id_of(info))
    assert request.execution_id == execution_id_of(replace(info, size=2, last_modified=NOW))


@given(first=st.tuples(keys, keys), second=st.tuples(keys, keys))
def test_two_versions_never_share_an_id(first: tuple[str, str], second: tuple[str, str]) -> None:
    ids = {execution_id_of(stored(key, version=version)) for key, version in (first, second)}
    assert len(ids) == len({first, second})


def test_an_id_says_which_recording_it_is() -> None:
    assert execution_id_of(stored("2026/Migração do banco.pt-BR.json")).startswith("Migracao-do-banco-pt-BR-")
    assert execution_id_of(stored("録画.json")).startswith("transcript-")


def test_names_that_look_the_same_in_an_id_have_different_ones() -> None:
    assert execution_id_of(stored("a b.json")) != execution_id_of(stored("a_b.json"))
    assert execution_id_of(stored("a/t.json")) != execution_id_of(stored("b/t.json"))


@pytest.mark.parametrize("key", ["a.json", "2026/11/b.VTT", "c.d.srt"])
def test_transcripts_are_known_by_their_names(key: str) -> None:
    assert inbox().takes(stored(key), NOW)


@pytest.mark.parametrize("key", ["a.mp4", "json", "a.json.tmp", ".write_access_check_file.temp"])
def test_other_objects_are_left_alone(key: str) -> None:
    assert not inbox().takes(stored(key), NOW)


def test_a_pattern_may_name_folders() -> None:
    place = inbox(patterns=["2026/*.json"])
    assert place.takes(stored("2026/a.json"), NOW)
    assert not place.takes(stored("2025/a.json"), NOW)


def test_a_folder_may_bear_characters_that_patterns_use() -> None:
    place = inbox("s3://recordings/in[1]", patterns=["*.json"])
    info = replace(stored("x"), uri=ObjectURI("s3", "recordings", "in[1]/a.json"))
    assert place.takes(info, NOW)


def test_documents_below_the_inbox_are_no_transcripts() -> None:
    place = inbox(output=f"{PREFIX}/documents")
    assert not place.takes(stored("documents/a-1f/manifest.json"), NOW)
    assert place.takes(stored("documents-of-others/a.json"), NOW)


def test_a_whole_bucket_can_be_an_inbox() -> None:
    assert inbox("s3://recordings", output="s3://recordings/documents").takes(stored("a.json"), NOW)


def test_documents_can_not_go_into_the_midst_of_an_inbox() -> None:
    with pytest.raises(InputError, match="both the inbox and the output"):
        inbox(output=f"{PREFIX}/")


def test_old_objects_are_ignored_on_demand() -> None:
    place = inbox(max_age_days=7)
    assert place.takes(stored("a.json", age_days=6.9), NOW)
    assert not place.takes(stored("a.json", age_days=7.1), NOW)


def test_a_folder_that_is_not_there_is_no_empty_inbox(tmp_path: Path) -> None:
    with pytest.raises(ObjectNotFoundError, match="no folder"):
        inbox(str(tmp_path / "missing"))
    (tmp_path / "file").touch()
    with pytest.raises(ObjectNotFoundError, match="no folder"):
        inbox(str(tmp_path / "file"))


def test_inbox_and_output_are_in_allowed_places(tmp_path: Path) -> None:
    settings = Settings(techne_allowed_uris=("s3://recordings",))
    for prefix, output in (("s3://others", "s3://recordings/o"), (PREFIX, "s3://others")):
        with pytest.raises(UnsafeURIError, match="allowed"):
            open_inbox(InboxRequest(prefix=prefix, output=output), "output", settings)
    with pytest.raises(UnsafeURIError, match="allowed"):
        open_inbox(InboxRequest(prefix=PREFIX), str(tmp_path), settings)


def test_a_new_version_is_due_with_the_options_of_the_inbox(tracking: TrackingStore) -> None:
    place = inbox(
        engine="ollama", model="qwen2:7b", language="pt-BR", template="s3://b/c.docx", max_cost_usd=2.5
    )
    info = stored("a b.json")
    request = candidate(place, info, tracking).request
    assert request == DocgenRequest(
        transcription_s3_uri="s3://recordings/in/a b.json",
        execution_id=execution_id_of(info),
        output="s3://documents",
        engine="ollama",
        model="qwen2:7b",
        language="pt-BR",
        template="s3://b/c.docx",
        max_cost_usd=2.5,
    )


def test_a_finished_version_is_skipped_and_its_document_named(tracking: TrackingStore) -> None:
    place, info = inbox(), stored("a.json")
    tracking.complete(attempt(place, info, tracking).lease, {"markdown_s3_uri": "s3://documents/a.md"})
    told = judged(place, info, tracking)
    assert (told.outcome, told.markdown_s3_uri, told.docx_s3_uri) == ("skipped", "s3://documents/a.md", None)


def test_a_finished_version_stays_finished_whatever_engine_is_asked_for(tracking: TrackingStore) -> None:
    info = stored("a.json")
    tracking.complete(attempt(inbox(), info, tracking).lease, {})
    assert judged(inbox(engine="extractive"), info, tracking).outcome == "skipped"


def test_a_replaced_object_is_due_anew(tracking: TrackingStore) -> None:
    place, info = inbox(), stored("a.json")
    tracking.complete(attempt(place, info, tracking).lease, {})
    candidate(place, replace(info, version="v2"), tracking)


def test_a_version_that_is_worked_on_is_left_to_its_worker(tracking: TrackingStore) -> None:
    place, info = inbox(), stored("a.json")
    attempt(place, info, tracking)
    told = judged(place, info, tracking, NOW + timedelta(seconds=119))
    assert told.outcome == "waiting"
    assert "far/1@2" in told.reason


def test_a_lapsed_lease_is_taken_over_at_once(tracking: TrackingStore) -> None:
    place, info = inbox(), stored("a.json")
    attempt(place, info, tracking)
    candidate(place, info, tracking, NOW + timedelta(seconds=121))


def test_a_dead_process_of_this_machine_holds_no_lease(tracking: TrackingStore) -> None:
    place, info = inbox(), stored("a.json")
    attempt(place, info, tracking, owner=f"{this_owner().rpartition('@')[0]}@1")
    candidate(place, info, tracking)


def test_a_failed_version_is_tried_again_after_ever_longer_waits(
    tracking: TrackingStore, clock: Clock
) -> None:
    place, info = inbox(retry_after_minutes=60, max_attempts=4), stored("a.json")
    for hours in (1, 2, 4):
        failed_attempt(place, info, tracking)
        told = judged(place, info, tracking, clock.now + timedelta(hours=hours, seconds=-1))
        assert told.outcome == "waiting"
        assert "No answer." in told.reason
        clock.now += timedelta(hours=hours)
        candidate(place, info, tracking, clock.now)


def test_a_version_is_given_up_after_its_last_attempt(tracking: TrackingStore) -> None:
    place, info = inbox(retry_after_minutes=0, max_attempts=2), stored("a.json")
    failed_attempt(place, info, tracking)
    candidate(place, info, tracking)
    failed_attempt(place, info, tracking)
    told = judged(place, info, tracking, NOW + timedelta(days=30))
    assert (told.outcome, told.tried) == ("failed", False)
    assert "Given up after attempt 2" in told.reason
    assert "No answer." in told.reason
    candidate(inbox(retry_after_minutes=0, max_attempts=3), info, tracking)


def test_a_transcript_that_kills_its_worker_is_given_up_too(tracking: TrackingStore, clock: Clock) -> None:
    place, info = inbox(max_attempts=2), stored("a.json")
    for _ in range(2):
        candidate(place, info, tracking, clock.now)
        attempt(place, info, tracking)
        clock.now += timedelta(minutes=3)
    told = judged(place, info, tracking, clock.now)
    assert told.outcome == "failed"
    assert "went away" in told.reason


def test_other_options_than_those_that_failed_do_not_conflict(tracking: TrackingStore) -> None:
    info = stored("a.json")
    failed_attempt(inbox(engine="ollama"), info, tracking)
    again = inbox(engine="extractive", retry_after_minutes=0)
    assert candidate(again, info, tracking).request.force
    assert not candidate(inbox(engine="ollama", retry_after_minutes=0), info, tracking).request.force


@pytest.mark.parametrize(("size", "reason"), [(0, "empty"), (2**40, "over the limit")])
def test_what_can_not_be_a_transcript_is_told_and_never_tried(
    size: int, reason: str, tracking: TrackingStore
) -> None:
    told = judged(inbox(), stored("a.json", size=size), tracking)
    assert (told.outcome, told.tried) == ("failed", False)
    assert reason in told.reason


def test_a_name_that_no_request_can_hold_stops_nothing(tracking: TrackingStore) -> None:
    info = replace(stored("x"), uri=ObjectURI("s3", "recordings", f"in/{'x' * 4090}.json"))
    told = judged(inbox(), info, tracking)
    assert told.outcome == "failed"
    assert "4096" in told.reason


def test_a_file_that_may_still_be_written_waits(tracking: TrackingStore) -> None:
    place, info = inbox(min_age_seconds=60), stored("a.json", age_days=0)
    assert judged(place, info, tracking, NOW + timedelta(seconds=59)).outcome == "waiting"
    candidate(place, info, tracking, NOW + timedelta(seconds=60))


def test_a_reason_is_of_bounded_length(tracking: TrackingStore) -> None:
    place, info = inbox(), stored("a.json")
    failed_attempt(place, info, tracking, error="x" * 4000)
    assert len(judged(place, info, tracking).reason) == MOST_REASON_CHARACTERS


def test_a_survey_holds_as_many_candidates_as_a_run_takes(tracking: TrackingStore, clock: Clock) -> None:
    survey = Survey(inbox(max_documents=3), tracking, clock)
    survey.take([stored(f"{number}.json") for number in range(4)])
    survey.take([stored("4.json"), stored("video.mp4")])
    assert [one.info.uri.name for one in survey.candidates] == ["0.json", "1.json", "2.json"]
    assert (survey.counts[Outcome.WAITING], survey.ignored) == (2, 1)
    assert {told.uri for told in survey.listed} == {f"{PREFIX}/3.json", f"{PREFIX}/4.json"}


def test_a_survey_counts_what_it_does_not_name(tracking: TrackingStore, clock: Clock) -> None:
    survey = Survey(inbox(), tracking, clock)
    survey.take([stored(f"{number}.json", size=0) for number in range(MOST_LISTED + 3)])
    assert survey.counts[Outcome.FAILED] == MOST_LISTED + 3
    assert (len(survey.listed), survey.unlisted) == (MOST_LISTED, 3)


def test_a_candidate_is_judged_anew_before_it_is_started(tracking: TrackingStore, clock: Clock) -> None:
    place, info = inbox(), stored("a.json")
    survey = Survey(place, tracking, clock)
    survey.take([info])
    (due,) = survey.candidates
    assert survey.look_again(due) == due
    tracking.complete(attempt(place, info, tracking).lease, {})
    again = survey.look_again(due)
    assert isinstance(again, InboxObject)
    assert again.outcome == "skipped"


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ([], "not a JSON object"),
        ({}, "prefix"),
        ({"prefix": "x", "max_parallel": 0}, "max_parallel"),
        ({"prefix": "x", "model": "m"}, "needs its engine"),
        ({"prefix": "x", "folder": "y"}, "folder"),
        ({"prefix": "x", "patterns": []}, "patterns"),
    ],
)
def test_a_wrong_event_is_told_by_its_field(event: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_request(event)


def test_shared_options_read_as_those_of_one_document() -> None:
    for name in ("engine", "model", "language"):
        ours, theirs = InboxRequest.model_fields[name], DocgenRequest.model_fields[name]
        assert (ours.title, ours.description) == (theirs.title, theirs.description)


def test_a_local_inbox_is_canonical(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    place = inbox(f"{tmp_path}/./in/", output=str(tmp_path / "out"))
    assert place.prefix == parse_uri(str(tmp_path / "in"), folder=True)
