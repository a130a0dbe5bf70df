"""Publishing: all files or none, the manifest last, whatever fails in between."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from techne.errors import LeaseLostError, ObjectNotFoundError, OutputError
from techne.settings import Settings
from techne.storage import (
    Digest,
    ObjectInfo,
    ObjectStore,
    ObjectURI,
    OutputFile,
    StoredObject,
    open_store,
    parse_uri,
    publish,
    read_manifest,
    verify_manifest,
)
from tests.unit.storage.memory import LARGE_BYTES, holding_at_most

FIRST = {
    "document.md": OutputFile(b"# First"),
    "document.docx": OutputFile(b"PK first", "application/x-test"),
}
SECOND = {"document.md": OutputFile(b"# Second"), "notes/more.md": OutputFile(b"more")}

WRITES = {
    "the new files aside": (1, 2),
    "the previous files aside": (3, 4, 5),
    "the new files to their place": (6, 7),
    "the manifest": (8,),
}
"""Which writes put what where when SECOND replaces FIRST."""


class FaultyStore:
    """A store whose n-th write, of whatever kind, fails or is silently cut short, or from which on all do."""

    def __init__(
        self,
        store: ObjectStore,
        *,
        failing_write: int,
        error: BaseException | None,
        recovering: bool = True,
    ) -> None:
        self._store = store
        self._writes_left = failing_write
        self._error = error
        self._recovering = recovering

    def write(self, uri: ObjectURI, data: bytes, content_type: str | None = None) -> None:
        self._disturbed(uri, lambda: self._store.write(uri, data, content_type))

    def upload(self, path: Path, uri: ObjectURI, content_type: str | None = None) -> None:
        self._disturbed(uri, lambda: self._store.upload(path, uri, content_type))

    def copy(self, source: ObjectURI, target: ObjectURI) -> None:
        self._disturbed(target, lambda: self._store.copy(source, target))

    def _disturbed(self, uri: ObjectURI, action: Callable[[], None]) -> None:
        self._writes_left -= 1
        failing = self._writes_left == 0 or (self._writes_left < 0 and not self._recovering)
        if failing and self._error is not None:
            raise self._error
        action()
        if failing:
            self._store.write(uri, self._store.read(uri).data[:-1])

    def read(self, uri: ObjectURI, max_bytes: int | None = None) -> StoredObject:
        return self._store.read(uri, max_bytes)

    def download(
        self, uri: ObjectURI, path: Path, max_bytes: int | None = None, *, size_setting: str = ""
    ) -> ObjectInfo:
        return self._store.download(uri, path, max_bytes, size_setting=size_setting)

    def digest(self, uri: ObjectURI, max_bytes: int | None = None) -> Digest:
        return self._store.digest(uri, max_bytes)

    def stat(self, uri: ObjectURI) -> ObjectInfo:
        return self._store.stat(uri)

    def exists(self, uri: ObjectURI) -> bool:
        return self._store.exists(uri)

    def delete(self, uri: ObjectURI) -> None:
        self._store.delete(uri)

    def delete_folder(self, folder: ObjectURI) -> None:
        self._store.delete_folder(folder)

    def delete_empty_folders(self, folder: ObjectURI) -> None:
        self._store.delete_empty_folders(folder)

    def list(self, folder: ObjectURI) -> tuple[ObjectInfo, ...]:
        return self._store.list(folder)

    def check_writable(self, folder: ObjectURI) -> None:
        self._store.check_writable(folder)


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return open_store(str(tmp_path), Settings())


@pytest.fixture
def destination(tmp_path: Path) -> ObjectURI:
    return parse_uri(f"{tmp_path}/output/run-1", folder=True)


def contents(destination: ObjectURI) -> dict[str, bytes]:
    folder = destination.path
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_published_files_are_listed_with_their_hashes(store: ObjectStore, destination: ObjectURI) -> None:
    when = datetime(2024, 12, 11, tzinfo=UTC)
    outputs = publish(
        FIRST, destination, store=store, attempt=3, details={"engine": "extractive"}, clock=lambda: when
    )
    assert sorted(contents(destination)) == ["document.docx", "document.md", "manifest.json"]
    assert list(destination.path.glob("**/")) == [destination.path]
    assert outputs.uri_of("document.md") == str(destination / "document.md")
    assert outputs.manifest_uri == str(destination / "manifest.json")
    manifest = verify_manifest(destination, store=store)
    assert manifest == outputs.manifest
    assert (manifest.attempt, manifest.created_at, manifest.details) == (3, when, {"engine": "extractive"})
    assert [file.size for file in manifest.files] == [7, 8]
    assert manifest.file("document.docx").content_type == "application/x-test"
    assert manifest.file("document.md").content_type.startswith("text/markdown")


def test_a_second_publication_replaces_the_first_whole(store: ObjectStore, destination: ObjectURI) -> None:
    publish(FIRST, destination, store=store, attempt=1)
    publish(SECOND, destination, store=store, attempt=2)
    assert sorted(contents(destination)) == ["document.md", "manifest.json", "notes/more.md"]
    assert verify_manifest(destination, store=store).attempt == 2


@pytest.mark.parametrize("error", [OutputError("disk full"), KeyboardInterrupt(), None], ids=repr)
@pytest.mark.parametrize("failing_write", [1, 2, 3, 4, 5])
def test_nothing_is_published_by_halves(
    store: ObjectStore, destination: ObjectURI, failing_write: int, error: BaseException | None
) -> None:
    faulty = FaultyStore(store, failing_write=failing_write, error=error)
    with pytest.raises((OutputError, KeyboardInterrupt)):
        publish(FIRST, destination, store=faulty, attempt=1)
    assert contents(destination) == {}
    with pytest.raises(ObjectNotFoundError):
        read_manifest(destination, store=store)


@pytest.mark.parametrize("failing_write", [write for writes in WRITES.values() for write in writes])
def test_a_failure_leaves_what_was_published_before(
    store: ObjectStore, destination: ObjectURI, failing_write: int
) -> None:
    publish(FIRST, destination, store=store, attempt=1)
    before = contents(destination)
    faulty = FaultyStore(store, failing_write=failing_write, error=OutputError("disk full"))
    with pytest.raises(OutputError, match="disk full"):
        publish(SECOND, destination, store=faulty, attempt=2)
    assert contents(destination) == before
    verify_manifest(destination, store=store)


@pytest.mark.parametrize("failing_write", [1, 2, 6, 7, 8])
def test_what_does_not_read_back_is_not_published(
    store: ObjectStore, destination: ObjectURI, failing_write: int
) -> None:
    publish(FIRST, destination, store=store, attempt=1)
    before = contents(destination)
    faulty = FaultyStore(store, failing_write=failing_write, error=None)
    with pytest.raises(OutputError, match="is not what was published"):
        publish(SECOND, destination, store=faulty, attempt=2)
    assert contents(destination) == before


def test_what_cannot_be_put_back_is_kept_aside(
    store: ObjectStore, destination: ObjectURI, caplog: pytest.LogCaptureFixture
) -> None:
    publish(FIRST, destination, store=store, attempt=1)
    before = contents(destination)
    faulty = FaultyStore(store, failing_write=7, error=OutputError("disk full"), recovering=False)
    with pytest.raises(OutputError, match="disk full"):
        publish(SECOND, destination, store=faulty, attempt=2)
    aside = destination / "attempts/2/previous"
    assert contents(aside) == before
    verify_manifest(aside, store=store)
    assert f"could not be put back; copy it from {aside}" in caplog.text
    assert not (destination / "attempts/2/new").path.exists()


def local_files(folder: Path) -> dict[str, OutputFile]:
    (folder / "rows.part").write_bytes(b"task,label\n1,yes\n")
    (folder / "rows.arrow").write_bytes(b"PAR1")
    return {
        "annotations.csv": OutputFile(folder / "rows.part"),
        "annotations.parquet": OutputFile(folder / "rows.arrow"),
        "summary.json": OutputFile(b"{}"),
    }


def test_local_files_are_published_like_contents(
    store: ObjectStore, destination: ObjectURI, tmp_path: Path
) -> None:
    files = local_files(tmp_path)
    published = publish(files, destination, store=store, attempt=1).manifest
    assert verify_manifest(destination, store=store) == published
    assert contents(destination)["annotations.csv"] == b"task,label\n1,yes\n"
    assert published.file("annotations.csv").content_type == "text/csv; charset=utf-8"
    assert published.file("annotations.parquet").content_type == "application/vnd.apache.parquet"
    assert [file.size for file in published.files] == [17, 4, 2]
    assert (tmp_path / "rows.part").exists()


@pytest.mark.parametrize("error", [OutputError("disk full"), None], ids=repr)
@pytest.mark.parametrize("failing_write", range(1, 8))
def test_local_files_are_not_published_by_halves(
    store: ObjectStore, destination: ObjectURI, tmp_path: Path, failing_write: int, error: OutputError | None
) -> None:
    faulty = FaultyStore(store, failing_write=failing_write, error=error)
    with pytest.raises(OutputError):
        publish(local_files(tmp_path), destination, store=faulty, attempt=1)
    assert contents(destination) == {}


def test_a_local_file_that_is_gone_leaves_what_was_published_before(
    store: ObjectStore, destination: ObjectURI, tmp_path: Path
) -> None:
    publish(FIRST, destination, store=store, attempt=1)
    before = contents(destination)
    files = {"document.md": OutputFile(b"# Second"), "a.csv": OutputFile(tmp_path / "gone.part")}
    with pytest.raises(OutputError, match=r"gone\.part can't be read"):
        publish(files, destination, store=store, attempt=2)
    assert contents(destination) == before


def test_large_files_pass_through_little_memory(
    store: ObjectStore, destination: ObjectURI, tmp_path: Path
) -> None:
    with (tmp_path / "rows.part").open("wb") as file:
        file.truncate(LARGE_BYTES)
    files = {"annotations.csv": OutputFile(tmp_path / "rows.part")}
    with holding_at_most(LARGE_BYTES // 16):
        publish(files, destination, store=store, attempt=1)
        with pytest.raises(LeaseLostError):  # with the previous files kept aside
            publish(files, destination, store=store, attempt=2, before_manifest=losing_the_lease_at(2))
        verify_manifest(destination, store=store)


@pytest.mark.parametrize("name", ["../../escaped.md", "manifest.json", "attempts/1/document.md"])
def test_a_previous_manifest_cannot_lead_elsewhere(
    store: ObjectStore, destination: ObjectURI, name: str
) -> None:
    publish(FIRST, destination, store=store, attempt=1)
    manifest = read_manifest(destination, store=store)
    files = tuple(file.model_copy(update={"name": name}) for file in manifest.files)
    altered = manifest.model_copy(update={"files": files})
    store.write(destination / "manifest.json", altered.model_dump_json().encode())
    publish(SECOND, destination, store=store, attempt=2)
    assert verify_manifest(destination, store=store).attempt == 2


def losing_the_lease_at(call: int) -> Callable[[], None]:
    calls = 0

    def check() -> None:
        nonlocal calls
        calls += 1
        if calls == call:
            raise LeaseLostError("Another worker took over.")

    return check


def test_a_worker_without_its_lease_touches_nothing_that_is_published(
    store: ObjectStore, destination: ObjectURI
) -> None:
    publish(FIRST, destination, store=store, attempt=1)
    before = contents(destination)
    with pytest.raises(LeaseLostError):
        publish(SECOND, destination, store=store, attempt=2, before_manifest=losing_the_lease_at(1))
    assert contents(destination) == before


def test_a_worker_that_loses_its_lease_half_way_writes_no_manifest(
    store: ObjectStore, destination: ObjectURI
) -> None:
    with pytest.raises(LeaseLostError):
        publish(FIRST, destination, store=store, attempt=1, before_manifest=losing_the_lease_at(2))
    assert "manifest.json" not in contents(destination)
    assert not any(name.startswith("attempts/") for name in contents(destination))


def test_a_changed_or_missing_file_does_not_verify(store: ObjectStore, destination: ObjectURI) -> None:
    publish(FIRST, destination, store=store, attempt=1)
    (destination / "document.md").path.write_bytes(b"# Furst")
    with pytest.raises(OutputError, match=r"document\.md"):
        verify_manifest(destination, store=store)
    (destination / "document.md").path.write_bytes(b"# First and more")
    with pytest.raises(OutputError, match=r"document\.md"):
        verify_manifest(destination, store=store)
    (destination / "document.md").path.unlink()
    with pytest.raises(OutputError, match=r"document\.md"):
        verify_manifest(destination, store=store)


def test_a_copied_folder_verifies_where_it_is(
    store: ObjectStore, destination: ObjectURI, tmp_path: Path
) -> None:
    publish(FIRST, destination, store=store, attempt=1)
    destination.path.rename(tmp_path / "elsewhere")
    verify_manifest(parse_uri(f"{tmp_path}/elsewhere", folder=True), store=store)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 1}', '{"files": "x"}'])
def test_what_is_no_manifest_is_refused_and_replaced(
    store: ObjectStore, destination: ObjectURI, text: str
) -> None:
    store.write(destination / "manifest.json", text.encode())
    with pytest.raises(OutputError, match="is not a manifest"):
        read_manifest(destination, store=store)
    publish(FIRST, destination, store=store, attempt=1)
    verify_manifest(destination, store=store)


@pytest.mark.parametrize("name", ["manifest.json", "attempts/1/document.md"])
def test_the_stores_own_names_are_refused(store: ObjectStore, destination: ObjectURI, name: str) -> None:
    with pytest.raises(OutputError, match="the store's own"):
        publish({name: OutputFile(b"")}, destination, store=store, attempt=1)


def test_another_attempts_folder_is_left_alone(store: ObjectStore, destination: ObjectURI) -> None:
    store.write(destination / "attempts/2/document.md", b"being written")
    publish(FIRST, destination, store=store, attempt=1)
    assert "attempts/2/document.md" in contents(destination)
