"""Local files as objects: read within the limit, written whole, every failure named."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from techne.errors import (
    AccessDeniedError,
    ObjectNotFoundError,
    ObjectTooLargeError,
    OutputError,
    UnsafeURIError,
)
from techne.settings import Settings
from techne.storage import ObjectStore, open_store, parse_uri

NOBODY = 65534


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return open_store(str(tmp_path), Settings())


@pytest.fixture
def guarded_folder() -> Iterator[Path]:
    """A folder that the test's user may enter but not write, with a file that it may not read."""
    folder = Path(tempfile.mkdtemp())
    try:
        (folder / "secret.json").write_text("{}")
        (folder / "secret.json").chmod(0o000)
        folder.chmod(0o555)
        if os.geteuid() == 0:  # permissions bind everyone but root
            os.seteuid(NOBODY)
        yield folder
    finally:
        if os.getuid() == 0:
            os.seteuid(0)
        folder.chmod(0o755)
        shutil.rmtree(folder)


def test_what_is_written_reads_back(tmp_path: Path, store: ObjectStore) -> None:
    uri = parse_uri(f"{tmp_path}/new/folder/document.md")
    store.write(uri, b"# one")
    store.write(uri, b"# two")
    found = store.read(uri)
    assert found.data == b"# two"
    assert found.info == store.stat(uri)
    assert found.info.size == 5
    assert found.info.content_type.startswith("text/markdown")
    assert [path.name for path in uri.path.parent.iterdir()] == ["document.md"]


def test_a_change_of_content_changes_the_version(tmp_path: Path, store: ObjectStore) -> None:
    uri = parse_uri(f"{tmp_path}/a")
    store.write(uri, b"1")
    before = store.stat(uri).version
    store.write(uri, b"22")
    assert store.stat(uri).version != before


def test_a_written_file_is_as_readable_as_any(tmp_path: Path, store: ObjectStore) -> None:
    (tmp_path / "plain").touch()
    store.write(parse_uri(f"{tmp_path}/ours"), b"")
    assert stat.S_IMODE((tmp_path / "ours").stat().st_mode) == stat.S_IMODE(
        (tmp_path / "plain").stat().st_mode
    )


def test_a_file_over_the_limit_is_not_read(tmp_path: Path) -> None:
    uri = parse_uri(f"{tmp_path}/huge.json")
    with uri.path.open("wb") as file:
        file.truncate(10**13)  # sparse; reading it would exhaust memory
    store = open_store(uri, Settings(techne_max_transcript_bytes=1000))
    with pytest.raises(ObjectTooLargeError, match="TECHNE_MAX_TRANSCRIPT_BYTES") as caught:
        store.read(uri)
    assert "10,000,000,000,000" in str(caught.value)
    with pytest.raises(ObjectTooLargeError, match="limit of 5"):
        store.read(uri, max_bytes=5)


def test_a_file_at_the_limit_is_read(tmp_path: Path, store: ObjectStore) -> None:
    uri = parse_uri(f"{tmp_path}/a")
    store.write(uri, b"12345")
    assert store.read(uri, max_bytes=5).data == b"12345"


def test_what_is_no_file_is_said_to_be_none(tmp_path: Path, store: ObjectStore) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").touch()
    for name, words in (
        ("missing.json", "There is no file"),
        ("file/below", "There is no file"),
        ("", "is a folder"),
        ("pipe", "a device or a pipe"),
    ):
        with pytest.raises(ObjectNotFoundError, match=words):
            store.read(parse_uri(f"{tmp_path}/{name}"))
        assert not store.exists(parse_uri(f"{tmp_path}/{name}"))


def test_an_unreadable_file_is_denied(guarded_folder: Path, store: ObjectStore) -> None:
    with pytest.raises(AccessDeniedError, match="permission denied"):
        store.read(parse_uri(f"{guarded_folder}/secret.json"))


def test_an_output_that_cannot_be_written_is_known_beforehand(
    guarded_folder: Path, store: ObjectStore
) -> None:
    folder = parse_uri(f"{guarded_folder}/output/run-1", folder=True)
    with pytest.raises(OutputError, match="can't be written"):
        store.check_writable(folder)
    with pytest.raises(OutputError, match="can't be written"):
        store.write(folder / "document.md", b"")


def test_a_file_in_the_place_of_the_output_folder_is_known_beforehand(
    tmp_path: Path, store: ObjectStore
) -> None:
    (tmp_path / "output").touch()
    folder = parse_uri(f"{tmp_path}/output/run-1", folder=True)
    with pytest.raises(OutputError):
        store.check_writable(folder)
    with pytest.raises(OutputError):
        store.write(folder / "document.md", b"")


def test_checking_leaves_nothing_behind(tmp_path: Path, store: ObjectStore) -> None:
    store.check_writable(parse_uri(f"{tmp_path}/a/b", folder=True))
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_keeps_the_file_and_leaves_no_other(
    tmp_path: Path, store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = parse_uri(f"{tmp_path}/document.md")
    store.write(uri, b"old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left"):
        store.write(uri, b"new")
    assert store.read(uri).data == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["document.md"]


def test_readers_never_see_half_a_file(tmp_path: Path, store: ObjectStore) -> None:
    uri = parse_uri(f"{tmp_path}/document.md")
    contents = [bytes([65 + i]) * 100_000 for i in range(4)]
    store.write(uri, contents[0])
    done = threading.Event()

    def write() -> None:
        for i in range(40):
            store.write(uri, contents[i % 4])
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not done.is_set():
        assert store.read(uri).data in contents
    writer.join()


def test_a_folder_lists_its_objects_and_goes_whole(tmp_path: Path, store: ObjectStore) -> None:
    for name in ("out/b.md", "out/a/c.md", "outer.md"):
        store.write(parse_uri(f"{tmp_path}/{name}"), b"x")
    folder = parse_uri(f"{tmp_path}/out", folder=True)
    assert [info.uri.name for info in store.list(folder)] == ["c.md", "b.md"]
    store.delete_folder(folder)
    store.delete_folder(folder)
    store.delete(folder / "b.md")
    assert store.list(folder) == ()
    assert [path.name for path in tmp_path.iterdir()] == ["outer.md"]


def test_deleting_a_folder_does_not_follow_links(tmp_path: Path, store: ObjectStore) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").touch()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "link").symlink_to(tmp_path / "kept")
    store.delete_folder(parse_uri(f"{tmp_path}/out", folder=True))
    assert (tmp_path / "kept" / "file").exists()
    assert not (tmp_path / "out").exists()


def test_a_store_opens_allowed_places_only(tmp_path: Path) -> None:
    settings = Settings(techne_allowed_uris=(str(tmp_path / "in"), "s3://bucket/in"))
    open_store(f"{tmp_path}/in/a.json", settings)
    for text in (f"{tmp_path}/a.json", "s3://bucket/a.json"):
        with pytest.raises(UnsafeURIError, match="outside the allowed"):
            open_store(text, settings)
