"""Publishing: all files or none, the manifest last, whatever fails in between."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from techne.errors import LeaseLostError, ObjectNotFoundError, OutputError
from techne.settings import Settings
from techne.storage import (
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

FIRST = {
    "document.md": OutputFile(b"# First"),
    "document.docx": OutputFile(b"PK first", "application/x-test"),
}
SECOND = {"document.md": OutputFile(b"# Second"), "notes/more.md": OutputFile(b"more")}


class FaultyStore:
    """A store whose n-th write fails, or is silently cut short."""

    def __init__(self, store: ObjectStore, *, failing_write: int, error: BaseException | None) -> None:
        self._store = store
        self._writes_left = failing_write
        self._error = error

    def write(self, uri: ObjectURI, data: bytes, content_type: str | None = None) -> None:
        self._writes_left -= 1
        if self._writes_left != 0:
            self._store.write(uri, data, content_type)
        elif self._error is not None:
            raise self._error
        else:
            self._store.write(uri, data[:-1], content_type)

    def read(self, uri: ObjectURI, max_bytes: int | None = None) -> StoredObject:
        return self._store.read(uri, max_bytes)

    def stat(self, uri: ObjectURI) -> ObjectInfo:
        return self._store.stat(uri)

    def exists(self, uri: ObjectURI) -> bool:
        return self._store.exists(uri)

    def delete(self, uri: ObjectURI) -> None:
        self._store.delete(uri)

    def delete_folder(self, folder: ObjectURI) -> None:
        self._store.delete_folder(folder)

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


@pytest.mark.parametrize("error", [OutputError("disk full"), None], ids=repr)
@pytest.mark.parametrize("failing_write", [1, 2, 3, 4, 5])
def test_a_failure_leaves_what_was_published_before(
    store: ObjectStore, destination: ObjectURI, failing_write: int, error: OutputError | None
) -> None:
    publish(FIRST, destination, store=store, attempt=1)
    before = contents(destination)
    faulty = FaultyStore(store, failing_write=failing_write, error=error)
    with pytest.raises(OutputError):
        publish(SECOND, destination, store=faulty, attempt=2)
    assert contents(destination) == before
    verify_manifest(destination, store=store)


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
